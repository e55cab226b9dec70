"""Agreement between readings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import goldwire
from goldwire.errors import GoldwireError
from goldwire.eval.agreement.agree import agree
from goldwire.model import Annotation, Article, Relation, Span
from goldwire.schemas import load_schema
from tests.eval.helpers import Mark, article, marks, reading, spans
from tests.examples import at_most

SCHEMA = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
TEXT = "x" * 60


def two(one: list[Span], other: list[Span], number: int = 0, **provenance: Any) -> Article:
    """A document read by `a` and `b`."""
    made = [
        reading(*found, document=f"d{number}", annotator=name, **provenance)
        for name, found in (("a", one), ("b", other))
    ]
    return article(TEXT, *made)


def figures(*articles: Article, **options: Any) -> dict[str, Any]:
    """The JSON, as other programs read it."""
    found = agree(articles, **{"resamples": 50, **options}).as_json()
    plain: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    return plain


def test_detection_and_labelling_are_apart() -> None:
    """Overlap F1 asks where, label accuracy asks what, given that both marked it."""
    one = spans(("A", 0, 3), ("B", 5, 8), ("A", 10, 14), ("A", 20, 22))
    other = spans(("A", 0, 3), ("C", 5, 8), ("A", 11, 14), ("B", 30, 33))
    layer = figures(two(one, other), two(one, one, 1))["layers"]["thing"]
    assert layer["spans"] == {"a": 8, "b": 8}
    assert layer["exact"]["f1"] == 5 / 8
    assert layer["boundary"]["f1"] == 6 / 8
    assert layer["overlap"]["f1"] == 7 / 8
    given_match = layer["label_given_match"]
    assert given_match["same_extent"]["accuracy"] == {
        "value": 5 / 6,
        "pairs": 6,
        "ci95": pytest.approx([0.5, 1.0]),
    }
    assert given_match["overlap"]["accuracy"]["value"] == 6 / 7
    assert layer["labels"]["B"]["f1"] == 1 / 2


@settings(max_examples=at_most(30))
@given(st.lists(st.tuples(marks(), marks()), min_size=1, max_size=3))
def test_agreement_is_symmetric(corpus: list[tuple[list[Mark], list[Mark]]]) -> None:
    """Whoever is called a and b, the figures are the same, and 1 where the readings are."""
    if not any(one or other for one, other in corpus):
        return
    here = agree([two(spans(*a), spans(*b), i) for i, (a, b) in enumerate(corpus)], resamples=0)
    there = agree([two(spans(*b), spans(*a), i) for i, (a, b) in enumerate(corpus)], resamples=0)
    for kind in ("exact", "boundary", "overlap", "type"):
        sides = [x.pooled.layers["thing"].counts[kind].micro().counts.f1 for x in (here, there)]
        assert sides[0] == sides[1]
    same = agree([two(spans(*a, *b), spans(*a, *b), i) for i, (a, b) in enumerate(corpus)], resamples=0)
    assert same.pooled.layers["thing"].counts["exact"].micro().counts.f1 == 1


@settings(max_examples=at_most(30))
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC")), min_size=2, max_size=30))
def test_kappa_is_cohens(labels: list[tuple[str, str]]) -> None:
    """On equal extents kappa is what scikit-learn computes; where that is nan, null with a reason."""
    from sklearn.metrics import cohen_kappa_score

    sides = [[(pair[side], i, i + 1) for i, pair in enumerate(labels)] for side in (0, 1)]
    found = figures(two(spans(*sides[0]), spans(*sides[1])))["layers"]["thing"]["label_given_match"]
    kappa = found["same_extent"]["kappa"]
    if len({label for pair in labels for label in pair}) == 1:
        assert kappa["value"] is None
        assert "only one value" in kappa["why"]
    else:
        wanted = cohen_kappa_score([a for a, _ in labels], [b for _, b in labels])
        assert kappa["value"] == pytest.approx(wanted)


def test_attributes_take_the_schemas_defaults() -> None:
    """An absent value means its default where a schema says so; without schema it is absence."""
    from sklearn.metrics import cohen_kappa_score

    def marked(*states: str | None) -> list[Span]:
        return [
            Span(f"t{i}", "thing", "FOOD", 5 * i, 5 * i + 3, {"state": s} if s else {})
            for i, s in enumerate(states)
        ]

    document = two(marked("raw", None, "cooked", None), marked(None, None, "cooked", "cooked"))
    state = figures(document, schema=load_schema(SCHEMA))["layers"]["thing"]["attributes_given_match"][
        "state"
    ]
    assert (state["equal"], state["pairs"], state["both_absent"]) == (3 / 4, 4, 0)
    assert state["kappa"] == pytest.approx(cohen_kappa_score(list("rrcr"), list("rrcc")))
    bare = figures(document)["layers"]["thing"]["attributes_given_match"]["state"]
    assert (bare["equal"], bare["pairs"], bare["both_absent"]) == (1 / 3, 3, 1)
    notes = figures(document, schema=load_schema(SCHEMA))["layers"]["thing"]["attributes_given_match"]["note"]
    assert notes["equal"] is None
    assert notes["why"]


def test_a_reason_stands_at_the_figure_that_lacks_something() -> None:
    """Why equal values have no interval, and why κ is undefined: each in its own row."""
    state = [Span("t", "thing", "FOOD", 0, 3, {"state": "raw"})]
    table = agree([two(state, state)], resamples=50).table()
    notes = {str(row["what"]): str(row["note"]) for row in table.records() if "state" in str(row["what"])}
    assert notes["state, equal"].startswith("no interval") and "kappa" not in notes["state, equal"]
    assert notes["state, κ"] == "undefined, as only one value occurs"


def test_spans_of_many_readers_are_counted_together() -> None:
    """Of two each has its number; of more their sum, as a table must fit a screen and a page."""
    found = spans(("FOOD", 0, 3), ("FOOD", 5, 8))
    for names, wanted in (("ab", "2 and 2 spans"), ("abcd", "8 spans")):
        table = agree(
            [article(TEXT, *(reading(*found, annotator=name) for name in names))], resamples=0
        ).table()
        assert {row["n"] for row in table.records() if row["what"] in ("F1, overlap", "F1, exact")} == {
            wanted
        }


def test_relations_with_partial_credit() -> None:
    """Strict wants both ends exact; partial gives ½ for an equal end and ¼ for one that overlaps."""
    one = reading(*spans(("A", 0, 4), ("B", 10, 14)), annotator="a", relations=(Relation("of", "t0", "t1"),))
    other = reading(
        *spans(("A", 0, 4), ("B", 12, 16)), annotator="b", relations=(Relation("of", "t0", "t1"),)
    )
    found = figures(article(TEXT, one, other))["relations"]
    assert found["strict"]["micro"]["f1"] == 0
    assert found["partial"]["micro"]["f1"] == 0.75
    far = reading(*spans(("A", 0, 4), ("B", 20, 24)), annotator="b", relations=(Relation("of", "t0", "t1"),))
    assert figures(article(TEXT, one, far))["relations"]["partial"]["micro"]["f1"] == 0


def test_three_annotators_who_miss_documents() -> None:
    """Every two annotators are compared where both read; the pooled counts are the sum."""
    shared, odd = spans(("A", 0, 3), ("B", 5, 8)), spans(("A", 0, 3))
    first = article(TEXT, *(reading(*f, annotator=n) for n, f in (("a", shared), ("b", shared), ("c", odd))))
    second = two(shared, odd, 1)
    found = agree([first, second], resamples=20)
    assert [(c.annotators, len(c.documents)) for c in found.between] == [
        (("a", "b"), 2),
        (("a", "c"), 1),
        (("b", "c"), 1),
    ]
    total = found.pooled.layers["thing"].counts["exact"].total()
    assert total.tp == sum(c.layers["thing"].counts["exact"].total().tp for c in found.between)
    assert "3 machine-drafted readings" in found.what


def test_two_who_marked_nothing_are_compared_too() -> None:
    """Of three annotators two share documents without a span: no figure of theirs, those of the others."""
    empty = [two([], [], number) for number in range(2)]
    marked = [reading(*f, document="d2", annotator=n) for n, f in (("b", []), ("c", spans(("A", 0, 3))))]
    found = agree([*empty, article(TEXT, *marked)], resamples=20)
    assert [c.annotators for c in found.between] == [("a", "b"), ("b", "c")]
    exact = [c.layers["thing"].counts["exact"].micro().counts for c in found.between]
    assert [(c.tp, c.fp, c.fn, c.f1) for c in exact] == [(0, 0, 0, None), (0, 1, 0, 0)]


def test_adjudicated_annotations_are_left_out() -> None:
    """What rests on the readings is not compared with them, whether its status or its marks say so."""
    base = two(spans(("A", 0, 3)), spans(("A", 0, 3)))
    by_status = reading(annotator="judge", document="d0", status="adjudicated")
    marked = [Span("t0", "thing", "A", 0, 3, marked_by=("a", "b"))]
    by_marks = reading(*marked, annotator="judge", document="d0")
    for extra in (by_status, by_marks):
        found = agree([Article(base.document, (*base.annotations, extra))], resamples=0)
        assert found.pooled.annotators == ("a", "b")
        assert any("judge" in line for line in found.left_out)
        named = agree([Article(base.document, (*base.annotations, extra))], annotators=["a", "judge"])
        assert named.pooled.annotators == ("a", "judge")


@pytest.mark.parametrize(
    ("kinds", "wanted", "unwanted"),
    [
        (("model", "model"), "two machine-drafted readings", "human"),
        (("model", "rule"), "two machine-drafted readings", "human"),
        (("human", "human"), "human annotators", "machine"),
        (("human", "model"), "not agreement between people", "human annotators"),
    ],
)
def test_it_says_what_was_compared(kinds: tuple[str, str], wanted: str, unwanted: str) -> None:
    """Machines' agreement is never called that of people."""
    found = [reading(*spans(("A", 0, 3)), annotator=n, kind=k) for n, k in zip("ab", kinds, strict=True)]
    what = agree([article(TEXT, *found)]).what
    assert wanted in what
    assert unwanted not in what


def test_seen_predictions_make_it_an_edit_rate() -> None:
    """A reader who was shown predictions is named in a warning."""
    found = agree([two(spans(("A", 0, 3)), spans(("A", 0, 3)), kind="human", seen_predictions=True)])
    assert any("edit rate" in warning for warning in found.warnings)


def test_what_can_not_be_compared_is_refused() -> None:
    """One reading, unknown annotators and layers: refused by code, with the names that exist."""
    lone: Annotation = reading(*spans(("A", 0, 3)))
    for articles, options, wanted in (
        ([article(TEXT, lone)], {}, "GW507"),
        ([], {}, "GW507"),
        ([two(spans(("A", 0, 3)), [])], {"annotators": ["a", "z"]}, "one of: a, b"),
        ([two(spans(("A", 0, 3)), [])], {"layers": ["z"]}, "one of: thing"),
    ):
        with pytest.raises(GoldwireError, match=wanted):
            agree(articles, **options)  # type: ignore[arg-type]


def test_machines_that_agree_too_well_are_suspected() -> None:
    """All but identical machine readings draw a warning; people's, or fewer spans, draw none."""
    many = spans(*(("A", 3 * i, 3 * i + 2) for i in range(40)))
    assert any("independent" in warning for warning in agree([two(many, many)]).warnings)
    assert not any("independent" in warning for warning in agree([two(many, many, kind="human")]).warnings)
    assert not any("independent" in warning for warning in agree([two(many[:9], many[:9])]).warnings)


def test_something_is_needed_to_agree_on() -> None:
    """Without a source Python itself says what is missing."""
    with pytest.raises(TypeError, match="source"):
        goldwire.agree()  # type: ignore[call-arg]

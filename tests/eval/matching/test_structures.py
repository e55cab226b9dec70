"""Attributes, relations, whole structures and identity: what is scored beyond spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.eval.agreement.ceiling import ceiling_of, is_about, read_ceiling
from goldwire.eval.matching.spans import align_spans, tabulate
from goldwire.eval.matching.structures import StructureKind, required, structure_counts, structures
from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import count, score
from goldwire.model import Annotation, Relation, Span, Status
from goldwire.schemas import load_schema
from tests.eval.helpers import Mark, article, marks, reading, spans
from tests.examples import at_most

SCHEMA = load_schema(Path(__file__).parents[2] / "data/mini/schemas/mini.yaml")

THINGS = (
    Span("t0", "thing", "FOOD", 0, 5),
    Span("t1", "thing", "TOOL", 10, 15),
    Span("t2", "thing", "FOOD", 20, 25),
)
STEP = Span("s0", "step", "CUT", 30, 35)
LINKS = (Relation("object", "s0", "t0"), Relation("with", "s0", "t1"))


def whole(kind: StructureKind, pred: Annotation) -> tuple[float, float, float]:
    """Counts of the steps of a prediction against one step with two arguments."""
    gold = reading(*THINGS, STEP, relations=LINKS)
    sides = [[structures(one).get("step", set())] for one in (gold, pred)]
    labels = sorted({s[0] for side in sides for found in side for s in found})
    tp, fp, fn = structure_counts(sides[0], sides[1], labels, kind).sum(axis=(0, 1))
    return float(tp), float(fp), float(fn)


def moved(span: Span, **changes: Any) -> Span:
    """A span with other values."""
    return msgspec.structs.replace(span, **changes)


#: What differs in the prediction; its spans and relations; right or not for strict, overlap, tuples.
CASES: list[tuple[str, tuple[Span, ...], tuple[Relation, ...], tuple[int, int, int]]] = [
    ("nothing", (*THINGS, STEP), LINKS, (1, 1, 1)),
    ("the head's extent", (*THINGS, moved(STEP, end=33)), LINKS, (0, 1, 1)),
    ("the head stands elsewhere", (*THINGS, moved(STEP, start=40, end=44)), LINKS, (0, 0, 1)),
    ("the head's label", (*THINGS, moved(STEP, label="HEAT")), LINKS, (0, 0, 0)),
    ("an argument's extent", (moved(THINGS[0], end=3), *THINGS[1:], STEP), LINKS, (0, 1, 0)),
    ("an argument's label", (moved(THINGS[0], label="TOOL"), *THINGS[1:], STEP), LINKS, (0, 1, 0)),
    ("an argument is missing", (*THINGS, STEP), LINKS[:1], (0, 0, 0)),
    ("one argument too many", (*THINGS, STEP), (*LINKS, Relation("object", "s0", "t2")), (0, 0, 0)),
    ("the relations are exchanged", (*THINGS, STEP), (Relation("with", "s0", "t0"), LINKS[1]), (0, 0, 0)),
]


@pytest.mark.parametrize(("what", "found", "links", "right"), CASES, ids=[case[0] for case in CASES])
def test_a_structure_is_right_as_a_whole_or_not_at_all(
    what: str, found: tuple[Span, ...], links: tuple[Relation, ...], right: tuple[int, int, int]
) -> None:
    """One wrong part makes the whole wrong, each kind by its own rule, whatever the order of the parts."""
    kinds: tuple[StructureKind, ...] = ("strict", "overlap", "tuples")
    for kind, tp in zip(kinds, right, strict=True):
        for spans_, relations in ((found, links), (found[::-1], links[::-1])):
            pred = reading(*spans_, relations=relations)
            assert whole(kind, pred) == (tp, 1 - tp, 1 - tp), (what, kind)


def test_structures_in_scores() -> None:
    """Layers that relations go out from have structures with intervals; heads without arguments no tuples."""
    gold = reading(*THINGS, STEP, moved(STEP, id="s1", start=50, end=55), relations=LINKS)
    scores = score([(moved_to(gold, n), moved_to(gold, n)) for n in range(3)], schema=SCHEMA)
    figures = scores.as_json()["structures"]
    assert list(figures) == ["step"]
    assert figures["step"]["strict"]["micro"]["tp"] == 6
    assert figures["step"]["tuples"]["micro"]["tp"] == 3
    assert figures["step"]["strict"]["micro"]["ci95"] == [1, 1]
    assert figures["step"]["strict"]["labels"]["CUT"]["f1"] == 1
    # The mini schema demands no relation; one that did would name what makes the tuple.
    assert required(SCHEMA, "step") == ()
    strict = msgspec.structs.replace(SCHEMA.relations["object"], min=1)
    assert required(msgspec.structs.replace(SCHEMA, relations={"object": strict}), "step") == ("object",)


def moved_to(annotation: Annotation, number: int) -> Annotation:
    """The annotation as one of another document."""
    return msgspec.structs.replace(annotation, document=f"d{number}")


def test_relations_earn_part_of_their_credit() -> None:
    """Beside the strict figures equal ends count half each, overlapping ones a quarter, labels not judged."""
    gold = reading(*THINGS, STEP, relations=LINKS[:1])
    pred = reading(moved(THINGS[0], end=3), *THINGS[1:], STEP, relations=LINKS[:1])
    figures = score([(gold, pred)]).as_json()
    assert figures["relations"]["micro"]["tp"] == 0
    assert figures["relations_partial"]["micro"]["tp"] == 0.75
    assert figures["relations_partial"]["object"]["fn"] == 0.25


def test_attributes_are_scored_on_right_spans_only() -> None:
    """Only spans of the right extent and label count; with a schema an absent value is the default."""
    marked = [("raw", None), ("cooked", "cooked"), ("cooked", None), (None, None)]
    gold = [span_with(n, one) for n, (one, _) in enumerate(marked)]
    pred = [span_with(n, other) for n, (_, other) in enumerate(marked)]
    pred.append(Span("x", "thing", "TOOL", 90, 92, {"state": "cooked"}))
    pairs = [(reading(*gold), reading(*pred))]
    plain = score(pairs).as_json()["attributes"]["thing"]["state"]
    assert (plain["right"], plain["spans"], plain["both_absent"]) == (1, 3, 1)
    known = score(pairs, schema=SCHEMA).as_json()["attributes"]["thing"]["state"]
    assert (known["right"], known["spans"], known["accuracy"]) == (3, 4, 0.75)
    assert known["ci95"] is None
    assert "no interval" in known["why"]


def span_with(number: int, state: str | None) -> Span:
    """A span with a state."""
    attributes: dict[str, Any] = {"state": state} if state else {}
    return Span(f"t{number}", "thing", "FOOD", number * 10, number * 10 + 4, attributes)


def test_attributes_that_no_right_span_bears_are_undefined() -> None:
    """Where nothing was found there is no accuracy, and a word why."""
    gold = [span_with(0, "raw")]
    found = score([(reading(*gold), reading())], schema=SCHEMA).as_json()["attributes"]["thing"]
    assert found["state"]["accuracy"] is None
    assert found["state"]["why"]


def test_a_model_of_spans_only_is_not_blamed_for_attributes() -> None:
    """Where the prediction bears no attribute at all none is scored, and a note says so."""
    plain = [msgspec.structs.replace(span_with(0, None), attributes={})]
    scores = score([(reading(span_with(0, "cooked")), reading(*plain))], schema=SCHEMA)
    assert "attributes" not in scores.as_json()
    assert any("bears no attribute" in warning for warning in scores.warnings)


def with_ids(*ids: str | None, document: str = "d", skip: tuple[int, ...] = ()) -> Annotation:
    """Mentions with these ids, some of them not found."""
    return reading(
        *(
            Span(f"t{n}", "thing", "FOOD", n * 10, n * 10 + 4, {"ref": name} if name else {})
            for n, name in enumerate(ids)
            if n not in skip
        ),
        document=document,
    )


def identity(pairs: list[tuple[Annotation, Annotation]]) -> Any:
    """The figures of the id attribute `ref`."""
    thing = SCHEMA.layers["thing"]
    ref = msgspec.structs.replace(thing.attributes["note"], kind="id")
    layer = msgspec.structs.replace(thing, attributes={"ref": ref})
    schema = msgspec.structs.replace(SCHEMA, layers={"thing": layer})
    scores = score(pairs, schema=schema)
    assert "attributes" not in scores.as_json()
    return scores.as_json()["identity"]["thing"]["ref"]


def test_identity_spans_documents_and_ignores_names() -> None:
    """Renamed ids are the same ids; one that is split between two documents costs recall."""
    gold = [with_ids("a", "b", document="d0"), with_ids("a", "c", document="d1")]
    renamed = [with_ids("x", "y", document="d0"), with_ids("x", "z", document="d1")]
    assert identity(list(zip(gold, renamed, strict=True)))["b_cubed"]["f1"] == 1
    split = [with_ids("x", "y", document="d0"), with_ids("w", "z", document="d1")]
    found = identity(list(zip(gold, split, strict=True)))
    assert found["b_cubed"]["precision"] == 1
    # Of four mentions two have half of their cluster: (½ + 1 + ½ + 1) / 4.
    assert found["b_cubed"]["recall"] == 0.75
    assert found["b_cubed"]["ci95"] is not None


def test_a_mention_that_was_not_found_is_in_no_cluster() -> None:
    """Missed mentions cost recall, spurious ones precision, and both have no effect on the other."""
    gold = with_ids("a", "a", "b")
    missed = identity([(gold, with_ids("a", "a", "b", skip=(2,)))])["b_cubed"]
    assert missed["precision"] == 1
    assert missed["recall"] == pytest.approx(2 / 3)
    spurious = identity([(with_ids("a", "a", "b", skip=(2,)), gold)])["b_cubed"]
    assert spurious["recall"] == 1
    assert spurious["precision"] == pytest.approx(2 / 3)


@settings(max_examples=at_most(60))
@given(st.lists(st.tuples(marks(most=5), marks(most=5)), min_size=1, max_size=3))
def test_overlap_credit_lies_between_exact_and_boundary_of_overlaps(
    corpus: list[tuple[list[Mark], list[Mark]]],
) -> None:
    """Credit by overlap counts equal extents whole and others by their Jaccard share; sizes stay."""
    for gold, pred in corpus:
        found = count(spans(*gold), spans(*pred), "jaccard")
        boundary = count(spans(*gold), spans(*pred), "boundary")
        loose = count(spans(*gold), spans(*pred), "overlap")
        assert boundary.tp <= found.tp + 1e-9
        assert found.tp <= loose.tp + 1e-9
        assert found.support == pytest.approx(len(set(gold)))
        assert found.predicted == pytest.approx(len(set(pred)))


def test_overlap_credit_by_hand() -> None:
    """Two of six characters shared by [0, 4) and [2, 6): a third."""
    assert count(spans(("A", 0, 4)), spans(("B", 2, 6)), "jaccard").tp == pytest.approx(1 / 3)


def test_an_empty_first_document_changes_nothing() -> None:
    """A document without spans adds nothing, wherever it stands; two spans that touch stay apart."""
    codes = {"A": 0}
    aligned = align_spans(
        tabulate([[], spans(("A", 0, 3))], codes), tabulate([[], spans(("A", 3, 5))], codes)
    )
    assert len(aligned.gold) == 0
    full = (reading(*spans(("A", 0, 3)), document="d1"),) * 2
    empty = (reading(document="d0"),) * 2
    alone, both = (score(pairs, resamples=0).as_json()["layers"] for pairs in ([full], [empty, full]))
    assert alone == both


def test_heads_are_matched_where_the_language_is_known() -> None:
    """« l’ambassade américaine » and « ambassade » have one head; unknown languages have no such figure."""
    text = "Devant l’ambassade américaine."
    for language, expected in (("fr", 1), ("FR-ca", 1), ("xx", None), (None, None)):
        gold = article(text, reading(Span("a", "thing", "FOOD", 7, 29)), language=language)
        pred = reading(Span("a", "thing", "FOOD", 9, 18))
        found = score([(gold.annotations[0], pred)], documents=[gold.document]).as_json()["layers"]["thing"]
        assert found["exact"]["micro"]["tp"] == 0
        assert (found["head"]["micro"]["tp"] if expected else found.get("head")) == expected


@settings(max_examples=at_most(25))
@given(
    st.lists(
        st.tuples(
            marks(most=4),
            st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from("xy")), max_size=5),
        ),
        min_size=2,
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_order_and_identity_hold_for_relations_and_structures(corpus: Any, random: Any) -> None:
    """Against itself everything scores 1, against nothing 0, and no order of spans or relations matters."""
    golds = []
    for number, (found, links) in enumerate(corpus):
        relations = tuple(
            Relation(label, f"t{a}", f"t{b}") for a, b, label in links if max(a, b) < len(found) and a != b
        )
        golds.append(reading(*spans(*found), document=f"d{number}", relations=relations))
    shuffled = [
        msgspec.structs.replace(
            one,
            spans=tuple(random.sample(one.spans, len(one.spans))),
            relations=tuple(random.sample(one.relations, len(one.relations))),
        )
        for one in golds
    ]
    empty = [reading(document=one.document) for one in golds]
    same, other, none = (
        score(list(zip(golds, side, strict=True)), resamples=20) for side in (golds, shuffled, empty)
    )
    assert same.as_json() == other.as_json()
    for scores, value in ((same, 1), (none, 0)):
        found = [scores.relations, scores.relations_partial]
        found += [counts for kinds in scores.structures.values() for counts in kinds.values()]
        for counts in found:
            assert counts is None or counts.micro().counts.f1 in (value, None)


def test_the_bootstrap_of_structures_centres_on_the_figure() -> None:
    """Resampled F1 of whole structures has its mean near the point value."""
    gold = reading(*THINGS, STEP, relations=LINKS)
    wrong = msgspec.structs.replace(gold, relations=LINKS[:1])
    pairs = [(moved_to(gold, n), moved_to(wrong if n % 3 == 0 else gold, n)) for n in range(60)]
    counts = score(pairs, resamples=2000).structures["step"]["strict"]
    assert counts.sums is not None
    sums = counts.sums.sum(axis=1)
    f1 = 2 * sums[:, 0] / (2 * sums[:, 0] + sums[:, 1] + sums[:, 2])
    assert counts.micro().counts.f1 == pytest.approx(2 / 3)
    assert f1.mean() == pytest.approx(2 / 3, abs=0.01)


def two_readings(kind: str, status: Status = "submitted") -> tuple[list[Any], Scores]:
    """Three documents with two readings each, and a model's scores against the first reading."""
    articles, pairs = [], []
    for n in range(3):
        one = reading(
            *spans(("A", 0, 3), ("B", 5, 8)), document=f"d{n}", annotator="a", status=status, kind=kind
        )
        other = reading(
            *spans(("A", 0, 3), ("A", 5, 8)), document=f"d{n}", annotator="b", status=status, kind=kind
        )
        articles.append(article("x" * 30, one, other))
        pairs.append((one, reading(*spans(("A", 0, 3)), document=f"d{n}", annotator="m")))
    return articles, score(pairs, resamples=50)


def test_machines_are_no_human_ceiling() -> None:
    """The agreement stands beside the model with their share; only that of people is a human ceiling."""
    for kind, words in (("human", "human ceiling"), ("model", "two machine-drafted readings")):
        articles, scores = two_readings(kind)
        found = ceiling_of(articles, [one.annotations[0] for one in articles], scores)
        assert found is not None
        assert words in found.title
        assert ("human" in found.title) == (kind == "human")
        beside = found.layers["thing"]
        assert beside.readers == 0.5
        assert beside.model == pytest.approx(2 / 3)
        assert beside.share == pytest.approx(4 / 3)
        assert beside.share_ci95 is not None


def test_agreement_needs_two_readings_of_the_same_documents() -> None:
    """With one reading there is no agreement; documents that lack one are counted aloud."""
    articles, scores = two_readings("human")
    single = [msgspec.structs.replace(one, annotations=one.annotations[:1]) for one in articles]
    assert ceiling_of(single, [one.annotations[0] for one in articles], scores) is None
    found = ceiling_of([articles[0], *single[1:]], [one.annotations[0] for one in articles], scores)
    assert found is not None
    assert found.documents == 1
    assert any("only 1 of the 3" in note for note in found.notes)


def test_only_the_want_of_two_readings_means_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that stands in one reading only is left out; any other fault is not taken for that."""
    from goldwire.errors import GoldwireError
    from goldwire.eval.agreement import ceiling

    articles, _ = two_readings("human")
    lone = reading(*spans(("X", 0, 3), layer="step"), document="e", annotator="a", kind="human")
    pairs = [(one.annotations[0],) * 2 for one in articles] + [(lone, lone)]
    scores = score(pairs, resamples=0)
    found = ceiling_of([*articles, article("x" * 30, lone)], [gold for gold, _ in pairs], scores)
    assert found is not None
    assert list(found.layers) == ["thing"]

    def broken(*_: Any, **__: Any) -> None:
        raise GoldwireError.of("GW506", "another fault")

    monkeypatch.setattr(ceiling, "agree", broken)
    with pytest.raises(GoldwireError, match="GW506"):
        ceiling_of(articles, [one.annotations[0] for one in articles], scores)


def test_a_flat_reference_is_compared_with_flat_readings() -> None:
    """Where the reference has no nested spans, those of the readings are left out, and that is said."""
    nested = [*spans(("A", 0, 9)), Span("n", "thing", "B", 2, 4)]
    readings = [reading(*nested, annotator=name, kind="human") for name in "ab"]
    flat = reading(nested[0])
    scores = score([(flat, flat)], resamples=0)
    found = ceiling_of([article("x" * 30, *readings)], [flat], scores)
    assert found is not None
    assert any("2 nested spans" in note for note in found.notes)
    assert found.layers["thing"].readers == 1


def test_agreement_is_read_from_a_file(tmp_path: Path) -> None:
    """What `eval agree --json` wrote serves as well; a file of another form or layer is refused by name."""
    import json

    from goldwire.errors import GoldwireError
    from goldwire.eval.agreement.agree import agree

    articles, scores = two_readings("model")
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(agree(articles, resamples=20).as_json()), encoding="utf-8")
    found = read_ceiling(path, scores)
    assert found.title == "agreement of two machine-drafted readings"
    assert found.layers["thing"].readers == 0.5
    assert found.documents == 3
    assert is_about(path, scores)
    other = score([(reading(*spans(("A", 0, 3)), document="elsewhere"),) * 2], resamples=0)
    assert not is_about(path, other)
    assert any("other documents" in note for note in read_ceiling(path, other).notes)
    for place, value in (
        (("documents",), None),
        (("document_ids",), [[1]]),
        (("layers", "thing", "exact", "ci95"), 5),
        (("layers", "thing", "exact", "f1"), "a"),
        (("layers", "thing", "exact", "f1"), float("nan")),
    ):
        figures = agree(articles, resamples=20).as_json()
        at = figures
        for name in place[:-1]:
            at = at[name]
        at[place[-1]] = value
        path.write_text(json.dumps(figures), encoding="utf-8")
        with pytest.raises(GoldwireError, match="GW530"):
            read_ceiling(path, scores)
    for broken in ("[]", "{}", '{"annotators": [], "documents": 1, "layers": {}}'):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(GoldwireError, match="GW530"):
            read_ceiling(path, scores)
        assert not is_about(path, scores)

"""Two readings become one; each disagreement is an item, each decision is kept."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.adjudication.decisions import AdjudicationCase, close_case, read_file
from goldwire.annotate.adjudication.merge import Decision, adjudicate_article
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Relation, Span
from goldwire.schemas import load_schema

SCHEMA = load_schema(Path(__file__).parents[2] / "data/mini/schemas/mini.yaml")
TEXT = "Couper la 🍅 tomate avec le couteau à pain, puis cuire."
DOCUMENT = Document("d", TEXT)


def span(name: str, quote: str, label: str, **attributes: str) -> Span:
    """A span over the first occurrence of a quote."""
    layer = "step" if label in ("CUT", "HEAT") else "thing"
    start = TEXT.index(quote)
    return Span(name, layer, label, start, start + len(quote), dict(attributes))


def reading(name: str, *spans: Span, relations: tuple[Relation, ...] = ()) -> Annotation:
    """An annotator's reading."""
    return Annotation("d", name, "mini@0.1", spans=spans, relations=relations)


A = reading(
    "ann",
    span("1", "Couper", "CUT"),
    span("2", "tomate", "FOOD", state="raw"),
    span("3", "couteau", "TOOL"),
    span("4", "pain", "FOOD"),
    relations=(Relation("object", "1", "2"), Relation("with", "1", "3")),
)
B = reading(
    "bob",
    span("x", "tomate", "FOOD", state="cooked"),
    span("y", "Couper", "CUT"),
    span("z", "couteau à pain", "TOOL"),
    span("w", "cuire", "HEAT"),
    relations=(Relation("with", "y", "z"),),
)


def decide(**answers: str) -> dict[str, Decision]:
    """Decisions by the kind of their item."""
    outcome = adjudicate_article(DOCUMENT, (A, B), SCHEMA, {})
    made: dict[str, Decision] = {}
    while len(outcome.open):
        for item in outcome.open:
            answer = answers[item.kind]
            if item.kind == "missed" and answer == "accept":
                answer = "b" if item.key.startswith("-") else "a"
            made[item.key] = msgspec.structs.replace(item, decide=answer, reason="test")
        outcome = adjudicate_article(DOCUMENT, (A, B), SCHEMA, made)
    return made


def test_disagreements_become_items_in_two_rounds() -> None:
    """First which spans stand, with the attributes of those that do; each item names its kind."""
    outcome = adjudicate_article(DOCUMENT, (A, B), SCHEMA, {})
    assert sorted(item.kind for item in outcome.items) == [
        "argument",
        "attribute",
        "extent",
        "missed",
        "missed",
    ]
    extent = next(item for item in outcome.items if item.kind == "extent")
    assert extent.key == "thing TOOL 27-34 | thing TOOL 27-41"
    assert "[couteau]" in extent.context
    assert extent.a == "TOOL «couteau»" and extent.b == "TOOL «couteau à pain»"


def test_the_result_says_who_had_marked_what() -> None:
    """Spans and relations name their annotators; the decided extent and value stand."""
    made = decide(extent="b", missed="accept", attribute="b", argument="a")
    annotation = adjudicate_article(DOCUMENT, (A, B), SCHEMA, made).annotation
    shown = {(TEXT[s.start : s.end], s.label): (s.marked_by, s.attributes) for s in annotation.spans}
    assert shown == {
        ("Couper", "CUT"): (("ann", "bob"), {}),
        ("tomate", "FOOD"): (("ann", "bob"), {"state": "cooked"}),
        ("couteau à pain", "TOOL"): (("ann", "bob"), {}),
        ("pain", "FOOD"): (("ann",), {}),
        ("cuire", "HEAT"): (("bob",), {}),
    }
    quotes = {s.id: TEXT[s.start : s.end] for s in annotation.spans}
    assert {(r.label, quotes[r.tail], r.marked_by) for r in annotation.relations} == {
        ("object", "tomate", ("ann",)),
        ("with", "couteau à pain", ("ann", "bob")),
    }
    assert annotation.provenance.based_on == ("ann", "bob")


def test_drafts_stay_drafts() -> None:
    """Adjudicating what no person has reviewed does not make it reviewed."""
    assert adjudicate_article(DOCUMENT, (A, B), SCHEMA, {}).annotation.status == "draft"
    submitted = tuple(msgspec.structs.replace(x, status="submitted") for x in (A, B))
    assert (
        adjudicate_article(DOCUMENT, (submitted[0], submitted[1]), SCHEMA, {}).annotation.status
        == "adjudicated"
    )


def test_a_rejected_span_takes_its_relations_along_and_says_so() -> None:
    """A relation whose end does not stand is reported, never dropped in silence."""
    made = decide(extent="neither", missed="neither", attribute="a", argument="a")
    outcome = adjudicate_article(DOCUMENT, (A, B), SCHEMA, made)
    assert len(outcome.annotation.spans) == 2
    assert [line.split(":")[0] for line in outcome.dropped] == ["ann", "bob"]


def test_decisions_that_do_not_fit_are_refused() -> None:
    """An answer that an item does not allow, and a decision without item, are faults."""
    item = next(i for i in adjudicate_article(DOCUMENT, (A, B), SCHEMA, {}).items if i.kind == "missed")
    wrong = msgspec.structs.replace(item, decide="both", reason="x")
    with pytest.raises(GoldwireError, match="GW370"):
        adjudicate_article(DOCUMENT, (A, B), SCHEMA, {item.key: wrong})
    with pytest.raises(GoldwireError, match="GW371"):
        adjudicate_article(DOCUMENT, (A, B), SCHEMA, {"gone": msgspec.structs.replace(item, key="gone")})


def test_the_adjudicator_may_add_and_amend() -> None:
    """Own marks join the agreed ones: a new span, a relation between known ones, another value."""
    own = reading(
        "adjudicator",
        span("p", "Couper", "CUT", note="net"),
        span("q", "tomate", "FOOD", state="raw"),
        span("r", "puis", "TOOL"),
        relations=(Relation("with", "p", "r"),),
    )
    made = decide(extent="b", missed="accept", attribute="a", argument="a")
    del made["attribute thing FOOD 12-18 state"]
    outcome = adjudicate_article(DOCUMENT, (A, B), SCHEMA, made, own_marks=own)
    new = next(s for s in outcome.annotation.spans if TEXT[s.start : s.end] == "puis")
    assert new.marked_by == ("adjudicator",)
    assert any(r.tail == new.id and r.marked_by == ("adjudicator",) for r in outcome.annotation.relations)


def test_items_and_decisions_survive_the_file(tmp_path: Path) -> None:
    """What is written is what is read, and a decision without a reason is refused."""
    made = decide(extent="b", missed="accept", attribute="a", argument="a")
    path = tmp_path / "d.yaml"
    case = AdjudicationCase(DOCUMENT, (A, B), path, made, {}, "", "", False, None, None)
    outcome = case.merged(SCHEMA)
    close_case(case, outcome)
    assert read_file(path).decisions == outcome.items
    path.write_text(
        path.read_text(encoding="utf-8").replace("reason: test", "reason: ''", 1), encoding="utf-8"
    )
    with pytest.raises(GoldwireError, match=r"GW373 .*without a reason"):
        read_file(path)


@given(st.permutations(A.spans), st.permutations(A.relations))
def test_a_reading_agrees_with_itself(spans: list[Span], relations: list[Relation]) -> None:
    """Two equal readings leave nothing to decide, whatever their order, and nothing is lost."""
    twin = msgspec.structs.replace(A, annotator="twin", spans=tuple(spans), relations=tuple(relations))
    outcome = adjudicate_article(DOCUMENT, (A, twin), SCHEMA, {})
    assert outcome.items == [] and outcome.dropped == []
    assert len(outcome.annotation.spans) == len(A.spans)
    assert len(outcome.annotation.relations) == len(A.relations)
    assert all(s.marked_by == ("ann", "twin") for s in outcome.annotation.spans)

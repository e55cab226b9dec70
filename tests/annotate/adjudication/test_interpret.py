"""A finished annotation is read as decisions that, carried out, give that annotation again."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from goldwire.annotate.adjudication.interpret import as_shown, interpret, without_defaults
from goldwire.annotate.adjudication.items import region_id
from goldwire.annotate.adjudication.merge import Decision, adjudicate_article
from goldwire.annotate.adjudication.pairing import span_name
from goldwire.annotations.meaning import content
from goldwire.model import Annotation, Document, Relation, Span
from tests.annotate.adjudication.test_merge import DOCUMENT, SCHEMA, A, B, span
from tests.annotate.helpers import TEXT, make_schema

EVERY = make_schema()
ARTICLE = Document("soup", TEXT)
#: Values of each kind of attribute; None leaves it out.
VALUES: dict[str, list[Any]] = {
    "state": [None, "raw", "cooked"],
    "tastes": [None, ["sweet"], ["sweet", "sour"]],
    "note": [None, "un", "deux"],
    "word_part": [None, True],
}
EDGES = (2, 11, 13, 22, 35, 41)


@st.composite
def marked(draw: st.DrawFn, name: str) -> Annotation:
    """An annotation over few extents, so that readings often meet; no extent and label twice."""
    spans: dict[tuple[Any, ...], Span] = {}
    for number in range(draw(st.integers(0, 6))):
        start, end = sorted(draw(st.lists(st.sampled_from(EDGES), min_size=2, max_size=2, unique=True)))
        label = draw(st.sampled_from(("FOOD", "TOOL", "CUT", "HEAT")))
        attributes: dict[str, Any] = {}
        if label in ("FOOD", "TOOL"):
            drawn = {key: draw(st.sampled_from(values)) for key, values in VALUES.items()}
            attributes = {key: value for key, value in drawn.items() if value is not None}
        elif label == "CUT" and draw(st.booleans()):
            attributes = {"how": draw(st.sampled_from(("fin", "gros")))}
        layer = "thing" if label in ("FOOD", "TOOL") else "step"
        spans.setdefault((label, start, end), Span(f"{name}{number}", layer, label, start, end, attributes))
    heads = [s.id for s in spans.values() if s.layer == "step"]
    tails = [s.id for s in spans.values() if s.layer == "thing"]
    relations: set[Relation] = set()
    if heads and tails:
        arrow = st.builds(
            Relation, st.sampled_from(("object", "with")), st.sampled_from(heads), st.sampled_from(tails)
        )
        relations = set(draw(st.lists(arrow, max_size=4)))
    order = sorted(relations, key=lambda r: (r.label, r.head, r.tail))
    made = Annotation(
        "soup", name, EVERY.id, "submitted", spans=tuple(spans.values()), relations=tuple(order)
    )
    shown = as_shown(made, EVERY, TEXT)
    assume(len({span_name(one) for one in shown.spans}) == len(shown.spans))
    return shown


class Everything:
    """All items, whichever they are."""

    def __contains__(self, _item: object) -> bool:
        return True


EVERYTHING = Everything()


def given_back(marks: Annotation) -> Annotation:
    """An annotation whose regions are those that were shown: what they lack was taken out on purpose."""
    ids = {one.id: region_id(span_name(one)) for one in marks.spans}
    return msgspec.structs.replace(
        marks,
        spans=tuple(msgspec.structs.replace(one, id=ids[one.id]) for one in marks.spans),
        relations=tuple(
            msgspec.structs.replace(r, head=ids[r.head], tail=ids[r.tail]) for r in marks.relations
        ),
    )


def carried_out(found: Any, a: Annotation, b: Annotation) -> Annotation:
    """The readings merged by a verdict."""
    outcome = adjudicate_article(ARTICLE, (a, b), EVERY, found.decisions, own_marks=found.own_marks)
    assert outcome.open == []
    return without_defaults(outcome.annotation, EVERY)


@given(marked("anna"), marked("bruno"), marked("marie"))
def test_decisions_give_the_adjudicators_annotation_again(
    a: Annotation, b: Annotation, marks: Annotation
) -> None:
    """Asked of every item, whatever the three marked, the decisions lead to exactly the adjudicator's."""
    found = interpret(ARTICLE, (a, b), EVERY, given_back(marks), asked=EVERYTHING)
    result = carried_out(found, a, b)
    assert content(result) == content(without_defaults(marks, EVERY))
    assert all(one.marked_by for one in result.spans)
    assert all(arrow.marked_by for arrow in result.relations)


@given(marked("anna"), marked("bruno"), marked("marie"), marked("marie"))
def test_a_second_verdict_replaces_the_first(
    a: Annotation, b: Annotation, first: Annotation, second: Annotation
) -> None:
    """A changed mind counts; who stays with a decision keeps its reason."""
    before = interpret(
        ARTICLE, (a, b), EVERY, given_back(first), asked=EVERYTHING, reason=lambda _span: "first"
    )
    after = interpret(
        ARTICLE,
        (a, b),
        EVERY,
        given_back(second),
        decisions=before.decisions,
        asked=EVERYTHING,
        reason=lambda _span: "second",
    )
    assert content(carried_out(after, a, b)) == content(without_defaults(second, EVERY))
    for key, decision in after.decisions.items():
        same = key in before.decisions and before.decisions[key].decide == decision.decide
        same = same and before.decisions[key].value == decision.value
        assert decision.reason == ("first" if same else "second")


def test_each_kind_of_item_gets_its_answer() -> None:
    """Extent, missed span, value and relation are decided by what the adjudicator's annotation holds."""
    marks = Annotation(
        "d",
        "marie",
        SCHEMA.id,
        spans=(
            span("1", "Couper", "CUT"),
            span("2", "tomate", "FOOD", state="cooked"),
            span("3", "couteau à pain", "TOOL"),
            span("4", "puis", "HEAT"),
        ),
        relations=(Relation("object", "1", "2"),),
    )
    found = interpret(DOCUMENT, (A, B), SCHEMA, given_back(marks), asked=EVERYTHING)
    told = {key: (made.kind, made.decide) for key, made in found.decisions.items()}
    assert told == {
        "thing TOOL 27-34 | thing TOOL 27-41": ("extent", "b"),
        "thing FOOD 37-41 | -": ("missed", "neither"),
        "- | step HEAT 48-53": ("missed", "neither"),
        "attribute thing FOOD 12-18 state": ("attribute", "b"),
        "relation object step CUT 0-6 -> thing FOOD 12-18": ("argument", "a"),
        "relation with step CUT 0-6 -> thing TOOL 27-41": ("amended", "neither"),
    }
    assert found.own_marks is not None
    assert [(s.label, s.start, s.end) for s in found.own_marks.spans] == [("HEAT", 43, 47)]


@given(marked("anna"), marked("bruno"), marked("marie"), st.data())
def test_what_was_not_asked_stays_open(
    a: Annotation, b: Annotation, marks: Annotation, data: st.DataObject
) -> None:
    """Whatever is marked around it, an item that the marks were not asked about is open afterwards."""
    items = adjudicate_article(ARTICLE, (a, b), EVERY, {}).items
    asked = {item.key for item in items if data.draw(st.booleans())}
    found = interpret(ARTICLE, (a, b), EVERY, marks, asked=asked)
    decided = {key for key, decision in found.decisions.items() if decision.kind != "amended"}
    assert decided <= asked
    outcome = adjudicate_article(
        ARTICLE, (a, b), EVERY, found.decisions, own_marks=found.own_marks, lenient=True
    )
    first_round = {item.key for item in items if item.kind in ("missed", "extent", "label")}
    assert first_round - asked <= {item.key for item in outcome.open}


def test_a_span_marked_anew_keeps_what_both_had() -> None:
    """A third extent, or the same one again, bears the attributes and relations that both readings have."""
    a = msgspec.structs.replace(
        A,
        spans=(span("1", "Couper", "CUT"), span("2", "tomate", "FOOD", state="cooked")),
        relations=(Relation("object", "1", "2"),),
    )
    longer = Span("y", "thing", "FOOD", 10, 18, {"state": "cooked"})
    b = msgspec.structs.replace(B, spans=(span("x", "Couper", "CUT"), longer), relations=())
    third = Annotation("d", "marie", SCHEMA.id, spans=(Span("n", "thing", "FOOD", 7, 18),))
    [key] = [
        item.key for item in adjudicate_article(DOCUMENT, (a, b), SCHEMA, {}).open if item.kind == "extent"
    ]
    found = interpret(DOCUMENT, (a, b), SCHEMA, third, asked={key})
    assert found.own_marks is not None
    assert [one.attributes for one in found.own_marks.spans] == [{"state": "cooked"}]
    again = msgspec.structs.replace(third, spans=(span("n", "tomate", "FOOD"), span("m", "Couper", "CUT")))
    found = interpret(DOCUMENT, (a, a), SCHEMA, again)
    outcome = adjudicate_article(DOCUMENT, (a, a), SCHEMA, found.decisions, own_marks=found.own_marks)
    assert [one.attributes for one in outcome.annotation.spans] == [{}, {"state": "cooked"}]
    assert [arrow.label for arrow in outcome.annotation.relations] == ["object"]


def test_marks_made_on_former_readings_say_nothing_of_what_is_new() -> None:
    """Only what was asked is answered; what both agree on meanwhile stands, what is new stays open."""
    both = (
        msgspec.structs.replace(A, spans=(*A.spans, span("n", "puis", "HEAT"))),
        msgspec.structs.replace(B, spans=(*B.spans, span("n", "puis", "HEAT"))),
    )
    asked = {"thing TOOL 27-34 | thing TOOL 27-41", "attribute thing FOOD 12-18 state"}
    kept = Decision("thing FOOD 37-41 | -", "missed", "a", "in the text")
    marks = Annotation(
        "d", "marie", SCHEMA.id, spans=(span("2", "tomate", "FOOD"), span("3", "couteau", "TOOL"))
    )
    found = interpret(DOCUMENT, both, SCHEMA, marks, decisions={kept.key: kept}, partial=True, asked=asked)
    assert {key: made.decide for key, made in found.decisions.items()} == {
        kept.key: "a",
        "thing TOOL 27-34 | thing TOOL 27-41": "a",
        "attribute thing FOOD 12-18 state": "a",
    }
    outcome = adjudicate_article(DOCUMENT, both, SCHEMA, found.decisions, own_marks=found.own_marks)
    assert "- | step HEAT 48-53" in {item.key for item in outcome.open}
    assert any(s.start == 43 for s in outcome.annotation.spans)

"""Several passes become one annotation: nothing lost, nothing doubled, nothing overwritten in silence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.passes.compose import Composed, Marks, PassWork, compose
from goldwire.annotate.records.passes import Pass
from goldwire.annotations.meaning import meaning
from goldwire.model import Relation, Span

TEXT = "Ada Brent opened the bridge at Port Salt on Thursday."
WHO = Pass("who", 1, ("entity",))
WHAT = Pass("what", 2, ("event",), ("entity",))
WHY = Pass("why", 3, ("stance",), ("entity", "event"))
PASSES = (WHO, WHAT, WHY)

ADA = Span("e1", "entity", "PER", 0, 9)
PORT = Span("e2", "entity", "LOC", 31, 40)
OPENED = Span("v1", "event", "OPEN", 10, 16)
ACTOR = Relation("actor", "v1", "e1")
ENTITIES = Marks((ADA, PORT))
EVENTS = Marks((ADA, PORT, OPENED), (ACTOR,))


def composed(first: Marks | None, second: Marks | None = None, start: Marks | None = ENTITIES) -> Composed:
    """Two passes as one."""
    works = {}
    if first is not None:
        works[1] = PassWork(first)
    if second is not None:
        works[2] = PassWork(second, start)
    return compose(PASSES[:2], works, TEXT)


def test_one_pass_is_itself_and_the_last_says_it_all() -> None:
    """After the first pass there are its spans; after the second those of both, each once."""
    assert composed(ENTITIES).marks == ENTITIES
    both = composed(ENTITIES, EVENTS)
    assert (both.marks, both.done) == (EVENTS, ["who", "what"])
    assert both.taken == both.conflicts == []


def test_a_correction_in_a_later_pass_holds() -> None:
    """An entity that was relabelled, removed or added in the pass of events is so in the end."""
    relabelled = Span("e2", "entity", "ORG", 31, 40)
    added = Span("e3", "entity", "DATE", 44, 52)
    later = Marks((ADA, relabelled, added, OPENED), (ACTOR,))
    assert composed(ENTITIES, later).marks == later
    removed = Marks((ADA, OPENED), (ACTOR,))
    assert composed(ENTITIES, removed).marks == removed
    assert composed(ENTITIES, removed).conflicts == []


def test_what_a_reopened_pass_adds_and_removes_is_taken_and_told() -> None:
    """The first pass changed after the second was begun: its changes come in where the second made none."""
    bridge = Span("e9", "entity", "OBJ", 21, 27)
    made = composed(Marks((ADA, bridge)), EVENTS)
    assert {span.id for span in made.marks.spans} == {"e1", "e9", "v1"}
    assert made.marks.relations == (ACTOR,)
    assert made.conflicts == [] and made.aside is None
    assert made.taken == [
        "«Port Salt» is LOC [31, 40) in pass what, is not marked before it",
        "«bridge» is not marked in pass what, is OBJ [21, 27) before it",
    ]


def test_what_both_changed_stays_as_the_later_pass_has_it_and_is_put_aside() -> None:
    """One entity relabelled in both passes: the later one's holds, what the other says is kept and told."""
    reopened = Marks((ADA, Span("e2", "entity", "ORG", 31, 40)))
    later = Marks((ADA, Span("e2", "entity", "SHIP", 31, 40), OPENED), (ACTOR,))
    made = composed(reopened, later)
    assert made.marks == later and made.aside == reopened and made.taken == []
    assert made.conflicts == [
        "«Port Salt» is SHIP [31, 40) in pass what, is ORG [31, 40) before it: both changed it"
    ]


def test_an_end_of_a_relation_is_not_pulled_away() -> None:
    """An entity that an event's argument holds stays, though the reopened first pass removed it: told."""
    made = composed(Marks((PORT,)), EVENTS)
    assert made.marks == EVENTS and made.aside == Marks((PORT,))
    [told] = made.conflicts
    assert told.startswith("«Ada Brent»") and told.endswith("it was removed, and bears actor here")


def test_relations_of_an_earlier_pass_come_and_go_with_it() -> None:
    """One drawn in the reopened pass comes in, one removed goes; one whose end is gone since is told."""
    near = Relation("near", "e1", "e2")
    assert composed(Marks((ADA, PORT), (near,)), EVENTS).marks.relations == (ACTOR, near)
    held = Marks((ADA, PORT, OPENED), (ACTOR, near))
    made = composed(ENTITIES, held, Marks((ADA, PORT), (near,)))
    assert made.marks.relations == (ACTOR,) and len(made.taken) == 1
    [told] = composed(Marks((ADA, PORT), (near,)), Marks((ADA, OPENED), (ACTOR,))).conflicts
    assert told == "near was drawn before pass what, where its end is gone"


def test_who_did_only_a_later_pass_has_what_it_shows() -> None:
    """Begun from another's entities: they are part of what was submitted, and not held against anything."""
    made = composed(None, EVENTS)
    assert made.marks == EVENTS and made.done == ["what"] and made.taken == []


def test_where_the_start_is_gone_nothing_is_dropped() -> None:
    """Without what a pass began from, spans of either side stay; where they differ it is told."""
    made = composed(Marks((ADA, PORT)), Marks((Span("e1", "entity", "ORG", 0, 9), OPENED)), None)
    assert {span.id for span in made.marks.spans} == {"e1", "e2", "v1"}
    assert len(made.taken) == len(made.conflicts) == 1


def test_the_third_pass_sees_the_first_two_as_one() -> None:
    """A change of pass one after pass three was begun comes through; a skipped middle takes nothing away."""
    stance = Span("s1", "stance", "FOR", 0, 9)
    last = Marks((*EVENTS.spans, stance), EVENTS.relations)
    works = {1: PassWork(ENTITIES), 2: PassWork(EVENTS, ENTITIES), 3: PassWork(last, EVENTS)}
    assert compose(PASSES, works, TEXT).marks == last
    reopened = Marks((ADA, PORT, Span("e9", "entity", "OBJ", 21, 27)))
    made = compose(PASSES, {**works, 1: PassWork(reopened)}, TEXT)
    assert {span.id for span in made.marks.spans} == {"e1", "e2", "e9", "v1", "s1"}
    del works[2]
    assert compose(PASSES, works, TEXT).marks == last


@st.composite
def entities(draw: st.DrawFn) -> Marks:
    """Some of a few entities, each in one of a few ways, with relations between them."""
    spans = {}
    for number in range(4):
        if draw(st.booleans()):
            label = draw(st.sampled_from(["PER", "LOC", "ORG"]))
            spans[f"e{number}"] = Span(f"e{number}", "entity", label, number * 5, number * 5 + 4)
    drawn = draw(
        st.lists(st.sampled_from([(a, b) for a in range(4) for b in range(4) if a != b]), max_size=3)
    )
    pairs = [(f"e{a}", f"e{b}") for a, b in drawn]
    relations = dict.fromkeys(Relation("near", a, b) for a, b in pairs if {a, b} <= spans.keys())
    return Marks(tuple(spans.values()), tuple(relations))


@given(entities(), entities(), entities(), st.data())
def test_nothing_is_lost_doubled_or_overwritten_in_silence(
    start: Marks, first: Marks, second: Marks, data: st.DataObject
) -> None:
    """Of any three states: what one side changed is in, what both changed is told; own marks all stay."""
    ends = [span.id for span in second.spans if data.draw(st.booleans())]
    own = tuple(Relation("actor", "v1", end) for end in ends)
    later = Marks((*second.spans, OPENED), (*second.relations, *own))
    made = composed(first, later, start)
    ids = [span.id for span in made.marks.spans]
    assert len(ids) == len(set(ids)) and len(set(made.marks.relations)) == len(made.marks.relations)
    assert all({r.head, r.tail} <= set(ids) for r in made.marks.relations)
    assert set(own) <= set(made.marks.relations) and OPENED in made.marks.spans
    was, now, here, out = (
        {span.id: meaning(span) for span in side.of(["entity"]).spans}
        for side in (start, first, later, made.marks)
    )
    for name in {*was, *now, *here, *out}:
        held = {"was": was.get(name), "now": now.get(name), "here": here.get(name)}
        if held["now"] == held["here"] or held["was"] == held["now"]:
            assert out.get(name) == held["here"]
        elif held["was"] == held["here"]:
            assert out.get(name) == held["now"] or made.conflicts
        else:
            assert out.get(name) == held["here"] and made.conflicts
    assert (made.aside == first) if made.conflicts else (made.aside is None)
    if first == start:
        assert made.marks.of(["entity"]) == Marks(second.spans, second.relations)
        assert made.taken == made.conflicts == []
    again = composed(made.marks.of(["entity"]), made.marks, made.marks.of(["entity"]))
    assert again.marks == made.marks and again.conflicts == []

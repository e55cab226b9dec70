"""A model's annotation in one pass of several: the pass's own layers, added to what was made before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.ml_backend.screens import for_pass
from goldwire.annotate.passes.compose import Marks
from goldwire.annotate.records.passes import Pass
from goldwire.model import Annotation, Relation, Span
from tests.annotate.helpers import make_schema

SCHEMA = make_schema()
FIRST = Pass("thing", 1, ("thing",))
SECOND = Pass("step", 2, ("step",), ("thing",))
START = Marks((Span("a", "thing", "FOOD", 0, 4), Span("b", "thing", "TOOL", 5, 9)))


def predicted(*spans: Span, relations: tuple[Relation, ...] = ()) -> Annotation:
    """What a model found."""
    return Annotation("d", "model", SCHEMA.id, spans=spans, relations=relations)


def test_the_first_pass_has_its_layer_only() -> None:
    """A step is of the second pass, and so is its object."""
    found = predicted(
        Span("1", "thing", "FOOD", 0, 4),
        Span("2", "step", "CUT", 10, 14),
        relations=(Relation("object", "2", "1"),),
    )
    shown = for_pass(found, FIRST, Marks(), SCHEMA)
    assert shown.annotation.spans == found.spans[:1] and shown.annotation.relations == ()


def test_a_later_pass_keeps_what_was_made_before_and_joins_the_model_s_spans_to_it() -> None:
    """The annotator's spans stand as they are; an argument is theirs by its extent; others are counted."""
    found = predicted(
        Span("a", "step", "CUT", 10, 14),
        Span("1", "thing", "FOOD", 0, 4),
        Span("2", "thing", "FOOD", 20, 24),
        relations=(Relation("object", "a", "1"), Relation("with", "a", "2")),
    )
    shown = for_pass(found, SECOND, START, SCHEMA)
    assert shown.annotation.spans == (*START.spans, Span("a_2", "step", "CUT", 10, 14))
    assert shown.annotation.relations == (Relation("object", "a_2", "a"),)
    assert dict(shown.left_out) == {"relations `with` with an end that this pass does not show": 1}


def test_without_anything_found_what_was_made_before_is_shown() -> None:
    """A model of the first layer only takes nothing away from the second pass."""
    shown = for_pass(predicted(Span("1", "thing", "TOOL", 0, 4)), SECOND, START, SCHEMA)
    assert Marks(shown.annotation.spans, shown.annotation.relations) == START


_SPANS = st.lists(
    st.builds(
        lambda name, kind, start: Span(name, kind[0], kind[1], start, start + 3),
        st.sampled_from("abcd"),
        st.sampled_from([("thing", "FOOD"), ("thing", "TOOL"), ("step", "CUT"), ("step", "HEAT")]),
        st.integers(0, 3),
    ),
    unique_by=lambda span: span.id,
)


@given(_SPANS, _SPANS, st.data())
def test_nothing_of_the_annotator_s_is_lost_and_ids_stay_apart(
    before: list[Span], found: list[Span], data: st.DataObject
) -> None:
    """Of any start and prediction: the start's spans and relations all stand, ids are unique, ends exist."""
    start = Marks(tuple(before)).of(["thing"])
    pairs = [(one.id, other.id) for one in found for other in found if one is not other]
    drawn = data.draw(st.lists(st.sampled_from(pairs), max_size=3)) if pairs else []
    relations = tuple(Relation("object", *ends) for ends in drawn)
    shown = for_pass(predicted(*found, relations=relations), SECOND, start, SCHEMA).annotation
    ids = [span.id for span in shown.spans]
    assert shown.spans[: len(start.spans)] == start.spans
    assert len(set(ids)) == len(ids) == len(start.spans) + sum(span.layer == "step" for span in found)
    assert all({relation.head, relation.tail} <= set(ids) for relation in shown.relations)

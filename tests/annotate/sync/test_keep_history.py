"""What comes down meets what is stored."""

from __future__ import annotations

import msgspec
import pytest

from goldwire.annotate.sync.keep_history import keep_history_of
from goldwire.model import Annotation, Provenance, Relation, Span
from tests.annotate.helpers import TEXT, make_schema

SCHEMA = make_schema()
_PULLED = Provenance(
    "human", created="2026-02-01", updated="2026-02-02", lead_time=3.0, seen_predictions=False
)


def _stored(**changes: object) -> Annotation:
    spans = (
        Span("s1", "thing", "FOOD", 0, 1, {"tastes": ["sweet", "sour"]}, ("anna", "bruno")),
        Span("e1", "step", "CUT", 2, 4, score=0.5),
    )
    made = Provenance("model", "m", "1", created="2026-01-01", updated="2026-01-02")
    whole = Annotation(
        "d", "anna", SCHEMA.id, "draft", made, spans, (Relation("object", "e1", "s1"),), text_sha256="x"
    )
    return msgspec.structs.replace(whole, **changes)


def _pulled(*spans: Span, relations: tuple[Relation, ...] = ()) -> Annotation:
    return Annotation("d", "anna", SCHEMA.id, "submitted", _PULLED, spans, relations, "x")


def test_what_is_new_is_taken() -> None:
    """Without a stored annotation the pulled one is kept as it is."""
    assert keep_history_of(None, _pulled(), SCHEMA, TEXT) == _pulled()


def test_the_same_content_under_other_ids_changes_nothing() -> None:
    """Ids, order, origin and the order of choices are no content."""
    cut = Span("x", "step", "CUT", 2, 4, origin="manual")
    food = Span("y", "thing", "FOOD", 0, 1, {"tastes": ["sour", "sweet"]}, origin="manual")
    pulled = _pulled(cut, food, relations=(Relation("object", "x", "y"),))
    assert keep_history_of(_stored(), pulled, SCHEMA, TEXT) is None


@pytest.mark.parametrize("status", ["draft", "reviewed", "adjudicated"])
def test_a_changed_reading_becomes_its_annotators_work(status: str) -> None:
    """Changed content is human and submitted, with the former one in sight; what did not change stays."""
    old = _stored(status=status)
    cut = Span("e1", "step", "CUT", 2, 4, {"how": "vite"}, origin="manual")
    food = msgspec.structs.replace(old.spans[0], marked_by=(), origin="manual")
    kept = keep_history_of(old, _pulled(cut, food), SCHEMA, TEXT)
    assert kept is not None
    assert (kept.status, kept.provenance.kind, kept.provenance.seen_predictions) == (
        "submitted",
        "human",
        True,
    )
    assert kept.provenance.created == "2026-02-01"
    assert kept.spans == (cut, old.spans[0])


@pytest.mark.parametrize("seen", [None, False, True])
def test_an_annotators_own_second_thoughts_are_no_prediction(seen: bool | None) -> None:
    """Work changed by the same person keeps its day of birth and what was in sight then."""
    made = Provenance("human", created="2026-01-01", updated="2026-01-02", seen_predictions=seen)
    kept = keep_history_of(_stored(status="submitted", provenance=made), _pulled(), SCHEMA, TEXT)
    assert kept is not None
    assert kept.provenance.created == "2026-01-01"
    assert kept.provenance.seen_predictions is bool(seen)


def test_a_skip_is_a_change() -> None:
    """Whoever skips what was marked, or marks what was skipped, changes the stored annotation."""
    old = _stored(status="skipped", spans=(), relations=())
    assert keep_history_of(old, _pulled(), SCHEMA, TEXT) is not None


def test_what_can_not_survive_the_way_is_no_change() -> None:
    """White space at the edges of a stored span goes on the way; that alone is not human work."""
    loose = Span("s1", "thing", "FOOD", 0, 2)
    tight = Span("s1", "thing", "FOOD", 0, 1)
    assert keep_history_of(_stored(spans=(loose,), relations=()), _pulled(tight), SCHEMA, TEXT) is None

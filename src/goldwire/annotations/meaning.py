"""What annotations say, whatever their ids and order: by this two are the same or not."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from goldwire.model import Annotation, Span


def content(annotation: Annotation) -> tuple[Counter[Any], Counter[Any]]:
    """Spans and relations as they mean, whatever their ids, order, origin and score."""
    by_id = {span.id: meaning(span) for span in annotation.spans}
    relations = Counter((r.label, by_id.get(r.head), by_id.get(r.tail)) for r in annotation.relations)
    return Counter(map(meaning, annotation.spans)), relations


def meaning(span: Span) -> tuple[Any, ...]:
    """A span's extent and attributes, whatever the order of these."""
    attributes = tuple(
        (name, tuple(sorted(value)) if isinstance(value, list) else value)
        for name, value in sorted(span.attributes.items())
    )
    return (*extent(span), attributes)


def extent(span: Span) -> tuple[str, str, int, int]:
    """Layer, label, start and end."""
    return span.layer, span.label, span.start, span.end


def later(one: Annotation, other: Annotation) -> bool:
    """Whether `one` was changed after `other`, as far as both say when."""
    times = [one.provenance.updated, other.provenance.updated]
    try:
        first, second = (datetime.fromisoformat(time).astimezone(UTC) for time in times)
    except ValueError:
        return False
    return first > second

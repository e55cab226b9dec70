"""What Label Studio's regions have no place for, kept beside them in the file under `goldwire`.

A server that imports the file drops it; a reader of the file gets the whole model back.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import structs

from goldwire.annotations.values import value_problem
from goldwire.formats.labelstudio.result import ReadResult
from goldwire.model import Annotation, Relation, Span
from goldwire.schemas import Schema
from goldwire.text import trim

KEY = "goldwire"


class Rest(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """`annotation` is it without its spans and relations; the others are by span id, or whole relations."""

    annotation: Annotation
    attributes: dict[str, dict[str, Any]] = {}
    extents: dict[str, tuple[int, int]] = {}
    marked_by: dict[str, tuple[str, ...]] = {}
    relations: tuple[Relation, ...] = ()


def split_extras(annotation: Annotation, schema: Schema, text: str) -> tuple[Annotation, dict[str, Any]]:
    """The annotation as regions can hold it, and the rest as plain data."""
    extras = Rest(structs.replace(annotation, spans=(), relations=()))
    spans = []
    for span in annotation.spans:
        kinds = schema.layers[span.layer].attributes
        odd = {key: v for key, v in span.attributes.items() if v in ("", []) or value_problem(kinds[key], v)}
        odd |= {key: v for key, v in span.attributes.items() if isinstance(v, str) and v != v.strip()}
        # A list of one is read as a single value where no schema says otherwise.
        lists = {key: v for key, v in span.attributes.items() if isinstance(v, list) and len(v) == 1}
        if odd or lists:
            extras.attributes[span.id] = odd | lists
        if span.marked_by:
            extras.marked_by[span.id] = span.marked_by
        if trim(text, span.start, span.end) != (span.start, span.end):
            extras.extents[span.id] = (span.start, span.end)
        held = {key: value for key, value in span.attributes.items() if key not in odd}
        spans.append(structs.replace(span, attributes=held))
    extras.relations = tuple(relation for relation in annotation.relations if relation.marked_by)
    return structs.replace(annotation, spans=tuple(spans)), msgspec.to_builtins(extras)


def with_extras(read: ReadResult, stored: Any) -> tuple[ReadResult, Annotation | None]:
    """What was read from regions with the rest put back, and the annotation that it belongs to.

    Of spans and relations that are no longer there nothing is put back; of a rest that others wrote nothing.
    """
    try:
        extras = msgspec.convert(stored, Rest)
    except msgspec.ValidationError:
        return read, None

    def whole(span: Span) -> Span:
        start, end = extras.extents.get(span.id, (span.start, span.end))
        kept = start <= span.start and span.end <= end
        return structs.replace(
            span,
            start=start if kept else span.start,
            end=end if kept else span.end,
            attributes={**span.attributes, **extras.attributes.get(span.id, {})},
            marked_by=extras.marked_by.get(span.id, ()),
        )

    marked = {(each.label, each.head, each.tail): each for each in extras.relations}
    relations = tuple(marked.get((each.label, each.head, each.tail), each) for each in read.relations)
    trims = tuple(each for each in read.trims if each.span not in extras.extents)
    spans = tuple(map(whole, read.spans))
    return read._replace(spans=spans, relations=relations, trims=trims), extras.annotation

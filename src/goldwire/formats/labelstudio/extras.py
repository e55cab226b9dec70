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
    rest = Rest(structs.replace(annotation, spans=(), relations=()))
    spans = []
    for span in annotation.spans:
        kinds = schema.layers[span.layer].attributes
        odd = {key: v for key, v in span.attributes.items() if v in ("", []) or value_problem(kinds[key], v)}
        odd |= {key: v for key, v in span.attributes.items() if isinstance(v, str) and v != v.strip()}
        # A list of one is read as a single value where no schema says otherwise.
        lists = {key: v for key, v in span.attributes.items() if isinstance(v, list) and len(v) == 1}
        if odd or lists:
            rest.attributes[span.id] = odd | lists
        if span.marked_by:
            rest.marked_by[span.id] = span.marked_by
        if trim(text, span.start, span.end) != (span.start, span.end):
            rest.extents[span.id] = (span.start, span.end)
        held = {key: value for key, value in span.attributes.items() if key not in odd}
        spans.append(structs.replace(span, attributes=held))
    rest.relations = tuple(relation for relation in annotation.relations if relation.marked_by)
    return structs.replace(annotation, spans=tuple(spans)), msgspec.to_builtins(rest)


def with_extras(found: ReadResult, given: Any) -> tuple[ReadResult, Annotation | None]:
    """What was read from regions with the rest put back, and the annotation that it belongs to.

    Of spans and relations that are no longer there nothing is put back; of a rest that others wrote nothing.
    """
    try:
        rest = msgspec.convert(given, Rest)
    except msgspec.ValidationError:
        return found, None

    def whole(span: Span) -> Span:
        start, end = rest.extents.get(span.id, (span.start, span.end))
        kept = start <= span.start and span.end <= end
        return structs.replace(
            span,
            start=start if kept else span.start,
            end=end if kept else span.end,
            attributes={**span.attributes, **rest.attributes.get(span.id, {})},
            marked_by=rest.marked_by.get(span.id, ()),
        )

    marked = {(each.label, each.head, each.tail): each for each in rest.relations}
    relations = tuple(marked.get((each.label, each.head, each.tail), each) for each in found.relations)
    trims = tuple(each for each in found.trims if each.span not in rest.extents)
    spans = tuple(map(whole, found.spans))
    return found._replace(spans=spans, relations=relations, trims=trims), rest.annotation

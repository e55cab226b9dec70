"""The passages of an article put together: what two of them mark alike is one span, all else is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from goldwire.annotate.drafting.passage_draft import TAIL_DROPPED, PassageDraft, hold_rules
from goldwire.model import Document, Relation, Span, span_key
from goldwire.schemas import Schema


def join_passages(
    schema: Schema, layer: str, document: Document, known: Sequence[Span], done: Sequence[PassageDraft]
) -> tuple[list[Span], list[Relation]]:
    """The spans of all passages, each once, with new ids in reading order, and their relations.

    Of an extent that two passages hold, the first one's spans stay. What the other marks with the same label
    and attributes is the same span: relations from it and to it are kept too, up to as many as a span may
    have. What it marks otherwise is dropped, as is what breaks the schema's rules then.
    """
    owner: dict[tuple[int, int], int] = {}
    spans_at: dict[tuple[int, int], list[Span]] = {}
    same: dict[str, str] = {}
    gone: dict[str, PassageDraft] = {}
    for number, draft in enumerate(done):
        for span in draft.spans:
            extent = (span.start, span.end)
            own = owner.setdefault(extent, number) == number
            alike = [] if own else [s for s in spans_at[extent] if _marks(schema, s) == _marks(schema, span)]
            if own:
                spans_at.setdefault(extent, []).append(span)
            elif alike:
                same[span.id] = alike[0].id
                draft.account.joined += 1
            else:
                before = " and ".join(s.label for s in spans_at[extent])
                reason = f"the passage before marks it as {before}, with other attributes or another label"
                draft.take_back(span.id, "another passage marks the same extent otherwise", reason)
                gone[span.id] = draft
    spans = sorted((span for each in spans_at.values() for span in each), key=span_key)
    arrows = _arrows(schema, done, same, gone)
    home = {span.id: draft for draft in done for span in draft.spans}
    held, relations, wrong = hold_rules(schema, document, known, spans, arrows)
    for name, faults in wrong.items():
        home[name].take_back(name, faults[0].kind, faults[0].message)
    for arrow in arrows:
        if arrow.tail in wrong and arrow.head not in wrong:
            home[arrow.head].unlink(arrow, home[arrow.tail].origins[arrow.tail].item, TAIL_DROPPED)
    names = {span.id: f"{layer}-{number}" for number, span in enumerate(held, start=1)}
    return (
        [msgspec.structs.replace(span, id=names[span.id]) for span in held],
        [Relation(r.label, names.get(r.head, r.head), names.get(r.tail, r.tail)) for r in relations],
    )


def _marks(schema: Schema, span: Span) -> tuple[str, dict[str, Any]]:
    """What is said of an extent: the label, and the attributes that are not at their default anyway."""
    attributes = schema.layers[span.layer].attributes
    said = {k: v for k, v in span.attributes.items() if v != attributes[k].default_for(span.label)}
    return span.label, said


def _arrows(
    schema: Schema, done: Sequence[PassageDraft], same: dict[str, str], gone: dict[str, PassageDraft]
) -> list[Relation]:
    """The relations of all passages, each once, between the spans that stay."""
    arrows: dict[tuple[str, str, str], Relation] = {}
    number: Counter[tuple[str, str]] = Counter()
    for draft in done:
        for arrow in draft.relations:
            head, tail = same.get(arrow.head, arrow.head), same.get(arrow.tail, arrow.tail)
            if arrow.head in gone or (arrow.label, head, tail) in arrows:
                continue
            item = draft.origins[arrow.tail].item if arrow.tail in draft.origins else None
            most = schema.relations[arrow.label].max
            if arrow.tail in gone:
                draft.unlink(arrow, item, TAIL_DROPPED)
            elif arrow.head in same and most is not None and number[arrow.label, head] >= most:
                draft.unlink(arrow, item, f"the passage before has another `{arrow.label}`; at most {most}")
            else:
                number[arrow.label, head] += 1
                arrows[arrow.label, head, tail] = Relation(arrow.label, head, tail)
    return list(arrows.values())

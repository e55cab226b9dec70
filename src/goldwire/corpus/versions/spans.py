"""Two annotations of one document compared: which span became which, and what came and went."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from re import finditer
from typing import Any, Literal

from msgspec import Struct

from goldwire.model import Annotation, AttributeValue, Relation, Span, span_key

Kind = Literal["added", "removed", "moved", "relabelled", "attributes"]
KINDS: tuple[Kind, ...] = ("added", "removed", "moved", "relabelled", "attributes")
#: Word pairs up to which the changed part of a text is aligned; beyond, spans in it count as new.
_ALIGNED = 4_000_000

#: From an offset of the old text to one of the new; None where that place is gone.
Mapping_ = Callable[[int], int | None]


class SpanChange(Struct, frozen=True):
    """One difference; `before` is None where a span was added, `after` where one was removed.

    `attributes` holds (old, new) of each that differs, None where it was not set. A span that is moved or
    relabelled may have changed attributes too.
    """

    kind: Kind
    before: Span | None
    after: Span | None
    attributes: dict[str, tuple[AttributeValue | None, AttributeValue | None]] = {}

    @property
    def span(self) -> Span:
        """The span as it is now, or as it was."""
        span = self.after if self.after is not None else self.before
        if span is None:
            raise ValueError("a change without a span")
        return span


class RelationChange(Struct, frozen=True):
    """A relation that was added or removed, with its ends."""

    kind: Literal["added", "removed"]
    label: str
    head: Span
    tail: Span


class AnnotationChanges(Struct, frozen=True):
    """What differs between two annotations."""

    spans: list[SpanChange]
    relations: list[RelationChange]


def compare_annotations(
    before: Annotation | None, after: Annotation | None, new_offset: Mapping_ | None = None
) -> AnnotationChanges:
    """The differences between two annotations of a document, in reading order; ids play no part.

    Spans are paired where layer, label and extent are equal, then where layer and extent are (relabelled),
    then where layer and label are and the extents overlap, those with the largest share of common characters
    first (moved). `new_offset` brings offsets of the old text into the new one where the texts differ.
    """
    old = before.spans if before is not None else ()
    new = after.spans if after is not None else ()
    old_relations = before.relations if before is not None else ()
    new_relations = after.relations if after is not None else ()
    if new_offset is None and old == new and old_relations == new_relations:
        return AnnotationChanges([], [])
    extents = [_placed(span, new_offset) for span in old]
    partner = _pair(old, extents, new)
    changes = [
        change for i, j in partner.items() if (change := _changed(old[i], extents[i], new[j])) is not None
    ]
    changes += [SpanChange("removed", span, None) for i, span in enumerate(old) if i not in partner]
    taken = set(partner.values())
    changes += [SpanChange("added", None, span) for j, span in enumerate(new) if j not in taken]
    changes.sort(key=lambda change: (span_key(change.span), change.kind))
    ids = {old[i].id: new[j].id for i, j in partner.items()}
    return AnnotationChanges(changes, list(_relations(old, new, old_relations, new_relations, ids)))


def _placed(span: Span, new_offset: Mapping_ | None) -> tuple[int, int] | None:
    if new_offset is None:
        return span.start, span.end
    start, last = new_offset(span.start), new_offset(span.end - 1)
    return (start, last + 1) if start is not None and last is not None and start <= last else None


def _pair(
    old: Sequence[Span], extents: Sequence[tuple[int, int] | None], new: Sequence[Span]
) -> dict[int, int]:
    partner: dict[int, int] = {}
    paired: set[int] = set()

    def meet(old_key: Callable[[int], Any], new_key: Callable[[Span], Any]) -> None:
        waiting: defaultdict[Any, list[int]] = defaultdict(list)
        for j, span in enumerate(new):
            if j not in paired:
                waiting[new_key(span)].append(j)
        for i in range(len(old)):
            if i in partner or extents[i] is None:
                continue
            free = waiting.get(old_key(i))
            if free:
                # Of several with one extent, the one whose attributes are the same.
                j = next((j for j in free if new[j].attributes == old[i].attributes), free[0])
                free.remove(j)
                partner[i] = j
                paired.add(j)

    meet(lambda i: (old[i].layer, old[i].label, extents[i]), lambda s: (s.layer, s.label, (s.start, s.end)))
    meet(lambda i: (old[i].layer, extents[i]), lambda s: (s.layer, (s.start, s.end)))
    unpaired: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for j, span in enumerate(new):
        if j not in paired:
            unpaired[span.layer, span.label].append(j)
    overlaps = []
    for i, span in enumerate(old):
        extent = extents[i]
        if i in partner or extent is None:
            continue
        for j in unpaired.get((span.layer, span.label), ()):
            candidate = new[j]
            common = min(extent[1], candidate.end) - max(extent[0], candidate.start)
            if common > 0:
                union = max(extent[1], candidate.end) - min(extent[0], candidate.start)
                overlaps.append((-common / union, i, j))
    for _, i, j in sorted(overlaps):
        if i not in partner and j not in paired:
            partner[i] = j
            paired.add(j)
    return partner


def _changed(old: Span, extent: tuple[int, int] | None, new: Span) -> SpanChange | None:
    moved = extent != (new.start, new.end)
    if old.attributes == new.attributes:
        if old.label == new.label and not moved:
            return None
        differing = {}
    else:
        names = sorted({*old.attributes, *new.attributes})
        differing = {
            name: (old.attributes.get(name), new.attributes.get(name))
            for name in names
            if old.attributes.get(name) != new.attributes.get(name)
        }
    kind: Kind = "relabelled" if old.label != new.label else "moved" if moved else "attributes"
    return SpanChange(kind, old, new, differing)


def _relations(
    old: Iterable[Span],
    new: Iterable[Span],
    before: Sequence[Relation],
    after: Sequence[Relation],
    ids: dict[str, str],
) -> Iterator[RelationChange]:
    """Relations whose ends have no partner, or whose partners are not related so."""
    remaining = Counter((r.label, r.head, r.tail) for r in after)
    old_by_id, new_by_id = {span.id: span for span in old}, {span.id: span for span in new}
    for relation in before:
        key = (relation.label, ids.get(relation.head, ""), ids.get(relation.tail, ""))
        if remaining[key] > 0 and relation.head in ids and relation.tail in ids:
            remaining[key] -= 1
        else:
            ends = old_by_id[relation.head], old_by_id[relation.tail]
            yield RelationChange("removed", relation.label, *ends)
    for relation in after:
        key = (relation.label, relation.head, relation.tail)
        if remaining[key] > 0:
            remaining[key] -= 1
            yield RelationChange("added", relation.label, new_by_id[relation.head], new_by_id[relation.tail])


def placing(before: str, after: str) -> Mapping_:
    """Where each character of a text stands in its new version: their common words, aligned by difflib."""
    limit = min(len(before), len(after))
    head = next((i for i in range(limit) if before[i] != after[i]), limit)
    tail = next((i for i in range(limit - head) if before[-1 - i] != after[-1 - i]), limit - head)
    blocks = [(0, head, 0)]  # from, to, by how much
    old, new = (_words(text, head, len(text) - tail) for text in (before, after))
    if len(old) * len(new) <= _ALIGNED:
        matcher = SequenceMatcher(
            None, [before[a:b] for a, b in old], [after[a:b] for a, b in new], autojunk=False
        )
        for i, j, size in matcher.get_matching_blocks()[:-1]:
            blocks.extend((old[i + k][0], old[i + k][1], new[j + k][0] - old[i + k][0]) for k in range(size))
    blocks.append((len(before) - tail, len(before), len(after) - len(before)))
    shift: dict[int, int] = {}
    for start, end, by in blocks[1:-1]:
        shift.update(dict.fromkeys(range(start, end), by))

    def new_offset(offset: int) -> int | None:
        if offset < head:
            return offset
        if offset >= len(before) - tail:
            return offset + len(after) - len(before)
        by = shift.get(offset)
        return None if by is None else offset + by

    return new_offset


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Extents of words and signs: white space, which any two texts share, would make the alignment slow."""
    return [(start + m.start(), start + m.end()) for m in finditer(r"\w+|[^\w\s]", text[start:end])]

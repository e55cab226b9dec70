"""Matching relations: strict on both ends, or with partial credit for ends that overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np

from goldwire.eval.matching.spans import FloatArray
from goldwire.model import Annotation, Span, pairs

#: An end: layer, start, end, label.
End: TypeAlias = tuple[str, int, int, str]
Key: TypeAlias = tuple[str, End, End]
RelationKind: TypeAlias = Literal["strict", "partial"]
RELATION_KINDS: tuple[RelationKind, ...] = ("strict", "partial")
#: The attribute that says which mentions are one entity: of all layers, or of each.
NamedBy: TypeAlias = str | Mapping[str, str]
#: A tuple whose first part is its label.
Marked = TypeVar("Marked", bound=tuple[str, *tuple[Any, ...]])


def end_of(span: Span) -> End:
    """A span as an end."""
    return span.layer, span.start, span.end, span.label


def keys(annotation: Annotation, layers: Collection[str] | None = None) -> tuple[set[Key], int]:
    """An annotation's relations as label and ends, and how many of them stood twice.

    With `layers`, only relations with both ends in them.
    """
    relations: set[Key] = set()
    count = 0
    for relation, head, tail in pairs(annotation):
        if layers is None or (head.layer in layers and tail.layer in layers):
            relations.add((relation.label, end_of(head), end_of(tail)))
            count += 1
    return relations, count - len(relations)


def entity_name(span: Span, named_by: NamedBy) -> str:
    """What the attribute says which entity a span is; empty where it says none."""
    attribute = named_by if isinstance(named_by, str) else named_by.get(span.layer, "")
    return str(span.attributes.get(attribute) or "")


def entity_keys(
    gold: Annotation, pred: Annotation, named_by: NamedBy, layers: Collection[str] | None = None
) -> tuple[set[Key], set[Key]]:
    """The relations of both sides between gold's entities, each once, however many mentions it was drawn
    between.

    Gold's spans of one layer, label and value of the attribute are one entity, and its first mention stands
    for it wherever either side has one of its mentions; a span without a value, or which gold has not, stands
    for itself.
    """
    stands: dict[End, End] = {}
    first: dict[tuple[str, str, str], End] = {}
    for span in sorted(gold.spans, key=lambda span: (span.start, span.end)):
        if name := entity_name(span, named_by):
            end = end_of(span)
            stands[end] = first.setdefault((span.layer, span.label, name), end)
    one, other = (
        {
            (label, stands.get(head, head), stands.get(tail, tail))
            for label, head, tail in keys(annotation, layers)[0]
        }
        for annotation in (gold, pred)
    )
    return one, other


def relation_counts(
    gold: Sequence[set[Key]], pred: Sequence[set[Key]], labels: Sequence[str], kind: RelationKind = "strict"
) -> FloatArray:
    """Counts (documents × labels × tp, fp, fn) of relations matched within each document.

    Strict: same relation label, and both ends of the same layer, extent and label. Partial: same relation
    label and layers, the ends' labels not judged; an end of the same extent counts ½, one that overlaps ¼,
    and both must at least overlap. Strict pairs go first, the rest is the assignment with the most credit.
    """
    codes = {label: code for code, label in enumerate(labels)}
    counts = np.zeros((len(gold), len(labels), 3))
    for number, (gold_keys, pred_keys) in enumerate(zip(gold, pred, strict=True)):
        shared = gold_keys & pred_keys
        for label, *_ in shared:
            counts[number, codes[label], 0] += 1
        missed, spurious = gold_keys - shared, pred_keys - shared
        for label, *_ in spurious:
            counts[number, codes[label], 1] += 1
        for label, *_ in missed:
            counts[number, codes[label], 2] += 1
        if kind == "partial" and missed and spurious:
            for label, credit in _partial(missed, spurious).items():
                counts[number, codes[label]] += np.array([credit, -credit, -credit])
    return counts


def _partial(gold: set[Key], pred: set[Key]) -> dict[str, float]:
    """The credit of each label's relations under the best assignment."""
    return {
        label: most([[_credit(a, b) for b in pred_keys] for a in gold_keys])
        for label, gold_keys, pred_keys in relations_by_label(sorted(gold), sorted(pred))
    }


def relations_by_label(
    gold: Iterable[Marked], pred: Iterable[Marked]
) -> Iterator[tuple[str, list[Marked], list[Marked]]]:
    """What both sides have of one label, which stands first in each."""
    sides: dict[str, tuple[list[Marked], list[Marked]]] = defaultdict(lambda: ([], []))
    for side, marks in enumerate((gold, pred)):
        for mark in marks:
            sides[mark[0]][side].append(mark)
    yield from ((label, *both) for label, both in sides.items() if all(both))


def most(worth: Sequence[Sequence[float]]) -> float:
    """The largest sum of what pairs are worth, one to one: rows with columns."""
    table = np.array(worth, dtype=np.float64)
    if min(table.shape) == 1 or not table.any():
        return float(table.max())
    from scipy.optimize import linear_sum_assignment

    return float(table[linear_sum_assignment(table, maximize=True)].sum())


def _worth(gold: End, pred: End) -> float:
    if gold[0] != pred[0] or min(gold[2], pred[2]) <= max(gold[1], pred[1]):
        return 0.0
    return 0.5 if gold[1:3] == pred[1:3] else 0.25


def _credit(gold: Key, pred: Key) -> float:
    head, tail = _worth(gold[1], pred[1]), _worth(gold[2], pred[2])
    return head + tail if head and tail else 0.0

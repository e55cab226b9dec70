"""Whole structures: a span with all the relations that go out from it.

What a layer's structures are called depends on the schema: an event with its arguments, a stance with its
holder and its target. The toolkit knows only that a span is the head of relations. Each kind asks another
question:

- *strict*: extent and label of the head are right, and so is every argument: its relation, and the layer,
  extent and label of its end; none is missing, none too many.
- *overlap*: the label of the head is right and its extent overlaps; the arguments pair one to one by relation
  and layer, their extents overlapping; their labels are not judged.
- *tuples*: the label of the head and all its arguments are right, wherever the head stands: for a stance who
  holds which one towards whom. Heads without arguments are no tuples.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, TypeAlias

import numpy as np

from goldwire.eval.matching.relations import End
from goldwire.eval.matching.spans import FloatArray
from goldwire.model import Annotation, pairs
from goldwire.schemas import Schema

Argument: TypeAlias = tuple[str, End]
#: Label, start, end, arguments.
Structure: TypeAlias = tuple[str, int, int, frozenset[Argument]]
StructureKind: TypeAlias = Literal["strict", "overlap", "tuples"]
STRUCTURE_KINDS: tuple[StructureKind, ...] = ("strict", "overlap", "tuples")


def structures(annotation: Annotation, layers: Collection[str] | None = None) -> dict[str, set[Structure]]:
    """The structures of an annotation, by layer; equal ones count once.

    With `layers`, only relations with both ends in them. Layers from which no relation goes out are there
    too: the other reading may have some.
    """
    arguments: dict[str, set[Argument]] = defaultdict(set)
    for relation, head, tail in pairs(annotation):
        if layers is None or (head.layer in layers and tail.layer in layers):
            arguments[head.id].add((relation.label, (tail.layer, tail.start, tail.end, tail.label)))
    found: dict[str, set[Structure]] = defaultdict(set)
    for span in annotation.spans:
        if layers is None or span.layer in layers:
            found[span.layer].add((span.label, span.start, span.end, frozenset(arguments[span.id])))
    return dict(found)


def head_layers(sides: Iterable[Sequence[dict[str, set[Structure]]]]) -> list[str]:
    """The layers in which some span has an argument."""
    return sorted(
        {
            layer
            for side in sides
            for found in side
            for layer, some in found.items()
            if any(structure[3] for structure in some)
        }
    )


def required(schema: Schema | None, layer: str) -> tuple[str, ...]:
    """The relations that every span of a layer must have by its schema: what makes its structures tuples."""
    if schema is None:
        return ()
    return tuple(
        name
        for name, relation in schema.relations.items()
        if relation.min > 0 and any(end.layer == layer for end in relation.head)
    )


def structure_counts(
    gold: Sequence[set[Structure]],
    pred: Sequence[set[Structure]],
    labels: Sequence[str],
    kind: StructureKind = "strict",
) -> FloatArray:
    """Counts (documents × labels × tp, fp, fn) of whole structures, under the label of their heads."""
    codes = {label: code for code, label in enumerate(labels)}
    counts = np.zeros((len(gold), len(labels), 3))
    for number, (one, other) in enumerate(zip(gold, pred, strict=True)):
        if kind == "tuples":
            here, there = _tuples(one), _tuples(other)
            right = [label for label, _ in (here & there).elements()]
            sizes = [[label for label, _ in side.elements()] for side in (here, there)]
        else:
            shared = one & other
            right = [structure[0] for structure in shared]
            if kind == "overlap":
                right += _overlapping(one - shared, other - shared)
            sizes = [[structure[0] for structure in side] for side in (one, other)]
        for label in right:
            counts[number, codes[label]] += (1, -1, -1)
        for column, side in ((2, sizes[0]), (1, sizes[1])):
            for label in side:
                counts[number, codes[label], column] += 1
    return counts


def _tuples(found: set[Structure]) -> Counter[tuple[str, frozenset[Argument]]]:
    return Counter((label, arguments) for label, _, _, arguments in found if arguments)


def _overlapping(gold: set[Structure], pred: set[Structure]) -> list[str]:
    """The labels of the most structures that pair one to one by overlap."""
    by_label: dict[str, tuple[list[Structure], list[Structure]]] = defaultdict(lambda: ([], []))
    for side, found in enumerate((gold, pred)):
        for structure in found:
            by_label[structure[0]][side].append(structure)
    right: list[str] = []
    for label, (left, other) in by_label.items():
        if left and other:
            right += [label] * _most([[_alike(a, b) for b in other] for a in left])
    return right


def _alike(one: Structure, other: Structure) -> bool:
    if min(one[2], other[2]) <= max(one[1], other[1]) or len(one[3]) != len(other[3]):
        return False
    return not one[3] or _most([[_meet(a, b) for b in other[3]] for a in one[3]]) == len(one[3])


def _meet(one: Argument, other: Argument) -> bool:
    a, b = one[1], other[1]
    return one[0] == other[0] and a[0] == b[0] and min(a[2], b[2]) > max(a[1], b[1])


def _most(fits: list[list[bool]]) -> int:
    """The size of the largest one-to-one pairing."""
    table = np.array(fits, dtype=np.float64)
    if not table.any():
        return 0
    if min(table.shape) == 1:
        return 1
    from scipy.optimize import linear_sum_assignment

    return int(table[linear_sum_assignment(table, maximize=True)].sum())

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

from goldwire.eval.matching.relations import End, end_of, most, relations_by_label
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
            arguments[head.id].add((relation.label, end_of(tail)))
    by_layer: dict[str, set[Structure]] = defaultdict(set)
    for span in annotation.spans:
        if layers is None or span.layer in layers:
            by_layer[span.layer].add((span.label, span.start, span.end, frozenset(arguments[span.id])))
    return dict(by_layer)


def head_layers(sides: Iterable[Sequence[dict[str, set[Structure]]]]) -> list[str]:
    """The layers in which some span has an argument."""
    return sorted(
        {
            layer
            for side in sides
            for by_layer in side
            for layer, wholes in by_layer.items()
            if any(structure[3] for structure in wholes)
        }
    )


def required(schema: Schema | None, layer: str) -> tuple[str, ...]:
    """The relations that every span of a layer must have by its schema: what makes its structures tuples."""
    if schema is None:
        return ()
    return tuple(name for name, relation in schema.relations_from(layer).items() if relation.min > 0)


def structure_counts(
    gold: Sequence[set[Structure]],
    pred: Sequence[set[Structure]],
    labels: Sequence[str],
    kind: StructureKind = "strict",
) -> FloatArray:
    """Counts (documents × labels × tp, fp, fn) of whole structures, under the label of their heads."""
    codes = {label: code for code, label in enumerate(labels)}
    counts = np.zeros((len(gold), len(labels), 3))
    for number, (gold_wholes, pred_wholes) in enumerate(zip(gold, pred, strict=True)):
        if kind == "tuples":
            gold_tuples, pred_tuples = _tuples(gold_wholes), _tuples(pred_wholes)
            right = [label for label, _ in (gold_tuples & pred_tuples).elements()]
            sizes = [[label for label, _ in side.elements()] for side in (gold_tuples, pred_tuples)]
        else:
            shared = gold_wholes & pred_wholes
            right = [structure[0] for structure in shared]
            if kind == "overlap":
                right += _overlapping(gold_wholes - shared, pred_wholes - shared)
            sizes = [[structure[0] for structure in side] for side in (gold_wholes, pred_wholes)]
        for label in right:
            counts[number, codes[label]] += (1, -1, -1)
        for column, side in ((2, sizes[0]), (1, sizes[1])):
            for label in side:
                counts[number, codes[label], column] += 1
    return counts


def _tuples(wholes: set[Structure]) -> Counter[tuple[str, frozenset[Argument]]]:
    return Counter((label, arguments) for label, _, _, arguments in wholes if arguments)


def _overlapping(gold: set[Structure], pred: set[Structure]) -> list[str]:
    """The labels of the most structures that pair one to one by overlap."""
    right: list[str] = []
    for label, golds, preds in relations_by_label(gold, pred):
        right += [label] * int(most([[_alike(a, b) for b in preds] for a in golds]))
    return right


def _alike(gold: Structure, pred: Structure) -> bool:
    if min(gold[2], pred[2]) <= max(gold[1], pred[1]) or len(gold[3]) != len(pred[3]):
        return False
    return not gold[3] or most([[_meet(a, b) for b in pred[3]] for a in gold[3]]) == len(gold[3])


def _meet(gold: Argument, pred: Argument) -> bool:
    a, b = gold[1], pred[1]
    return gold[0] == pred[0] and a[0] == b[0] and min(a[2], b[2]) > max(a[1], b[1])

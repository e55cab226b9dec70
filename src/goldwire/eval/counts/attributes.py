"""What is said of spans that were found: their attributes, and which of them name the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from goldwire.eval.counts.bootstrap import Interval, Sampling, interval_of
from goldwire.eval.counts.counts import Figure, LabelCounts
from goldwire.eval.matching.clusters import METRICS, Metric, cluster_rates, f1s, resolve
from goldwire.eval.matching.spans import EXTENT, SAME, Alignment, FloatArray, IntArray, Spans
from goldwire.model import AttributeValue, Span
from goldwire.schemas import Attribute

Value: TypeAlias = AttributeValue | tuple[str, ...] | None


def value_of(span: Span, name: str, attribute: Attribute | None) -> Value:
    """The value that counts: the span's, else the default of its label; None where there is none."""
    value = span.attributes.get(name)
    if value is None or value is False or value == "" or value == []:
        return attribute.default_for(span.label, span.attributes) if attribute is not None else None
    return tuple(sorted(value)) if isinstance(value, list) else value


def left_to_ids(name: str, attribute: Attribute | None, spans: Iterable[Span]) -> bool:
    """Whether all spans take the attribute from a registry: their ids are compared, and that is enough."""
    return (
        attribute is not None and bool(attribute.taken_from) and all(name not in s.attributes for s in spans)
    )


@dataclass(frozen=True, eq=False)
class AttributeCounts:
    """How often a right span bears the right value: `counts` has right ones as tp, wrong ones as fp and fn.

    Only spans of equal extent and label count, and of them those on which either side has a value (or a
    default). `both_absent` says on how many neither has one.
    """

    counts: LabelCounts
    both_absent: dict[str, int]

    def figures(self) -> dict[str, Figure]:
        """Each attribute's accuracy, as F1."""
        return {
            name: replace(figure, why="no right span bears it") if figure.counts.f1 is None else figure
            for name, figure in self.counts.figures().items()
        }

    def as_json(self) -> dict[str, Any]:
        """Accuracy, its interval, and what it rests on, for each attribute."""
        return {
            name: {
                "accuracy": figure.counts.f1,
                "ci95": list(figure.ci95) if figure.ci95 else None,
                "right": figure.counts.tp,
                "spans": figure.counts.support,
                "both_absent": self.both_absent[name],
            }
            | ({"why": figure.why} if figure.why else {})
            for name, figure in self.figures().items()
        }


def attribute_names(
    sides: Sequence[Sequence[Span]], attributes: Mapping[str, Attribute] | None
) -> tuple[str, ...]:
    """The attributes to score: a schema's in its order, else all that occur."""
    if attributes is not None:
        return tuple(attributes)
    return tuple(sorted({name for side in sides for span in side for name in span.attributes}))


def attribute_counts(
    matched: Sequence[tuple[Span, Span, int]],
    documents: int,
    names: Sequence[str],
    attributes: Mapping[str, Attribute] | None,
) -> tuple[FloatArray, dict[str, int]]:
    """Counts (documents × attributes × right, wrong, wrong) of exactly matched spans (gold, pred, document);
    and on how many of them neither side has a value. What both take from a registry is left to their ids."""
    counts = np.zeros((documents, len(names), 3))
    absent = dict.fromkeys(names, 0)
    for code, name in enumerate(names):
        attribute = attributes[name] if attributes is not None else None
        for gold, pred, document in matched:
            if attribute is not None and not attribute.applies_to(gold.label):
                continue
            gold_value, pred_value = value_of(gold, name, attribute), value_of(pred, name, attribute)
            if (gold_value is None and pred_value is None) or left_to_ids(name, attribute, (gold, pred)):
                absent[name] += 1
            elif gold_value == pred_value:
                counts[document, code, 0] += 1
            else:
                counts[document, code, 1:] += 1
    return counts, absent


def exactly(
    alignment: Alignment,
    document: IntArray,
    sides: tuple[Sequence[Span], Sequence[Span]],
    rows: tuple[IntArray, IntArray],
) -> list[tuple[Span, Span, int]]:
    """The pairs of equal extent and label as spans, each with its document's number.

    `rows` are the places of the aligned rows in `sides`, gold's and the prediction's.
    """
    exact = np.flatnonzero(alignment.stage == SAME)
    gold, pred = alignment.gold[exact], alignment.pred[exact]
    return [
        (sides[0][a], sides[1][b], int(number))
        for a, b, number in zip(rows[0][gold], rows[1][pred], document[gold], strict=True)
    ]


@dataclass(frozen=True)
class Identity:
    """Precision, recall and F1 of one metric, over mentions of all documents together."""

    precision: float | None
    recall: float | None
    f1: float | None
    ci95: Interval | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """The figures, and the reason where one is null."""
        figures: dict[str, Any] = {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "ci95": list(self.ci95) if self.ci95 else None,
        }
        return figures | ({"why": self.why} if self.why else {})


class Mentions:
    """Mentions of all documents by the ids that an attribute holds, a batch of documents at a time."""

    def __init__(self, name: str, attribute: Attribute | None) -> None:
        self._name, self._attribute = name, attribute
        self._codes: tuple[dict[Value, int], dict[Value, int]] = ({}, {})
        self._sizes = [0, 0]
        #: For each side documents and ids; then the pairs of equal extent.
        self._found: tuple[list[tuple[IntArray, IntArray]], ...] = ([], [], [])

    def add(
        self,
        sides: tuple[Sequence[Span], Sequence[Span]],
        columns: tuple[Spans, Spans],
        alignment: Alignment,
        first: int,
    ) -> None:
        """Take in the spans of a batch, whose documents are counted from `first` on."""
        same = alignment.stage <= EXTENT
        self._found[2].append((alignment.gold[same] + self._sizes[0], alignment.pred[same] + self._sizes[1]))
        for number, (spans, side, codes) in enumerate(zip(sides, columns, self._codes, strict=True)):
            values = [value_of(spans[row], self._name, self._attribute) for row in side.row]
            self._found[number].append((side.document + first, _codes(values, codes)))
            self._sizes[number] += len(side)

    def identity(self, documents: int, sampling: Sampling) -> dict[Metric, Identity]:
        """Which mentions name the same thing, across all documents.

        Mentions of equal extent are the same mention; one without an id is in no cluster. Intervals redraw
        what the mentions of each document add (clusters are formed once, over all documents).
        """
        (gold_document, gold_own), (pred_document, pred_own), pairs = (_columns(each) for each in self._found)
        matched_gold, matched_pred = pairs
        alone = np.delete(np.arange(len(pred_own)), matched_pred)
        pred_ids = np.full(len(gold_own) + len(alone), -1, dtype=np.int64)
        pred_ids[matched_gold], pred_ids[len(gold_own) :] = pred_own[matched_pred], pred_own[alone]
        gold_ids = np.concatenate((gold_own, np.full(len(alone), -1, dtype=np.int64)))
        where = np.concatenate((gold_document, pred_document[alone]))
        metrics: dict[Metric, Identity] = {}
        if not ((gold_ids >= 0).any() or (pred_ids >= 0).any()):
            return dict.fromkeys(METRICS, Identity(None, None, None, why="no span bears an id"))
        for metric, resolved in resolve(gold_ids, pred_ids).items():
            added = np.zeros((documents, 4))
            np.add.at(added, where, resolved.columns())
            precision, recall, f1 = cluster_rates(added.sum(axis=0))
            metrics[metric] = Identity(precision, recall, f1, *interval_of(added, f1s, sampling))
        return metrics


def _columns(columns: Sequence[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    none = np.empty(0, dtype=np.int64)
    return np.concatenate([none, *(a for a, _ in columns)]), np.concatenate([none, *(b for _, b in columns)])


def _codes(values: Sequence[Value], codes: dict[Value, int]) -> IntArray:
    """Each value's number in `codes`, which grow; -1 for none."""
    return np.array(
        [-1 if value is None else codes.setdefault(value, len(codes)) for value in values], dtype=np.int64
    )

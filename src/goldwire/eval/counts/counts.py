"""Counts and what follows from them: precision, recall, F1, and their intervals.

Only counts are kept. Undefined figures are None with a reason, never 0 or nan: precision where nothing was
predicted, recall where gold has nothing, F1 where both are empty. Where one side only is empty F1 is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from goldwire.eval.counts.bootstrap import (
    MOSTLY_UNDEFINED,
    NO_INTERVAL,
    Interval,
    mean_of_defined,
    percentile_interval,
)
from goldwire.eval.counts.packed import Numbers
from goldwire.eval.matching.spans import FloatArray


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """True positives, false positives, false negatives; `tp` sums credits where matches can be half."""

    tp: float = 0
    fp: float = 0
    fn: float = 0

    def __add__(self, other: MatchCounts) -> MatchCounts:
        return MatchCounts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def predicted(self) -> float:
        """How many spans were predicted."""
        return self.tp + self.fp

    @property
    def support(self) -> float:
        """How many spans gold has."""
        return self.tp + self.fn

    @property
    def precision(self) -> float | None:
        """tp / (tp + fp); None where nothing was predicted."""
        return self.tp / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """tp / (tp + fn); None where gold has nothing."""
        return self.tp / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        """2 tp / (2 tp + fp + fn); None where both sides are empty."""
        marked = self.predicted + self.support
        return 2 * self.tp / marked if marked else None


def rates(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Precision, recall and F1 of counts (… × 3); nan where undefined."""
    tp, fp, fn = counts[..., 0], counts[..., 1], counts[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        return tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)


@dataclass(frozen=True)
class Figure:
    """Counts with the 95 % intervals of precision, recall and F1; `why` explains what is None."""

    counts: MatchCounts
    precision_ci: Interval | None = None
    recall_ci: Interval | None = None
    ci95: Interval | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Counts, figures, the interval of F1, and the reason where one of them is null."""
        counts = self.counts
        figures: dict[str, Any] = {
            "tp": _whole(counts.tp),
            "fp": _whole(counts.fp),
            "fn": _whole(counts.fn),
            "precision": counts.precision,
            "recall": counts.recall,
            "f1": counts.f1,
            "ci95": list(self.ci95) if self.ci95 else None,
        }
        return figures | ({"why": self.why} if self.why else {})


@dataclass(frozen=True)
class Macro:
    """The mean F1 over the labels that gold has; `excluded` are those that were only predicted."""

    f1: float | None
    ci95: Interval | None
    excluded: tuple[str, ...] = ()
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """The mean and its interval; what was left out, and why something is null."""
        figures: dict[str, Any] = {"f1": self.f1, "ci95": list(self.ci95) if self.ci95 else None}
        if self.excluded:
            figures["excluded"] = list(self.excluded)
        return figures | ({"why": self.why} if self.why else {})


@dataclass(frozen=True, eq=False)
class LabelCounts:
    """Counts per document and label, (documents × labels × 3), and their sums over resamples.

    `sums` is (resamples × labels × 3), or None where there are no intervals; `units` is the same as
    `counts`, added up by group where documents were grouped. Both may be kept in small numbers, which are to
    be added up as floats.
    """

    labels: tuple[str, ...]
    counts: Numbers
    units: Numbers
    sums: FloatArray | None = None

    def total(self) -> MatchCounts:
        """All labels and documents together."""
        return _counts(self.counts.sum(axis=(0, 1), dtype=np.float64))

    def of(self, label: str) -> MatchCounts:
        """One label over all documents."""
        return _counts(self.counts[:, self.labels.index(label)].sum(axis=0, dtype=np.float64))

    def document(self, number: int) -> MatchCounts:
        """One document, all labels."""
        return _counts(self.counts[number].sum(axis=0, dtype=np.float64))

    def micro(self) -> Figure:
        """All labels together, each span weighing the same."""
        sums = None if self.sums is None else self.sums.sum(axis=1)
        return figure(self.units.sum(axis=1, dtype=np.float64), sums)

    def figures(self) -> dict[str, Figure]:
        """Each label by itself."""
        return {
            label: figure(self.units[:, code], None if self.sums is None else self.sums[:, code])
            for code, label in enumerate(self.labels)
        }

    def macro(self) -> Macro:
        """Each label of gold weighing the same."""
        totals = self.counts.sum(axis=0, dtype=np.float64)
        has = (totals[:, 0] + totals[:, 2]) > 0
        excluded = tuple(label for label, in_gold in zip(self.labels, has, strict=True) if not in_gold)
        if not has.any():
            return Macro(None, None, excluded, "gold has no label here")
        point = float(rates(totals[has])[2].mean())
        if self.sums is None:
            return Macro(point, None, excluded, NO_INTERVAL)
        f1 = rates(self.sums[:, has])[2]
        # A resample that holds no such label on either side says nothing about it.
        ci95 = percentile_interval(mean_of_defined(f1))
        return Macro(point, ci95, excluded, "" if ci95 else "undefined in most resamples")

    def as_json(self) -> dict[str, Any]:
        """`micro`, `macro`, `labels`."""
        return {
            "micro": self.micro().as_json(),
            "macro": self.macro().as_json(),
            "labels": {label: label_figure.as_json() for label, label_figure in self.figures().items()},
        }


def figure(units: Numbers, sums: FloatArray | None) -> Figure:
    """The figure of counts per unit (documents × 3) with intervals from their sums (resamples × 3)."""
    counts = _counts(units.sum(axis=0, dtype=np.float64))
    why = []
    if counts.f1 is None:
        return Figure(counts, why="on neither side")
    if counts.precision is None:
        why.append("nothing predicted")
    if counts.recall is None:
        why.append("gold has none")
    present = int((units.sum(axis=1) > 0).sum())
    if sums is None:
        return Figure(counts, why="; ".join([*why, NO_INTERVAL]))
    if present < 2:
        return Figure(counts, why="; ".join([*why, "no interval: in one document only"]))
    precision, recall, f1 = (percentile_interval(values) for values in rates(sums))
    if f1 is None:
        why.append(MOSTLY_UNDEFINED)
    return Figure(counts, precision, recall, f1, "; ".join(why))


def _counts(values: FloatArray) -> MatchCounts:
    return MatchCounts(*(_whole(float(value)) for value in values))


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else value

"""Agreement of readers on the values of the same items, corrected for chance: κ and α.

All three compare the share of agreement that is observed with the one that chance would bring, and differ in
what they call chance:

- Cohen 1960: κ = (p_o - p_e) / (1 - p_e) for two readers, p_e from each reader's own frequencies; for more
  the mean over every two of them.
- Fleiss 1971: p_o is the mean over items of Σ_j n_ij (n_ij - 1) / (n_i (n_i - 1)), p_e = Σ_j p_j² from the
  frequencies of all readers together. Fleiss has as many readings for every item; where readers miss some,
  n_i is the item's own.
- Krippendorff (Content Analysis, 2004, chapter 11), nominal α = 1 - D_o / D_e from coincidences: an item of
  n_i readings adds n_ij (n_ij - 1) / (n_i - 1) to the diagonal, D_e = 1 - Σ_j n_j (n_j - 1) / (n (n - 1)).

Items with fewer than two readings count for nothing. Figures are ratios of sums over items, so that sums by
document are all that intervals need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from goldwire.eval.counts.bootstrap import Interval, Sampling, interval_of, mean_of_defined
from goldwire.eval.matching.spans import FloatArray, IntArray

ONE_VALUE = "undefined, as only one value occurs"


@dataclass(frozen=True)
class Share:
    """A share or coefficient over `pairs` items, which `unit` names; None with a reason where undefined."""

    value: float | None
    pairs: float
    ci95: Interval | None = None
    why: str = ""
    unit: str = "pairs"

    def as_json(self) -> dict[str, Any]:
        """The value with what it rests on."""
        size = int(self.pairs) if float(self.pairs).is_integer() else self.pairs
        figures: dict[str, Any] = {
            "value": self.value,
            self.unit: size,
            "ci95": list(self.ci95) if self.ci95 else None,
        }
        return figures | ({"why": self.why} if self.why else {})


def share(
    columns: FloatArray,
    figure: Callable[[FloatArray], FloatArray],
    sampling: Sampling,
    size: Callable[[FloatArray], FloatArray | float],
    undefined: str,
    unit: str = "code_points",
    none: str = "there is none",
) -> Share:
    """A figure of sums (documents × …) with its interval; `figure` takes the sums, alone or of resamples.

    `size` says over how many items it is, `none` what is said where there are none, `undefined` where they
    have no such figure.
    """
    total = columns.sum(axis=0)
    count = float(size(total))
    if not count:
        return Share(None, 0, None, none, unit)
    value = float(figure(total))
    if np.isnan(value):
        return Share(None, count, None, undefined, unit)
    return Share(value, count, *interval_of(columns, figure, sampling), unit)


def nominal(values: IntArray, document: IntArray, documents: int, codes: int) -> FloatArray:
    """Sums for `fleiss` and `alpha`, (documents × (3 + codes)), of values (items × readers), -1 for none.

    The columns are Σ of the items' agreement, items, Σ on the diagonal of the coincidences, and how often
    each value occurs.
    """
    counts = np.zeros((len(values), codes), dtype=np.int64)
    for column in values.T:
        read = np.flatnonzero(column >= 0)
        counts[read, column[read]] += 1
    size = counts.sum(axis=1)
    compared = size > 1
    counts, size, document = counts[compared], size[compared], document[compared]
    same = (counts * (counts - 1)).sum(axis=1) / (size - 1)
    sums = np.zeros((documents, 3 + codes))
    for index, weight in enumerate((same / size, np.ones(len(size)), same, *counts.T)):
        sums[:, index] = np.bincount(document, weights=weight, minlength=documents)
    return sums


def items(columns: FloatArray) -> FloatArray:
    """The number of items behind sums of `nominal`."""
    return columns[..., 1]


def fleiss(columns: FloatArray) -> FloatArray:
    """Fleiss' κ of sums of `nominal` (… × columns); nan where only one value occurs."""
    counts = columns[..., 3:]
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = columns[..., 0] / columns[..., 1]
        expected = ((counts / counts.sum(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
        several = (counts > 0).sum(axis=-1) > 1
        return np.asarray(np.where(several, (observed - expected) / (1 - expected), np.nan))


def alpha(columns: FloatArray) -> FloatArray:
    """Krippendorff's α of sums of `nominal` (… × columns); nan where only one value occurs."""
    counts = columns[..., 3:]
    total = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        differ = total**2 - (counts**2).sum(axis=-1)
        value = 1 - (total - 1) * (total - columns[..., 2]) / differ
        return np.asarray(np.where(differ > 0, value, np.nan))


def paired(values: IntArray, document: IntArray, documents: int, codes: int) -> FloatArray:
    """Sums for `cohen` of values (items × readers): (documents × pairs of readers × (1 + 2 codes))."""
    pairs = list(combinations(range(values.shape[1]), 2))
    sums = np.zeros((documents, len(pairs), 1 + 2 * codes))
    for index, (reader, other) in enumerate(pairs):
        read = (values[:, reader] >= 0) & (values[:, other] >= 0)
        a, b, where = values[read, reader], values[read, other], document[read]
        sums[:, index, 0] = np.bincount(where, weights=a == b, minlength=documents)
        for side, first in ((a, 1), (b, 1 + codes)):
            table = np.bincount(where * codes + side, minlength=documents * codes)
            sums[:, index, first : first + codes] = table.reshape(documents, codes)
    return sums


def agreement_stats(
    items: Iterable[tuple[int, int, int]], size: int, which: IntArray, pairs: int
) -> FloatArray:
    """The same sums from (value, value, row) of matched pairs; `which` is each row's pair of readers, of so
    many `pairs`."""
    sums = np.zeros((len(which), pairs, 1 + 2 * size))
    first, second, row = np.array(list(items), dtype=np.int64).reshape(-1, 3).T
    for column in (1 + first, 1 + size + second):
        np.add.at(sums, (row, which[row], column), 1)
    same = first == second
    np.add.at(sums, (row[same], which[row[same]], np.zeros_like(row[same])), 1)
    return sums


def _kappas(sums: FloatArray) -> FloatArray:
    """κ of each pair of readers (… × pairs); nan without items or where only one value occurs."""
    size = (sums.shape[-1] - 1) // 2
    first, second = sums[..., 1 : 1 + size], sums[..., 1 + size :]
    total = first.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = sums[..., 0] / total
        expected = (first * second).sum(axis=-1) / total**2
        return np.asarray(np.where(expected < 1, (observed - expected) / (1 - expected), np.nan))


def cohen(sums: FloatArray) -> FloatArray:
    """Cohen's κ, over several pairs of readers the mean of those where it is defined."""
    return mean_of_defined(_kappas(sums))


def accuracy(sums: FloatArray) -> FloatArray:
    """The share of equal values over all pairs of readers together."""
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 0].sum(axis=-1) / comparisons(sums))


def comparisons(sums: FloatArray) -> FloatArray:
    """How many values were compared with one another."""
    size = (sums.shape[-1] - 1) // 2
    return np.asarray(sums[..., 1 : 1 + size].sum(axis=(-1, -2)))

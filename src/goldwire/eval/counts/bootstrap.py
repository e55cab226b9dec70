"""The document bootstrap: how far a figure would move with other documents of the same kind.

Documents are drawn with replacement, as many as there are, and counts are added up; every figure is derived
from those sums as it is from the real ones (Efron and Tibshirani 1993, percentile interval).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from goldwire.errors import GoldwireError
from goldwire.eval.counts.packed import Numbers
from goldwire.eval.matching.spans import FloatArray, IntArray
from goldwire.processes import one_thread

Interval: TypeAlias = tuple[float, float]
NO_INTERVAL = "no interval: it needs two documents and resamples"
MOSTLY_UNDEFINED = "no interval: undefined in most resamples"
#: At most about this many weights are held at a time: 4 MB, three times over.
CHUNK = 500_000
#: So many weights are held where only small numbers are multiplied: 8 MB; and so many documents at a time.
_HELD, _BLOCK = 8 * CHUNK, 1 << 13
#: Below this many documents an interval is itself uncertain.
FEW = 20


@dataclass(frozen=True)
class Sampling:
    """How to resample: how often, from which seed, and the group of each document where there are groups."""

    resamples: int = 1000
    seed: int = 0
    groups: Sequence[Hashable] | None = None


def grouped(counts: Numbers, groups: Sequence[Hashable] | None) -> Numbers:
    """Counts (documents × columns) added up by group: documents of one story are drawn together."""
    if groups is None:
        return counts
    if len(groups) != len(counts):
        message = f"{len(groups)} groups for {len(counts)} documents"
        raise GoldwireError.of("GW510", message, hint="give one group for each document")
    codes: dict[Hashable, int] = {}
    rows = np.array([codes.setdefault(group, len(codes)) for group in groups], dtype=np.int64)
    if len(codes) == len(counts):
        return counts
    sums = np.zeros((len(codes), counts.shape[1]))
    np.add.at(sums, rows, counts)
    return sums


def draw(units: int, resamples: int, rng: np.random.Generator) -> IntArray:
    """How often each unit is drawn in each resample (resamples × units): multinomial weights."""
    drawn = rng.integers(0, units, size=(resamples, units))
    drawn += np.arange(resamples)[:, None] * units
    return np.bincount(drawn.ravel(), minlength=resamples * units).reshape(resamples, units)


def resampled(counts: FloatArray, sampling: Sampling) -> FloatArray | None:
    """Sums of counts (documents × columns) over each resample: (resamples × columns).

    None where fewer than two documents (or groups) are given: nothing varies. The same seed draws the same
    documents; at most about `CHUNK` weights are held at a time. Raises GW508 for a negative number of
    resamples.
    """
    resamples = _resamples(sampling)
    units = grouped(counts, sampling.groups)
    if len(units) < 2 or resamples == 0:
        return None
    rng = np.random.default_rng(sampling.seed)
    sums = np.empty((resamples, units.shape[1]))
    step = max(1, CHUNK // len(units))
    with one_thread():
        for first in range(0, resamples, step):
            part = sums[first : first + step]
            part[:] = draw(len(units), len(part), rng).astype(np.float64) @ units
    return sums


def resampled_exactly(parts: Sequence[Numbers], sampling: Sampling) -> list[FloatArray] | None:
    """The same of several counts of the same documents (or groups, added up), which are whole numbers or
    quarters: their sums are exact, so that a part of the documents can be added at a time.

    All see the same draws, those of `resampled`.
    """
    resamples = _resamples(sampling)
    units = len(parts[0]) if parts else 0
    if units < 2 or resamples == 0:
        return None
    rng = np.random.default_rng(sampling.seed)
    sums: list[FloatArray] = [np.zeros((resamples, part.shape[1])) for part in parts]
    step, held = max(1, CHUNK // units), max(1, _HELD // units)
    weights = np.empty((min(held, resamples), units), dtype=np.uint16)
    with one_thread():
        for first in range(0, resamples, held):
            drawn = weights[: min(held, resamples - first)]
            for begin in range(0, len(drawn), step):
                rows = drawn[begin : begin + step]
                rows[:] = draw(units, len(rows), rng)
            for begin in range(0, units, _BLOCK):
                block = slice(begin, begin + _BLOCK)
                times = drawn[:, block].astype(np.float64)
                for part, total in zip(parts, sums, strict=True):
                    total[first : first + held] += times @ part[block].astype(np.float64)
    return sums


def _resamples(sampling: Sampling) -> int:
    if sampling.resamples < 0:
        message = f"{sampling.resamples} resamples"
        raise GoldwireError.of("GW508", message, hint="0 for no intervals, 1000 for good ones")
    return sampling.resamples


def mean_of_defined(values: FloatArray) -> FloatArray:
    """The mean along the last axis of what is defined there (no nan); nan where nothing is."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, values, 0.0).sum(axis=-1) / defined.sum(axis=-1))


def percentile_interval(values: FloatArray | None) -> Interval | None:
    """The central 95 % of a figure's values over resamples.

    Resamples where the figure is undefined (nan) are left out; None where they are more than half of all.
    """
    if values is None:
        return None
    defined = values[~np.isnan(values)]
    if 2 * len(defined) < len(values):
        return None
    low, high = np.percentile(defined, (2.5, 97.5))
    return float(low), float(high)


def interval_of(
    columns: FloatArray, figure: Callable[[FloatArray], FloatArray], sampling: Sampling
) -> tuple[Interval | None, str]:
    """The interval of a figure of sums over documents (documents × …), or None and why there is none.

    `figure` takes the sums of all resamples at once.
    """
    flat = columns.reshape(len(columns), -1)
    if (grouped(flat, sampling.groups) != 0).any(axis=1).sum() < 2:
        return None, NO_INTERVAL
    sums = resampled(flat, sampling)
    if sums is None:
        return None, NO_INTERVAL
    ci95 = percentile_interval(figure(sums.reshape(-1, *columns.shape[1:])))
    return ci95, "" if ci95 else MOSTLY_UNDEFINED

"""The document bootstrap: how far a figure would move with other documents of the same kind.

Documents are drawn with replacement, as many as there are, and counts are added up; every figure is derived
from those sums as it is from the real ones (Efron and Tibshirani 1993, percentile interval).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from goldwire.errors import GoldwireError
from goldwire.eval.matching.spans import FloatArray, IntArray
from goldwire.processes import one_thread

#: At most about this many weights are held at a time: 4 MB, three times over.
CHUNK = 500_000
#: Below this many documents an interval is itself uncertain.
FEW = 20


@dataclass(frozen=True)
class Sampling:
    """How to resample: how often, from which seed, and the group of each document where there are groups."""

    resamples: int = 1000
    seed: int = 0
    groups: Sequence[Hashable] | None = None


def grouped(counts: FloatArray, groups: Sequence[Hashable] | None) -> FloatArray:
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


def resampled(counts: FloatArray, sampling: Sampling, chunk: int = CHUNK) -> FloatArray | None:
    """Sums of counts (documents × columns) over each resample: (resamples × columns).

    None where fewer than two documents (or groups) are given: nothing varies. The same seed draws the same
    documents; at most about `chunk` weights are held at a time. Raises GW508 for a negative number of
    resamples.
    """
    resamples = sampling.resamples
    if resamples < 0:
        raise GoldwireError.of(
            "GW508", f"{resamples} resamples", hint="0 for no intervals, 1000 for good ones"
        )
    units = grouped(counts, sampling.groups)
    if len(units) < 2 or resamples == 0:
        return None
    rng = np.random.default_rng(sampling.seed)
    sums = np.empty((resamples, units.shape[1]))
    step = max(1, chunk // len(units))
    with one_thread():
        for first in range(0, resamples, step):
            part = sums[first : first + step]
            part[:] = draw(len(units), len(part), rng).astype(np.float64) @ units
    return sums


def interval(values: FloatArray | None) -> tuple[float, float] | None:
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

"""γ and γ-cat: agreement on units' places and labels at once, by alignment, corrected for chance.

Mathet, Widlöcher and Métivier, "The Unified and Holistic Method Gamma (γ) for Inter-Annotator Agreement
Measure and Alignment", Computational Linguistics 41(3), 2015; γ-cat: Mathet, "The Agreement Measure γcat",
Computational Linguistics 43(3), 2017.

    γ = 1 - observed disorder / expected disorder

The disorder of a continuum is that of its best alignment (see unitary.py) over the mean number of units of a
reader. The expected one is the mean over samples: n times a reader is drawn and his units are moved round
the text by a random distance, all distances at least half a mean unit apart. As many samples are drawn as
the wanted precision needs, at least 30 (section 5.3 of the paper). That is pygamma-agreement's
ShuffleContinuumSampler (not its default one), except that there a third distance may fall beside the first.

γ-cat asks only whether aligned units bear the same label. Over pairs of aligned units the difference of
labels is weighted by max(0, 1 - positional dissimilarity) / (k - 1), k being the units in the alignment. Its
expected value comes from the same samples. Units that nobody else marked do not touch it: they are γ's.

A corpus is taken continuum by continuum, and disorders are added up, each weighted by its mean number of
units, observed and expected alike; one document gives the paper's value. The samples are shared out over
the documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from goldwire.eval.agreement.gamma_alignment import Units, best_alignments
from goldwire.eval.counts.bootstrap import (
    MOSTLY_UNDEFINED,
    NO_INTERVAL,
    Interval,
    Sampling,
    mean_of_defined,
    percentile_interval,
    resampled,
)
from goldwire.eval.matching.spans import FloatArray

#: Start, end (code points), code of the label.
Unit: TypeAlias = tuple[int, int, int]
#: Samples of the paper's first batch, over all documents; of each document; of all documents at most.
FIRST, EACH, ALL = 30, 3, 12_000
#: So many units are aligned at a time.
TOGETHER = 40_000


SAMPLING = Sampling()


class Continuum(NamedTuple):
    """What each reader marked in one text, and the text's length in code points."""

    readers: tuple[tuple[Unit, ...], ...]
    length: int


@dataclass(frozen=True)
class Gamma:
    """γ and γ-cat with the document bootstrap's intervals, and how good the sampling was.

    `precision` is the relative half-width of the expected disorder's 95 % interval; `why` and `cat_why`
    explain what is None.
    """

    value: float | None
    ci95: Interval | None
    why: str
    cat: float | None
    cat_ci95: Interval | None
    cat_why: str
    observed: float | None = None
    expected: float | None = None
    samples: int = 0
    documents: int = 0
    precision: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Both figures, each with its interval, and the sampling behind them."""

        def entry(value: float | None, ci95: Interval | None, why: str) -> dict[str, Any]:
            figures: dict[str, Any] = {"value": value, "ci95": list(ci95) if ci95 else None}
            return figures | ({"why": why} if why else {})

        return {
            "gamma": entry(self.value, self.ci95, self.why)
            | {"observed": self.observed, "expected": self.expected},
            "gamma_cat": entry(self.cat, self.cat_ci95, self.cat_why),
            "samples": {
                "each": self.samples,
                "documents": self.documents,
                "precision": self.precision,
            },
        }


def gamma(
    continua: Sequence[Continuum],
    *,
    precision: float = 0.02,
    sampling: Sampling = SAMPLING,
    count_absent: bool = False,
) -> Gamma:
    """γ and γ-cat of some documents; those with one reader or without units are passed over.

    `precision` is the wanted relative error of the expected disorder. `count_absent` lets a unit without a
    partner count as a difference of labels, as pygamma-agreement 0.5.9 does (there called experimental).
    """
    used, sizes = [], []
    for number, continuum in enumerate(continua):
        if len(continuum.readers) > 1 and any(continuum.readers):
            used.append(number)
            sizes.append(sum(map(len, continuum.readers)) / len(continuum.readers))
    if not used:
        why = "no reading has one"
        return Gamma(value=None, ci95=None, why=why, cat=None, cat_ci95=None, cat_why=why)
    ordered, means = _Ordered(continua, used), np.array(sizes)
    observed = _aligned((continuum.readers for continuum in ordered), count_absent)
    rng = np.random.default_rng(sampling.seed)
    draws = _draw(ordered, max(EACH, -(-FIRST // len(ordered))), rng, count_absent)
    # How many are needed is estimated from those drawn so far: with more of them it may turn out too few.
    while (wanted := min(_needed(draws[..., 0] * means[:, None], precision), ALL // len(ordered))) > (
        had := draws.shape[1]
    ):
        more = _draw(ordered, wanted - had, rng, count_absent)
        draws = np.concatenate((draws, more), axis=1)

    # Columns: observed disorder, then two sums for labels; the same of each sample.
    columns = np.zeros((len(continua), 4 + 2 * draws.shape[1]))
    columns[used, 0], columns[used, 2:4] = observed[:, 0], observed[:, 1:]
    columns[used, 1] = means * draws[..., 0].mean(axis=1)
    columns[used, 4:] = draws[..., 1:].reshape(len(ordered), -1)
    total = columns.sum(axis=0)
    drawn = resampled(columns, sampling) if len(used) > 1 else None
    value, ci95, why = _figure(
        _gamma(total), None if drawn is None else _gamma(drawn), "no disorder by chance"
    )
    if value is None and total[0] == 0:
        value, why = 1.0, NO_INTERVAL
    cat, cat_ci95, cat_why = _figure(
        _cat(total),
        None if drawn is None else _cat(drawn),
        "no two units are aligned" if total[3] == 0 else "undefined, as only one label occurs",
    )

    return Gamma(
        value=value,
        ci95=ci95,
        why=why,
        cat=cat,
        cat_ci95=cat_ci95,
        cat_why=cat_why,
        observed=float(total[0] / means.sum()),
        expected=float(total[1] / means.sum()),
        samples=draws.shape[1],
        documents=len(ordered),
        precision=_spread(draws[..., 0] * means[:, None]),
    )


class _Ordered:
    """Some of the continua, their readers in the order of what they marked: who is called first must not
    matter to what is drawn."""

    def __init__(self, continua: Sequence[Continuum], numbers: Sequence[int]) -> None:
        self._continua, self._numbers = continua, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Continuum]:
        for number in self._numbers:
            readers, length = self._continua[number]
            yield Continuum(tuple(sorted(tuple(sorted(marked)) for marked in readers)), length)


def _figure(
    value: FloatArray, drawn: FloatArray | None, undefined: str
) -> tuple[float | None, Interval | None, str]:
    if np.isnan(value):
        return None, None, undefined
    ci95 = percentile_interval(drawn)
    return float(value), ci95, "" if ci95 else NO_INTERVAL if drawn is None else MOSTLY_UNDEFINED


def _gamma(sums: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(sums[..., 1] > 0, 1 - sums[..., 0] / sums[..., 1], np.nan))


def _cat(sums: FloatArray) -> FloatArray:
    """γ-cat: the observed share of label differences, and the mean of it over samples."""
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = sums[..., 2] / sums[..., 3]
        expected = mean_of_defined(sums[..., 4::2] / sums[..., 5::2])
        return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan))


def _units(continua: Sequence[Sequence[Sequence[Unit]]]) -> Units:
    """The units of some continua as columns."""
    rows = [
        (number, reader, *unit)
        for number, readers in enumerate(continua)
        for reader, units in enumerate(readers)
        for unit in units
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    number, reader, start, end, label = table.T
    readers_of = np.array([len(readers) for readers in continua], dtype=np.int64)
    return Units(number, reader, start, end, label, readers_of)


def _aligned(
    continua: Iterable[Sequence[Sequence[Unit]]],
    count_absent: bool,
    *,
    by_size: bool = False,
) -> FloatArray:
    """Disorder, label differences and their weight of each continuum, some of them aligned at a time.

    `by_size`: disorders over the units of a reader.
    """
    aligned: list[FloatArray] = []
    waiting: list[Sequence[Sequence[Unit]]] = []
    units = 0

    def align() -> None:
        best = best_alignments(_units(waiting))
        extra = best.absent * count_absent
        sums = np.stack((best.disorder, best.labels + extra, best.weight + extra), axis=1)
        if by_size:
            sums[:, 0] /= [sum(map(len, readers)) / len(readers) for readers in waiting]
        aligned.append(sums)
        waiting.clear()

    for readers in continua:
        waiting.append(readers)
        units += sum(map(len, readers))
        if units >= TOGETHER:
            align()
            units = 0
    if waiting:
        align()
    return np.concatenate(aligned) if aligned else np.zeros((0, 3))


def _draw(continua: _Ordered, count: int, rng: np.random.Generator, count_absent: bool) -> FloatArray:
    """Samples of each continuum: (continua × count × (disorder over units of a reader, two label sums))."""
    drawn = (_sample(continuum, rng) for continuum in continua for _ in range(count))
    return _aligned(drawn, count_absent, by_size=True).reshape(len(continua), count, 3)


def _sample(continuum: Continuum, rng: np.random.Generator) -> list[list[Unit]]:
    """As many readers as there are, each one of them drawn and moved round the text."""
    count = len(continuum.readers)
    length = max(continuum.length, *(end for units in continuum.readers for _, end, _ in units), 1)
    sizes = [end - start for units in continuum.readers for start, end, _ in units]
    apart = sum(sizes) / len(sizes) / 2
    while True:
        moved: list[list[Unit]] = []
        taken: list[int] = []
        for reader in rng.integers(0, count, size=count):
            shift = _shift(taken, apart, length, rng)
            taken.append(shift)
            moved.append(
                [
                    ((start + shift) % length, (start + shift) % length + end - start, label)
                    for start, end, label in continuum.readers[reader]
                ]
            )
        if any(moved):
            return moved


def _shift(taken: Sequence[int], apart: float, length: int, rng: np.random.Generator) -> int:
    """A distance to move by, uniform over those far enough from the ones taken, if there are any."""
    for _ in range(20):
        shift = int(rng.integers(0, length))
        if all(abs(shift - t) >= apart for t in taken):
            return shift
    places = np.arange(length)
    free = np.ones(length, dtype=bool)
    for t in taken:
        free &= np.abs(places - t) >= apart
    return int(rng.choice(places[free])) if free.any() else int(rng.integers(0, length))


def _spread(samples: FloatArray) -> float | None:
    """Half the 95 % interval of the sum of the rows' means, relative to it."""
    mean = float(samples.mean(axis=1).sum())
    if samples.shape[1] < 2 or not mean:
        return None
    return float(1.96 * np.sqrt(samples.var(axis=1, ddof=1).sum() / samples.shape[1]) / mean)


def _needed(samples: FloatArray, precision: float) -> int:
    """How many samples of each document bring the relative error down to the precision."""
    spread = _spread(samples)
    return 0 if spread is None else int(np.ceil(samples.shape[1] * (spread / precision) ** 2))

"""Whether one model is better than another on the same documents, or only luckier.

Two paired tests, both over documents (or groups of one story), both on differences of F1, second minus first:

- *Approximate randomisation* (Noreen 1989; Yeh 2000): if the models are alike, their results can be
  exchanged document by document. p is the share of exchanges whose difference is at least as large, in either
  direction, as the one found; all 2^n exchanges where these are no more than the rounds, else
  (hits + 1) / (rounds + 1).
- *Paired bootstrap* (Efron and Tibshirani 1993): both models on the same redrawn documents; the central 95 %
  of the differences, and twice the smaller share of those on either side of 0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goldwire.eval.counts.bootstrap import (
    CHUNK,
    FEW,
    Interval,
    Sampling,
    grouped,
    percentile_interval,
    resampled,
)
from goldwire.eval.counts.counts import LabelCounts, MatchCounts, rates
from goldwire.eval.matching.spans import FloatArray
from goldwire.number_format import counted, p_value
from goldwire.processes import one_thread

#: Two-sided level at which a difference is called one.
ALPHA = 0.05


@dataclass(frozen=True)
class Difference:
    """Two F1 and their difference, second minus first.

    `p` is of the randomisation, `p_bootstrap` of the bootstrap, `p_holm` of the first after Holm's correction
    over the labels; None where a figure is undefined.
    """

    first: MatchCounts
    second: MatchCounts
    ci95: Interval | None = None
    p: float | None = None
    p_bootstrap: float | None = None
    p_holm: float | None = None

    @property
    def value(self) -> float | None:
        """F1 of the second minus F1 of the first; None where neither marks anything."""
        first, second = self.first.f1, self.second.f1
        return None if first is None or second is None else second - first

    def as_json(self) -> dict[str, Any]:
        """Both F1, the difference with its interval, and the p-values."""
        figures = {
            "first": self.first.f1,
            "second": self.second.f1,
            "difference": self.value,
            "ci95": list(self.ci95) if self.ci95 else None,
            "p": self.p,
            "p_bootstrap": self.p_bootstrap,
        }
        return figures | ({} if self.p_holm is None else {"p_holm": self.p_holm})


@dataclass(frozen=True)
class Tested:
    """The difference over all labels and by label, over `units` documents or groups."""

    micro: Difference
    labels: dict[str, Difference]
    units: int
    rounds: int
    exact: bool

    @property
    def smallest_p(self) -> float:
        """The smallest p that the randomisation can give with so many units, however clear the difference."""
        return smallest_p(self.units, self.rounds)

    def as_json(self) -> dict[str, Any]:
        """The differences, and how they were tested."""
        return {
            "micro": self.micro.as_json(),
            "labels": {label: difference.as_json() for label, difference in self.labels.items()},
            "units": self.units,
            "rounds": 2**self.units if self.exact else self.rounds,
            "exact": self.exact,
            "smallest_p": self.smallest_p,
        }


def smallest_p(units: int, rounds: int) -> float:
    """2 / 2^n: the difference found and its mirror image, of all exchanges; no less than 1 / (rounds + 1)."""
    return max(1.0 / (rounds + 1), min(1.0, 2.0 ** (1 - units))) if units else 1.0


def power_warning(units: int, rounds: int, *, grouped: bool = False) -> str:
    """What so few units can't show; empty from `FEW` on."""
    if units >= FEW:
        return ""
    name = "group" if grouped else "document"
    least = smallest_p(units, rounds)
    warning = f"{counted(units, name)}, fewer than {FEW}: only large differences can be told from chance"
    if least > ALPHA:
        least_p = f"2/2^{units} = {p_value(least)}"
        warning += f"; the smallest two-sided p possible is {least_p}, so none can be significant"
    return warning


def compare_counts(
    first: FloatArray,
    second: FloatArray,
    labels: Sequence[str],
    *,
    rounds: int = 10_000,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> Tested:
    """Test two systems' counts (documents × labels × tp, fp, fn) of the same documents and labels."""
    width = len(labels)
    first_units, second_units = (
        grouped(counts.reshape(len(counts), -1), groups) for counts in (first, second)
    )
    units = len(first_units)
    sampling = Sampling(rounds, seed)
    drawn = resampled(np.concatenate((first_units, second_units), axis=1), sampling)
    exact = units < 63 and 2**units <= rounds
    swapped = _exchanged(first_units, second_units, rounds, seed, exact=exact)

    def tested(columns: slice | int) -> Difference:
        def picked(sums: FloatArray) -> FloatArray:
            chosen = sums.reshape(*sums.shape[:-1], width, 3)[..., columns, :]
            return chosen.sum(axis=-2) if isinstance(columns, slice) else chosen

        first_sums, second_sums = picked(first_units.sum(axis=0)), picked(second_units.sum(axis=0))
        pair = MatchCounts(*map(float, first_sums)), MatchCounts(*map(float, second_sums))
        if pair[0].f1 is None or pair[1].f1 is None:
            return Difference(*pair)
        gap = pair[1].f1 - pair[0].f1
        gaps = _f1(picked(swapped[1])) - _f1(picked(swapped[0]))
        hits = int((np.abs(gaps) >= abs(gap) - 1e-12).sum())
        p = hits / len(gaps) if exact else (hits + 1) / (len(gaps) + 1)
        present = (picked(first_units) + picked(second_units)).sum(axis=-1) > 0
        if drawn is None or present.sum() < 2:
            return Difference(*pair, p=p)  # what stands in one document only does not vary
        half = drawn.shape[1] // 2
        moved = rates(picked(drawn[:, half:]))[2] - rates(picked(drawn[:, :half]))[2]
        ci95 = percentile_interval(moved)
        return Difference(*pair, ci95=ci95, p=p, p_bootstrap=_two_sided(moved) if ci95 else None)

    by_label = {label: tested(code) for code, label in enumerate(labels)}
    return Tested(tested(slice(None)), holm(by_label), units, rounds, exact)


def compare_labels(first: LabelCounts, second: LabelCounts, **options: Any) -> Tested:
    """The same of counts whose labels may differ."""
    labels = tuple(sorted({*first.labels, *second.labels}))
    return compare_counts(spread(first, labels), spread(second, labels), labels, **options)


def spread(counts: LabelCounts, labels: Sequence[str]) -> FloatArray:
    """Counts (documents × labels × 3) with the labels in another order, zeros where one lacks."""
    wide = np.zeros((len(counts.counts), len(labels), 3))
    for code, label in enumerate(counts.labels):
        wide[:, labels.index(label)] = counts.counts[:, code]
    return wide


def holm(tests: dict[str, Difference]) -> dict[str, Difference]:
    """The tests with p corrected for their number, step by step from the smallest (Holm 1979)."""
    ranked = sorted((test.p, name) for name, test in tests.items() if test.p is not None)
    corrected: dict[str, float] = {}
    least = 0.0
    for rank, (p, name) in enumerate(ranked):
        least = max(least, min(1.0, p * (len(ranked) - rank)))
        corrected[name] = least
    return {name: dataclasses.replace(test, p_holm=corrected.get(name)) for name, test in tests.items()}


def _f1(sums: FloatArray) -> FloatArray:
    """F1 of sums (… × 3); where an exchange leaves a side without any span it is 0."""
    return np.asarray(np.nan_to_num(rates(sums)[2]))


def _two_sided(moved: FloatArray) -> float:
    """Twice the smaller share of differences at or beyond 0, the one found counted among them."""
    defined = moved[~np.isnan(moved)]
    below, above = int((defined <= 0).sum()), int((defined >= 0).sum())
    return min(1.0, 2 * (min(below, above) + 1) / (len(defined) + 1))


def _exchanged(
    first: FloatArray, second: FloatArray, rounds: int, seed: int, *, exact: bool
) -> tuple[FloatArray, FloatArray]:
    """The sums of both systems in each exchange: (exchanges × columns), twice."""
    units, total = len(first), first.sum(axis=0) + second.sum(axis=0)
    gap = second - first
    first_sums = np.empty((2**units if exact else rounds, first.shape[1]))
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK // max(1, units))
    with one_thread():
        for start in range(0, len(first_sums), step):
            part = first_sums[start : start + step]
            if exact:
                numbers = np.arange(start, start + len(part))
                taken = (numbers[:, None] >> np.arange(units)) & 1
            else:
                taken = rng.integers(0, 2, size=(len(part), units))
            part[:] = taken.astype(np.float64) @ gap
    first_sums += first.sum(axis=0)
    return first_sums, total - first_sums

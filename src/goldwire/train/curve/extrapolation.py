"""What more data is likely to bring: an inverse power law through a learning curve.

F1(n) = a - b * n^(-c), n in sentences, fitted by weighted least squares: Figueroa, Zeng-Treitler, Kandula and
Ngo (2012), "Predicting sample size required for classification performance", BMC Medical Informatics and
Decision Making 12:8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.counts.bootstrap import percentile_interval
from goldwire.number_format import amount, signed, signed_interval

Floats: TypeAlias = NDArray[np.float64]
#: Exponents tried; for each of them the best `a` and `b` have a closed form.
EXPONENTS = np.linspace(0.05, 2.0, 40)
#: A curve of three parameters goes through any three points: a fourth is the least that can contradict it.
FEWEST = 4
#: Where the extrapolation can't go as far as was asked, it goes as many tens of sentences as it can.
TENS = 10
#: In more than this share of resamples without growth from the first to the last size, growth may be chance.
CHANCE = 0.025


@dataclass(frozen=True)
class Extrapolation:
    """By how much F1 is likely to grow with `ahead` more sentences; `why` says why that can't be told.

    `beyond` says why the gain is of fewer sentences than were asked for, where it is.
    """

    ahead: int
    gain: float | None = None
    ci95: tuple[float, float] | None = None
    law: tuple[float, float, float] | None = None
    why: str = ""
    beyond: str = ""

    def as_json(self) -> dict[str, Any]:
        """The figures; the law as a, b, c of F1 = a - b * sentences^(-c)."""
        return {
            "sentences": self.ahead,
            "gain": self.gain,
            "ci95": list(self.ci95) if self.ci95 else None,
            "law": dict(zip("abc", self.law, strict=True)) if self.law else None,
        } | {name: reason for name, reason in (("why", self.why), ("beyond", self.beyond)) if reason}

    def in_words(self) -> str:
        """One sentence."""
        if self.gain is None or self.ci95 is None:
            return f"what the next {self.ahead} sentences will bring can't be told: {self.why}"
        low, high = self.ci95
        return (
            f"the next {self.ahead} sentences are likely to bring F1 {signed(self.gain)} "
            f"(95 % interval {signed_interval((low, high))}), by an inverse power law through the curve"
            + (f"; {self.beyond}" if self.beyond else "")
        )


def extrapolate(
    sentences: Sequence[float], values: Sequence[float | None], samples: Floats | None, *, ahead: int
) -> Extrapolation:
    """Fit the curve (`values` over `sentences`, ascending) and read off the gain of `ahead` more sentences,
    or of as many tens as the curve is long: no law bears more than twice what was seen.

    `samples` (resamples × sizes) are the values over resamples: their spread weighs the points, and a fit to
    each of them gives the interval. No gain is given where the points can't bear one; `why` says why.
    """
    where = [index for index, value in enumerate(values) if value is not None]
    points = np.array([value for value in values if value is not None])
    sizes = np.array([sentences[index] for index in where])
    if len(where) < FEWEST:
        return Extrapolation(ahead, why=f"{len(where)} sizes with an F1, and {FEWEST} are needed")
    beyond = ""
    if ahead > sizes[-1]:
        asked, ahead = ahead, int(sizes[-1]) // TENS * TENS
        far = f"more than twice the {amount(round(sizes[-1]))} sentences that the curve ends at"
        if not ahead:
            return Extrapolation(asked, why=f"that would be {far}")
        beyond = f"{asked} would be {far}"
    if samples is None:
        return Extrapolation(ahead, why="without resamples or with one text there is no interval")
    drawn = samples[:, where]
    drawn = drawn[~np.isnan(drawn).any(1)]
    if 2 * len(drawn) < len(samples):
        return Extrapolation(ahead, why="F1 is undefined in most resamples: too little is marked")
    flat = float((drawn[:, -1] <= drawn[:, 0]).mean())
    if points[-1] <= points[0] or flat > CHANCE:
        return Extrapolation(ahead, why="F1 does not grow over the sizes by more than chance")
    # A size whose F1 never varied is no surer than the surest other.
    spread = np.maximum(drawn.std(0), max(1e-3, float(drawn.std(0).max()) / 10))
    law = _fit(sizes, points[None], spread)
    gains = _gain(_fit(sizes, drawn, spread), sizes[-1], ahead)
    a, b, c = (float(parameter[0]) for parameter in law)
    gain = float(_gain(law, sizes[-1], ahead)[0])
    return Extrapolation(ahead, gain, ci95=percentile_interval(gains), law=(a, b, c), beyond=beyond)


def _gain(law: tuple[Floats, Floats, Floats], size: float, ahead: int) -> Floats:
    _, b, c = law
    gain: Floats = b * (size ** (-c) - (size + ahead) ** (-c))
    return gain


def _fit(sizes: Floats, curves: Floats, spread: Floats) -> tuple[Floats, Floats, Floats]:
    """a in [0, 1], b of 0 or more, and c for each curve (curves × sizes): the least weighted squares."""
    weights = (1 / spread**2) / (1 / spread**2).sum()
    least: Floats = np.full(len(curves), np.inf)
    best: Floats = np.zeros((3, len(curves)))
    for c in EXPONENTS:
        fall = sizes**-c
        mean_fall, mean = float(weights @ fall), curves @ weights
        variance = float(weights @ (fall - mean_fall) ** 2)
        b = np.maximum(0.0, -((curves - mean[:, None]) * (fall - mean_fall)) @ weights / variance)
        a = mean + b * mean_fall
        over = a > 1
        # No F1 is above 1: then the line through (0, 1) that fits best.
        b = np.where(over, ((1 - curves) * fall) @ weights / float(weights @ fall**2), b)
        a = np.minimum(a, 1.0)
        squares = ((a[:, None] - b[:, None] * fall - curves) ** 2) @ weights
        better = squares < least
        least = np.where(better, squares, least)
        best = np.where(better, np.array([a, b, np.full(len(curves), c)]), best)
    return best[0], best[1], best[2]

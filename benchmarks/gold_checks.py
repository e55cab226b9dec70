"""How many gold checks notice, with 95 % power, a person who is wrong in 20 % of their marks: by simulation.

Of each reviewed mark of a check a person is wrong by chance; half of what is wrong is missed, half marked
with another label or extent. Articles differ: the share of wrong marks in one is drawn from a beta
distribution, of which `rho` is the correlation of two marks of one article (0: all articles are alike). A
person is noticed where the 95 % interval of their F1, as `goldwire annotate status` shows it, lies wholly
under the F1 of somebody who is wrong in an acceptable share. How often that one is noticed too is the false
alarm.

Run: `python -m benchmarks.gold_checks [--wrong 0.2] [--power 0.95] [--people 4000] [--seed 0]`; two minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from goldwire.annotate.report.figures import FEW
from goldwire.eval.counts.bootstrap import draw
from goldwire.eval.counts.counts import rates
from goldwire.eval.matching.spans import FloatArray

#: What is tried: acceptable shares, marks in an article, how alike those of one article are.
ACCEPTABLE, MARKS, RHO = (0.05, 0.10), (1, 5, 20, 60), (0.0, 0.05, 0.2)
#: As many resamples as `annotate status` draws; as many checks as are tried.
RESAMPLES, MOST = 500, 400


@dataclass(frozen=True)
class Row:
    """What was found for one setting: the fewest checks, None where `MOST` are too few, and with them how
    often the wrong person (`power`) and the acceptable one (`alarm`) are noticed."""

    acceptable: float
    marks: int
    rho: float
    checks: int | None
    power: float
    alarm: float


def counts_of(
    wrong: float, marks: int, rho: float, checks: int, people: int, rng: np.random.Generator
) -> FloatArray:
    """What so many people do in so many checks (checks × people × tp, fp, fn)."""
    size = (checks, people)
    shares: FloatArray = np.full(size, wrong)
    if rho:
        shares = rng.beta(wrong * (1 / rho - 1), (1 - wrong) * (1 / rho - 1), size)
    faults = rng.binomial(marks, shares)
    exchanged = rng.binomial(faults, 0.5)
    return np.stack([marks - faults, exchanged, faults], axis=-1).astype(float)


def f1_of(wrong: float) -> float:
    """The F1 of whoever is wrong in this share of all marks."""
    right = 2 * (1 - wrong)
    return right / (right + wrong + wrong / 2)


def noticed(counts: FloatArray, level: float, rng: np.random.Generator) -> float:
    """The share of people whose 95 % interval of F1 lies wholly under a level."""
    checks, people, _ = counts.shape
    weights = draw(checks, RESAMPLES, rng).astype(float)
    sums = (weights @ counts.reshape(checks, -1)).reshape(RESAMPLES, people, 3)
    return float((np.percentile(rates(sums)[2], 97.5, axis=0) < level).mean())


def fewest(
    acceptable: float, marks: int, rho: float, *, wrong: float, power: float, people: int, seed: int
) -> Row:
    """The fewest checks with which so many are noticed, and from which on they are."""
    rng = np.random.default_rng([seed, round(1000 * acceptable), marks, round(1000 * rho)])
    level = f1_of(acceptable)

    def reached(checks: int) -> float:
        return noticed(counts_of(wrong, marks, rho, checks, people, rng), level, rng)

    few, many = FEW, FEW
    while reached(many) < power and many < MOST:
        few, many = many + 1, min(MOST, 2 * many)
    if many == MOST and reached(MOST) < power:
        return Row(acceptable, marks, rho, None, reached(MOST), 0.0)
    while few < many:
        middle = (few + many) // 2
        few, many = (few, middle) if reached(middle) >= power else (middle + 1, many)
    while (confirmed := reached(few)) < power:  # by other people than those who led there
        few += 1
    alarm = noticed(counts_of(acceptable, marks, rho, few, people, rng), level, rng)
    return Row(acceptable, marks, rho, few, confirmed, alarm)


def rows(*, wrong: float, power: float, people: int, seed: int) -> Iterator[Row]:
    """All settings."""
    for acceptable in ACCEPTABLE:
        for marks in MARKS:
            for rho in RHO if marks > 1 else RHO[:1]:  # of one mark there is nothing to be alike
                yield fewest(acceptable, marks, rho, wrong=wrong, power=power, people=people, seed=seed)


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--wrong", type=float, default=0.2, help="the share in which the person is wrong")
    parser.add_argument("--power", type=float, default=0.95, help="how often they are to be noticed")
    parser.add_argument("--people", type=int, default=4000, help="so many are simulated")
    parser.add_argument("--seed", type=int, default=0)
    options = vars(parser.parse_args())
    print("| acceptable | reviewed marks in an article | ρ | checks | power | false alarm |")
    print("|---|---|---|---|---|---|")
    for row in rows(**options):
        checks = f"{row.checks}" if row.checks is not None else f"over {MOST}"
        alarm = f"{100 * row.alarm:.1f} %" if row.checks is not None else "–"
        print(
            f"| {100 * row.acceptable:.0f} % | {row.marks} | {row.rho:g} | {checks} | "
            f"{100 * row.power:.1f} % | {alarm} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

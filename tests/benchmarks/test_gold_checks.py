"""The simulation of gold checks decides as the toolkit does, and its table in the docs is what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gold_checks import RESAMPLES, counts_of, f1_of, fewest, noticed
from goldwire.eval.counts.bootstrap import Sampling, percentile_interval, resampled
from goldwire.eval.counts.counts import rates

PAGE = Path(__file__).parents[2] / "docs/research-notes/gold-checks.md"
ROW = re.compile(r"^\| (\d+) % \| (\d+) \| ([\d.]+) \| (\d+) \| ([\d.]+) % \| ([\d.]+) % \|$", re.MULTILINE)


@pytest.mark.parametrize("seed", range(5))
def test_who_is_noticed_is_decided_by_the_interval_of_the_scores(seed: int) -> None:
    """For one person the simulation says what the interval of `annotate status` says of the same counts."""
    rng = np.random.default_rng(seed)
    counts = counts_of(0.2, 9, 0.1, 12, 1, rng)
    sums = resampled(counts[:, 0], Sampling(RESAMPLES, seed))
    assert sums is not None
    found = percentile_interval(rates(sums)[2])
    assert found is not None
    for level in (found[1] - 1e-9, found[1] + 1e-9):
        assert noticed(counts, level, np.random.default_rng(seed)) == float(found[1] < level)


@pytest.mark.parametrize("rho", [0.0, 0.2])
def test_people_are_as_wrong_as_they_are_said_to_be(rho: float) -> None:
    """Over many marks the F1 is the one that is computed, however articles differ; no mark is lost."""
    counts = counts_of(0.2, 40, rho, 50, 400, np.random.default_rng(1))
    assert set((counts[..., 0] + counts[..., 2]).ravel()) == {40}
    assert float(rates(counts.sum(axis=(0, 1)))[2]) == pytest.approx(f1_of(0.2), abs=0.005)


def test_more_marks_need_fewer_checks_and_unlike_articles_more() -> None:
    """The same seed gives the same; what cannot be told in so many checks is said to be so."""

    def checks(acceptable: float, marks: int, rho: float) -> int | None:
        return fewest(acceptable, marks, rho, wrong=0.2, power=0.95, people=200, seed=3).checks

    few, many = checks(0.1, 20, 0.05), checks(0.1, 5, 0.05)
    assert few is not None and many is not None and few < many
    unlike = checks(0.1, 20, 0.2)
    assert unlike is not None and unlike > few == checks(0.1, 20, 0.05)
    assert checks(0.19, 1, 0.0) is None


@pytest.mark.slow
def test_the_table_of_the_docs_is_the_simulation_s() -> None:
    """A row of it is made anew, with the options that the page names."""
    rows = {
        (int(row[1]), int(row[2]), float(row[3])): (int(row[4]), float(row[5]), float(row[6]))
        for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))
    }
    assert len(rows) == 20
    found = fewest(0.1, 5, 0.05, wrong=0.2, power=0.95, people=4000, seed=0)
    told = (found.checks, round(100 * found.power, 1), round(100 * found.alarm, 1))
    assert rows[10, 5, 0.05] == told

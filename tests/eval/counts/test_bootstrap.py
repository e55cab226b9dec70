"""The bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from goldwire.eval.counts.bootstrap import Sampling, draw, grouped, interval, resampled
from goldwire.eval.counts.counts import rates


def counts(documents: int, seed: int = 5) -> np.ndarray:
    """Counts of documents, drawn evenly."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 20, size=(documents, 3)).astype(float)


def test_the_mean_over_resamples_is_near_the_figure() -> None:
    """The bootstrap of F1 centres on F1, and its interval holds it."""
    found = counts(60)
    sums = resampled(found, Sampling(2000))
    assert sums is not None
    point = float(rates(found.sum(axis=0))[2])
    f1 = rates(sums)[2]
    assert f1.mean() == pytest.approx(point, abs=0.01)
    bounds = interval(f1)
    assert bounds is not None
    assert bounds[0] < point < bounds[1]


def test_the_spread_is_that_of_the_theory() -> None:
    """The standard deviation of a resampled mean is that of the sample over the root of its size."""
    found = counts(100)[:, :1]
    sums = resampled(found, Sampling(4000))
    assert sums is not None
    assert (sums / 100).std() == pytest.approx(found.std() / 10, rel=0.08)


def test_each_resample_has_as_many_documents() -> None:
    """Weights are whole numbers that add up to the number of documents."""
    weights = draw(7, 50, np.random.default_rng(0))
    assert weights.shape == (50, 7)
    assert set(weights.sum(axis=1)) == {7}


def test_chunks_change_nothing_but_memory() -> None:
    """Drawn in small parts, resamples are as many and as varied."""
    found = counts(50)
    whole = resampled(found, Sampling(300))
    parts = resampled(found, Sampling(300), chunk=400)
    assert whole is not None
    assert parts is not None
    assert parts.shape == whole.shape
    assert parts.mean() == pytest.approx(whole.mean(), rel=0.02)
    assert len(np.unique(parts, axis=0)) > 250


def test_groups_are_drawn_together() -> None:
    """Documents of one group are one unit: identical halves of two groups leave no spread inside a group."""
    found = np.array([[1.0], [3.0], [2.0], [2.0]])
    assert grouped(found, ["x", "x", "y", "y"]).tolist() == [[4.0], [4.0]]
    sums = resampled(found, Sampling(50, groups=["x", "x", "y", "y"]))
    assert sums is not None
    assert set(sums.ravel()) == {8.0}
    assert resampled(found, Sampling(50, groups=["x"] * 4)) is None


def test_no_interval_without_enough_to_stand_on() -> None:
    """One document, or a figure undefined in most resamples, has no interval."""
    assert resampled(counts(1), Sampling()) is None
    assert interval(None) is None
    assert interval(np.array([0.5, np.nan, np.nan])) is None
    assert interval(np.array([0.5, 0.5, np.nan])) == (0.5, 0.5)

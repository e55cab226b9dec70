"""The bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.eval.counts import bootstrap
from goldwire.eval.counts.bootstrap import (
    Sampling,
    draw,
    grouped,
    mean_of_defined,
    percentile_interval,
    resampled,
    resampled_exactly,
)
from goldwire.eval.counts.counts import rates
from goldwire.eval.counts.packed import packed_counts


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
    bounds = percentile_interval(f1)
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


def test_chunks_change_nothing_but_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn in small parts, resamples are as many and as varied."""
    found = counts(50)
    whole = resampled(found, Sampling(300))
    monkeypatch.setattr(bootstrap, "CHUNK", 400)
    parts = resampled(found, Sampling(300))
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
    assert percentile_interval(None) is None
    assert percentile_interval(np.array([0.5, np.nan, np.nan])) is None
    assert percentile_interval(np.array([0.5, 0.5, np.nan])) == (0.5, 0.5)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_small_numbers_are_added_up_to_the_digit(data: st.DataObject) -> None:
    """Counts that are whole numbers or quarters, in bytes or floats, have the sums of all at once, whoever is
    drawn together."""
    documents = data.draw(st.one_of(st.integers(0, 30), st.just(9_000)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    whole = rng.integers(0, 255, size=(documents, data.draw(st.integers(0, 4)))).astype(np.float64)
    quarters = rng.integers(0, 50, size=(documents, 2)) / 4
    stories = [f"s{number // 3}" for number in range(documents)]
    sampling = Sampling(5, 3, data.draw(st.sampled_from([None, stories])))
    exact = resampled(np.concatenate((whole, quarters), axis=1), sampling)
    parts = [packed_counts(grouped(packed_counts(part), sampling.groups)) for part in (whole, quarters)]
    sums = resampled_exactly(parts, sampling)
    assert (sums is None) == (exact is None)
    if sums is not None and exact is not None:
        assert np.concatenate(sums, axis=1).tolist() == exact.tolist()


@given(st.lists(st.floats(allow_nan=True) | st.integers(0, 300).map(float)))
def test_counts_are_packed_without_loss(numbers: list[float]) -> None:
    """In whatever numbers counts are kept, they are the same; whole ones below 256 take a byte."""
    counts_as_they_are = np.array(numbers, dtype=np.float64)
    kept = packed_counts(counts_as_they_are)
    assert np.array_equal(kept.astype(np.float64), counts_as_they_are, equal_nan=True)
    assert packed_counts(kept).dtype == kept.dtype
    if numbers and all(number.is_integer() and 0 <= number < 256 for number in numbers):
        assert kept.dtype == np.uint8


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=3, max_size=3), min_size=1))
def test_what_is_undefined_plays_no_part_in_a_mean(rows: list[list[int | None]]) -> None:
    """Row by row the mean of what is there; where nothing is, the mean is undefined too."""
    means = mean_of_defined(np.array([[np.nan if n is None else float(n) for n in row] for row in rows]))
    for row, mean in zip(rows, means, strict=True):
        there = [number for number in row if number is not None]
        assert mean == pytest.approx(sum(there) / len(there)) if there else np.isnan(mean)

"""κ and α on nominal values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.agreement.kappa import ONE_VALUE, alpha, cohen, fleiss, items, nominal, paired, share
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.matching.spans import FloatArray, IntArray

#: Krippendorff, "Computing Krippendorff's alpha-reliability", 2011, section C: four observers, twelve units,
#: missing values; nominal α = .743.
OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
#: Fleiss, "Measuring nominal scale agreement among many raters" as in the widespread example of fourteen
#: raters, ten items and five categories (en.wikipedia.org/wiki/Fleiss'_kappa): κ = .210.
RATERS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def sums(values: IntArray, codes: int = 6) -> FloatArray:
    """All items as one document."""
    found: FloatArray = nominal(values, np.zeros(len(values), dtype=np.int64), 1, codes)[0]
    return found


def test_krippendorffs_example() -> None:
    """The published α of four observers with missing values."""
    rows = [[-1 if v == "." else int(v) for v in line.split()] for line in OBSERVERS.split("\n") if line]
    found = sums(np.array(rows).T)
    assert float(alpha(found)) == pytest.approx(0.743, abs=5e-4)
    # The last unit has one value and is no item.
    assert items(found) == 11


def test_fleiss_example() -> None:
    """The κ of fourteen raters."""
    rows = [[code for code, count in enumerate(row) for _ in range(count)] for row in RATERS]
    assert float(fleiss(sums(np.array(rows)))) == pytest.approx(0.210, abs=5e-4)


values = st.lists(st.tuples(*[st.integers(-1, 2)] * 3), min_size=1, max_size=15)


@given(values)
def test_order_and_names_do_not_matter(rows: list[tuple[int, ...]]) -> None:
    """Items in any order, readers in any order and values renamed give the same figures."""
    table = np.array(rows, dtype=np.int64)
    other = np.where(table >= 0, 2 - table, -1)[::-1, ::-1]
    for figure in (alpha, fleiss):
        assert float(figure(sums(table))) == pytest.approx(float(figure(sums(other))), nan_ok=True)
    two = [paired(one, np.zeros(len(one), dtype=np.int64), 1, 6)[0] for one in (table, other)]
    assert float(cohen(two[0])) == pytest.approx(float(cohen(two[1])), nan_ok=True)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=20))
def test_two_readers(rows: list[tuple[int, int]]) -> None:
    """Cohen's κ is scikit-learn's; α is Scott's π (Fleiss' κ of two) but for its small-sample correction."""
    from sklearn.metrics import cohen_kappa_score

    table = np.array(rows, dtype=np.int64)
    found = sums(table)
    if len({value for row in rows for value in row}) == 1:
        assert np.isnan(alpha(found))
        return
    here = paired(table, np.zeros(len(rows), dtype=np.int64), 1, 3)[0]
    wanted = cohen_kappa_score(table[:, 0], table[:, 1])
    assert float(cohen(here)) == pytest.approx(wanted, nan_ok=True)
    size = 2 * len(rows)
    assert float(alpha(found)) == pytest.approx(1 - (1 - float(fleiss(found))) * (size - 1) / size)


def test_identical_readings_are_one_and_one_value_is_undefined() -> None:
    """1 where all say the same of several values; None with its reason where only one value occurs."""
    same = np.repeat(np.array([[0], [1], [2], [1]]), 3, axis=1)
    assert float(alpha(sums(same))) == 1
    assert float(fleiss(sums(same))) == 1
    one = nominal(np.zeros((4, 3), dtype=np.int64), np.arange(4), 4, 2)
    found = share(one, alpha, Sampling(10), items, ONE_VALUE)
    assert (found.value, found.why) == (None, ONE_VALUE)
    assert share(one * 0, alpha, Sampling(10), items, ONE_VALUE).value is None


def test_intervals_redraw_documents() -> None:
    """The interval encloses the value and is missing for one document."""
    rng = np.random.default_rng(0)
    table = np.repeat(rng.integers(0, 3, (300, 1)), 3, axis=1)
    table[rng.random(table.shape) < 0.2] = 0
    many = share(nominal(table, np.arange(300) // 10, 30, 3), alpha, Sampling(200), items, ONE_VALUE)
    assert many.value is not None and many.ci95 is not None
    assert many.ci95[0] < many.value < many.ci95[1]
    alone = share(nominal(table, np.zeros(300, np.int64), 1, 3), alpha, Sampling(200), items, ONE_VALUE)
    assert alone.value == pytest.approx(many.value)
    assert alone.ci95 is None and "no interval" in alone.why

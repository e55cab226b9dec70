"""Clusters of mentions: B³, CEAF-e and LEA."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.matching.clusters import METRICS, Metric, Rates, cluster_rates, resolve

#: The test cases of the reference scorer (github.com/conll/reference-coreference-scorers, TestCases.README of
#: v8.01, and LEA's own additions to it): key, response, metric, precision, recall.
CASES: list[tuple[str, str, Metric, str, str]] = [
    ("a bc def", "a bc def", "b_cubed", "1", "1"),
    ("a bc def", "a bc def", "ceaf_e", "1", "1"),
    ("a bc def", "a bc def", "lea", "1", "1"),
    ("a bc def", "a de", "b_cubed", "1", "7/18"),
    ("a bc def", "a de", "ceaf_e", "9/10", "3/5"),
    ("a bc def", "a de", "lea", "1", "1/3"),
    ("a bc def", "a bcx defy z", "b_cubed", "55/108", "1"),
    ("a bc def", "a bcx defy z", "ceaf_e", "93/140", "31/35"),
    ("a bc def", "a bcx defy z", "lea", "4/9", "1"),
    ("a bc def", "a bcx dy z", "b_cubed", "17/42", "5/9"),
    ("a bc def", "a bcx dy z", "ceaf_e", "11/20", "11/15"),
    ("a bc def", "a bcx dy z", "lea", "2/7", "1/2"),
    ("a bc def", "a bcxB dy z", "b_cubed", "5/16", "5/9"),
    ("a bc def", "a bcxB dy z", "ceaf_e", "31/60", "31/45"),
    ("a bc def", "a bcx dy Bz", "lea", "1/4", "1/2"),
    ("a bc def", "a b c d e f", "b_cubed", "1", "1/2"),
    ("a bc def", "a b c d e f", "lea", "1/6", "1/6"),
    ("a bc def", "abcdef", "b_cubed", "7/18", "1"),
    ("a bc def", "abcdef", "lea", "4/15", "5/6"),
    ("a bc def", "a x y c d e z", "b_cubed", "4/7", "13/36"),
    ("a bc def", "axycdez", "b_cubed", "6/49", "17/36"),
    ("a bc def", "axycdez", "lea", "1/21", "1/6"),
    ("ab cde", "bcx de", "lea", "2/5", "1/5"),
    ("ab cde fg", "bcx de fg", "lea", "4/7", "3/7"),
    # Bagga and Baldwin 1998: one small cluster merged with a large one, and two large ones.
    ("12345 67 89ABC", "12345 6789ABC", "b_cubed", "16/21", "1"),
    ("12345 67 89ABC", "12345 6789ABC", "lea", "13/18", "1"),
    ("12345 67 89ABC", "1234589ABC 67", "b_cubed", "7/12", "1"),
    ("ABCD", "AB CD", "lea", "1", "1/3"),
    ("BCDEGHJ", "ABC DEF GHI", "lea", "1/3", "1/7"),
    ("ABC DEFG", "AB CD FGH", "lea", "3/7", "5/21"),
    ("abcdef", "abcxyz", "lea", "1/5", "1/5"),
    ("a b c d e f", "a b c x y z", "lea", "1/2", "1/2"),
    ("a b c d e f", "abcxyz", "lea", "0", "0"),
    # Pradhan et al. 2014 (table 1) and Moosavi and Strube 2016 (section 4): the running example of both.
    ("abc defg", "ab cd fghi", "b_cubed", "1/2", "5/12"),
    ("abc defg", "ab cd fghi", "ceaf_e", "13/30", "13/20"),
    ("abc defg", "ab cd fghi", "lea", "1/3", "5/21"),
]


def score_clusters(
    gold: Sequence[Collection[Hashable]], pred: Sequence[Collection[Hashable]]
) -> dict[Metric, Rates]:
    """Precision, recall and F1 of clusters given as sets of mentions."""
    codes: dict[Hashable, int] = {}
    for cluster in (*gold, *pred):
        for mention in cluster:
            codes.setdefault(mention, len(codes))
    sides = []
    for clusters_of_side in (gold, pred):
        ids = np.full(len(codes), -1, dtype=np.int64)
        for number, cluster in enumerate(clusters_of_side):
            ids[[codes[mention] for mention in cluster]] = number
        sides.append(ids)
    return {metric: cluster_rates(gains.columns().sum(axis=0)) for metric, gains in resolve(*sides).items()}


def clusters(written: str) -> list[set[str]]:
    """`a bc` is {a} and {b, c}."""
    return [set(one) for one in written.split()]


@pytest.mark.parametrize(("key", "response", "metric", "precision", "recall"), CASES)
def test_published_examples(key: str, response: str, metric: Metric, precision: str, recall: str) -> None:
    """The values that the metrics' authors and their reference scorer give."""
    p, r, f1 = score_clusters(clusters(key), clusters(response))[metric]
    assert p == pytest.approx(float(Fraction(precision)))
    assert r == pytest.approx(float(Fraction(recall)))
    both = float(Fraction(precision) + Fraction(recall))
    assert f1 == pytest.approx(2 * float(Fraction(precision) * Fraction(recall)) / both if both else 0)


partition = st.lists(st.integers(-1, 3), min_size=1, max_size=9)


def grouped(ids: list[int], names: str = "0123") -> list[set[int]]:
    """The mentions that share an id; -1 is none."""
    return [{m for m, i in enumerate(ids) if i == name} for name in map(int, names)]


@given(partition, partition, st.permutations("0123"))
def test_only_who_shares_an_id_matters(one: list[int], other: list[int], names: list[str]) -> None:
    """Neither the ids' names nor the clusters' order change anything; swapped sides swap P and R."""
    here = score_clusters(grouped(one), grouped(other))
    renamed = score_clusters(grouped(one), grouped(other, "".join(names)))
    there = score_clusters(grouped(other), grouped(one))
    for metric in METRICS:
        p, r, f1 = (value if value is None else pytest.approx(value) for value in here[metric])
        assert renamed[metric] == (p, r, f1)
        assert there[metric] == (r, p, f1)
        assert all(value is None or -1e-9 <= value <= 1 + 1e-9 for value in here[metric])
    same = score_clusters(grouped(one), grouped(one))
    wanted = 1 if any(i >= 0 for i in one) else None
    assert all(value == pytest.approx(wanted) for found in same.values() for value in found)


@given(partition, partition)
def test_ceaf_pairs_clusters_as_well_as_can_be(one: list[int], other: list[int]) -> None:
    """No other pairing of clusters has a larger sum of similarities."""
    gold, pred = ([c for c in grouped(side) if c] for side in (one, other))
    precision = score_clusters(gold, pred)["ceaf_e"][0]
    if not pred or not gold:
        return
    padded = pred + [set[int]()] * len(gold)
    best = max(
        sum(2 * len(k & r) / (len(k) + len(r)) for k, r in zip(gold, order, strict=False))
        for order in permutations(padded[: max(len(gold), len(pred))])
    )
    assert precision == pytest.approx(best / len(pred))


def test_nothing_is_undefined_and_one_side_alone_is_zero() -> None:
    """No mention at all has no figure; mentions that only one side has are failures."""
    for metric in METRICS:
        assert score_clusters([], [set()])[metric] == (None, None, None)
        assert score_clusters([{1}], [])[metric] == (None, 0.0, 0.0)

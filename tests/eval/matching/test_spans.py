"""Matching: the cases where scorers are wrong or disagree, and what must hold of any spans."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.counts.counts import MatchCounts
from goldwire.eval.matching.spans import Kind, match
from goldwire.eval.scoring.scores import count
from tests.eval.helpers import Mark, marks, spans

KINDS: tuple[Kind, ...] = ("exact", "partial", "boundary", "type", "overlap")

#: Gold, prediction, then (tp, fp, fn) for exact, partial, boundary, type; and why.
CASES: list[tuple[str, list[Mark], list[Mark], list[tuple[float, float, float]]]] = [
    (
        "an overlapping prediction that comes first does not take the gold span from the exact one",
        [("A", 0, 3)],
        [("B", 0, 1), ("A", 0, 3)],
        [(1, 1, 0)] * 4,
    ),
    (
        "a spurious span before two right ones costs one false positive and nothing else",
        [("A", 0, 4), ("B", 3, 6)],
        [("A", 2, 4), ("A", 0, 4), ("B", 3, 6)],
        [(2, 1, 0)] * 4,
    ),
    (
        "perfect nested spans are perfect",
        [("A", 0, 5), ("B", 0, 2)],
        [("A", 0, 5), ("B", 0, 2)],
        [(2, 0, 0)] * 4,
    ),
    (
        "two labels on one extent are two spans, in whatever order",
        [("A", 0, 5), ("B", 0, 5)],
        [("B", 0, 5), ("A", 0, 5)],
        [(2, 0, 0)] * 4,
    ),
    ("a duplicate prediction counts once", [("A", 0, 3)], [("A", 0, 3), ("A", 0, 3)], [(1, 0, 0)] * 4),
    ("a duplicate in gold counts once", [("A", 0, 3), ("A", 0, 3)], [("A", 0, 3)], [(1, 0, 0)] * 4),
    ("a prediction where gold is empty is spurious", [], [("A", 0, 1)], [(0, 1, 0)] * 4),
    ("a gold span without prediction is missed", [("A", 0, 1)], [], [(0, 0, 1)] * 4),
    ("where both are empty nothing is counted", [], [], [(0, 0, 0)] * 4),
    (
        "a label that gold never has is wrong, even on the right extent",
        [("A", 0, 3)],
        [("Z", 0, 3)],
        [(0, 1, 1), (1, 0, 0), (1, 0, 0), (0, 1, 1)],
    ),
    ("spans that only touch do not overlap", [("A", 0, 3)], [("A", 3, 5)], [(0, 1, 1)] * 4),
    (
        "crossing spans of one label: half in partial, whole in type",
        [("A", 0, 4)],
        [("A", 2, 6)],
        [(0, 1, 1), (0.5, 0.5, 0.5), (0, 1, 1), (1, 0, 0)],
    ),
    (
        "one prediction over two gold spans matches one of them",
        [("A", 0, 3), ("A", 4, 7)],
        [("A", 0, 7)],
        [(0, 1, 2), (0.5, 0.5, 1.5), (0, 1, 2), (1, 0, 1)],
    ),
    (
        "the assignment is the best of all, not the first found: each prediction gets its own gold span",
        [("A", 0, 10), ("A", 8, 20)],
        [("A", 7, 19), ("A", 0, 9)],
        [(0, 2, 2), (1, 1, 1), (0, 2, 2), (2, 0, 0)],
    ),
    (
        "two labels on one gold extent, one prediction of a third: one pair, one missed",
        [("A", 0, 3), ("B", 0, 3)],
        [("C", 0, 3)],
        [(0, 1, 2), (1, 0, 1), (1, 0, 1), (0, 1, 2)],
    ),
]


@pytest.mark.parametrize(("why", "gold", "pred", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_disputed_cases(
    why: str, gold: list[Mark], pred: list[Mark], wanted: list[tuple[float, float, float]]
) -> None:
    """Each disputed case has one answer, in every order of its spans."""
    for kind, (tp, fp, fn) in zip(KINDS, wanted, strict=False):
        for one in permutations(gold):
            for other in permutations(pred):
                assert count(spans(*one), spans(*other), kind) == MatchCounts(tp, fp, fn), (why, kind)


@given(marks(), marks(), st.randoms(use_true_random=False))
def test_order_changes_nothing(gold: list[Mark], pred: list[Mark], random: object) -> None:
    """Shuffled input gives the same counts and the same pairs."""
    one, other = spans(*gold), spans(*pred)
    before = {kind: count(one, other, kind) for kind in KINDS}
    pairs = [(p.gold and _key(p.gold), p.pred and _key(p.pred), p.outcome) for p in match(one, other)]
    random.shuffle(one)  # type: ignore[attr-defined]
    random.shuffle(other)  # type: ignore[attr-defined]
    assert {kind: count(one, other, kind) for kind in KINDS} == before
    assert [(p.gold and _key(p.gold), p.pred and _key(p.pred), p.outcome) for p in match(one, other)] == pairs


@given(marks(), marks())
def test_both_sides_are_treated_alike(gold: list[Mark], pred: list[Mark]) -> None:
    """Exchanging gold and prediction exchanges fp and fn, and leaves tp."""
    for kind in KINDS:
        here, there = count(spans(*gold), spans(*pred), kind), count(spans(*pred), spans(*gold), kind)
        assert (here.tp, here.fp, here.fn) == (there.tp, there.fn, there.fp)


@given(marks(), marks())
def test_sizes_are_the_same_whatever_the_kind(gold: list[Mark], pred: list[Mark]) -> None:
    """tp + fn counts the different gold spans, tp + fp the predicted ones; looser kinds match more."""
    counts = {kind: count(spans(*gold), spans(*pred), kind) for kind in KINDS}
    assert {found.support for found in counts.values()} == {len(set(gold))}
    assert {found.predicted for found in counts.values()} == {len(set(pred))}
    assert counts["exact"].tp <= counts["boundary"].tp <= counts["partial"].tp <= counts["overlap"].tp
    assert counts["exact"].tp <= counts["type"].tp


@given(marks(most=4), marks(most=4))
def test_no_other_assignment_overlaps_more(gold: list[Mark], pred: list[Mark]) -> None:
    """Taking equal extents first still gives the largest sum of overlaps of all assignments."""
    one, other = spans(*set(gold)), spans(*set(pred))
    found = sum(_jaccard(p.gold, p.pred) for p in match(one, other) if p.gold and p.pred)
    small, large = sorted((one, other), key=len)
    best = max(
        sum(_jaccard(a, b) for a, b in zip(small, tried, strict=False)) for tried in permutations(large)
    )
    # Overlaps are compared in steps of 1/65536.
    assert found == pytest.approx(best, abs=1e-3)


def test_verdicts_say_what_a_pair_has_in_common() -> None:
    """Every span is listed once, in text order, with what is right or wrong about it."""
    gold = spans(("A", 0, 2), ("A", 5, 8), ("A", 10, 14), ("A", 20, 24), ("A", 30, 31))
    pred = spans(("A", 0, 2), ("B", 5, 8), ("A", 11, 14), ("B", 20, 22), ("A", 40, 41))
    outcomes = [pair.outcome for pair in match(gold, pred)]
    assert outcomes == ["correct", "label", "extent", "label+extent", "missed", "spurious"]


def test_far_offsets_do_not_run_into_each_other() -> None:
    """Spans at the end of a very long text match only each other."""
    far = 50_000_000
    gold, pred = spans(("A", 0, 5), ("A", far, far + 9)), spans(("A", far, far + 8), ("B", 0, 5))
    assert [(p.outcome, p.span.start) for p in match(gold, pred)] == [("label", 0), ("extent", far)]


def _key(span: object) -> tuple[str, int, int]:
    return span.label, span.start, span.end  # type: ignore[attr-defined]


def _jaccard(one: object, other: object) -> float:
    (_, a, b), (_, c, d) = _key(one), _key(other)
    shared = max(0, min(b, d) - max(a, c))
    return shared / (b - a + d - c - shared)

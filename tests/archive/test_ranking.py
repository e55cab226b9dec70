"""The order in which to annotate: the least certain first, and what is unlike the rest."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.archive.ranking import document_uncertainty, rank
from tests.examples import at_most

WORDS = ["Bagdad", "Téhéran", "frappe", "aérienne", "l’Élysée", "ambassade", "🚀", "manifestants", "votent"]
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
cases = st.lists(st.tuples(texts, st.floats(0, 1)), max_size=25)
weights = st.sampled_from([0.0, 0.3, 0.5, 1.0])


@settings(max_examples=at_most(30))
@given(cases, weights, st.integers(0, 30), st.lists(texts, max_size=5))
def test_an_order_holds_each_text_once_and_a_count_is_its_beginning(
    given_: list[tuple[str, float]], diversity: float, count: int, known: list[str]
) -> None:
    """All indices come once, the same every time; fewer asked for are the first of them."""
    some, values = [t for t, _ in given_], [v for _, v in given_]
    order = rank(some, values, diversity=diversity, known=known)
    assert sorted(order) == list(range(len(some)))
    assert rank(some, values, diversity=diversity, known=known, count=count) == order[:count]


@settings(max_examples=at_most(30))
@given(st.lists(st.tuples(texts, st.integers(0, 50)), max_size=25), weights)
def test_only_the_order_of_uncertainty_counts(given_: list[tuple[str, int]], diversity: float) -> None:
    """Uncertainty on another scale gives the same order; without diversity it is the order."""
    some, values = [t for t, _ in given_], [float(v) for _, v in given_]
    assert rank(some, values, diversity=diversity) == rank(
        some, [math.exp(v) for v in values], diversity=diversity
    )
    assert rank(some, values, diversity=0) == sorted(range(len(some)), key=lambda i: (-values[i], i))


@settings(max_examples=at_most(30))
@given(st.lists(texts.filter(bool), min_size=1, max_size=12, unique=True), st.data())
def test_with_diversity_alone_no_copy_comes_before_what_is_new(some: list[str], data: st.DataObject) -> None:
    """Where a text shares no word with the known one, a copy of that one is not the first."""
    copy = data.draw(st.sampled_from(some))
    order = rank([*some, copy], [0.5] * (len(some) + 1), diversity=1, known=[copy])
    if any(not set(text.split()) & set(copy.split()) for text in some):
        assert [*some, copy][order[0]] != copy


def test_a_text_of_common_words_alone_is_still_like_its_copy() -> None:
    """Words that most texts have tell a copy where a text has no others."""
    some = [*("Bagdad " * n + "frappe" * (n % 2) for n in range(1, 11)), "Téhéran", "Bagdad"]
    assert rank(some, [0.5] * len(some), diversity=1, known=["Bagdad"])[0] == 10


def test_a_near_copy_of_the_most_uncertain_text_waits() -> None:
    """Of two uncertain texts that say the same, the second comes after a less uncertain one that differs."""
    some = [
        "frappe à Bagdad contre une milice",
        "une frappe contre une milice à Bagdad",
        "le budget est voté",
    ]
    assert rank(some, [0.9, 0.8, 0.1], diversity=0) == [0, 1, 2]
    assert rank(some, [0.9, 0.8, 0.1], diversity=0.8) == [0, 2, 1]
    assert rank(some, [0.9, 0.8, 0.1], diversity=0.8, known=[some[0]])[0] == 2


def test_what_is_no_ranking_is_refused() -> None:
    """Lengths that differ, numbers that are none, and weights out of range are errors."""
    with pytest.raises(ValueError, match="1 texts, 0 uncertainties"):
        rank(["a"], [])
    with pytest.raises(ValueError, match="no finite number"):
        rank(["a"], [math.nan])
    with pytest.raises(ValueError, match="diversity is"):
        rank(["a"], [1.0], diversity=1.5)
    with pytest.raises(ValueError, match="count is -1"):
        rank(["a"], [1.0], count=-1)


def test_uncertainty_is_one_minus_the_mean_confidence() -> None:
    """Nothing found is no confidence at all, neither high nor low."""
    assert document_uncertainty([0.5, 1.0]) == pytest.approx(0.25)
    assert document_uncertainty([]) is None

"""Near-duplicates: what is found is true, what is there is found, the same in every process."""

from __future__ import annotations

import functools
import itertools
import math
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.near_duplicates import (
    SLOTS,
    WIDTH,
    NearDuplicate,
    band_rows,
    fewest_equal,
    near_duplicates,
    shingles,
    words,
)
from tests.examples import at_most
from tests.strategies import TEXTS

WORDS = [f"mot{number}" for number in range(400)]


@functools.lru_cache(maxsize=1000)
def shingle_set(text: str) -> frozenset[tuple[str, ...]]:
    """A text's shingles, the plain way."""
    found = words(text)
    found += [""] * (WIDTH - len(found))
    return frozenset(tuple(found[i : i + WIDTH]) for i in range(len(found) - WIDTH + 1))


def jaccard(one: str, other: str) -> float:
    """The similarity of two texts' shingle sets, the plain way."""
    a, b = shingle_set(one), shingle_set(other)
    return len(a & b) / len(a | b)


def made(documents: int, seed: int) -> list[str]:
    """Random texts, a third of them changed copies of others."""
    rng = random.Random(seed)
    found = [" ".join(rng.choices(WORDS, k=60)) for _ in range(documents)]
    for number in range(0, documents, 3):
        copy = found[rng.randrange(documents)].split()
        for place in rng.sample(range(60), rng.randint(1, 12)):
            copy[place] = f"neuf{number}"
        found[number] = " ".join(copy)
    return found


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_pairs_are_those_that_comparing_all_gives(threshold: float) -> None:
    """No pair is invented; of those clearly over the threshold none is missed."""
    texts = made(240, 7)
    found = {(n.first, n.second): n.similarity for n in near_duplicates(texts, threshold=threshold)}
    truth = {
        (i, j): share
        for i, j in itertools.combinations(range(len(texts)), 2)
        if (share := jaccard(texts[i], texts[j])) >= threshold
    }
    assert all(truth[pair] == pytest.approx(share) for pair, share in found.items())
    assert {pair for pair, share in truth.items() if share >= threshold + 0.1} <= found.keys()
    assert len(found) >= 0.95 * len(truth) > 0


def test_identical_texts_are_tied_to_the_first() -> None:
    """A thousand copies give as many pairs, not half a million; case and punctuation do not count."""
    found = near_duplicates(["Le chat, là.", "Un tout autre texte ici", *["le chat là"] * 1000])
    assert found == [NearDuplicate(0, number, 1.0) for number in range(2, 1002)]


def tied(pairs: Iterable[Sequence[int]], texts: int) -> set[frozenset[int]]:
    """The groups that chains of pairs make of so many texts."""
    groups = [{number} for number in range(texts)]
    for first, second in pairs:
        one, other = (next(group for group in groups if n in group) for n in (first, second))
        if one is not other:
            one |= other
            groups.remove(other)
    return set(map(frozenset, groups))


@settings(max_examples=at_most(40))
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=12), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
    st.integers(0, 4),
)
def test_groups_are_those_that_comparing_all_gives(
    kinds: list[list[int]], rng: random.Random, limit: int
) -> None:
    """Whatever is left out of a large group's pairs: chains tie the same texts as all pairs compared."""
    texts = [" ".join(WORDS[word] for word in kind) for kind in kinds]
    # Copies with some words changed, so that the similarities are of all sizes.
    texts += [
        " ".join(word if rng.random() < 0.9 else rng.choice(WORDS) for word in text.split())
        for text in rng.choices(texts, k=len(texts))
    ]
    every = near_duplicates(texts, threshold=0.5)
    few = near_duplicates(texts, threshold=0.5, group_limit=limit)
    assert set(few) <= set(every)
    assert tied([pair[:2] for pair in few], len(texts)) == tied([pair[:2] for pair in every], len(texts))
    clear = [
        (i, j) for i, j in itertools.combinations(range(len(texts)), 2) if jaccard(texts[i], texts[j]) > 0.75
    ]
    groups = tied([pair[:2] for pair in few], len(texts))
    assert all(any({i, j} <= group for group in groups) for i, j in clear)


def test_many_copies_of_one_text_give_no_square_of_pairs() -> None:
    """Of 600 copies, each changed elsewhere, a few thousand pairs hold the group; all would be 180,000."""
    rng = random.Random(5)
    texts = []
    for number in range(600):
        copy = [f"mot{place}" for place in range(60)]
        for place in rng.sample(range(60), 3):
            copy[place] = f"neuf{number}"
        texts.append(" ".join(copy))
    pairs = near_duplicates(texts, group_limit=10)
    assert tied([pair[:2] for pair in pairs], 600) == {frozenset(range(600))}
    assert len(pairs) < 20_000


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_any_text_equals_itself_and_pairs_are_true(texts: list[str]) -> None:
    """Whatever the script: a list twice over ties each text to its copy, and no pair below is claimed."""
    found = near_duplicates(texts + texts)
    for pair in found:
        assert pair.first < pair.second
        assert pair.similarity == pytest.approx(jaccard((texts * 2)[pair.first], (texts * 2)[pair.second]))
    tied = {pair.second for pair in found}
    assert tied >= set(range(len(texts), 2 * len(texts)))


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    """One character changed in a Chinese sentence leaves it a near-duplicate."""
    text = "中国外交部发言人周三在北京表示中方将继续同各方保持沟通推动问题政治解决"
    assert near_duplicates([text, text.replace("周三", "周四")])[0].similarity > 0.8


def test_hashes_are_the_same_in_every_process() -> None:
    """Python's own hash of texts changes from run to run; ours does not."""
    code = (
        "from goldwire.near_duplicates import shingles\n"
        "print(shingles(['un deux trois quatre']).hashes.tolist())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert seen == {f"{shingles(['un deux trois quatre']).hashes.tolist()}\n"}


def test_bands_find_99_of_100_pairs_at_the_threshold() -> None:
    """By the LSH formula, with the largest band that does so."""
    for threshold in (0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0):
        rows = band_rows(threshold)
        assert SLOTS % rows == 0
        missed = (1 - threshold**rows) ** (SLOTS // rows)
        assert missed <= 0.01


def test_signatures_of_a_pair_at_the_threshold_are_all_but_never_told_apart() -> None:
    """So many slots or more are equal, but for one pair in a million, by the binomial distribution."""
    for threshold in (0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0):
        fewer = range(fewest_equal(threshold))
        missed = sum(math.comb(SLOTS, n) * threshold**n * (1 - threshold) ** (SLOTS - n) for n in fewer)
        assert missed <= 1e-6


def test_progress_counts_every_text() -> None:
    """`advance` is told of all texts; none at all is no error."""
    told: list[int] = []
    near_duplicates(["a b c d"] * 7, advance=told.append)
    assert sum(told) == 7
    assert near_duplicates([]) == []

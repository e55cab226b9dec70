"""A linear-chain CRF over string features: seconds to learn what a tok2vec learns in minutes.

Lafferty, McCallum and Pereira (2001). Trained with L-BFGS on the exact gradient; forward and backward run
over all sentences side by side, so that numpy does the work. With few texts and features of a trained
pipeline it comes close to a neural model, and its marginals say how sure it is of each span.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
OUT = "O"
NEVER = -1e9


@dataclass(frozen=True)
class Sentence:
    """Features of each token: strings, and a row of numbers (tokens × k; k may be 0)."""

    names: list[list[str]]
    numbers: Floats

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Found:
    """Tokens [start, end) with a label, and the mean marginal of its tags, in [0, 1]."""

    start: int
    end: int
    label: str
    confidence: float


class Chain:
    """BIO tags of sentences. `l2` weighs the squared weights, `iterations` ends the training early.

    `bias` is taken from the score of `O` when tagging: above 0 more is found, and more of it is wrong.
    """

    def __init__(self, *, l2: float = 0.5, iterations: int = 60, bias: float = 0.0) -> None:
        self.l2, self.iterations, self.bias = l2, iterations, bias
        self.tags: list[str] = []
        self._columns: dict[str, int] = {}
        self._weights = np.zeros((0, 0))
        self._dense = np.zeros((0, 0))
        self._steps = np.zeros((0, 0))

    def fit(self, sentences: Sequence[Sentence], tags: Sequence[Sequence[str]]) -> Chain:
        """Learn from sentences and their tags, tag by token."""
        self._columns = {
            name: column
            for column, name in enumerate(dict.fromkeys(n for s in sentences for row in s.names for n in row))
        }
        counted = Counter(tag for one in tags for tag in one)
        self.tags = sorted({OUT, *counted})
        codes = {tag: code for code, tag in enumerate(self.tags)}
        order, edges = _by_place(sentences)
        given = np.array([codes[tag] for one in tags for tag in one])[order]
        sparse = self._sparse(sentences)[order]
        turned = sparse.T.tocsr()
        # Half the memory to read in each step; sums stay in double precision.
        dense = np.concatenate([s.numbers for s in sentences])[order].astype(np.float32)
        size, rows, columns, width = len(self.tags), len(given), sparse.shape[1], dense.shape[1]
        seen = np.zeros((rows, size))
        seen[np.arange(rows), given] = 1.0
        steps = np.zeros((size, size))
        for at in range(1, len(edges) - 1):
            many = edges[at + 1] - edges[at]
            before = given[edges[at - 1] : edges[at - 1] + many]
            np.add.at(steps, (before, given[edges[at] : edges[at + 1]]), 1.0)
        one, two = columns * size, (columns + width) * size

        def loss(weights: Floats) -> tuple[float, Floats]:
            moves = weights[two:].reshape(size, size)
            emitted = sparse @ weights[:one].reshape(columns, size)
            emitted += dense @ weights[one:two].reshape(width, size).astype(np.float32)
            likely = float(emitted[np.arange(rows), given].sum() + (steps * moves).sum())
            marginals, expected, partition = _forward_backward(emitted, moves, edges)
            marginals -= seen
            gradient = np.concatenate(
                [
                    (turned @ marginals).ravel(),
                    (dense.T @ marginals.astype(np.float32)).ravel(),
                    (expected - steps).ravel(),
                ]
            )
            return partition - likely + self.l2 * float(weights @ weights), gradient + 2 * self.l2 * weights

        start = np.zeros(two + size * size)
        options = {"maxiter": self.iterations, "maxcor": 6}
        best: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
        self._weights = best[:one].reshape(columns, size)
        self._dense = best[one:two].reshape(width, size)
        self._steps = best[two:].reshape(size, size)
        return self

    def find(self, sentences: Sequence[Sentence]) -> list[list[Found]]:
        """The spans of each sentence on the best path."""
        if not sentences:
            return []
        emitted = self._sparse(sentences) @ self._weights
        emitted += np.concatenate([s.numbers for s in sentences]) @ self._dense
        order, edges = _by_place(sentences)
        sure = np.empty_like(emitted)
        sure[order] = _forward_backward(emitted[order], self._steps, edges)[0]
        emitted[:, self.tags.index(OUT)] -= self.bias
        found = []
        first = 0
        for sentence in sentences:
            last = first + len(sentence)
            path = self._best(emitted[first:last])
            found.append(_spans([self.tags[code] for code in path], sure[np.arange(first, last), path]))
            first = last
        return found

    def _best(self, emitted: Floats) -> list[int]:
        """Viterbi, in which I follows B or I of its own label only."""
        moves = self._steps.copy()
        begin = np.zeros(len(self.tags))
        for code, tag in enumerate(self.tags):
            if tag.startswith("I-"):
                begin[code] = NEVER
                barred = [place for place, other in enumerate(self.tags) if other[1:] != tag[1:]]
                moves[barred, code] = NEVER
        value = emitted[0] + begin
        back: list[Ints] = []
        for row in emitted[1:]:
            together = value[:, None] + moves
            back.append(together.argmax(0))
            value = together.max(0) + row
        path = [int(value.argmax())]
        for pointers in reversed(back):
            path.append(int(pointers[path[-1]]))
        return path[::-1]

    def _sparse(self, sentences: Iterable[Sentence]) -> csr_matrix:
        columns: list[int] = []
        ends = [0]
        for sentence in sentences:
            for row in sentence.names:
                columns.extend(c for name in row if (c := self._columns.get(name)) is not None)
                ends.append(len(columns))
        matrix = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(ends) - 1, len(self._columns)))
        matrix.sum_duplicates()
        return matrix


def _by_place(sentences: Sequence[Sentence]) -> tuple[Ints, list[int]]:
    """All first tokens, then all second ones, …, the longest sentence first; and where each place begins."""
    lengths = np.array([len(s) for s in sentences])
    longest_first = np.argsort(-lengths, kind="stable")
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    rows: list[Ints] = []
    edges = [0]
    for place in range(int(lengths.max())):
        rows.append(starts[longest_first[: int((lengths > place).sum())]] + place)
        edges.append(edges[-1] + len(rows[-1]))
    return np.concatenate(rows), edges


def _forward_backward(emitted: Floats, moves: Floats, edges: Sequence[int]) -> tuple[Floats, Floats, float]:
    """Marginals (tokens × tags), expected transitions, log partition; rows ordered as in `_by_place`."""
    top = emitted.max(1, keepdims=True)
    potential = np.exp(emitted - top)
    highest = float(moves.max())
    step = np.exp(moves - highest)
    ahead, scale = np.empty_like(emitted), np.empty(len(emitted))
    for place in range(len(edges) - 1):
        low, high = edges[place], edges[place + 1]
        value = potential[low:high]
        if place:
            value = value * (ahead[edges[place - 1] : edges[place - 1] + high - low] @ step)
        scale[low:high] = value.sum(1)
        ahead[low:high] = value / scale[low:high, None]
    followed = len(emitted) - edges[1]
    partition = float(np.log(scale).sum() + top.sum() + highest * followed)
    behind, expected = np.ones_like(emitted), np.zeros_like(moves)
    for place in range(len(edges) - 2, 0, -1):
        low, high, before = edges[place], edges[place + 1], edges[place - 1]
        value = behind[low:high] * potential[low:high] / scale[low:high, None]
        expected += ahead[before : before + high - low].T @ value
        behind[before : before + high - low] = value @ step.T
    return ahead * behind, expected * step, partition


def _spans(tags: Sequence[str], sure: Floats) -> list[Found]:
    found = []
    at = 0
    while at < len(tags):
        end = at + 1
        if tags[at] != OUT:
            while end < len(tags) and tags[end] == f"I-{tags[at][2:]}":
                end += 1
            found.append(Found(at, end, tags[at][2:], float(sure[at:end].mean())))
        at = end
    return found

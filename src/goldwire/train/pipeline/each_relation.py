"""A classifier for each relation, with a threshold of its own: rare ones are not drowned by the others."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.train.pipeline.components import Linear

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
#: Inverse strength of the regularisation, steps at most, how much more a joined pair may weigh than another.
STRENGTH, STEPS, HEAVIEST = 0.5, 60, 6.0
PARTS = 4
#: The threshold of a relation of which nothing is known, and the examples that weigh as much as it.
THRESHOLD, PRIOR = 0.4, 40
THRESHOLDS = np.arange(0.10, 0.81, 0.02)


def fit_each(
    stories: Sequence[Sequence[tuple[list[str], str, frozenset[str]]]],
) -> tuple[Linear, dict[str, float]]:
    """Learn each relation from the pairs that it may join: (features, relation or "", allowed relations).

    The threshold is the one with the best F1 on stories held out in turn, drawn to `THRESHOLD` where few
    pairs are joined.
    """
    from scipy.sparse import csr_matrix

    pairs = [pair for story in stories for pair in story]
    groups = np.repeat(np.arange(len(stories)), [len(story) for story in stories])
    counts = Counter(name for row, *_ in pairs for name in set(row))
    names = sorted(name for name, count in counts.items() if count > 1)
    index = {name: number for number, name in enumerate(names)}
    places = [sorted({index[name] for name in row if name in index}) for row, *_ in pairs]
    columns = np.array([column for row in places for column in row], dtype=np.int64)
    ends = np.cumsum([0, *map(len, places)])
    matrix = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(pairs), len(names)))
    kinds = sorted({relation for _, relation, _ in pairs if relation})
    weights, biases, thresholds = [], [], {}
    for kind in kinds:
        own = np.flatnonzero([kind in allowed for *_, allowed in pairs])
        joined = np.array([pairs[row][1] == kind for row in own])
        weight, bias = fitted(matrix[own], joined)
        weights.append(weight)
        biases.append(bias)
        chances = held_out(matrix[own], joined, groups[own])
        thresholds[kind] = round(threshold(joined, chances), 4)
    return Linear(kinds, names, np.array(weights), np.array(biases), each=True), thresholds


def fitted(matrix: Any, joined: Bools) -> tuple[Floats, float]:
    """Weights of the features and bias of a logistic regression; where all pairs are alike, of that alone."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    yes = int(joined.sum())
    if not yes or yes == len(joined):
        share = (yes + 0.5) / (len(joined) + 1)
        return np.zeros(matrix.shape[1]), float(np.log(share / (1 - share)))
    weigh = min(HEAVIEST, float(np.sqrt((len(joined) - yes) / yes)))
    model = LogisticRegression(C=STRENGTH, max_iter=STEPS, class_weight={False: 1.0, True: weigh})
    with warnings.catch_warnings():
        # Stopped on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(matrix, joined)
    return model.coef_[0], float(model.intercept_[0])


def held_out(matrix: Any, joined: Bools, groups: Any) -> Floats:
    """The chance of each pair, by models that have not seen its story; the share of joined ones with one."""
    from sklearn.model_selection import GroupKFold

    out: Floats = np.full(len(joined), joined.mean())
    parts = min(PARTS, len(np.unique(groups)))
    if parts < 2:
        return out
    for known, rest in GroupKFold(parts).split(joined, groups=groups):
        weights, bias = fitted(matrix[known], joined[known])
        out[rest] = 1 / (1 + np.exp(-(matrix[rest] @ weights + bias)))
    return out


def threshold(joined: Bools, chances: Floats) -> float:
    """The chance from which on F1 is best, drawn to `THRESHOLD` where few pairs are joined."""
    f1 = [
        2 * (joined & (chances >= bar)).sum() / max(1, joined.sum() + (chances >= bar).sum())
        for bar in THRESHOLDS
    ]
    weight = joined.sum() / (joined.sum() + PRIOR)
    return float(weight * THRESHOLDS[int(np.argmax(f1))] + (1 - weight) * THRESHOLD)

"""What a document's other pairs say of a pair: features from probabilities of the relations of all of them.

Relations hang together: what is in a house is in its town, an event has one place rather than three. A first
model judges each pair alone; these numbers let a second one see its rivals and its ways round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.popcorn_tuning import Floats

#: Document, subject, object.
Key: TypeAlias = tuple[int, int, int]
#: Relations that another one follows: in a place that is in the place, a part of what has it.
ONWARD, PART = "IS_LOCATED_IN", "IS_PART_OF"
RANKS = 6


def together(keys: Sequence[Key], sure: Floats, labels: Sequence[str]) -> list[Floats]:
    """For each label the numbers of each pair (pairs × k), from probabilities (pairs × labels).

    `keys` holds all pairs that may be joined; the others count as impossible.
    """
    rows = np.array(keys)
    many = sure.shape[1]
    onward, part = labels.index(ONWARD), labels.index(PART)
    back = np.zeros_like(sure)
    # Best rival of the same subject and of the same object; best way onward, best way through a part.
    others: Floats = np.zeros((len(rows), many, 4))
    ranks = np.zeros((len(rows), many, 2), dtype=int)
    for number in np.unique(rows[:, 0]):
        here = np.flatnonzero(rows[:, 0] == number)
        one, two = rows[here, 1], rows[here, 2]
        size = int(max(one.max(), two.max())) + 1
        tables = np.zeros((many, size, size))
        tables[:, one, two] = sure[here].T
        back[here] = tables[:, two, one].T
        for label, table in enumerate(tables):
            ways = (
                _rival(table),
                _rival(table.T).T,
                np.minimum(table[:, :, None], tables[onward][None]).max(1),
                np.minimum(tables[part][:, :, None], table[None]).max(1),
            )
            for place, way in enumerate(ways):
                others[here, label, place] = way[one, two]
            ranks[here, label, 0] = _rank(table)[one, two]
            ranks[here, label, 1] = _rank(table.T).T[one, two]
    own, others = _logit(sure), _logit(others)
    steps = np.eye(RANKS)[np.minimum(ranks, RANKS - 1)]
    return [
        np.concatenate(
            [
                own,
                _logit(back[:, label : label + 1]),
                others[:, label],
                own[:, label : label + 1] - others[:, label, :2],
                steps[:, label].reshape(len(rows), -1),
            ],
            axis=1,
        )
        for label in range(many)
    ]


def _rival(table: Floats) -> Floats:
    """The highest number of each row, but for the place itself."""
    if table.shape[1] < 2:
        return np.zeros_like(table)
    ordered = np.sort(table, axis=1)
    best: Floats = np.where(table >= ordered[:, -1:], ordered[:, -2:-1], ordered[:, -1:])
    return best


def _rank(table: Floats) -> NDArray[np.int64]:
    """How many numbers of its row are higher."""
    higher: NDArray[np.int64] = (table[:, :, None] < table[:, None, :]).sum(2)
    return higher


def _logit(sure: Floats) -> Floats:
    kept = np.clip(sure, 0.003, 0.997)
    out: Floats = np.log(kept / (1 - kept)) / 3
    return out

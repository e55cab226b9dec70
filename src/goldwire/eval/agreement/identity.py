"""Whether two readings mean the same thing by the places that they both marked."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from goldwire.eval.agreement.kappa import Share, share
from goldwire.eval.agreement.matched import Matched
from goldwire.eval.counts.attributes import Value, value_of
from goldwire.eval.counts.bootstrap import Sampling, mean_of_defined
from goldwire.eval.matching.clusters import METRICS, Metric, f1s, resolve
from goldwire.eval.matching.spans import FloatArray, IntArray
from goldwire.schemas import Attribute


class MatchedIds:
    """F1 of B³, CEAF-e and LEA between the ids that matched spans have in an attribute.

    `within` each document and `across` them; a batch of rows at a time, 13 bytes a mention.

    A matched pair is one mention; where one reader gives no id, the mention stands in no cluster of his.
    What an id is called does not matter, only who shares it. With several pairs of readers F1 is the mean
    over those where it is defined. Intervals redraw documents and keep each mention's share of the figure,
    as clusters across documents have none of their own.
    """

    def __init__(self, name: str, attribute: Attribute | None) -> None:
        self._name, self._attribute = name, attribute
        self._codes: dict[Value, int] = {}
        self._ids = array("i"), array("i")
        self._rows, self._stages = array("i"), array("b")

    def add(self, matched: Sequence[Matched], first: int) -> None:
        """Take in the matched spans of some rows; the first of these is the row `first` of all."""
        name, attribute, codes = self._name, self._attribute, self._codes
        for a, b, row, stage in matched:
            values = value_of(a, name, attribute), value_of(b, name, attribute)
            if values != (None, None):
                for ids, value in zip(self._ids, values, strict=True):
                    ids.append(-1 if value is None else codes.setdefault(value, len(codes)))
                self._rows.append(first + row)
                self._stages.append(stage)

    def figures(self, which: IntArray, sampling: Sampling) -> dict[str, dict[Metric, Share]]:
        """The figures within documents and across them; `which` is the pair of readers of each row."""
        pairs = int(which.max(initial=0)) + 1
        scopes = {
            scope: {metric: np.zeros((len(which), pairs, 4)) for metric in METRICS}
            for scope in ("within", "across")
        }
        # As if all had been matched at once.
        order = np.argsort(np.array(self._stages, dtype=np.int8), kind="stable")
        every = np.array(self._rows, dtype=np.int64)[order]
        sides = [np.array(ids, dtype=np.int64)[order] for ids in self._ids]
        count = len(every)
        for pair in range(pairs):
            chosen = np.flatnonzero(which[every] == pair)
            rows, clusters = every[chosen], [side[chosen] for side in sides]
            for scope, sums in scopes.items():
                apart = rows * (scope == "within") * (len(self._codes) + 1)
                ids = [_by_appearance(np.where(side < 0, -1, apart + side)) for side in clusters]
                for metric, resolved in resolve(ids[0], ids[1]).items():
                    np.add.at(sums[metric][:, pair], rows, resolved.columns())
        if not count:
            none = Share(None, 0, None, "no matched span bears an id", "mentions")
            return {scope: dict.fromkeys(METRICS, none) for scope in scopes}
        return {
            scope: {
                metric: share(columns, _mean_f1, sampling, lambda _: count, "undefined", "mentions")
                for metric, columns in sums.items()
            }
            for scope, sums in scopes.items()
        }


def _by_appearance(ids: IntArray) -> IntArray:
    """The same ids numbered in the order in which they first occur; -1 is kept."""
    present = ids >= 0
    _, first, which = np.unique(ids[present], return_index=True, return_inverse=True)
    numbered = np.full(len(ids), -1, dtype=np.int64)
    numbered[present] = np.argsort(np.argsort(first))[which]
    return numbered


def _mean_f1(sums: FloatArray) -> FloatArray:
    """The mean over pairs of annotators (… × pairs × 4) of the F1 that is defined."""
    return mean_of_defined(f1s(sums))

"""Who is who: agreement of two partitions of mentions into the things that they refer to.

Only who shares an id matters, never what the id is called. The formulas, each with precision (over the
predicted mentions or clusters), recall (over gold's) and their harmonic mean:

- *B³* (Bagga and Baldwin 1998): the mean over mentions of |K ∩ R| / |K| for recall, / |R| for precision,
  K and R being the mention's clusters; a mention that the other side lacks gives 0 (Pradhan et al. 2014).
- *CEAF-e* (Luo 2005): clusters are paired one to one so that the sum of φ₄ = 2 |K ∩ R| / (|K| + |R|) is
  largest; the sum is divided by the number of clusters.
- *LEA* (Moosavi and Strube 2016): the share of a cluster's links, |K| (|K| - 1) / 2, that the other side
  has, weighted by |K|; a singleton has one link, to itself, which only a singleton resolves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from goldwire.eval.matching.spans import FloatArray, IntArray

Metric: TypeAlias = Literal["b_cubed", "ceaf_e", "lea"]
METRICS: tuple[Metric, ...] = ("b_cubed", "ceaf_e", "lea")
#: Precision, recall, F1; None where a side has no mention.
Rates: TypeAlias = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, eq=False)
class Resolved:
    """What each mention adds to a metric: for recall and for precision, (mentions × (gained, possible)).

    The rates are sums of the first column over sums of the second, so that they can be summed by document
    first. Mentions that a side lacks have zeros there.
    """

    recall: FloatArray
    precision: FloatArray

    def columns(self) -> FloatArray:
        """The four columns beside one another: recall gained, possible, precision gained, possible."""
        return np.concatenate((self.recall, self.precision), axis=1)


def cluster_rates(sums: FloatArray) -> Rates:
    """Precision, recall and F1 of the sums of `Resolved.columns`."""
    gained, possible = sums[[2, 0]], sums[[3, 1]]
    precision, recall = (float(g / p) if p else None for g, p in zip(gained, possible, strict=True))
    if precision is None or recall is None:
        # Nothing against something is a failure, nothing against nothing is undefined.
        return precision, recall, None if precision is recall else 0.0
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


def f1s(sums: FloatArray) -> FloatArray:
    """F1 of many such sums (… × 4); nan where both sides are empty."""
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]
        f1 = 2 * precision * recall / (precision + recall)
    some = (sums[..., 1] > 0) | (sums[..., 3] > 0)
    return np.asarray(np.where(some, np.nan_to_num(f1), np.nan))


def resolve(gold: IntArray, pred: IntArray) -> dict[Metric, Resolved]:
    """What each mention gains by each metric; `gold` and `pred` are its cluster's number, or -1."""
    gold, pred = _dense(gold), _dense(pred)
    sizes = [np.bincount(side[side >= 0]) for side in (gold, pred)]
    in_both = (gold >= 0) & (pred >= 0)
    width = len(sizes[1]) + 1
    cells, where, shared = np.unique(
        gold[in_both] * width + pred[in_both], return_inverse=True, return_counts=True
    )
    rows, cols = cells // width, cells % width
    alike = 2 * shared / (sizes[0][rows] + sizes[1][cols])
    paired = np.zeros(len(cells), dtype=bool)
    paired[_assign(rows, cols, alike)] = True
    gains: dict[Metric, list[FloatArray]] = {name: [] for name in METRICS}
    for side, cell_cluster, size, partner_size in (
        (gold, rows, sizes[0], sizes[1][cols]),
        (pred, cols, sizes[1], sizes[0][rows]),
    ):
        present = side >= 0
        possible = present.astype(np.float64)
        overlap = np.zeros(len(side))
        overlap[in_both] = shared[where]
        share = np.ones(len(side))
        share[present] = 1 / size[side[present]]
        gains["b_cubed"].append(np.stack((overlap * share * possible, possible), axis=1))

        phi = np.bincount(cell_cluster[paired], weights=alike[paired], minlength=len(size))
        gained = np.zeros(len(side))
        gained[present] = phi[side[present]]
        gains["ceaf_e"].append(np.stack((gained * share, possible * share), axis=1) * possible[:, None])

        alone = (size[cell_cluster] == 1) & (partner_size == 1)
        links = np.bincount(cell_cluster, weights=shared * (shared - 1) / 2 + alone, minlength=len(size))
        resolved = links / np.maximum(size * (size - 1) / 2, 1)
        gained = np.zeros(len(side))
        gained[present] = resolved[side[present]]
        gains["lea"].append(np.stack((gained, possible), axis=1))
    return {name: Resolved(*pair) for name, pair in gains.items()}


def _dense(clusters: IntArray) -> IntArray:
    """The same clusters numbered from 0 without gaps, -1 kept."""
    dense = np.full(len(clusters), -1, dtype=np.int64)
    present = clusters >= 0
    dense[present] = np.unique(clusters[present], return_inverse=True)[1]
    return dense


def _assign(rows: IntArray, cols: IntArray, worth: FloatArray) -> IntArray:
    """Places of the cells of the best one-to-one assignment; each group of joined cells by itself."""
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    height, width = int(rows.max()) + 1, int(cols.max()) + 1
    graph = coo_array((np.ones(len(rows)), (rows, cols + height)), shape=(height + width,) * 2)
    group = connected_components(graph, directed=False)[1][rows]
    order = np.argsort(group, kind="stable")
    best = []
    for cells in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(cells) == 1:
            best.append(int(cells[0]))
            continue
        row_codes, col_codes = (
            np.unique(rows[cells], return_inverse=True),
            np.unique(cols[cells], return_inverse=True),
        )
        table = np.zeros((len(row_codes[0]), len(col_codes[0])))
        cell_at = np.full(table.shape, -1, dtype=np.int64)
        table[row_codes[1], col_codes[1]], cell_at[row_codes[1], col_codes[1]] = worth[cells], cells
        best += [int(p) for p in cell_at[linear_sum_assignment(table, maximize=True)] if p >= 0]
    return np.array(best, dtype=np.int64)

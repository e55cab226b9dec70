"""The best alignment of the units of any number of readers, exactly (Mathet, Widlöcher and Métivier 2015).

A unitary alignment takes at most one unit of each reader. With n readers and P = n (n - 1) / 2 pairs its
disorder is the mean over all P pairs of their dissimilarity, a pair with an absent unit counting Δ:

    d(u, v) = α ((|s_u - s_v| + |e_u - e_v|) / (|u| + |v|))² Δ + β [label differs] Δ

with α, β and Δ at the authors' values, 1, 1 and 1. The best alignment covers every unit once and has the
smallest sum of disorders. A unit by itself costs Δ, so a unitary alignment of k units is worth writing down
only where it *saves* against taking one of its units out, that is where each unit's dissimilarities to the
others sum to less than P + k - 1. That keeps every optimum and is stricter than the paper's own limit n Δ, so
that few remain; what remains falls into groups of units that can be solved one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from goldwire.errors import GoldwireError
from goldwire.eval.matching.spans import FloatArray, IntArray
from goldwire.number_format import amount

#: Above so many candidate alignments in one call the problem is refused.
MOST = 4_000_000
#: About so many columns go to the solver at a time.
BATCH = 2_000


@dataclass(frozen=True, eq=False)
class Units:
    """Units of many continua, a row each: continuum, reader (both from 0), start, end, label's code.

    `readers` is the number of readers of each continuum, of which some may have no unit.
    """

    continuum: IntArray
    reader: IntArray
    start: IntArray
    end: IntArray
    label: IntArray
    readers: IntArray

    def counts(self) -> IntArray:
        """The number of units of each continuum."""
        return np.bincount(self.continuum, minlength=len(self.readers))


@dataclass(frozen=True, eq=False)
class Best:
    """The best alignment of each continuum, in sums over it.

    `disorder` sums the disorders of its unitary alignments. `labels` and `weight` sum, over pairs of aligned
    units, the dissimilarity of labels and its weight (see gamma.py); `absent` counts pairs of a unit and an
    absent one.
    """

    disorder: FloatArray
    labels: FloatArray
    weight: FloatArray
    absent: FloatArray


class _Pairs(NamedTuple):
    """Pairs of units near enough to be aligned, sorted by the first; `first` has its bounds there."""

    unit: IntArray
    partner: IntArray
    distance: FloatArray
    first: IntArray


class _Tuples(NamedTuple):
    """Candidates of one size: members (rows × k), distances between them (rows × k × k)."""

    members: IntArray
    distances: FloatArray


def best_alignments(units: Units) -> Best:
    """Align the units of each continuum; raises GW521 where far too many alignments are possible."""
    order = np.lexsort((units.label, units.end, units.start, units.reader, units.continuum))
    units = Units(
        units.continuum[order],
        units.reader[order],
        units.start[order],
        units.end[order],
        units.label[order],
        units.readers,
    )
    size = len(units.readers)
    possible = (units.readers * (units.readers - 1)) // 2
    disorder = units.counts().astype(np.float64)
    labels, weight, absent = np.zeros(size), np.zeros(size), np.zeros(size)
    absent += units.counts() * (units.readers - 1)
    kinds = _candidates(units, possible)
    savings = [_saving(kind, possible[units.continuum[kind.members[:, 0]]]) for kind in kinds]
    chosen = _choose([kind.members for kind in kinds], savings, len(units.start))
    for kind, saving, taken in zip(kinds, savings, chosen, strict=True):
        members = kind.members[taken]
        where, count = units.continuum[members[:, 0]], members.shape[1]
        disorder -= np.bincount(where, weights=saving[taken], minlength=size)
        for i in range(count):
            for j in range(i):
                a, b = members[:, i], members[:, j]
                trust = np.maximum(0, 1 - _apart(units, a, b)) / (count - 1)
                differ = units.label[a] != units.label[b]
                labels += np.bincount(where, weights=trust * differ, minlength=size)
                weight += np.bincount(where, weights=trust, minlength=size)
        absent -= np.bincount(where, minlength=size) * count * (count - 1)
    return Best(np.maximum(disorder, 0.0), labels, weight, absent)


def _apart(units: Units, unit: IntArray, partner: IntArray) -> FloatArray:
    """The positional part of the dissimilarity."""
    lengths = units.end[unit] - units.start[unit] + units.end[partner] - units.start[partner]
    moved = np.abs(units.start[unit] - units.start[partner]) + np.abs(units.end[unit] - units.end[partner])
    return np.asarray((moved / lengths) ** 2)


def _distance(units: Units, unit: IntArray, partner: IntArray) -> FloatArray:
    return np.asarray(_apart(units, unit, partner) + (units.label[unit] != units.label[partner]))


def _candidates(units: Units, possible: IntArray) -> list[_Tuples]:
    """All unitary alignments that save something, by their number of units."""
    if not len(units.start):
        return []
    limit = (possible + units.readers - 1)[units.continuum]
    pairs = _near(units, limit)
    distances = np.zeros((len(pairs.unit), 2, 2))
    distances[:, 0, 1] = distances[:, 1, 0] = pairs.distance
    tuples = _Tuples(np.stack((pairs.unit, pairs.partner), axis=1), distances)
    useful: list[_Tuples] = []
    while len(tuples.members):
        useful.append(_useful(tuples, possible[units.continuum[tuples.members[:, 0]]]))
        tuples = _longer(units, tuples, pairs, limit)
    return useful


def _near(units: Units, limit: IntArray) -> _Pairs:
    """Pairs of units of different readers of one continuum whose dissimilarity is under the limit."""
    length = units.end - units.start
    longest = np.zeros(len(units.readers), dtype=np.int64)
    np.maximum.at(longest, units.continuum, length)
    # |start - start| alone must stay under the limit too: a window of starts around each unit.
    reach = np.sqrt(limit) * (length + longest[units.continuum])
    stretch = int(units.end.max() - min(0, int(units.start.min())) + reach.max()) * 2 + 2
    places = units.continuum * stretch + units.start
    order = np.argsort(places, kind="stable")
    low = np.searchsorted(places[order], places - reach, side="left")
    high = np.searchsorted(places[order], places + reach, side="right")
    width = high - low
    _limited(int(width.sum()))
    unit = np.repeat(np.arange(len(places)), width)
    partner = order[np.arange(len(unit)) - np.repeat(np.cumsum(width) - width, width) + np.repeat(low, width)]
    later = units.reader[partner] > units.reader[unit]
    unit, partner = unit[later], partner[later]
    distance = _distance(units, unit, partner)
    near = distance < limit[unit]
    unit, partner, distance = unit[near], partner[near], distance[near]
    return _Pairs(unit, partner, distance, np.searchsorted(unit, np.arange(len(places) + 1)))


def _limited(count: int) -> None:
    if count > MOST:
        message = f"gamma: more than {amount(MOST)} possible alignments of units"
        hint = "leave gamma out, or compare fewer annotators at a time"
        raise GoldwireError.of("GW521", message, hint=hint)


def _longer(units: Units, tuples: _Tuples, pairs: _Pairs, limit: IntArray) -> _Tuples:
    """Candidates of one unit more: each with every unit of a later reader near all its members."""
    members, distances = tuples
    count = members.shape[1]
    last = members[:, -1]
    width = pairs.first[last + 1] - pairs.first[last]
    _limited(int(width.sum()))
    rows = np.repeat(np.arange(len(members)), width)
    offset = np.arange(len(rows)) - np.repeat(np.cumsum(width) - width, width)
    added = pairs.first[last][rows] + offset
    unit = pairs.partner[added]
    grown = np.zeros((len(rows), count + 1, count + 1))
    grown[:, :count, :count] = distances[rows]
    for member in range(count):
        grown[:, member, count] = grown[:, count, member] = (
            pairs.distance[added] if member == count - 1 else _distance(units, members[rows, member], unit)
        )
    fits = (grown.sum(axis=2) < limit[unit][:, None]).all(axis=1)
    return _Tuples(np.concatenate((members[rows], unit[:, None]), axis=1)[fits], grown[fits])


def _useful(tuples: _Tuples, possible: IntArray) -> _Tuples:
    count = tuples.members.shape[1]
    useful = (tuples.distances.sum(axis=2) < (possible + count - 1)[:, None]).all(axis=1)
    useful &= _saving(tuples, possible) > 0
    return _Tuples(tuples.members[useful], tuples.distances[useful])


def _saving(tuples: _Tuples, possible: IntArray) -> FloatArray:
    """How much less each candidate costs than its units one by one."""
    count = tuples.members.shape[1]
    within = count * (count - 1) / 2 - tuples.distances.sum(axis=(1, 2)) / 2
    return np.asarray(within / possible + (count - 1))


def _choose(kinds: list[IntArray], savings: list[FloatArray], units: int) -> list[IntArray]:
    """The candidates that save most together, no unit in two of them; rows of each kind."""
    sizes = [len(members) for members in kinds]
    saving = np.concatenate(savings) if savings else np.empty(0)
    if not len(saving):
        return [np.empty(0, dtype=np.int64) for _ in kinds]
    from scipy.sparse import csc_array
    from scipy.sparse.csgraph import connected_components

    column = np.concatenate(
        [np.repeat(np.arange(n) + sum(sizes[:i]), kinds[i].shape[1]) for i, n in enumerate(sizes)]
    )
    row = np.concatenate([members.ravel() for members in kinds])
    graph = csc_array((np.ones(len(row)), (row, column)), shape=(units, len(saving)))
    lead = np.concatenate([members[:, 0] for members in kinds])
    links = csc_array((np.ones(len(row)), (lead[column], row)), shape=(units, units))
    group = connected_components(links, directed=False)[1]
    groups = int(group.max()) + 1
    inside = np.bincount(group, minlength=groups)
    width = np.diff(graph.indptr)
    # Up to three units, one candidate that takes them all saves more than any of its parts do.
    whole = (width == inside[group[lead]]) & (width <= 3)
    done = np.zeros(groups, dtype=bool)
    done[group[lead[whole]]] = True
    covered = whole.copy()
    open_columns = np.flatnonzero(~done[group[lead]])
    open_columns = open_columns[np.argsort(group[lead[open_columns]], kind="stable")]
    belongs = group[lead[open_columns]]
    first = 0
    while first < len(open_columns):
        # Whole groups, up to about a batch.
        last = int(np.searchsorted(belongs, belongs[min(first + BATCH, len(belongs)) - 1], side="right"))
        part = open_columns[first:last]
        covered[part[_solve(graph[:, part], saving[part], belongs[first:last])]] = True
        first = last
    return [np.flatnonzero(covered[sum(sizes[:i]) : sum(sizes[: i + 1])]) for i in range(len(sizes))]


def _solve(graph: object, saving: FloatArray, group: IntArray) -> IntArray:
    """Columns that save most, no row in two of them: the linear relaxation, and where that comes out in
    fractions of a column the integer program."""
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp
    from scipy.sparse import csr_array

    table = csr_array(graph)
    table = table[np.flatnonzero(np.diff(table.indptr))]
    solution = linprog(-saving, A_ub=table, b_ub=np.ones(table.shape[0]), bounds=(0, 1))
    if solution.x is None:
        raise _given_up(solution.message)
    fractional = np.isin(group, group[np.minimum(solution.x, 1 - solution.x) > 1e-6])
    best: FloatArray = solution.x
    if fractional.any():
        whole = milp(
            -saving[fractional],
            constraints=LinearConstraint(table[:, np.flatnonzero(fractional)], ub=1),
            integrality=np.ones(int(fractional.sum())),
            bounds=Bounds(0, 1),
            options={"mip_rel_gap": 0.0},
        )
        if whole.x is None:
            raise _given_up(whole.message)
        best[fractional] = whole.x
    return np.flatnonzero(best > 0.5)


def _given_up(reason: str) -> GoldwireError:
    return GoldwireError.of("GW521", f"gamma: the solver gave up ({reason})", hint="leave gamma out")

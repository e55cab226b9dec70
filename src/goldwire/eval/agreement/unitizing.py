"""Unitizing alpha: agreement on which stretches of a text are units, and on what they are called.

Krippendorff, Mathet, Bouvry and Widlöcher, "On the reliability of unitizing textual continua: further
developments", Quality & Quantity 50(6), 2016 (the same in Krippendorff, Content Analysis, 4th edition, 2019,
section 12.6, equations 32 to 37). Every reader divides a continuum of code points into units, each with a
label, and the gaps between them, φ:

    ℓ_ck = Σ over ordered pairs of readers of |c of the one ∩ k of the other| / (m - 1)
    ε_ck = (ℓ_c· ℓ_·k - [c = k] s_c) / (ℓ_·· - Σ s_c / ℓ_··)

with s_c the sum of |unit|² over c's units, and s_φ the length of the gaps.

- `u_alpha`, ᵤα = 1 - Σ_{c≠k} ℓ_ck / Σ_{c≠k} ε_ck: units and labels together.
- `binary`, |ᵤα: the same with all labels made one, so units alone.
- `cu_alpha`, ᶜᵤα: the same over units only, where two readers' units intersect, so labels alone. A unit's
  length is here the length at which others have a unit too, for three readers and more the mean over the
  m - 1 others, so that the lengths add up to ℓ's margins.

Documents are stretches of one continuum; each is read by the m readers that it has. Units of one reader may
not overlap: nested ones are left out before (`goldwire.model.outermost`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from goldwire.eval.agreement.gamma import Continuum
from goldwire.eval.agreement.kappa import Share, share
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.matching.spans import FloatArray, IntArray


class Unitizing(NamedTuple):
    """Units and labels, units alone, labels alone; `pairs` of each counts code points, every reader's own."""

    u_alpha: Share
    binary: Share
    cu_alpha: Share


class _Lines(NamedTuple):
    """All documents laid end to end, cut wherever any unit begins or ends: a column for each piece.

    `labels` is (readers × pieces): 0 in a gap, the label's code + 1 in a unit, -1 where nobody reads.
    """

    length: FloatArray
    document: IntArray
    labels: IntArray
    places: IntArray


def unitized(columns: FloatArray, sampling: Sampling) -> Unitizing:
    """The three coefficients of `unitizing_columns`, with the document bootstrap's intervals."""
    return Unitizing(
        share(columns, _u_alpha, sampling, _size, "no disagreement is possible: all is gap, or one label"),
        share(columns, _binary, sampling, _size, "no disagreement is possible: all is gap, or all is unit"),
        share(
            columns,
            _cu_alpha,
            sampling,
            _intersecting,
            "no two readings' units intersect, or only one label occurs",
        ),
    )


def unitizing_columns(continua: Sequence[Continuum], labels: int) -> FloatArray:
    """What the coefficients need of each document: (documents × 5 × (1 + labels)).

    Labels are coded below `labels`. Documents with one reader count for nothing. Of each code: ℓ_cc, ℓ_c·,
    s_c, and for units only: ℓ*_c·, s*_c. Code 0 is the gap.
    """
    codes = labels + 1
    columns = np.zeros((len(continua), 5, codes))
    used = [
        number
        for number, continuum in enumerate(continua)
        if len(continuum.readers) > 1 and continuum.length > 0
    ]
    if not used:
        return columns
    lines = _cut([continua[number] for number in used])
    readers = np.array([len(continua[number].readers) for number in used])
    others = (readers - 1)[lines.document]
    counts = np.stack([(lines.labels == code).sum(axis=0) for code in range(codes)])
    units = counts[1:].sum(axis=0)
    for code in range(codes):
        count = counts[code]
        weights = [count * (count - 1) * lines.length / others, count * lines.length]
        weights.append(weights[1] if code == 0 else np.zeros(len(count)))
        weights.append(count * (units - 1) * lines.length / others if code else np.zeros(len(count)))
        for row, weight in enumerate(weights):
            columns[used, row, code] = np.bincount(lines.document, weights=weight, minlength=len(used))
    # Whole numbers, so that it makes no difference what lies before a document on the line.
    met = np.concatenate(([0.0], np.cumsum((units - 1) * lines.length)))
    rows = [
        (index, start, end, label + 1)
        for index, number in enumerate(used)
        for reader in continua[number].readers
        for start, end, label in reader
    ]
    if rows:
        where, start, end, code = np.array(rows, dtype=np.int64).T
        begin = _starts([continua[number] for number in used])[where]
        first, last = (np.searchsorted(lines.places, begin + edge) for edge in (start, end))
        documents = np.array(used)[where]
        np.add.at(columns, (documents, 2, code), ((end - start) ** 2).astype(np.float64))
        np.add.at(columns, (documents, 4, code), ((met[last] - met[first]) / (readers - 1)[where]) ** 2)
    return columns


def _starts(continua: Sequence[Continuum]) -> IntArray:
    lengths = np.array([continuum.length for continuum in continua], dtype=np.int64)
    return np.cumsum(lengths) - lengths


def _cut(continua: Sequence[Continuum]) -> _Lines:
    begins = _starts(continua)
    total = int(begins[-1]) + continua[-1].length
    most = max(len(continuum.readers) for continuum in continua)
    units: list[list[tuple[int, int, int]]] = [[] for _ in range(most)]
    for begin, continuum in zip(begins.tolist(), continua, strict=True):
        for reader, marked in enumerate(continuum.readers):
            units[reader] += [(begin + start, begin + end, label + 1) for start, end, label in sorted(marked)]
    tables = [np.array(reader_units, dtype=np.int64).reshape(-1, 3) for reader_units in units]
    edges = [table[:, :2].ravel() for table in tables]
    places = np.unique(np.concatenate((begins, [total], *edges)))
    starts = places[:-1]
    document = np.searchsorted(begins, starts, side="right") - 1
    labels = np.zeros((most, len(starts)), dtype=np.int64)
    present = np.array([len(continuum.readers) for continuum in continua])[document]
    for reader, table in enumerate(tables):
        if len(table):
            unit = np.searchsorted(table[:, 0], starts, side="right") - 1
            inside = (unit >= 0) & (starts < table[unit, 1])
            labels[reader] = np.where(inside, table[unit, 2], 0)
        labels[reader, present <= reader] = -1
    return _Lines(np.diff(places).astype(np.float64), document, labels, places)


def _size(columns: FloatArray) -> FloatArray:
    return np.asarray(columns[..., 1, :].sum(axis=-1))


def _intersecting(columns: FloatArray) -> FloatArray:
    return np.asarray(columns[..., 3, :].sum(axis=-1))


def _alpha(same: FloatArray, margin: FloatArray, selves: FloatArray) -> FloatArray:
    """1 - observed / expected over different labels, from sums by label in the last axis."""
    total, self_pairs = margin.sum(axis=-1), selves.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = total - same.sum(axis=-1)
        expected = (total**2 - (margin**2).sum(axis=-1)) / (total - self_pairs / total)
        return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan))


def _u_alpha(columns: FloatArray) -> FloatArray:
    return _alpha(columns[..., 0, :], columns[..., 1, :], columns[..., 2, :])


def _binary(columns: FloatArray) -> FloatArray:
    gap, margin = columns[..., 0, 0], columns[..., 1, :]
    marked = margin[..., 1:].sum(axis=-1)
    # What is not gap against gap, nor gap against unit, is unit against unit.
    same = np.stack((gap, marked - (margin[..., 0] - gap)), axis=-1)
    selves = np.stack((columns[..., 2, 0], columns[..., 2, 1:].sum(axis=-1)), axis=-1)
    return _alpha(same, np.stack((margin[..., 0], marked), axis=-1), selves)


def _cu_alpha(columns: FloatArray) -> FloatArray:
    return _alpha(columns[..., 0, 1:], columns[..., 3, 1:], columns[..., 4, 1:])

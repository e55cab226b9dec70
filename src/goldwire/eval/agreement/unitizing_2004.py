"""Unitizing alpha as it was first defined, label by label, from the lengths of what does not coincide.

Krippendorff, "On the reliability of unitizing continuous data", Sociological Methodology 25, 1995, and
"Measuring the reliability of qualitative text analysis data", Quality & Quantity 38, 2004, appendix. It is
what DKPro Statistics and INCEpTION call unitizing alpha; with three readers and more its authors replaced it
by uα (see unitizing.py). For a label, m readers and a continuum of length L:

    D_o = Σ over ordered pairs of sections of two readers of δ² / (m (m - 1) L²)
    D_e = 2/L · Σ over units of [(N - 1)/3 · (2l³ - 3l² + l) + l² Σ over gaps ≥ l of (gap - l + 1)]
          / (m L (m L - 1) - Σ over units of l (l - 1))

δ² of two units that intersect is (start - start)² + (end - end)², of a unit that lies in a gap its length²,
else 0; N is the number of units, l a unit's length. α = 1 - Σ D_o / Σ D_e over labels.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from goldwire.eval.agreement.gamma import Continuum
from goldwire.eval.agreement.kappa import Share
from goldwire.eval.matching.spans import FloatArray, IntArray

UNIT = "code_points"


def alpha_2004(continua: Sequence[Continuum], labels: int) -> Share:
    """α_U over the documents that every reader has read, laid end to end; it has no interval.

    Units of one reader and label may not overlap; those of different labels may.
    """
    most = max((len(continuum.readers) for continuum in continua), default=0)
    read_by_all = (each for each in continua if len(each.readers) == most and each.length > 0)
    lines = Lines(read_by_all, most, labels)
    length = lines.length
    if most < 2 or not length:
        return Share(None, 0, None, "there is none", UNIT)
    disagreements = (
        np.array([lines.disagreement(label) for label in range(labels)]).reshape(-1, 2).sum(axis=0)
    )
    if not disagreements[1]:
        return Share(None, length, None, "no disagreement is possible: there is no unit", UNIT)
    why = "no interval: it is no ratio of sums over documents"
    return Share(float(1 - disagreements[0] / disagreements[1]), length, None, why, UNIT)


class Lines:
    """For each reader and label the units, and the lengths of the gaps, of documents laid end to end.

    Every document has the same number of readers.
    """

    def __init__(self, continua: Iterable[Continuum], readers: int, labels: int) -> None:
        self.length = 0
        self._readers = readers
        self._edges = [[array("q") for _ in range(labels)] for _ in range(readers)]
        self._gaps = [[array("q") for _ in range(labels)] for _ in range(readers)]
        for continuum in continua:
            for marked, edges, gaps in zip(continuum.readers, self._edges, self._gaps, strict=True):
                last = [0] * labels
                for start, end, code in sorted(marked):
                    edges[code].extend((self.length + start, self.length + end))
                    gaps[code].append(start - last[code])
                    last[code] = end
                for code, end in enumerate(last):
                    gaps[code].append(continuum.length - end)
            self.length += continuum.length

    def disagreement(self, label: int) -> tuple[float, float]:
        """Observed and expected disagreement on a label."""
        units = [np.array(edges[label], dtype=np.int64).reshape(-1, 2) for edges in self._edges]
        gaps = [np.array(between[label], dtype=np.int64) for between in self._gaps]
        readers, total = self._readers, self.length
        observed = 2 * sum(_apart(first, second) for first, second in combinations(units, 2))
        lengths = np.concatenate([extents[:, 1] - extents[:, 0] for extents in units]).astype(np.float64)
        between = np.sort(np.concatenate([each[each > 0] for each in gaps])).astype(np.float64)
        wide = np.searchsorted(between, lengths, side="left")
        longer_gaps = np.concatenate((np.cumsum(between[::-1])[::-1], [0.0]))[wide]
        room = longer_gaps - (len(between) - wide) * (lengths - 1)
        inner = (len(lengths) - 1) / 3 * (2 * lengths**3 - 3 * lengths**2 + lengths) + lengths**2 * room
        places = readers * total * (readers * total - 1) - float((lengths * (lengths - 1)).sum())
        expected = 2 / total * float(inner.sum()) / places if places else 0.0
        return observed / (readers * (readers - 1) * total**2), expected


def _apart(ours: IntArray, theirs: IntArray) -> float:
    """Σ δ² between two readers: units that intersect, and units of either in a gap of the other."""
    first = np.searchsorted(theirs[:, 1], ours[:, 0], side="right")
    last = np.searchsorted(theirs[:, 0], ours[:, 1], side="left")
    count = np.maximum(last - first, 0)
    rows = np.repeat(np.arange(len(ours)), count)
    cols = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    met = float(((ours[rows] - theirs[cols]) ** 2).sum())
    alone = np.ones(len(theirs), dtype=bool)
    alone[cols] = False
    missed: FloatArray = np.concatenate((_lengths(ours[count == 0]), _lengths(theirs[alone]))).astype(
        np.float64
    )
    return met + float((missed**2).sum())


def _lengths(extents: IntArray) -> IntArray:
    return np.asarray(extents[:, 1] - extents[:, 0])

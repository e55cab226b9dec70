"""What is kept of many documents while their readings go by: columns, and units without their spans."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import overload

import numpy as np

from goldwire.eval.agreement.gamma import Continuum
from goldwire.eval.counts.packed import Numbers, packed_counts
from goldwire.eval.matching.spans import FloatArray


class DocumentSums:
    """Sums of documents, (documents × …), a batch at a time, each in the smallest numbers that hold it."""

    def __init__(self, *shape: int) -> None:
        self._shape = shape
        self._batches: list[Numbers] = []

    def add(self, sums: FloatArray) -> None:
        """Put the next documents behind the others."""
        self._batches.append(packed_counts(sums))

    def joined(self) -> FloatArray:
        """All of them; they are not kept here any longer."""
        return self.kept().astype(np.float64)

    def kept(self) -> Numbers:
        """All of them in the smallest numbers; they are not kept here any longer."""
        batches, self._batches = self._batches, []
        return np.concatenate(batches) if batches else np.zeros((0, *self._shape))


class Continua(Sequence[Continuum]):
    """Continua whose units take twelve bytes each; one is made when it is asked for."""

    def __init__(self) -> None:
        self._units = array("i")
        #: Where in `_units` each reader's begin, where in `_readers` each document's, with the end of all.
        self._readers, self._documents = array("q", [0]), array("q", [0])
        self._lengths = array("q")

    def append(self, continuum: Continuum) -> None:
        """Put one behind the others."""
        for marked in continuum.readers:
            for unit in marked:
                self._units.extend(unit)
            self._readers.append(len(self._units))
        self._documents.append(len(self._readers) - 1)
        self._lengths.append(continuum.length)

    @overload
    def __getitem__(self, place: int) -> Continuum: ...

    @overload
    def __getitem__(self, place: slice) -> list[Continuum]: ...

    def __getitem__(self, place: int | slice) -> Continuum | list[Continuum]:
        places = range(len(self))[place]
        return (
            [self._continuum(each) for each in places]
            if isinstance(places, range)
            else self._continuum(places)
        )

    def __len__(self) -> int:
        return len(self._lengths)

    def _continuum(self, place: int) -> Continuum:
        readers = []
        for reader in range(self._documents[place], self._documents[place + 1]):
            values = iter(self._units[self._readers[reader] : self._readers[reader + 1]])
            readers.append(tuple(zip(values, values, values, strict=True)))
        return Continuum(tuple(readers), self._lengths[place])

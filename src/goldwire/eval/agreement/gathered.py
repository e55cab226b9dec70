"""What is kept of many documents while their readings go by: columns, and units without their spans."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.agreement.gamma import Continuum
from goldwire.eval.matching.spans import FloatArray


class Columns:
    """Sums of documents, (documents × …), a batch at a time.

    With `counts` they are whole numbers or quarters, which lie in half the room.
    """

    def __init__(self, *shape: int, counts: bool = False) -> None:
        self._shape = shape
        self._kept = np.float32 if counts else np.float64
        self._batches: list[NDArray[Any]] = []

    @property
    def width(self) -> int:
        """How many columns a document has."""
        return math.prod(self._shape)

    def add(self, sums: FloatArray) -> None:
        """Put the next documents behind the others."""
        self._batches.append(sums.astype(self._kept))

    def joined(self) -> FloatArray:
        """All of them; they are not kept here any longer."""
        batches, self._batches = self._batches, []
        joined = np.zeros((sum(map(len, batches)), *self._shape))
        if batches:
            np.concatenate(batches, out=joined)
        return joined


def joined_beside(columns: Sequence[Columns], documents: int) -> FloatArray:
    """All columns of so many documents beside one another, (documents × columns)."""
    flat = np.empty((documents, sum(each.width for each in columns)))
    first = 0
    for each in columns:
        flat[:, first : first + each.width] = each.joined().reshape(documents, -1)
        first += each.width
    return flat


class Continua(Sequence[Continuum]):
    """Continua whose units take twelve bytes each; one is made when it is asked for."""

    def __init__(self, continua: Iterable[Continuum] = ()) -> None:
        self._units = array("i")
        #: Where in `_units` each reader's begin, where in `_readers` each document's, with the end of all.
        self._readers, self._documents = array("q", [0]), array("q", [0])
        self._lengths = array("q")
        for continuum in continua:
            self.append(continuum)

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

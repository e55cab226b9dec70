"""Which rows report the same event: one code for what they say, and the first report of each."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goldwire.files import hash64


@dataclass(frozen=True)
class Stories:
    """By row, in the table's order: documents that report the same, and whether the row is the first."""

    reports: NDArray[np.int32]
    is_first: NDArray[np.bool_]

    @property
    def events(self) -> int:
        """How many different events the rows report."""
        return int(self.is_first.sum())


def story_code(*said: str) -> int:
    """What a row says as 64 bits."""
    return hash64("\x00".join(said).encode())


class StoryCounter:
    """Takes what each row says, some 20 bytes a row."""

    def __init__(self) -> None:
        self.codes, self.days, self.documents = array("Q"), array("i"), array("Q")

    def add(self, code: int, day: int, document: int) -> None:
        """A row: its code, the day of its report (days since an epoch), the number of its document."""
        self.codes.append(code)
        self.days.append(day)
        self.documents.append(document)

    def done(self) -> Stories:
        """The rows grouped by code; the first of a group is the one reported first, then the first read."""
        codes, days, documents = map(np.asarray, (self.codes, self.days, self.documents))
        reports, is_first = np.zeros(len(codes), np.int32), np.zeros(len(codes), np.bool_)
        if len(codes):
            by_document = np.lexsort((documents, codes))
            code, document = codes[by_document], documents[by_document]
            begins = np.r_[True, code[1:] != code[:-1]]
            another = begins | np.r_[True, document[1:] != document[:-1]]
            group = np.cumsum(begins) - 1
            reports[by_document] = np.bincount(group, weights=another).astype(np.int32)[group]
            by_day = np.lexsort((np.arange(len(codes)), days, codes))
            is_first[by_day[np.r_[True, codes[by_day][1:] != codes[by_day][:-1]]]] = True
        return Stories(reports, is_first)

"""Counts of documents in the smallest numbers that hold them: most are whole and small."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Counts, whatever numbers they are kept in: bytes, or floats of 32 or 64 bits.
Numbers: TypeAlias = NDArray[Any]


def packed_counts(counts: Numbers) -> Numbers:
    """The same counts in fewer bytes where that loses nothing."""
    if counts.dtype == np.uint8:
        return counts
    with np.errstate(invalid="ignore", over="ignore"):
        small, narrow = counts.astype(np.uint8), counts.astype(np.float32)
    if (small == counts).all():
        return small
    return narrow if (narrow == counts).all() else counts

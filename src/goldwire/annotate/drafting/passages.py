"""An article cut into passages that fit one request: whole sentences, overlapping by one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from goldwire.text import trim

#: Where a text may be cut: after a line end, or after a sentence's last sign.
_CUT = re.compile(r"\n+|(?<=[.!?…。！？])[»”\"')\]]*\s+|(?<=[。！？])")
_WORDS = re.compile(r"\s+")


@dataclass(frozen=True)
class Passage:
    """One window of an article: extents in code points, half-open.

    `[start, end)` is what may be quoted; `[before, start)` and `[end, after)` are shown beside it.
    """

    start: int
    end: int
    before: int
    after: int


def passages(text: str, size: int, around: int) -> list[Passage]:
    """Windows of at most `size` code points that cover the text; each begins with the last piece of the one
    before it, so that nothing is cut off at an edge. `around` is the context shown on each side.
    """
    pieces = _pieces(text, size)
    windows: list[Passage] = []
    first = 0
    while first < len(pieces):
        last = first
        while last + 1 < len(pieces) and pieces[last + 1][1] - pieces[first][0] <= size:
            last += 1
        start, end = pieces[first][0], pieces[last][1]
        windows.append(Passage(start, end, max(0, start - around), min(len(text), end + around)))
        if last + 1 == len(pieces):
            break
        # The next window takes the last piece up again where more than that fits into it.
        again = last > first and pieces[last + 1][1] - pieces[last][0] <= size
        first = last if again else last + 1
    return windows


def _pieces(text: str, size: int) -> list[tuple[int, int]]:
    """Sentences and lines without white space at their ends; what is longer than `size` is cut at words."""
    pieces: list[tuple[int, int]] = []
    start = 0
    for cut in [*(match.end() for match in _CUT.finditer(text)), len(text)]:
        pieces.extend(_short(text, start, cut, size))
        start = cut
    return pieces


def _short(text: str, start: int, end: int, size: int) -> list[tuple[int, int]]:
    """One piece, trimmed, in parts of at most `size`."""
    parts: list[tuple[int, int]] = []
    start, end = trim(text, start, end)
    while end - start > size:
        cuts = [match.start() for match in _WORDS.finditer(text, start + 1, start + size)]
        cut = cuts[-1] if cuts else start + size
        parts.append((start, cut))
        start, end = trim(text, cut, end)
    if end > start:
        parts.append((start, end))
    return parts

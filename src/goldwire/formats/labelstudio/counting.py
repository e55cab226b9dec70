"""How an export counts its offsets: found from what its spans say of their own texts.

Label Studio counts code points of the task's text. Old versions counted UTF-16 units, exports before 1.0 gave
the last character instead of the end, and some offsets were taken over texts whose line ends came and went.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import product
from typing import Literal, NamedTuple

from goldwire.formats.labelstudio.items import Value
from goldwire.text import NormalisedText, normalise

#: An extent as counted by whoever wrote it, and the text that it is said to mark.
Claim = tuple[int, int, str]


class Counting(NamedTuple):
    """A way to count: in which units, whether the end is the last unit itself, over which line ends."""

    units: Literal["code points", "UTF-16 units"] = "code points"
    inclusive: bool = False
    line_ends: Literal["as they are", "\\r\\n", "\\n"] = "as they are"

    def __str__(self) -> str:
        """For a message: what was counted otherwise than in the task's text."""
        said: list[str] = [self.units] if self.units != "code points" else []
        said += ["the last character as the end"] if self.inclusive else []
        said += [f"line ends as {self.line_ends}"] if self.line_ends != "as they are" else []
        return ", ".join(said)


#: As Label Studio counts today.
PLAIN = Counting()
#: All ways but the plain one, those that change least first.
OTHERS = sorted(
    (
        Counting(units, inclusive, line_ends)  # type: ignore[arg-type]
        for units, inclusive, line_ends in product(
            ("code points", "UTF-16 units"), (False, True), ("as they are", "\\r\\n", "\\n")
        )
    ),
    key=lambda way: sum((way.units != "code points", way.inclusive, way.line_ends != "as they are")),
)[1:]


class CountedText:
    """A task's text, normalised, and where offsets that were counted in some way lie in it (code points).

    `turns` says where in `raw` each turn of a dialogue begins, whose regions count from there. With `kept`
    the text is a document's, and stays as it is.
    """

    def __init__(
        self, raw: str, counting: Counting = PLAIN, turns: Sequence[int] = (), *, kept: bool = False
    ) -> None:
        self.raw, self.counting, self.turns = raw, counting, turns
        seen = raw if counting.line_ends == "as they are" else raw.replace("\r\n", "\n")
        seen = seen.replace("\n", "\r\n") if counting.line_ends == "\\r\\n" else seen
        self._moved = NormalisedText(seen)
        self.text = raw if kept else self._moved.text
        # Where each character that takes two UTF-16 units begins, in such units.
        self._pairs: list[int] = []
        if counting.units == "UTF-16 units":
            self._pairs = [
                found.start() + n for n, found in enumerate(re.finditer("[\U00010000-\U0010ffff]", seen))
            ]
        self.plain = counting == PLAIN and (kept or self._moved.same)

    def stated(self, value: Value) -> tuple[int, int] | None:
        """The extent that a region states, counted over the whole of `raw`; None where it states none."""
        start, end = value.start, value.end
        if type(start) is int and type(end) is int:
            return start, end
        whole = value.global_offsets
        if isinstance(whole, dict):
            start, end = whole.get("start"), whole.get("end")
            return (start, end) if type(start) is int and type(end) is int else None
        inner = value.start_offset, value.end_offset
        if self.turns and all(type(offset) is int for offset in inner):
            try:
                return self.turns[int(start)] + inner[0], self.turns[int(end)] + inner[1]
            except (ValueError, TypeError, IndexError):
                return None
        return None

    def extent(self, start: int, end: int) -> tuple[int, int] | None:
        """The extent in the normalised text; None where an end of it has no place there."""
        if self.plain:
            return start, end
        first, last = self._offset(start), self._offset(end + self.counting.inclusive)
        return None if first is None or last is None else (first, last)

    def _offset(self, counted: int) -> int | None:
        before = bisect_left(self._pairs, counted)
        if before and self._pairs[before - 1] == counted - 1:
            return None  # between the two halves of a character
        return self._moved.offset(counted - before)

    def agrees(self, claim: Claim) -> bool:
        """Whether the text that an extent marks is the one that it is said to mark."""
        extent = self.extent(claim[0], claim[1])
        if extent is None or not 0 <= extent[0] <= extent[1] <= len(self.text):
            return False
        return same_words(self.text[slice(*extent)], claim[2])


def same_words(marked: str, said: str) -> bool:
    """Whether two texts are the same, white space and its escapes aside.

    Label Studio writes line ends into `value.text` as backslash and n, and folds spaces.
    """
    return marked == said or _bare(marked) == _bare(said)


def _bare(text: str) -> str:
    return "".join(normalise(text).replace("\\n", "").replace("\\r", "").split())


def counted_text(plain: CountedText, claims: Sequence[Claim]) -> CountedText:
    """The text with its offsets counted as all claims say; as it is where no way fits them all."""
    if all(map(plain.agrees, claims)):
        return plain
    for way in OTHERS:
        other = CountedText(plain.raw, way, plain.turns)
        if other.text == plain.text and all(map(other.agrees, claims)):
            return other
    return plain

"""Text that all stages treat alike: normalised once, offsets moved along, white space at edges taken off.

Offsets are Unicode code points throughout, extents half-open.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from goldwire.number_format import amount


def normalise(text: str) -> str:
    """NFC, with `\\r\\n` and lone `\\r` turned into `\\n`."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text)


#: Scripts that put no space between words, as ranges of code points: Thai and Lao, Burmese, Khmer, kana, Han.
UNSPACED = (
    (0xE00, 0xEFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x3FFFF),
)
#: Languages whose texts run from right to left, as ISO 639-1 or 639-3.
_RIGHT_TO_LEFT = frozenset(
    ("ar", "ara", "fa", "fas", "he", "heb", "ur", "urd", "ps", "sd", "ug", "yi", "dv", "ckb")
)


def direction(language: str) -> str:
    """Which way texts of a language (`ar`, `fa-IR`) run, as HTML says it: `rtl` or `ltr`."""
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def is_unspaced(char: str) -> bool:
    """Whether a character is of a script that puts no space between words."""
    code = ord(char)
    return code >= UNSPACED[0][0] and any(first <= code <= last for first, last in UNSPACED)


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The extent without white space at its ends; empty where there is nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def first_of(names: Sequence[str], most: int = 3, *, in_all: bool = False) -> str:
    """The first names of several, for a message: `a, b, c, …`; with `in_all` and how many there are."""
    more = f", … ({amount(len(names))} in all)" if in_all else ", …"
    return ", ".join(names[:most]) + (more if len(names) > most else "")


class Snippet(NamedTuple):
    """An extent in its surroundings: what stands before it, its own text, what stands after."""

    before: str
    text: str
    after: str

    def __str__(self) -> str:
        """On one line, the extent in brackets: `…la [frappe] américaine…`."""
        return " ".join(f"{self.before}[{self.text}]{self.after}".split())


def snippet(text: str, start: int, end: int, width: int) -> Snippet:
    """An extent with up to `width` code points on each side; `…` where more of the text is cut off.

    White space at the outer edges goes.
    """
    before, after = text[max(start - width, 0) : start].lstrip(), text[end : end + width].rstrip()
    return Snippet(
        "…" + before if start > width else before,
        text[start:end],
        after + "…" if end + width < len(text) else after,
    )


class NormalisedText:
    """A text from outside: `raw` as it came, `text` normalised, `offset` from the one to the other.

    Takes time in proportion to the text once, and to the logarithm of its changes for each offset.
    """

    def __init__(self, raw: str) -> None:
        self.raw, self.text = raw, normalise(raw)
        self.same = self.raw == self.text
        # Each stretch that normalising changes: its begin and end in `raw`, and what `raw` is ahead after it.
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._shifts: list[int] = [0]
        if not self.same:
            for run in _changing(raw):
                start, end = max(0, run.start() - 1), run.end()  # what joins needs the character before it
                before, after = raw[start:end], normalise(raw[start:end])
                if before != after:
                    self._starts.append(start)
                    self._ends.append(end)
                    self._shifts.append(self._shifts[-1] + len(before) - len(after))

    def offset(self, raw_offset: int) -> int | None:
        """Where an offset of `raw` lies in `text`; None where normalising joined the characters around it.

        An offset outside `raw` is given back as it is.
        """
        if self.same or not 0 <= raw_offset <= len(self.raw):
            return raw_offset
        index = bisect_right(self._starts, raw_offset) - 1  # the last stretch that begins here or before
        if index < 0:
            return raw_offset
        start, end = self._starts[index], self._ends[index]
        if raw_offset >= end:
            return raw_offset - self._shifts[index + 1]
        head = normalise(self.raw[start:raw_offset])
        if head + normalise(self.raw[raw_offset:end]) != normalise(self.raw[start:end]):
            return None
        return start - self._shifts[index] + len(head)


def _changing(raw: str) -> Iterator[re.Match[str]]:
    """The runs of a text that normalising may change or join to the character before them."""
    present = "".join(sorted(_changeable() & set(raw)))  # all that may change would make a slow pattern
    others = f"|[{re.escape(present)}]" if present else ""
    return re.finditer(rf"(?:\r\n?{others})+", raw)


@cache
def _changeable() -> frozenset[str]:
    """What normalising may change or join to the character before it, carriage returns aside.

    Characters that change alone, and those that join the one before: combining marks, and the second halves
    of canonical compositions (Unicode Standard Annex 15), Hangul's vowels and final consonants among them.
    Of what lies above U+1FFFF only compatibility ideographs change.
    """
    characters = {chr(point) for point in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for point in (*range(0x80, 0x20000), *range(0x2F800, 0x2FA20)):
        character = chr(point)
        if unicodedata.combining(character) or not unicodedata.is_normalized("NFC", character):
            characters.add(character)
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            characters.add(chr(int(parts[1], 16)))
    return frozenset(characters)


def wording(text: str) -> str:
    """A wording as it is compared: no case, no accents, one kind of apostrophe, single spaces."""
    return " ".join(plain(text).split())


def plain(text: str) -> str:
    """A text without case and accents, with one kind of apostrophe."""
    bare = text.replace("’", "'")
    for _ in range(2):  # decomposing may bring forth capitals
        bare = unicodedata.normalize("NFKD", bare.casefold())
    return "".join(c for c in bare if not unicodedata.combining(c))

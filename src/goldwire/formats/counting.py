"""How a file counts its offsets: found from what its spans say of their own texts.

goldwire counts code points of a text with `\\n` line ends. Others count UTF-16 units, bytes or grapheme
clusters, take `\\r\\n` for one character, give the last character instead of the end, or count a byte order
mark that no reader keeps.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, product
from typing import Any, Literal, NamedTuple, TypeVar

import regex

from goldwire.text import NormalisedText, normalise

_WIDE, _BEYOND_ASCII = re.compile("[\U00010000-\U0010ffff]"), re.compile("[^\0-\x7f]")
#: An extent as counted by whoever wrote it, and the text that it is said to mark.
Claim = tuple[int, int, str]
Units = Literal["code points", "UTF-16 units", "UTF-8 bytes", "grapheme clusters"]


class Counting(NamedTuple):
    """A way to count: in which units, whether the end is the last unit itself, over which line ends, and
    whether a byte order mark before the text counts as a character."""

    units: Units = "code points"
    inclusive: bool = False
    line_ends: Literal["as they are", "\\r\\n", "\\n"] = "as they are"
    mark: bool = False

    def __str__(self) -> str:
        """For a message: what was counted otherwise than in the text as it stands."""
        parts: list[str] = [self.units] if self.units != "code points" else []
        parts += ["the last character as the end"] if self.inclusive else []
        parts += [f"line ends as {self.line_ends}"] if self.line_ends != "as they are" else []
        parts += ["the byte order mark"] if self.mark else []
        return ", ".join(parts)


def _ways(units: Sequence[Units], marks: Sequence[bool]) -> list[Counting]:
    """All ways but the plain one, those that change least first."""
    ways = [
        Counting(unit, inclusive, line_ends, mark)  # type: ignore[arg-type]
        for unit, inclusive, line_ends, mark in product(
            units, (False, True), ("as they are", "\\r\\n", "\\n"), marks
        )
    ]
    return sorted(ways, key=lambda way: sum(a != b for a, b in zip(way, PLAIN, strict=True)))[1:]


#: Code points of the text as it stands.
PLAIN = Counting()
#: What browsers make of a text.
OTHERS = _ways(("code points", "UTF-16 units"), (False,))
#: What files of any origin may have; and where no byte order mark stands before the text.
EVERY = _ways(("code points", "UTF-16 units", "UTF-8 bytes"), (False, True))
UNMARKED = [way for way in EVERY if not way.mark]


class CountedText:
    """A text, normalised, and where offsets that were counted in some way lie in it (code points).

    With `kept` the text is a document's, and stays as it is. Takes time in proportion to the text once.
    """

    def __init__(self, raw: str, counting: Counting = PLAIN, *, kept: bool = False) -> None:
        self.raw, self.counting = raw, counting
        seen = raw if counting.line_ends == "as they are" else raw.replace("\r\n", "\n")
        seen = seen.replace("\n", "\r\n") if counting.line_ends == "\\r\\n" else seen
        self._moved = NormalisedText(seen)
        self.text = raw if kept else self._moved.text
        # Each character of several units, or cluster of several characters: where it begins, in units, and
        # all units beyond one a character up to its end.
        self._starts: list[int] = []
        self._beyond: list[int] = [0]
        wide = list(_beyond_one(seen, counting.units))
        if wide:
            self._beyond.extend(accumulate(more for _, more in wide))
            self._starts = [index + before for (index, _), before in zip(wide, self._beyond, strict=False)]
        self.plain = counting == PLAIN and (kept or self._moved.same)

    def counted(self, counting: Counting) -> CountedText:
        """The same text, its offsets counted in another way."""
        return CountedText(self.raw, counting)

    def extent(self, start: int, end: int) -> tuple[int, int] | None:
        """The extent in the normalised text; None where an end of it has no place there."""
        if self.plain:
            return start, end
        first, last = self.offset(start), self.offset(end + self.counting.inclusive)
        return None if first is None or last is None else (first, last)

    def offset(self, counted: int) -> int | None:
        """Where an offset lies in the normalised text; None where that is within a character."""
        raw = self.raw_offset(counted)
        return None if raw is None else self._moved.offset(raw)

    def raw_offset(self, counted: int) -> int | None:
        """Where an offset lies in the text that was counted; None where that is within a character."""
        counted -= self.counting.mark
        number = bisect_left(self._starts, counted)
        beyond = self._beyond[number]
        if number and counted - beyond <= self._starts[number - 1] - self._beyond[number - 1]:
            return None
        return counted - beyond

    def marked(self, start: int, end: int) -> str | None:
        """The text that an extent marks; None where it has none."""
        extent = self.extent(start, end)
        if extent is None or not 0 <= extent[0] <= extent[1] <= len(self.text):
            return None
        return self.text[slice(*extent)]

    def agrees(self, claim: Claim) -> bool:
        """Whether the text that an extent marks is the one that it is said to mark."""
        marked = self.marked(claim[0], claim[1])
        return marked is not None and same_words(marked, claim[2])


def misplaced_extents(text: CountedText, extents: Iterable[tuple[int, int]]) -> int:
    """How many extents do not lie in the text, or begin or end where no word does."""
    whole = text.text

    def fits(start: int, end: int) -> bool:
        extent = text.extent(start, end)
        if extent is None or not 0 <= extent[0] < extent[1] <= len(whole):
            return False
        if whole[extent[0]].isspace() or whole[extent[1] - 1].isspace():
            return False
        return not any(
            0 < edge < len(whole) and whole[edge - 1].isalnum() and whole[edge].isalnum() for edge in extent
        )

    return sum(not fits(start, end) for start, end in extents)


def counts_otherwise(text: str, units: Units) -> bool:
    """Whether offsets in these units may differ from those in code points."""
    return next(_beyond_one(text, units), None) is not None


def length(text: str, units: Units) -> int:
    """How long a text is in these units."""
    return len(text) + sum(beyond for _, beyond in _beyond_one(text, units))


def utf16_offsets(text: str) -> Callable[[int], int]:
    """What turns offsets in code points into those in UTF-16 units."""
    wide = [index for index, _ in _beyond_one(text, "UTF-16 units")]
    return lambda offset: offset + bisect_left(wide, offset)


def _beyond_one(text: str, units: Units) -> Iterator[tuple[int, int]]:
    """Where characters have more units than one, or less than one each in a cluster, and by how much."""
    if units == "grapheme clusters":
        for cluster in regex.finditer(r"\X", text):
            if cluster.end() - cluster.start() > 1:
                yield cluster.start(), 1 - (cluster.end() - cluster.start())
    elif units == "UTF-16 units":
        yield from ((match.start(), 1) for match in _WIDE.finditer(text))
    elif units == "UTF-8 bytes":
        for match in _BEYOND_ASCII.finditer(text):
            yield match.start(), len(match[0].encode("utf-8", "surrogatepass")) - 1


def same_words(marked: str, stated: str) -> bool:
    """Whether two texts are the same, white space and its escapes aside.

    Label Studio writes line ends into `value.text` as backslash and n, and folds spaces.
    """
    return marked == stated or _bare(marked) == _bare(stated)


def _bare(text: str) -> str:
    return "".join(normalise(text).replace("\\n", "").replace("\\r", "").split())


T = TypeVar("T", bound=CountedText)


def counted_text(plain: T, claims: Sequence[Claim]) -> T:
    """The text with its offsets counted as all claims say; as it is where no way fits them all."""
    if all(map(plain.agrees, claims)):
        return plain
    for way in OTHERS:
        other = plain.counted(way)
        if other.text == plain.text and all(map(other.agrees, claims)):
            return other  # type: ignore[return-value]
    return plain


def wordings_of(text: CountedText, claim: Claim) -> tuple[str | None, str]:
    """What a claim's extent marks, None for nothing, and what it is said to mark."""
    return text.marked(claim[0], claim[1]), claim[2]


def nearest_text(
    plain: CountedText,
    claims: Sequence[Any],
    ways: Sequence[Counting],
    wordings: Callable[[CountedText, Any], tuple[str | None, str]] = wordings_of,
) -> CountedText:
    """The text counted in the way that explains all claims, else most of them; the plainest of equals.

    `wordings` is asked for both wordings of a claim in another form. To the letter goes before white space
    aside: a way that is one character off may mark a blank more.
    """

    def fitting(text: CountedText) -> tuple[int, int]:
        pairs = [wordings(text, claim) for claim in claims]
        alike = [
            (marked, stated) for marked, stated in pairs if marked is not None and same_words(marked, stated)
        ]
        return len(alike), sum(marked == normalise(stated) for marked, stated in alike)

    best, best_fit = plain, fitting(plain)
    for way in ways if min(best_fit) < len(claims) else ():
        other = plain.counted(way)
        if other.text == plain.text and (fit := fitting(other)) > best_fit:
            best, best_fit = other, fit
            if min(best_fit) == len(claims):
                break
    return best


#: What may be told from the edges of words alone.
SILENT = [way for way in EVERY if not way.inclusive]


def counted_by_edges(
    texts: Sequence[tuple[CountedText, Sequence[tuple[int, int]]]],
    ways: Sequence[Counting],
    *,
    equals: int = 1,
) -> Counting:
    """How texts with extents, and no words beside these, are counted, as the edges of words tell.

    The first of `ways` unless it leaves two extents or more that begin or end within a word or in white space
    (one may be meant so) and another leaves none; of the first `equals` ways the one that leaves the fewest.
    """
    best, fewest = ways[0], -1
    for number, way in enumerate(ways):
        count = sum(misplaced_extents(text.counted(way), extents) for text, extents in texts)
        if fewest < 0 or (count < fewest and (number < equals or (fewest > 1 and not count))):
            best, fewest = way, count
        if not fewest:
            break
    return best

"""Find quoted text in an article, and say where a quote that is not there comes nearest to it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

#: Quotation marks and apostrophes, each with the plain one of its kind.
QUOTE_MARKS = {
    **dict.fromkeys("'’‘ʼ‛′`´", "'"),
    **dict.fromkeys('"«»“”„‟″', '"'),
}
_SAME = {
    **QUOTE_MARKS,
    **dict.fromkeys("-‐‑‒–—−", "-"),
    "œ": "oe",
    "Œ": "oe",
    "æ": "ae",
    "Æ": "ae",
    "…": "...",
}


def occurrences(text: str, quote: str) -> list[int]:
    """Where `quote` begins in `text`, in code points, left to right, overlapping ones too."""
    starts: list[int] = []
    at = text.find(quote) if quote else -1
    while at >= 0:
        starts.append(at)
        at = text.find(quote, at + 1)
    return starts


def visible_form(char: str) -> str:
    """A character without what the eye misses: case, accents, its kind of apostrophe, quote mark, dash and
    white space."""
    if char in _SAME:
        return _SAME[char]
    if char.isspace():
        return " "
    parts = unicodedata.normalize("NFKD", char)
    return "".join(" " if p.isspace() else p for p in parts if not unicodedata.combining(p)).casefold()


def fold_text(text: str, plain_form: Callable[[str], str] = visible_form) -> tuple[str, list[int]]:
    """The text in a plain form, its spaces one at a time, and for each character the place that it comes
    from."""
    folded: list[str] = []
    places: list[int] = []
    for index, char in enumerate(text):
        for plain in plain_form(char):
            if plain == " " and folded and folded[-1] == " ":
                continue
            folded.append(plain)
            places.append(index)
    return "".join(folded), places


def near_miss(text: str, quote: str, whole: str) -> str:
    """What to do about a `quote` that `text` does not hold: a hint for a fault.

    Shows the article's own characters where the two differ only in kind (apostrophes, spaces, accents, case),
    else where the quote and the text part ways. `whole` names the text: `article`, `passage`.
    """
    haystack, places = fold_text(text)
    needle = fold_text(quote.strip())[0]
    if not needle:
        return f"quote a few words of the {whole}"
    at = haystack.find(needle)
    if at >= 0:
        passage = text[places[at] : places[at + len(needle) - 1] + 1]
        return f"the {whole} has «{passage}»{_first_difference(passage, quote)}"
    low, high = 0, len(needle)
    while low < high:  # the longest beginning that the text holds
        middle = (low + high + 1) // 2
        low, high = (middle, high) if needle[:middle] in haystack else (low, middle - 1)
    if low < min(8, len(needle)):
        return f"copy it from the {whole} to the letter"
    at = haystack.find(needle[:low])
    start, end = places[at], places[at + low - 1] + 1
    goes_on = " ".join(text[end : end + 24].split())
    return f"the {whole} has «{text[max(start, end - 24) : end]}» and then «{goes_on}»"


def _first_difference(passage: str, quote: str) -> str:
    for mine, theirs in zip(passage, quote, strict=False):
        if mine != theirs:
            return f": {_name(mine)} where the quote has {_name(theirs)}"
    return ": white space at an end" if quote.strip() == passage else ""


def _name(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, 'control character').lower()}"

"""Where a quote stands in its passage: to the letter, or but for differences that are declared harmless.

The text's own characters then take the quote's place, with the number of the occurrence, and the reader of
the quotes format has the last word. What stands in several places without saying which is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from goldwire.annotations.find_quote import QUOTE_MARKS, fold, occurrences
from goldwire.corpus.quality.checks import inside_word
from goldwire.text import normalise

#: Differences between a quote and the text that change nothing of what is quoted.
SPACE = "white space"
MARKS = "quotation marks and apostrophes"
CAPITAL = "a capital at the beginning of a sentence"
FORM = "Unicode form"
HARMLESS = (SPACE, MARKS, CAPITAL, FORM)

#: Signs after which a sentence begins, and those that may stand between.
_ENDS, _OPENING = ".!?…:;\n", "«“„\"'’‘‹([—–- \u00a0\u202f\t"


@dataclass(frozen=True)
class Found:
    """A quote as the text has it, which of its occurrences is meant (None: it stands once, or nobody knows),
    and the harmless differences that it came with."""

    quote: str
    n: int | None
    differences: tuple[str, ...] = ()


def find(passage: str, quote: str, n: int | None = None, context: str = "") -> Found:
    """Where in a passage `quote` stands. `n` counts its occurrences as whole words, from 1; `context` holds
    it in a few words more. Where it stands nowhere, it comes back as it was.
    """
    plain = normalise(quote)
    found = places(passage, plain)
    if not found:
        return Found(quote, n)
    chosen = found
    if n is not None:
        chosen = found[n - 1 : n] if n > 0 else []
    elif len(found) > 1 and context:
        around = places(passage, normalise(context))
        if len(around) == 1:
            begin, end = around[0]
            chosen = [place for place in found if begin <= place[0] and place[1] <= end]
    if len(chosen) != 1:
        # Of the text's own characters where they are the same everywhere, so that the fault says how often.
        wordings = {passage[start:end] for start, end in found}
        return Found(wordings.pop() if len(wordings) == 1 else quote, n)
    start, end = chosen[0]
    own = passage[start:end]
    everywhere = occurrences(passage, own)
    number = everywhere.index(start) + 1 if len(everywhere) > 1 else None
    differences = _differences(own, plain) + ((FORM,) if plain != quote else ())
    return Found(own, number, differences)


def places(passage: str, quote: str) -> list[tuple[int, int]]:
    """The extents that a quote may mean: exact ones, else but for the harmless differences.

    Those that cut a word count only where there is no other.
    """
    exact = [(start, start + len(quote)) for start in occurrences(passage, quote)]
    found = exact or _alike(passage, quote)
    whole = [place for place in found if not any(inside_word(passage, edge) for edge in place)]
    return whole or found


def _alike(passage: str, quote: str) -> list[tuple[int, int]]:
    folded, origin = fold(passage, _harmless)
    needle = fold(quote.strip(), _harmless)[0]
    if not needle:
        return []
    places: list[tuple[int, int]] = []
    swapped = needle[0].swapcase() + needle[1:] if len(needle[0].swapcase()) == 1 else needle
    for wording in dict.fromkeys((needle, swapped)):
        for at in occurrences(folded, wording):
            start, end = origin[at], origin[at + len(wording) - 1] + 1
            if wording == needle or _begins_sentence(passage, start):
                places.append((start, end))
    return sorted(places)


def _harmless(char: str) -> str:
    """One kind of space, quotation mark and apostrophe."""
    return " " if char.isspace() else QUOTE_MARKS.get(char, char)


def _begins_sentence(text: str, start: int) -> bool:
    """Whether a sentence begins at this place."""
    before = start - 1
    while before >= 0 and text[before] in _OPENING:
        before -= 1
    return before < 0 or text[before] in _ENDS


def _differences(own: str, quote: str) -> tuple[str, ...]:
    """What of the declared differences lies between a text's wording and its quote."""
    if own == quote:
        return ()
    kinds = []
    plain = fold(quote.strip(), _harmless)[0]
    mine = fold(own, _harmless)[0]
    if [c for c in own if c in QUOTE_MARKS] != [c for c in quote if c in QUOTE_MARKS]:
        kinds.append(MARKS)
    if [c for c in own if c.isspace()] != [c for c in quote if c.isspace()]:
        kinds.insert(0, SPACE)
    if plain[:1] != mine[:1]:
        kinds.append(CAPITAL)
    return tuple(kinds)

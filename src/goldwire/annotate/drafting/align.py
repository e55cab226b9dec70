"""Where a quote stands in its passage: to the letter, or but for differences that are declared harmless.

The text's own characters then take the quote's place, with the number of the occurrence, and the reader of
the quotes format has the last word. What stands in several places without saying which is placed nowhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from goldwire.annotations.find_quote import QUOTE_MARKS, fold_text, occurrences
from goldwire.corpus.quality.checks import inside_word
from goldwire.pipelines import spacy_language
from goldwire.text import normalise

#: Differences between a quote and the text that change nothing of what is quoted.
SPACE = "white space"
MARKS = "quotation marks and apostrophes"
CAPITAL = "a capital at the beginning of a sentence"
FORM = "Unicode form"
HARMLESS = (SPACE, MARKS, CAPITAL, FORM)

#: Signs after which a sentence begins, and those that may stand between.
_QUOTATION = "«“„\"'’‘‹"
_ENDS, _OPENING = ".!?…\n", _QUOTATION + "([—–- \u00a0\u202f\t"
#: Letters of the longest word before a full stop that is looked up.
_LONGEST_ABBREVIATION = 20


@dataclass(frozen=True)
class FoundQuote:
    """A quote as the text has it, which of its occurrences is meant (as the reader of quotes counts; None
    where there is one), and the harmless differences that it came with.

    `unclear` are the extents of those that may be meant where nobody knows which; then nothing is placed.
    """

    quote: str
    n: int | None = None
    differences: tuple[str, ...] = ()
    unclear: tuple[tuple[int, int], ...] = ()


def find(
    passage: str, quote: str, n: int | None = None, context: str = "", language: str = ""
) -> FoundQuote | None:
    """Where in a passage `quote` stands; None where it stands nowhere.

    `n` counts its occurrences as `places` gives them, from 1; `context` holds it in a few words more. Where
    they say several things, or nothing, of a quote that stands several times, it is unclear which is meant.
    """
    plain = normalise(quote)
    extents = places(passage, plain, language)
    if not extents:
        return None
    chosen = extents
    if n is not None:
        chosen = extents[n - 1 : n] if n > 0 else []
    if len(extents) > 1 and context:
        around = places(passage, normalise(context), language)
        if len(around) == 1:
            begin, end = around[0]
            chosen = [place for place in chosen if begin <= place[0] and place[1] <= end]
    if len(chosen) != 1:
        return FoundQuote(passage[extents[0][0] : extents[0][1]], unclear=tuple(extents))
    start, end = chosen[0]
    own = passage[start:end]
    everywhere = occurrences(passage, own)
    number = everywhere.index(start) + 1 if len(everywhere) > 1 else None
    differences = _differences(own, plain) + ((FORM,) if plain != quote else ())
    return FoundQuote(own, number, differences)


def places(passage: str, quote: str, language: str = "") -> list[tuple[int, int]]:
    """The extents that a quote may mean, from left to right: exact ones, else but for harmless differences.

    Those that cut a word count only where there is no other. `language` is that of the text (ISO 639-1).
    """
    exact = [(start, start + len(quote)) for start in occurrences(passage, quote)]
    if whole := _whole(passage, exact):
        return whole
    alike = _alike(passage, quote, language)
    return _whole(passage, alike) or exact or alike


def _whole(passage: str, extents: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that cut no word."""
    return [extent for extent in extents if not any(inside_word(passage, edge) for edge in extent)]


def _alike(passage: str, quote: str, language: str) -> list[tuple[int, int]]:
    folded, origin = fold_text(passage, _harmless)
    needle = fold_text(quote.strip(), _harmless)[0]
    if not needle:
        return []
    places: list[tuple[int, int]] = []
    swapped = needle[0].swapcase() + needle[1:] if len(needle[0].swapcase()) == 1 else needle
    for wording in dict.fromkeys((needle, swapped)):
        for at in occurrences(folded, wording):
            start, end = origin[at], origin[at + len(wording) - 1] + 1
            if wording == needle or _begins_sentence(passage, start, language):
                places.append((start, end))
    return sorted(places)


def _harmless(char: str) -> str:
    """One kind of space, quotation mark and apostrophe."""
    return " " if char.isspace() else QUOTE_MARKS.get(char, char)


def _begins_sentence(text: str, start: int, language: str) -> bool:
    """Whether a sentence begins at this place: not after an initial or another abbreviation, and after a
    colon only in quotation marks."""
    before = start - 1
    while before >= 0 and text[before] in _OPENING:
        before -= 1
    if before < 0:
        return True
    if text[before] == ":":
        return any(char in _QUOTATION for char in text[before + 1 : start])
    if text[before] == ".":
        word = re.search(r"[^\W\d_]*\Z", text[max(0, before - _LONGEST_ABBREVIATION) : before])
        short = word[0] if word else ""
        return len(short) != 1 and f"{short}." not in abbreviations(language)
    return text[before] in _ENDS


@cache
def abbreviations(language: str) -> frozenset[str]:
    """Words of a language that end with a full stop within a sentence, as spaCy's rules have them.

    Empty for a language without rules.
    """
    code = spacy_language(language)
    if not code:
        return frozenset()
    from spacy.util import get_lang_class

    return frozenset(word for word in get_lang_class(code).Defaults.tokenizer_exceptions if word[-1:] == ".")


def _differences(own: str, quote: str) -> tuple[str, ...]:
    """What of the declared differences lies between a text's wording and its quote."""
    if own == quote:
        return ()
    kinds = []
    plain = fold_text(quote.strip(), _harmless)[0]
    mine = fold_text(own, _harmless)[0]
    if [c for c in own if c in QUOTE_MARKS] != [c for c in quote if c in QUOTE_MARKS]:
        kinds.append(MARKS)
    if [c for c in own if c.isspace()] != [c for c in quote if c.isspace()]:
        kinds.insert(0, SPACE)
    if plain[:1] != mine[:1]:
        kinds.append(CAPITAL)
    return tuple(kinds)

"""Where a quote stands: to the letter, but for harmless differences, by its number or its context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.drafting.align import CAPITAL, HARMLESS, FoundQuote, find, places
from goldwire.annotate.drafting.passages import passages
from goldwire.annotations.find_quote import occurrences
from goldwire.corpus.quality.checks import inside_word
from goldwire.text import normalise
from tests.strategies import TEXTS

TEXT = "L’« armée » d’Irak et les Irakiens. « Irak », dit-il.\nElle quitte l'Irak. IRAK"


def number(quote: str, n: int | None = None, context: str = "") -> int | None:
    """The occurrence of a quote in TEXT that is meant, parts of words counted; None where it is unclear."""
    place = find(TEXT, quote, n, context)
    assert place is not None
    return None if place.unclear else place.n


def test_whole_words_come_before_parts_of_words() -> None:
    """`Irak` in `Irakiens` is no occurrence, and `n` counts those that are."""
    assert number("Irak", 2) == 3 and number("Irak", 3) == 4
    place = find(TEXT, "Irak", 4)
    assert place is not None and place.unclear == tuple(places(TEXT, "Irak")) and len(place.unclear) == 3
    assert find(TEXT, "Irakie") == FoundQuote("Irakie")
    assert find(TEXT, "Iran") is None


def test_a_whole_word_but_for_its_capital_comes_before_a_part_of_a_word() -> None:
    """`art` at a sentence's beginning is meant, and not what stands in `parti`."""
    assert find("Le parti du sel. Art simple.", "art") == FoundQuote("Art", None, (CAPITAL,))


def test_a_context_says_which_occurrence_is_meant() -> None:
    """In words around the quote that stand once; a context that stands nowhere says nothing."""
    assert number("Irak", context="quitte l’Irak") == 4
    assert number("Irak", context="adore l'Irak") is None
    assert number("Irak", context="Irak") is None
    assert number("Irak", 3, "quitte l’Irak") == 4
    assert number("Irak", 2, "quitte l’Irak") is None  # they contradict each other


def test_differences_are_named() -> None:
    """Each kind of harmless difference by its own name; a capital only where a sentence begins."""
    assert find(TEXT, '"armée"') is None  # spaces that are not there are no harmless difference
    assert find(TEXT, '" armée "') == FoundQuote("« armée »", None, ("quotation marks and apostrophes",))
    quoted = find(TEXT, "elle  quitte l’Irak")
    assert quoted is not None and quoted.differences == HARMLESS[:3]
    assert find(TEXT, "Et les Irakiens") is None


@pytest.mark.parametrize(
    ("text", "quote", "language", "placed"),
    [
        ("Voici M. Dupont.", "dupont", "fr", False),
        ("Voici Mme. Dupont.", "dupont", "fr", False),
        ("Gov. Bush left.", "bush", "en", False),
        ("J. Dupont vient.", "dupont", "", False),
        ("On dit : Dupont vient.", "dupont", "fr", False),
        ("Ici ; Dupont vient.", "dupont", "fr", False),
        ("On dit : « Les gens viennent. »", "les gens", "fr", True),
        ("Il vient en Iran. Les gens partent.", "les gens", "fr", True),
        ("Titre\nLes gens partent.", "les gens", "fr", True),
        ("Il a 12. Les gens partent.", "les gens", "tlh", True),
    ],
)
def test_a_capital_is_harmless_only_where_a_sentence_begins(
    text: str, quote: str, language: str, placed: bool
) -> None:
    """Not after an initial or another abbreviation of the language, nor after a colon: that is a name's."""
    assert (find(text, quote, language=language) is not None) == placed


@given(TEXTS, st.data())
def test_what_is_found_is_the_text_itself(text: str, data: st.DataObject) -> None:
    """Any stretch of a text, quoted with its number, is found where it stands; nothing else ever is."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = text[start:end]
    all_starts = occurrences(text, quote)
    whole = [at for at in all_starts if not inside_word(text, at) and not inside_word(text, at + len(quote))]
    counted = whole or all_starts
    if whole and start in counted:
        place = find(text, quote, counted.index(start) + 1)
        assert place == FoundQuote(quote, all_starts.index(start) + 1 if len(all_starts) > 1 else None)


@given(TEXTS, st.text(max_size=12), st.none() | st.integers(-3, 5), st.text(max_size=12))
def test_anything_may_be_quoted(text: str, quote: str, n: int | None, context: str) -> None:
    """What is found is the text's own wording in one of the places that count; else it is said which those
    are."""
    place = find(text, quote, n, context)
    counted = places(text, normalise(quote))
    assert (place is None) == (not counted)
    if place is not None and place.unclear:
        assert list(place.unclear) == counted and not place.differences
    elif place is not None:
        starts = occurrences(text, place.quote)
        assert len(starts) == 1 or place.n is not None
        start = starts[(place.n or 1) - 1]
        assert (start, start + len(place.quote)) in counted


@given(st.text(alphabet="ab .\n。é", max_size=300), st.integers(5, 80), st.integers(0, 30))
def test_passages_cover_the_text(text: str, size: int, around: int) -> None:
    """Every character but white space lies in a passage of at most the size, in order, with its context."""
    windows = passages(text, size, around)
    covered = {index for w in windows for index in range(w.start, w.end)}
    assert all(char.isspace() for index, char in enumerate(text) if index not in covered)
    assert all(0 < w.end - w.start <= size for w in windows)
    assert all(w.before <= w.start < w.end <= w.after and w.start - w.before <= around for w in windows)
    assert [w.start for w in windows] == sorted({w.start for w in windows})
    assert [w.end for w in windows] == sorted({w.end for w in windows})

"""Where a quote stands: to the letter, but for harmless differences, by its number or its context."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.drafting.align import HARMLESS, Found, find
from goldwire.annotate.drafting.passages import passages
from goldwire.annotations.find_quote import occurrences
from goldwire.corpus.quality.checks import inside_word
from tests.strategies import TEXTS

TEXT = "L’« armée » d’Irak et les Irakiens. « Irak », dit-il.\nElle quitte l'Irak. IRAK"


def test_whole_words_come_before_parts_of_words() -> None:
    """`Irak` in `Irakiens` is no occurrence, and `n` counts those that are."""
    assert find(TEXT, "Irak", 2).n == 3 and find(TEXT, "Irak", 3).n == 4
    assert find(TEXT, "Irak", 4).n == 4  # no such one: left as it is, for the reader to refuse
    assert find(TEXT, "Irakie").quote == "Irakie"


def test_a_context_says_which_occurrence_is_meant() -> None:
    """In words around the quote that stand once; a context that stands nowhere says nothing."""
    assert find(TEXT, "Irak", context="quitte l’Irak").n == 4
    assert find(TEXT, "Irak", context="adore l'Irak").n is None
    assert find(TEXT, "Irak", context="Irak").n is None


def test_differences_are_named() -> None:
    """Each kind of harmless difference by its own name; a capital only where a sentence begins."""
    assert find(TEXT, '"armée"').quote == '"armée"'  # spaces that are not there are no harmless difference
    assert find(TEXT, '" armée "') == Found("« armée »", None, ("quotation marks and apostrophes",))
    assert find(TEXT, "elle  quitte l’Irak").differences == HARMLESS[:3]
    assert find(TEXT, "Et les Irakiens").differences == ()
    assert find(TEXT, "Et les Irakiens").quote == "Et les Irakiens"


@given(TEXTS, st.data())
def test_what_is_found_is_the_text_itself(text: str, data: st.DataObject) -> None:
    """Any stretch of a text, quoted with its number, is found where it stands; nothing else ever is."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = text[start:end]
    all_starts = occurrences(text, quote)
    whole = [at for at in all_starts if not inside_word(text, at) and not inside_word(text, at + len(quote))]
    counted = whole or all_starts
    if start in counted:
        found = find(text, quote, counted.index(start) + 1)
        assert found.quote == quote and not found.differences
        assert found.n == (all_starts.index(start) + 1 if len(all_starts) > 1 else None)


@given(TEXTS, st.text(max_size=12), st.none() | st.integers(-3, 5), st.text(max_size=12))
def test_anything_may_be_quoted(text: str, quote: str, n: int | None, context: str) -> None:
    """Whatever a model quotes comes back as it was, or as the text has it."""
    found = find(text, quote, n, context)
    assert found.quote == quote or found.quote in text
    assert not found.differences or found.quote in text


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

"""Quoted text is found to the letter, and a near miss is shown in the article's own characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotations.find_quote import fold_text, near_miss, occurrences
from tests.strategies import TEXTS

ARTICLE = "«\u202fL’Élysée\u202f» n’a pas commenté. Un cœur, un œuf\xa0: voilà."


def test_occurrences_are_counted_with_overlaps_from_the_left() -> None:
    """`aa` stands three times in `aaaa`."""
    assert occurrences("aaaa", "aa") == [0, 1, 2]
    assert occurrences("abc", "") == []


@given(TEXTS, st.data())
def test_every_place_named_holds_the_quote(text: str, data: st.DataObject) -> None:
    """Whatever is cut from a text is found where it was cut, and nowhere that it is not."""
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    found = occurrences(text, quote)
    assert start in found
    assert all(text[place : place + len(quote)] == quote for place in found)
    assert found == [place for place in range(len(text)) if text.startswith(quote, place)]


@given(TEXTS)
def test_folding_knows_where_each_character_comes_from(text: str) -> None:
    """There is a place for each folded character, and places never go back."""
    folded, places = fold_text(text)
    assert len(folded) == len(places)
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)


@pytest.mark.parametrize(
    ("quote", "own"),
    [
        ("L'Elysée", "«L’Élysée»"),
        ("« L’Élysée »", "««\u202fL’Élysée\u202f»»"),
        ("un coeur", "«Un cœur»"),
        ("un œuf : voila", "«un œuf\xa0: voilà»"),
    ],
)
def test_a_quote_that_differs_only_in_kind_is_shown_as_the_article_has_it(quote: str, own: str) -> None:
    """Apostrophes, accents, ligatures, spaces and case lead to the article's own characters."""
    assert near_miss(ARTICLE, quote, "article").startswith(f"the article has {own}")


def test_the_first_difference_is_named_by_its_code_points() -> None:
    """Two apostrophes that look alike are told apart."""
    hint = near_miss(ARTICLE, "n'a pas", "article")
    assert "U+2019 right single quotation mark where the quote has U+0027 apostrophe" in hint


def test_a_quote_that_goes_wrong_half_way_is_shown_up_to_there() -> None:
    """The hint says where the quote and the text part ways."""
    hint = near_miss(ARTICLE, "n’a pas commenté cette affaire", "article")
    assert hint == "the article has «n’a pas commenté» and then «. Un cœur, un œuf : voil»"


def test_a_quote_from_elsewhere_gets_plain_advice() -> None:
    """Where nothing is alike there is nothing to show."""
    assert near_miss(ARTICLE, "xyz", "passage") == "copy it from the passage to the letter"
    assert near_miss(ARTICLE, " ", "passage") == "quote a few words of the passage"

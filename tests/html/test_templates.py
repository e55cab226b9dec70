"""Pages: what stands in a sentence is text, whatever it looks like."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from goldwire.html.templates import in_words


def test_words_between_backticks_are_code() -> None:
    """A name in a sentence is set as code on the page; its backticks are gone."""
    assert in_words("layer `step`: `a<b` left out") == (
        "layer <code>step</code>: <code>a&lt;b</code> left out"
    )


@given(st.text("`<>&\"' ab", max_size=30))
def test_no_sentence_makes_markup_of_its_own(sentence: str) -> None:
    """Whatever a sentence holds, the page shows its text, and no other tag than the code's."""
    page = str(in_words(sentence))
    assert set(re.findall(r"<[^>]*>", page)) <= {"<code>", "</code>"}
    shown = html.unescape(re.sub(r"</?code>", "`", page))
    assert shown == sentence

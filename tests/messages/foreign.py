"""How a text in another language is known."""

from __future__ import annotations

import re
from pathlib import Path

from goldwire.messages import languages, messages_in

DOCS = Path(__file__).parents[2] / "docs"
ACCENTED = re.compile("[À-ÖØ-öø-ſ]")


def words(text: str) -> set[str]:
    """Its longer words, in lower case."""
    return set(re.findall(r"[^\W\d_]{6,}", text.lower()))


def other_words() -> set[str]:
    """Words of the other catalogues that no English text of goldwire's has."""
    english = set().union(*map(words, messages_in("en").texts.values()))
    pages = DOCS.glob("*.md")
    for page in pages:
        if page.name != "annotators.md":
            english |= words(page.read_text(encoding="utf-8"))
    others = set(languages()) - {"en"}
    return (
        set().union(*(words(text) for name in others for text in messages_in(name).texts.values())) - english
    )

"""The head of a span, without a parser: the word that two readers mean when they disagree on its edges.

In French the head of a nominal group stands near its front, behind determiners, prepositions and numbers:
« l’[ambassade] américaine », « des [milices] pro-iraniennes », « 31 [roquettes] ». The head is the first word
of the span that is none of those; of « ancien président » it takes `ancien`, which is wrong, but wrong for
both readers alike. Words are runs of letters and digits with the hyphens inside them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from goldwire.model import Document, Span

_FRENCH = """
    le la les l un une des du de d ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur
    leurs au aux à en dans par pour sur sous chez vers contre entre avec sans quelques plusieurs chaque tout
    toute tous toutes aucun aucune deux trois quatre cinq six sept huit neuf dix
"""
#: Words that no head is, by language.
BEFORE: dict[str, frozenset[str]] = {"fr": frozenset(_FRENCH.split())}
_WORD = re.compile(r"\w+(?:-\w+)*")


def language_of(document: Document) -> str:
    """The first two letters of a document's language, in lower case; empty where it has none."""
    return str(document.meta.get("language") or "")[:2].lower()


def head(text: str, start: int, end: int, language: str) -> tuple[int, int]:
    """Where the head of `text[start:end]` begins and ends; the first word, or all, where none fits.

    Raises KeyError for a language that `BEFORE` lacks.
    """
    before = BEFORE[language]
    words = list(_WORD.finditer(text, start, end))
    for word in words:
        if word[0].lower() not in before and not word[0].isdigit():
            return word.span()
    return words[0].span() if words else (start, end)


def head_spans(text: str, spans: Sequence[Span], language: str) -> list[tuple[str, int, int]]:
    """Label and head of each span; several with one head and label are told apart by a longer end.

    Duplicates, the same extent and label twice, count once.
    """
    ranks: dict[tuple[str, int, int], int] = {}
    heads = []
    for label, start, end in dict.fromkeys((span.label, span.start, span.end) for span in spans):
        key = (label, *head(text, start, end, language))
        rank = ranks[key] = ranks.get(key, -1) + 1
        heads.append((key[0], key[1], key[2] + rank * (len(text) + 1)))
    return heads

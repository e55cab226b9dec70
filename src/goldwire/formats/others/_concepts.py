"""Relations between concepts of a vocabulary, as BioC and PubTator have them: kept between their mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What is told where such a relation is kept, and where a concept of it stands nowhere in the text.
KEPT = "relations between concepts, kept between the first mention of each"
UNMENTIONED = "relations between concepts that no two mentions have"
#: A mention of several concepts joins their ids.
_SEVERAL = re.compile(r"[;,|+]")


class Concepts:
    """The mentions of each concept of a document, by their ids, as they come in the text."""

    def __init__(self, mentions: Iterable[tuple[str, int, str]]) -> None:
        """Of mentions: the concept's id or several joined, where the mention begins, its own id."""
        self.mentions: dict[str, list[str]] = {}
        for concepts, _, name in sorted(mentions, key=lambda mention: mention[1]):
            for concept in {concepts, *_SEVERAL.split(concepts)}:
                self.mentions.setdefault(concept.strip(), []).append(name)

    def __contains__(self, concept: str) -> bool:
        """Whether a mention has this concept."""
        return concept in self.mentions

    def pair(self, head: str, tail: str) -> tuple[str, str] | None:
        """The first mention of each of two concepts, never one of both; None where there are no two."""
        pairs = ((a, b) for a in self.mentions.get(head, ()) for b in self.mentions.get(tail, ()) if a != b)
        return next(pairs, None)

"""Which documents a model was trained on, so that a score on them is not taken for one on unseen ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from goldwire.files import sha256
from goldwire.model import Document
from goldwire.near_duplicates import shingles
from goldwire.text import normalise

KEY = "learned_from"
#: From this Jaccard similarity of word shingles on a text is a near copy: texts of one formula stay under it.
COPY = 0.7
#: Shingle hashes kept of a text, the smallest: enough to tell a similarity to about .05 (Broder 1997).
KEPT = 128


def learned_from(documents: Iterable[Document]) -> dict[str, dict[str, str]]:
    """What a model's `meta.json` says of the texts that it was trained on: by id the SHA-256 of the
    normalised text, and the smallest hashes of its word shingles, as 16 hexadecimal digits each."""
    return {
        document.id: {"sha256": _hash(document.text), "shingles": _sketch(document.text)}
        for document in documents
    }


class LearnedFrom:
    """The texts that a model was trained on; knows none where its meta names none."""

    def __init__(self, meta: Mapping[str, Any]) -> None:
        section = meta.get("goldwire")
        listed = section.get(KEY) if isinstance(section, dict) else None
        entries = list(listed.values()) if isinstance(listed, dict) else []
        self._hashes = {str(entry["sha256"]) for entry in entries}
        self._sketches = [set(_parts(str(entry["shingles"]))) for entry in entries]
        self._by_part: dict[str, list[int]] = {}
        for number, sketch in enumerate(self._sketches):
            for part in sketch:
                self._by_part.setdefault(part, []).append(number)

    def holds(self, text: str) -> bool:
        """Whether the model was trained on this text, or on a near copy of it."""
        if not self._hashes:
            return False
        if _hash(text) in self._hashes:
            return True
        sketch = set(_parts(_sketch(text)))
        candidates = Counter(number for part in sketch for number in self._by_part.get(part, ()))
        return any(_similarity(sketch, self._sketches[number]) >= COPY for number in candidates)


def _hash(text: str) -> str:
    return sha256(" ".join(normalise(text).split()))


def _sketch(text: str) -> str:
    smallest = np.unique(shingles([normalise(text)]).hashes)[:KEPT]
    return "".join(f"{value:016x}" for value in smallest.tolist())


def _parts(sketch: str) -> list[str]:
    return [sketch[start : start + 16] for start in range(0, len(sketch), 16)]


def _similarity(a: set[str], b: set[str]) -> float:
    """The Jaccard similarity as far as the smallest hashes of both tell it."""
    smallest = sorted(a | b)[:KEPT]
    return sum(part in a and part in b for part in smallest) / len(smallest) if smallest else 0.0

"""A small English schema about ships: counts, countries, attributes that a registry gives, a condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from goldwire.files import sha256
from goldwire.model import Annotation, Article, Document, Relation, Span
from goldwire.schemas import Schema, load_schema

FLEET = Path(__file__).parent / "data/fleet"
TEXT = (
    "Fire on the Orca: 12 to 15 sailors died, the Post says. The Argo sank, more than 3 lost. Orca is back."
)


def fleet(version: str = "1.0") -> Schema:
    """The schema, with another version where one is named."""
    return replace(load_schema(FLEET / "schemas/fleet.yaml"), version=version)


def _span(name: str, layer: str, label: str, words: str, nth: int = 0, **attributes: Any) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = TEXT.index(words, start + 1)
    return Span(name, layer, label, start, start + len(words), attributes)


def accidents() -> Article:
    """One text with two accidents, each kind of attribute stated somewhere and left out somewhere."""
    spans = (
        _span("fire", "accident", "FIRE", "Fire", dead="12..15", said_by="source"),
        _span("orca", "body", "SHIP", "Orca", ship="ship.orca"),
        _span("sailors", "body", "CREW", "sailors", flag="PHL"),
        _span("post", "body", "PAPER", "Post"),
        _span("argo", "body", "SHIP", "Argo", ship="ship.argo", built="1987"),
        _span("sank", "accident", "SINKING", "sank", dead=">3", holes="2"),
        _span("again", "body", "SHIP", "Orca", 1, ship="ship.orca", flag="ISL"),
    )
    relations = (
        Relation("victim", "fire", "orca"),
        Relation("victim", "fire", "sailors"),
        Relation("source", "fire", "post"),
        Relation("victim", "sank", "argo"),
    )
    made = Annotation("log-1", "ann", "fleet@1.0", spans=spans, relations=relations, text_sha256=sha256(TEXT))
    return Article(Document("log-1", TEXT), (made,))

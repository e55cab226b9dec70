"""The POPCORN corpus of French reports, as articles: `read_popcorn() -> list[Article]`.

The file is `{document: {text, entities: [{id, type, value?, mentions: [{value, start, end}]}], relations:
[[subject, predicate, object]]}}`. Each mention becomes a span, each relation an arrow. The mentions of one
entity share an `entity_id`; a normalised `value` (a date, a number) stands on each of them. A relation joins
entities there and spans here: it goes from the first mention of its subject to the first of its object.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from goldwire.files import sha256
from goldwire.model import Annotation, Article, AttributeValue, Document, Provenance, Relation, Span

#: Where the data lies beside a checkout.
DATA = Path(__file__).parents[1] / "../shared/data/popcorn-fr/train.json"
ANNOTATOR, SCHEMA = "popcorn", "popcorn@1.0"
#: The three layers that its publication scores apart; every other type is an event.
ENTITIES = frozenset(
    (
        *("CIVILIAN", "GROUP_OF_INDIVIDUALS", "INTERGOVERNMENTAL_ORGANISATION", "MATERIEL", "MILITARY"),
        *("MILITARY_ORGANISATION", "NON_GOVERNMENTAL_ORGANISATION", "NON_MILITARY_GOVERNMENT_ORGANISATION"),
        *("PLACE", "TERRORIST_OR_CRIMINAL"),
    )
)
ATTRIBUTES = frozenset(
    (
        *("CATEGORY", "COLOR", "FIRSTNAME", "HEIGHT", "LASTNAME", "LATITUDE", "LENGTH", "LONGITUDE"),
        *("MATERIAL_REFERENCE", "NATIONALITY", "WEIGHT", "WIDTH"),
        *("QUANTITY_EXACT", "QUANTITY_FUZZY", "QUANTITY_MAX", "QUANTITY_MIN"),
        *("TIME_EXACT", "TIME_FUZZY", "TIME_MAX", "TIME_MIN"),
    )
)


def layer_of(label: str) -> str:
    """`entity`, `attribute` or `event`."""
    return "entity" if label in ENTITIES else "attribute" if label in ATTRIBUTES else "event"


def read_popcorn() -> list[Article]:
    """The reports, each with its one annotation, in the file's order; spans in reading order."""
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return [_article(name, held) for name, held in data.items()]


def _article(name: str, held: dict[str, Any]) -> Article:
    text = held["text"]
    marks: list[tuple[int, int, int, int, str, dict[str, AttributeValue]]] = []
    for entity in held["entities"]:
        attributes: dict[str, AttributeValue] = {"entity_id": f"{name}.{entity['id']}"}
        if "value" in entity:
            attributes["value"] = str(entity["value"])
        for order, mention in enumerate(entity["mentions"]):
            extent = (mention["start"], -mention["end"])
            marks.append((*extent, entity["id"], order, entity["type"], attributes))
    spans: list[Span] = []
    first: dict[int, str] = {}
    for number, (start, end, entity_id, _, label, attributes) in enumerate(
        sorted(marks, key=lambda mark: mark[:4]), start=1
    ):
        span = Span(f"m{number}", layer_of(label), label, start, -end, dict(attributes))
        first.setdefault(entity_id, span.id)
        spans.append(span)
    relations = tuple(
        Relation(predicate, first[subject], first[object_])
        for subject, predicate, object_ in held["relations"]
    )
    annotation = Annotation(
        name, ANNOTATOR, SCHEMA, "submitted", Provenance(), tuple(spans), relations, sha256(text)
    )
    return Article(Document(name, text, {"language": "fr"}), (annotation,))

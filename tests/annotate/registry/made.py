"""A project of another domain with two registries: animals, and what happens to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from goldwire.annotations.store import dumps_annotation
from goldwire.files import sha256, write_text
from goldwire.model import Annotation, AttributeValue, Provenance, Span
from goldwire.project import Project, load_project

TEXTS = {
    "monday": "Bella the bear met Rex. Rex, the wolf, was fed. The feeding of the wolf was over.",
    "friday": "Rex flew away: Rex is an eagle. The keepers fed Bella, and 🐻 Bella ate.",
    "sunday": "REX came back. Old Bella saw Otto the otter.",
}
SCHEMA = """
name: zoo
version: "1.0"
language: en
title: Zoo
registries: {animals: animals.yaml, events: events.yaml}
layers:
  animal:
    title: Animals
    labels:
      MAMMAL: {name: mammal, definition: A mammal., color: "#0072B2", hotkey: m, family: beast}
      BIRD: {name: bird, definition: A bird., color: "#D55E00", hotkey: b, family: beast}
      KEEPER: {name: keeper, definition: A person., color: "#111111", hotkey: k}
    attributes:
      which: {title: Which, kind: id, registry: animals, same_family: true}
  event:
    title: Events
    labels:
      FEEDING: {name: feeding, definition: Food is given., color: "#009E73", hotkey: f}
      FLIGHT: {name: flight, definition: One gets away., color: "#CC79A7", hotkey: l}
    attributes:
      happening: {title: Happening, kind: id, registry: events}
"""
ANIMALS = """# The zoo's animals.
- {id: a.bella, label: MAMMAL, name: Bella, names: [Bella, bear], born: 2001}  # the oldest
- id: a.rex   # there are two of them
  label: [MAMMAL, BIRD]
  name: Rex
  names:
  - Rex
  - wolf

# --- people ---
- {id: k.anna, label: KEEPER, name: "Änna", names: []}
"""
EVENTS = """- {id: 2020-feeding, label: FEEDING, name: feeding, of: a.rex}
- {id: 2020-flight, label: FLIGHT, name: flight, of: a.rex}
"""
DECISIONS = """document: monday
between: [anna, ben]
decisions:
- key: attribute animal MAMMAL 19-22 which
  kind: attribute
  decide: a
  reason: of the wolf the text speaks
  context: Bella the bear met [Rex]. Rex, the wolf
  a: a.rex
  b: a.otto
- key: '- | event FEEDING 54-61'
  kind: missed
  decide: b
  reason: a.rex is named
  context: the [feeding] of the wolf
  b: FEEDING «feeding» happening=2020-feeding
"""
OWN = """document: friday
annotator: adjudicator
schema: zoo@1.0
passages:
  - text: 'Rex flew away: Rex is an eagle.'
    animal:
      - {id: e1, label: BIRD, quote: 'Rex', which: a.rex}
"""


def spans(document: str, *marks: tuple[str, str, int, str]) -> tuple[Span, ...]:
    """Spans by label, words, which occurrence of these (from 0) and id."""
    text = TEXTS[document]
    made = []
    for number, (label, words, occurrence, name) in enumerate(marks):
        start = -1
        for _ in range(occurrence + 1):
            start = text.index(words, start + 1)
        layer, key = ("event", "happening") if label in ("FEEDING", "FLIGHT") else ("animal", "which")
        attributes: dict[str, AttributeValue] = {key: name} if name else {}
        made.append(Span(f"s{number}", layer, label, start, start + len(words), attributes))
    return tuple(made)


def annotation(document: str, annotator: str, *marks: tuple[str, str, int, str]) -> Annotation:
    """A person's submitted annotation."""
    return Annotation(
        document,
        annotator,
        "zoo@1.0",
        "submitted",
        Provenance(kind="human"),
        spans(document, *marks),
        text_sha256=sha256(TEXTS[document]),
    )


ANNA = {
    "monday": annotation(
        "monday",
        "anna",
        ("MAMMAL", "Bella", 0, "a.bella"),
        ("MAMMAL", "Rex", 0, "a.rex"),
        ("MAMMAL", "Rex", 1, "a.rex"),
        ("MAMMAL", "wolf", 0, "a.rex"),
        ("FEEDING", "feeding", 0, "2020-feeding"),
    ),
    "friday": annotation(
        "friday",
        "anna",
        ("BIRD", "Rex", 0, "a.rex"),
        ("FLIGHT", "flew", 0, "2020-flight"),
        ("MAMMAL", "Bella", 0, "a.bella"),
        ("MAMMAL", "Bella", 1, "a.bela"),
    ),
}
BEN = {
    "sunday": annotation(
        "sunday",
        "ben",
        ("BIRD", "REX", 0, "a.rex"),
        ("MAMMAL", "Bella", 0, "a.bela"),
        ("MAMMAL", "Otto", 0, "a.otto"),
        ("MAMMAL", "otter", 0, "a.otto"),
    )
}


def make_zoo(root: Path, files: Mapping[str, str] | None = None) -> Project:
    """The project, with `files` in the place of its own, by name."""
    held = {
        "goldwire.toml": '[project]\nname = "zoo"\nlanguage = "en"\nschema = "schemas/zoo.yaml"\n',
        "schemas/zoo.yaml": SCHEMA,
        "schemas/animals.yaml": ANIMALS,
        "schemas/events.yaml": EVENTS,
        "annotate/adjudication/monday.yaml": DECISIONS,
        "annotate/adjudication/friday.own.yaml": OWN,
        "annotate/drafts/ben/friday.json": dumps_annotation(
            annotation("friday", "ben", ("BIRD", "eagle", 0, "a.rex"), ("MAMMAL", "🐻", 0, "a.bela"))
        ),
        "annotate/conflicts/ben/monday.json": dumps_annotation(
            annotation("monday", "ben", ("MAMMAL", "bear", 0, "a.old"), ("MAMMAL", "Rex", 0, "a.rex"))
        ),
        "annotate/adjudication/sunday.own.json": dumps_annotation(
            annotation("sunday", "adjudicator", ("BIRD", "REX", 0, "a.rex"))
        ),
        "annotate/predictions.jsonl": '{"which": "a.rex"}\n',
    }
    for annotator, readings in (("anna", ANNA), ("ben", BEN)):
        for document, reading in readings.items():
            held[f"annotate/annotations/{annotator}/{document}.json"] = dumps_annotation(reading)
    rows = [json.dumps({"id": name, "file": f"articles/{name}.txt", "title": name}) for name in TEXTS]
    held["seeds/articles.jsonl"] = "\n".join(rows) + "\n"
    held |= {f"seeds/articles/{name}.txt": text for name, text in TEXTS.items()}
    for name, text in {**held, **(files or {})}.items():
        write_text(root / name, text)
    return load_project(root)


def contents(project: Project) -> dict[str, str]:
    """All that a project holds but its record and what is hidden, by name."""
    return {
        path.relative_to(project.root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(project.root.rglob("*"))
        if path.is_file()
        and ".goldwire" not in path.parts
        and path.name != "registry-changes.jsonl"
        and path.suffix != ".part"
    }

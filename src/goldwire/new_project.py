"""A new project: its folders, its goldwire.toml, a schema to begin with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from goldwire.errors import GoldwireError
from goldwire.files import write_text
from goldwire.folders import new_folder
from goldwire.project import CONFIG, IGNORED, Project, load_project
from goldwire.schemas import load_schema
from goldwire.schemas.label_config import guidelines, label_config
from goldwire.schemas.slugs import slug

_FOLDERS = ("seeds/articles", "annotate/annotations", "corpus", "train", "eval")
_CONFIG = """\
[project]
name = {name}
language = {language}
schema = {schema}

[corpus]
version = "0.1.0"
licence = "other"                # of the texts: an id such as cc-by-4.0
redistributable = false          # whether the texts may be published with the dataset

[train]
layer = {layer}
"""

_FRENCH = """\
# Ce que l’on marque. La forme de ce fichier : docs/schema-format.md de goldwire.
name: "{name}"
version: "1.0"
language: fr
title: {title}
guidelines:
  introduction: |
    Vous lisez un article et vous y marquez qui agit et ce qui se passe.
layers:
  entity:
    title: Acteurs et lieux
    question: Qui et quoi participe ?
    labels:
      PER: {{name: personne, definition: Une personne nommée., color: "#0072B2", hotkey: p}}
      ORG: {{name: organisation, definition: "Une organisation nommée.", color: "#D55E00", hotkey: o}}
      LOC: {{name: lieu, definition: Un lieu nommé., color: "#009E73", hotkey: l}}
  event:
    title: Événements
    question: Que se passe-t-il ?
    labels:
      EVENT:
        name: événement
        definition: L’expression la plus courte qui nomme l’événement.
        color: "#CC79A7"
        hotkey: e
    attributes:
      modality:
        title: Modalité
        kind: choice
        values:
          actual: {{title: réel}}
          planned: {{title: prévu}}
          negated: {{title: nié}}
        default: actual
relations:
  actor:
    name: acteur
    definition: Qui agit.
    head: [{{layer: event}}]
    tail: [{{layer: entity}}]
"""

_ENGLISH = """\
# What is marked. The form of this file: goldwire's docs/schema-format.md.
name: "{name}"
version: "1.0"
language: "{language}"
title: {title}
guidelines:
  introduction: |
    You read an article and mark who acts and what happens.
layers:
  entity:
    title: Actors and places
    question: Who and what takes part?
    labels:
      PER: {{name: person, definition: A named person., color: "#0072B2", hotkey: p}}
      ORG: {{name: organisation, definition: A named organisation., color: "#D55E00", hotkey: o}}
      LOC: {{name: place, definition: A named place., color: "#009E73", hotkey: l}}
  event:
    title: Events
    question: What happens?
    labels:
      EVENT:
        name: event
        definition: The shortest expression that names the event.
        color: "#CC79A7"
        hotkey: e
    attributes:
      modality:
        title: Modality
        kind: choice
        values:
          actual: {{title: actual}}
          planned: {{title: planned}}
          negated: {{title: negated}}
        default: actual
relations:
  actor:
    name: actor
    definition: Who acts.
    head: [{{layer: event}}]
    tail: [{{layer: entity}}]
"""


def starter_schema(name: str, language: str) -> str:
    """A small schema file to begin with, in French or else in English."""
    text = _FRENCH if language == "fr" else _ENGLISH
    # JSON's strings are YAML's too.
    return text.format(name=slug(name), title=json.dumps(name, ensure_ascii=False), language=language)


def make_project(
    target: Path,
    *,
    name: str,
    language: str,
    schema: str | None = None,
    fill: Callable[[Path], None] | None = None,
) -> Project:
    """A new project in the folder `target`, whole or not at all; `fill` adds to it before it is there.

    `schema` is the schema file's text (default: a small one). Raises GW367 where the folder is not empty,
    GW361 for a language that is no two-letter code or an empty name.
    """
    if not (len(language) == 2 and language.isascii() and language.islower()):
        hint = "two letters, such as fr or en"
        raise GoldwireError.of("GW361", f"`{language}` is no language", hint=hint)
    if not name.strip() or not name.isprintable():
        raise GoldwireError.of("GW361", "a project needs a name", hint="give one with --name")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        hint = "name an empty folder, or one that does not exist yet"
        raise GoldwireError.of("GW367", "the folder is not empty", where=str(target), hint=hint)
    with new_folder(target) as folder:
        _write(folder, name, language, schema or starter_schema(name, language))
        if fill is not None:
            fill(folder)
    return load_project(target)


def _write(root: Path, name: str, language: str, schema: str) -> None:
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True)
    file = f"schemas/{slug(name)}.yaml"
    write_text(root / file, schema)
    loaded = load_schema(root / file)
    quoted = {"name": name, "language": language, "schema": file, "layer": next(iter(loaded.layers))}
    texts = {key: json.dumps(value, ensure_ascii=False) for key, value in quoted.items()}
    write_text(root / CONFIG, _CONFIG.format(**texts))
    write_text(root / ".gitignore", IGNORED)
    write_text(root / "seeds/articles.jsonl", "")
    write_text(root / "annotate/label_config.xml", label_config(loaded))
    write_text(root / "annotate/guidelines.md", guidelines(loaded))

"""A project's folder, made whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from string import Template as Text
from typing import Literal, TypeAlias, get_args

from goldwire.errors import GoldwireError
from goldwire.files import write_text
from goldwire.folders import new_folder
from goldwire.messages import messages_in
from goldwire.new_project.starting_point import StartingPoint, starting_point
from goldwire.pipelines import spacy_language
from goldwire.project import CONFIG, IGNORED, Project, load_project, title_problem
from goldwire.schemas import load_schema
from goldwire.schemas.rendering.guide import GUIDE, guide_page
from goldwire.schemas.rendering.guidelines import guidelines
from goldwire.schemas.rendering.label_config import label_config
from goldwire.schemas.slugs import slug

#: events: who acts and what happens, with ids. ner: names alone. minimal: one layer with one label.
Template: TypeAlias = Literal["events", "ner", "minimal"]
TEMPLATES: tuple[Template, ...] = get_args(Template)
_RELATED = """\
# The pipeline whose parser tells how a span and what it is related to hang together; null to go without.
syntax = {syntax}
# Whether relations and attributes are learned too.
relations = true
attributes = true"""
_FOLDERS = ("seeds/articles", "annotate/annotations", "corpus", "train", "eval", ".github/workflows")
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
#: A config's file: what takes it, what it is a model of, what stands in its section [goldwire].
_RECOGNISERS = {
    "ner.cfg": ("ner", "the layer of doc.ents", "seeds = 1"),
    "layers.cfg": ("--all", "any other layer; one of its own is train/LAYER.cfg", _RELATED),
}
#: Encoders for `train/ner-transformer.cfg`: a language's own, else one of a hundred languages.
_ENCODERS = {"fr": ("camembert-base", "Camembert", 32005), "": ("xlm-roberta-base", "Xlmr", 250002)}


def make_project(
    target: Path,
    *,
    name: str,
    language: str,
    schema: str | None = None,
    template: Template = "events",
    fill: Callable[[Path], None] | None = None,
) -> Project:
    """A new project in the folder `target`, whole or not at all; `fill` adds to it before it is there.

    `schema` is the schema file's text (default: that of the `template`, in the language where goldwire has
    its words, else in English). `language` is one that spaCy cuts into words: ISO 639-1, 639-2 or 639-3, `xx`
    for any other. Raises GW367 where the folder is not empty, GW361 for a language that spaCy does not know,
    and for a name that Label Studio would refuse.
    """
    code = known_language(language)
    if problem := title_problem(name):
        hint = "give another with --name: Label Studio, whose project bears it, takes 3 to 50 characters"
        raise GoldwireError.of("GW361", f"the project's name {problem}", hint=hint)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        hint = "name an empty folder, or one that does not exist yet"
        raise GoldwireError.of("GW367", "the folder is not empty", where=str(target), hint=hint)
    start = starting_point(code)
    with new_folder(target) as folder:
        _write(folder, name, code, schema, template, start)
        if fill is not None:
            fill(folder)
    return load_project(target)


def known_language(language: str) -> str:
    """The code by which spaCy knows a language; raises GW361 where it has no rules to cut its texts by."""
    if code := spacy_language(language):
        return code
    hint = "ISO 639-1 or 639-3, such as en or deu; xx for another language that parts its words by spaces"
    raise GoldwireError.of("GW361", f"spaCy knows no language `{language}`", where="--language", hint=hint)


def starter_schema(template: Template, *, name: str, language: str) -> str:
    """A small schema file to begin with, its words in the language where goldwire has them."""
    say = messages_in(language)
    words = {key.partition(".")[2]: say(key) for key in say.texts if key.startswith("template.")}
    words |= {"name": slug(name), "title": name, "language": language}
    # JSON's strings are YAML's too.
    quoted = {key: json.dumps(value, ensure_ascii=False) for key, value in words.items()}
    return _template(f"{template}.yaml").substitute(quoted | {"head": words["head"]})


def _write(
    root: Path, name: str, language: str, schema: str | None, template: Template, start: StartingPoint
) -> None:
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True)
    file = f"schemas/{slug(name)}.yaml"
    write_text(root / file, schema or starter_schema(template, name=name, language=language))
    loaded = load_schema(root / file)
    for registry in {} if schema else loaded.registries:
        write_text(root / "schemas" / loaded.registries[registry], _registry(registry, language))
    quoted = {"name": name, "language": language, "schema": file, "layer": next(iter(loaded.layers))}
    texts = {key: json.dumps(value, ensure_ascii=False) for key, value in quoted.items()}
    write_text(root / CONFIG, _CONFIG.format(**texts))
    write_text(root / ".gitignore", IGNORED)
    write_text(root / "seeds/articles.jsonl", "")
    write_text(root / "annotate/label_config.xml", label_config(loaded))
    write_text(root / "annotate/guidelines.md", guidelines(loaded))
    write_text(root / "annotate" / GUIDE, guide_page(loaded, (root / file).parent))
    write_text(root / ".github/workflows/goldwire.yml", _template("workflow.yml").substitute())
    for config, text in configs(language, start):
        write_text(root / "train" / config, text)


def _registry(name: str, language: str) -> str:
    """An empty registry that says what belongs into it."""
    say = messages_in(language)
    return f"# {say(f'template.registry_{name}')}\n# {say('template.registry_form')}\n"


def configs(language: str, start: StartingPoint) -> Iterator[tuple[str, str]]:
    """The spaCy configs of a project by their names: recognisers that begin where `start` says, and one on a
    transformer."""
    for file, (task, what, options) in _RECOGNISERS.items():
        syntax = _name(start.pipeline if start.has_parser else "")
        text = _template("recogniser.cfg").substitute(
            what=what,
            task=task,
            language=language,
            options=options.format(syntax=syntax),
            vectors=_name(start.pipeline),
            source=_name(start.pipeline if start.has_shape else ""),
            has_vectors="true" if start.pipeline else "false",
        )
        yield file, text
    encoder, architecture, vocabulary = _ENCODERS.get(language) or _ENCODERS[""]
    text = _template("transformer.cfg").substitute(
        encoder=encoder, architecture=architecture, vocabulary=vocabulary, language=language
    )
    yield "ner-transformer.cfg", text


def _name(pipeline: str) -> str:
    return json.dumps(pipeline) if pipeline else "null"


def _template(file: str) -> Text:
    folder = resources.files("goldwire.new_project") / "templates"
    return Text((folder / file).read_text(encoding="utf-8"))

"""Ids on spans: what bears them; and those that annotators coin, unified by a file that says how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_text
from goldwire.model import Annotation, Article, AttributeValue, Span
from goldwire.schemas import Schema
from goldwire.schemas.load import typed_data
from goldwire.schemas.yaml_lines import parse_yaml


def read_ids(path: Path) -> dict[str, dict[str, str]]:
    """The file's `annotator: {coined: unified}`. Raises GW103 where it is of another form."""
    data, lines = parse_yaml(read_text(path), str(path), texts=True)
    ids, faults = typed_data(data if data is not None else {}, dict[str, dict[str, str]], lines, str(path))
    if ids is None:
        raise GoldwireError(*faults)
    return ids


def unify_ids(articles: list[Article], ids: Mapping[str, Mapping[str, str]], schema: Schema) -> list[Article]:
    """The articles with coined ids replaced, in attributes of kind id only.

    Raises GW267 for an annotator, and GW268 for a coined id, that no annotation has: a name misspelt there
    would otherwise leave ids apart in silence.
    """
    known = {annotation.annotator for article in articles for annotation in article.annotations}
    faults = [
        Fault("GW267", f"no annotation by `{name}`", "", one_of(known)) for name in ids if name not in known
    ]
    met: dict[str, set[str]] = {name: set() for name in ids}

    def renamed(span: Span, names: Mapping[str, str], used: set[str]) -> Span:
        attributes: dict[str, AttributeValue] = dict(span.attributes)
        for key, value in span.attributes.items():
            kind = schema.attributes(span.layer).get(key)
            if kind is not None and kind.kind == "id" and isinstance(value, str) and value in names:
                used.add(value)
                attributes[key] = names[value]
        return msgspec.structs.replace(span, attributes=attributes)

    def unified(annotation: Annotation) -> Annotation:
        names = ids.get(annotation.annotator)
        if not names:
            return annotation
        used = met[annotation.annotator]
        spans = tuple(renamed(span, names, used) for span in annotation.spans)
        return msgspec.structs.replace(annotation, spans=spans)

    renamed_articles = [
        msgspec.structs.replace(article, annotations=tuple(unified(a) for a in article.annotations))
        for article in articles
    ]
    for name, names in ids.items():
        for coined in names.keys() - met[name] if name in known else ():
            faults.append(Fault("GW268", f"`{name}` has coined no id `{coined}`", "", "remove the line"))
    raise_faults(faults)
    return renamed_articles


def id_attributes(schema: Schema) -> dict[str, dict[str, str]]:
    """By layer, the attributes whose values are ids of a registry, and of which."""
    return {
        layer: {name: each.registry for name, each in about.attributes.items() if each.registry}
        for layer, about in schema.layers.items()
    }


def with_ids(spans: Sequence[Span], schema: Schema, ids: Mapping[str, Mapping[str, str]]) -> tuple[Span, ...]:
    """The spans with their ids as `ids` has them, by registry the id that stands for another."""
    attributes = id_attributes(schema)

    def changed(span: Span) -> Span:
        now = {
            name: ids[registry][value]
            for name, registry in attributes.get(span.layer, {}).items()
            if isinstance(value := span.attributes.get(name), str) and value in ids.get(registry, {})
        }
        return msgspec.structs.replace(span, attributes={**span.attributes, **now}) if now else span

    return tuple(map(changed, spans))

"""An adjudicator's own marks by hand, in the format of quotes, under a new version of the schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from goldwire.annotations import rules
from goldwire.annotations.find_quote import occurrences
from goldwire.errors import GoldwireError
from goldwire.files import read_text
from goldwire.formats.quotes import place_passages, read_quotes
from goldwire.model import Annotation, AttributeValue, Document, Relation, Span
from goldwire.schemas import Schema
from goldwire.schemas.changes.migrate import MigrationOutcome, migrate
from goldwire.schemas.changes.plan import Plan
from goldwire.schemas.schema import Attribute, End, Label, Layer, RelationType, Value
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.text import normalise

_SPAN = ("id", "label", "quote", "n")


def migrated_marks(
    path: Path, plan: Plan, schema: Schema, document: Document
) -> tuple[str, Annotation, MigrationOutcome]:
    """The text of a file of own marks after the steps, what it said before, and what became of that.

    Of the file's comments those at its head stay. Raises what `read_quotes` does where its quotes do not
    stand in the article, and GW230 where it is not of the plan's source, or can't be read after the steps.
    """
    data, _ = parse_yaml(read_text(path), str(path), texts=True)
    schema_id = data.get("schema") if isinstance(data, dict) else None
    if schema_id != plan.source:
        raise GoldwireError.of(rules.SCHEMA, f"made with another schema, `{schema_id}`", where=str(path))
    before = read_quotes(path, [document], _schema_of(data, plan, schema))
    outcome = migrate(before, plan, schema, document.text)
    passages = list(_passages(data["passages"], outcome.annotation, schema, document.text))
    if faults := place_passages(passages, document, schema, source=str(path)).faults:
        raise GoldwireError(*(fault for _, fault in faults))
    head = re.match(r"(?:#[^\n]*\n|[ \t]*\n)*", read_text(path))
    rows = {**data, "schema": plan.to, "passages": passages}
    written = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=110)
    return (head[0] if head else "") + written, before, outcome


def _schema_of(data: Mapping[str, Any], plan: Plan, schema: Schema) -> Schema:
    """A schema that a file fits: the one that it was made with is gone. What leads to spans of the file and
    is a relation in the new schema, or in a step, is a relation; the rest are attributes."""
    named = {step.name for step in plan.operations if "relation" in (step.rename, step.remove, step.add)}
    named |= {name for step in plan.operations for name in step.merge or () if step.to in schema.relations}
    known = named | schema.relations.keys()
    flags = {
        name
        for layer in schema.layers.values()
        for name, attribute in layer.attributes.items()
        if attribute.kind == "flag"
    }
    layers: dict[str, Layer] = {}
    relations: set[str] = set()
    held: dict[tuple[str, str], list[Any]] = {}
    for layer, item in _items(data):
        layers.setdefault(layer, Layer(layer, {})).labels[str(item.get("label"))] = Label("", "", "#000000")
        relations |= item.keys() & known
        for key in item.keys() - known - set(_SPAN):
            held.setdefault((layer, key), []).append(item[key])
    for (layer, key), values in held.items():
        layers[layer].attributes[key] = _attribute(values, is_flag=key in flags)
    ends = [End(name) for name in layers]
    name, _, version = plan.source.rpartition("@")
    kinds = {name: RelationType("", "", ends, ends) for name in relations}
    return Schema(name, version, schema.language, "", layers, relations=kinds)


def _attribute(values: list[Any], *, is_flag: bool) -> Attribute:
    """An attribute that may have all these values."""
    if any(isinstance(each, list) for each in values):
        listed = [value for each in values for value in (each if isinstance(each, list) else [each])]
        return Attribute("", "choices", values={str(value): Value("") for value in listed})
    return Attribute("", "flag" if is_flag else "text")


def _items(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every span as it is written, with its layer; what has not the form is left to the reader."""
    for passage in data.get("passages") or ():
        for layer, items in passage.items() if isinstance(passage, dict) else ():
            for item in items if layer not in ("text", "n") and isinstance(items, list) else ():
                if isinstance(item, dict):
                    yield layer, item


def _passages(
    written: Iterable[dict[str, Any]], annotation: Annotation, schema: Schema, text: str
) -> Iterator[dict[str, Any]]:
    """The passages with the spans that they hold now; those without any are left out."""
    left = {span.id: span for span in annotation.spans}
    for passage in written:
        quote = normalise(passage["text"])
        start = occurrences(text, quote)[int(passage.get("n") or 1) - 1]
        row: dict[str, Any] = {key: passage[key] for key in ("text", "n") if key in passage}
        for layer in schema.layers:
            items = [
                _item(left.pop(span.id), quote, span.start - start, annotation.relations)
                for span in list(left.values())
                if span.layer == layer and start <= span.start and span.end <= start + len(quote)
            ]
            if items:
                row[layer] = items
        if row.keys() & schema.layers.keys():
            yield row


def _item(span: Span, passage: str, start: int, relations: Iterable[Relation]) -> dict[str, Any]:
    quote = passage[start : start + span.end - span.start]
    item: dict[str, Any] = {"id": span.id, "label": span.label, "quote": quote}
    if len(places := occurrences(passage, quote)) > 1:
        item["n"] = str(places.index(start) + 1)
    item |= {key: _written(value) for key, value in span.attributes.items()}
    for relation in relations:
        if relation.head == span.id:
            item.setdefault(relation.label, []).append(relation.tail)
    return {key: v[0] if isinstance(v, list) and len(v) == 1 else v for key, v in item.items()}


def _written(value: AttributeValue) -> str | list[str]:
    return "true" if value is True else value if isinstance(value, list) else str(value)

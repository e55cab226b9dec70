"""A schema as found in Label Studio's tasks, for an export whose config is not at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from goldwire.formats.inferred_schema import layer_of, relation_of
from goldwire.schemas.infer import UNNAMED, Names
from goldwire.schemas.label_config import FLAG, TEXT
from goldwire.schemas.schema import Attribute, AttributeKind, Layer, RelationType, Schema, Value


def fits_tasks(tasks: Iterable[Any], schema: Schema) -> bool:
    """Whether every label that these tasks use is the schema's, in a layer named like its control."""
    for item in _items(tasks):
        if item.get("type") == "labels":
            layer = schema.layers.get(str(item.get("from_name")))
            if layer is None or not set(_texts(item, "labels")) <= layer.labels.keys():
                return False
    return True


def found_in_tasks(tasks: Iterable[Any], language: str) -> tuple[Schema, Names]:
    """The schema that these tasks use, and how their controls are called in it."""
    labels: dict[str, set[str]] = {}
    regions: dict[tuple[int, str], set[str]] = {}
    relations: set[str] = set()
    named: dict[str, tuple[set[str], AttributeKind, set[str]]] = {}
    for number, task in enumerate(tasks):
        for item in _items([task]):
            if item.get("type") == "labels":
                control = str(item.get("from_name"))
                labels.setdefault(control, set()).update(_texts(item, "labels"))
                regions.setdefault((number, str(item.get("id"))), set()).add(control)
            elif item.get("type") == "relation":
                given = item.get("labels")
                relations |= {str(each) for each in given} if isinstance(given, list) and given else {UNNAMED}
        for item in _items([task]):
            if item.get("type") in ("choices", "textarea"):
                bearers, kind, values = named.get(str(item.get("from_name")), (set(), "text", set()))
                bearers |= regions.get((number, str(item.get("id"))), set())
                if item["type"] == "choices":
                    chosen = _texts(item, "choices")
                    kind = "choices" if len(chosen) > 1 or kind == "choices" else "choice"
                    values.update(chosen)
                named[str(item.get("from_name"))] = (bearers, kind, values)
    # A `-` in a layer's name would end it in `layer-attribute`.
    layers = {control: control.replace("-", "_") for control in sorted(labels)}
    names = Names(TEXT, TEXT, layers, {control: {} for control in layers})
    made: dict[str, dict[str, Attribute]] = {layer: {} for layer in layers.values()}
    for control, (bearers, kind, values) in sorted(named.items()):
        for bearer in sorted(bearers):
            bare = control.removeprefix(f"{bearer}-")
            flag = kind != "text" and values == {FLAG}
            held = {} if flag else {value: Value(value) for value in sorted(values)}
            made[layers[bearer]][bare] = Attribute(control, "flag" if flag else kind, values=held)
            names.attributes.setdefault(control, {})[layers[bearer]] = bare
    names.relations.update({label: label for label in relations})
    found: dict[str, Layer] = {
        layer: layer_of(layer, labels[control], made[layer]) for control, layer in layers.items()
    }
    kinds: dict[str, RelationType] = {label: relation_of(label, found, found) for label in sorted(relations)}
    return Schema("found", "0", language, "found", found, relations=kinds), names


def _items(tasks: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        several = task.get("annotations") if isinstance(task, dict) else None
        for annotation in several if isinstance(several, list) else ():
            result = annotation.get("result") if isinstance(annotation, dict) else None
            yield from (
                item for item in (result if isinstance(result, list) else ()) if isinstance(item, dict)
            )


def _texts(item: dict[str, Any], key: str) -> list[str]:
    value = item.get("value")
    held = value.get(key) if isinstance(value, dict) else None
    return [str(each) for each in held] if isinstance(held, list) else []

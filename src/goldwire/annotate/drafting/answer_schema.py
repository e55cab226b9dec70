"""What an answer may be, as JSON schema: the quotes format's passage with one layer, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from goldwire.errors import Fault
from goldwire.model import Span
from goldwire.schemas import Attribute, Schema

#: Items in an answer, characters of a quote and of other texts, tails of a relation: a model that repeats
#: itself comes to an end.
MOST_ITEMS, LONGEST_QUOTE, LONGEST_TEXT, MOST_TAILS = 60, 200, 300, 8
#: The keys under which a corrected item says which one it stands for, and an item a few words around its
#: quote; as `own_key` has them.
ITEM, CONTEXT = "item", "context"


#: The other keys of an item, those of the quotes format, which has no room for an attribute called so.
_KEYS = ("id", "label", "quote", "n")


def unanswerable_names(schema: Schema, layers: Sequence[str]) -> list[Fault]:
    """The attributes, relations and layers whose name is one of an answer's own keys: faults GW822."""
    hint = "rename it (docs/migration.md says how): answers have the form of the quotes format"
    named = [("layer", layer, f"$.layers.{layer}") for layer in layers if layer == "n"]
    named += [("relation", key, f"$.relations.{key}") for key in schema.relations if key in _KEYS]
    named += [
        ("attribute", key, f"$.layers.{layer}.attributes.{key}")
        for layer in layers
        for key in schema.layers[layer].attributes
        if key in _KEYS
    ]
    return [
        Fault(
            "GW822",
            f"the {kind} `{name}` is called as a key of every answer is",
            f"{schema.id} {path}",
            hint,
        )
        for kind, name, path in named
    ]


def own_key(schema: Schema, layer: str, key: str) -> str:
    """A key of ours, with `_` after it until no attribute or relation of the layer is called so."""
    taken = {*schema.layers[layer].attributes, *schema.relations_from(layer)}
    while key in taken:
        key += "_"
    return key


def answer_schema(
    schema: Schema, layer: str, known: Sequence[Span], *, correcting: int = 0
) -> dict[str, Any]:
    """The JSON schema of an answer about one layer. `known` are spans that relations may lead to.

    Labels that differ in the attributes and values they may bear make items of several kinds (`anyOf`). With
    `correcting` each item says which of so many faulty ones it corrects.
    """
    kinds = [
        _item(schema, layer, known, labels, correcting)
        for labels in _alike(asked_attributes(schema, layer), schema.labels(layer))
    ]
    item = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    items = {"type": "array", "maxItems": correcting or MOST_ITEMS, "items": item}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [layer],
        "properties": {layer: items},
    }


def _alike(attributes: Mapping[str, Attribute], labels: Sequence[str]) -> list[list[str]]:
    """The labels in groups that may bear the same attributes with the same values, in their order."""
    groups: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for label in labels:
        borne = {
            name: tuple(_values(each, label))
            for name, each in attributes.items()
            if each.bearers([label]) is None
        }
        groups.setdefault(tuple(borne.items()), []).append(label)
    return list(groups.values())


def _item(
    schema: Schema, layer: str, known: Sequence[Span], labels: list[str], correcting: int
) -> dict[str, Any]:
    """The JSON schema of an item with one of these labels, which may bear the same."""
    properties: dict[str, Any] = {}
    if correcting:
        properties[own_key(schema, layer, ITEM)] = {"type": "integer", "enum": list(range(1, correcting + 1))}
    inner = inner_relations(schema, layer)
    if inner:
        properties["id"] = {"type": "string", "maxLength": 20}
    properties["label"] = {"enum": labels}
    properties["quote"] = {"type": "string", "minLength": 1, "maxLength": LONGEST_QUOTE}
    properties["n"] = {"type": "integer", "minimum": 1, "maximum": 99}
    properties[own_key(schema, layer, CONTEXT)] = {"type": "string", "maxLength": LONGEST_TEXT}
    for name, attribute in asked_attributes(schema, layer).items():
        if attribute.bearers(labels) is None:
            properties[name] = _attribute(attribute, _values(attribute, labels[0]))
    for name, tails in tails_of(schema, layer, known).items():
        if tails:
            properties[name] = {"type": "array", "maxItems": MOST_TAILS, "items": {"enum": tails}}
    for name in inner:
        ids = {"type": "string", "maxLength": 20}
        properties[name] = {"type": "array", "maxItems": MOST_TAILS, "items": ids}
    first = [own_key(schema, layer, ITEM)] if correcting else []
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*first, "label", "quote"],
        "properties": properties,
    }


def _values(attribute: Attribute, label: str) -> list[str]:
    """The values that a span of a label may bear."""
    return [name for name, value in attribute.values.items() if value.applies_to(label)]


def _attribute(attribute: Attribute, values: list[str]) -> dict[str, Any]:
    if attribute.kind == "choice":
        return {"enum": values}
    if attribute.kind == "choices":
        return {"type": "array", "maxItems": len(values), "items": {"enum": values}}
    if attribute.kind == "flag":
        return {"type": "boolean"}
    return {"type": "string", "maxLength": 10 if attribute.kind == "date" else LONGEST_TEXT}


def asked_attributes(schema: Schema, layer: str) -> dict[str, Attribute]:
    """The attributes that are asked for: ids only where they must be there.

    Which thing a mention means is decided across articles, by a registry that no answer has room for.
    """
    return {
        name: attribute
        for name, attribute in schema.layers[layer].attributes.items()
        if attribute.kind != "id" or attribute.required
    }


def inner_relations(schema: Schema, layer: str) -> list[str]:
    """Those of them that lead back into it: their items need ids."""
    return [
        name
        for name, kind in schema.relations_from(layer).items()
        if any(end.layer == layer for end in kind.tail)
    ]


def tails_of(schema: Schema, layer: str, known: Sequence[Span]) -> Mapping[str, list[str]]:
    """For each relation that starts in a layer and leads out of it only, the ids that it may lead to."""
    inner = set(inner_relations(schema, layer))
    return {
        name: [s.id for s in known if any(end.admits(s.layer, s.label) for end in kind.tail)]
        for name, kind in schema.relations_from(layer).items()
        if name not in inner
    }


def layer_order(schema: Schema) -> list[str]:
    """The layers in the order in which they are drafted: after those that their relations lead to.

    Where they lead to each other the schema's order decides.
    """
    waiting, order = list(schema.layers), list[str]()
    while waiting:
        ready = [layer for layer in waiting if not _needs(schema, layer) & set(waiting)]
        order.append((ready or waiting)[0])
        waiting.remove(order[-1])
    return order


def _needs(schema: Schema, layer: str) -> set[str]:
    """The other layers that relations from this one lead to."""
    tails = {end.layer for kind in schema.relations_from(layer).values() for end in kind.tail}
    return tails - {layer}

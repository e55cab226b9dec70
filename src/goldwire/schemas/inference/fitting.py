"""A schema as found, with names and colours that a schema file takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from msgspec.structs import replace

from goldwire.schemas.colors import free_color
from goldwire.schemas.schema import Attribute, Label, Layer, RelationType, Schema
from goldwire.schemas.slugs import free_name, slug


@dataclass(frozen=True)
class FittedSchema:
    """A schema, and what its names were before: by layer, by (layer, label) and so on; empty for what it has
    no place for.

    `renamed` lists those that are not what they were: kind, old and new name.
    """

    schema: Schema
    layers: dict[str, str] = field(default_factory=dict)
    labels: dict[tuple[str, str], str] = field(default_factory=dict)
    attributes: dict[tuple[str, str], str] = field(default_factory=dict)
    relations: dict[str, str] = field(default_factory=dict)

    @property
    def renamed(self) -> tuple[tuple[str, str, str], ...]:
        """What had to be called otherwise."""
        pairs = [("layer", old, new) for old, new in self.layers.items()]
        pairs += [("label", old, new) for (_, old), new in self.labels.items()]
        pairs += [("attribute", old, new) for (_, old), new in self.attributes.items()]
        pairs += [("relation", old, new) for old, new in self.relations.items()]
        return tuple(pair for pair in pairs if pair[1] != pair[2])


def fitted_schema(schema: Schema, *, name: str, language: str) -> FittedSchema:
    """The schema under another name, its own names such as `load_schema` takes, its colours all different."""
    layers: dict[str, str] = {}
    labels: dict[tuple[str, str], str] = {}
    attributes: dict[tuple[str, str], str] = {}
    relations: dict[str, str] = {}
    fitted_layers: dict[str, Layer] = {}
    label_names: set[str] = set()
    for old, layer in schema.layers.items():
        layers[old] = slug(old, {*layers.values(), *label_names}, "layer")
        renamed_labels: dict[str, Label] = {}
        colors: set[str] = set()
        for key, label in layer.labels.items():
            new = labels[old, key] = free_name(_label(key), label_names)
            label_names.add(new)
            color = label.color if label.color.lower() not in colors else free_color(colors)
            colors.add(color.lower())
            renamed_labels[new] = replace(
                label, name=in_one_line(label.name), definition=in_one_line(label.definition), color=color
            )
        renamed_attributes: dict[str, Attribute] = {}
        for key, attribute in layer.attributes.items():
            if attribute.kind in ("choice", "choices") and not attribute.values:
                attributes[old, key] = ""  # only ever given as an empty list
                continue
            new = attributes[old, key] = slug(key, renamed_attributes, "attribute")
            renamed_attributes[new] = _attribute(attribute, old, labels)
        fitted_layers[layers[old]] = replace(
            layer, title=in_one_line(layer.title), labels=renamed_labels, attributes=renamed_attributes
        )
    fitted_relations: dict[str, RelationType] = {}
    for old, relation in schema.relations.items():
        new = relations[old] = slug(
            old, {*fitted_relations, *fitted_layers, *_names(fitted_layers)}, "relation"
        )
        ends = {
            side: [
                replace(
                    end,
                    layer=layers[end.layer],
                    labels=None if end.labels is None else [labels[end.layer, each] for each in end.labels],
                )
                for end in getattr(relation, side)
            ]
            for side in ("head", "tail")
        }
        texts = {"name": in_one_line(relation.name), "definition": in_one_line(relation.definition)}
        fitted_relations[new] = replace(relation, **texts, **ends)
    fit = replace(
        schema,
        name=slug(name),
        version="1.0",
        language=language,
        title=name,
        layers=fitted_layers,
        relations=fitted_relations,
    )
    return FittedSchema(fit, layers, labels, attributes, relations)


def _attribute(attribute: Attribute, layer: str, labels: dict[tuple[str, str], str]) -> Attribute:
    attribute = replace(attribute, title=in_one_line(attribute.title))
    if any(in_one_line(value) != value for value in attribute.values):
        # No config could offer such a value.
        attribute = replace(attribute, kind="text", values={})
    if attribute.labels is None:
        return attribute
    return replace(attribute, labels=[labels[layer, each] for each in attribute.labels])


def _label(key: str) -> str:
    """A label's name without what Label Studio would read as another one."""
    return in_one_line(key.replace(",", " ")) or "label"


def in_one_line(text: str) -> str:
    """A text in one line, without what does not print."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _names(layers: dict[str, Layer]) -> Collection[str]:
    return {name for layer in layers.values() for name in layer.attributes}

"""How a label config's names are those of a schema: controls, labels, choices, relations.

A config that goldwire made stores the schema's own names; any other config's are mapped by what
`schemas.from_label_config` found in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import NamedTuple

from goldwire.annotations.ids import id_attributes
from goldwire.schemas import Schema
from goldwire.schemas.names import UNNAMED, Names
from goldwire.schemas.rendering.label_config import control
from goldwire.schemas.rendering.picks import any_control, pick_control
from goldwire.schemas.schema import Attribute


class LayerNames(NamedTuple):
    """What a control that marks spans stands for: its layer, and each stored label's label."""

    layer: str
    labels: Mapping[str, str]


class AttributeNames(NamedTuple):
    """What a control stands for on spans of one layer; `values` holds each stored choice's value."""

    name: str
    attribute: Attribute
    values: Mapping[str, str]


class Naming:
    """The names of one config, looked up by what results store.

    `texts` names the objects (Text tags) whose regions are read; empty: all. `unnamed` is the relation that
    stands for one without a label.
    """

    def __init__(self, schema: Schema, names: Names | None = None) -> None:
        self.schema = schema
        #: Whether this is a config that goldwire made.
        self.own = names is None
        names = names or _own_names(schema)
        self.texts = frozenset(source.tag for source in names.texts)
        self.layers: dict[str, LayerNames] = {}
        for stored, layer in names.layers.items():
            if layer in schema.layers:
                known = schema.layers[layer].labels
                labels = names.labels.get(stored) or {label: label for label in known}
                self.layers[stored] = LayerNames(
                    layer, {old: new for old, new in labels.items() if new in known}
                )
        self.attributes: dict[str, dict[str, AttributeNames]] = {}
        for stored, by_layer in names.attributes.items():
            values = names.values.get(stored, {})
            for layer, name in by_layer.items():
                attribute = schema.layers[layer].attributes.get(name) if layer in schema.layers else None
                if attribute is not None:
                    held = {value: value for value in attribute.values} | dict(values)
                    self.attributes.setdefault(stored, {})[layer] = AttributeNames(name, attribute, held)
        self.relations = {old: new for old, new in names.relations.items() if new in schema.relations}
        self.unnamed = self.relations.get(UNNAMED)
        #: The label whose ids a control offers; empty for one of all labels.
        self.picks: dict[str, str] = {}
        for layer, each in id_attributes(schema).items() if self.own else ():
            for name in each:
                picked = {layer: AttributeNames(name, schema.layers[layer].attributes[name], {})}
                labels = {pick_control(layer, name, label): label for label in schema.labels(layer)}
                self.picks |= {any_control(layer, name): "", **labels}
                self.attributes |= dict.fromkeys(self.picks.keys() - self.attributes.keys(), picked)

    def over(self, text: str) -> Naming:
        """The same names, for the regions of one text alone."""
        narrowed = copy(self)
        narrowed.texts = frozenset((text,))
        return narrowed


def _own_names(schema: Schema) -> Names:
    """The names of a config that goldwire made: the schema's own."""
    attributes = {
        control(layer, name): {layer: name}
        for layer, each in schema.layers.items()
        for name in each.attributes
    }
    layers, relations = ({name: name for name in names} for names in (schema.layers, schema.relations))
    return Names((), layers, attributes=attributes, relations=relations)

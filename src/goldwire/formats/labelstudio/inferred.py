"""A schema as found in Label Studio's tasks, for an export whose config is not at hand."""

from __future__ import annotations

from typing import NamedTuple

from goldwire.formats.inferred_schema import inferred_layer, relation_of
from goldwire.formats.labelstudio.items import REGIONS, Item, held_of, items_of, labels_of
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.task import Task, Typed, several
from goldwire.formats.labelstudio.texts import TextFinder
from goldwire.schemas.names import UNNAMED, Names
from goldwire.schemas.rendering.label_config import FLAG
from goldwire.schemas.schema import Attribute, AttributeKind, Schema, Value


class UsedSchema(NamedTuple):
    """What tasks use: a schema, the names of their controls in it, objects whose text can't be told."""

    schema: Schema
    names: Names
    open_questions: tuple[str, ...]


class TasksSeen:
    """Takes in tasks one at a time, and says which schema they use and where their texts are.

    `controls` holds the labels that each control used.
    """

    def __init__(self) -> None:
        self.controls: dict[str, set[str]] = {}
        self.objects: dict[str, set[str]] = {}
        self.texts = TextFinder()
        self.relations: set[str] = set()
        self.choices: dict[str, set[str]] = {}
        self.bearers: dict[str, set[str]] = {}
        self.kinds: dict[str, AttributeKind] = {}
        self.alone: dict[str, set[str]] = {}

    def add(self, task: Task) -> None:
        """Take in one task."""
        results = [
            given.result if isinstance(given, Typed) else items_of(given.result)
            for given in task.annotations
            if given is not None
        ] or [items_of(held.get("result")) for held in several(task.predictions) if isinstance(held, dict)]
        self.texts.add(task.data, [items or [] for items in results])
        for items in results:
            self._result([item for item in items or [] if item is not None])

    def _result(self, items: list[Item]) -> None:
        regions: dict[str, set[str]] = {}
        for item in items:
            if item.type in REGIONS and item.from_name:
                control = item.from_name
                self.controls.setdefault(control, set()).update(labels_of(item))
                self.objects.setdefault(control, set()).add(item.to_name or "")
                regions.setdefault(str(item.id), set()).add(control)
            elif item.type == "relation":
                labels = item.labels if isinstance(item.labels, list) else []
                self.relations |= set(map(str, labels)) or {UNNAMED}
        for item in items:
            if item.type in REGIONS or item.type in ("relation", None) or not item.from_name:
                continue
            control, bearers = item.from_name, regions.get(str(item.id), set())
            held = held_of(item)
            if held is None:
                continue
            if (
                not bearers
                and item.type == "choices"
                and item.value is not None
                and type(item.value.start) is int
            ):
                self.alone.setdefault(control, set()).update(held)
                self.objects.setdefault(control, set()).add(item.to_name or "")
            self.bearers.setdefault(control, set()).update(bearers)
            self.choices.setdefault(control, set())
            if item.type in ("choices", "taxonomy"):
                several = len(held) > 1 or self.kinds.get(control) == "choices"
                self.kinds[control] = "choices" if several else "choice"
                self.choices[control].update(held)
            else:
                self.kinds.setdefault(control, "text")

    def fits(self, naming: Naming) -> bool:
        """Whether every control that marks spans is one of these names, with every label that it used."""
        return all(
            control in naming.layers and used <= naming.layers[control].labels.keys()
            for control, used in self._marking().items()
        )

    def _marking(self) -> dict[str, set[str]]:
        """The controls that mark spans, with their labels; choices do where no labels are beside them."""
        marking = dict(self.controls)
        for control, used in self.alone.items():
            if not self.bearers.get(control):
                marking[control] = used
        return marking

    def found(self, language: str) -> UsedSchema:
        """The schema that these tasks use."""
        marking = self._marking()
        # A `-` in a layer's name would end it in `layer-attribute`.
        layers: dict[str, str] = {}
        for control in sorted(marking):
            name, number = control.replace("-", "_"), 1
            while name in layers.values():
                number += 1
                name = f"{control.replace('-', '_')}_{number}"
            layers[control] = name
        sources, open_questions = self.texts.sources()
        names = Names(
            tuple(sources),
            layers,
            {control: {label: label for label in marking[control]} for control in layers},
        )
        attributes: dict[str, dict[str, Attribute]] = {layer: {} for layer in layers.values()}
        for control, kind in sorted(self.kinds.items()):
            for bearer in sorted(self.bearers[control]):
                bare = control.removeprefix(f"{bearer}-")
                flag = kind != "text" and self.choices[control] == {FLAG}
                held = {} if flag else {value: Value(value) for value in sorted(self.choices[control])}
                attributes[layers[bearer]][bare] = Attribute(control, "flag" if flag else kind, values=held)
                names.attributes.setdefault(control, {})[layers[bearer]] = bare
        names.relations.update({label: label for label in self.relations})
        held_layers = {
            layer: inferred_layer(layer, marking[control], attributes[layer])
            for control, layer in layers.items()
        }
        kinds = {label: relation_of(label, held_layers, held_layers) for label in sorted(self.relations)}
        schema = Schema("found", "0", language, "found", held_layers, relations=kinds)
        return UsedSchema(schema, names, tuple(open_questions))

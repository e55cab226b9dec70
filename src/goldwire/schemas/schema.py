"""The schema as the toolkit sees it. Its file form is described in `docs/schema-format.md`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct, field

from goldwire.schemas.names import Names
from goldwire.table import Column, Table

#: No layer's names: the text of a config, and what an adjudication adds to the layers.
RESERVED_LAYERS = ("text", "disagreement")
AttributeKind = Literal["choice", "choices", "text", "date", "id", "flag", "integer", "range", "country"]


class Quote(Struct, frozen=True, forbid_unknown_fields=True):
    """An extract with the id of the article that it is from: `sources` of the guidelines may name that."""

    text: str
    document: str


#: An extract, its span in [brackets]: from one of the project's articles, or from one that is named.
Example = str | Quote


class Counterexample(Struct, frozen=True, forbid_unknown_fields=True):
    """An extract whose [bracketed] part must not be marked so, and why."""

    text: str
    why: str
    document: str = ""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of the guidelines."""

    title: str
    text: str


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """A hard case that was met while annotating, with its decision."""

    quote: str
    decision: str
    reason: str
    document: str = ""


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """A question of a decision tree. Yes leads to one of three: a label (`mark`), further questions (`then`),
    or what to do instead (`instead`). No leads to the next question beside it."""

    ask: str
    mark: str = ""
    then: list[Question] = field(default_factory=list)
    instead: str = ""


class Word(Struct, frozen=True, forbid_unknown_fields=True):
    """Words and what each is marked as in a case: `label`, or nothing where that is empty."""

    words: list[str]
    label: str = ""
    when: str = ""


class Mark(Struct, frozen=True, forbid_unknown_fields=True):
    """What is decided of a part of a line: its label, or nothing where that is empty; why, by which rules.

    `span` is what is marked, to the letter; `attributes` are values by name, `relations` the parts that each
    leads to; `rules` are titles of rules.
    """

    span: str
    label: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    relations: dict[str, list[str]] = field(default_factory=dict)
    why: str = ""
    rules: list[str] = field(default_factory=list)


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a worked article, to the letter, and what is decided in it, in the order of the text."""

    text: str
    marks: list[Mark] = field(default_factory=list)


class Worked(Struct, frozen=True, forbid_unknown_fields=True):
    """An article gone through from its first to its last line."""

    document: str
    lines: list[Line]
    introduction: str = ""


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """One value of a choice; `labels` narrows it to spans of some labels."""

    title: str
    definition: str = ""
    examples: list[Example] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)
    labels: list[str] | None = None

    def applies_to(self, label: str) -> bool:
        """Whether a span of `label` may bear this value."""
        return self.labels is None or label in self.labels


class Attribute(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of a span besides its label. Lists of labels narrow it to some labels of its layer.

    Where `taken_from` names an attribute that holds a registry's id, an absent value means what the entry of
    that id says under this attribute's name; `by_id` holds that, and is filled when the schema is loaded.
    """

    title: str
    kind: AttributeKind
    definition: str = ""
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    default: str | None = None
    defaults: dict[str, str] = field(default_factory=dict)
    labels: list[str] | None = None
    required: bool | list[str] = False
    registry: str | None = None
    same_family: bool = False
    taken_from: str = ""
    by_id: dict[str, str] = field(default_factory=dict)

    def default_for(self, label: str, stated: Mapping[str, object] | None = None) -> str | None:
        """What an absent value means on a span of `label`; None where it means nothing.

        `stated` are the span's attributes: the registry's entry of its id comes before the label's default.
        """
        if self.by_id and stated and self.applies_to(label):
            held = stated.get(self.taken_from)
            if isinstance(held, str) and held in self.by_id:
                return self.by_id[held]
        return self.defaults.get(label, self.default)

    def applies_to(self, label: str) -> bool:
        """Whether a span of `label` may bear this attribute."""
        return self.labels is None or label in self.labels

    def bearers(self, labels: Iterable[str]) -> list[str] | None:
        """Those of a layer's `labels` that may bear it and have a value of it; None where all of them do."""
        held = list(labels)
        bearing = [
            label
            for label in held
            if self.applies_to(label)
            and (not self.values or any(value.applies_to(label) for value in self.values.values()))
        ]
        return None if bearing == held else bearing

    def required_for(self, label: str) -> bool:
        """Whether a span of `label` must bear it."""
        return self.applies_to(label) and (
            self.required if isinstance(self.required, bool) else label in self.required
        )


class Label(Struct, frozen=True, forbid_unknown_fields=True):
    """What a span of a layer can be. `arguments` says, by relation, what stands at its other end here."""

    name: str
    definition: str
    color: str
    hotkey: str = ""
    family: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    extent: str = ""
    examples: list[Example] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)


class Layer(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of marking, with its labels and attributes. `tree` is its decision tree."""

    title: str
    labels: dict[str, Label]
    question: str = ""
    tree: list[Question] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    attributes: dict[str, Attribute] = field(default_factory=dict)


class End(Struct, frozen=True, forbid_unknown_fields=True):
    """What one end of a relation may be: any span of `layer`, or only those of `labels`."""

    layer: str
    labels: list[str] | None = None

    def admits(self, layer: str, label: str) -> bool:
        """Whether a span of this layer and label may stand at this end."""
        return layer == self.layer and (self.labels is None or label in self.labels)


class RelationType(Struct, frozen=True, forbid_unknown_fields=True):
    """A relation: from a head to a tail, `min` to `max` of them for each head.

    `drawn` says from which end annotators draw the arrow; one without a role is read by it, unless it must be
    `named`. `given` names attributes of the head and their values: only a head that bears one of these values
    of each may have it.
    """

    name: str
    definition: str
    head: list[End]
    tail: list[End]
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)
    min: int = 0
    max: int | None = None
    drawn: Literal["from_head", "from_tail", "named"] = "from_head"
    given: dict[str, list[str]] = field(default_factory=dict)

    def admits(self, head: tuple[str, str], tail: tuple[str, str]) -> bool:
        """Whether spans of these layers and labels may stand at its ends."""
        return any(end.admits(*head) for end in self.head) and any(end.admits(*tail) for end in self.tail)

    def unmet(self, layer: Layer, label: str, stated: Mapping[str, object]) -> tuple[str, str]:
        """The attribute of a head in `layer` whose value is none of those given, and it; else empty."""
        for name, values in self.given.items():
            attribute = layer.attributes.get(name)
            held = stated.get(name) or (attribute.default_for(label, stated) if attribute else None)
            if not set(values) & set(held if isinstance(held, list) else [held]):
                return name, str(held)
        return "", ""


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """A further condition: `labels` need `relation` unless they bear `unless`; or the flag for word parts."""

    labels: list[str] = field(default_factory=list)
    relation: str = ""
    unless: str = ""
    word_part: str = ""


class Guidelines(Struct, frozen=True, forbid_unknown_fields=True):
    """The text for annotators that belongs to no single label. `sources` names articles by their id."""

    introduction: str = ""
    rules: list[Rule] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    worked: Worked | None = None
    sources: dict[str, str] = field(default_factory=dict)


class RegistryEntry(Struct, frozen=True):
    """One thing that mentions refer to. `label` is the label, or the list of labels, of its mentions.

    `names` are spellings that mentions have, beside the field `name`. `fields` holds what the entry says in
    one text or number, by name: attributes take defaults from it; `unplain` names what it says otherwise.
    """

    id: str
    label: str | list[str] = ""
    country: str = ""
    names: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    unplain: frozenset[str] = frozenset()

    @property
    def labels(self) -> list[str]:
        """The labels that its mentions bear; empty where the registry does not say."""
        listed = [self.label] if isinstance(self.label, str) else self.label
        return [label for label in listed if label]

    @property
    def spellings(self) -> list[str]:
        """What it may be called, its name first."""
        return list(dict.fromkeys(filter(None, [self.fields.get("name", ""), *self.names])))


class Schema(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A whole schema. `registries` maps a registry's name to its file, as a path from the schema's.

    `label_studio` keeps the names of the label config that the schema was made from, where there was one: an
    export of that project is read by it.

        >>> import goldwire
        >>> goldwire.load_schema("my-project")
        <Schema mini@0.1: thing, step>
    """

    name: str
    version: str
    language: str
    title: str
    layers: dict[str, Layer]
    description: str = ""
    guidelines: Guidelines = field(default_factory=Guidelines)
    relations: dict[str, RelationType] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    registries: dict[str, str] = field(default_factory=dict)
    label_studio: Names | None = None

    def __repr__(self) -> str:
        return f"<Schema {self.id}: {', '.join(self.layers)}>"

    def _repr_html_(self) -> str:
        """Each layer with its labels, attributes and the relations that go out from it, for a notebook."""
        rows = [
            (
                name,
                ", ".join(layer.labels),
                ", ".join(layer.attributes),
                ", ".join(
                    key for key, each in self.relations.items() if name in {e.layer for e in each.head}
                ),
            )
            for name, layer in self.layers.items()
        ]
        columns = tuple(map(Column, ("layer", "labels", "attributes", "relations")))
        return Table("layers", self.id, columns, rows)._repr_html_()

    @property
    def id(self) -> str:
        """What annotations carry: `name@version`."""
        return f"{self.name}@{self.version}"

    @cached_property
    def word_part(self) -> str:
        """The flag that allows a span to begin or end inside a word; empty where there is none."""
        return next((check.word_part for check in self.checks if check.word_part), "")

    def family(self, layer: str, label: str) -> str:
        """The label family of a label: labels of one family may name the same thing."""
        return self.layers[layer].labels[label].family or label

    def relations_from(self, layer: str) -> dict[str, RelationType]:
        """The relations that may start in a layer."""
        return {
            name: kind
            for name, kind in self.relations.items()
            if any(end.layer == layer for end in kind.head)
        }

    def layer_of(self, label: str) -> str:
        """The layer that has a label; empty where none does."""
        return next((name for name, layer in self.layers.items() if label in layer.labels), "")

    def numbered_rules(self, layer: str = "") -> list[tuple[str, Rule]]:
        """A layer's rules with their numbers: A1, A2, … in the first one; 1, 2, … for those of all layers."""
        rules = self.layers[layer].rules if layer else self.guidelines.rules
        letter = chr(ord("A") + list(self.layers).index(layer)) if layer else ""
        return [(f"{letter}{number}", rule) for number, rule in enumerate(rules, start=1)]

    def rule_numbers(self) -> dict[str, str]:
        """The number of each rule by its title; of rules with the same title, of the first."""
        numbers: dict[str, str] = {}
        for layer in ("", *self.layers):
            for number, rule in self.numbered_rules(layer):
                numbers.setdefault(rule.title, number)
        return numbers

    def attributes(self, layer: str) -> dict[str, Attribute]:
        """The attributes of a layer; none where the schema lacks it."""
        return self.layers[layer].attributes if layer in self.layers else {}

    def labels(self, layer: str) -> list[str]:
        """The labels of a layer, in the schema's order."""
        return list(self.layers[layer].labels)

"""A schema from a Label Studio config: layers, attributes and relations as far as a schema can say them."""

from __future__ import annotations

import colorsys
import re
import unicodedata
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import yaml
from msgspec import Struct, field

from goldwire import strict_xml
from goldwire.errors import GoldwireError, raise_faults
from goldwire.schemas.load import convert, schema_faults
from goldwire.schemas.schema import Schema

# Tags that only arrange the page.
_LAYOUT = frozenset({"View", "Style", "Header", "Collapse", "Panel", "Relations", "Relation", "Filter"})
# Colours that stay apart for colour-blind eyes (Okabe and Ito), for labels that lack a usable one.
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999")
#: What a relation without a label is called.
UNNAMED = "related"


class Names(Struct, frozen=True):
    """How the names that a config stores are called in the schema; by control where they belong to one.

    `text_tag` is the Text tag, `text_key` the task's field that it shows. An attribute of several layers has
    one control: `attributes` gives its name by control and layer.
    """

    text_tag: str
    text_key: str
    layers: dict[str, str] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    relations: dict[str, str] = field(default_factory=dict)


class Renamed(Struct, frozen=True):
    """Something that a schema has to call otherwise than the config, or give another look."""

    kind: str
    old: str
    new: str


class Left(Struct, frozen=True):
    """A tag of the config that a schema can't express, and why."""

    tag: str
    name: str
    why: str


class Inferred(Struct, frozen=True):
    """A schema as plain data, how its names came about, and what it does not hold of the config."""

    data: dict[str, Any]
    names: Names
    renamed: tuple[Renamed, ...]
    left: tuple[Left, ...]

    def yaml(self) -> str:
        """The schema file's text."""
        head = f"# The schema {self.data['name']}, made from a Label Studio config. Its form: goldwire's "
        dumped = yaml.safe_dump(self.data, allow_unicode=True, sort_keys=False, width=110)
        return f"{head}docs/schema-format.md.\n{dumped}"


def infer(config: str, *, name: str, language: str, unnamed: bool = False, where: str = "") -> Inferred:
    """The schema of a config over one Text tag; `unnamed` adds a relation for relations without a label.

    Raises GW121 where the config is not XML, GW122 where no `<Labels>` marks a `<Text>`.
    """
    try:
        root = strict_xml.parse(config)
    except (ET.ParseError, ValueError) as error:
        hint = "the file holds a Label Studio labelling configuration"
        raise GoldwireError.of("GW121", f"not XML: {error}", where=where, hint=hint) from None
    return _Reader(root, where).read(name, language, unnamed)


def check_language(code: str) -> None:
    """Raise GW124 for a language that spaCy, which cuts texts into tokens, does not know."""
    found = find_spec("spacy")  # without importing it
    folders = found.submodule_search_locations if found else None
    known = {path.name for root in folders or () for path in (Path(root) / "lang").iterdir() if path.is_dir()}
    if code.startswith("_") or code not in known:
        hint = "an ISO 639-1 code such as fr, en, de; `xx` for a language that is not among them"
        raise GoldwireError.of("GW124", f"spaCy knows no language `{code}`", where="--language", hint=hint)


def schema_of(found: Inferred, where: str = "") -> Schema:
    """What was inferred, as the toolkit sees a schema, with the checks that `load_schema` makes."""
    schema, faults = convert(found.data, Schema, {}, where)
    if schema is None:
        raise GoldwireError(*faults)
    raise_faults(schema_faults(schema, where))
    return schema


def slug(name: str, taken: Iterable[str] = (), empty: str = "x") -> str:
    """`name` in lower-case letters, digits and `_`, with a number where that is taken."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    made = re.sub(r"[^a-z0-9]+", "_", bare.lower()).strip("_") or empty
    made = made if made[0].isalpha() else f"{empty}_{made}"
    return _free(made, taken)


def _free(name: str, taken: Iterable[str]) -> str:
    held = set(taken)
    found, number = name, 1
    while found in held:
        number += 1
        found = f"{name}_{number}"
    return found


class _Reader:
    """One pass over one config."""

    def __init__(self, root: ET.Element, where: str) -> None:
        self.root, self.where = root, where
        self.parents = {child: parent for parent in root.iter() for child in parent}
        self.renamed: list[Renamed] = []
        self.left: list[Left] = []
        self.layers: dict[str, Any] = {}
        self.taken: set[str] = set()
        self.keys: set[str] = set()
        self.hotkeys: set[str] = set()

    def read(self, name: str, language: str, unnamed: bool) -> Inferred:
        text = self.text()
        value = text.get("value", "")
        self.names = Names(text.get("name", ""), value.removeprefix("$"))
        for kind in ("valueType", "encoding"):
            if text.get(kind, "text") not in ("text", "none"):
                self.leave(text, f"{kind} `{text.get(kind)}`: the task does not hold the text itself")
        for element in self.root.iter("Labels"):
            if element.get("toName") == self.names.text_tag:
                self.layer(element)
        relations = self.relations(unnamed)
        for element in self.root.iter():
            self.other(element, text)
        data: dict[str, Any] = {"name": name, "version": "1.0", "language": language, "title": name}
        data["layers"] = self.layers
        if relations:
            data["relations"] = relations
        return Inferred(data, self.names, tuple(self.renamed), tuple(self.left))

    def text(self) -> ET.Element:
        """The first Text that has labels; raises GW122 where there is none."""
        marked = [labels.get("toName") for labels in self.root.iter("Labels") if self.stored(labels, "Label")]
        for element in self.root.iter("Text"):
            if element.get("name") in marked and element.get("value", "").startswith("$"):
                return element
        hint = 'a schema needs at least <Labels> with a <Label> over a <Text value="$…">'
        raise GoldwireError.of("GW122", "no labels that mark a text", where=self.where, hint=hint)

    def leave(self, element: ET.Element, why: str) -> None:
        self.left.append(Left(element.tag, element.get("name") or element.get("value") or "", why))

    def rename(self, kind: str, old: str, new: str) -> str:
        if old != new:
            self.renamed.append(Renamed(kind, old, new))
        return new

    @staticmethod
    def stored(element: ET.Element, tag: str) -> list[tuple[str, ET.Element]]:
        """What results call the labels or choices of a control, each once, with its element."""
        found = {child.get("alias") or child.get("value") or "": child for child in element.iter(tag)}
        return [(key, child) for key, child in found.items() if key]

    def layer(self, element: ET.Element) -> None:
        control = element.get("name", "")
        labels = self.stored(element, "Label")
        if not labels or control in self.names.layers:
            return self.leave(
                element, "labels from the task's data" if not labels else "its name stands twice"
            )
        name = self.rename("layer", control, slug(control, self.taken, "layer"))
        self.taken.add(name)
        self.names.layers[control] = name
        keys = self.names.labels[control] = {}
        made: dict[str, Any] = {}
        colors: set[str] = set()
        for stored, label in labels:
            # A comma would end a label's name in `whenLabelValue`, a space its name in tables of tokens.
            key = re.sub(r"[\s,]+", "_", stored.strip()).strip("_") or "label"
            key = self.rename("label", stored, _free(key, self.keys))
            self.keys.add(key)
            keys[stored] = key
            shown = label.get("value") or stored
            about = {
                "name": shown,
                "definition": label.get("hint") or shown,
                "color": self.color(label, colors),
            }
            colors.add(about["color"].lower())
            if hotkey := self.hotkey(label):
                about["hotkey"] = hotkey
            made[key] = about
        self.layers[name] = {"title": element.get("title") or control, "labels": made}
        return None

    def color(self, label: ET.Element, taken: set[str]) -> str:
        given = label.get("background", "")
        color = f"#{''.join(2 * c for c in given[1:])}" if re.fullmatch("#[0-9a-fA-F]{3}", given) else given
        if not re.fullmatch("#[0-9a-fA-F]{6}", color) or color.lower() in taken:
            color = next(c for c in _colors() if c.lower() not in taken)
            if given:
                self.rename("colour", f"{given} of {label.get('value')}", color)
        return color

    def hotkey(self, label: ET.Element) -> str:
        given = label.get("hotkey", "")
        key = given.lower()
        if not given or (re.fullmatch(r"(shift\+)?[a-z0-9]", key) and key not in self.hotkeys):
            self.hotkeys.add(key)
            return key
        self.rename("hotkey", f"{given} of {label.get('value')}", "")
        return ""

    def relations(self, unnamed: bool) -> dict[str, Any]:
        ends = [{"layer": name} for name in self.layers]
        made: dict[str, Any] = {}
        stored = [e.get("value", "") for e in self.root.iter("Relation") if e.get("value")]
        for key in [*dict.fromkeys(stored), *([UNNAMED] if unnamed and UNNAMED not in stored else [])]:
            name = self.rename("relation", key, slug(key, self.taken, "relation"))
            self.taken.add(name)
            self.names.relations[key] = name
            made[name] = {"name": key, "definition": key, "head": ends, "tail": ends}
        return made

    def other(self, element: ET.Element, text: ET.Element) -> None:
        """Attributes; all else that annotators fill in or see is told."""
        tag = element.tag
        if tag in _LAYOUT or element is text or tag == "Label" or tag == "Choice":
            return
        if tag == "Labels":
            if element.get("toName") != self.names.text_tag:
                self.leave(element, f"it marks `{element.get('toName')}`, not the text")
        elif tag not in ("Choices", "TextArea"):
            self.leave(element, "only shown" if tag in ("Text", "HyperText") else "no such thing in a schema")
        elif element.get("toName") != self.names.text_tag:
            self.leave(element, f"it is asked of `{element.get('toName')}`, not of the text")
        elif element.get("perRegion") != "true":
            self.leave(element, "asked of the whole document; attributes belong to spans")
        elif tag == "Choices" and not self.stored(element, "Choice"):
            self.leave(element, "choices from the task's data")
        elif element.get("name", "") in self.names.attributes:
            self.leave(element, "its name stands twice")
        else:
            self.attribute(element)

    def attribute(self, element: ET.Element) -> None:
        control = element.get("name", "")
        tags, wanted = self.conditions(element)
        layers = {own: name for own, name in self.names.layers.items() if not tags or own in tags}
        # Named `layer-attribute`, as goldwire's own configs are, it keeps its bare name.
        bare = control
        for own in layers:
            bare = bare.removeprefix(f"{own}-") if len(layers) == 1 else bare
        held = {key for layer in layers.values() for key in self.layers[layer].get("attributes", ())}
        name = self.rename("attribute", control, slug(bare, self.taken | held, "attribute"))
        about: dict[str, Any] = {"title": element.get("title") or control, "kind": "text"}
        if element.tag == "Choices":
            about["kind"] = "choices" if element.get("choice") == "multiple" else "choice"
            about["values"] = self.choices(element, control)
        if element.get("required") == "true":
            about["required"] = True
        by_layer: dict[str, str] = {}
        for own, layer in layers.items():
            keys = self.names.labels[own]
            labels = [keys[label] for label in wanted if label in keys]
            if wanted and not labels:
                continue
            narrowed = {"labels": labels} if wanted else {}
            self.layers[layer].setdefault("attributes", {})[name] = {**about, **narrowed}
            by_layer[layer] = name
        if by_layer:
            self.names.attributes[control] = by_layer
        else:
            self.leave(element, "its conditions name no label of the text")

    def choices(self, element: ET.Element, control: str) -> dict[str, Any]:
        keys = self.names.values[control] = {}
        made: dict[str, Any] = {}
        for stored, choice in self.stored(element, "Choice"):
            key = self.rename("value", stored, _free(stored.strip(), made))
            keys[stored] = key
            shown = {"title": choice.get("value") or stored}
            made[key] = {**shown, "definition": choice.get("hint")} if choice.get("hint") else shown
            if any(child.tag == "Choice" for child in choice.iter() if child is not choice):
                self.leave(choice, "choices inside a choice are listed side by side")
        return made

    def conditions(self, element: ET.Element) -> tuple[set[str], list[str]]:
        """The controls and labels that an attribute is asked for; empty where it is asked for all."""
        tags: set[str] = set()
        labels: list[str] = []
        here: ET.Element | None = element
        while here is not None:
            named = _listed(here.get("whenTagName", ""))
            tags |= {name for name in named if name in self.names.layers}
            labels = labels or list(_listed(here.get("whenLabelValue", "")))
            if here.get("whenChoiceValue") or here.get("visibleWhen") in (
                "choice-selected",
                "no-region-selected",
            ):
                self.leave(element, "asked for all spans: that it depends on a choice can't be said")
            here = self.parents.get(here)
        return tags, labels


def _listed(names: str) -> Iterator[str]:
    yield from filter(None, (name.strip() for name in names.split(",")))


def _colors() -> Iterator[str]:
    """The palette, then hues that keep apart (steps of the golden angle)."""
    yield from _PALETTE
    for number in range(10_000):
        level = 0.35 + 0.1 * (number // 40 % 4)
        parts = colorsys.hls_to_rgb(number * 0.618034 % 1, level, 0.6)
        yield "#" + "".join(f"{round(255 * part):02X}" for part in parts)

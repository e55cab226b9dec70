"""A schema from a Label Studio config: layers, attributes and relations as far as a schema can say them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from goldwire import strict_xml
from goldwire.errors import GoldwireError
from goldwire.schemas.colors import as_hex, free_color
from goldwire.schemas.inference.inferred import FROM_DATA, Inferred, Left, Renamed
from goldwire.schemas.names import UNNAMED, Names, TextSource
from goldwire.schemas.rendering.keys import IDS
from goldwire.schemas.rendering.picks import remove_picks
from goldwire.schemas.schema import RESERVED_LAYERS
from goldwire.schemas.slugs import free_name, slug

# Tags that only arrange the page.
_LAYOUT = frozenset({"View", "Style", "Header", "Collapse", "Panel", "Relations", "Relation", "Filter"})
#: Objects that hold a text, and the controls that mark it.
_OBJECTS = {"Text": "Labels", "HyperText": "HyperTextLabels", "Paragraphs": "ParagraphLabels"}
_LABELS = ("Labels", "HyperTextLabels", "ParagraphLabels")
#: Controls whose answer about a region is kept as a text.
_FIGURES = ("TextArea", "Rating", "Number", "DateTime")
#: Label Studio's front end takes tags in any case.
_TAGS = {
    tag.lower(): tag
    for tag in (*_LAYOUT, *_OBJECTS, *_LABELS, *_FIGURES, "Choices", "Choice", "Label", "Taxonomy")
}


def infer(
    config: str,
    *,
    name: str,
    language: str,
    unnamed: bool = False,
    labels: Mapping[str, Collection[str]] | None = None,
    where: str = "",
) -> Inferred:
    """The schema of a config over texts.

    `unnamed` adds a relation for those without a label, as a config without relations does. `labels` are
    those that tasks use of controls which take their labels from the task's data. Raises GW121 where the
    config is not XML, GW122 where no labels mark a text.
    """
    try:
        root = strict_xml.parse(config)
    except (ET.ParseError, ValueError) as error:
        hint = "the file holds a Label Studio labelling configuration"
        raise GoldwireError.of("GW121", f"not XML: {error}", where=where, hint=hint) from None
    return _ConfigReader(root, where, labels or {}).read(name, language, unnamed)


class _ConfigReader:
    """One pass over one config."""

    def __init__(self, root: ET.Element, where: str, dynamic: Mapping[str, Collection[str]]) -> None:
        self.root, self.where, self.dynamic = root, where, dynamic
        # Ids that goldwire let people pick are values of the field for typing them.
        self.pickers = {e.get("name", ""): e.get(IDS, "") for e in root.iter("Choices") if e.get(IDS)}
        remove_picks(root)
        for element in root.iter():
            element.tag = _TAGS.get(str(element.tag).lower(), element.tag)
        self.parents = {child: parent for parent in root.iter() for child in parent}
        self.renamed: list[Renamed] = []
        self.left: list[Left] = []
        self.layers: dict[str, Any] = {}
        self.taken: set[str] = set()
        self.keys: set[str] = set()
        self.hotkeys: set[str] = set()

    def read(self, name: str, language: str, unnamed: bool) -> Inferred:
        texts = self.texts()
        self.tags = {source.tag for source in texts}
        self.names = Names(tuple(texts))
        for element in self.root.iter():
            if element.tag in _LABELS and self.marks(element):
                self.layer(element, "Label")
        if not self.layers:
            for element in self.regions():
                self.layer(element, "Choice")
        relations = self.relations(unnamed)
        for element in self.root.iter():
            self.other(element)
        for picker, typed in self.pickers.items():
            if typed in self.names.attributes:
                self.names.attributes[picker] = self.names.attributes[typed]
        data: dict[str, Any] = {"name": name, "version": "1.0", "language": language, "title": name}
        data["layers"] = self.layers
        if relations:
            data["relations"] = relations
        data["label_studio"] = msgspec.to_builtins(self.names)
        return Inferred(data, self.names, tuple(self.renamed), tuple(self.left))

    def marks(self, element: ET.Element) -> bool:
        """Whether a control is of one of the texts."""
        return not self.tags.isdisjoint(_listed(element.get("toName", "")))

    def regions(self) -> list[ET.Element]:
        """Choices that are asked of regions: where no labels are, they alone mark a text."""
        choices = self.root.iter("Choices")
        return [each for each in choices if each.get("perRegion") == "true" and self.stored(each, "Choice")]

    def texts(self) -> list[TextSource]:
        """The objects whose text labels mark; raises GW122 where there is none."""
        marking = [
            element
            for element in self.root.iter()
            if element.tag in _LABELS
            and (self.stored(element, "Label") or element.get("name") in self.dynamic or element.get("value"))
        ]
        marked = {name for each in marking or self.regions() for name in _listed(each.get("toName", ""))}
        sources = [
            self.source(element)
            for element in self.root.iter()
            if element.tag in _OBJECTS
            and element.get("name") in marked
            and element.get("value", "").startswith("$")
        ]
        if not sources:
            others = sorted({f"<{e.tag}>" for e in self.root.iter() if e.get("name") in marked})
            what = f"labels mark {', '.join(others)}" if others else "no labels that mark a text"
            hint = 'a schema needs at least <Labels> with a <Label> over a <Text value="$…">'
            raise GoldwireError.of("GW122", what, where=self.where, hint=hint)
        return sources

    def source(self, element: ET.Element) -> TextSource:
        """Where the text of an object is; what stands in the way is told."""
        problem = ""
        for kind in ("valueType", "encoding"):
            encoding = element.get(kind, "text")
            if encoding not in ("text", "none"):
                problem = f"{kind} `{encoding}`: the task does not hold the text itself"
                self.leave(element, problem)
        return TextSource(
            element.get("name", ""),
            element.get("value", "").removeprefix("$"),
            element.tag,
            element.get("textKey") or element.get("textkey") or "text",
            element.get("nameKey") or element.get("namekey") or "author",
            problem,
        )

    def leave(self, element: ET.Element, why: str) -> None:
        self.left.append(Left(element.tag, element.get("name") or element.get("value") or "", why))

    def rename(self, kind: str, old: str, new: str) -> str:
        if old != new:
            self.renamed.append(Renamed(kind, old, new))
        return new

    @staticmethod
    def stored(element: ET.Element, tag: str) -> list[tuple[str, ET.Element]]:
        """What results call the labels or choices of a control, each once, with its element."""
        elements = {child.get("alias") or child.get("value") or "": child for child in element.iter(tag)}
        return [(key, child) for key, child in elements.items() if key]

    def layer(self, element: ET.Element, tag: str) -> None:
        control = element.get("name", "")
        labels = self.stored(element, tag)
        stored_labels = {stored for stored, _ in labels}
        further = (
            sorted(set(self.dynamic.get(control, ())) - stored_labels)
            if not labels or element.get("value")
            else []
        )
        if labels and element.get("value") and control not in self.dynamic:
            self.leave(element, FROM_DATA)
        labels += [(label, ET.Element("Label", value=label)) for label in further]
        if not labels or control in self.names.layers:
            return self.leave(element, FROM_DATA if not labels else "its name stands twice")
        name = self.rename("layer", control, slug(control, self.taken.union(RESERVED_LAYERS), "layer"))
        self.taken.add(name)
        self.names.layers[control] = name
        keys = self.names.labels[control] = {}
        labels_by_key: dict[str, Any] = {}
        colors: set[str] = set()
        for stored, label in labels:
            # A comma would end a label's name in `whenLabelValue`, a space its name in tables of tokens.
            key = re.sub(r"[\s,]+", "_", stored.strip()).strip("_") or "label"
            key = self.rename("label", stored, free_name(key, self.keys))
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
            labels_by_key[key] = about
        self.layers[name] = {"title": element.get("title") or control, "labels": labels_by_key}
        return None

    def color(self, label: ET.Element, taken: set[str]) -> str:
        stated = label.get("background", "")
        color = as_hex(stated)
        if color is None or color.lower() in taken:
            color = free_color(taken)
            if stated:
                self.rename("colour", f"{stated} of {label.get('value')}", color)
        return color

    def hotkey(self, label: ET.Element) -> str:
        stated = label.get("hotkey", "")
        key = stated.lower()
        if not stated or (re.fullmatch(r"(shift\+)?[a-z0-9]", key) and key not in self.hotkeys):
            self.hotkeys.add(key)
            return key
        self.rename("hotkey", f"{stated} of {label.get('value')}", "")
        return ""

    def relations(self, unnamed: bool) -> dict[str, Any]:
        ends = [{"layer": name} for name in self.layers]
        relations: dict[str, Any] = {}
        stored = [e.get("value", "") for e in self.root.iter("Relation") if e.get("value")]
        # A config without <Relation> tags lets people draw relations all the same, without a label.
        further = [UNNAMED] if (unnamed or not stored) and UNNAMED not in stored else []
        for key in [*dict.fromkeys(stored), *further]:
            name = self.rename("relation", key, slug(key, self.taken, "relation"))
            self.taken.add(name)
            self.names.relations[key] = name
            relations[name] = {"name": key, "definition": key, "head": ends, "tail": ends}
        return relations

    def other(self, element: ET.Element) -> None:
        """Attributes; all else that annotators fill in or see is told."""
        tag, name = element.tag, element.get("name", "")
        if tag in _LAYOUT or tag in ("Label", "Choice") or name in self.names.layers or name in self.tags:
            return
        if tag in _LABELS:
            if not self.marks(element):
                self.leave(element, f"it marks `{element.get('toName')}`, not the text")
        elif tag not in ("Choices", "Taxonomy", *_FIGURES):
            self.leave(element, "only shown" if tag in _OBJECTS else "no such thing in a schema")
        elif not self.marks(element):
            self.leave(element, f"it is asked of `{element.get('toName')}`, not of the text")
        elif element.get("perRegion") != "true":
            self.leave(element, "asked of the whole document; attributes belong to spans")
        elif tag in ("Choices", "Taxonomy") and not self.stored(element, "Choice"):
            self.leave(element, "choices from the task's data")
        elif name in self.names.attributes:
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
        taken_keys = {key for layer in layers.values() for key in self.layers[layer].get("attributes", ())}
        name = self.rename("attribute", control, slug(bare, self.taken | taken_keys, "attribute"))
        about: dict[str, Any] = {"title": element.get("title") or control, "kind": "text"}
        if element.tag == "Choices":
            about["kind"] = "choices" if element.get("choice") == "multiple" else "choice"
            about["values"] = self.choices(element, control)
        elif element.tag == "Taxonomy":
            paths = {path: path for path in _paths(element)}
            about |= {"kind": "choices", "values": {path: {"title": path} for path in paths}}
            self.names.values[control] = paths
        if element.get("required") == "true":
            about["required"] = True
        by_layer: dict[str, str] = {}
        for own, layer in layers.items():
            keys = self.names.labels[own]
            labels = [keys[label] for label in wanted if label in keys]
            if wanted and not labels:
                continue
            # All of a layer's labels are no narrowing: a control that must be filled in names them.
            narrowed = {"labels": labels} if wanted and set(labels) < set(keys.values()) else {}
            self.layers[layer].setdefault("attributes", {})[name] = {**about, **narrowed}
            by_layer[layer] = name
        if by_layer:
            self.names.attributes[control] = by_layer
        else:
            self.leave(element, "its conditions name no label of the text")

    def choices(self, element: ET.Element, control: str) -> dict[str, Any]:
        keys = self.names.values[control] = {}
        values: dict[str, Any] = {}
        for stored, choice in self.stored(element, "Choice"):
            key = self.rename("value", stored, free_name(stored.strip(), values))
            keys[stored] = key
            shown = {"title": choice.get("value") or stored}
            values[key] = {**shown, "definition": choice.get("hint")} if choice.get("hint") else shown
            if labels := self.labels_of(choice, element):
                values[key]["labels"] = labels
            if any(child.tag == "Choice" for child in choice.iter() if child is not choice):
                self.leave(choice, "choices inside a choice are listed side by side")
        return values

    def labels_of(self, choice: ET.Element, element: ET.Element) -> list[str]:
        """The labels that an option is shown for, by the views around it inside its control."""
        here = self.parents.get(choice)
        while here is not None and here is not element:
            if named := list(_listed(here.get("whenLabelValue", ""))):
                tag = here.get("whenTagName", "")
                known = self.names.labels
                keys = known.get(tag) or {k: v for each in known.values() for k, v in each.items()}
                return [keys[label] for label in named if label in keys]
            here = self.parents.get(here)
        return []

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


def _paths(element: ET.Element, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The places in a taxonomy, each with those above it."""
    for child in element:
        if child.tag == "Choice" and (name := child.get("alias") or child.get("value")):
            yield " / ".join((*above, name))
            yield from _paths(child, (*above, name))


def _listed(names: str) -> Iterator[str]:
    yield from filter(None, (name.strip() for name in names.split(",")))

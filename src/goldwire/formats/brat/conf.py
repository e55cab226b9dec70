"""brat's `annotation.conf` and `visual.conf`, made from a schema, and what a reader takes from the first.

brat allows letters, digits, `_` and `-` in names; others are escaped, `visual.conf` shows them plain. A label
that two layers have is `layer--label`. Layers are headings (`!layer`) over their labels. The first line, a
comment, keeps the schema's id, the annotator and which attribute each registry's references belong to.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from goldwire import strict_json
from goldwire.formats._escape import escape, unescape
from goldwire.schemas.schema import End, RelationType, Schema

_HEAD = "# goldwire "


@dataclass(frozen=True)
class BratNames:
    """What a schema's parts are called in brat."""

    schema: Schema

    @cached_property
    def event_layers(self) -> frozenset[str]:
        """Layers whose spans are written as events: their relations are roles.

        Those that relations start from, and none of these ends in the same layer.
        """
        heads = {end.layer for each in self.schema.relations.values() for end in each.head}
        inner = {
            end.layer
            for each in self.schema.relations.values()
            for end in each.head
            if any(tail.layer == end.layer for tail in each.tail)
        }
        return frozenset(heads - inner)

    @cached_property
    def _twice(self) -> frozenset[str]:
        counts = Counter(label for layer in self.schema.layers.values() for label in layer.labels)
        return frozenset(label for label, number in counts.items() if number > 1)

    def type(self, layer: str, label: str) -> str:
        """A label's type."""
        return f"{escape(layer)}--{escape(label)}" if label in self._twice else escape(label)

    def role(self, relation: str) -> str:
        """A relation's name; brat numbers roles, so that none may end in a digit."""
        name = escape(relation)
        return f"{name[:-1]}X{ord(name[-1]):x}X" if name[-1].isdigit() else name

    def types(self, ends: list[End]) -> list[str]:
        """The types that an end of a relation may have."""
        return [
            self.type(end.layer, label)
            for end in ends
            if end.layer in self.schema.layers
            for label in self.schema.layers[end.layer].labels
            if end.admits(end.layer, label)
        ]

    @cached_property
    def references(self) -> dict[str, dict[str, str]]:
        """By layer and registry the one attribute whose values are ids of that registry."""
        arguments: dict[str, dict[str, str]] = {}
        for name, layer in self.schema.layers.items():
            used = Counter(a.registry for a in layer.attributes.values() if a.registry)
            for key, attribute in layer.attributes.items():
                if attribute.registry and used[attribute.registry] == 1:
                    arguments.setdefault(name, {})[attribute.registry] = key
        return arguments


def annotation_conf(names: BratNames, annotator: str) -> str:
    """The text of `annotation.conf`."""
    schema = names.schema
    head = {"schema": schema.id, "annotator": annotator, "references": names.references}
    lines = [_HEAD + json.dumps(head, ensure_ascii=True)]
    for section, wanted in (("entities", False), ("events", True)):
        lines += ["", f"[{section}]"]
        for layer, about in schema.layers.items():
            if (layer in names.event_layers) is wanted:
                lines.append(f"!{escape(layer)}")
                for label in about.labels:
                    roles = ", ".join(_roles(names, layer, label)) if wanted else ""
                    lines.append(f"\t{names.type(layer, label)}" + (f"\t{roles}" if roles else ""))
    lines += ["", "[relations]", "<OVERLAP>\tArg1:<ANY>, Arg2:<ANY>, <OVL-TYPE>:<ANY>"]
    for name, relation in schema.relations.items():
        heads = names.types([end for end in relation.head if end.layer not in names.event_layers])
        if heads:
            ends = f"Arg1:{'|'.join(heads)}, Arg2:{'|'.join(names.types(relation.tail))}"
            lines.append(f"{names.role(name)}\t{ends}")
    lines += ["", "[attributes]", *_attributes(names)]
    return "\n".join(lines) + "\n"


def _roles(names: BratNames, layer: str, label: str) -> Iterator[str]:
    for name, relation in names.schema.relations.items():
        if any(end.admits(layer, label) for end in relation.head) and (tails := names.types(relation.tail)):
            yield f"{names.role(name)}{_number(relation)}:{'|'.join(tails)}"


def _number(relation: RelationType) -> str:
    """How often a role may stand, as brat says it: once, `?`, `*`, `+`."""
    if relation.max == 1:
        return "" if relation.min else "?"
    return "+" if relation.min else "*"


def value_name(value: str) -> str:
    """A choice's value as one word."""
    return escape(value, "A-Za-z0-9_.-")


def _attributes(names: BratNames) -> Iterator[str]:
    lines: dict[str, tuple[list[str], list[str]]] = {}
    for layer, about in names.schema.layers.items():
        for key, attribute in about.attributes.items():
            if attribute.kind in ("flag", "choice"):
                types, values = lines.setdefault(escape(key), ([], []))
                types += [names.type(layer, label) for label in about.labels if attribute.applies_to(label)]
                values += [v for v in map(value_name, attribute.values) if v not in values]
    for name, (types, values) in lines.items():
        listed = f", Value:{'|'.join(values)}" if values else ""
        yield f"{name}\tArg:{'|'.join(types)}{listed}"


def visual_conf(names: BratNames) -> str:
    """The text of `visual.conf`: what names are shown as, and their colours."""
    schema = names.schema
    labels, drawing = ["[labels]"], ["", "[drawing]", "SPAN_DEFAULT\tfgColor:black, borderColor:darken"]
    drawing.append("ARC_DEFAULT\tcolor:black, arrowHead:triangle-5")
    for layer, about in schema.layers.items():
        labels.append(f"{escape(layer)} | {_shown(about.title)}")
        for label, each in about.labels.items():
            name = names.type(layer, label)
            labels.append(f"{name} | {_shown(each.name)}")
            drawing.append(f"{name}\tbgColor:{each.color}, fgColor:{_ink(each.color)}")
        labels += [f"{escape(key)} | {_shown(a.title)}" for key, a in about.attributes.items()]
    labels += [f"{names.role(name)} | {_shown(each.name)}" for name, each in schema.relations.items()]
    return "\n".join([*dict.fromkeys(labels), *drawing]) + "\n"


def _shown(name: str) -> str:
    return " ".join(name.replace("|", "/").split()) or "-"


def _ink(color: str) -> str:
    """Black or white, whichever stands out from a background (relative luminance, WCAG 2)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return "black" if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 else "white"


@dataclass
class Conf:
    """What `annotation.conf` tells a reader; `own` where goldwire wrote it.

    `roles` are the names of events' arguments, `ends` those of each relation's two, in their order.
    """

    own: bool = False
    schema: str = ""
    annotator: str = ""
    references: dict[str, dict[str, str]] = field(default_factory=dict)
    types: dict[str, tuple[str, str]] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)


#: An argument: its name, how often it may stand, its types.
_ARGUMENT = re.compile(r"(?:^|[\s,])([^\s,:|{}<>]+?)(?:[?*+]|\{[^}]*\})?:")


def _arguments(text: str, conf: Conf) -> None:
    """Take in which arguments events and relations have."""
    section = ""
    for line in text.split("\n"):
        name, _, rest = line.strip().replace("\t", " ").partition(" ")
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif not name or name[0] in "#<!":
            continue
        elif section == "events":
            conf.roles.update(_ARGUMENT.findall(rest))
        elif section == "relations" and len(ends := _ARGUMENT.findall(rest)) >= 2:
            conf.ends.setdefault(name, (ends[0], ends[1]))


def read_conf(text: str) -> Conf:
    """Read `annotation.conf`; one that others wrote says nothing of layers."""
    first, _, body = text.partition("\n")
    conf = Conf()
    _arguments(text, conf)
    try:
        head: Any = strict_json.loads(first.removeprefix(_HEAD)) if first.startswith(_HEAD) else None
    except ValueError:
        head = None
    if not isinstance(head, dict):
        return conf
    conf.own, conf.schema, conf.annotator = True, str(head.get("schema")), str(head.get("annotator"))
    try:
        conf.references = msgspec.convert(head.get("references"), dict[str, dict[str, str]])
    except msgspec.ValidationError:
        conf.references = {}  # then they are read as those of others are
    section, layer = "", ""
    for line in body.split("\n"):
        name = line.strip().partition("\t")[0]
        if line.startswith("["):
            section = line.strip("[]")
        elif section in ("entities", "events") and line.startswith("!"):
            layer = name[1:]
        elif section in ("entities", "events") and line.startswith("\t"):
            conf.types[name] = (unescape(layer), unescape(name.removeprefix(f"{layer}--")))
    return conf


#: A name with a number behind it; that of an end of a relation.
_NUMBERED, _END = re.compile(r"(.*[^0-9])[0-9]+", re.DOTALL), re.compile(r"(.*?)([0-9]{1,3})")


class RoleNames:
    """brat numbers a role that stands several times in an event (Theme, Theme2), and keeps the number where
    the first one is deleted.

    A number is part of the name where `annotation.conf` declares it so. It is taken off where the conf
    declares the name without it, or, where the conf says nothing, some event of the corpus has it without.
    """

    def __init__(self, declared: Collection[str], used: Collection[str]) -> None:
        self.declared, self.used = declared, used

    def name(self, role: str, conf: Conf) -> str:
        """The role's name."""
        match = _NUMBERED.fullmatch(role)
        if match is None or role in self.declared:
            return role
        bare = match[1]
        return bare if conf.own or bare in self.declared or bare in self.used else role


def in_order(label: str, first: str, second: str, conf: Conf) -> tuple[str, str]:
    """The two ends of a relation (`Arg1:T1`), by their names: as the conf orders them, else by number."""
    names = [argument.partition(":")[0] for argument in (first, second)]
    declared = conf.ends.get(label)
    if declared is not None and set(names) == set(declared):
        swapped = names[0] != declared[0]
    else:
        numbers = [match and (match[1], match[2]) for match in map(_END.fullmatch, names)]
        swapped = (
            numbers[0] is not None
            and numbers[1] is not None
            and numbers[0][0] == numbers[1][0]
            and int(numbers[0][1]) > int(numbers[1][1])
        )
    ids = [argument.partition(":")[2] for argument in (first, second)]
    return (ids[1], ids[0]) if swapped else (ids[0], ids[1])

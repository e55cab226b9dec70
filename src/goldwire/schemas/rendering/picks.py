"""Ids that are picked, not typed: what of a registry stands in a label config, and in its tasks' data.

An id's text field stays, for new ones. Before it stand its options, a list for each label with a search, in
`<Choices>` that name the field in `ids` (`IDS`). A registry that is too large for a config gives each task
its own options (`value="$…"`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from goldwire import strict_xml
from goldwire.files import sha256
from goldwire.messages import messages_in
from goldwire.schemas.rendering.keys import IDS, NO_KEY, SearchKeys, free_keys, search, with_net
from goldwire.schemas.rendering.label_config import TEXT, config_text, control, shown_for
from goldwire.schemas.schema import RegistryEntry, Schema

#: What the fields of tasks' data begin with that hold options.
DATA_KEY = "ids_"
#: Options of all labels of an attribute that a config holds; with more, tasks bring their own.
MOST = 800
_CLASS = "gw-ids"
_LEFT = "gw-left"
# A short list that scrolls. Label Studio keeps what a search was left with, narrows the list by it on every
# span, and puts what is typed next after it. Nothing in a config can empty it: so it says so.
_STYLE = """
.gw-ids .lsf-choices { max-height: 9.5rem; overflow-y: auto; flex-flow: column nowrap !important; }
.gw-left { display: none; }
.gw-ids:has(.ant-input:not(:placeholder-shown)):not(:focus-within) .gw-left { display: block; }
.gw-ids:has(.ant-input:not(:placeholder-shown)):not(:focus-within) .ant-input { background: #ffe9e0; }
"""
_LEFT_HEADER = "font-size: .8rem; font-weight: 600; line-height: 1.3; margin: .2rem 0; color: #8a1c00"
# A search keeps the focus on Enter, and keys of labels would be typed there. It loses the focus where it is
# out of sight for an instant: which option is picked stands in two properties, of which one is late while the
# search has the focus. Options are told apart by remainders, up to the product of these (840).
_MODULI = (3, 5, 7, 8)
# Nothing of it begins until the search has had the focus for a while: Label Studio shows an instant late what
# a selected region has, and that is no pick.
_LEAVING = """\
.gw-side:has(.gw-ids .ant-input:focus) { --gw-searching: 1;
  transition: --gw-searching 0s allow-discrete .3s; }
@container style(--gw-searching: 1) { .gw-ids { transition: LATE; } }
"""


def _leaving() -> str:
    """Style by which a search loses the focus when an option is picked, and at no other time."""
    late = ", ".join(f"--gw-late-{by} 0s allow-discrete .3s" for by in _MODULI)
    lines = [_LEAVING.replace("LATE", late)]
    for by in _MODULI:
        lines += [f".gw-ids {{ --gw-{by}: none; --gw-late-{by}: none; }}\n"]
        lines += [
            f".gw-ids:has(.lsf-choice:nth-child({by}n + {rest}) :checked) "
            f"{{ --gw-{by}: {rest}; --gw-late-{by}: {rest}; }}\n"
            for rest in range(by)
        ]
        lines += [
            f"@container not style(--gw-late-{by}: var(--gw-{by})) "
            "{ .gw-ids .ant-input { visibility: hidden; transition: none; } }\n"
        ]
    return "".join(lines)


def pick_control(layer: str, attribute: str, label: str) -> str:
    """The name of the control whose options are the ids of an attribute for spans of a label."""
    plain = label if re.fullmatch(r"[A-Za-z0-9_]+", label) else sha256(label)[:8]
    return f"{control(layer, attribute)}-{plain}"


def any_control(layer: str, attribute: str) -> str:
    """The name of the control whose options come with the task, for spans of all labels."""
    return control(layer, attribute) + "--any"


def joined_entries(layer: str, attribute: str, schema: Schema) -> str:
    """One name for an id attribute of a layer: that no other of the schema has, letters, digits and `_`."""
    names = [
        f"{each}_{name}"
        for each, about in schema.layers.items()
        for name, held in about.attributes.items()
        if held.kind == "id"
    ]
    name = f"{layer}_{attribute}"
    return name if names.count(name) < 2 else f"{name}_{sha256(f'{layer} {attribute}')[:8]}"


def data_key(layer: str, attribute: str, schema: Schema) -> str:
    """The field of a task's data that holds its options."""
    return DATA_KEY + joined_entries(layer, attribute, schema)


@dataclass
class Picks:
    """The options of each picker, by its name: ids and what is shown. Fields `from_data` have the task's."""

    schema: Schema
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    from_data: set[tuple[str, str]] = field(default_factory=set)

    def beside(self, config: str, *, tasks: bool) -> Picks:
        """The same, with what a config that is in use offers already: an option taken out would orphan ids.

        What is picked there from a list stays so, however many there are; where there are `tasks`, they have
        options of their own only if they had.
        """
        held = picker_options(config)
        options = {name: {**self.options.get(name, {})} for name in {**self.options, **held}}
        for name, ids in held.items():
            for key, title in ids.items():
                options[name].setdefault(key, title)
        pickers = {
            pick_control(layer, attribute, label): (layer, attribute)
            for layer, attribute in self.from_data
            for label in self.schema.labels(layer)
        }
        lists = {pickers[name] for name in held if name in pickers}
        offered = {
            each for each in self.from_data if not tasks or f"${data_key(*each, self.schema)}" in config
        }
        return Picks(self.schema, options, offered - lists)


def picks_of(
    schema: Schema,
    registries: Mapping[str, Mapping[str, RegistryEntry]],
    most: int = MOST,
    *,
    from_tasks: Collection[str] = (),
) -> Picks:
    """The options of a schema's id attributes: for each label the things of its family.

    Attributes of layers in `from_tasks` have those that come with each task.
    """
    picks = Picks(schema)
    for layer, about in schema.layers.items():
        for name, attribute in about.attributes.items():
            if layer in from_tasks:
                picks.from_data |= {(layer, name)} if attribute.registry else set()
                continue
            entries = registries.get(attribute.registry or "", {}).values()
            options = {
                pick_control(layer, name, label): {
                    entry.id: shown(entry) for entry in entries if _fits(schema, layer, label, entry)
                }
                for label in about.labels
                if attribute.applies_to(label)
            }
            if sum(map(len, options.values())) > most:
                picks.from_data.add((layer, name))
            else:
                picks.options |= {control: ids for control, ids in options.items() if ids}
    return picks


def kept_picks(schema: Schema, config: str) -> Picks:
    """What can be picked in a config that is in use."""
    asked = {
        (layer, name)
        for layer, about in schema.layers.items()
        for name in about.attributes
        if f'"${data_key(layer, name, schema)}"' in config
    }
    return Picks(schema, picker_options(config), asked)


def _fits(schema: Schema, layer: str, label: str, entry: RegistryEntry) -> bool:
    """Whether spans of a label may name an entry."""
    known = schema.labels(layer)
    labels = [each for each in entry.labels if each in known]
    family = schema.family(layer, label)
    return not entry.labels or any(schema.family(layer, each) == family for each in labels)


def shown(entry: RegistryEntry) -> str:
    """What an option shows, and is searched by: name and id."""
    name = next(iter(entry.spellings), "")
    return f"{name} · {entry.id}" if name and name != entry.id else entry.id


def task_options(entries: Iterable[RegistryEntry]) -> list[dict[str, str]]:
    """Options as a task's data holds them."""
    return [{"value": shown(entry), "alias": entry.id, "hotkey": NO_KEY} for entry in entries]


def with_picks(config: str, picks: Picks) -> str:
    """A label config with the pickers of its id fields; one that has some already gets these instead.

    The letters of a search are caught where there is none (`with_net`).
    """
    root = strict_xml.parse(without_picks(config))
    schema = picks.schema
    say = messages_in(schema.language)
    parents = {child: parent for parent in root.iter() for child in parent}
    keys = SearchKeys(free_keys({str(element.get("hotkey")) for element in root.iter()}))
    for layer, about in schema.layers.items():
        for name, attribute in about.attributes.items():
            area = next((e for e in root.iter("TextArea") if e.get("name") == control(layer, name)), None)
            if area is None:
                continue
            controls = [
                (pick_control(layer, name, label), label)
                for label in about.labels
                if pick_control(layer, name, label) in picks.options
            ]
            if not controls and (layer, name) not in picks.from_data:
                continue
            bearers = {label for label in about.labels if attribute.applies_to(label)}
            key = keys.give(layer, bearers)
            search_box = search(key, say)
            left = say("config.search_left", key="" if key == NO_KEY else f"{key}, ")
            parent = parents[area]
            place = list(parent).index(area)
            of = control(layer, name)
            pickers = [
                _picker(of, each, shown_for([label], layer), picks.options[each], search_box, left)
                for each, label in controls
            ]
            if (layer, name) in picks.from_data:
                when = shown_for(attribute.bearers(about.labels), layer)
                pickers.append(
                    _picker(
                        of, any_control(layer, name), when, data_key(layer, name, schema), search_box, left
                    )
                )
            for number, picker in enumerate(pickers):
                parent.insert(place + number, picker)
            for asked in ("required", "requiredMessage", "whenLabelValue"):
                area.attrib.pop(asked, None)  # what is picked need not be typed
            area.set("placeholder", say("config.new_id"))
    picked = root.find(f".//View[@{IDS}]") is not None
    with_net(root, say)
    if picked:
        style = ET.Element("Style", {IDS: ""})
        style.text = _STYLE + _leaving()
        root.insert(int(len(root) > 0 and root[0].tag == "Style"), style)
    return config_text(root)


def _picker(
    of: str,
    name: str,
    when: Mapping[str, str],
    options: Mapping[str, str] | str,
    search: dict[str, str],
    left: str,
) -> ET.Element:
    """The options of an id field `of` with their search, in a view that appears `when` they fit; a text
    names the field of the task's data that has them. `left` is said of a search that was left with text."""
    view = ET.Element("View", {"className": _CLASS, **when, IDS: of})
    ET.SubElement(view, "Filter", {"name": f"{name}-search", "toName": name, **search})
    told = ET.SubElement(view, "View", {"className": _LEFT})
    ET.SubElement(told, "Header", {"value": left, "style": _LEFT_HEADER})
    value = {"value": f"${options}"} if isinstance(options, str) else {}
    common = {"name": name, "toName": TEXT, "perRegion": "true", "choice": "single", **value}
    choices = ET.SubElement(view, "Choices", {**common, IDS: of})
    for key, title in options.items() if not isinstance(options, str) else ():
        ET.SubElement(choices, "Choice", {"value": title, "alias": key, "hotkey": NO_KEY})
    return view


def without_picks(config: str) -> str:
    """A label config without pickers: what annotations are compared by besides."""
    root = strict_xml.parse(config)
    if not remove_picks(root):
        return config
    return config_text(root)


def without_data(config: str) -> str:
    """A label config whose pickers ask nothing of the tasks' data, as an upload of a page needs it."""
    root = strict_xml.parse(config)
    asking = [each for each in root.iter("Choices") if each.get(IDS) and each.get("value")]
    for choices in asking:
        del choices.attrib["value"]
        ET.SubElement(choices, "Choice", {"value": "\N{HORIZONTAL ELLIPSIS}", "hotkey": NO_KEY})
    return ET.tostring(root, encoding="unicode") if asking else config


def remove_picks(root: ET.Element) -> bool:
    """Take the pickers out of a config that is parsed; whether there were any."""
    own_elements = [(above, part) for above in root.iter() for part in above if _is_ours(part)]
    for above, part in own_elements:
        above.remove(part)
    return bool(own_elements)


def _is_ours(part: ET.Element) -> bool:
    return part.tag in ("View", "Style") and part.get(IDS) is not None


def picker_options(config: str) -> dict[str, dict[str, str]]:
    """What the pickers of a config offer: by their names, ids and what is shown."""
    root = strict_xml.parse(config)
    return {
        element.get("name", ""): {
            child.get("alias", ""): child.get("value", "") for child in element.iter("Choice")
        }
        for element in root.iter("Choices")
        if element.get(IDS) and not element.get("value")
    }


def ids_in(config: str, data: Mapping[str, Any] | None = None) -> dict[str, Collection[str]]:
    """The ids that each picker of a config offers, those of a task by its `data` among them."""
    root = strict_xml.parse(config)
    ids_of: dict[str, Collection[str]] = {name: ids.keys() for name, ids in picker_options(config).items()}
    for element in root.iter("Choices"):
        if element.get(IDS) and (value := element.get("value")):
            rows = (data or {}).get(value.removeprefix("$"))
            offered = {str(row.get("alias")) for row in rows or () if isinstance(row, dict)}
            ids_of[element.get("name", "")] = offered
    return ids_of

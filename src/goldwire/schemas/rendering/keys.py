"""The keys of a label config: those that labels have, what is left for searches and answers, and what catches
the letters of a search that is not there.

A key leads to where options are looked for, and the letters after it are typed there. Where what is selected
has no such list, or nothing is, or the list is not drawn yet, those letters would be keys of labels. So each
such key leads first to a field that is always there, out of sight: a list that is drawn takes the focus from
it; else the letters end in it, and it says so.
"""

from __future__ import annotations

from collections.abc import Collection
from xml.etree import ElementTree as ET

from goldwire.messages import Messages
from goldwire.schemas.schema import Schema

#: Marks what goldwire adds to a config for picking: Label Studio passes over it.
IDS = "ids"
#: A key that no keyboard has. An option without a key gets the next free letter from Label Studio, unseen,
#: and that letter would then set it on whatever span is selected.
NO_KEY = "\N{EM DASH}"
# Searches take first what words seldom begin with.
_ORDER = "zxyvwqkuchnrsbdfgjlmtpaeio0123456789"


def taken_keys(schema: Schema) -> set[str]:
    """The keys that labels have."""
    return {label.hotkey for layer in schema.layers.values() for label in layer.labels.values()}


def free_keys(taken: Collection[str], order: str = _ORDER) -> list[str]:
    """The keys that nothing has, in this order, those with Shift last; none of them may be left."""
    return [key for key in (*order, *(f"shift+{key}" for key in order)) if key not in taken]


class SearchKeys:
    """Which key leads to each search: two that are seen together never have the same."""

    def __init__(self, free: Collection[str]) -> None:
        self.free = free
        self._shown_for: dict[str, set[tuple[str, str]]] = {}

    def give(self, layer: str, bearers: Collection[str]) -> str:
        """The key of a search that is seen for labels of a layer; `NO_KEY` where there is none left."""
        seen = {(layer, label) for label in bearers}
        key = next((each for each in self.free if not seen & self._shown_for.get(each, set())), NO_KEY)
        self._shown_for.setdefault(key, set()).update(seen)
        return key


def search(key: str, say: Messages) -> dict[str, str]:
    """What a config says of a search that a key leads to, or none."""
    placeholder = say("config.search", key=key) if key != NO_KEY else say("config.search_by_hand")
    return {"hotkey": key, "minlength": "0", "placeholder": placeholder}


# No control has such a name: those of attributes have no such line, and no layer and attribute join to it.
_NAME, _CLASS = "gw--net", "gw-net"
_HEADER = "font-size: .85rem; font-weight: 600; line-height: 1.4; margin: .5rem"
# It has no height and takes no room, but can have the focus; what is beside it scrolls.
_STYLE = """
.gw-net { grid-column: 3; grid-row: 1; position: sticky; top: 0; z-index: 102; height: 0; overflow: hidden;
  opacity: 0; pointer-events: none; }
.gw-net:focus-within { height: auto; opacity: 1; border-radius: 4px; background: #8a1c00; }
.gw-net * { color: #fff !important; }
.gw-net .ant-input { position: absolute; opacity: 0; height: 1px; }
.gw-net .lsf-choices { display: none !important; }
"""


def with_net(root: ET.Element, say: Messages) -> None:
    """Give a config the field for each key that leads to a search; before them, so that they come after."""
    keys = dict.fromkeys(
        str(each.get("hotkey")) for each in root.iter("Filter") if each.get("hotkey", NO_KEY) != NO_KEY
    )
    if not keys:
        return
    style = ET.Element("Style", {IDS: ""})
    style.text = _STYLE
    view = ET.Element("View", {"className": _CLASS, IDS: ""})
    for key in keys:
        ET.SubElement(view, "Filter", {"name": f"{_NAME}-{key}", "toName": _NAME, "hotkey": key})
    ET.SubElement(view, "Header", value=say("config.nothing_to_pick"), style=_HEADER)
    # A list must have an option: this one can't be chosen, by Enter neither.
    choices = ET.SubElement(view, "Choices", name=_NAME, toName=_text_of(root), perRegion="true")
    ET.SubElement(choices, "Choice", value=NO_KEY, hotkey=NO_KEY, visible="false")
    place = int(len(root) > 0 and root[0].tag == "Style")
    root.insert(place, style)
    root.insert(place + 1, view)


def _text_of(root: ET.Element) -> str:
    """What the searched lists are about."""
    lists = {each.get("name"): each.get("toName") for each in root.iter("Choices")}
    search = next(each for each in root.iter("Filter") if each.get("hotkey", NO_KEY) != NO_KEY)
    return str(lists.get(search.get("toName")))

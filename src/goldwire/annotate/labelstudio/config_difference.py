"""Label Studio configs compared by what annotations refer to: controls, labels, choices, relations."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple
from xml.etree import ElementTree as ET

from goldwire import strict_xml
from goldwire.errors import GoldwireError
from goldwire.schemas.rendering.picks import remove_picks


class ConfigDifference(NamedTuple):
    """What a new config adds to an old one and what it lacks, in words."""

    added: list[str]
    removed: list[str]


def parts(config: str, where: str = "") -> list[str]:
    """All that a result can name in a config; raises GW320 where it is not XML."""
    try:
        root = strict_xml.parse(config)
    except (ET.ParseError, ValueError) as error:
        raise GoldwireError.of("GW320", f"the label config is not XML: {error}", where=where) from None
    remove_picks(root)
    names: Counter[str] = Counter()
    for element in root.iter():
        name = element.get("name")
        if name and element.get("toName"):
            names[f"{element.tag} `{name}` on `{element.get('toName')}`"] += 1
            for child in element.iter():
                if child is not element and (key := child.get("alias") or child.get("value")):
                    names[f"{child.tag} `{key}` of `{name}`"] += 1
        elif name and element.get("value"):
            names[f"{element.tag} `{name}` with `{element.get('value')}`"] += 1
        elif element.tag == "Relation" and element.get("value"):
            names[f"Relation `{element.get('value')}`"] += 1
    return list(names)


def compare_configs(old: str, new: str, where: str = "") -> ConfigDifference:
    """What `new` adds and lacks; looks, order and wording do not count, nor do the ids that can be picked."""
    before, after = parts(old, where), parts(new)
    return ConfigDifference([p for p in after if p not in before], [p for p in before if p not in after])

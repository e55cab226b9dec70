"""The Label Studio config, made from the schema and in its language: what the labelling screen shows.

The schema's own words stand as they are; those around them are the catalogue's (`goldwire.messages`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from importlib.resources import files
from itertools import groupby
from xml.etree import ElementTree as ET

from goldwire.messages import Messages, messages_in
from goldwire.schemas.rendering.keys import NO_KEY, SearchKeys, free_keys, search, taken_keys
from goldwire.schemas.schema import Attribute, Layer, Schema, Value
from goldwire.text import direction

#: The name of the text in the config and of its field in a task's data.
TEXT = "text"
#: What a flag's single choice is called in results.
FLAG = "yes"

# For languages that run from right to left.
_RIGHT_TO_LEFT = """.gw-text { direction: rtl; text-align: right; }
"""
_SMALL = "font-size: .8rem; font-weight: 600; margin: .35rem 0 .15rem; line-height: 1.2"
_LINE = "font-size: .9rem; font-weight: 400; margin: .25rem 0; line-height: 1.45"
# More options than this are looked for by typing.
_SEARCHED = 8


def control(layer: str, attribute: str) -> str:
    """The name of the control that asks for an attribute of a layer's spans."""
    return f"{layer}-{attribute}"


def label_config(schema: Schema, taken_keys: Collection[str] = ()) -> str:
    """The Label Studio config: a `<Labels>` for each layer, its attributes shown for the selected span.

    Labels and choices show their name in the schema's language and store their key (`alias`). Relations
    have no alias in Label Studio: they show their key. No search gets a key of labels or one of
    `taken_keys`.
    """
    say = messages_in(schema.language)
    root = ET.Element("View", className="gw")
    leftwards = _RIGHT_TO_LEFT if direction(schema.language) == "rtl" else ""
    rows = sum(len(layer.labels) + 1.2 for layer in schema.layers.values())
    style = files("goldwire.schemas.rendering").joinpath("screen.css").read_text(encoding="utf-8")
    ET.SubElement(root, "Style").text = style.replace("ROWS", f"{rows:.1f}") + leftwards
    labels = ET.SubElement(root, "View", className="gw-labels")
    for name, layer in schema.layers.items():
        ET.SubElement(labels, "Header", value=layer.title, style=_SMALL)
        group = ET.SubElement(labels, "Labels", name=name, toName=TEXT, showInline="true")
        for key, label in layer.labels.items():
            attributes = {"value": key, "alias": key, "background": label.color}
            if label.hotkey:
                attributes["hotkey"] = label.hotkey
            attributes["hint"] = say("config.line", title=label.name, text=_plain(label.definition))
            ET.SubElement(group, "Label", attributes)
    if schema.relations:
        relations = ET.SubElement(root, "Relations")
        for key in schema.relations:
            ET.SubElement(relations, "Relation", value=key)
    main = ET.SubElement(root, "View", className="gw-main")
    guide = ET.SubElement(main, "View", className="gw-guide")
    folded = ET.SubElement(ET.SubElement(guide, "Collapse", open="false"), "Panel", value=say("config.guide"))
    inner = ET.SubElement(folded, "Collapse", open="false")
    for title, lines in _folded(schema, say):
        panel = ET.SubElement(inner, "Panel", value=title)
        for line in lines:
            ET.SubElement(panel, "Header", value=line, style=_LINE)
    ET.SubElement(main, "Header", value="$title", size="4")
    text = ET.SubElement(main, "View", className="gw-text")
    ET.SubElement(text, "Text", name=TEXT, value=f"${TEXT}", granularity="symbol")
    side = ET.SubElement(root, "View", className="gw-side")
    keys = _search_keys(schema, taken_keys)
    for name, layer in schema.layers.items():
        for attribute_name in layer.attributes:
            _attribute(side, name, layer, attribute_name, say, keys)
    return config_text(root)


def config_text(root: ET.Element) -> str:
    """A label config as its file has it: an element a line, indented."""
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _search_keys(schema: Schema, taken: Collection[str]) -> SearchKeys:
    """The keys that lead to where options are looked for: those that no label has, without the first where
    ids are picked, which take it."""
    free = free_keys(taken_keys(schema).union(taken))
    picked = any(each.registry for layer in schema.layers.values() for each in layer.attributes.values())
    return SearchKeys(free[1:] if picked else free)


def _shown(key: str, name: str) -> str:
    short = name.split(",", maxsplit=1)[0]
    return key if key.casefold() == short.casefold() else f"{key} · {short}"


def _attribute(
    side: ET.Element, layer_name: str, layer: Layer, key: str, say: Messages, search_keys: SearchKeys
) -> None:
    attribute = layer.attributes[key]
    view = ET.SubElement(side, "View", shown_for(attribute.bearers(layer.labels), layer_name))
    if attribute.kind != "flag":
        ET.SubElement(view, "Header", value=attribute.title, style=_SMALL)
    name = control(layer_name, key)
    common = {"name": name, "toName": TEXT, "perRegion": "true", **_required(attribute, layer, say)}
    if attribute.kind not in ("choice", "choices", "flag"):
        rows = {"rows": "1", "maxSubmissions": "1", "editable": "true"}
        placeholder = say(f"config.{attribute.kind}") if attribute.kind != "text" else ""
        ET.SubElement(view, "TextArea", {**common, **rows, "placeholder": placeholder})
        return
    flag = {FLAG: Value(attribute.title, attribute.definition)}
    values = attribute.values if attribute.kind != "flag" else flag
    by_label = any(value.labels is not None for value in values.values())
    if len(values) > _SEARCHED and not by_label:
        bearers = attribute.bearers(layer.labels) or layer.labels
        search_box = search(search_keys.give(layer_name, bearers), say)
        ET.SubElement(view, "Filter", {"name": f"{name}-search", "toName": name, **search_box})
    many = attribute.kind != "choice"
    choices = ET.SubElement(
        view, "Choices", {**common, "choice": "multiple" if many else "single", "showInline": "true"}
    )
    for labels, group in groupby(values.items(), lambda each: each[1].labels):
        # One control holds them all; those of other labels are out of sight.
        inside = choices if labels is None else ET.SubElement(choices, "View", shown_for(labels, layer_name))
        for value, about in group:
            shown = {"value": about.title, "alias": value, "hotkey": NO_KEY}
            if about.definition:
                shown["hint"] = _plain(about.definition)
            ET.SubElement(inside, "Choice", shown)


def _required(attribute: Attribute, layer: Layer, say: Messages) -> dict[str, str]:
    """What makes Label Studio refuse a region without the attribute, where it can be asked for so.

    A control that is bound to no labels is asked for on regions of all layers, one that is bound to some is
    hidden for the others. So it is asked for where all labels that may bear it must.
    """
    bearers = attribute.bearers(layer.labels) or list(layer.labels)
    if attribute.kind == "flag" or not all(
        attribute.required_for(label) and not attribute.default_for(label) for label in bearers
    ):
        return {}
    message = say("config.required", title=attribute.title)
    return {"required": "true", "requiredMessage": message, "whenLabelValue": ",".join(bearers)}


def shown_for(labels: list[str] | None, layer: str) -> dict[str, str]:
    """What makes a view appear: a selected span of the layer, of one of these labels."""
    narrowed = {} if labels is None else {"whenLabelValue": ",".join(labels)}  # the keys, as an editor shows
    return {"visibleWhen": "region-selected", "whenTagName": layer, **narrowed}


def _folded(schema: Schema, say: Messages) -> Iterator[tuple[str, list[str]]]:
    """The guidelines in short, for the panels that unfold above the text."""

    def line(title: str, text: str) -> str:
        return say("config.line", title=title, text=_plain(text))

    hints = ["escape_first", *(["arrows"] if schema.relations else []), "settings"]
    yield say("config.keyboard"), [say(f"config.{hint}") for hint in hints]
    rules = [line(rule.title, rule.text) for rule in schema.guidelines.rules]
    if rules:
        yield say("guidelines.common_rules"), rules
    for layer in schema.layers.values():
        lines = [line(rule.title, rule.text) for rule in layer.rules]
        lines += [line(_shown(key, label.name), label.definition) for key, label in layer.labels.items()]
        yield layer.title, lines
    if schema.relations:
        relations = [line(f"{key} · {each.name}", each.definition) for key, each in schema.relations.items()]
        yield say("guidelines.relations"), relations


def _plain(markdown: str) -> str:
    """Markdown emphasis and line breaks taken out, for places that show bare text."""
    return " ".join(re.sub(r"[*`]", "", markdown).split())

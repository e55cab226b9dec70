"""The screen of one pass: labels and keys of its layers, its rules beside the text, earlier labels folded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from msgspec import structs

from goldwire.annotate.labelstudio.guide import Guide
from goldwire.annotate.records.passes import Pass
from goldwire.messages import messages_in
from goldwire.schemas import Label, Layer, RelationType, Schema
from goldwire.schemas.rendering.guide import guide_page
from goldwire.schemas.rendering.keys import NO_KEY
from goldwire.schemas.rendering.label_config import config_text, label_config

# The labels of a pass fill the column, whatever is folded below them; its rules stand under what is asked of
# the selected span.
_STYLE = """.gw {{ --gw-row: clamp(16px, calc(var(--gw-height) / {rows:.1f}), 23px); }}
.gw-earlier .lsf-label__hotkey {{ display: none; }}
.gw-earlier .ant-collapse-header {{ padding: 4px 0 !important; font-size: 11px; }}
.gw-earlier .ant-collapse-content-box {{ padding: 0 !important; }}
.gw-sheet {{ margin-top: .5rem; padding-top: .25rem; border-top: 1px solid #ccc; }}
"""
_TITLE = "font-size: .8rem; font-weight: 600; margin: .35rem 0 .15rem; line-height: 1.25"
_LINE = "font-size: .78rem; font-weight: 400; margin: .2rem 0; line-height: 1.35"


def pass_config(schema: Schema, passes: Sequence[Pass], this_pass: Pass) -> str:
    """The Label Studio config of a pass.

    It holds the layers of the passes before, without keys, so that what they made is shown and can be
    corrected: their labels are folded below those of the pass.
    """
    say = messages_in(schema.language)
    own = own_part(schema, passes, this_pass)
    root = ET.fromstring(label_config(shown_part(schema, passes, this_pass)))
    [style] = list(root.iter("Style"))
    rows = sum(len(layer.labels) + 1.2 for layer in own.layers.values()) + 2 * len(this_pass.earlier)
    style.text = (style.text or "") + _STYLE.format(rows=rows)
    views = {view.get("className"): view for view in root.iter("View")}
    labels, side = views["gw-labels"], views["gw-side"]
    if this_pass.earlier:
        column = list(labels)
        earlier = ET.SubElement(labels, "View", className="gw-earlier")
        folded = ET.SubElement(earlier, "Collapse", open="false")
        for name in this_pass.earlier:
            group = next(control for control in column if control.get("name") == name)
            panel = ET.SubElement(folded, "Panel", value=schema.layers[name].title)
            labels.remove(column[column.index(group) - 1])  # its heading
            labels.remove(group)
            panel.append(group)
    rules = ET.SubElement(side, "View", className="gw-sheet")
    [inner] = views["gw-guide"].iterfind("Collapse/Panel/Collapse")
    titles = [layer.question or layer.title for layer in own.layers.values()]
    if own.relations:
        titles.append(say("guidelines.relations"))
    # The panels of layers stand in the order of the schema, the pass's first; that of relations is the last.
    first = 1 + bool(schema.guidelines.rules)
    moved = list(inner)[first : first + len(own.layers)] + (list(inner)[-1:] if own.relations else [])
    for title, panel in zip(titles, moved, strict=True):
        ET.SubElement(rules, "Header", value=title, style=_TITLE)
        inner.remove(panel)
        for line in panel:
            line.set("style", _LINE)
            rules.append(line)
    return config_text(root)


def shown_part(schema: Schema, passes: Sequence[Pass], this_pass: Pass) -> Schema:
    """The schema of all that a pass's screen shows: its layers first, then those before it, without keys."""
    keyed = with_keys_of(schema, passes)
    layers = {name: keyed.layers[name] for name in this_pass.layers}
    for name in this_pass.earlier:
        bare = {
            key: structs.replace(label, hotkey=NO_KEY) for key, label in schema.layers[name].labels.items()
        }
        layers[name] = structs.replace(schema.layers[name], labels=bare)
    return structs.replace(schema, layers=layers, relations=_relations(schema, layers))


def own_part(schema: Schema, passes: Sequence[Pass], this_pass: Pass) -> Schema:
    """The schema of what a pass adds: its layers, and the relations that they make possible."""
    keyed = with_keys_of(schema, passes)
    layers = {name: keyed.layers[name] for name in this_pass.layers}
    # A relation is new where it may be drawn to or from spans of the pass's own layers.
    relations = {
        name: kind
        for name, kind in _relations(schema, (*this_pass.layers, *this_pass.earlier)).items()
        if any(end.layer in this_pass.layers for end in (*kind.head, *kind.tail))
    }
    return structs.replace(schema, layers=layers, relations=relations)


def with_keys_of(schema: Schema, passes: Sequence[Pass]) -> Schema:
    """The schema with the keys that labels have in their passes: without Shift where that is free there."""
    layers = dict(schema.layers)
    for each in passes:
        taken = {label.hotkey for name in each.layers for label in schema.layers[name].labels.values()}
        for name in each.layers:
            labels: dict[str, Label] = {}
            for key, label in schema.layers[name].labels.items():
                plain = label.hotkey.removeprefix("shift+")
                hotkey = label.hotkey if plain in taken else plain
                taken.add(hotkey)
                labels[key] = structs.replace(label, hotkey=hotkey)
            layers[name] = structs.replace(schema.layers[name], labels=labels)
    return structs.replace(schema, layers=layers)


def pass_guide(schema: Schema, passes: Sequence[Pass], this_pass: Pass, folder: Path, address: str) -> Guide:
    """What annotators of a pass are led to: the whole guide, with the sheet and the links of this pass."""
    page = "" if address else guide_page(with_keys_of(schema, passes), folder)
    return Guide(own_part(schema, passes, this_pass), page, address)


def _relations(schema: Schema, layers: Sequence[str] | dict[str, Layer]) -> dict[str, RelationType]:
    """The relations of which both ends may be spans of these layers."""
    return {
        name: kind
        for name, kind in schema.relations.items()
        if all(any(end.layer in layers for end in ends) for ends in (kind.head, kind.tail))
    }

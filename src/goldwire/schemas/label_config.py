"""What is made from a schema: the Label Studio config and the guidelines. Both in the schema's language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from goldwire.files import sha256
from goldwire.schemas.schema import Attribute, Counterexample, End, Label, Layer, RelationType, Schema, Value

#: The name of the text in the config and of its field in a task's data.
TEXT = "text"
#: What a flag's single choice is called in results.
FLAG = "yes"

_STYLE = """
.gw { display: grid; grid-template-columns: minmax(0, 1fr) 19rem; gap: 0 1.5rem; align-items: start; }
.gw-labels, .gw-guide { grid-column: 1 / -1; }
.gw-labels { position: sticky; top: 0; z-index: 5; background: var(--color-neutral-background, #fff);
  padding-bottom: .4rem; border-bottom: 1px solid var(--color-neutral-border, #ddd); }
.gw-labels .lsf-labels { margin: 0; display: flex; flex-wrap: wrap; gap: 3px 5px; }
.gw-labels .lsf-label { margin: 0; height: 22px; padding: 0 5px; font-size: 12px; line-height: 22px; }
.gw-labels .lsf-label__hotkey { margin-left: 6px; font-size: 10px; }
.gw-text { padding-top: .5rem; max-width: 48rem; }
.gw-text [class*="richtext"] { line-height: 2.3 !important; }
.gw-text h3 { padding-bottom: 1rem; }
.gw-side { position: sticky; top: 13rem; max-height: 60vh; overflow-y: auto; }
"""
_SMALL = "font-size: .8rem; font-weight: 600; margin: .35rem 0 .15rem; line-height: 1.2"
_LINE = "font-size: .9rem; font-weight: 400; margin: .25rem 0; line-height: 1.45"


def control(layer: str, attribute: str) -> str:
    """The name of the control that asks for an attribute of a layer's spans."""
    return f"{layer}-{attribute}"


def label_config(schema: Schema) -> str:
    """The Label Studio config: a `<Labels>` for each layer, its attributes shown for the selected span.

    Labels and choices show their name in the schema's language and store their key (`alias`). Relations
    have no alias in Label Studio: they show their key.
    """
    root = ET.Element("View", className="gw")
    ET.SubElement(root, "Style").text = _STYLE
    guide = ET.SubElement(root, "View", className="gw-guide")
    folded = ET.SubElement(
        ET.SubElement(guide, "Collapse", open="false"), "Panel", value="Guide d’annotation"
    )
    inner = ET.SubElement(folded, "Collapse", open="false")
    for title, lines in _folded(schema):
        panel = ET.SubElement(inner, "Panel", value=title)
        for line in lines:
            ET.SubElement(panel, "Header", value=line, style=_LINE)
    labels = ET.SubElement(root, "View", className="gw-labels")
    for name, layer in schema.layers.items():
        ET.SubElement(labels, "Header", value=layer.title, style=_SMALL)
        group = ET.SubElement(labels, "Labels", name=name, toName=TEXT, showInline="true")
        for key, label in layer.labels.items():
            attributes = {"value": _shown(key, label.name), "alias": key, "background": label.color}
            if label.hotkey:
                attributes["hotkey"] = label.hotkey
            attributes["hint"] = _plain(label.definition)
            ET.SubElement(group, "Label", attributes)
    if schema.relations:
        relations = ET.SubElement(root, "Relations")
        for key in schema.relations:
            ET.SubElement(relations, "Relation", value=key)
    text = ET.SubElement(root, "View", className="gw-text")
    ET.SubElement(text, "Header", value="$title", size="4", style="margin-bottom: 1rem")
    ET.SubElement(text, "Text", name=TEXT, value=f"${TEXT}", granularity="symbol")
    side = ET.SubElement(root, "View", className="gw-side")
    for name, layer in schema.layers.items():
        for key, attribute in layer.attributes.items():
            _attribute(side, name, key, attribute)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _shown(key: str, name: str) -> str:
    short = name.split(",", maxsplit=1)[0]
    return key if key.casefold() == short.casefold() else f"{key} · {short}"


def _attribute(side: ET.Element, layer_name: str, key: str, attribute: Attribute) -> None:
    when = {"visibleWhen": "region-selected", "whenTagName": layer_name}
    if attribute.labels is not None:
        when["whenLabelValue"] = ",".join(attribute.labels)  # the aliases, as a live editor shows
    view = ET.SubElement(side, "View", when)
    ET.SubElement(view, "Header", value=attribute.title, style=_SMALL)
    name = control(layer_name, key)
    common = {"name": name, "toName": TEXT, "perRegion": "true"}
    if attribute.kind in ("choice", "choices", "flag"):
        many = attribute.kind != "choice"
        # More than a handful would push the next question off the screen.
        layout = {"layout": "select"} if len(attribute.values) > 8 else {"showInline": "true"}
        choice = {**common, "choice": "multiple" if many else "single", **layout}
        choices = ET.SubElement(view, "Choices", choice)
        values = attribute.values if attribute.kind != "flag" else {FLAG: Value("oui")}
        for value, about in values.items():
            shown = {"value": about.title, "alias": value}
            if about.definition:
                shown["hint"] = _plain(about.definition)
            ET.SubElement(choices, "Choice", shown)
    else:
        rows = {"rows": "1", "maxSubmissions": "1", "editable": "true"}
        placeholder = {"date": "AAAA-MM-JJ", "id": "identifiant"}.get(attribute.kind, "")
        ET.SubElement(view, "TextArea", {**common, **rows, "placeholder": placeholder})


def _folded(schema: Schema) -> Iterator[tuple[str, list[str]]]:
    """The guidelines in short, for the panels that unfold above the text."""
    rules = [f"{rule.title} : {_plain(rule.text)}" for rule in schema.guidelines.rules]
    if rules:
        yield "Règles communes", rules
    for layer in schema.layers.values():
        lines = [f"{rule.title} : {_plain(rule.text)}" for rule in layer.rules]
        lines += [
            f"{_shown(key, label.name)} : {_plain(label.definition)}" for key, label in layer.labels.items()
        ]
        yield layer.title, lines
    if schema.relations:
        yield (
            "Relations",
            [f"{k} · {r.name} : {_plain(r.definition)}" for k, r in schema.relations.items()],
        )


def _plain(markdown: str) -> str:
    """Markdown emphasis and line breaks taken out, for places that show bare text."""
    return " ".join(re.sub(r"[*`]", "", markdown).split())


def guidelines(schema: Schema) -> str:
    """The guidelines as Markdown."""
    return "\n".join(_guidelines(schema)).rstrip() + "\n"


def guidelines_hash(schema: Schema) -> str:
    """The SHA-256 of the guidelines: annotations name the text that their annotator read."""
    return sha256(guidelines(schema))


def _guidelines(schema: Schema) -> Iterator[str]:
    yield f"# {schema.title} : guide d’annotation\n"
    yield f"*Schéma `{schema.stamp}`. Produit à partir du schéma : c’est lui que l’on corrige.*\n"
    if schema.description:
        yield schema.description.strip() + "\n"
    if schema.guidelines.introduction:
        yield schema.guidelines.introduction.strip() + "\n"
    if schema.guidelines.rules:
        yield "## Règles communes\n"
        for number, rule in enumerate(schema.guidelines.rules, start=1):
            yield f"{number}. **{rule.title}.** {rule.text.strip()}"
        yield ""
    for key, layer in schema.layers.items():
        yield from _layer(key, layer)
    if schema.relations:
        yield "## Relations\n"
        for key, relation in schema.relations.items():
            yield from _relation(schema, key, relation)
    if schema.guidelines.cases:
        yield "## Cas difficiles\n"
        for case in schema.guidelines.cases:
            where = f" ({case.document})" if case.document else ""
            why = f"{case.decision.strip()} *Pourquoi :* {case.reason.strip()}"
            yield f"- « {_bold(case.quote)} »{where} : {why}"
        yield ""


def _layer(key: str, layer: Layer) -> Iterator[str]:
    yield f"## {layer.title} (`{key}`)\n"
    if layer.question:
        yield f"*{layer.question}*\n"
    for rule in layer.rules:
        yield f"- **{rule.title}.** {rule.text.strip()}"
    if layer.rules:
        yield ""
    yield "| étiquette | nom | touche | définition |\n|---|---|---|---|"
    for name, label in layer.labels.items():
        definition = _plain(label.definition).replace("|", "\\|")
        yield f"| `{name}` | {label.name} | {f'`{label.hotkey}`' if label.hotkey else ''} | {definition} |"
    yield ""
    for name, label in layer.labels.items():
        yield from _label(name, label)
    if layer.attributes:
        yield f"### Attributs de la couche `{key}`\n"
        for name, attribute in layer.attributes.items():
            yield from _attribute_text(name, attribute)


def _label(name: str, label: Label) -> Iterator[str]:
    yield f"### `{name}` : {label.name}\n"
    yield label.definition.strip() + "\n"
    if label.extent:
        yield f"**Étendue.** {label.extent.strip()}\n"
    yield from _in_out(label.include, label.exclude)
    yield from _examples(label.examples, label.counterexamples)


def _attribute_text(name: str, attribute: Attribute) -> Iterator[str]:
    yield f"#### `{name}` : {attribute.title}\n"
    if attribute.definition:
        yield attribute.definition.strip() + "\n"
    if attribute.labels is not None:
        yield f"**Seulement pour** {_names(attribute.labels)}.\n"
    if attribute.required is True:
        yield "**Obligatoire.**\n"
    elif attribute.required:
        yield f"**Obligatoire pour** {_names(attribute.required)}.\n"
    for value, about in attribute.values.items():
        yield f"- `{value}` ({about.title}){f' : {about.definition.strip()}' if about.definition else ''}"
        yield from (f"  - « {_bold(example)} »" for example in about.examples)
        yield from (
            f"  - non : « {_bold(item.text)} » : {item.why.strip()}" for item in about.counterexamples
        )
    if attribute.values:
        yield ""
    if attribute.default is not None or attribute.defaults:
        parts = [f"`{attribute.default}`"] if attribute.default is not None else []
        parts += [f"`{value}` pour `{label}`" for label, value in attribute.defaults.items()]
        yield f"**Par défaut** (rien à saisir) : {', '.join(parts)}.\n"
    yield from _in_out(attribute.include, attribute.exclude)
    yield from _examples(attribute.examples, attribute.counterexamples)


def _relation(schema: Schema, key: str, relation: RelationType) -> Iterator[str]:
    yield f"### `{key}` : {relation.name}\n"
    yield relation.definition.strip() + "\n"
    yield f"De {_ends(schema, relation.head)} vers {_ends(schema, relation.tail)}."
    if relation.min or relation.max is not None:
        most = "sans limite" if relation.max is None else str(relation.max)
        yield f"Pour chaque origine : au moins {relation.min}, au plus {most}."
    yield ""
    yield from _in_out(relation.include, relation.exclude)
    yield from _examples(relation.examples, relation.counterexamples, quoted=False)


def _ends(schema: Schema, ends: list[End]) -> str:
    return " ou ".join(
        f"`{end.layer}`" if end.labels is None else f"`{end.layer}` ({_names(end.labels)})"
        for end in ends
        if end.layer in schema.layers
    )


def _in_out(include: list[str], exclude: list[str]) -> Iterator[str]:
    for title, lines in (("Dedans", include), ("Dehors", exclude)):
        if lines:
            yield f"**{title}**\n"
            yield from (f"- {line.strip()}" for line in lines)
            yield ""


def _examples(examples: list[str], counter: list[Counterexample], *, quoted: bool = True) -> Iterator[str]:
    if examples:
        yield "**Exemples**\n"
        yield from (f"- « {_bold(line)} »" if quoted else f"- {line.strip()}" for line in examples)
        yield ""
    if counter:
        yield "**Contre-exemples**\n"
        yield from (f"- « {_bold(item.text)} » : {item.why.strip()}" for item in counter)
        yield ""


def _bold(example: str) -> str:
    return re.sub(r"\[([^\]]+)\]", r"**[\1]**", example.strip())


def _names(labels: list[str]) -> str:
    return ", ".join(f"`{label}`" for label in labels)

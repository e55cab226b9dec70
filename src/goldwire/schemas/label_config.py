"""What is made from a schema: the Label Studio config and the guidelines. Both in the schema's language.

The schema's own words stand as they are; those around them are the catalogue's (`goldwire.messages`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from importlib.resources import files
from itertools import groupby
from xml.etree import ElementTree as ET

from goldwire.files import sha256
from goldwire.messages import Messages, messages_in
from goldwire.schemas.keys import SearchKeys, free_keys, search, taken_keys
from goldwire.schemas.net import NO_KEY
from goldwire.schemas.schema import (
    Attribute,
    Counterexample,
    End,
    Example,
    Label,
    Layer,
    Question,
    RelationType,
    Schema,
    Value,
)
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


def label_config(schema: Schema, taken: Collection[str] = ()) -> str:
    """The Label Studio config: a `<Labels>` for each layer, its attributes shown for the selected span.

    Labels and choices show their name in the schema's language and store their key (`alias`). Relations
    have no alias in Label Studio: they show their key. No search gets a key of labels or one that is `taken`.
    """
    say = messages_in(schema.language)
    root = ET.Element("View", className="gw")
    leftwards = _RIGHT_TO_LEFT if direction(schema.language) == "rtl" else ""
    rows = sum(len(layer.labels) + 1.2 for layer in schema.layers.values())
    style = files("goldwire.schemas").joinpath("screen.css").read_text(encoding="utf-8")
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
    keys = _search_keys(schema, taken)
    for name, layer in schema.layers.items():
        for attribute_name in layer.attributes:
            _attribute(side, name, layer, attribute_name, say, keys)
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
        found = search(search_keys.give(layer_name, bearers), say)
        ET.SubElement(view, "Filter", {"name": f"{name}-search", "toName": name, **found})
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


def guidelines(schema: Schema) -> str:
    """The guidelines as Markdown: all that the schema tells annotators but the worked article."""
    say = messages_in(schema.language)
    lines = [
        f"# {say('guidelines.heading', title=schema.title)}\n",
        f"*{say('guidelines.origin', stamp=schema.stamp)}*\n",
        *_opening(schema),
        *_common_rules(schema, say),
    ]
    for key, layer in schema.layers.items():
        lines += [f"## {layer.title} (`{key}`)\n"]
        lines += [f"*{layer.question}*\n"] if layer.question else []
        lines += [*_tree(layer, say), *_rules(schema, key)]
        lines += _layer(key, layer, say)
    if schema.relations:
        lines += [f"## {say('guidelines.arguments')}\n", *arguments(schema)]
    lines += [*_relations(schema, say), *_cases(schema, say), *_words(schema, say), *_sources(schema, say)]
    return "\n".join(lines).rstrip() + "\n"


def guidelines_hash(schema: Schema) -> str:
    """The SHA-256 of the guidelines: annotations name the text that their annotator read."""
    return sha256(guidelines(schema))


def reference(schema: Schema) -> str:
    """Of the guidelines what is looked up, as Markdown: without opening, rules, trees, arguments, words
    and sources, which stand elsewhere on a page."""
    say = messages_in(schema.language)
    lines: list[str] = []
    for key, layer in schema.layers.items():
        lines += [f"## {layer.title} (`{key}`)\n", *_layer(key, layer, say)]
    lines += [*_relations(schema, say), *_cases(schema, say)]
    return "\n".join(lines) + "\n"


def opening(schema: Schema) -> str:
    """What the guidelines begin with, as Markdown."""
    return "\n".join(_opening(schema))


def arguments(schema: Schema) -> Iterator[str]:
    """The relations of each layer's labels as lines of Markdown: one table, labels alike in one row.

    A cell says what stands at the relation's other end, or that it may have one; nothing where none starts.
    """
    say = messages_in(schema.language)
    tables = [(name, schema.relations_from(name)) for name in schema.layers]
    tables = [(name, relations) for name, relations in tables if relations]
    for name, relations in tables:
        rows: dict[tuple[str, ...], list[str]] = {}
        for key, label in schema.layers[name].labels.items():
            cells = tuple(_argument(schema, (name, key), label, each, say) for each in relations)
            rows.setdefault(cells, []).append(key)
        titles = " | ".join(f"`{key}` ({about.name})" for key, about in relations.items())
        yield f"| {schema.layers[name].title} | {titles} |\n|---{'|---' * len(relations)}|"
        tails = " | ".join(_tails(schema, about, say) for about in relations.values())
        yield f"| *{say('guidelines.leads_to')}* | {tails} |"
        for cells, keys in rows.items():
            yield f"| {_names(keys)} | {' | '.join(cells)} |"
        yield ""


def _argument(schema: Schema, head: tuple[str, str], label: Label, relation: str, say: Messages) -> str:
    about = schema.relations[relation]
    if not any(end.admits(*head) for end in about.head):
        return ""
    checks = [check for check in schema.checks if head[1] in check.labels and check.relation == relation]
    told = [label.arguments.get(relation, "").replace("|", "\\|").strip()]
    if about.min:
        told.append(f"**{say('guidelines.needed')}**")
    elif checks and checks[0].unless:
        told.append(f"**{say('guidelines.needed_unless', attribute=checks[0].unless)}**")
    elif checks:
        told.append(f"**{say('guidelines.needed')}**")
    return "; ".join(filter(None, told)) or "✓"


def _tails(schema: Schema, about: RelationType, say: Messages) -> str:
    ends = ", ".join(_end(schema, end, say) for end in about.tail if end.layer in schema.layers)
    return ". ".join([ends, *_given(about, say)])


def _opening(schema: Schema) -> Iterator[str]:
    if schema.description:
        yield schema.description.strip() + "\n"
    if schema.guidelines.introduction:
        yield schema.guidelines.introduction.strip() + "\n"


def ended(title: str) -> str:
    """A title as a sentence: with a full stop, where it ends in no mark of its own."""
    return title if title.rstrip()[-1:] in ".?!…" else f"{title}."


def _common_rules(schema: Schema, say: Messages) -> Iterator[str]:
    if schema.guidelines.rules:
        yield f"## {say('guidelines.common_rules')}\n"
        for number, rule in enumerate(schema.guidelines.rules, start=1):
            yield f"{number}. **{ended(rule.title)}** {rule.text.strip()}"
        yield ""


def _relations(schema: Schema, say: Messages) -> Iterator[str]:
    if schema.relations:
        yield f"## {say('guidelines.relations')}\n"
        for key, relation in schema.relations.items():
            yield from _relation(schema, key, relation, say)


def _cases(schema: Schema, say: Messages) -> Iterator[str]:
    if schema.guidelines.cases:
        yield f"## {say('guidelines.hard_cases')}\n"
        for case in schema.guidelines.cases:
            told = say(
                "guidelines.case",
                quote=_bold(case.quote),
                document=_from(case.document),
                decision=case.decision.strip(),
                reason=case.reason.strip(),
            )
            yield f"- {told}"
        yield ""


def _words(schema: Schema, say: Messages) -> Iterator[str]:
    if schema.guidelines.words:
        yield f"## {say('guidelines.words')}\n"
    for words, cases in groupby(schema.guidelines.words, lambda each: each.words):
        told = [
            " ".join(
                filter(
                    None,
                    (
                        f"`{case.label}`" if case.label else say("guidelines.nothing"),
                        f"({case.when})" * bool(case.when),
                    ),
                )
            )
            for case in cases
        ]
        listed = f"**{', '.join(words)}**"
        yield f"- {say('config.line', title=listed, text='; '.join(told))}"
    if schema.guidelines.words:
        yield ""


def _sources(schema: Schema, say: Messages) -> Iterator[str]:
    if schema.guidelines.sources:
        yield f"## {say('guidelines.sources')}\n"
        for document, source in schema.guidelines.sources.items():
            yield f"- {say('config.line', title=document, text=source)}"
        yield ""


def _tree(layer: Layer, say: Messages) -> Iterator[str]:
    def asked(questions: list[Question], depth: int) -> Iterator[str]:
        for number, question in enumerate(questions, start=1):
            leads = f"`{question.mark}`" if question.mark else question.instead.strip()
            indent = "   " * depth
            yield f"{indent}{number}. {question.ask.strip()}{f' → {leads}' if leads else ''}"
            yield from asked(question.then, depth + 1)

    if layer.tree:
        yield f"**{say('guidelines.tree')}**\n"
        yield from asked(layer.tree, 0)
        yield ""


def _rules(schema: Schema, layer: str) -> Iterator[str]:
    rules = schema.numbered_rules(layer)
    yield from (f"- **{number}. {ended(rule.title)}** {rule.text.strip()}" for number, rule in rules)
    if rules:
        yield ""


def _layer(key: str, layer: Layer, say: Messages) -> Iterator[str]:
    for name, label in layer.labels.items():
        yield from _label(name, label, say)
    if layer.attributes:
        yield f"### {say('guidelines.attributes', layer=key)}\n"
        for name, attribute in layer.attributes.items():
            yield from _attribute_text(name, attribute, (key, layer), say)


def _label(name: str, label: Label, say: Messages) -> Iterator[str]:
    hotkey = f" ({say('guidelines.by_key', key=label.hotkey)})" if label.hotkey else ""
    yield f"### {say('guidelines.named', key=name, name=label.name)}{hotkey}\n"
    yield label.definition.strip() + "\n"
    if label.extent:
        yield f"**{say('guidelines.extent')}** {label.extent.strip()}\n"
    yield from _in_out(label.include, label.exclude, say)
    yield from _examples(label.examples, label.counterexamples, say)


def _attribute_text(
    name: str, attribute: Attribute, owner: tuple[str, Layer], say: Messages
) -> Iterator[str]:
    yield f"#### {say('guidelines.named', key=name, name=attribute.title)}\n"
    if attribute.definition:
        yield attribute.definition.strip() + "\n"
    if attribute.labels is not None:
        yield say("guidelines.only_for", labels=_of_layer(attribute.labels, *owner, say)) + "\n"
    if attribute.required is True:
        yield say("guidelines.required") + "\n"
    elif attribute.required:
        yield say("guidelines.required_for", labels=_of_layer(attribute.required, *owner, say)) + "\n"
    for labels, group in groupby(attribute.values.items(), lambda each: each[1].labels):
        values = list(group)
        if labels is not None and not any(about.examples or about.counterexamples for _, about in values):
            told = " ".join(_value(value, about, about.title, say) for value, about in values)
            yield f"- **{say('guidelines.for', labels=_names(labels))}** {told}"
            continue
        for value, about in values:
            title = about.title
            if labels is not None:
                title = say("guidelines.title_for", title=title, labels=_names(labels))
            yield f"- {_value(value, about, title, say)}"
            yield from (f"  - {quoted(example, say)}" for example in about.examples)
            yield from (f"  - {say('guidelines.not', **_extract(item))}" for item in about.counterexamples)
    if attribute.values:
        yield ""
    if attribute.default is not None or attribute.defaults:
        parts = [f"`{attribute.default}`"] if attribute.default is not None else []
        by_value: dict[str, list[str]] = {}
        for label, value in attribute.defaults.items():
            by_value.setdefault(value, []).append(label)
        parts += [
            say("guidelines.default_for", value=value, labels=_names(labels))
            for value, labels in by_value.items()
        ]
        yield say("guidelines.default", values=", ".join(parts)) + "\n"
    if attribute.taken_from:
        yield say("guidelines.taken_from", attribute=attribute.taken_from) + "\n"
    yield from _in_out(attribute.include, attribute.exclude, say)
    yield from _examples(attribute.examples, attribute.counterexamples, say)


def _value(value: str, about: Value, title: str, say: Messages) -> str:
    if definition := about.definition.strip():
        return say("guidelines.value_defined", value=value, title=title, definition=definition)
    return say("guidelines.value", value=value, title=title) + "."


def _extract(item: Counterexample) -> dict[str, str]:
    return {"text": _bold(item.text), "document": _from(item.document), "why": item.why.strip()}


def _relation(schema: Schema, key: str, relation: RelationType, say: Messages) -> Iterator[str]:
    yield f"### {say('guidelines.named', key=key, name=relation.name)}\n"
    yield relation.definition.strip() + "\n"
    heads, tails = (_ends(schema, ends, say) for ends in (relation.head, relation.tail))
    yield say("guidelines.ends", heads=heads, tails=tails)
    yield from _given(relation, say)
    if relation.min or relation.max is not None:
        most = say("guidelines.no_limit") if relation.max is None else str(relation.max)
        yield say("guidelines.count", least=relation.min, most=most)
    yield ""
    yield from _in_out(relation.include, relation.exclude, say)
    yield from _examples(relation.examples, relation.counterexamples, say, extracts=False)


def _given(relation: RelationType, say: Messages) -> Iterator[str]:
    for name, values in relation.given.items():
        told = say("guidelines.or").join(f"`{value}`" for value in values)
        yield say("guidelines.given", attribute=name, values=told)


def _ends(schema: Schema, ends: list[End], say: Messages) -> str:
    return say("guidelines.or").join(_end(schema, end, say) for end in ends if end.layer in schema.layers)


def _end(schema: Schema, end: End, say: Messages) -> str:
    if end.labels is None:
        return f"`{end.layer}`"
    return _of_layer(end.labels, end.layer, schema.layers[end.layer], say)


def _of_layer(labels: list[str], name: str, layer: Layer, say: Messages) -> str:
    """Labels of a layer; where they are most of them, the layer without the others."""
    others = [label for label in layer.labels if label not in labels]
    if not others:
        return f"`{name}`"
    if len(others) < len(layer.labels) / 2:
        return say("guidelines.all_but", layer=name, labels=_names(others))
    return _names(labels)


def _in_out(include: list[str], exclude: list[str], say: Messages) -> Iterator[str]:
    for key, lines in (("inside", include), ("outside", exclude)):
        if lines:
            yield f"**{say(f'guidelines.{key}')}**\n"
            yield from (f"- {line.strip()}" for line in lines)
            yield ""


def quoted(example: Example, say: Messages) -> str:
    """An extract in the language's quotes, its span bold, with the article that it names."""
    if isinstance(example, str):
        return say("guidelines.quote", text=_bold(example))
    return say("guidelines.quote", text=_bold(example.text)) + _from(example.document)


def _from(document: str) -> str:
    return f" ({document})" if document else ""


def _examples(
    examples: list[Example], counter: list[Counterexample], say: Messages, *, extracts: bool = True
) -> Iterator[str]:
    if examples:
        yield f"**{say('guidelines.examples')}**\n"
        for line in examples:
            yield f"- {line.strip() if isinstance(line, str) and not extracts else quoted(line, say)}"
        yield ""
    if counter:
        yield f"**{say('guidelines.counterexamples')}**\n"
        for item in counter:
            yield f"- {say('guidelines.counterexample', **_extract(item))}"
        yield ""


def _bold(example: str) -> str:
    return re.sub(r"\[([^\]]+)\]", r"**[\1]**", example.strip())


def _names(labels: list[str]) -> str:
    return ", ".join(f"`{label}`" for label in labels)

"""The guidelines as text: what the schema tells annotators, in their language, and the hash that names it.

The schema's own words stand as they are; those around them are the catalogue's (`goldwire.messages`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from goldwire.files import sha256
from goldwire.messages import Messages, messages_in
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


def guidelines(schema: Schema) -> str:
    """The guidelines as Markdown: all that the schema tells annotators but the worked article."""
    say = messages_in(schema.language)
    lines = [
        f"# {say('guidelines.heading', title=schema.title)}\n",
        f"*{say('guidelines.origin', schema=schema.id)}*\n",
        *opening_lines(schema),
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


def opening_lines(schema: Schema) -> Iterator[str]:
    """What the guidelines begin with, as lines of Markdown."""
    if schema.description:
        yield schema.description.strip() + "\n"
    if schema.guidelines.introduction:
        yield schema.guidelines.introduction.strip() + "\n"


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
    ends = ", ".join(_end(schema, end, say) for end in about.tail)
    return ". ".join([ends, *_given(about, say)])


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
            (f"`{case.label}`" if case.label else say("guidelines.nothing"))
            + (f" ({case.when})" if case.when else "")
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
            yield from (f"  - {quoted_extract(example, say)}" for example in about.examples)
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
    return say("guidelines.or").join(_end(schema, end, say) for end in ends)


def _end(schema: Schema, end: End, say: Messages) -> str:
    if end.labels is None:
        return f"`{end.layer}`"
    if end.layer not in schema.layers:  # the guidelines are of one layer, and this one is given
        return _names(end.labels)
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


def quoted_extract(example: Example, say: Messages) -> str:
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
            yield f"- {line.strip() if isinstance(line, str) and not extracts else quoted_extract(line, say)}"
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

"""What a schema tells annotators agrees with what it holds: trees, arguments, words, the worked article."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from goldwire.errors import Fault, one_of
from goldwire.schemas.schema import Layer, Line, Mark, Question, Schema, Worked

#: Makes a fault of its code, path, message and hint.
FaultMaker = Callable[[str, str, str, str], Fault]


def guidance_faults(schema: Schema, fault: FaultMaker) -> Iterator[Fault]:
    """Where the guidance names what the schema has not, or leads nowhere (GW118)."""
    known = {label for layer in schema.layers.values() for label in layer.labels}
    for name, layer in schema.layers.items():
        for index, question in enumerate(layer.tree):
            yield from _question_faults(layer, question, f"$.layers.{name}.tree[{index}]", fault)
        for key, label in layer.labels.items():
            for relation in label.arguments:
                starting = [
                    kind
                    for kind, about in schema.relations.items()
                    if any(end.admits(name, key) for end in about.head)
                ]
                if relation not in starting:
                    at = f"$.layers.{name}.labels.{key}.arguments.{relation}"
                    yield fault("GW118", at, f"no relation `{relation}` starts at {key}", one_of(starting))
    for index, word in enumerate(schema.guidelines.words):
        if word.label and word.label not in known:
            at = f"$.guidelines.words[{index}].label"
            yield fault("GW118", at, f"unknown label `{word.label}`", one_of(known))
    if schema.guidelines.worked is not None:
        yield from _worked_faults(schema, schema.guidelines.worked, fault)


def _question_faults(layer: Layer, question: Question, at: str, fault: FaultMaker) -> Iterator[Fault]:
    if [bool(question.mark), bool(question.then), bool(question.instead)].count(True) != 1:
        hint = "give one of `mark`, `then`, `instead`"
        yield fault("GW118", at, "yes leads nowhere, or to more than one place", hint)
    if question.mark and question.mark not in layer.labels:
        message = f"the layer has no label `{question.mark}`"
        yield fault("GW118", f"{at}.mark", message, one_of(layer.labels))
    for index, inner in enumerate(question.then):
        yield from _question_faults(layer, inner, f"{at}.then[{index}]", fault)


def _worked_faults(schema: Schema, worked: Worked, fault: FaultMaker) -> Iterator[Fault]:
    labels: dict[str, set[str]] = {}
    for line in worked.lines:
        for mark in line.marks:
            labels.setdefault(mark.span, set()).add(mark.label)
    for row, line in enumerate(worked.lines):
        for index, mark in enumerate(line.marks):
            at = f"$.guidelines.worked.lines[{row}].marks[{index}]"
            yield from _mark_faults(schema, line, mark, labels, at, fault)


def _mark_faults(
    schema: Schema, line: Line, mark: Mark, labels: Mapping[str, set[str]], at: str, fault: FaultMaker
) -> Iterator[Fault]:
    if mark.span not in line.text:
        hint = "write it to the letter"
        yield fault("GW118", f"{at}.span", f"the line does not hold “{mark.span}”", hint)
    numbers = schema.rule_numbers()
    for title in mark.rules:
        if title not in numbers:
            yield fault("GW118", f"{at}.rules", f"no rule has the title “{title}”", one_of(numbers))
    name = schema.layer_of(mark.label)
    if mark.label and not name:
        known = [label for layer in schema.layers.values() for label in layer.labels]
        yield fault("GW118", f"{at}.label", f"unknown label `{mark.label}`", one_of(known))
        return
    attributes = schema.layers[name].attributes if name else {}
    for key, value in mark.attributes.items():
        attribute = attributes.get(key)
        if attribute is None or not attribute.applies_to(mark.label):
            bearable = [each for each, about in attributes.items() if about.applies_to(mark.label)]
            yield fault("GW118", f"{at}.attributes", f"{mark.label} has no `{key}`", one_of(bearable))
        elif attribute.values and not (
            value in attribute.values and attribute.values[value].applies_to(mark.label)
        ):
            message = f"`{value}` is no value of `{key}` for {mark.label}"
            yield fault("GW118", f"{at}.attributes.{key}", message, one_of(attribute.values))
    for relation, tails in mark.relations.items():
        kind = schema.relations.get(relation)
        if kind is None or not any(end.admits(name, mark.label) for end in kind.head):
            message = f"no relation `{relation}` starts at {mark.label or 'nothing'}"
            yield fault("GW118", f"{at}.relations", message, one_of(schema.relations))
            continue
        for tail in tails:
            held = labels.get(tail, set())
            if not any(end.admits(schema.layer_of(label), label) for end in kind.tail for label in held):
                message = (
                    f"`{relation}` can't lead to “{tail}”: it is marked as {', '.join(held) or 'nothing'}"
                )
                yield fault("GW118", f"{at}.relations.{relation}", message, "mark it in its line first")

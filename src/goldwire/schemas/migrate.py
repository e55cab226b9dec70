"""Annotations from one version of a schema to the next, by a plan of operations in its order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_text
from goldwire.model import Annotation, AttributeValue, Relation, Span
from goldwire.schemas.load import convert
from goldwire.schemas.schema import Schema
from goldwire.schemas.yaml_lines import parse_yaml


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """What a span must meet, all of it: an attribute's value (or its absence), a pattern in what it marks."""

    attribute: str = ""
    values: list[str] = field(default_factory=list)
    matches: str = ""
    absent: bool = False
    surface: str = ""


class SplitRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Spans that meet `when` become `to`."""

    when: When
    to: str


class Operation(Struct, frozen=True, forbid_unknown_fields=True):
    """One step: one of `rename`, `merge`, `split`, `remove`; `labels` narrows it to spans of these."""

    rename: Literal["label", "layer", "attribute", "value", "relation"] | None = None
    merge: list[str] | None = None
    split: str | None = None
    remove: Literal["label", "attribute", "value", "relation"] | None = None
    name: str = ""
    to: str = ""
    layer: str = ""
    attribute: str = ""
    labels: list[str] | None = None
    rules: list[SplitRule] = field(default_factory=list)
    otherwise: str = ""

    @property
    def told(self) -> str:
        """The step in a few words."""
        if self.merge is not None:
            return f"merge {', '.join(self.merge)} → {self.to}"
        if self.split is not None:
            return f"split {self.split}"
        where = ".".join(filter(None, (self.layer, self.attribute, self.name)))
        return f"rename {self.rename} {where} → {self.to}" if self.rename else f"remove {self.remove} {where}"


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """A migration from the stamp `source` (in the file: `from`) to the stamp `to`."""

    source: str
    to: str
    operations: list[Operation]


class Outcome(Struct, frozen=True):
    """A migrated annotation, and what was changed in it and taken out of it, by the operation's number."""

    annotation: Annotation
    changes: tuple[dict[str, Any], ...]
    removed: tuple[dict[str, Any], ...]


def load_plan(path: Path) -> Plan:
    """The plan in a YAML file. Raises one error with all its faults (GW101 to GW103, GW130)."""
    data, lines = parse_yaml(read_text(path), str(path))
    if isinstance(data, dict) and "from" in data:
        data["source"] = data.pop("from")
    plan, faults = convert(data, Plan, lines, str(path))
    if plan is None:
        raise GoldwireError(*faults)
    raise_faults(_plan_faults(plan, lines, str(path)))
    return plan


def _plan_faults(plan: Plan, lines: dict[str, int], source: str) -> Iterator[Fault]:
    if plan.source == plan.to:
        hint = "give the schema a new version: annotations tell by it whether they are migrated"
        yield Fault("GW130", f"`from` and `to` are both {plan.to}", source, hint)
    for number, one in enumerate(plan.operations):
        at = f"$.operations[{number}]"
        place = f"{source}:{lines.get(at, 1)} {at}"
        kinds = [k for k in ("rename", "merge", "split", "remove") if getattr(one, k) is not None]
        if len(kinds) != 1:
            yield Fault("GW130", "not exactly one of rename, merge, split, remove", place, "one a step")
            continue
        needed = {"rename": ["name", "to"], "merge": ["to"], "split": ["rules"], "remove": ["name"]}[kinds[0]]
        inside = {"attribute": ["layer"], "value": ["layer", "attribute"]}
        for key in [*needed, *inside.get(str(one.rename or one.remove), [])]:
            if not getattr(one, key):
                yield Fault("GW130", f"{kinds[0]} lacks `{key}`", place, "add it")
        for rule in one.rules:
            when = rule.when
            if not (when.surface or when.attribute):
                yield Fault("GW130", "a rule without condition", place, "name `attribute` or `surface`")
            if when.attribute and not (when.values or when.matches or when.absent):
                hint = "give `values`, `matches` or `absent: true`"
                yield Fault("GW130", f"nothing is asked of `{when.attribute}`", place, hint)
            for pattern in (when.surface, when.matches):
                try:
                    re.compile(pattern)
                except re.error as error:
                    yield Fault("GW130", f"`{pattern}` is no pattern: {error}", place, "a regular expression")


def migrate(annotation: Annotation, plan: Plan, schema: Schema, text: str) -> Outcome:
    """An annotation of the plan's source under the new schema; one of another stamp comes back as it is.

    `text` is the article's. Whether the outcome is sound under the new schema is for the caller to check.
    Provenance, status, ids and order stay. A span goes to the layer that its new label belongs to. Spans of
    one extent that have become one label are one span; what they say differently is taken out.
    """
    if annotation.schema != plan.source:
        return Outcome(annotation, (), ())
    work = _Migration(annotation, schema, text)
    for number, operation in enumerate(plan.operations):
        work.number = number
        work.apply(operation)
    work.number = len(plan.operations)
    work.settle()
    migrated = replace(
        annotation, schema=plan.to, spans=tuple(work.spans.values()), relations=tuple(work.relations)
    )
    return Outcome(migrated, tuple(work.changes), tuple(work.removed))


class _Migration:
    """One annotation on its way."""

    def __init__(self, annotation: Annotation, schema: Schema, text: str) -> None:
        self.schema, self.text = schema, text
        self.owners = {label: name for name, layer in schema.layers.items() for label in layer.labels}
        self.spans = {span.id: replace(span, attributes=dict(span.attributes)) for span in annotation.spans}
        self.relations = list(annotation.relations)
        self.relabelled: set[str] = set()
        self.changes: list[dict[str, Any]] = []
        self.removed: list[dict[str, Any]] = []
        self.number = 0

    def apply(self, operation: Operation) -> None:
        what = operation.rename or operation.remove
        for span in list(self.spans.values()):
            if operation.labels is not None and span.label not in operation.labels:
                continue
            if what == "label" and span.label == operation.name:
                self.relabel(span, operation.to) if operation.rename else self.take_out(span)
            elif operation.merge is not None and span.label in operation.merge:
                self.relabel(span, operation.to)
            elif operation.split is not None and span.label == operation.split:
                met = (rule.to for rule in operation.rules if self.meets(span, rule.when))
                self.relabel(span, next(met, operation.otherwise or span.label))
            elif what == "layer" and span.layer == operation.name:
                self.change(span, "layer", span.layer, operation.to)
                self.spans[span.id] = replace(span, layer=operation.to)
            elif what == "attribute" and span.layer == operation.layer and operation.name in span.attributes:
                self.attribute(span, operation)
            elif what == "value" and span.layer == operation.layer and operation.attribute in span.attributes:
                self.value(span, operation)
        if what == "relation":
            self.relation(operation)

    def change(self, span: Span, what: str, old: Any, new: Any) -> None:
        if old != new:
            self.changes.append({"step": self.number, "span": span.id, "what": what, "old": old, "new": new})

    def out(self, kind: str, **what: Any) -> None:
        self.removed.append({"step": self.number, "kind": kind, **what})

    def relabel(self, span: Span, label: str) -> None:
        if label != span.label:
            self.change(span, "label", span.label, label)
            self.relabelled.add(span.id)
            self.spans[span.id] = replace(span, label=label)

    def take_out(self, span: Span) -> None:
        """Remove a span with its relations."""
        del self.spans[span.id]
        self.out("span", span=span)
        for relation in [r for r in self.relations if span.id in (r.head, r.tail)]:
            self.relations.remove(relation)
            self.out("relation", relation=relation)

    def meets(self, span: Span, when: When) -> bool:
        if when.surface and not re.search(when.surface, self.text[span.start : span.end]):
            return False
        if not when.attribute:
            return True
        present = span.attributes.get(when.attribute)
        if present is None:
            return when.absent
        listed = [str(value) for value in present] if isinstance(present, list) else [str(present)]
        named = any(value in when.values for value in listed)
        return named or bool(when.matches and any(re.search(when.matches, value) for value in listed))

    def attribute(self, span: Span, operation: Operation) -> None:
        value = span.attributes.pop(operation.name)
        if operation.remove or operation.to in span.attributes:
            self.out("attribute", span=span.id, attribute=operation.name, value=value)
        else:
            span.attributes[operation.to] = value
            self.change(span, "attribute", operation.name, operation.to)

    def value(self, span: Span, operation: Operation) -> None:
        stored = span.attributes[operation.attribute]
        listed: list[Any] = stored if isinstance(stored, list) else [stored]
        if operation.name not in listed:
            return
        if operation.remove:
            listed = [value for value in listed if value != operation.name]
            self.out("value", span=span.id, attribute=operation.attribute, value=operation.name)
        else:
            listed = list(
                dict.fromkeys(operation.to if value == operation.name else value for value in listed)
            )
            self.change(span, operation.attribute, operation.name, operation.to)
        if listed:
            remaining: AttributeValue = listed if isinstance(stored, list) else listed[0]
            span.attributes[operation.attribute] = remaining
        else:
            del span.attributes[operation.attribute]

    def relation(self, operation: Operation) -> None:
        for number, relation in reversed(list(enumerate(self.relations))):
            if relation.label != operation.name:
                continue
            if operation.remove:
                del self.relations[number]
                self.out("relation", relation=relation)
                continue
            self.relations[number] = replace(relation, label=operation.to)
            arrow = {"head": relation.head, "tail": relation.tail}
            self.changes.append(
                {"step": self.number, **arrow, "what": "relation", "old": operation.name, "new": operation.to}
            )

    def settle(self) -> None:
        """Layers follow labels; spans and relations that have become the same are one."""
        for name in sorted(self.relabelled & self.spans.keys()):
            span = self.spans[name]
            layer = self.owners.get(span.label, span.layer)
            self.change(span, "layer", span.layer, layer)
            self.spans[name] = replace(span, layer=layer)
        first: dict[tuple[str, str, int, int], str] = {}
        for span in list(self.spans.values()):
            key = (span.layer, span.label, span.start, span.end)
            other = first.setdefault(key, span.id)
            if other != span.id and self.relabelled & {other, span.id}:
                self.join(self.spans[other], span)
        once: dict[tuple[str, str, str], Relation] = {}
        for relation in self.relations:
            arrow = (relation.label, relation.head, relation.tail)
            if arrow in once:
                marked = _both(once[arrow].marked_by, relation.marked_by)
                once[arrow] = replace(once[arrow], marked_by=marked)
                self.out("same relation", relation=relation)
            else:
                once[arrow] = relation
        self.relations = list(once.values())

    def join(self, survivor: Span, span: Span) -> None:
        """Make `span` one with `kept`, which marks the same."""
        self.change(span, "joined", span.id, survivor.id)
        for key, value in span.attributes.items():
            if survivor.attributes.setdefault(key, value) != value:
                self.out("attribute", span=span.id, attribute=key, value=value)
        del self.spans[span.id]
        self.spans[survivor.id] = replace(survivor, marked_by=_both(survivor.marked_by, span.marked_by))
        for number, relation in reversed(list(enumerate(self.relations))):
            if span.id not in (relation.head, relation.tail):
                continue
            head, tail = (survivor.id if end == span.id else end for end in (relation.head, relation.tail))
            self.relations[number] = replace(relation, head=head, tail=tail)
            if head == tail:
                del self.relations[number]
                self.out("relation", relation=relation)


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))

"""Annotations from one version of a schema to the next, by a plan of operations in its order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from goldwire.errors import Fault, GoldwireError
from goldwire.model import Annotation, AttributeValue, Relation, Span
from goldwire.schemas.changes.plan import Operation, Plan, SpanName, When
from goldwire.schemas.numbers import bounds, tidy
from goldwire.schemas.schema import Attribute, Schema


class MigrationOutcome(Struct):
    """A migrated annotation, and what was changed in it and taken out of it, by the operation's number.

    `named` holds the places in the plan of the spans and relations that it names and this annotation has;
    `renamed` the steps that give something here another name, `taken` those whose new name something had;
    `added` the relations that steps add, as label, head and tail, those that were there already too; `met`
    the rules, by step and place, that a span met.
    """

    annotation: Annotation
    changes: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    named: set[tuple[int, str]] = field(default_factory=set)
    renamed: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    added: set[tuple[str, str, str]] = field(default_factory=set)
    met: set[tuple[int, int]] = field(default_factory=set)


def migrate(annotation: Annotation, plan: Plan, schema: Schema, text: str) -> MigrationOutcome:
    """An annotation of the plan's source under the new schema; one of another schema comes back as it is.

    `text` is the article's. Whether the outcome is sound under the new schema is for the caller to check.
    Provenance, status, ids and order stay. A span goes to the layer that its label belongs to, a value gets
    the form of its attribute's kind where that says the same (one value as a list of one, `3-5` as `3..5`).
    Spans of one extent that have become one label are one span; what they say differently is taken out. What
    the plan names and this annotation has not is passed over. Raises GW133 where a relation's end could be
    several.
    """
    if annotation.schema != plan.source:
        return MigrationOutcome(annotation)
    migration = _Migration(annotation, schema, text)
    for number, operation in enumerate(plan.operations):
        migration.number = number
        migration.look(operation)
        migration.apply(operation)
    migration.number = len(plan.operations)
    migration.settle()
    migration.outcome.annotation = replace(
        annotation,
        schema=plan.to,
        spans=tuple(migration.spans.values()),
        relations=tuple(migration.relations),
    )
    return migration.outcome


def collisions(plan: Plan, outcomes: Sequence[MigrationOutcome]) -> Iterator[Fault]:
    """Steps that would give all that bear a name another one, which others bear already."""
    renamed = {number for outcome in outcomes for number in outcome.renamed}
    for number in sorted(renamed & {number for outcome in outcomes for number in outcome.taken}):
        operation = plan.operations[number]
        message = f"step {number + 1}, {operation.told}: `{operation.to}` is there already, both would be one"
        hint = (
            "if they are one: merge; to exchange two names, take a third between; for some of them, `labels` "
            "or `spans`"
        )
        if operation.rename == "layer":
            hint = "if they are one: leave the step out, spans go where the new schema has their labels"
        yield Fault("GW133", message, f"$.operations[{number}]", hint)


class _Migration:
    """One annotation on its way."""

    def __init__(self, annotation: Annotation, schema: Schema, text: str) -> None:
        self.schema, self.text, self.document = schema, text, annotation.document
        self.owners = {label: name for name, layer in schema.layers.items() for label in layer.labels}
        self.spans = {span.id: replace(span, attributes=dict(span.attributes)) for span in annotation.spans}
        self.relations = list(annotation.relations)
        self.relabelled: set[str] = set()
        self.outcome = MigrationOutcome(annotation)
        self.number = 0
        self.reason = ""

    def look(self, operation: Operation) -> None:
        """Put down whether a step that renames all that bear a name finds some, and some with the new one."""
        narrowed = (operation.labels, operation.spans, operation.arrows)
        if operation.rename is None or any(each is not None for each in narrowed):
            return
        if operation.name == operation.to:
            return
        borne: set[Any] = set()
        if operation.rename == "relation":
            borne = {relation.label for relation in self.relations}
        elif operation.rename == "label":
            borne = {span.label for span in self.spans.values()}
        elif operation.rename == "layer":
            borne = {span.layer for span in self.spans.values()}
        elif operation.rename == "value":
            held = [
                s.attributes.get(operation.attribute)
                for s in self.spans.values()
                if self.lies_in(s, operation)
            ]
            borne = {value for each in held for value in (each if isinstance(each, list) else [each])}
        if operation.name in borne:
            self.outcome.renamed.add(self.number)
        if operation.to in borne:
            self.outcome.taken.add(self.number)

    def lies_in(self, span: Span, operation: Operation) -> bool:
        """Whether a span is of a step's layer, as it was or as its label has it now."""
        return operation.layer in (span.layer, self.owners.get(span.label))

    def apply(self, operation: Operation) -> None:
        self.reason = operation.reason
        target = operation.rename or operation.remove or operation.add
        merged = operation.merge is not None and not operation.attribute
        if target == "relation" or (
            merged and operation.to in self.schema.relations.keys() - self.owners.keys()
        ):
            self.add_relations(operation) if operation.add else self.relation(operation)
            return
        for span in list(self.spans.values()):
            if operation.labels is not None and span.label not in operation.labels:
                continue
            if operation.spans is not None and not self.among(span, operation.spans, "spans"):
                continue
            if target == "span":
                self.take_out(span)
            elif operation.move is not None:
                if span.label == operation.move:
                    self.relabel(span, operation.to)
            elif operation.set is not None or operation.add is not None:
                self.put(span, operation)
            elif operation.attribute and (operation.merge is not None or operation.split is not None):
                if self.lies_in(span, operation) and operation.attribute in span.attributes:
                    self.regroup(span, operation)
            elif target == "label" and span.label == operation.name:
                self.relabel(span, operation.to) if operation.rename else self.take_out(span)
            elif operation.merge is not None and span.label in operation.merge:
                self.relabel(span, operation.to)
            elif operation.split is not None and span.label == operation.split:
                self.relabel(span, self.ruled(span, operation) or span.label)
            elif target == "layer" and span.layer == operation.name:
                self.change(span, "layer", span.layer, operation.to)
                self.spans[span.id] = replace(span, layer=operation.to)
            elif (
                target == "attribute" and self.lies_in(span, operation) and operation.name in span.attributes
            ):
                self.attribute(span, operation)
            elif (
                target == "value" and self.lies_in(span, operation) and operation.attribute in span.attributes
            ):
                self.value(span, operation)

    def note(self, **what: Any) -> dict[str, Any]:
        return {"step": self.number, **what, **({"reason": self.reason} if self.reason else {})}

    def change(self, span: Span, what: str, old: Any, new: Any) -> None:
        if old != new:
            self.outcome.changes.append(self.note(span=span.id, what=what, old=old, new=new))

    def out(self, kind: str, **what: Any) -> None:
        self.outcome.removed.append(self.note(kind=kind, **what))

    def is_named(self, span: Span, name: SpanName) -> bool:
        return (
            name.is_of(self.document)
            and name.label in ("", span.label)
            and name.extent(self.text) == (span.start, span.end)
        )

    def among(self, span: Span, names: list[SpanName], part: str) -> bool:
        """Whether a span is one of those named; puts down which of the names it bears."""
        places = [f"{part}[{number}]" for number, name in enumerate(names) if self.is_named(span, name)]
        self.outcome.named.update((self.number, place) for place in places)
        return bool(places)

    def put(self, span: Span, operation: Operation) -> None:
        """Give a span an attribute: `set` whatever it has, `add` where it has none and may have it."""
        name = operation.set or operation.name
        if not self.lies_in(span, operation) or operation.value is None:
            return
        old = span.attributes.get(name)
        if operation.add:
            attribute = self.attribute_of(span, name)
            if old is not None or (attribute is not None and not attribute.applies_to(span.label)):
                return
        span.attributes[name] = operation.value
        self.change(span, name, old, operation.value)

    def attribute_of(self, span: Span, name: str) -> Attribute | None:
        """The new schema's attribute of a span; None where it has none of that name."""
        layer = self.schema.layers.get(self.owners.get(span.label, span.layer))
        return layer.attributes.get(name) if layer is not None else None

    def ruled(self, span: Span, operation: Operation) -> str:
        """What a split makes of a span, empty where it stays."""
        for number, rule in enumerate(operation.rules):
            if self.meets(span, rule.when, f"rules[{number}].when"):
                self.outcome.met.add((self.number, number))
                return rule.to
        return operation.otherwise

    def regroup(self, span: Span, operation: Operation) -> None:
        """Several values, such as ids, become one; or one becomes several, by rules."""
        olds = [operation.split] if operation.split is not None else operation.merge or []
        for old in olds:
            to = self.ruled(span, operation) if operation.split is not None else operation.to
            if to and to != old and operation.attribute in span.attributes:
                self.value(span, replace(operation, rename="value", name=old, to=to))

    def ends(self, operation: Operation, name: SpanName, side: str) -> list[str]:
        """The spans that a name can mean at one end of a relation: those that may stand there."""
        kind = self.schema.relations.get(operation.name)
        allowed = (kind.head if side == "head" else kind.tail) if kind is not None else []
        span_ids = [
            span.id
            for span in self.spans.values()
            if self.is_named(span, name)
            and any(end.admits(self.owners.get(span.label, span.layer), span.label) for end in allowed)
        ]
        if len(span_ids) > 1:
            message = f"step {self.number + 1}: «{name.quote}» can be {len(span_ids)} spans"
            hint = "give it its `label`"
            raise GoldwireError.of("GW133", message, where=self.document, hint=hint)
        return span_ids

    def add_relations(self, operation: Operation) -> None:
        present = {(r.label, r.head, r.tail) for r in self.relations}
        for number, arrow in enumerate(operation.arrows or ()):
            heads, tails = self.ends(operation, arrow.head, "head"), self.ends(operation, arrow.tail, "tail")
            for head, tail in zip(heads, tails, strict=False):
                self.outcome.named.add((self.number, f"arrows[{number}]"))
                self.outcome.added.add((operation.name, head, tail))
                if (operation.name, head, tail) not in present:
                    both = self.spans[head].marked_by, self.spans[tail].marked_by
                    marked = tuple(name for name in both[0] if name in both[1])
                    self.relations.append(Relation(operation.name, head, tail, marked))
                    arrow_ends = {"head": head, "tail": tail}
                    self.outcome.changes.append(
                        self.note(**arrow_ends, what="relation", old=None, new=operation.name)
                    )

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

    def meets(self, span: Span, when: When, part: str) -> bool:
        if when.spans and not self.among(span, when.spans, f"{part}.spans"):
            return False
        if when.surface and not re.search(when.surface, self.text[span.start : span.end]):
            return False
        if not when.attribute:
            return True
        present = span.attributes.get(when.attribute)
        if present is None:
            if when.absent:
                return True
            attribute = self.attribute_of(span, when.attribute)
            present = attribute.default_for(span.label, span.attributes) if attribute is not None else None
        if present is None:
            return False
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
            old = relation.label
            if old not in (operation.merge or [operation.name]) or not self.means(operation, relation):
                continue
            if operation.remove:
                del self.relations[number]
                self.out("relation", relation=relation)
                continue
            self.relations[number] = replace(relation, label=operation.to)
            ends = {"head": relation.head, "tail": relation.tail}
            if old != operation.to:
                self.outcome.changes.append(self.note(**ends, what="relation", old=old, new=operation.to))

    def means(self, operation: Operation, relation: Relation) -> bool:
        """Whether a step on relations is of this one."""
        head, tail = self.spans[relation.head], self.spans[relation.tail]
        if operation.labels is not None and head.label not in operation.labels:
            return False
        if operation.spans is not None and not self.among(head, operation.spans, "spans"):
            return False
        if operation.arrows is None:
            return True
        places = [
            f"arrows[{number}]"
            for number, arrow in enumerate(operation.arrows)
            if self.is_named(head, arrow.head) and self.is_named(tail, arrow.tail)
        ]
        self.outcome.named.update((self.number, place) for place in places)
        return bool(places)

    def settle(self) -> None:
        """Layers follow labels, values their kinds; spans and relations that have become the same are one."""
        self.reason = ""
        for name, span in list(self.spans.items()):
            layer = self.owners.get(span.label, span.layer)
            if layer != span.layer:
                self.relabelled.add(name)
                self.change(span, "layer", span.layer, layer)
                self.spans[name] = replace(span, layer=layer)
            for attribute_name, value in span.attributes.items():
                if (attribute := self.attribute_of(span, attribute_name)) is not None:
                    span.attributes[attribute_name] = _in_form(attribute, value)
                    self.change(span, attribute_name, value, span.attributes[attribute_name])
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


def _in_form(attribute: Attribute, value: AttributeValue) -> AttributeValue:
    """A value in the form of its attribute's kind, where that says the same."""
    if attribute.kind == "choices" and isinstance(value, str):
        return [value]
    if attribute.kind not in ("choices", "flag") and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if attribute.kind in ("integer", "range") and isinstance(value, str) and bounds(tidy(value)) is not None:
        return tidy(value)
    return value


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))

"""An adjudicator's annotation, read as decisions: what it holds of the readings, and what is its own.

It answers the items that it was asked about, and no other: of these a span or relation that it lacks was
turned down, and a value that differs is decided. What both readings hold may be amended; one that neither has
is the adjudicator's own mark. Rounds follow those of `adjudicate_article`: spans first, then the attributes
and relations of those that stand.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from goldwire.annotate.adjudication.items import region_id
from goldwire.annotate.adjudication.merge import AdjudicationOutcome, Decision, adjudicate_article
from goldwire.annotate.adjudication.pairing import pair_key, pair_kind, span_name, span_pairs
from goldwire.annotations.values import value_problem
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, AttributeValue, Document, Relation, Span
from goldwire.schemas import Schema
from goldwire.text import trim

Arrow = tuple[str, str, str]


class Interpretation(NamedTuple):
    """Decisions by item, and the adjudicator's own marks."""

    decisions: dict[str, Decision]
    own_marks: Annotation | None


def as_shown(annotation: Annotation, schema: Schema, text: str) -> Annotation:
    """An annotation as Label Studio gives it back: edges trimmed, without defaults and flags that are off."""
    read = from_result(to_result(annotation, schema), text, schema)
    return without_defaults(
        msgspec.structs.replace(annotation, spans=read.spans, relations=read.relations), schema
    )


def without_defaults(annotation: Annotation, schema: Schema) -> Annotation:
    """The annotation without what says nothing: default values, and attributes that a label may not bear."""
    spans = []
    for span in annotation.spans:
        attributes: dict[str, AttributeValue] = {}
        for name, value in span.attributes.items():
            attribute = schema.layers[span.layer].attributes[name]
            if attribute.applies_to(span.label) and value != attribute.default_for(
                span.label, span.attributes
            ):
                attributes[name] = value
        spans.append(msgspec.structs.replace(span, attributes=attributes))
    return msgspec.structs.replace(annotation, spans=tuple(spans))


def interpret(
    document: Document,
    readings: tuple[Annotation, Annotation],
    schema: Schema,
    marks: Annotation,
    *,
    decisions: Mapping[str, Decision] | None = None,
    own_marks: Annotation | None = None,
    partial: bool = False,
    asked: Container[str] = (),
    reason: Callable[[Span | None], str] = lambda _span: "",
) -> Interpretation:
    """What the adjudicator's `marks` decide of two readings, beside the `decisions` that stand.

    Only the items that were `asked` are answered; what both readings hold is amended. `own_marks` are kept
    elsewhere. With `partial` the marks were made on former readings: nothing is said of what both agree on. A
    region that was shown (`region_id`) may have lost an attribute or relation on purpose; one that was marked
    anew keeps what both had.
    `reason` gives the words for a decision about a span, None where it was turned down; a decision that
    is the same as a former one keeps that one's reason.
    """
    former, marks = decisions or {}, without_defaults(marks, schema)
    return _Interpreter(document, readings, schema, marks, former, own_marks, partial, asked, reason).read()


@dataclass
class _Interpreter:
    """One annotation being read."""

    document: Document
    readings: tuple[Annotation, Annotation]
    schema: Schema
    marks: Annotation
    former: Mapping[str, Decision]
    own_marks: Annotation | None
    partial: bool
    asked: Container[str]
    reason: Callable[[Span | None], str]

    def __post_init__(self) -> None:
        self.by_name = {span_name(span): span for span in self.marks.spans}
        ends = {span.id: span_name(span) for span in self.marks.spans}
        self.arrows: set[Arrow] = {(r.label, ends[r.head], ends[r.tail]) for r in self.marks.relations}
        self.decisions: dict[str, Decision] = {
            key: decision
            for key, decision in self.former.items()
            if key not in self.asked and (self.partial or decision.kind != "amended")
        }
        self.aside: set[str] = set()  # names of spans that a blocked item is about

    def merge(self) -> AdjudicationOutcome:
        return adjudicate_article(
            self.document, self.readings, self.schema, self.decisions, own_marks=self.own_marks, lenient=True
        )

    def shown(self, span: Span) -> str:
        """The name that a span bears in Label Studio."""
        start, end = trim(self.document.text, span.start, span.end)
        return span_name(msgspec.structs.replace(span, start=start, end=end))

    def was_shown(self, mark: Span) -> bool:
        """Whether a region is one that the adjudicator was given, not one that was marked anew."""
        return mark.id == region_id(span_name(mark))

    def were_shown(self, *spans: Span) -> bool:
        """Whether all of these stand in the adjudicator's annotation, as regions that were given."""
        marks = [self.by_name.get(self.shown(span)) for span in spans]
        return all(mark is not None and self.was_shown(mark) for mark in marks)

    def decide(
        self, key: str, kind: str, answer: str, span: Span | None, value: AttributeValue | None = None
    ) -> None:
        answered_value = value if isinstance(value, (str, list, bool)) else None
        old = self.former.get(key)
        if old is not None and (old.decide, old.value) == (answer, answered_value):
            self.decisions[key] = old
            return
        data = {"key": key, "kind": kind, "decide": answer, "reason": self.reason(span)}
        self.decisions[key] = msgspec.convert(data | {"value": answered_value}, Decision)

    def read(self) -> Interpretation:
        self.spans()
        self.attributes()
        self.relations()
        return Interpretation(self.decisions, self.additions())

    def spans(self) -> None:
        """Which spans of the readings stand."""
        for a, b in span_pairs(self.readings, self.schema):
            key = pair_key(a, b)
            sides = {side: span for side, span in (("a", a), ("b", b)) if span is not None}
            agreed = a is not None and b is not None and span_name(a) == span_name(b)
            if not agreed and key not in self.decisions and key not in self.asked:
                self.aside.update(self.shown(span) for span in sides.values())
                continue
            if key in self.decisions and self.decisions[key].decide:
                continue
            standing = [side for side, span in sides.items() if self.shown(span) in self.by_name]
            if agreed and (standing or self.partial):
                continue
            if len(standing) == 2 and a is not None and b is not None and self.shown(a) == self.shown(b):
                standing = ["a" if span_name(a) in self.by_name else "b"]
            answer = "both" if len(standing) == 2 else standing[0] if standing else "neither"
            about = self.by_name[self.shown(sides[standing[0]])] if standing else None
            self.decide(key, "amended" if agreed else pair_kind(a, b), answer, about)

    def attributes(self) -> None:
        """The values that the standing spans bear."""
        merged = self.merge()
        opened = {item.key for item in merged.open}
        for span in merged.annotation.spans:
            mark = self.by_name.get(self.shown(span))
            if mark is None or self.shown(span) in self.aside:
                continue
            sides = merged.sides[span.id]
            for name, attribute in self.schema.layers[span.layer].attributes.items():
                key = f"attribute {span_name(span)} {name}"
                if not attribute.applies_to(span.label) or (key in opened and key not in self.asked):
                    continue
                anew = name not in mark.attributes and not self.was_shown(mark)
                if key in self.decisions or (anew and key not in opened):
                    continue
                default = attribute.default_for(span.label)
                value = mark.attributes.get(name, default)
                if key in opened:
                    fitting = [
                        side
                        for side in "ab"
                        if side in sides and _same(sides[side].attributes.get(name, default), value)
                    ]
                elif self.partial or _same(span.attributes.get(name, default), value):
                    continue
                else:
                    fitting = []
                answer = fitting[0] if fitting else "neither" if _bare(value) is None else "value"
                kind = "attribute" if key in opened else "amended"
                self.decide(key, kind, answer, mark, value if answer == "value" else None)

    def relations(self) -> None:
        """Which relations of the readings stand."""
        merged = self.merge()
        items = {item.key: item for item in merged.open}
        spans = {span.id: span for span in merged.annotation.spans}
        for relation in merged.annotation.relations:
            head, tail = spans[relation.head], spans[relation.tail]
            key = f"relation {relation.label} {span_name(head)} -> {span_name(tail)}"
            if key in self.decisions or {self.shown(head), self.shown(tail)} & self.aside:
                continue
            if key in items and key not in self.asked:
                continue
            stands = (relation.label, self.shown(head), self.shown(tail)) in self.arrows
            about = self.by_name.get(self.shown(head))
            if item := items.get(key):
                self.decide(key, "argument", ("a" if item.a else "b") if stands else "neither", about)
            elif not stands and not self.partial and self.were_shown(head, tail):
                self.decide(key, "amended", "neither", about)

    def additions(self) -> Annotation | None:
        """The adjudicator's own marks: spans and relations that nothing of the readings stands for."""
        merged = self.merge()
        standing = {self.shown(span): span for span in merged.annotation.spans}
        ends = {span.id: self.shown(span) for span in merged.annotation.spans}
        known = {(r.label, ends[r.head], ends[r.tail]) for r in merged.annotation.relations}
        spans = {
            name: span
            for name, span in self.by_name.items()
            if name not in standing and name not in self.aside
        }
        arrows = [
            arrow
            for arrow in sorted(self.arrows - known)
            if not {arrow[1], arrow[2]} & self.aside and self.fresh(arrow, standing)
        ]
        for _, *names in arrows:
            for name in names:
                # A span that stands already is named again, so that the relation has its end.
                if name not in spans:
                    spans[name] = msgspec.structs.replace(standing[name], attributes={})
        if not spans:
            return None
        ids = {name: f"own-{number}" for number, name in enumerate(spans, start=1)}
        own_spans = [
            msgspec.structs.replace(
                span if name in standing else self.inheriting(span),
                id=ids[name],
                marked_by=(),
                origin=None,
                score=None,
            )
            for name, span in spans.items()
        ]
        relations = [Relation(label, ids[head], ids[tail]) for label, head, tail in arrows]
        return msgspec.structs.replace(self.marks, spans=tuple(own_spans), relations=tuple(relations))

    def inheriting(self, own: Span) -> Span:
        """An own mark with what both readings said of the span in whose stead it stands."""
        layer = self.schema.layers[own.layer]
        if self.was_shown(own):
            return own
        for a, b in span_pairs(self.readings, self.schema):
            decision = self.decisions.get(pair_key(a, b))
            if (
                a is None
                or b is None
                or a.layer != own.layer
                or decision is None
                or decision.decide != "neither"
            ):
                continue
            if not any(span.start < own.end and own.start < span.end for span in (a, b)):
                continue
            common = {
                name: value
                for name, value in a.attributes.items()
                if b.attributes.get(name) == value
                and layer.attributes[name].applies_to(own.label)
                and value_problem(layer.attributes[name], value, own.label) is None
            }
            return msgspec.structs.replace(own, attributes={**common, **own.attributes})
        return own

    def fresh(self, arrow: Arrow, standing: Mapping[str, Span]) -> bool:
        """Whether a relation is not one that a former decision turned down."""
        head, tail = standing.get(arrow[1]), standing.get(arrow[2])
        if head is None or tail is None:
            return True
        return f"relation {arrow[0]} {span_name(head)} -> {span_name(tail)}" not in self.decisions


def _bare(value: AttributeValue | None) -> object:
    """A value in the form that it has after the way through Label Studio, to compare."""
    if value is None or value is False:
        return None
    if isinstance(value, list):
        return tuple(sorted(value)) or None
    return value.strip() or None if isinstance(value, str) else value


def _same(a: AttributeValue | None, b: AttributeValue | None) -> bool:
    return _bare(a) == _bare(b)

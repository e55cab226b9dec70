"""Two readings of an article become one: what both marked stands, every disagreement is decided and recorded.

Spans are matched by `eval.matching`; what differs becomes an item with a stable key made of its extents, so
that decisions outlive a second run. Items appear in two rounds: attributes and arguments are asked about only
once it is decided which spans stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec import Struct

from goldwire.annotate.adjudication.pairing import pair_key, pair_kind, span_name, span_pairs
from goldwire.errors import Fault, raise_faults
from goldwire.files import sha256
from goldwire.model import (
    Annotation,
    AttributeValue,
    Document,
    Provenance,
    Relation,
    Span,
    span_key,
)
from goldwire.schemas import Schema

Kind = Literal["missed", "extent", "label", "attribute", "argument", "amended"]
#: What may be decided: one side, both, neither; or, for an attribute, a value of the adjudicator's own.
SIDES = ("a", "b", "both", "neither")


class Decision(Struct, frozen=True, forbid_unknown_fields=True):
    """How one item was decided. `value` is an attribute's that neither reading has."""

    key: str
    kind: Kind
    decide: Literal["a", "b", "both", "neither", "value", ""] = ""
    reason: str = ""
    context: str = ""
    a: str = ""
    b: str = ""
    value: bool | str | list[str] | None = None


@dataclass
class SpanCandidate:
    """A span that may stand, with the spans that it rests on (`a`, `b`; `own`: the adjudicator's)."""

    span: Span
    sides: dict[str, Span]

    @property
    def key(self) -> str:
        """The extent and label that stand."""
        return span_name(self.span)


class Asked(Struct, frozen=True):
    """The span that an item is about, and what may be decided."""

    span: Span
    allowed: tuple[str, ...]


@dataclass
class AdjudicationOutcome:
    """The adjudicated annotation, the items still open, and what was left out on the way, in words.

    `sides` holds, for each span's id, the spans that it rests on; `unfit` the decisions that no longer fit;
    `asked`, by item, the span that it is about and what may be decided.
    """

    annotation: Annotation
    items: list[Decision] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    sides: dict[str, dict[str, Span]] = field(default_factory=dict)
    unfit: set[str] = field(default_factory=set)
    asked: dict[str, Asked] = field(default_factory=dict)

    @property
    def open(self) -> list[Decision]:
        """The items that nobody has decided."""
        return [item for item in self.items if not item.decide]


def adjudicate_article(
    document: Document,
    readings: tuple[Annotation, Annotation],
    schema: Schema,
    decisions: Mapping[str, Decision],
    *,
    own_marks: Annotation | None = None,
    provenance: Provenance | None = None,
    lenient: bool = False,
) -> AdjudicationOutcome:
    """Merge two readings of `document` by the decisions, keyed by item.

    `own_marks` are the adjudicator's: spans that neither reading has, and relations and attributes of spans
    that it quotes again. Each span and relation of the result names in `marked_by` who had marked it. What is
    made of drafts, or by a machine, is a draft. Raises GW370 where a decision does not fit its item, GW371
    where it fits none; with `lenient` such decisions are left aside and listed in `unfit`.
    """
    by = own_marks.annotator if own_marks is not None else ""
    merging = _Merge(document, dict(zip("ab", readings, strict=True)), schema, decisions, by, lenient)
    candidates = list(merging.candidates())
    if own_marks is not None:
        _add_own(candidates, own_marks)
    spans: dict[int, Span] = {}
    for number, candidate in enumerate(sorted(candidates, key=lambda c: span_key(c.span)), start=1):
        spans[id(candidate)] = msgspec.structs.replace(
            candidate.span,
            id=f"s{number}",
            attributes=merging.attributes(candidate),
            marked_by=merging.names(candidate.sides),
            origin=None,
        )
    relations = list(merging.relations(candidates, spans, own_marks))
    unfit = merging.check_used()
    names = tuple(reading.annotator for reading in readings)
    base = provenance or Provenance(kind="human")
    draft = base.kind != "human" or any(reading.status == "draft" for reading in readings)
    annotation = Annotation(
        document.id,
        "adjudicated",
        schema.id,
        status="draft" if draft else "adjudicated",
        provenance=msgspec.structs.replace(base, based_on=names),
        spans=tuple(spans.values()),
        relations=tuple(relations),
        text_sha256=sha256(document.text),
    )
    sides = {spans[id(candidate)].id: candidate.sides for candidate in candidates}
    return AdjudicationOutcome(annotation, merging.items, merging.dropped, sides, unfit, merging.asked)


def _add_own(candidates: list[SpanCandidate], own_marks: Annotation) -> None:
    by_name = {candidate.key: candidate for candidate in candidates}
    for span in own_marks.spans:
        if known := by_name.get(span_name(span)):
            known.sides["own"] = span
        else:
            candidates.append(SpanCandidate(span, {"own": span}))


@dataclass
class _Merge:
    """One article's adjudication under way; `by` is whose the own marks are."""

    document: Document
    readings: dict[str, Annotation]
    schema: Schema
    decisions: Mapping[str, Decision]
    by: str
    lenient: bool
    items: list[Decision] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    unfit: set[str] = field(default_factory=set)
    asked: dict[str, Asked] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def names(self, sides: Mapping[str, object]) -> tuple[str, ...]:
        """The annotators behind the sides that marked something."""
        named = [reading.annotator for side, reading in self.readings.items() if side in sides]
        return tuple(dict.fromkeys((*named, self.by))) if "own" in sides else tuple(named)

    def ask(
        self, key: str, kind: Kind, span: Span, versions: tuple[str, str], allowed: tuple[str, ...]
    ) -> str:
        """What was decided for an item, or "" where that is open; the item is listed either way."""
        decision = self.decisions.get(key) or Decision(key, kind)
        self.asked[key] = Asked(span, allowed)
        answer = decision.decide
        if answer and answer not in allowed:
            hint = f"decide: {', '.join(allowed)}"
            if not self.lenient:
                self.faults.append(
                    Fault("GW370", f"`{answer}` can't be decided for `{key}`", self.document.id, hint)
                )
            self.unfit.add(key)
            answer = ""
        a, b = versions
        self.items.append(
            msgspec.structs.replace(decision, decide=answer, context=self.context(span), a=a, b=b)
        )
        return answer

    def context(self, span: Span) -> str:
        """The span in [brackets] in its line, cut to about 60 code points on each side."""
        text = self.document.text
        start = max(text.rfind("\n", 0, span.start) + 1, span.start - 60)
        line_end = text.find("\n", span.end)
        end = min(len(text) if line_end < 0 else line_end, span.end + 60)
        return f"{text[start : span.start]}[{text[span.start : span.end]}]{text[span.end : end]}".strip()

    def words(self, span: Span | None) -> str:
        """A span in words."""
        if span is None:
            return ""
        attributes = "".join(f" {key}={value}" for key, value in sorted(span.attributes.items()))
        return f"{span.label} «{self.document.text[span.start : span.end]}»{attributes}"

    def candidates(self) -> Iterator[SpanCandidate]:
        """The spans that stand, or may stand while their item is open."""
        for a, b in span_pairs((self.readings["a"], self.readings["b"]), self.schema):
            yield from self.of_pair(a, b)

    def of_pair(self, a: Span | None, b: Span | None) -> Iterator[SpanCandidate]:
        """The candidates of one pair."""
        sides = {side: span for side, span in (("a", a), ("b", b)) if span is not None}
        first = next(iter(sides.values()))
        key = pair_key(a, b)
        if a is not None and b is not None and span_name(a) == span_name(b):
            decision = self.decisions.get(key)
            if decision is not None and decision.decide == "neither":
                self.ask(key, "amended", a, (self.words(a), self.words(b)), SIDES)
                return
            yield SpanCandidate(a, sides)
            return
        allowed = SIDES if len(sides) == 2 else (*sides, "neither")
        answer = self.ask(key, pair_kind(a, b), first, (self.words(a), self.words(b)), allowed)
        if answer == "both":
            yield from (SpanCandidate(span, {side: span}) for side, span in sides.items())
        elif answer in sides:
            yield SpanCandidate(sides[answer], sides)
        elif not answer:
            yield SpanCandidate(first, sides)

    def attributes(self, candidate: SpanCandidate) -> dict[str, AttributeValue]:
        """The attributes that stand; where the readings differ, as decided (the first's while open)."""
        layer = self.schema.layers[candidate.span.layer]
        marked = [candidate.sides[side] for side in "ab" if side in candidate.sides]
        own_marks = candidate.sides.get("own")
        standing: dict[str, AttributeValue] = {}
        for name, attribute in layer.attributes.items():
            if not attribute.applies_to(candidate.span.label):
                continue
            default = attribute.default_for(candidate.span.label)
            if own_marks is not None and name in own_marks.attributes:
                standing[name] = own_marks.attributes[name]
                continue
            values = [span.attributes.get(name, default) for span in marked]
            value = values[0] if values else None
            key = f"attribute {candidate.key} {name}"
            if len(set(map(str, values))) > 1 or key in self.decisions:
                a, b = (
                    str(candidate.sides[side].attributes.get(name, default))
                    if side in candidate.sides
                    else ""
                    for side in "ab"
                )
                allowed = ("a", "b", "neither", "value")
                answer = self.ask(key, "attribute", candidate.span, (a, b), allowed)
                if answer == "value":
                    value = self.decisions[key].value
                elif answer == "neither":
                    value = None
                elif answer and answer in candidate.sides:
                    value = candidate.sides[answer].attributes.get(name, default)
            if value is not None and value != default:
                standing[name] = value
        return standing

    def relations(
        self, candidates: list[SpanCandidate], spans: Mapping[int, Span], own_marks: Annotation | None
    ) -> Iterator[Relation]:
        """The relations that stand between spans that stand."""
        owner: dict[tuple[str, str], SpanCandidate] = {
            (side, span.id): candidate for candidate in candidates for side, span in candidate.sides.items()
        }
        readings = {**self.readings, **({"own": own_marks} if own_marks is not None else {})}
        marked: dict[tuple[str, str, str], tuple[SpanCandidate, SpanCandidate, set[str]]] = {}
        for side, reading in readings.items():
            names = {span.id: span_name(span) for span in reading.spans}
            for relation in reading.relations:
                head, tail = owner.get((side, relation.head)), owner.get((side, relation.tail))
                if head is None or tail is None or head is tail:
                    relation_name = f"{relation.label} {names[relation.head]} -> {names[relation.tail]}"
                    self.dropped.append(f"{reading.annotator}: {relation_name}: an end does not stand")
                    continue
                marked.setdefault((relation.label, head.key, tail.key), (head, tail, set()))[2].add(side)
        for (label, head_key, tail_key), (head, tail, who) in sorted(marked.items()):
            key = f"relation {label} {head_key} -> {tail_key}"
            shared = all(set("ab") <= set(end.sides) for end in (head, tail))
            if "own" not in who and ((shared and len(who) == 1) or key in self.decisions):
                text = (
                    f"{label} → «{self.document.text[tail.span.start : tail.span.end]}» ({tail.span.label})"
                )
                shown = (text if "a" in who else "", text if "b" in who else "")
                sides = tuple(side for side in "ab" if side in who)
                answer = self.ask(key, "argument", head.span, shown, (*sides, "neither"))
                if answer == "neither":
                    continue
            yield Relation(label, spans[id(head)].id, spans[id(tail)].id, self.names(dict.fromkeys(who)))

    def check_used(self) -> set[str]:
        """Refuse decisions that fit no item, or name them: a reading or the schema has changed under them."""
        if self.lenient:
            return self.unfit | (self.decisions.keys() - self.asked.keys())
        for key in sorted(self.decisions.keys() - self.asked.keys()):
            hint = "remove the decision; the readings no longer differ there"
            self.faults.append(Fault("GW371", f"no item `{key}`", self.document.id, hint))
        raise_faults(self.faults)
        return set()

"""Adjudicators' decisions under a new version of the schema: their items are named by the readings' spans."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.adjudication.decisions import (
    AdjudicationCase,
    DecisionFile,
    basis_of,
    close_case,
    decision_files,
    own_path,
    read_own,
)
from goldwire.annotate.adjudication.merge import AdjudicationOutcome, Decision
from goldwire.annotate.adjudication.pairing import span_name
from goldwire.annotate.migration.own_marks import migrated_marks
from goldwire.annotations.store import dumps_annotation
from goldwire.errors import GoldwireError
from goldwire.eval.matching.spans import match
from goldwire.files import write_text
from goldwire.formats.quotes import read_quotes
from goldwire.model import Annotation, AttributeValue, Document, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.changes.migrate import MigrationOutcome, migrate
from goldwire.schemas.changes.plan import Plan

#: An annotation of the plan's source and what became of it.
Pair = tuple[Annotation, MigrationOutcome]

_RELATION = re.compile(r"relation (\S+) (.*\d) -> (.*\d)", re.DOTALL)


@dataclass
class Carried:
    """The decisions about an article under the new schema, to be written; `own_marks` are the files of the
    adjudicator's own marks with their texts, `taken_out` what the steps took out of these."""

    case: AdjudicationCase
    outcome: AdjudicationOutcome
    own_marks: dict[Path, str]
    taken_out: tuple[dict[str, Any], ...] = ()
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that are written."""
        return self.case.path, *self.own_marks

    def write(self) -> None:
        """The adjudicator's own marks, then the decisions, which say that all is done."""
        for path, text in self.own_marks.items():
            write_text(path, text)
        close_case(self.case, self.outcome)


@dataclass
class CarriedDecisions:
    """The decisions of a project by article, and how many of them are `carried`, `settled` (the readings no
    longer differ there) and `opened` (their item asks something else now); `unread` are files of own marks
    that the new schema can't read."""

    articles: list[Carried] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)


def carry_decisions(
    project: Project,
    plan: Plan,
    schema: Schema,
    documents: Mapping[str, Document],
    outcomes: Sequence[Pair],
) -> CarriedDecisions:
    """The decisions about readings that are migrated, by the same steps.

    A decision stands where its item is there after the steps and asks the same. Files whose readings are of
    the target already are done. Raises GW103, GW373 and GW376 for files that can't be read.
    """
    told = CarriedDecisions()
    by_name = {(old.annotator, old.document): (old, outcome) for old, outcome in outcomes}
    for path, record in decision_files(project):
        sides = [by_name.get((name, record.document)) for name in sorted(record.between)]
        document = documents.get(record.document)
        first, second = sides if len(sides) == 2 else (None, None)
        if first is None or second is None or document is None:
            continue
        if record.basis and record.basis == basis_of([first[1].annotation, second[1].annotation]):
            continue  # a run that was cut off has written it
        each = _Article(project, plan, schema, document, (first, second), told).carried(path, record)
        told.articles.append(each)
        told.counts.update(each.counts)
    return told


class _Article:
    """One article's decisions on their way."""

    def __init__(
        self,
        project: Project,
        plan: Plan,
        schema: Schema,
        document: Document,
        sides: tuple[Pair, Pair],
        told: CarriedDecisions,
    ) -> None:
        self.project, self.plan, self.schema, self.document = project, plan, schema, document
        self.sides = sides
        self.names = [_names(side) for side in sides]
        self.partners = _partners(sides[0][0], sides[1][0])
        self.own_marks: dict[Path, str] = {}
        self.taken_out: list[dict[str, Any]] = []
        own_file = own_path(project, document.id)
        own = read_own(own_file) if own_file.is_file() else None
        self.own: Annotation | None = None
        if own is not None and own.schema in (plan.source, plan.to):
            self.own = self.migrated(own, migrate(own, plan, schema, document.text))
            self.own_marks[own_file] = dumps_annotation(self.own)
        elif own is not None:
            told.unread.append(str(own_file.relative_to(project.root)))
        self.by_hand: Annotation | None = None
        hand_file = own_path(project, document.id, "yaml")
        if hand_file.is_file():
            try:
                self.by_hand = self.read_by_hand(hand_file)
            except GoldwireError:
                told.unread.append(str(hand_file.relative_to(project.root)))

    def migrated(self, own: Annotation, outcome: MigrationOutcome) -> Annotation:
        """Own marks after the steps; puts down what their spans are called now, and what was taken out."""
        self.names.append(_names((own, outcome)))
        key = {"annotator": own.annotator, "document": own.document}
        self.taken_out += [{**key, "own": True, **msgspec.to_builtins(each)} for each in outcome.removed]
        return outcome.annotation

    def read_by_hand(self, path: Path) -> Annotation:
        """Own marks in a file of quotes, which is rewritten where it is of the plan's source."""
        try:
            text, before, outcome = migrated_marks(path, self.plan, self.schema, self.document)
        except GoldwireError:
            return read_quotes(path, [self.document], self.schema)
        self.own_marks[path] = text
        return self.migrated(before, outcome)

    def carried(self, path: Path, record: DecisionFile) -> Carried:
        counts: Counter[str] = Counter()
        decisions: dict[str, Decision] = {}
        superseded = {each.key: each for each in record.superseded}
        in_step = not record.basis or record.basis == basis_of([old for old, _ in self.sides])
        for decision in record.decisions:
            if not decision.decide:
                continue
            new = self.decision(decision, in_step=in_step)
            if new is None or new.key in decisions:
                superseded[decision.key] = decision
                counts["opened"] += 1
            elif not new.key:
                counts["settled"] += 1
            else:
                decisions[new.key] = new
        case = AdjudicationCase(
            document=self.document,
            readings=(self.sides[0][1].annotation, self.sides[1][1].annotation),
            path=path,
            decisions=decisions,
            superseded=superseded,
            basis="",
            pulled=record.pulled,
            stamped=True,
            by_hand=self.by_hand,
            from_studio=self.own,
        )
        case.basis = basis_of(case.readings)
        while True:
            outcome = case.merged(self.schema, lenient=True)
            stale = outcome.unfit & case.decisions.keys()
            agreed = {item.key for item in outcome.items if _is_agreed(item, case.decisions.get(item.key))}
            if not stale and not agreed:
                break
            for key in stale:
                case.superseded[key] = case.decisions.pop(key)
            for key in agreed - stale:
                del case.decisions[key]
            counts["opened"] += len(stale)
            counts["settled"] += len(agreed - stale)
        counts["carried"] += len(case.decisions)
        return Carried(case, outcome, self.own_marks, tuple(self.taken_out), counts)

    def decision(self, decision: Decision, *, in_step: bool) -> Decision | None:
        """A decision about the item as it is called now; without a key where nothing is left to decide, None
        where the item asks something else."""
        if decision.key.startswith("attribute "):
            return self.of_attribute(decision) if in_step else None
        if key_parts := _RELATION.fullmatch(decision.key):
            if self.is_gone(key_parts[2]) or self.is_gone(key_parts[3]):
                return msgspec.structs.replace(decision, key="")
            label = self.relation(*key_parts.groups())
            head, tail = self.name(key_parts[2]), self.name(key_parts[3])
            if label is None or not (head and tail):
                return None
            if not label:
                return msgspec.structs.replace(decision, key="")
            return msgspec.structs.replace(decision, key=f"relation {label} {head} -> {tail}")
        return self.of_pair(decision)

    def of_pair(self, decision: Decision) -> Decision | None:
        parts = decision.key.split(" | ")
        a, b = parts if len(parts) == 2 else (parts[0], parts[0])
        new = [self.names[number].get(name, "") if name != "-" else "-" for number, name in enumerate((a, b))]
        if not set(new) - {"", "-"}:
            return msgspec.structs.replace(decision, key="")
        if not all(new):
            return None
        if new[0] != new[1]:
            # Both said one thing, and say two now.
            return None if a == b else msgspec.structs.replace(decision, key=" | ".join(new))
        if decision.decide == "neither":
            return msgspec.structs.replace(decision, key=new[0], kind="amended")
        return msgspec.structs.replace(decision, key="")

    def of_attribute(self, decision: Decision) -> Decision | None:
        old_name, _, attribute = decision.key.removeprefix("attribute ").rpartition(" ")
        if self.is_gone(old_name):
            return msgspec.structs.replace(decision, key="")
        name = self.name(old_name)
        if not name or not self.is_as_seen(old_name, attribute, decision):
            return None
        bearing = list(self.bearing(old_name, attribute, decision))
        if not bearing:
            return msgspec.structs.replace(decision, key="")
        names = {new for new, _ in bearing}
        if len(names) != 1:
            return None
        if decision.decide == "value":
            values = {repr(value): value for _, value in bearing}
            [value] = values.values() if len(values) == 1 else [None]
            if value is None:
                return None
            decision = msgspec.structs.replace(decision, value=value)
        [now_called] = names
        return msgspec.structs.replace(decision, key=f"attribute {name} {now_called}")

    def is_as_seen(self, name: str, attribute: str, decision: Decision) -> bool:
        """Whether the version that was chosen is still what was seen."""
        if decision.decide not in ("a", "b"):
            return True
        span = self.partners.get(name, (None, None))["ab".index(decision.decide)]
        held = None if span is None else span.attributes.get(attribute)
        return held is None or str(held) == getattr(decision, decision.decide)

    def bearing(
        self, old_name: str, attribute: str, decision: Decision
    ) -> Iterator[tuple[str, AttributeValue | None]]:
        """What the attribute is called after the steps, and what they make of the value: of that which was
        decided where neither reading has it, else of what each has. Nothing where they take it out."""
        for (old, _), span in zip(self.sides, self.partners.get(old_name, ()), strict=False):
            held = None if span is None else span.attributes.get(attribute)
            tried = decision.value if decision.decide == "value" else held
            if span is None or tried is None:
                continue
            probe = msgspec.structs.replace(span, attributes={**span.attributes, attribute: tried})
            spans = tuple(probe if each.id == span.id else each for each in old.spans)
            tried_on = msgspec.structs.replace(old, spans=spans)
            outcome = migrate(tried_on, self.plan, self.schema, self.document.text)
            name = _now_called(outcome, span.id, attribute)
            new = next((each for each in outcome.annotation.spans if each.id == span.id), None)
            if new is not None and name in new.attributes:
                yield name, new.attributes[name]

    def is_gone(self, name: str) -> bool:
        """Whether the steps took out every span that is called so."""
        return not any(names.get(name) for names in self.names)

    def name(self, old: str) -> str:
        """What a span is called now, empty where it is gone, or called otherwise in each reading."""
        new = {names[old] for names in self.names if names.get(old)}
        return next(iter(new)) if len(new) == 1 else ""

    def relation(self, label: str, head: str, tail: str) -> str | None:
        """What a relation between two spans is called now: empty where the steps took it out or say that it
        stands, None where the readings call it otherwise. One of the adjudicator's alone keeps its name."""
        is_marked = False
        new: set[str] = set()
        for number, (old, outcome) in enumerate(self.sides):
            ends = [self.partners.get(name, (None, None))[number] for name in (head, tail)]
            survivors, arrows_there = (
                _joined_into(outcome),
                {(r.label, r.head, r.tail) for r in outcome.annotation.relations},
            )
            for relation in old.relations:
                ids = [None if span is None else span.id for span in ends]
                if relation.label != label or [relation.head, relation.tail] != ids:
                    continue
                is_marked, now = True, label
                for change in outcome.changes:
                    arrow = [change.get("head"), change.get("tail"), change["old"]]
                    if change["what"] == "relation" and arrow == [*ids, now]:
                        now = str(change["new"])
                arrow_now = (now, _last(relation.head, survivors), _last(relation.tail, survivors))
                if arrow_now in outcome.added:
                    return ""
                if arrow_now in arrows_there:
                    new.add(now)
        if not is_marked:
            return label
        return next(iter(new), "") if len(new) < 2 else None


def _joined_into(outcome: MigrationOutcome) -> dict[str, str]:
    """The spans that were joined with another, and that one."""
    return {change["span"]: change["new"] for change in outcome.changes if change["what"] == "joined"}


def _last(name: str, into: Mapping[str, str]) -> str:
    """The span that one has become."""
    while name in into:
        name = into[name]
    return name


def _names(side: Pair) -> dict[str, str]:
    """What each span of an annotation is called after the steps, by what it was called; not those gone."""
    old, outcome = side
    now = {span.id: span_name(span) for span in outcome.annotation.spans}
    into = _joined_into(outcome)
    names: dict[str, str] = {}
    for span in old.spans:
        if (last := _last(span.id, into)) in now:
            names.setdefault(span_name(span), now[last])
    return names


def _partners(a: Annotation, b: Annotation) -> dict[str, tuple[Span | None, Span | None]]:
    """The spans of two readings with their partners, by the name of each."""
    partners: dict[str, tuple[Span | None, Span | None]] = {}
    for layer in dict.fromkeys(span.layer for span in (*a.spans, *b.spans)):
        for pair in match(a.layer(layer), b.layer(layer)):
            for span in (pair.gold, pair.pred):
                if span is not None:
                    partners.setdefault(span_name(span), (pair.gold, pair.pred))
    return partners


def _is_agreed(item: Decision, before: Decision | None) -> bool:
    """Whether both readings say now what was decided on: one of two versions, or a relation that one had."""
    if item.kind == "argument" and before is not None:
        return bool(item.a and item.b) and not (before.a and before.b)
    return item.kind == "attribute" and item.decide in ("a", "b") and item.a == item.b


def _now_called(outcome: MigrationOutcome, span: str, attribute: str) -> str:
    for change in outcome.changes:
        if change.get("span") == span and change["what"] == "attribute" and change["old"] == attribute:
            attribute = str(change["new"])
    return attribute

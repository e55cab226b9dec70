"""A project's articles adjudicated: those that two have read, from their files of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goldwire.annotate.adjudication.decisions import AdjudicationCase, close_case, open_case
from goldwire.annotate.adjudication.merge import SIDES, Outcome
from goldwire.annotate.adjudication.pairing import readings_of
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.records.pulled import store_result
from goldwire.annotations.store import join, read_annotations, warn_of_those_apart
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.model import Provenance, unfinished
from goldwire.number_format import counted
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.seeds import load_seeds
from goldwire.table import Cell, Column, Figures, Table


@dataclass(repr=False)
class Adjudicated(Figures):
    """The outcomes by article; `waiting` are the articles that lack a second reading, `drafts` (as
    annotator/document) readings left aside since nobody submitted them, `unknown` the annotators of whom it
    is not known whether they are people, `conflicts` tells which results were changed by hand since, and
    where that lies now."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        articles = counted(len(self.outcomes), "article")
        return f"<Adjudicated: {articles}, {counted(open_items(self.outcomes), 'item')} open>"

    def tables(self) -> list[Table]:
        """`articles`, with what stands and what is open; `kinds`, how often each was decided which way."""
        return outcome_tables(self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate adjudicate --json` writes them: by kind of item, by article."""
        articles = {
            name: {
                "spans": len(outcome.annotation.spans),
                "relations": len(outcome.annotation.relations),
                "items": len(outcome.items),
                "open": len(outcome.open),
                "dropped": outcome.dropped,
            }
            for name, outcome in self.outcomes.items()
        }
        return {
            "kinds": counts_by_kind(self.outcomes),
            "articles": articles,
            "waiting": self.waiting,
            "drafts": self.drafts,
            "unknown": self.unknown,
            "conflicts": self.conflicts,
        }


def adjudicate_project(
    project: Project, schema: Schema, made_by: Provenance, between: Sequence[str] = ()
) -> Adjudicated:
    """Adjudicate every article of a project that has two readings.

    The items of each article are written to its file, with the decisions kept; where none is open, the
    adjudicated annotation is stored. One that was changed by hand since goes to `annotate/conflicts/`. Of
    more than two readings `between` names the two. Raises all articles' faults before anything is written,
    GW372 where `between` names who has no reading.
    """
    documents = load_seeds(project)
    adjudicated = Adjudicated()
    with project_lock(project):
        warn_of_those_apart(project)
        stored = read_annotations(project)
        if unknown := set(between) - {annotation.annotator for annotation in stored}:
            message, where = f"no reading by {', '.join(sorted(unknown))}", str(project.annotations)
            raise GoldwireError.of("GW378", message, where=where, hint="name two annotators with --between")
        faults: list[Fault] = []
        closing: list[tuple[AdjudicationCase, Outcome]] = []
        for article in join(documents, stored):
            document = article.document
            if not between:
                adjudicated.drafts += [
                    f"{a.annotator}/{document.id}" for a in article.annotations if unfinished(a)
                ]
            if len(readings_of(article.annotations, between)) < 2:
                if readings_of(article.annotations) or any(map(unfinished, article.annotations)):
                    adjudicated.waiting.append(document.id)
                continue
            try:
                case = open_case(project, schema, documents, article, between)
                closing.append((case, case.merged(schema, provenance=made_by)))
            except GoldwireError as error:
                faults.extend(error.faults)
        raise_faults(faults)
        for case, outcome in closing:
            close_case(case, outcome)
            if not outcome.open:
                adjudicated.conflicts += store_outcome(project, outcome)[1]
            adjudicated.outcomes[case.document.id] = outcome
            adjudicated.unknown += [r.annotator for r in case.readings if r.provenance.kind == "unknown"]
        adjudicated.unknown = sorted(set(adjudicated.unknown))
    return adjudicated


def store_outcome(project: Project, outcome: Outcome) -> tuple[bool, list[str]]:
    """Store an adjudicated annotation: whether its file is another now, and what was put aside."""
    written, aside = store_result(project, outcome.annotation)
    name = f"{outcome.annotation.annotator}/{outcome.annotation.document}"
    told = f"{name}: changed by hand, not by a decision in annotate/adjudication/; that version is in {aside}"
    return written, [told] if aside else []


def open_items(outcomes: Mapping[str, Outcome]) -> int:
    """How many items nobody has decided."""
    return sum(len(outcome.open) for outcome in outcomes.values())


def outcome_tables(outcomes: Mapping[str, Outcome]) -> list[Table]:
    """`articles`: what stands in each and what is open; `kinds`: how often each was decided which way."""
    counts = tuple(Column(name, "amount") for name in ("spans", "relations", "items", "open"))
    sides = tuple(Column(name, "amount") for name in (*SIDES, "value", "open"))
    rows = [
        (name, len(o.annotation.spans), len(o.annotation.relations), len(o.items), len(o.open))
        for name, o in outcomes.items()
    ]
    kinds: list[tuple[Cell, ...]] = [(kind, *row.values()) for kind, row in counts_by_kind(outcomes).items()]
    return [
        Table("articles", "adjudication", (Column("article"), *counts), rows),
        Table("kinds", "items by kind", (Column("kind"), *sides), kinds),
    ]


def counts_by_kind(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, int]]:
    """For each kind of item, how often it was decided which way."""
    counts: dict[str, dict[str, int]] = {}
    for outcome in outcomes.values():
        for item in outcome.items:
            row = counts.setdefault(item.kind, dict.fromkeys((*SIDES, "value", "open"), 0))
            row[item.decide or "open"] += 1
    return dict(sorted(counts.items()))

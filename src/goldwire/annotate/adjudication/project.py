"""A project's articles adjudicated: those that two have read, from their files of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldwire.annotate.adjudication.decisions import AdjudicationCase, close_case, open_case
from goldwire.annotate.adjudication.merge import SIDES, AdjudicationOutcome
from goldwire.annotate.adjudication.pairing import check_two, readings_of
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.records.pulled import store_result
from goldwire.annotate.wrong_use import wrong_use
from goldwire.annotations.store import join, read_annotations, warn_of_those_apart
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.model import Provenance, unfinished
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import load_schema
from goldwire.schemas.rendering.guidelines import guidelines_hash
from goldwire.seeds import load_seeds
from goldwire.table import Cell, Column, Figures, Table


@dataclass(repr=False)
class Adjudicated(Figures):
    """The outcomes by article; `waiting` are the articles that lack a second reading, `drafts` (as
    annotator/document) readings left aside since nobody submitted them, `unknown` the annotators of whom it
    is not known whether they are people, `conflicts` tells which results were changed by hand since, and
    where that lies now."""

    outcomes: dict[str, AdjudicationOutcome] = field(default_factory=dict)
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


def adjudicate(
    project: str | Path | Project = ".", *, by: str, machine: bool = False, between: Sequence[str] = ()
) -> Adjudicated:
    """Merge the two stored readings of each article into one, by the decisions in its file.

    Each disagreement is an item of `annotate/adjudication/ARTICLE.yaml`: fill in `decide` and `reason`, call
    again. Decisions that were made are kept; where no item is open the result is stored as the annotator
    `adjudicated`, and one that was changed by hand since goes to `annotate/conflicts/`. `by` names who
    decides, a person unless it is a `machine`; `between` two annotators, where an article has more readings
    than two. The result's `outcomes` hold, by article, the annotation, its items and those that are `open`.
    Raises GW958 for an empty `by` and another number of annotators, GW370 to GW373 for decisions that can't
    be taken, GW378 for an annotator without a reading; then nothing is written.

        >>> import goldwire
        >>> result = goldwire.adjudicate("my-project", by="eve")
        >>> result
        <Adjudicated: 0 articles, 0 items open>
        >>> result.table("kinds").columns[1].name
        'a'
    """
    check_two(between)
    if not by:
        raise wrong_use("nobody is named who decides", "by is the adjudicator's name")
    home = find_project(project)
    schema = load_schema(home.schema_path)
    made_by = Provenance("model" if machine else "human", by, guidelines=guidelines_hash(schema))
    documents = load_seeds(home)
    adjudicated = Adjudicated()
    with project_lock(home):
        warn_of_those_apart(home)
        stored = read_annotations(home)
        if unknown := set(between) - {annotation.annotator for annotation in stored}:
            message, where = f"no reading by {', '.join(sorted(unknown))}", str(home.annotations)
            raise GoldwireError.of("GW378", message, where=where, hint="name two annotators with --between")
        faults: list[Fault] = []
        closing: list[tuple[AdjudicationCase, AdjudicationOutcome]] = []
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
                case = open_case(home, schema, documents, article, between)
                closing.append((case, case.merged(schema, provenance=made_by)))
            except GoldwireError as error:
                faults.extend(error.faults)
        raise_faults(faults)
        for case, outcome in closing:
            close_case(case, outcome)
            if not outcome.open:
                adjudicated.conflicts += store_outcome(home, outcome)[1]
            adjudicated.outcomes[case.document.id] = outcome
            adjudicated.unknown += [r.annotator for r in case.readings if r.provenance.kind == "unknown"]
        adjudicated.unknown = sorted(set(adjudicated.unknown))
    return adjudicated


def store_outcome(project: Project, outcome: AdjudicationOutcome) -> tuple[bool, list[str]]:
    """Store an adjudicated annotation: whether its file is another now, and what was put aside."""
    written, aside = store_result(project, outcome.annotation)
    name = f"{outcome.annotation.annotator}/{outcome.annotation.document}"
    told = f"{name}: changed by hand, not by a decision in annotate/adjudication/; that version is in {aside}"
    return written, [told] if aside else []


def open_items(outcomes: Mapping[str, AdjudicationOutcome]) -> int:
    """How many items nobody has decided."""
    return sum(len(outcome.open) for outcome in outcomes.values())


def outcome_tables(outcomes: Mapping[str, AdjudicationOutcome]) -> list[Table]:
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


def counts_by_kind(outcomes: Mapping[str, AdjudicationOutcome]) -> dict[str, dict[str, int]]:
    """For each kind of item, how often it was decided which way."""
    counts: dict[str, dict[str, int]] = {}
    for outcome in outcomes.values():
        for item in outcome.items:
            row = counts.setdefault(item.kind, dict.fromkeys((*SIDES, "value", "open"), 0))
            row[item.decide or "open"] += 1
    return dict(sorted(counts.items()))

"""The project's stored annotations under a new version of the schema: all of them, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.migration.decisions import CarriedDecisions, carry_decisions
from goldwire.annotate.records.lines import read_objects
from goldwire.annotate.records.passes import before_renaming, passes_of
from goldwire.annotate.records.pulled import follow
from goldwire.annotate.sync.predictions import prediction_faults
from goldwire.annotations.store import annotation_path, dumps_annotation, read_all_annotations
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import json_lines, safe_name, sha256, unchanged_on_failure, write_text
from goldwire.model import Annotation, Document
from goldwire.number_format import counted
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.changes.migrate import MigrationOutcome, collisions, migrate
from goldwire.schemas.changes.plan import Plan, SpanName, span_name_faults
from goldwire.schemas.load import load_registry
from goldwire.table import Column, Figures, Table

_TOLD = {"carried": "carried along", "settled": "settled: the readings agree now", "opened": "open again"}


@dataclass(frozen=True, repr=False)
class MigrateReport(Figures):
    """What a migration did. `steps` counts what each of the `operations` changed or took out, the last joins
    spans; `is_written` is False where it was only tried.

    `decisions` counts those of adjudicators that are `carried` along, `settled` (the readings no longer
    differ there) and `opened` (their item asks something else now); `unread` names files of their own marks
    that the new schema can't read, `entries` tells what registries name and the new schema lacks. `idle` are
    the steps, and rules of splits, that reached nothing, where all that is stored was migrated.
    """

    source: str
    to: str
    annotations: int
    migrated: int
    present: int
    steps: tuple[int, ...]
    changes: int
    removed: dict[str, int]
    record: str
    removed_file: str
    operations: tuple[str, ...]
    is_written: bool
    decisions: dict[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    def __repr__(self) -> str:
        done = "migrated" if self.is_written else "to migrate"
        return f"<MigrateReport {self.source} → {self.to}: {counted(self.migrated, 'annotation')} {done}>"

    def tables(self) -> list[Table]:
        """`migrate`: annotations, then what each step changed."""
        rows: list[tuple[str, int]] = [("annotations", self.annotations)]
        rows += [("  migrated" if self.is_written else "  to migrate", self.migrated)]
        rows += [("  not of the old version: done already", self.present)]
        rows += [
            (f"step {number}: {told}", count)
            for number, (told, count) in enumerate(zip(self.operations, self.steps, strict=False), start=1)
        ]
        rows += [
            ("then: layers, forms of values, what became one", self.steps[-1]),
            ("changes", self.changes),
        ]
        rows += [(f"taken out: {kind}", count) for kind, count in self.removed.items()]
        rows += [(f"decisions {_TOLD[what]}", count) for what, count in self.decisions.items()]
        first = "migrate" + ("" if self.is_written else ", not written")
        columns = (Column(first), Column("", "amount"))
        return [Table("migrate", f"{self.source} → {self.to}", columns, rows)]

    def as_json(self) -> dict[str, Any]:
        """The counts, and where what was changed and taken out is recorded."""
        return {k: v for k, v in asdict(self).items() if k not in ("operations", "is_written")}


def migrate_project(
    project: Project, plan: Plan, schema: Schema, documents: Sequence[Document], *, dry_run: bool = False
) -> MigrateReport:
    """Rewrite all stored annotations of the plan's source, gold checks and practice too, and the decisions of
    adjudicators about them; those that bear its target are done already.

    Everything is migrated and checked against the new schema before anything is written. What was changed is
    recorded in `annotate/migrations/FROM-TO.jsonl`, a line for each annotation, and what was taken out in
    `FROM-TO.removed.jsonl`. A failure while writing puts the old files back. Raises GW362 where the schema is
    not the plan's target, or an annotation is of another schema or its article is missing; GW2xx where an
    outcome does not fit the new schema; GW131 to GW133 where the plan names spans that are not there, or
    would make two names one that are not merged.
    """
    if schema.id != plan.to:
        hint = "give the schema that version, or mend the plan"
        message = f"the schema is {schema.id}, the plan leads to {plan.to}"
        raise GoldwireError.of("GW362", message, where=str(project.schema_path), hint=hint)
    with project_lock(project):
        kept = read_all_annotations(project)
        stored = [annotation for _, annotation in kept]
        folders = {(annotation.annotator, annotation.document): folder for folder, annotation in kept}
        outcomes = _checked(stored, plan, schema, {document.id: document for document in documents})
        outcomes = _with_passes(project, plan, schema, outcomes)
        record, removed = _record_paths(project, plan)
        by_id = {document.id: document for document in documents}
        decided = carry_decisions(project, plan, schema, by_id, outcomes)
        if outcomes and not dry_run:
            _write(project, plan, outcomes, folders, record, removed, decided)
        steps: Counter[int] = Counter()
        kinds: Counter[str] = Counter()
        changes = 0
        for _, outcome in outcomes:
            steps.update(change["step"] for change in (*outcome.changes, *outcome.removed))
            kinds.update(part["kind"] for part in outcome.removed)
            changes += len(outcome.changes)
        kinds.update(part["kind"] for each in decided.articles for part in each.taken_out)
    shown = {path: str(path.relative_to(project.root)) for path in (record, removed)}
    return MigrateReport(
        source=plan.source,
        to=plan.to,
        annotations=len(stored),
        migrated=len(outcomes),
        present=len(stored) - len(outcomes),
        steps=tuple(steps[number] for number in range(len(plan.operations) + 1)),
        changes=changes,
        removed=dict(kinds),
        record=shown[record] if outcomes else "",
        removed_file=shown[removed] if kinds else "",
        operations=tuple(operation.told for operation in plan.operations),
        is_written=not dry_run,
        decisions={name: decided.counts[name] for name in ("carried", "settled", "opened")}
        if decided.articles
        else {},
        unread=tuple(decided.unread),
        entries=tuple(_left_in_registries(project, schema)),
        idle=tuple(_idle(plan, steps, [outcome for _, outcome in outcomes]))
        if len(outcomes) == len(stored)
        else (),
    )


def _checked(
    stored: Sequence[Annotation], plan: Plan, schema: Schema, documents: dict[str, Document]
) -> list[tuple[Annotation, MigrationOutcome]]:
    """Each annotation of the plan's source with its outcome; raises all faults of all of them."""
    faults: list[Fault] = list(
        span_name_faults(plan, {key: document.text for key, document in documents.items()})
    )
    outcomes: list[tuple[Annotation, MigrationOutcome]] = []
    for annotation in stored:
        place = f"{annotation.annotator}/{annotation.document}"
        document = documents.get(annotation.document)
        if annotation.schema == plan.to:
            continue
        if annotation.schema != plan.source:
            message = f"it is of {annotation.schema}, the plan is for {plan.source}"
            faults.append(Fault("GW362", message, place, "migrate it with a plan of its own first"))
        elif document is None:
            faults.append(Fault("GW362", "its article is missing", place, "restore it in seeds/"))
        elif annotation.text_sha256 and annotation.text_sha256 != sha256(document.text):
            faults.append(Fault("GW365", "its article has another text", place, "restore the article's text"))
        else:
            outcome = migrate(annotation, plan, schema, document.text)
            faults.extend(prediction_faults(schema, document, [outcome.annotation]))
            outcomes.append((annotation, outcome))
    if len(outcomes) == len(stored):  # else what is named may be in those that are done already
        faults.extend(_unnamed(plan, [outcome for _, outcome in outcomes]))
    faults.extend(collisions(plan, [outcome for _, outcome in outcomes]))
    raise_faults(faults[:100])
    return outcomes


def _with_passes(
    project: Project, plan: Plan, schema: Schema, outcomes: list[tuple[Annotation, MigrationOutcome]]
) -> list[tuple[Annotation, MigrationOutcome]]:
    """The outcomes with the names that passes have now, where a layer gives its pass the name."""
    renamed = {step.name: step.to for step in plan.operations if step.rename == "layer"}
    former = before_renaming(project, passes_of(project, schema), renamed) if renamed else {}
    names = {was.name: name for name, was in former.items()}
    if not names:
        return outcomes

    def renamed_in(outcome: MigrationOutcome) -> MigrationOutcome:
        made = outcome.annotation.provenance
        passes = {names.get(name, name): seconds for name, seconds in made.passes.items()}
        provenance = replace(made, passes=passes)
        return replace(outcome, annotation=replace(outcome.annotation, provenance=provenance))

    return [(old, renamed_in(outcome)) for old, outcome in outcomes]


def _unnamed(plan: Plan, outcomes: Sequence[MigrationOutcome]) -> Iterator[Fault]:
    """The spans and relations that a plan names and no annotation has."""
    named = {place for outcome in outcomes for place in outcome.named}
    for number, operation in enumerate(plan.operations):
        places = [f"spans[{index}]" for index in range(len(operation.spans or ()))]
        places += [f"arrows[{index}]" for index in range(len(operation.arrows or ()))]
        for part in places:
            if (number, part) not in named:
                items: Sequence[Any] = (operation.spans if part[0] == "s" else operation.arrows) or ()
                item = items[int(part.rpartition("[")[2][:-1])]
                told = item.quote if isinstance(item, SpanName) else f"{item.head.quote} → {item.tail.quote}"
                message = f"step {number + 1}, {operation.told}: no annotation has «{told}»"
                hint = "mend the quote, its label, or the order of the steps"
                yield Fault("GW132", message, f"$.operations[{number}].{part}", hint)


def _idle(plan: Plan, counts: Mapping[int, int], outcomes: Sequence[MigrationOutcome]) -> Iterator[str]:
    """The steps that changed nothing, and the rules of splits that no span met."""
    met = {rule for outcome in outcomes for rule in outcome.met}
    for number, operation in enumerate(plan.operations if outcomes else ()):
        told = f"step {number + 1}, {operation.told}"
        rules = [rule for rule in range(len(operation.rules)) if (number, rule) not in met]
        if not counts.get(number) and len(rules) == len(operation.rules):
            yield told
        else:
            yield from (f"{told}, rule {rule + 1}" for rule in rules)


def _left_in_registries(project: Project, schema: Schema) -> Iterator[str]:
    """What entries of the registries name and the new schema has not: they are mended by hand."""
    files = {name: project.schema_path.parent / file for name, file in schema.registries.items()}
    registries = {name: load_registry(path) for name, path in files.items() if path.is_file()}
    for fault in check_articles([], schema, registries).faults:
        yield f"{fault.where}: {fault.message}"


def _record_paths(project: Project, plan: Plan) -> tuple[Path, Path]:
    name = safe_name(f"{plan.source}-{plan.to}")
    folder = project.annotate / "migrations"
    return folder / f"{name}.jsonl", folder / f"{name}.removed.jsonl"


def _write(
    project: Project,
    plan: Plan,
    outcomes: list[tuple[Annotation, MigrationOutcome]],
    folders: Mapping[tuple[str, str], Path],
    record: Path,
    removed: Path,
    decided: CarriedDecisions,
) -> None:
    lines: list[dict[str, Any]] = []
    removed_parts: list[dict[str, Any]] = []
    texts: dict[Path, str] = {}
    for old, outcome in outcomes:
        new = outcome.annotation
        key = {"annotator": old.annotator, "document": old.document}
        counts = Counter(str(change["what"]) for change in outcome.changes)
        path = annotation_path(project, old, folders[old.annotator, old.document])
        texts[path] = dumps_annotation(new)
        before, after = sha256(dumps_annotation(old)), sha256(texts[path])
        hashes = {"from": plan.source, "to": plan.to, "sha256_before": before, "sha256_after": after}
        sizes = {
            "spans": [len(old.spans), len(new.spans)],
            "relations": [len(old.relations), len(new.relations)],
        }
        told = {"counts": dict(counts), "removed": len(outcome.removed), "changes": list(outcome.changes)}
        lines.append({**key, **hashes, **sizes, **told})
        removed_parts.extend({**key, **msgspec.to_builtins(part)} for part in outcome.removed)
    own = [each for article in decided.articles for each in article.taken_out]
    files = [record, removed, *texts, *(path for each in decided.articles for path in each.paths)]
    with unchanged_on_failure(files):
        # The record first: a run that is cut off goes on where it ended, and its lines are replaced.
        write_text(record, _merged(record, lines))
        if removed_parts or own or removed.is_file():
            redone = {(o.annotator, o.document) for o, _ in outcomes}
            write_text(removed, _merged(removed, [*removed_parts, *own], redone))
        for article in decided.articles:
            article.write()
        for path, text in texts.items():
            write_text(path, text)
    changed = [(old, outcome.annotation) for old, outcome in outcomes]
    follow(project, changed, folders)


def _merged(path: Path, lines: list[dict[str, Any]], redone: set[tuple[str, str]] | None = None) -> str:
    """The lines of a former run that was cut off, but for the annotations that are done anew, and these."""
    again = redone or {(line["annotator"], line["document"]) for line in lines}
    former = read_objects(path, ("annotator", "document"), "GW363", "restore it from git, or move it away")
    kept = [each for each in former if (str(each["annotator"]), str(each["document"])) not in again]
    return json_lines([*(each for each in kept if each not in lines), *lines])

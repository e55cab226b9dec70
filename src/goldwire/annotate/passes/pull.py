"""The passes of one annotator's projects, pulled into one annotation for each annotator and article."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.passes.compose import compose
from goldwire.annotate.passes.reading import PASS_INCLUDE, Gathered, PassImporter
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.notes import Note, TaskPlace
from goldwire.annotate.records.passes import Pass
from goldwire.annotate.records.pulled import put_into_conflicts, read_pulled, write_pulled
from goldwire.annotate.sync.drafts import take_drafts
from goldwire.annotate.sync.importer import Prefer
from goldwire.annotate.sync.pull import FIELDS, ProjectPull, check_readable, keep_notes
from goldwire.annotate.sync.pull_state import pull_state_path, write_state
from goldwire.annotate.sync.report import PullReport
from goldwire.leftovers import remove_leftovers
from goldwire.model import Annotation, Document, Provenance, Status
from goldwire.project import Project
from goldwire.schemas import Schema


@dataclass
class PassCounts:
    """What became of the passes: annotations that are `whole` or have `begun`, by the last pass done.

    `taken` tells changes of a reopened pass that went into a later one, `conflicts` what both changed
    differently, `skipped` the articles put aside in a later pass, `of_others` those in which a pass was
    begun from somebody else's work.
    """

    whole: int = 0
    begun: int = 0
    taken: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    of_others: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return vars(self).copy()


def pull_passes(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    passes: Sequence[Pass],
    owner: str = "",
    *,
    full: bool = False,
    drafts: bool = False,
    prefer: Prefer = "",
    advance: Callable[[int], None] | None = None,
) -> tuple[dict[str, PullReport], PassCounts]:
    """Bring what changed in any pass into `annotate/annotations/`, one annotation by annotator and article.

    The projects are those of `owner`, or the main ones; a report for each that the server has, by title. An
    annotation is a draft until all passes are done; its provenance has the lead time of each. What a pass and
    an earlier one that was reopened changed differently stays as the later one has it, what the other says
    goes to `annotate/conflicts/`, and so at each pull until both agree. With `drafts` unfinished work comes
    too: in the first pass as an annotation that is a draft, in a later one into `annotate/drafts/`; of drafts
    in several passes the last one's. The rest is as `sync.pull` has it.
    """
    counts, reports = PassCounts(), {}
    with project_lock(project):
        remove_leftovers(project.root)
        accounts = Accounts(client, project, keep=True)
        sides: list[ProjectPull[PassImporter]] = []
        for this_pass in passes:
            for remote in client.projects(title_for(project, owner, this_pass), FIELDS)[:1]:
                check_readable(client, schema, remote)
                importer = PassImporter(
                    client, project, schema, documents, remote, accounts, prefer, owner, own_pass=this_pass
                )
                path = pull_state_path(project, importer.number, main=False)
                side = ProjectPull(importer, path, full=full, advance=advance, include=PASS_INCLUDE)
                side.run()
                sides.append(side)
        changed = {article for side in sides for article in side.importer.read_articles}
        for side in sides:
            if missing := sorted(changed - side.importer.read_articles):
                for task in client.tasks_with(side.importer.number, "id", missing, PASS_INCLUDE):
                    side.task(task)
        if sides:
            _compose(project, passes, sides, counts)
        taken: set[tuple[str, str]] = set()
        for side in sides[::-1] if drafts else ():
            this_pass = side.importer.own_pass
            take_drafts(side.importer, part=this_pass.name, onward=bool(this_pass.earlier), taken=taken)
        accounts.save()
        places: dict[str, TaskPlace] = {}
        notes: list[Note] = []
        for side in sides:
            report = side.finish()
            reports[title_for(project, owner, side.importer.own_pass)] = report
            places |= side.importer.places  # at last where all passes done so far are in sight
            notes += report.notes
        if sides:
            write_pulled(project, sides[0].importer.pulled)
            keep_notes(project, places, notes)
        for side in sides:
            write_state(side.path, side.state())
    return reports, counts


def _compose(
    project: Project,
    passes: Sequence[Pass],
    sides: Sequence[ProjectPull[PassImporter]],
    counts: PassCounts,
) -> None:
    """Store what each annotator made of each article that was read."""
    store = sides[0].importer  # one record of what was stored, under the first pass's project
    store.pulled = read_pulled(project)
    store.since = min(side.importer.since for side in sides)
    for side in sides[1:]:
        store.times |= side.importer.times
    order = dict.fromkeys(key for side in sides for key in side.importer.gathered)
    for article, name in order:
        gathered = {
            side.importer.own_pass.number: side.importer.gathered[article, name]
            for side in sides
            if (article, name) in side.importer.gathered
        }
        document, place = store.by_id[article], f"{name}/{article}"
        skipped = [each for each in passes if each.number in gathered and gathered[each.number].skipped]
        submitted = {number: each for number, each in gathered.items() if not each.skipped}
        latest = max(gathered.values(), key=lambda each: str(each.raw.get("updated_at") or ""))
        if not submitted:
            store.store(latest.task, latest.raw, latest.annotation, document.text, submitted=False)
            continue
        counts.skipped += [f"{place}: put aside in pass {each.name}" for each in skipped]
        composed = compose(passes, {n: each.work for n, each in submitted.items()}, document.text)
        composed_annotation = _annotation(passes, submitted, len(composed.done) == len(passes))
        composed_annotation = structs.replace(
            composed_annotation, spans=composed.marks.spans, relations=composed.marks.relations
        )
        if lacking := [e.name for e in passes if e.number not in submitted and e.number < max(submitted)]:
            counts.of_others.append(f"{place}: pass {', '.join(lacking)} is not theirs")
        counts.taken += [f"{place}: {line}" for line in composed.taken]
        counts.conflicts += [f"{place}: {line}" for line in composed.conflicts]
        if composed.aside is not None:
            before = composed.aside
            put_into_conflicts(
                project, structs.replace(composed_annotation, spans=before.spans, relations=before.relations)
            )
            for side in sides:
                if side.importer.own_pass.number in gathered:
                    task = gathered[side.importer.own_pass.number].task
                    side.look_again(int(task["id"]), str(task.get("updated_at") or ""))
        counts.whole += composed_annotation.status == "submitted"
        counts.begun += composed_annotation.status == "draft"
        stored = store.stored(composed_annotation)
        grown = stored is not None and _timed(stored) != _timed(composed_annotation)
        store.store(latest.task, latest.raw, composed_annotation, document.text, submitted=grown)
    store.flush()


def _timed(annotation: Annotation) -> set[str]:
    """The passes that are known to be done: one that a draft began has no time."""
    return {name for name, seconds in annotation.provenance.passes.items() if seconds}


def _annotation(passes: Sequence[Pass], submitted: Mapping[int, Gathered], whole: bool) -> Annotation:
    """One annotation of those of several passes, without its marks: when, how long, by whom last."""
    parts = [submitted[number] for number in sorted(submitted)]
    names = {each.number: each.name for each in passes}
    provenances = [part.annotation.provenance for part in parts]
    times = {names[number]: submitted[number].annotation.provenance.lead_time for number in sorted(submitted)}
    known = [seconds for seconds in times.values() if seconds is not None]
    seen = [each.seen_predictions for each in provenances]
    last = max(provenances, key=lambda each: each.updated)
    provenance: Provenance = structs.replace(
        last,
        created=min(each.created for each in provenances),
        updated=last.updated,
        lead_time=sum(known) if known else None,
        seen_predictions=True if True in seen else None if None in seen else False,
        passes=times,
    )
    status: Status = "submitted" if whole else "draft"
    return structs.replace(parts[-1].annotation, status=status, provenance=provenance)

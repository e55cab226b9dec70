"""Annotations down: nothing lost, nothing written that did not change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from goldwire.annotate.labelstudio.client import WORK, Client
from goldwire.annotate.labelstudio.config_difference import compare
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import find_project
from goldwire.annotate.labelstudio.users import account_number
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.notes import (
    Note,
    place_key,
    read_notes,
    read_places,
    write_notes,
    write_places,
)
from goldwire.annotate.records.pulled import write_pulled
from goldwire.annotate.sync.drafts import DraftCounts, take_drafts
from goldwire.annotate.sync.importer import Importer, Prefer
from goldwire.annotate.sync.pull_state import (
    Seen,
    State,
    before,
    margin,
    now,
    read_state,
    state_path,
    why_all,
    write_state,
    written_as,
)
from goldwire.annotate.sync.quarantine import Line, keep, quarantine_path
from goldwire.errors import Fault, GoldwireError
from goldwire.formats.account import Account
from goldwire.leftovers import remove_leftovers
from goldwire.model import Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.label_config import label_config

#: What is asked of the project.
FIELDS = (
    "label_config",
    "show_collab_predictions",
    "total_annotations_number",
    "skipped_annotations_number",
)
#: What is asked of each task; the server applies the names inside annotations too.
INCLUDE = (
    *("data", *WORK, "comment_count"),
    *("predictions_model_versions", "draft_created_at", "parent_prediction"),
)
#: Why all is read where the server holds another number of annotations than was read.
COUNT_DIFFERS = "annotations came or went without a trace"
#: From how many tasks on that may have changed it is asked first which ones did.
_MANY = 20


@dataclass(frozen=True)
class PullReport:
    """What a pull found and did. `refused` are tasks whose text is not the article's.

    `account` sums up the spans, relations and attributes that were read. `ground_truth` counts marks,
    `commented` tasks with comments of a server that has them: goldwire keeps neither. `notes` is what
    annotators wrote beside regions. `edited_here`
    are annotations that differ from the server's since they were changed here, `removed_here` those whose
    file was removed, `conflicts` tells what both sides changed and what became of it. `moved` tells which
    files went under their account's name, `copies` which are of an account that has another name.

    `settled` spans bear what stands now for an id that was merged or renamed since,
    `filled` arrows without a role could only mean one, `turned` tells which pointed the wrong way,
    `two_layers` which regions bear labels of several layers.

    `apart` annotations were gold checks or practice, and are kept apart from the readings.

    `drafts` is the unfinished work that was read, `drafts_beside` how much of it is kept beside a finished
    annotation; None where it was not asked for. `why_all` says why everything was read, where nobody asked
    for that and it was read before.
    """

    project: int
    url: str
    tasks: int
    annotations: int
    written: int
    unchanged: int
    skipped: int
    annotators: tuple[str, ...]
    spans: int
    relations: int
    trims: tuple[str, ...]
    quarantined: int
    quarantine_file: str
    refused: tuple[Fault, ...]
    gone: int
    account: Account
    ground_truth: int = 0
    commented: int = 0
    edited_here: tuple[str, ...] = ()
    removed_here: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    moved: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    filled: int = 0
    settled: int = 0
    turned: tuple[str, ...] = ()
    two_layers: tuple[str, ...] = ()
    apart: int = 0
    drafts: int | None = None
    drafts_written: int = 0
    drafts_beside: int = 0
    drafts_settled: int = 0
    why_all: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return {**asdict(self), "notes": msgspec.to_builtins(self.notes)}


def pull(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    *,
    title: str | None = None,
    full: bool = False,
    drafts: bool = False,
    prefer: Prefer = "",
    owner: str = "",
    advance: Callable[[int], None] | None = None,
) -> PullReport:
    """Bring what changed on the server since the last pull into `annotate/annotations/`.

    `full` reads all tasks again; so does a changed schema or article, and a server whose number of
    annotations is not the one that was read, an instant of the last pull that is yet to come, and a pull a
    day after everything was read last: a clock that was ahead may have hidden a change. A stored
    annotation of the same content is left as it is, with its status and provenance; a changed one is its
    annotator's work, done with the former one in sight. What was changed here only, or removed, stays so;
    what both sides changed is the server's, and the stored one goes to `annotate/conflicts/`, unless `prefer`
    says whose is kept. What the model can't take in goes to the quarantine file, which is written anew, and
    is counted. An annotation that is gone from the server stays here. With `drafts`, unfinished work comes
    too (`annotate.drafts`).
    Raises GW325 where the project is not on the server, GW329 where its config names what the schema does
    not have: read by that schema, work would be set aside.
    """
    with project_lock(project):
        remove_leftovers(project.root)
        found = annotated_project(client, schema, title or project.name)
        path = state_path(project, int(found["id"]), main=title is None or title == project.name)
        accounts = Accounts(client, project, keep=True)
        importer = Importer(client, project, schema, documents, found, accounts, prefer=prefer, owner=owner)
        last = read_state(path, importer.server, importer.number)
        if last is not None:
            importer.since, importer.times = last.since, times_of(last)
            accounts.former = accounts_of(last)
        basis = importer.basis()
        why = why_all(last, basis, client.server_time) if last is not None and not full else ""
        step = advance or (lambda _steps: None)
        work = ProjectPull(importer, last, step, part=not (full or last is None or why))
        work.run()
        counters = ("total_annotations_number", "skipped_annotations_number")
        if work.part and len(work.seen) != sum(int(found.get(name) or 0) for name in counters):
            # Something came or went without a trace in the tasks' times: read all.
            why = COUNT_DIFFERS
            written, conflicts = importer.written, importer.conflicts
            write_pulled(project, importer.pulled)
            importer = Importer(
                client, project, schema, documents, found, accounts, prefer=prefer, owner=owner
            )
            if last is not None:
                importer.since, importer.times = last.since, times_of(last)
            work = ProjectPull(importer, last, step, part=False)
            work.run()
            importer.conflicts[:0] = conflicts
            work.importer.written += written
            work.importer.unchanged -= written
        counts = take_drafts(client, work.importer) if drafts else None
        accounts.save()
        report = work.report(keep(project, work.importer.lines, work.stays(drafts)), counts, why)
        write_pulled(project, work.importer.pulled)
        keep_notes(project, work.importer)
        write_state(path, work.state(basis))
        return report


def annotated_project(client: Client, schema: Schema, title: str) -> dict[str, Any]:
    """The Label Studio project of a title, which the schema can read; raises GW325 and GW329."""
    found = find_project(client, title, FIELDS)
    check_readable(client, schema, found)
    return found


def check_readable(client: Client, schema: Schema, found: Mapping[str, Any]) -> None:
    """Raise GW329 where the config of a Label Studio project names what the schema does not have."""
    foreign = compare(str(found.get("label_config") or ""), label_config(schema), client.url).removed
    if foreign:
        message = f"the schema lacks what `{found.get('title')}` is annotated with: {', '.join(foreign)}"
        hint = "bring both together first: goldwire schema migrate PLAN --push"
        raise GoldwireError.of("GW329", message, where=client.url, hint=hint)


def keep_notes(project: Project, importer: Importer) -> None:
    """Keep places and notes of what was read; those of annotations that were not read again stay."""
    if importer.places:
        write_places(project, {**read_places(project), **importer.places})
    others = [
        note
        for note in read_notes(project)
        if place_key(note.annotator, note.document) not in importer.places
    ]
    write_notes(project, [*others, *importer.notes])


def accounts_of(last: State) -> dict[int, int]:
    """The account of each annotation that the last pull saw, where it was known."""
    return {int(key): seen.account for key, seen in last.annotations.items() if seen.account}


def times_of(last: State) -> dict[str, str]:
    """When the last pull saw each annotation changed last."""
    return {key: seen.updated for key, seen in last.annotations.items()}


class ProjectPull:
    """One pass over a Label Studio project: all its tasks, or with `part` those changed since `last`."""

    def __init__(
        self,
        importer: Importer,
        last: State | None,
        advance: Callable[[int], None],
        *,
        part: bool,
        include: Sequence[str] = INCLUDE,
    ) -> None:
        self.importer, self.last, self.advance, self.include = importer, last, advance, include
        self.part = part and last is not None and bool(last.since)
        self.known: dict[str, Seen] = last.annotations if last is not None else {}
        self.seen: dict[str, Seen] = dict(self.known) if self.part else {}
        self.recent: dict[str, str] = dict(last.recent) if last is not None and self.part else {}
        self.since = last.since if last is not None and self.part else ""
        self.newest = self.oldest_refused = ""
        self.tasks: set[int] = set()
        self.begun = time.monotonic()
        self.instant = min(now(), written_as(importer.client.server_time) or now())
        self._of_task: dict[int, list[str]] = {}
        for key, seen in self.seen.items():
            self._of_task.setdefault(seen.task, []).append(key)

    def run(self) -> None:
        """Read the tasks, and store what came of them."""
        importer = self.importer
        for task in self.changed() if self.part else importer.client.tasks(importer.number, self.include):
            self.task(task)
            self.advance(1)
        importer.flush()

    def changed(self) -> Iterator[dict[str, Any]]:
        """The tasks that changed since the last pull, and few that did not."""
        client, number = self.importer.client, self.importer.number
        value = margin(self.since)
        since = {
            "filter": "filter:tasks:updated_at",
            "operator": "greater",
            "type": "Datetime",
            "value": value,
        }
        if len(self.recent) <= _MANY:
            yield from client.tasks(number, self.include, [since])
            return
        times = client.tasks(number, ("updated_at",), [since], page=500)
        other = [str(t["id"]) for t in times if self.recent.get(str(t["id"])) != str(t.get("updated_at", ""))]
        if other:
            yield from client.tasks_among(number, other, self.include)

    def task(self, task: dict[str, Any]) -> None:
        """Take in one task."""
        number, updated = int(task["id"]), str(task.get("updated_at", ""))
        self.tasks.add(number)
        self.newest = max(self.newest, updated)
        self.recent[str(number)] = updated
        annotations = [a for a in task.get("annotations") or () if isinstance(a, dict)]
        for key in self._of_task.pop(number, ()):
            del self.seen[key]
        for annotation in annotations:
            key = str(annotation["id"])
            account = account_number(annotation.get("completed_by")) or self.importer.accounts.former.get(
                int(key), 0
            )
            self.seen[key] = Seen(number, str(annotation.get("updated_at", "")), account)
        self.importer.commented += bool(task.get("comment_count"))
        document = self.importer.document(task, annotations)
        if document is None:
            if annotations:
                self.look_again(number, updated)
            return
        for name, chosen in self.importer.latest(task, annotations):
            self.importer.take(task, document, name, chosen)

    def look_again(self, task: int, updated: str) -> None:
        """Have the next pull read a task again."""
        self.oldest_refused = min(filter(None, (self.oldest_refused, updated)), default="")
        self.recent.pop(str(task), None)

    def stays(self, drafts: bool) -> Callable[[Line], bool]:
        """Which lines of the quarantine are not written anew: what adoption and other projects left there,
        what was not read again, and drafts where none were asked for."""
        mine = (self.importer.server, self.importer.number)

        def stays(line: Line) -> bool:
            if (line.get("server"), line.get("project")) != mine:
                return True
            if line.get("draft"):
                return not drafts
            return self.part and line["task"] not in self.tasks

        return stays

    def state(self, basis: str) -> State:
        """What the next pull must know.

        A task that changed while this one was reading may have been read before: that is looked at again.
        The instant is one that the server itself wrote, and never later than either clock says: one that was
        ahead would hide what changes before it is reached.
        """
        since = self.since
        if self.newest > since:
            since = max(since, before(self.newest, time.monotonic() - self.begun))
        since = min(since, self.instant)
        since = min(filter(None, (since, self.oldest_refused)), default="")
        start = margin(since) if since else ""
        recent = {key: updated for key, updated in self.recent.items() if updated > start}
        whole = self.last.whole if self.part and self.last is not None else self.instant
        return State(self.importer.server, self.importer.number, basis, since, self.seen, recent, whole)

    def report(self, quarantined: int, drafts: DraftCounts | None, why_all: str) -> PullReport:
        """What came of it."""
        done = self.importer
        file = quarantine_path(done.project)
        return PullReport(
            project=done.number,
            url=done.client.project_url(done.number),
            tasks=len(self.tasks),
            annotations=done.count,
            written=done.written,
            unchanged=done.unchanged,
            skipped=done.skipped,
            annotators=tuple(sorted(done.annotators)),
            spans=done.spans,
            relations=done.relations,
            account=done.account,
            trims=tuple(done.trims),
            quarantined=quarantined,
            quarantine_file=str(file.relative_to(done.project.root)) if quarantined else "",
            refused=tuple(done.refused),
            gone=len(self.known.keys() - self.seen.keys()),
            ground_truth=done.ground_truth,
            commented=done.commented,
            edited_here=tuple(done.edited_here),
            removed_here=tuple(done.removed_here),
            conflicts=tuple(done.conflicts),
            notes=tuple(done.notes),
            moved=tuple(done.accounts.moved),
            copies=tuple(done.accounts.copies),
            filled=done.filled,
            settled=done.settled,
            turned=tuple(done.turned),
            two_layers=tuple(done.two_layers),
            apart=done.apart,
            drafts=drafts.read if drafts is not None else None,
            drafts_written=drafts.written if drafts is not None else 0,
            drafts_beside=drafts.beside if drafts is not None else 0,
            drafts_settled=drafts.settled if drafts is not None else 0,
            why_all=why_all,
        )

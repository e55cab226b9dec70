"""Annotations down: nothing lost, nothing written that did not change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from goldwire.annotate.labelstudio.client import WORK, Client, task_filter
from goldwire.annotate.labelstudio.config_difference import compare_configs
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import COUNTERS, annotations_on, project_on_server
from goldwire.annotate.labelstudio.transport import dicts
from goldwire.annotate.labelstudio.users import account_number
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.notes import (
    Note,
    TaskPlace,
    place_key,
    read_notes,
    read_places,
    write_notes,
    write_places,
)
from goldwire.annotate.records.pulled import write_pulled
from goldwire.annotate.sync.drafts import take_drafts
from goldwire.annotate.sync.importer import Importer, Prefer
from goldwire.annotate.sync.pull_state import (
    PullState,
    SeenAnnotation,
    before,
    margin,
    now,
    pull_state_path,
    read_state,
    why_all,
    write_state,
    written_as,
)
from goldwire.annotate.sync.quarantine import Line, keep, quarantine_path
from goldwire.annotate.sync.report import PullReport
from goldwire.errors import GoldwireError
from goldwire.leftovers import remove_leftovers
from goldwire.model import Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.rendering.label_config import label_config

#: What is asked of the project.
FIELDS = ("label_config", "show_collab_predictions", *COUNTERS)
#: What is asked of each task; the server applies the names inside annotations too.
INCLUDE = (
    *("data", *WORK, "comment_count"),
    *("predictions_model_versions", "draft_created_at", "parent_prediction"),
)
#: From how many tasks on that may have changed it is asked first which ones did.
_MANY = 20


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
        remote = project_on_server(client, title or project.name, FIELDS)
        check_readable(client, schema, remote)
        accounts = Accounts(client, project, keep=True)
        importer = Importer(client, project, schema, documents, remote, accounts, prefer=prefer, owner=owner)
        path = pull_state_path(project, importer.number, main=title is None or title == project.name)
        project_pull = ProjectPull(importer, path, full=full, advance=advance)
        project_pull.run()
        if drafts:
            take_drafts(importer)
        accounts.save()
        report = project_pull.finish()
        write_pulled(project, importer.pulled)
        keep_notes(project, importer.places, report.notes)
        write_state(path, project_pull.state())
        return report


def check_readable(client: Client, schema: Schema, remote: Mapping[str, Any]) -> None:
    """Raise GW329 where the config of a Label Studio project names what the schema does not have."""
    foreign = compare_configs(str(remote.get("label_config") or ""), label_config(schema), client.url).removed
    if foreign:
        message = f"the schema lacks what `{remote.get('title')}` is annotated with: {', '.join(foreign)}"
        hint = "bring both together first: goldwire schema migrate PLAN --push"
        raise GoldwireError.of("GW329", message, where=client.url, hint=hint)


def keep_notes(project: Project, places: Mapping[str, TaskPlace], notes: Sequence[Note]) -> None:
    """Keep places and notes of what was read; those of annotations that were not read again stay."""
    if places:
        write_places(project, {**read_places(project), **places})
    others = [note for note in read_notes(project) if place_key(note.annotator, note.document) not in places]
    write_notes(project, [*others, *notes])


Reader = TypeVar("Reader", bound=Importer)


class ProjectPull(Generic[Reader]):
    """The pull of one Label Studio project: of all its tasks, or of those that changed since the last one.

    `path` holds what the last pull saw. All is read with `full`, and where `why_all` says why.
    """

    def __init__(
        self,
        importer: Reader,
        path: Path,
        *,
        full: bool,
        advance: Callable[[int], None] | None,
        include: Sequence[str] = INCLUDE,
    ) -> None:
        self.importer, self.path, self.include = importer, path, include
        self.advance = advance or (lambda _steps: None)
        self.basis, self.why_all = importer.basis(), ""
        self.last = read_state(path, importer.server, importer.number)
        self.known: dict[str, SeenAnnotation] = {}
        if self.last is not None:
            self.known = self.last.annotations
            importer.since = self.last.since
            importer.times = {key: seen.updated for key, seen in self.known.items()}
            importer.accounts.former |= {
                int(key): seen.account for key, seen in self.known.items() if seen.account
            }
            if not full:
                self.why_all = why_all(self.last, self.basis, importer.client.server_time)
        self._begin(self.last if not (full or self.why_all) else None)

    def _begin(self, last: PullState | None) -> None:
        """All tasks are to be read, or with `last` those that changed since."""
        self.part = last is not None and bool(last.since)
        self.seen: dict[str, SeenAnnotation] = dict(self.known) if self.part else {}
        self.recent: dict[str, str] = dict(last.recent) if last is not None and self.part else {}
        self.since = last.since if last is not None else ""
        self.newest = self.oldest_refused = ""
        self.tasks: set[int] = set()
        self.begun = time.monotonic()
        self.instant = min(now(), written_as(self.importer.client.server_time) or now())
        self._of_task: dict[int, list[str]] = {}
        for key, seen in self.seen.items():
            self._of_task.setdefault(seen.task, []).append(key)

    def run(self) -> None:
        """Read the tasks, and store what came of them: all, where something came or went without a trace."""
        self._read()
        if self.part and len(self.seen) != annotations_on(self.importer.found):
            self.why_all = "annotations came or went without a trace"
            self.importer.begin_anew()
            self._begin(None)
            self._read()

    def _read(self) -> None:
        importer = self.importer
        for task in self.changed() if self.part else importer.client.tasks(importer.number, self.include):
            self.task(task)
            self.advance(1)
        importer.flush()

    def changed(self) -> Iterator[dict[str, Any]]:
        """The tasks that changed since the last pull, and few that did not."""
        client, number = self.importer.client, self.importer.number
        since = task_filter("updated_at", "greater", "Datetime", margin(self.since))
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
        annotations = dicts(task.get("annotations"))
        for key in self._of_task.pop(number, ()):
            del self.seen[key]
        for annotation in annotations:
            key = str(annotation["id"])
            account = account_number(annotation.get("completed_by")) or self.importer.accounts.former.get(
                int(key), 0
            )
            self.seen[key] = SeenAnnotation(number, str(annotation.get("updated_at", "")), account)
        self.importer.report.commented += bool(task.get("comment_count"))
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

    def stays(self, line: Line) -> bool:
        """Whether a line of the quarantine is not written anew: what adoption and other projects left there,
        what was not read again, and drafts where none were asked for."""
        if (line.get("server"), line.get("project")) != (self.importer.server, self.importer.number):
            return True
        if line.get("draft"):
            return self.importer.report.drafts is None
        return self.part and line["task"] not in self.tasks

    def state(self) -> PullState:
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
        return PullState(
            self.importer.server, self.importer.number, self.basis, since, self.seen, recent, whole
        )

    def finish(self) -> PullReport:
        """Keep the quarantine; the whole report."""
        done, report = self.importer, self.importer.report
        report.quarantined = keep(done.project, done.lines, self.stays)
        if report.quarantined:
            report.quarantine_file = str(quarantine_path(done.project).relative_to(done.project.root))
        report.tasks, report.annotators = len(self.tasks), sorted(done.annotators)
        report.gone = len(self.known.keys() - self.seen.keys())
        report.moved, report.copies = done.accounts.moved, done.accounts.copies
        report.why_all = self.why_all
        return report

"""Annotations down: nothing lost, nothing written that did not change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from goldwire.annotate.client import Client
from goldwire.annotate.config import compare
from goldwire.annotate.merge import merge
from goldwire.annotate.people import annotator_names, name_of
from goldwire.annotate.push import find_project
from goldwire.annotate.studio import locked, make_cache
from goldwire.corpus.formats.labelstudio import Quarantined, Trim, from_result
from goldwire.corpus.store import annotation_path, write_annotation
from goldwire.errors import Fault, GoldwireError
from goldwire.files import read_bytes, read_text, sha256, write_text
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.render import TEXT, guidelines_hash, label_config

#: What is asked of each task; the server applies the names inside annotations too.
_INCLUDE = (
    "data",
    "updated_at",
    "total_predictions",
    "annotations",
    "result",
    "completed_by",
    "updated_by",
    "was_cancelled",
    "created_at",
    "lead_time",
    "parent_prediction",
)
# A task's time is set before its transaction ends: what ends late must not be missed.
_MARGIN = timedelta(minutes=2)


class _Seen(Struct, frozen=True, array_like=True):
    task: int
    updated: str


class _State(Struct, frozen=True):
    """What the last pull saw. `basis` is the hash of all that decides how a result is read.

    `server` is an address, or `own`: the project's own server changes its port.
    """

    server: str
    project: int
    basis: str
    since: str = ""
    annotations: dict[str, _Seen] = {}  # by their ids on the server


@dataclass(frozen=True)
class PullReport:
    """What a pull found and did. `refused` are tasks whose text is not the article's."""

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

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def quarantine_path(project: Project) -> Path:
    """Where what could not be taken in is kept, a line each, with the reason."""
    return project.annotate / "quarantine.jsonl"


def pull(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    *,
    title: str | None = None,
    full: bool = False,
    advance: Callable[[int], None] | None = None,
) -> PullReport:
    """Bring what changed on the server since the last pull into `annotate/annotations/`.

    `full` reads all tasks again; so does a changed schema or article, and a server whose number of
    annotations is not the one that was read. A stored annotation of the same content is left as it is, with
    its status and provenance; a changed one is its annotator's work, done with the former one in sight. What
    the model can't take in goes to the quarantine file, which is written anew, and is counted. An annotation
    that is gone from the server stays here. Raises GW325 where the project is not on the server, GW329 where
    its config names what the schema does not have: read by that schema, work would be set aside.
    """
    make_cache(project)
    with locked(project.cache / "sync.lock"):
        found = find_project(client, title or project.name)
        foreign = compare(str(found.get("label_config") or ""), label_config(schema), client.url).removed
        if foreign:
            message = f"the schema lacks what `{found.get('title')}` is annotated with: {', '.join(foreign)}"
            hint = "bring both together first: goldwire schema migrate PLAN --push"
            raise GoldwireError.of("GW329", message, where=client.url, hint=hint)
        main = title is None or title == project.name
        work = _Pull(client, project, schema, documents, found, advance or (lambda _steps: None), main)
        last = work.last_state()
        again = full or (last is not None and last.basis != work.basis())
        work.run(last, part=not again, again=again)
        counters = ("total_annotations_number", "skipped_annotations_number")
        if work.since and len(work.seen) != sum(int(found.get(name) or 0) for name in counters):
            # Something came or went without a trace in the tasks' times: read all.
            work = _Pull(client, project, schema, documents, found, advance or (lambda _steps: None), main)
            work.run(last, part=False, again=False)
        return work.finish()


class _Pull:
    """One pull."""

    def __init__(
        self,
        client: Client,
        project: Project,
        schema: Schema,
        documents: Sequence[Document],
        found: dict[str, Any],
        advance: Callable[[int], None],
        main: bool,
    ) -> None:
        self.main = main
        self.client, self.project, self.schema = client, project, schema
        self.documents = {document.id: document for document in documents}
        self.hashes = {document.id: sha256(document.text) for document in documents}
        self.ls, self.advance = found, advance
        self.number = int(found["id"])
        self.server = "own" if client.own else client.url
        self.guidelines = guidelines_hash(schema)
        self.names: dict[int, str] = {}
        self.again = False
        self.since = self.newest = self.oldest_refused = ""
        self.known: dict[str, _Seen] = {}
        self.seen: dict[str, _Seen] = {}
        self.tasks: set[int] = set()
        self.lines: list[dict[str, Any]] = []
        self.trims: list[str] = []
        self.refused: list[Fault] = []
        self.annotators: set[str] = set()
        self.count = self.written = self.unchanged = self.skipped = self.spans = self.relations = 0

    @property
    def state_path(self) -> Path:
        return self.project.cache / ("pull.json" if self.main else f"pull-{self.number}.json")

    def basis(self) -> str:
        return sha256(msgspec.json.encode([self.schema, sorted(self.hashes.items())]))

    def last_state(self) -> _State | None:
        """What the last pull saw, where it was of this server's project."""
        if not self.state_path.is_file():
            return None
        try:
            state = msgspec.json.decode(read_bytes(self.state_path), type=_State)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return state if (state.server, state.project) == (self.server, self.number) else None

    def run(self, last: _State | None, *, part: bool, again: bool) -> None:
        """Read the tasks: only those changed since `last` with `part`; `again` takes all that they hold."""
        self.again = again
        filters = []
        if last is not None:
            self.known = last.annotations
            if part and last.since:
                self.since = self.newest = last.since
                self.seen = dict(last.annotations)
                filters.append(
                    {
                        "filter": "filter:tasks:updated_at",
                        "operator": "greater",
                        "type": "Datetime",
                        "value": _before(last.since),
                    }
                )
        self.names = annotator_names(self.client.users())
        for task in self.client.tasks(self.number, _INCLUDE, filters):
            self.task(task)
            self.advance(1)

    def task(self, task: dict[str, Any]) -> None:
        number, updated = int(task["id"]), str(task.get("updated_at", ""))
        self.tasks.add(number)
        self.newest = max(self.newest, updated)
        annotations = [a for a in task.get("annotations") or () if isinstance(a, dict)]
        for key in [key for key, seen in self.seen.items() if seen.task == number]:
            del self.seen[key]
        for annotation in annotations:
            self.seen[str(annotation["id"])] = _Seen(number, str(annotation.get("updated_at", "")))
        document = self.document(task, annotations)
        if document is None:
            if annotations:
                self.oldest_refused = min(filter(None, (self.oldest_refused, updated)), default="")
            return
        for name, chosen in self.latest(task, annotations):
            self.take(task, document, name, chosen)

    def document(self, task: dict[str, Any], annotations: list[dict[str, Any]]) -> Document | None:
        """The article of a task; None, and all its annotations in quarantine, where the text is another."""
        data = task.get("data")
        data = data if isinstance(data, dict) else {}
        document = self.documents.get(str(data.get("id", "")))
        place = f"{self.client.url}/projects/{self.number}/data?task={task['id']}"
        if document is None:
            why, hint = f"no article `{data.get('id', '')}` here", "add it to seeds/articles.jsonl"
        elif not isinstance(data.get(TEXT), str) or sha256(data[TEXT]) != self.hashes[document.id]:
            why = f"`{document.id}`: the task's text is not the article's"
            hint = "restore the article's text, or push it and annotate anew"
        else:
            return document
        if annotations:
            self.refused.append(Fault("GW330", why, place, hint))
        for annotation in annotations:
            self.quarantine(task, annotation, Quarantined("result", why, annotation.get("result")))
        return None

    def latest(
        self, task: dict[str, Any], annotations: list[dict[str, Any]]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each annotator's one annotation: submitted before skipped, then the last; others are kept aside."""
        by_name: dict[str, list[dict[str, Any]]] = {}
        for annotation in annotations:
            by_name.setdefault(self.annotator(annotation), []).append(annotation)
        for name, theirs in by_name.items():
            theirs.sort(key=lambda a: (not a.get("was_cancelled"), str(a.get("updated_at")), a["id"]))
            for other in theirs[:-1]:
                reason = f"annotation {theirs[-1]['id']} of the same annotator is later"
                self.quarantine(task, other, Quarantined("result", reason, other.get("result")))
            yield name, theirs[-1]

    def annotator(self, annotation: dict[str, Any], role: str = "completed_by") -> str:
        """Who made it, or last changed it; `unknown` where the account is gone."""
        return name_of(annotation.get(role), self.names)

    def take(self, task: dict[str, Any], document: Document, name: str, given: dict[str, Any]) -> None:
        """Read one annotation, and keep it where it is new or changed on the server.

        A stored one that bears the server's time of change was pulled as it is there: what differs since
        was changed here, and stays.
        """
        editor = self.annotator(given, "updated_by")
        read = from_result(given.get("result") or [], document.text, self.schema)
        for quarantined in read.quarantined:
            self.quarantine(task, given, quarantined)
        self.count += 1
        self.skipped += bool(given.get("was_cancelled"))
        self.annotators.add(name)
        self.spans += len(read.spans)
        self.relations += len(read.relations)
        made = Annotation(
            document=document.id,
            annotator=name,
            schema=self.schema.stamp,
            status="skipped" if given.get("was_cancelled") else "submitted",
            provenance=Provenance(
                kind="human",
                name=editor if editor not in (name, "unknown") else "",
                guidelines=self.guidelines,
                created=str(given.get("created_at") or ""),
                updated=str(given.get("updated_at") or ""),
                lead_time=given.get("lead_time"),
                seen_predictions=self.saw_predictions(task, given, read.spans),
            ),
            spans=read.spans,
            relations=read.relations,
            text_sha256=self.hashes[document.id],
        )
        self.trims.extend(_told(trim, made, document) for trim in read.trims)
        stored = self.stored(made)
        pulled_before = (
            stored is not None
            and stored.provenance.updated == made.provenance.updated
            and stored.schema == made.schema
        )
        kept = None
        if self.again or not pulled_before:
            kept = merge(stored, made, self.schema, document.text)
        if kept is not None and stored is not None and _later(stored, made):
            reason = "what is stored of the same annotator is later: from another project or server"
            self.quarantine(task, given, Quarantined("result", reason, given.get("result")))
            kept = None
        if kept is not None and write_annotation(self.project, kept):
            self.written += 1
        else:
            self.unchanged += 1

    def saw_predictions(self, task: dict[str, Any], given: dict[str, Any], spans: Sequence[Span]) -> bool:
        """Whether predictions were in sight: begun from one, or shown with the task."""
        begun = given.get("parent_prediction") is not None
        begun = begun or any(span.origin in ("prediction", "prediction-changed") for span in spans)
        shown = bool(self.ls.get("show_collab_predictions")) and bool(task.get("total_predictions"))
        return begun or shown

    def stored(self, made: Annotation) -> Annotation | None:
        path = annotation_path(self.project, made)
        if not path.is_file():
            return None
        try:
            found = msgspec.json.decode(read_bytes(path), type=Annotation)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = "restore it from git, or remove it: the server has it"
            raise GoldwireError.of("GW209", str(error), where=str(path), hint=hint) from None
        if (found.annotator, found.document) != (made.annotator, made.document):
            message = (
                f"holds `{found.annotator}`'s annotation of `{found.document}`, not `{made.annotator}`'s"
            )
            hint = "file names can't tell them apart: rename one annotator"
            raise GoldwireError.of("GW334", message, where=str(path), hint=hint)
        return found

    def quarantine(self, task: dict[str, Any], annotation: dict[str, Any], found: Quarantined) -> None:
        data = task.get("data")
        self.lines.append(
            {
                "document": str(data.get("id", "")) if isinstance(data, dict) else "",
                "server": self.server,
                "project": self.number,
                "annotator": self.annotator(annotation),
                "task": task["id"],
                "annotation": annotation["id"],
                **msgspec.to_builtins(found),
            }
        )

    def finish(self) -> PullReport:
        """Write the quarantine and what the next pull must know; the report."""
        path = quarantine_path(self.project)
        if path.is_file():
            # What adoption and other projects left there stays, and what this one has not read again.
            mine = (self.server, self.number)
            self.lines = [
                line
                for line in _read_lines(path)
                if (line.get("server"), line.get("project")) != mine
                or (self.since and line["task"] not in self.tasks)
            ] + self.lines
        self.lines.sort(key=lambda line: (line["task"], line["annotation"], str(line.get("server", ""))))
        if self.lines:
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in self.lines)
            if not path.is_file() or read_text(path) != text:
                write_text(path, text)
        else:
            path.unlink(missing_ok=True)
        since = min(filter(None, (self.newest, self.oldest_refused)), default="")
        state = _State(self.server, self.number, self.basis(), since, self.seen)
        write_text(self.state_path, msgspec.json.encode(state).decode() + "\n")
        return PullReport(
            project=self.number,
            url=f"{self.client.url}/projects/{self.number}",
            tasks=len(self.tasks),
            annotations=self.count,
            written=self.written,
            unchanged=self.unchanged,
            skipped=self.skipped,
            annotators=tuple(sorted(self.annotators)),
            spans=self.spans,
            relations=self.relations,
            trims=tuple(self.trims),
            quarantined=len(self.lines),
            quarantine_file=str(path.relative_to(self.project.root)) if self.lines else "",
            refused=tuple(self.refused),
            gone=len(self.known.keys() - self.seen.keys()),
        )


def _told(trim: Trim, annotation: Annotation, document: Document) -> str:
    start, end = trim.after
    place = f"{annotation.annotator}/{document.id} {trim.span}"
    return (
        f"{place}: [{trim.before[0]}, {trim.before[1]}) → [{start}, {end}) {document.text[start:end][:60]!r}"
    )


def _later(one: Annotation, other: Annotation) -> bool:
    """Whether `one` was changed after `other`, as far as both say when."""
    times = [one.provenance.updated, other.provenance.updated]
    try:
        first, second = (datetime.fromisoformat(time).astimezone(UTC) for time in times)
    except ValueError:
        return False
    return first > second


def _before(instant: str) -> str:
    """An instant of the server, less the margin, in the one form that its filter takes."""
    moment = datetime.fromisoformat(instant).astimezone(UTC) - _MARGIN
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read_lines(path: Path) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in read_text(path).split("\n") if line.strip()]
        return [
            line for line in lines if isinstance(line["task"], int) and isinstance(line["annotation"], int)
        ]
    except (json.JSONDecodeError, KeyError, TypeError):
        hint = "remove it and run: goldwire annotate pull --full"
        raise GoldwireError.of("GW332", "not what goldwire wrote", where=str(path), hint=hint) from None

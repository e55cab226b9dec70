"""A task of the server, taken in: the article that it is about, each annotator's work, the rest aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.users import UNKNOWN, unknown_name
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.gold_checks import folder_of, read_checks
from goldwire.annotate.records.notes import Note, TaskPlace, notes_of, place_key
from goldwire.annotate.records.pulled import (
    PulledAnnotation,
    key_of,
    local_hash,
    put_into_conflicts,
    read_pulled,
    remote_hash,
    source_of,
    write_pulled,
)
from goldwire.annotate.records.registry_changes import retired
from goldwire.annotate.sync.keep_history import keep_history_of
from goldwire.annotate.sync.pull_state import before, to_come
from goldwire.annotate.sync.quarantine import Line
from goldwire.annotate.sync.report import PullReport
from goldwire.annotate.sync.three_way import PullChoice, choose_version
from goldwire.annotations.ids import with_ids
from goldwire.annotations.store import AnnotationWriter, annotation_path, load_annotation
from goldwire.errors import Fault, GoldwireError
from goldwire.files import sha256
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.people import latest_first
from goldwire.formats.labelstudio.reader import census, read_result
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.formats.labelstudio.result import Quarantined, ReadResult, Trim
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.rendering.guidelines import guidelines_hash
from goldwire.schemas.rendering.label_config import TEXT

_SET_BACK = "changed on the server, with an earlier time (a clock was ahead, or a backup was restored)"
#: Which side of an annotation that both changed is kept; empty: the server's, the other one put aside.
Prefer: TypeAlias = Literal["", "ours", "theirs"]


@dataclass(eq=False)
class Importer:
    """Takes the tasks of one Label Studio project into `annotate/annotations/`; `report` is what came of it.

    `found` is the project as the server tells it, `owner` the annotator whose it is, empty where it is
    everybody's. Of what was changed here and there `prefer` names which side is kept, without putting the
    other one aside.
    """

    client: Client
    project: Project
    schema: Schema
    documents: Sequence[Document]
    found: dict[str, Any]
    accounts: Accounts
    prefer: Prefer = ""
    owner: str = ""

    def __post_init__(self) -> None:
        self.number = int(self.found["id"])
        self.server = self.client.server
        self.report = PullReport(self.number, self.client.project_url(self.number))
        self.by_id = {document.id: document for document in self.documents}
        self.hashes = {document.id: sha256(document.text) for document in self.documents}
        self.pulled, self.retired = read_pulled(self.project), retired(self.project)
        self.checks = {(check.annotator, check.article): check for check in read_checks(self.project)}
        self.store_is_new = not self.project.annotations.is_dir()
        self.predictions_shown = bool(self.found.get("show_collab_predictions"))
        self.guidelines, self.naming = guidelines_hash(self.schema), Naming(self.schema)
        self.since = ""  # of the last pull of this project
        self.times: dict[str, str] = {}  # when that saw each annotation changed last
        self.annotators: set[str] = set()
        self.lines: list[Line] = []  # of the quarantine
        self.places: dict[str, TaskPlace] = {}
        self._writer = AnnotationWriter(self.project)

    def begin_anew(self) -> None:
        """All is read once more; what was written, and conflicts, are told all the same."""
        write_pulled(self.project, self.pulled)
        before = self.report
        self.report = PullReport(self.number, before.url, conflicts=before.conflicts)
        self.report.written, self.report.unchanged = before.written, -before.written
        self.lines, self.places = [], {}

    def basis(self) -> str:
        """The hash of all that decides how a result is read."""
        return sha256(msgspec.json.encode([self.schema, sorted(self.hashes.items()), self.retired]))

    def document(self, task: dict[str, Any], annotations: list[dict[str, Any]]) -> Document | None:
        """The article of a task; None, and all its annotations in quarantine, where the text is another."""
        data = task.get("data")
        data = data if isinstance(data, dict) else {}
        document = self.by_id.get(str(data.get("id", "")))
        place = self.client.task_url(self.number, int(task["id"]))
        if document is None:
            why, hint = f"no article `{data.get('id', '')}` here", "add it to seeds/articles.jsonl"
        elif not isinstance(data.get(TEXT), str) or sha256(data[TEXT]) != self.hashes[document.id]:
            why = f"`{document.id}`: the task's text is not the article's"
            hint = "restore the article's text, or push it and annotate anew"
        else:
            return document
        if annotations:
            fault = Fault("GW330", why, place, hint)
            self.report.refused += [] if fault in self.report.refused else [fault]
        for annotation in annotations:
            self.leave_out(task, annotation, why)
        return None

    def latest(
        self, task: dict[str, Any], annotations: list[dict[str, Any]]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each annotator's one annotation: submitted before skipped, then the last; others are kept aside.

        Several of whom nobody knows are several people.
        """
        by_name: dict[str, list[dict[str, Any]]] = {}
        unknown: list[dict[str, Any]] = []
        for annotation in annotations:
            name = self.accounts.of(annotation)
            (unknown if name == UNKNOWN else by_name.setdefault(name, [])).append(annotation)
        for annotation in sorted(unknown, key=lambda a: int(a["id"])):
            by_name[unknown_name(by_name)] = [annotation]
        for name, theirs in by_name.items():
            first, *others = latest_first(
                sorted(theirs, key=lambda a: int(a["id"])),
                cancelled=lambda a: bool(a.get("was_cancelled")),
                draft=lambda a: "draft" in a,
                updated=lambda a: str(a.get("updated_at")),
            )
            what = "draft" if "draft" in first else "annotation"
            for other in others:
                reason = f"{what} {first['id']} of the same annotator is later"
                self.leave_out(task, other, reason)
            yield name, first

    def take(self, task: dict[str, Any], document: Document, name: str, raw: dict[str, Any]) -> None:
        """Read one annotation, and keep it where it is new or changed on the server."""
        incoming = self.read_annotation(task, document, name, raw)
        self.store(task, raw, incoming, document.text, submitted=bool(raw.get("draft_created_at")))

    def read_annotation(
        self, task: dict[str, Any], document: Document, name: str, raw: dict[str, Any]
    ) -> Annotation:
        """One annotation of the server's, read and told of; where it stands, and what was noted there."""
        read = self.read(task, document, raw)
        incoming = self.annotation(task, document, name, raw, read)
        report, number = self.report, int(task["id"])
        report.annotations += 1
        report.skipped += bool(raw.get("was_cancelled"))
        report.ground_truth += bool(raw.get("ground_truth"))
        report.spans += len(read.spans)
        report.relations += len(read.relations)
        report.filled += read.filled
        report.trims += (_told(trim, incoming, document) for trim in read.trims)
        self.annotators.add(name)
        url = self.client.task_url(self.number, number)
        self.places[place_key(name, document.id)] = TaskPlace(self.number, number, url)
        for quote, said in notes_of(raw, document.text):
            report.notes.append(Note(name, document.id, incoming.provenance.updated, quote, said, url))
        spans = {span.id: span for span in incoming.spans}
        for arrow in read.turned:
            ends = [document.text[spans[end].start : spans[end].end] for end in (arrow.head, arrow.tail)]
            report.turned.append(f"{_place(incoming)}: {arrow.label} from «{ends[0]}» to «{ends[1]}»")
        for region in across_layers(incoming.spans):
            labels = " and ".join(f"{span.label} ({span.layer})" for span in region)
            quote = document.text[region[0].start : region[0].end]
            report.two_layers.append(f"{_place(incoming)}: «{quote}» is one region with {labels}: {url}")
        return incoming

    def store(
        self, task: dict[str, Any], raw: dict[str, Any], incoming: Annotation, text: str, *, submitted: bool
    ) -> None:
        """Keep an annotation where it is new or changed; `submitted` says that a draft became it."""
        stored = self.stored(incoming)
        if stored is not None and self.prefer != "theirs" and (why := _differently_parted(stored, incoming)):
            self.report.conflicts.append(
                f"{_place(incoming)}: {why}; pull --theirs takes what the server has"
            )
            self.report.unchanged += 1
            return
        self.report.apart += self.folder(incoming) != self.project.annotations
        merged = keep_history_of(stored, incoming, self.schema, text, submitted=submitted)
        if self.settle(task, raw, stored, incoming, merged):
            self.report.written += 1
        else:
            self.report.unchanged += 1

    def folder(self, incoming: Annotation) -> Path:
        """Where an annotation is kept: gold checks and practice apart from the readings."""
        check = self.checks.get((incoming.annotator, incoming.document))
        if check is None and incoming.annotator.partition("-")[0] == UNKNOWN:
            # Of an account that was deleted for good: in a project of one's own it was that one's.
            check = self.checks.get((self.owner, incoming.document))
        return self.project.annotations if check is None else folder_of(self.project, check.purpose)

    def settle(
        self,
        task: dict[str, Any],
        raw: dict[str, Any],
        stored: Annotation | None,
        incoming: Annotation,
        merged: Annotation | None,
    ) -> bool:
        """Store `merged`, made of the server's `incoming`, unless only this side changed; whether it was.

        `merged` is None where the stored one says the same. Where both sides changed, or it is not known, the
        stored one is put aside first.
        """
        folder = self.folder(incoming)
        key, source = key_of(self.project, incoming, folder), source_of(self.server, self.number)
        known, remote = self.pulled.get(key, PulledAnnotation()), remote_hash(incoming)
        choice = choose_version(
            stored,
            incoming,
            same=merged is None,
            known=known,
            source=source,
            remote=remote,
            prefer=self.prefer,
            store_is_new=self.store_is_new,
            as_noted=self.is_as_noted(raw),
            set_back=self.is_set_back(raw) and remote not in known.former,
            new_there=lambda stored: self.is_new(stored, incoming, seen=remote in known.former),
        )
        if choice is PullChoice.LEAVE_REMOVED:
            self.report.removed_here.append(_place(incoming))
        elif choice is PullChoice.LEAVE_EDITED:
            self.report.edited_here.append(_place(incoming))
            self.pulled[key] = known.seen(source, remote)
        elif choice is PullChoice.REFUSE:
            reason = "what is stored of the same annotator is later: from another project or server"
            self.quarantine(task, raw, Quarantined("result", reason, raw.get("result")))
        elif choice is PullChoice.LEAVE_SAME and stored is not None:
            self.pulled[key] = known.stored(stored, source, remote)
        if merged is None or choice not in (PullChoice.TAKE, PullChoice.TAKE_ANEW, PullChoice.TAKE_OVER_EDIT):
            return False
        if choice is PullChoice.TAKE_ANEW:
            self.report.conflicts.append(
                f"{_place(incoming)}: removed here, changed on the server, which is taken"
            )
        if stored is not None and choice is PullChoice.TAKE_OVER_EDIT:
            aside = put_into_conflicts(self.project, stored).relative_to(self.project.root)
            edited = known.local != local_hash(stored)
            why = "changed here and on the server; yours" if edited else f"{_SET_BACK}; what was stored"
            self.report.conflicts.append(f"{_place(incoming)}: {why} is in {aside}")
        self.pulled[key] = known.stored(merged, source, remote)
        # Who looks through the store must find all of it, and what was put aside is not to be so twice.
        self.accounts.before_looking = self.flush
        written = self._writer.write(merged, folder)
        if choice is PullChoice.TAKE_OVER_EDIT:
            self.flush()
        return written

    def flush(self) -> None:
        """Write what was settled; until then it waits, a thousand annotations at most."""
        self._writer.flush()

    def is_as_noted(self, raw: dict[str, Any]) -> bool:
        """Whether nobody changed it on the server since the last pull, or since goldwire rewrote it there."""
        noted = self.times.get(str(raw["id"])) if "draft" not in raw else None
        return bool(noted) and noted == raw.get("updated_at")

    def is_new(self, stored: Annotation, incoming: Annotation, *, seen: bool) -> bool:
        """Whether a change on the server is new, though what was pulled of it before bears a later time.

        So it is where a clock was ahead then; a server that was restored from a backup has nothing new: what
        an earlier pull has `seen` is none, though it was set while the last pull ran.
        """
        if to_come(stored.provenance.updated, self.client.server_time):
            return True
        return not seen and bool(self.since) and before(incoming.provenance.updated) > self.since

    def is_set_back(self, raw: dict[str, Any]) -> bool:
        """Whether the server's time of an annotation is earlier than the last pull saw it."""
        return str(raw.get("updated_at")) < self.times.get(str(raw["id"]), "")

    def read(self, task: dict[str, Any], document: Document, raw: dict[str, Any]) -> ReadResult:
        """The spans and relations of an annotation; what has no place goes to the quarantine.

        Ids that were merged or renamed since are read as what stands for them now.
        """
        text = RegionText(document.text, kept=True)
        read = read_result(raw.get("result") or [], text, self.naming)
        read.enter(self.report.account)
        if self.retired:
            spans = with_ids(read.spans, self.schema, self.retired)
            self.report.settled += sum(new is not old for new, old in zip(spans, read.spans, strict=True))
            read = read._replace(spans=spans)
        for quarantined in read.quarantined:
            self.quarantine(task, raw, quarantined)
        return read

    def annotation(
        self, task: dict[str, Any], document: Document, name: str, raw: dict[str, Any], read: ReadResult
    ) -> Annotation:
        """What was read, as its annotator's work."""
        editor = self.accounts.of(raw, "updated_by") if raw.get("updated_by") else name
        return Annotation(
            document=document.id,
            annotator=name,
            schema=self.schema.id,
            status="skipped" if raw.get("was_cancelled") else "submitted",
            provenance=Provenance(
                kind="human",
                name=editor if editor not in (name, UNKNOWN) else "",
                guidelines=self.guidelines,
                created=str(raw.get("created_at") or ""),
                updated=str(raw.get("updated_at") or ""),
                lead_time=raw.get("lead_time"),
                seen_predictions=self.saw_predictions(task, raw, read.spans),
            ),
            spans=read.spans,
            relations=read.relations,
            text_sha256=self.hashes[document.id],
        )

    def saw_predictions(self, task: dict[str, Any], raw: dict[str, Any], spans: Sequence[Span]) -> bool:
        """Whether predictions were in sight: begun from one, or shown with the task.

        The versions that a task carries are asked for, since its counter may lag behind after a crash.
        """
        begun = raw.get("parent_prediction") is not None
        begun = begun or any(span.origin in ("prediction", "prediction-changed") for span in spans)
        carried = task.get("total_predictions") or task.get("predictions_model_versions")
        return begun or (self.predictions_shown and bool(carried))

    def stored(self, incoming: Annotation) -> Annotation | None:
        """What is stored of the same annotator and article; raises GW209 and GW334."""
        path = annotation_path(self.project, incoming, self.folder(incoming))
        data = self._writer.read(path)
        if data is None:
            return None
        try:
            stored = load_annotation(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = "restore it from git, or remove it and pull --theirs: the server has it"
            raise GoldwireError.of("GW209", str(error), where=str(path), hint=hint) from None
        if (stored.annotator, stored.document) != (incoming.annotator, incoming.document):
            held = f"`{stored.annotator}`'s annotation of `{stored.document}`"
            message = f"holds {held}, not `{incoming.annotator}`'s"
            hint = "file names can't tell them apart: rename one annotator"
            raise GoldwireError.of("GW334", message, where=str(path), hint=hint)
        return stored

    def leave_out(self, task: dict[str, Any], annotation: dict[str, Any], why: str) -> None:
        """Put a whole annotation aside, unread."""
        self.quarantine(task, annotation, Quarantined("result", why, annotation.get("result")))
        census(annotation.get("result"), self.naming).enter(self.report.account)

    def quarantine(self, task: dict[str, Any], annotation: dict[str, Any], part: Quarantined) -> None:
        """Put a part of an annotation aside."""
        data = task.get("data")
        self.lines.append(
            {
                "document": str(data.get("id", "")) if isinstance(data, dict) else "",
                "server": self.server,
                "project": self.number,
                "annotator": self.accounts.of(annotation),
                "task": task["id"],
                "annotation": annotation["id"],
                **({"draft": True} if "draft" in annotation else {}),
                **msgspec.to_builtins(part),
            }
        )


def _differently_parted(stored: Annotation, incoming: Annotation) -> str:
    """Why what is stored of a person can't be replaced by work in other passes; empty where it can."""
    stored_passes, incoming_passes = stored.provenance.passes, incoming.provenance.passes
    if gone := [name for name in stored_passes if name not in incoming_passes]:
        return f"pass {', '.join(gone)} is not on the server, and stays here as it was pulled"
    own = stored.provenance.kind == "human" and stored.status not in ("draft", "skipped")
    if incoming_passes and not stored_passes and own and incoming.status == "draft":
        return "what is stored was not made in passes, of which one is missing on the server"
    return ""


def _place(annotation: Annotation) -> str:
    return place_key(annotation.annotator, annotation.document)


def across_layers(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """The spans of each region that bears labels of several layers; further ones are `REGION+LABEL`."""
    by_region: dict[str, list[Span]] = {}
    ids = {span.id for span in spans}
    for span in spans:
        region = span.id.partition("+")[0]
        by_region.setdefault(region if region in ids else span.id, []).append(span)
    for region_spans in by_region.values():
        same = {(span.start, span.end) for span in region_spans}
        if len({span.layer for span in region_spans}) > 1 and len(same) == 1:
            yield region_spans


def _told(trim: Trim, annotation: Annotation, document: Document) -> str:
    start, end = trim.after
    place = f"{annotation.annotator}/{document.id} {trim.span}"
    return (
        f"{place}: [{trim.before[0]}, {trim.before[1]}) → [{start}, {end}) {document.text[start:end][:60]!r}"
    )

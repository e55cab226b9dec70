"""Stored annotations up to the projects of the passes: to each what its screen shows, begun from the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from msgspec import structs

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.passes.compose import Marks, alike, without_origins
from goldwire.annotate.passes.push import PassSender, check_not_begun, of_layers, start_of
from goldwire.annotate.passes.reading import marks_of, starts
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.passes import Pass
from goldwire.annotate.records.pulled import key_of, read_pulled, source_of, write_pulled
from goldwire.annotate.sync.tasks import prediction_of
from goldwire.annotate.sync.upload import (
    LoadReport,
    Sender,
    as_read_back,
    check_sendable,
    edited_since,
    not_sendable,
    note_sent,
    task_key,
    tasks_for,
)
from goldwire.annotations.meaning import content
from goldwire.errors import raise_faults
from goldwire.files import sha256
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Status, by_machine
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.rendering.picks import ids_in

_HELD = ("result", "was_cancelled")
_STARTS = ("predictions", "model_version")
#: An annotation's annotator and article.
_Key: TypeAlias = tuple[str, str]


def passes_done(annotation: Annotation, passes: Sequence[Pass]) -> list[Pass]:
    """The passes that an annotation was submitted in; all of them where it is finished.

    Of a person's draft those whose time is known, none where it was not made in passes; of one that was
    skipped the first, where it was put aside.
    """
    if annotation.status == "skipped":
        return list(passes[:1])
    if annotation.status == "draft" and not by_machine(annotation):
        return [each for each in passes if annotation.provenance.passes.get(each.name) is not None]
    return list(passes)


def pass_part(annotation: Annotation, passes: Sequence[Pass], this_pass: Pass) -> Annotation:
    """What of an annotation the screen of a pass shows, with that pass's lead time.

    The time of one that was not made in passes is known as a whole only: it goes with the last.
    """
    made = annotation.provenance
    parted = any(other.name in made.passes for other in passes)
    whole = made.lead_time if this_pass.number == len(passes) or annotation.status == "skipped" else None
    provenance = structs.replace(made, lead_time=made.passes.get(this_pass.name) if parted else whole)
    shown = of_layers(annotation, (*this_pass.earlier, *this_pass.layers))
    return structs.replace(shown, provenance=provenance)


def load_passes(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    passes: Sequence[Pass],
    annotations: Sequence[Annotation],
    *,
    owner: str = "",
    advance: Callable[[int], None] | None = None,
) -> LoadReport:
    """Send annotations to the projects of the passes, `owner`'s or the main ones, as their annotators' work.

    To each pass goes what its screen shows; a later one gets the articles that it lacks, and each annotation
    begins there from its own earlier layers. What its annotator has in a pass already is passed over. Raises
    what `sync.upload.load_annotations` does, GW325 where the first pass has no project, GW798 where work was
    begun on one screen.
    """
    check_not_begun(client, project, owner)
    loading = _Loading(client, project, schema, documents, passes, owner)
    loading.check(annotations)
    for each in passes:
        loading.send(each, annotations, advance or (lambda _steps: None))
    return loading.report(annotations)


@dataclass
class _Loading(PassSender):
    """Annotations on their way to the passes of one owner.

    Of each annotation `new` has the passes that were new to the server, `standing` those that stand there as
    they are here, and `read_back` what a pull reads of the last of these.
    """

    by_pass: Counter[str] = field(default_factory=Counter)
    new: dict[_Key, list[Pass]] = field(default_factory=dict)
    standing: dict[_Key, list[Pass]] = field(default_factory=dict)
    read_back: dict[_Key, Annotation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {document.id: document for document in self.documents}
        self.first = int(project_on_server(self.client, self.title(self.passes[0]))["id"])
        self.source = source_of(self.client.server, self.first)

    def check(self, annotations: Sequence[Annotation]) -> None:
        """Raise what keeps any of them from being sent, before anything is."""
        check_sendable(tasks_for(self.client, self.first, annotations), annotations, self.schema)
        faults = []
        for annotation in annotations:
            document = self.by_id.get(annotation.document)
            same = document is not None and annotation.text_sha256 in ("", sha256(document.text))
            if not same and any(each.earlier for each in passes_done(annotation, self.passes)):
                message = f"`{annotation.document}` is not an article of this text any more"
                hint = "a later pass can't be sent it: restore the article in seeds/"
                faults.append(not_sendable(annotation, message, hint))
        raise_faults(faults[:100])

    def send(
        self, this_pass: Pass, annotations: Sequence[Annotation], advance: Callable[[int], None]
    ) -> None:
        """Send one pass what it lacks of them."""
        chosen = [a for a in annotations if this_pass in passes_done(a, self.passes)]
        if not chosen:
            return
        number = self.first
        if this_pass.earlier:
            number = self.send_articles(this_pass, chosen)
        tasks = tasks_for(self.client, number, chosen, (*_HELD, *(_STARTS if this_pass.earlier else ())))
        with project_lock(self.project):
            accounts = Accounts(self.client, self.project, keep=True)
            sender = Sender(self.client, number, self.schema, accounts)
            try:
                for annotation in chosen:
                    advance(this_pass == passes_done(annotation, self.passes)[-1])
                    self.send_one(sender, this_pass, annotation, tasks[task_key(annotation)])
            finally:
                self.note(chosen)

    def send_one(
        self, sender: Sender, this_pass: Pass, annotation: Annotation, task: Mapping[str, Any]
    ) -> None:
        """Send one pass of an annotation, or see whether it stands there as it is here."""
        key, part = _key(annotation), pass_part(annotation, self.passes, this_pass)
        if held := sender.held(annotation, task):
            result = to_result(
                part, self.schema, str(task["data"]["text"]), ids_in(sender.config, task["data"])
            )
            back = as_read_back(part, result, task, self.schema)
            if not all(self.says(given, back, task) for given in held):
                return
        else:
            begun_from = self.start(sender, this_pass, part, task) if this_pass.earlier else None
            result, created = sender.send(part, task, begun_from)
            back = as_read_back(part, result, task, self.schema)
            self.by_pass[this_pass.name] += created
            self.new.setdefault(key, []).append(this_pass)
        self.standing.setdefault(key, []).append(this_pass)
        self.read_back[key] = back

    def says(self, given: Mapping[str, Any], back: Annotation, task: Mapping[str, Any]) -> bool:
        """Whether an annotation of the server is what a pull would read had it just been sent."""
        annotations_there = as_read_back(back, given.get("result") or [], task, self.schema)
        skipped = bool(given.get("was_cancelled")) == (back.status == "skipped")
        return skipped and content(annotations_there) == content(back)

    def send_articles(self, this_pass: Pass, chosen: Sequence[Annotation]) -> int:
        """Send a later pass the articles that it lacks; the number of its project."""
        held = self.client.projects(self.title(this_pass))[:1]
        tasks_there = tasks_for(self.client, int(held[0]["id"]), chosen) if held else {}
        starting: dict[str, Annotation] = {}
        for annotation in chosen:
            if task_key(annotation) not in tasks_there and annotation.document not in starting:
                document = self.by_id[annotation.document]
                starting[document.id] = start_of(document, self.before(this_pass, annotation), self.schema)
        if not starting and held:
            return int(held[0]["id"])
        documents = [self.by_id[name] for name in starting]
        return self.push(this_pass, documents, starting=starting).project

    def before(self, this_pass: Pass, annotation: Annotation) -> Marks:
        """What an annotation has of the layers before a pass."""
        return without_origins(Marks(annotation.spans, annotation.relations).of(this_pass.earlier))

    def start(self, sender: Sender, this_pass: Pass, part: Annotation, task: Mapping[str, Any]) -> int:
        """The prediction that an annotation began from: its own earlier layers, put there where missing."""
        document = Document(part.document, str(task["data"]["text"]))
        marks = self.before(this_pass, part)
        for shown in starts(dict(task)):
            if alike(marks_of(shown, document.text, self.schema), marks):
                return int(shown["id"])
        start = start_of(document, marks, self.schema)
        picks = ids_in(sender.config, task["data"])
        return self.client.create_prediction(
            int(task["id"]), prediction_of(start, document, self.schema, picks)
        )

    def note(self, annotations: Sequence[Annotation]) -> None:
        """Keep in mind what the server has by now, cut off or not; in the project's lock."""
        pulled = read_pulled(self.project)
        for annotation in annotations:
            key, done = _key(annotation), passes_done(annotation, self.passes)
            standing = self.standing.get(key, [])
            if not standing or standing != done[: len(standing)]:
                continue
            sent = standing[-1] in self.new.get(key, ())
            # What was there, and is known, may have been edited here since in what the server does not have.
            if sent or (standing == done and key_of(self.project, annotation) not in pulled):
                note_sent(self.project, annotation, self.composed(annotation, standing), self.source, pulled)
        write_pulled(self.project, pulled)

    def report(self, annotations: Sequence[Annotation]) -> LoadReport:
        """What came of the load."""
        pulled = read_pulled(self.project)
        edited_here = ["/".join(_key(a)) for a in annotations if edited_since(self.project, a, pulled)]
        return LoadReport(len(self.new), tuple(edited_here), dict(self.by_pass))

    def composed(self, annotation: Annotation, done: Sequence[Pass]) -> Annotation:
        """What a pull will make of all passes of an annotation."""
        last = self.read_back[_key(annotation)]
        if annotation.status == "skipped":
            return structs.replace(last, provenance=structs.replace(last.provenance, passes={}))
        times = {each.name: pass_part(annotation, self.passes, each).provenance.lead_time for each in done}
        status: Status = "submitted" if len(done) == len(self.passes) else "draft"
        return structs.replace(last, status=status, provenance=structs.replace(last.provenance, passes=times))


def _key(annotation: Annotation) -> _Key:
    return annotation.annotator, annotation.document

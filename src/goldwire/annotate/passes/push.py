"""Articles sent on from pass to pass: to each once its annotator has done the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from msgspec import structs

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.guide import guide_address
from goldwire.annotate.labelstudio.projects import COUNTERS, annotations_on
from goldwire.annotate.labelstudio.transport import dicts
from goldwire.annotate.passes.compose import Marks, PassWork, alike, compose, without_origins
from goldwire.annotate.passes.reading import PASS_INCLUDE, START, PassImporter, marks_of, starts
from goldwire.annotate.passes.screen import pass_config, pass_guide
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import Pass
from goldwire.annotate.sync.push import PushReport, push
from goldwire.annotate.sync.tasks import data_of, uid, worked_on
from goldwire.annotations.store import Read, read_once
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Provenance
from goldwire.project import Project
from goldwire.schemas import Schema

_INCLUDE = ("data", "total_annotations", "cancelled_annotations", "annotations_ids", "draft_exists")
_STARTS = (*_INCLUDE, "predictions", "result", "model_version")


@dataclass(frozen=True)
class PassPush:
    """What a push did for one pass. `waiting` articles lack the pass before.

    `refreshed` of those that nobody had begun were given what the passes before say now; `behind` were begun
    from what has changed since (a pull brings both together); `shared` were done by several annotators in
    the pass before, so that nobody can say from whose work to go on.
    """

    name: str
    number: int
    report: PushReport
    waiting: int = 0
    refreshed: int = 0
    behind: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        own = {key: value for key, value in asdict(self).items() if key not in ("name", "report")}
        return {"pass": self.name, **self.report.as_dict(), **own}


def push_passes(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    passes: Sequence[Pass],
    *,
    owner: str = "",
    only: Pass | None = None,
    predictions: Sequence[Annotation] = (),
    suggest: bool = True,
    advance: Callable[[int], None] | None = None,
    read: Read | None = None,
) -> list[PassPush]:
    """Send articles to the projects of the passes, `owner`'s or the main ones, or to that of `only` one pass.

    The first pass gets all articles, with `predictions`; a later one those of which the pass before was
    submitted, each with what all passes before it have made. What an annotator has begun there stays as it
    is. Raises GW798 where annotators have begun on one screen, and what `sync.push` raises.
    """
    check_not_begun(client, project, owner)
    sending = _Sending(client, project, schema, documents, passes, owner, advance, read or read_once(project))
    return [
        sending.first(each, predictions, suggest) if each.number == 1 else sending.on(each)
        for each in ([only] if only is not None else passes)
    ]


#: What was made in one pass: by article and annotator.
_Works: TypeAlias = Mapping[str, Mapping[str, PassWork]]


@dataclass
class PassSender:
    """Sends articles to the projects of the passes, `owner`'s or the main ones."""

    client: Client
    project: Project
    schema: Schema
    documents: Sequence[Document]
    passes: Sequence[Pass]
    owner: str
    advance: Callable[[int], None] | None = None
    read: Read | None = None

    def title(self, this_pass: Pass) -> str:
        """The title of a pass's project."""
        return title_for(self.project, self.owner, this_pass)

    def push(
        self,
        this_pass: Pass,
        documents: Sequence[Document],
        *,
        predictions: Sequence[Annotation] = (),
        starting: Mapping[str, Annotation] | None = None,
        suggest: bool = False,
    ) -> PushReport:
        """Send articles to one pass, as `sync.push` does; `starting` is what they begin from."""
        folder, address = self.project.schema_path.parent, guide_address(self.project)
        return push(
            self.client,
            self.project,
            self.schema,
            documents,
            predictions=predictions,
            starts=starting,
            title=self.title(this_pass),
            config=pass_config(self.schema, self.passes, this_pass),
            guide=pass_guide(self.schema, self.passes, this_pass, folder, address),
            advance=self.advance,
            suggest=suggest,
            read=self.read,
        )


@dataclass
class _Sending(PassSender):
    """Articles on their way from pass to pass; what annotators made in a pass is read once."""

    _read: dict[int, _Works] = field(default_factory=dict)

    def first(self, this_pass: Pass, predictions: Sequence[Annotation], suggest: bool) -> PassPush:
        """Send the first pass all articles."""
        shown = [of_layers(annotation, this_pass.layers) for annotation in predictions]
        report = self.push(this_pass, self.documents, predictions=shown, suggest=suggest)
        return PassPush(this_pass.name, this_pass.number, report)

    def on(self, this_pass: Pass) -> PassPush:
        """Send a later pass the articles that are ready for it."""
        earlier, shared = self._earlier(self.passes[: this_pass.number - 1])
        ready = [document for document in self.documents if document.id in earlier]
        tasks = {}
        for remote in self.client.projects(self.title(this_pass))[:1]:
            tasks = {data_of(task, "uid"): task for task in self.client.tasks(int(remote["id"]), _STARTS)}
        starting: dict[str, Annotation] = {}
        behind = []
        refreshed = 0
        for document in ready:
            task, marks = tasks.get(uid(document)), earlier[document.id]
            if task is not None:
                shown = starts(task)
                if not (shown and alike(marks_of(shown[-1], document.text, self.schema), marks)):
                    if worked_on(task):
                        behind.append(document.id)
                        continue
                    # A model's predictions hold what the pass began from, too.
                    for former in task.get("predictions") or ():
                        self.client.delete_prediction(int(former["id"]))
                    refreshed += 1
            starting[document.id] = start_of(document, marks, self.schema)
        report = self.push(this_pass, ready, starting=starting)
        waiting = len(self.documents) - len(ready) - len(shared)
        return PassPush(
            this_pass.name, this_pass.number, report, waiting, refreshed, tuple(behind), tuple(shared)
        )

    @cached_property
    def _accounts(self) -> Accounts:
        return Accounts(self.client, self.project)

    def _works(self, this_pass: Pass) -> _Works:
        """What was submitted in a pass, as the server has it."""
        if this_pass.number not in self._read:
            works: dict[str, dict[str, PassWork]] = defaultdict(dict)
            for remote in self.client.projects(self.title(this_pass), ("show_collab_predictions",))[:1]:
                given = self.client, self.project, self.schema, self.documents
                importer = PassImporter(*given, remote, self._accounts, own_pass=this_pass)
                for task in self.client.tasks(importer.number, PASS_INCLUDE):
                    annotations = dicts(task.get("annotations"))
                    if annotations and (document := importer.document(task, annotations)) is not None:
                        for name, chosen in importer.latest(task, annotations):
                            importer.take(task, document, name, chosen)
                for (article, name), gathered in importer.gathered.items():
                    if not gathered.skipped:
                        works[article][name] = gathered.work
            self._read[this_pass.number] = works
        return self._read[this_pass.number]

    def _earlier(self, before: Sequence[Pass]) -> tuple[dict[str, Marks], list[str]]:
        """What the passes before have made of each article whose last one is submitted.

        Also the articles of which it was submitted by several, of whom none is the owner.
        """
        works = {each.number: self._works(each) for each in before}
        last = works[before[-1].number]
        marks_of_article: dict[str, Marks] = {}
        shared = []
        for document in self.documents:
            done = list(last.get(document.id, ()))
            if len(done) > 1 and self.owner not in done:
                shared.append(document.id)
            elif done:
                name = self.owner if self.owner in done else done[0]
                theirs = {
                    number: by_article[document.id][name]
                    for number, by_article in works.items()
                    if name in by_article.get(document.id, ())
                }
                marks_of_article[document.id] = compose(before, theirs, document.text).marks
        return marks_of_article, shared


def start_of(document: Document, marks: Marks, schema: Schema) -> Annotation:
    """What a later pass begins from, as the prediction that shows it."""
    bare = without_origins(marks)
    made_by = Provenance("human", START)
    return Annotation(
        document.id, START, schema.id, provenance=made_by, spans=bare.spans, relations=bare.relations
    )


def of_layers(annotation: Annotation, layers: Sequence[str]) -> Annotation:
    """What an annotation has of some layers; relations have both ends there."""
    marks = Marks(annotation.spans, annotation.relations).of(layers)
    return structs.replace(annotation, spans=marks.spans, relations=marks.relations)


def check_not_begun(client: Client, project: Project, owner: str) -> None:
    """Raise GW798 where the project of one screen has work, which passes would leave behind."""
    title = title_for(project, owner)
    for remote in client.projects(title, COUNTERS)[:1]:
        if annotations_on(remote):
            hint = 'set passes = "all" again, or give the project another name and load nothing into it'
            message = f"`{title}` was begun on one screen: passes would leave that work behind"
            raise GoldwireError.of("GW798", message, where=client.url, hint=hint)

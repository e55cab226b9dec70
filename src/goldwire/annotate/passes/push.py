"""Articles sent on from pass to pass: to each once its annotator has done the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from msgspec import structs

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.guide import guide_of
from goldwire.annotate.passes.compose import Marks, PassWork, compose, without_origins
from goldwire.annotate.passes.reading import PASS_INCLUDE, START, PassImporter, marks_of, starts
from goldwire.annotate.passes.screen import pass_config, pass_guide
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import Pass
from goldwire.annotate.sync.push import PushReport, push
from goldwire.annotate.sync.tasks import data_of, uid, worked_on
from goldwire.annotations.meaning import meaning
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
) -> list[PassPush]:
    """Send articles to the projects of the passes, `owner`'s or the main ones, or to that of `only` one pass.

    The first pass gets all articles, with `predictions`; a later one those of which the pass before was
    submitted, each with what all passes before it have made. What an annotator has begun there stays as it
    is. Raises GW798 where annotators have begun on one screen, and what `sync.push` raises.
    """
    _check_not_begun(client, project, owner)
    pushed = []
    for each in [only] if only is not None else passes:
        if each.number == 1:
            shown = [_of_layers(annotation, each.layers) for annotation in predictions]
            report = _push(
                client, project, schema, documents, passes, each, owner, shown, {}, advance, suggest
            )
            pushed.append(PassPush(each.name, each.number, report))
        else:
            pushed.append(_push_on(client, project, schema, documents, passes, each, owner, advance))
    return pushed


def _push_on(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    passes: Sequence[Pass],
    each: Pass,
    owner: str,
    advance: Callable[[int], None] | None,
) -> PassPush:
    """Send a later pass the articles that are ready for it."""
    made, shared = _earlier(client, project, schema, documents, passes[: each.number - 1], owner)
    ready = [document for document in documents if document.id in made]
    tasks = {}
    for remote in client.projects(title_for(project, owner, each))[:1]:
        tasks = {data_of(task, "uid"): task for task in client.tasks(int(remote["id"]), _STARTS)}
    starting: dict[str, Annotation] = {}
    behind = []
    refreshed = 0
    for document in ready:
        task, marks = tasks.get(uid(document)), made[document.id]
        shown = starts(task) if task is not None else []
        if task is not None and not (shown and _alike(marks_of(shown[-1], document.text, schema), marks)):
            if worked_on(task):
                behind.append(document.id)
                continue
            for former in shown:
                client.delete_prediction(int(former["id"]))
            refreshed += 1
        starting[document.id] = _start(document, marks, schema)
    report = _push(client, project, schema, ready, passes, each, owner, (), starting, advance)
    waiting = len(documents) - len(ready) - len(shared)
    return PassPush(each.name, each.number, report, waiting, refreshed, tuple(behind), tuple(shared))


def _push(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    passes: Sequence[Pass],
    each: Pass,
    owner: str,
    predictions: Sequence[Annotation],
    starting: dict[str, Annotation],
    advance: Callable[[int], None] | None,
    suggest: bool = False,
) -> PushReport:
    address = guide_of(project, schema).address
    return push(
        client,
        project,
        schema,
        documents,
        predictions=predictions,
        starts=starting,
        title=title_for(project, owner, each),
        config=pass_config(schema, passes, each),
        guide=pass_guide(schema, passes, each, project.schema_path.parent, address),
        advance=advance,
        suggest=suggest,
    )


def _earlier(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    before: Sequence[Pass],
    owner: str,
) -> tuple[dict[str, Marks], list[str]]:
    """What the passes before have made of each article whose last one is submitted, as the server has it.

    Also the articles of which it was submitted by several, of whom none is the owner.
    """
    works: dict[str, dict[str, dict[int, PassWork]]] = defaultdict(lambda: defaultdict(dict))
    accounts = Accounts(client, project)
    for each in before:
        for found in client.projects(title_for(project, owner, each))[:1]:
            importer = PassImporter(client, project, schema, documents, found, accounts, each)
            for task in client.tasks(importer.number, PASS_INCLUDE):
                annotations = [a for a in task.get("annotations") or () if isinstance(a, dict)]
                if annotations and (document := importer.document(task, annotations)) is not None:
                    for name, chosen in importer.latest(task, annotations):
                        importer.take(task, document, name, chosen)
            for (article, name), gathered in importer.gathered.items():
                if not gathered.skipped:
                    works[article][name][each.number] = gathered.work
    made: dict[str, Marks] = {}
    shared = []
    for document in documents:
        done = {name: theirs for name, theirs in works[document.id].items() if before[-1].number in theirs}
        if len(done) > 1 and owner not in done:
            shared.append(document.id)
        elif done:
            theirs = done[owner] if owner in done else next(iter(done.values()))
            made[document.id] = compose(before, theirs, document.text).marks
    return made, shared


def _start(document: Document, marks: Marks, schema: Schema) -> Annotation:
    bare = without_origins(marks)
    made_by = Provenance("human", START)
    return Annotation(
        document.id, START, schema.stamp, provenance=made_by, spans=bare.spans, relations=bare.relations
    )


def _alike(one: Marks, other: Marks) -> bool:
    """Whether two say the same, of spans with the same ids."""
    spans, others = ({span.id: meaning(span) for span in side.spans} for side in (one, other))
    return spans == others and set(one.relations) == set(other.relations)


def _of_layers(annotation: Annotation, layers: Sequence[str]) -> Annotation:
    marks = Marks(annotation.spans, annotation.relations).of(layers)
    return structs.replace(annotation, spans=marks.spans, relations=marks.relations)


def _check_not_begun(client: Client, project: Project, owner: str) -> None:
    """Raise GW798 where the project of one screen has work, which passes would leave behind."""
    title = title_for(project, owner)
    counters = ("total_annotations_number", "skipped_annotations_number")
    for found in client.projects(title, counters)[:1]:
        if any(int(found.get(name) or 0) for name in counters):
            hint = 'set passes = "all" again, or give the project another name and load nothing into it'
            message = f"`{title}` was begun on one screen: passes would leave that work behind"
            raise GoldwireError.of("GW798", message, where=client.url, hint=hint)

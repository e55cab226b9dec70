"""Articles up: each exactly once, whatever was cut off before."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.client import Client, Unsure
from goldwire.annotate.config import compare
from goldwire.annotate.studio import locked, make_cache
from goldwire.corpus import rules
from goldwire.corpus.checks import check_articles
from goldwire.corpus.formats.jsonl import read_jsonl
from goldwire.corpus.formats.labelstudio import to_result
from goldwire.corpus.integrity import annotation_faults
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import sha256
from goldwire.model import Annotation, Article, Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.render import TEXT, label_config

#: Tasks in one request, and characters of text.
BATCH = 1000
_BATCH_CHARACTERS = 10_000_000
#: Seconds that a batch whose answer was lost has to appear in, since the server may still be at it.
_LOST = 60.0
# What the server would store without a word and no annotator could use.
_UNUSABLE = {
    rules.LAYER,
    rules.LABEL,
    rules.ATTRIBUTE,
    rules.BEARER,
    rules.VALUE,
    rules.RELATION,
    rules.ENDS,
    rules.LOOP,
}
Advance = Callable[[int], None]


@dataclass(frozen=True)
class PushReport:
    """What a push found and did. `outdated` names articles whose former text has a task on the server."""

    project: int
    url: str
    created: bool
    config_added: tuple[str, ...]
    documents: int
    sent: int
    present: int
    predictions_sent: int
    predictions_present: int
    duplicates_removed: int
    outdated: tuple[str, ...]
    tasks: int

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def uid(document: Document) -> str:
    """What makes an article one task: its id and its text."""
    return f"{document.id}@{sha256(document.text)[:16]}"


def push(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    *,
    predictions: Sequence[Annotation] = (),
    title: str | None = None,
    config: str | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
    advance: Advance | None = None,
) -> PushReport:
    """Send the articles that the server does not have yet, with the predictions that it does not have.

    `config` stands in for the schema's; `extra` holds more data for new tasks, by document. `advance` is
    called with the number of articles settled. Raises GW321 for a config change that would orphan
    annotations, GW322 for predictions that the schema or the texts do not bear, GW324 where the server's
    counts do not add up.
    """
    by_document = _checked(schema, documents, predictions)
    make_cache(project)
    with locked(project.cache / "sync.lock"):
        found, created, added = ensure_project(client, schema, title or project.name, config)
        before = int(found.get("task_number") or 0)
        work = _Push(client, int(found["id"]), before, schema, documents, by_document, extra or {})
        work.run(advance or (lambda _steps: None))
        if predictions and found.get("model_version") != (shown := version(predictions[-1])):
            client.update_project(work.project, {"model_version": shown})
        total = int(client.project(work.project).get("task_number") or 0)
        if total != before + work.sent - work.removed:
            work.reconcile()
        return PushReport(
            work.project,
            f"{client.url}/projects/{work.project}",
            created,
            tuple(added),
            len(documents),
            work.sent,
            len(documents) - work.sent,
            work.predictions_sent,
            sum(map(len, by_document.values())) - work.predictions_sent,
            work.removed,
            tuple(work.outdated),
            total,
        )


def version(annotation: Annotation) -> str:
    """The name under which Label Studio keeps a prediction: the model and its version, else the annotator."""
    made = annotation.provenance
    return f"{made.name}@{made.version}" if made.name and made.version else made.name or annotation.annotator


def ensure_project(
    client: Client, schema: Schema, title: str, config: str | None = None
) -> tuple[dict[str, Any], bool, list[str]]:
    """The Label Studio project of this title, made where it is missing, with `config` or the schema's.

    Also whether it was made, and what its config gained. Raises GW321 where the config would lose what
    annotations may use, GW323 where several projects bear the title.
    """
    config = config or label_config(schema)
    found = client.projects(title)
    if not found:
        fields = {"title": title, "label_config": config, "description": schema.title}
        return client.create_project(fields), True, []
    if len(found) > 1:
        ids = ", ".join(str(p["id"]) for p in found)
        hint = "rename all but one in Label Studio"
        raise GoldwireError.of("GW323", f"{len(found)} projects have the title `{title}`: {ids}", hint=hint)
    one = client.project(int(found[0]["id"]))
    where = f"{client.url}/projects/{one['id']}"
    difference = compare(str(one.get("label_config", "")), config, where)
    if difference.removed and int(one.get("task_number") or 0) > 0:
        hint = "put it back into the schema, or give the project in goldwire.toml another name"
        message = "the schema lacks what the project's config has and annotations may use: "
        raise GoldwireError.of("GW321", message + ", ".join(difference.removed), where=where, hint=hint)
    if str(one.get("label_config", "")).strip() != config.strip():
        one = {**one, **client.update_project(int(one["id"]), {"label_config": config})}
    return one, False, difference.added


def read_predictions(files: Iterable[Path]) -> list[Annotation]:
    """The annotations in JSON Lines files, bound to the texts that they came with."""
    return [
        msgspec.structs.replace(annotation, text_sha256=sha256(article.document.text))
        for path in files
        for article in read_jsonl(path)
        for annotation in article.annotations
    ]


def find_project(client: Client, title: str) -> dict[str, Any]:
    """The project of this title; raises GW325 where there is none."""
    found = client.projects(title)
    if not found:
        hint = "goldwire annotate push makes it"
        raise GoldwireError.of("GW325", f"no project `{title}`", where=client.url, hint=hint)
    return client.project(int(found[0]["id"]))


def unusable(schema: Schema, document: Document, annotations: Sequence[Annotation]) -> Iterator[Fault]:
    """Faults that keep annotations from being sent: another text, offsets, ids, labels, attributes, ends."""
    broken = False
    for annotation in annotations:
        for fault in annotation_faults(annotation, document, f"{annotation.annotator}/{document.id}"):
            broken = True
            yield fault
    if not broken:
        checked = check_articles([Article(document, tuple(annotations))], schema)
        yield from (fault for fault in checked.faults if fault.code in _UNUSABLE)


def _checked(
    schema: Schema, documents: Sequence[Document], predictions: Sequence[Annotation]
) -> dict[str, list[Annotation]]:
    known = {document.id: document for document in documents}
    grouped: dict[str, list[Annotation]] = defaultdict(list)
    faults: list[Fault] = []
    for annotation in predictions:
        where = f"{annotation.annotator}/{annotation.document}"
        if annotation.document not in known:
            faults.append(
                Fault("GW322", f"a prediction for `{annotation.document}`, which is not sent", where)
            )
        elif version(annotation) in map(version, grouped[annotation.document]):
            message = f"two predictions of `{version(annotation)}` for one article"
            faults.append(Fault("GW322", message, where, "one for each model and version"))
        else:
            grouped[annotation.document].append(annotation)
    for name, some in grouped.items():
        faults.extend(unusable(schema, known[name], some))
    raise_faults(faults[:100])
    return {name: some for name, some in grouped.items() if some}


class _Push:
    """One push: what is there, what is sent, what came of it."""

    def __init__(
        self,
        client: Client,
        project: int,
        tasks: int,
        schema: Schema,
        documents: Sequence[Document],
        predictions: Mapping[str, list[Annotation]],
        extra: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.client, self.project, self.tasks, self.schema = client, project, tasks, schema
        self.documents = {uid(document): document for document in documents}
        self.predictions, self.extra = predictions, extra
        self.sent = self.predictions_sent = self.removed = 0
        self.outdated: list[str] = []

    def run(self, advance: Advance) -> None:
        present: dict[str, dict[str, Any]] = {}
        if self.tasks:
            present = self.once(self.there(list(self.documents)))
        advance(len(present))
        missing = [document for key, document in self.documents.items() if key not in present]
        if missing and self.tasks:
            self.outdated = sorted({_data(t, "id") for t in self.tasks_of("id", [d.id for d in missing])})
        for batch in _batches(missing):
            self.send(batch)
            advance(len(batch))
        self.add_predictions(present)

    def tasks_of(self, field: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        include = ["data", "total_annotations", "cancelled_annotations", "draft_exists"]
        if self.predictions:
            include += ["predictions", "model_version"]
        if len(values) * 2 < self.tasks:
            yield from self.client.tasks_with(self.project, field, values, include)
        else:
            # Most of the project is asked for: reading it through takes fewer and quicker requests.
            wanted = set(values)
            for task in self.client.tasks(self.project, include, page=BATCH // 2):
                if _data(task, field) in wanted:
                    yield task

    def there(self, uids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The tasks of each uid that the server has, the one that was worked on first."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for task in self.tasks_of("uid", uids):
            found[_data(task, "uid")].append(task)
        return {
            key: sorted(tasks, key=lambda t: (not _worked_on(t), t["id"])) for key, tasks in found.items()
        }

    def once(self, found: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
        """One task a uid: copies that nobody worked on go, which a push that was cut off may have left."""
        for tasks in found.values():
            for copy in tasks[1:]:
                if not _worked_on(copy):
                    self.client.delete_task(int(copy["id"]))
                    self.removed += 1
        return {key: tasks[0] for key, tasks in found.items()}

    def send(self, batch: Sequence[Document]) -> None:
        """Send one batch; where its answer is lost, see what arrived, and send nothing a second time."""
        tasks = [self.task(document) for document in batch]
        predicted = sum(len(task.get("predictions", ())) for task in tasks)
        try:
            counts = self.client.import_tasks(self.project, tasks)
        except Unsure as error:
            arrived = self.wait_for([uid(document) for document in batch])
            if arrived < len(batch):
                message = f"{arrived} of {len(batch)} articles arrived: {error.faults[0].message}"
                raise GoldwireError.of(
                    "GW326", message, where=self.client.url, hint="run push again"
                ) from error
        else:
            got = (counts.get("task_count"), counts.get("prediction_count"))
            if got != (len(batch), predicted):
                message = f"{len(batch)} tasks and {predicted} predictions sent, {got[0]} and {got[1]} stored"
                raise GoldwireError.of("GW324", message, where=self.client.url, hint="run push again")
        self.sent += len(batch)
        self.tasks += len(batch)
        self.predictions_sent += predicted

    def wait_for(self, uids: Sequence[str]) -> int:
        """The number of these uids on the server, once all are there or time is up."""
        until = time.monotonic() + _LOST
        while True:
            count = 0
            try:
                count = len(self.there(uids))
            except Unsure:
                if time.monotonic() >= until:
                    raise
            if count == len(uids) or time.monotonic() >= until:
                return count
            time.sleep(2)

    def task(self, document: Document) -> dict[str, Any]:
        meta: dict[str, Any] = {
            key: document.meta[key] for key in ("source", "published") if key in document.meta
        }
        data = {
            "uid": uid(document),
            "id": document.id,
            TEXT: document.text,
            "title": document.meta.get("title", document.id),
            **meta,
            "sha256": sha256(document.text),
            **self.extra.get(document.id, {}),
        }
        predictions = [self.prediction(a, document) for a in self.predictions.get(document.id, ())]
        return {"data": data, "predictions": predictions} if predictions else {"data": data}

    def prediction(self, annotation: Annotation, document: Document) -> dict[str, Any]:
        scores = [span.score for span in annotation.spans if span.score is not None]
        made: dict[str, Any] = {"result": to_result(annotation, self.schema, document.text)}
        made["model_version"] = version(annotation)
        if scores:
            made["score"] = sum(scores) / len(scores)
        return made

    def add_predictions(self, present: Mapping[str, dict[str, Any]]) -> None:
        """Give tasks that were there already the predictions of versions that they lack."""
        items: list[dict[str, Any]] = []
        for key, task in present.items():
            document = self.documents[key]
            known = {str(p.get("model_version")) for p in task.get("predictions") or ()}
            items.extend(
                {"task": task["id"], **self.prediction(annotation, document)}
                for annotation in self.predictions.get(document.id, ())
                if version(annotation) not in known
            )
        for start in range(0, len(items), BATCH // 2):
            some = items[start : start + BATCH // 2]
            made = self.client.import_predictions(self.project, some)
            if made != len(some):
                message = f"{len(some)} predictions sent, {made} stored"
                raise GoldwireError.of("GW324", message, where=self.client.url, hint="run push again")
            self.predictions_sent += made

    def reconcile(self) -> None:
        """Each article must be on the server exactly once; raises GW324 with those that are not."""
        found = self.there(list(self.documents))
        faults = []
        for key, document in self.documents.items():
            count = len(found.get(key, ()))
            if count != 1:
                message = f"article `{document.id}` has {count} tasks"
                faults.append(Fault("GW324", message, self.client.url, "run push again"))
        raise_faults(faults[:100])


def _data(task: dict[str, Any], key: str) -> str:
    data = task.get("data")
    return str(data.get(key, "")) if isinstance(data, dict) else ""


def _worked_on(task: dict[str, Any]) -> bool:
    return bool(
        task.get("total_annotations") or task.get("cancelled_annotations") or task.get("draft_exists")
    )


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        if batch and (len(batch) == BATCH or size + len(document.text) > _BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += len(document.text)
    if batch:
        yield batch

"""Articles up: each exactly once, whatever was cut off before."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.guide import Guide, guide_of
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import ensure_project, shows_live
from goldwire.annotate.labelstudio.transport import Unsure
from goldwire.annotate.labelstudio.views import ensure_first_view
from goldwire.annotate.sync.pending import in_flight_path, pending_batch, sending
from goldwire.annotate.sync.predictions import checked_predictions, version
from goldwire.annotate.sync.suggestions import Suggested, suggest_ids, task_data
from goldwire.annotate.sync.tasks import (
    data_of,
    prediction_of,
    task_batches,
    task_of,
    uid,
    versions,
    worked_on,
)
from goldwire.annotations.store import Read, read_once
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.model import Annotation, Document
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.rendering.picks import ids_in, picks_of

#: Tasks in one request.
BATCH = 1000
#: Seconds that a batch whose answer was lost has to appear in, since the server may still be at it.
_LOST = 60.0
Advance = Callable[[int], None]


@dataclass
class PushReport:
    """What a push found and did. `outdated` names articles whose former text has a task on the server.

    `ids_suggested` were filled into predictions, `ids_left` spans there could bear an id and none was sure.
    """

    project: int
    url: str
    created: bool
    config_added: list[str]
    documents: int
    sent: int = 0
    present: int = 0
    predictions_sent: int = 0
    predictions_present: int = 0
    ids_suggested: int = 0
    ids_left: int = 0
    duplicates_removed: int = 0
    outdated: list[str] = field(default_factory=list)
    tasks: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def push(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    *,
    predictions: Sequence[Annotation] = (),
    title: str | None = None,
    config: str | None = None,
    guide: Guide | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
    starts: Mapping[str, Annotation] | None = None,
    advance: Advance | None = None,
    batch: int = BATCH,
    suggest: bool = True,
    pick: bool = True,
    picked_in_tasks: Collection[str] = (),
    read: Read | None = None,
) -> PushReport:
    """Send the articles that the server does not have yet, with the predictions that it does not have.

    `config` and `guide` stand in for those of the schema; `extra` holds more data for new tasks, by document,
    `starts` what annotators begin from: their own work, sent as it is. `advance` is called with the number of
    articles settled. `batch` tasks go in one request. The guide is put beside the tasks and linked. With
    `pick` the ids of registries can be picked there, those of the layers `picked_in_tasks` from what `extra`
    holds; with `suggest` predictions get the ids that are sure (`suggest_ids`). `read` gives the project's
    articles where others need them too. Raises GW321 for a config
    change that would orphan annotations, GW322 for predictions that the schema or the texts do not bear,
    GW324 where the server's counts do not add up, GW780 where `guide_url` is no address.
    """
    by_document = checked_predictions(schema, documents, predictions)
    read = read or read_once(project)
    suggested = (
        suggest_ids(project, schema, documents, by_document, read) if suggest else Suggested(by_document)
    )
    by_document = dict(suggested.predictions)
    shown = version(by_document[predictions[-1].document][-1]) if predictions else ""
    for name, start in (starts or {}).items():
        by_document[name] = [*by_document.get(name, ()), start]
        shown = version(start)
    guide = guide or guide_of(project, schema)
    with project_lock(project):
        registries = load_registries(schema, project.schema_path)
        picks = picks_of(schema, registries, from_tasks=picked_in_tasks) if pick else None
        remote, created, added = ensure_project(client, schema, title or project.name, config, guide, picks)
        shown_config = str(remote.get("label_config") or "")
        data = task_data(project, schema, documents, shown_config, extra or {}, read)
        number = int(remote["id"])
        report = PushReport(number, client.project_url(number), created, added, len(documents))
        report.ids_suggested, report.ids_left = suggested.filled, suggested.left
        report.tasks = before = int(remote.get("task_number") or 0)
        path, by_uid = in_flight_path(project, number), {uid(document): document for document in documents}
        pushing = _Push(client, schema, by_uid, by_document, data, shown_config, path, batch, report)
        if pushing.land():
            report.tasks = before = pushing.counted()
        pushing.run(advance or (lambda _steps: None))
        if report.tasks:
            ensure_first_view(client, number)  # once tasks are there, or their columns are not known
        settings: dict[str, Any] = {"model_version": shown} if shown else {}
        if starts:
            settings["show_collab_predictions"] = True
            if remote.get("model_version") != shown and shows_live(client, remote):
                del settings["model_version"]  # what its predictions add to stands in them
        if any(remote.get(name) != wanted for name, wanted in settings.items()):
            client.update_project(number, settings)
        report.tasks = pushing.counted()
        if report.tasks != before + report.sent - report.duplicates_removed:
            pushing.reconcile()
            report.tasks = pushing.counted()
        report.present = len(documents) - report.sent
        report.predictions_present = sum(map(len, by_document.values())) - report.predictions_sent
        return report


@dataclass
class _Push:
    """One push: what is there, what is sent, what came of it."""

    client: Client
    schema: Schema
    documents: Mapping[str, Document]  # by uid
    predictions: Mapping[str, Sequence[Annotation]]
    extra: Mapping[str, Mapping[str, Any]]
    config: str
    path: Path
    batch: int
    report: PushReport

    def __post_init__(self) -> None:
        self.project, self.versions = self.report.project, bool(self.predictions)

    def counted(self) -> int:
        """How many tasks the server says that the project has."""
        return int(self.client.project(self.project, ("task_number",)).get("task_number") or 0)

    def run(self, advance: Advance) -> None:
        present: dict[str, dict[str, Any]] = {}
        if self.report.tasks:
            present = self.once(self.there(list(self.documents)))
        advance(len(present))
        missing = [document for key, document in self.documents.items() if key not in present]
        if missing and self.report.tasks:
            self.report.outdated = sorted(
                {data_of(t, "id") for t in self.tasks_of("id", [d.id for d in missing])}
            )
        for batch in task_batches(missing, self.batch):
            self.send(batch)
            advance(len(batch))
        self.add_predictions(present)

    def land(self) -> bool:
        """Wait for what an earlier push, cut off, had on its way; whether there was anything."""
        pending = pending_batch(self.path, self.client.url, self.project)
        if pending is not None:
            self.versions = True
            self.wait_for(pending.sent, pending.seconds)
            self.versions = bool(self.predictions)
        self.path.unlink(missing_ok=True)
        return pending is not None

    def tasks_of(self, field: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        include = ["data", "total_annotations", "cancelled_annotations", "annotations_ids", "draft_exists"]
        if self.versions:
            include += ["predictions", "model_version"]
        if len(values) * 2 < self.report.tasks:
            yield from self.client.tasks_with(self.project, field, values, include)
        else:
            # Most of the project is asked for: reading it through takes fewer and quicker requests.
            wanted = set(values)
            for task in self.client.tasks(self.project, include, page=BATCH // 2):
                if data_of(task, field) in wanted:
                    yield task

    def there(self, uids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The tasks of each uid that the server has, the one that was worked on first."""
        tasks_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for task in self.tasks_of("uid", uids):
            tasks_of[data_of(task, "uid")].append(task)
        return {
            key: sorted(tasks, key=lambda t: (not worked_on(t), t["id"])) for key, tasks in tasks_of.items()
        }

    def once(self, tasks_of: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
        """One task a uid: copies that nobody worked on go, which a push that was cut off may have left."""
        for tasks in tasks_of.values():
            for copy in tasks[1:]:
                if not worked_on(copy):
                    self.client.delete_task(int(copy["id"]))
                    self.report.duplicates_removed += 1
        return {key: tasks[0] for key, tasks in tasks_of.items()}

    def send(self, batch: Sequence[Document]) -> None:
        """Send one batch; where its answer is lost, see what arrived, and send nothing a second time."""
        tasks = [self.task(document) for document in batch]
        predicted = sum(len(task.get("predictions", ())) for task in tasks)
        sent = {
            str(task["data"]["uid"]): [p["model_version"] for p in task.get("predictions", ())]
            for task in tasks
        }
        try:
            with sending(self.path, self.client.url, self.project, sent):
                counts = self.client.import_tasks(self.project, tasks)
        except Unsure as error:
            arrived = self.wait_for(sent, _LOST)
            self.path.unlink(missing_ok=True)
            if arrived < len(batch):
                message = f"{arrived} of {len(batch)} articles arrived: {error.faults[0].message}"
                raise GoldwireError.of(
                    "GW326", message, where=self.client.url, hint="run push again"
                ) from error
        else:
            counts_there = (counts.get("task_count"), counts.get("prediction_count"))
            if counts_there != (len(batch), predicted):
                tried = f"{len(batch)} tasks and {predicted} predictions sent"
                message = f"{tried}, {counts_there[0]} and {counts_there[1]} stored"
                raise GoldwireError.of("GW324", message, where=self.client.url, hint="run push again")
        self.report.sent += len(batch)
        self.report.tasks += len(batch)
        self.report.predictions_sent += predicted

    def wait_for(self, sent: Mapping[str, Sequence[str]], seconds: float) -> int:
        """The number of these uids whose task is there with its predictions, once all are or time is up."""
        until = time.monotonic() + seconds
        while True:
            count = 0
            try:
                tasks_there = self.there(list(sent))
                count = sum(set(sent[uid]) <= versions(tasks[0]) for uid, tasks in tasks_there.items())
            except Unsure:
                if time.monotonic() >= until:
                    raise
            if count == len(sent) or time.monotonic() >= until:
                return count
            time.sleep(1)

    def task(self, document: Document) -> dict[str, Any]:
        predictions = self.predictions.get(document.id, ())
        return task_of(document, predictions, self.schema, self.extra.get(document.id, {}), self.config)

    def add_predictions(self, present: Mapping[str, dict[str, Any]]) -> None:
        """Give tasks that were there already the predictions of versions that they lack."""
        items: list[tuple[str, dict[str, Any]]] = []
        for key, task in present.items():
            document = self.documents[key]
            self.one_of_each(task)
            known, picks = versions(task), ids_in(self.config, task.get("data"))
            items.extend(
                (key, {"task": task["id"], **prediction_of(annotation, document, self.schema, picks)})
                for annotation in self.predictions.get(document.id, ())
                if version(annotation) not in known
            )
        step = max(1, self.batch // 2)
        for start in range(0, len(items), step):
            part = items[start : start + step]
            sent: dict[str, list[str]] = {}
            for key, item in part:
                sent.setdefault(key, []).append(item["model_version"])
            with sending(self.path, self.client.url, self.project, sent):
                created = self.client.import_predictions(self.project, [item for _, item in part])
            if created != len(part):
                message = f"{len(part)} predictions sent, {created} stored"
                raise GoldwireError.of("GW324", message, where=self.client.url, hint="run push again")
            self.report.predictions_sent += created

    def one_of_each(self, task: dict[str, Any]) -> None:
        """Of predictions of one version, which a push cut off may have sent twice, the first stays."""
        seen: set[str] = set()
        for prediction in sorted(task.get("predictions") or (), key=lambda p: int(p["id"])):
            name = str(prediction.get("model_version"))
            if name in seen and name in map(version, self.predictions.get(data_of(task, "id"), ())):
                self.client.delete_prediction(int(prediction["id"]))
            seen.add(name)

    def reconcile(self) -> None:
        """Each article must be on the server exactly once; raises GW324 with those that are not.

        Copies that an earlier push's batch made, arriving late, are removed.
        """
        self.once(self.there(list(self.documents)))
        tasks_there = self.there(list(self.documents))
        faults = []
        for key, document in self.documents.items():
            count = len(tasks_there.get(key, ()))
            if count != 1:
                message = f"article `{document.id}` has {count} tasks"
                faults.append(Fault("GW324", message, self.client.url, "run push again"))
        raise_faults(faults[:100])

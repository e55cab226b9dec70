"""Stored annotations up: as the work of the annotators who made them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import msgspec

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.users import address
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.notes import place_key
from goldwire.annotate.records.pulled import (
    PulledAnnotation,
    key_of,
    local_hash,
    read_pulled,
    remote_hash,
    source_of,
    write_pulled,
)
from goldwire.annotate.sync.predictions import prediction_faults
from goldwire.errors import Fault, raise_faults
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Status, by_machine
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.rendering.picks import ids_in


class LoadReport(msgspec.Struct, frozen=True):
    """What a load did: how many were sent, and the places (annotator/article) of those edited here since the
    server got them or they were pulled from it: the server keeps what it has of them. Where there are passes,
    `by_pass` says how many went to each."""

    sent: int
    edited_here: tuple[str, ...] = ()
    by_pass: dict[str, int] = {}


def finished(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Those that may stand on the server as done: a draft that no machine made is work that nobody has
    submitted."""
    return [a for a in annotations if a.status != "draft" or by_machine(a)]


def load_annotations(
    client: Client,
    ls_project: int,
    annotations: Sequence[Annotation],
    schema: Schema,
    *,
    project: Project | None = None,
    advance: Callable[[int], None] | None = None,
) -> LoadReport:
    """Send annotations to their articles' tasks, each as its annotator's work.

    Annotators without an account get one that nobody can log in with; whose is which is recorded in
    `project`. Who has an annotation on a task already is passed over, also where another run was cut off
    after sending it (`unique_id`). The server keeps `completed_by` as given and names the token's account in
    `updated_by`. Raises GW331 where an article has no task, GW2xx where an annotation does not fit its text
    or the schema, before anything is sent.
    """
    with project_lock(project) if project is not None else nullcontext():
        tasks = tasks_for(client, ls_project, annotations)
        check_sendable(tasks, annotations, schema)
        sender = Sender(client, ls_project, schema, Accounts(client, project, keep=True))
        pulled = read_pulled(project) if project is not None else {}
        source = source_of(client.server, ls_project)
        sent = 0
        edited_here: list[str] = []
        try:
            for annotation in annotations:
                task = tasks[task_key(annotation)]
                if sender.held(annotation, task):
                    if project is not None and edited_since(project, annotation, pulled):
                        edited_here.append(place_key(annotation.annotator, annotation.document))
                else:
                    result, created = sender.send(annotation, task)
                    sent += created
                    if project is not None:
                        back = as_read_back(annotation, result, task, schema)
                        note_sent(project, annotation, back, source, pulled)
                if advance is not None:
                    advance(1)
        finally:
            if project is not None:
                write_pulled(project, pulled)
        return LoadReport(sent, tuple(edited_here))


def check_sendable(
    tasks: Mapping[tuple[str, str], dict[str, Any]], annotations: Sequence[Annotation], schema: Schema
) -> None:
    """Raise GW331 for annotations without a task or an annotator, GW2xx for those that do not fit."""
    faults: list[Fault] = []
    for annotation in annotations:
        task = tasks.get(task_key(annotation))
        if task is None:
            message = f"`{annotation.document}` has no task with this text"
            faults.append(not_sendable(annotation, message, "goldwire annotate push first"))
        elif not annotation.annotator:
            faults.append(not_sendable(annotation, "an annotation without annotator", "name one"))
        else:
            document = Document(annotation.document, str(task["data"]["text"]))
            faults.extend(prediction_faults(schema, document, [annotation]))
    raise_faults(faults[:100])


def not_sendable(annotation: Annotation, message: str, hint: str) -> Fault:
    """The fault of an annotation that can't be sent."""
    return Fault("GW331", message, place_key(annotation.annotator, annotation.document), hint)


class Sender:
    """Sends annotations to the tasks of one project, each as its annotator's work."""

    def __init__(self, client: Client, ls_project: int, schema: Schema, accounts: Accounts) -> None:
        self.client, self.number, self.schema, self.accounts = client, ls_project, schema, accounts
        self.config = str(client.project(ls_project, ("label_config",)).get("label_config") or "")

    def held(self, annotation: Annotation, task: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What its annotator has on the task already."""
        annotations_there: list[dict[str, Any]] = task.get("annotations") or []
        return [held for held in annotations_there if self.accounts.of(held) == annotation.annotator]

    def send(
        self, annotation: Annotation, task: Mapping[str, Any], begun_from: int | None = None
    ) -> tuple[list[dict[str, Any]], bool]:
        """Send one, begun from the prediction of that number; its result, and whether it was new there."""
        name, number = annotation.annotator, self.accounts.account(annotation.annotator)
        if number is None:
            number = int(self.client.create_user(address(name), name)["id"])
            self.accounts.add(number, address(name), name)
        self.accounts.save()
        picks = ids_in(self.config, task["data"])
        result = to_result(annotation, self.schema, str(task["data"]["text"]), picks)
        fields = {
            "result": result,
            "completed_by": number,
            "ground_truth": False,
            "was_cancelled": annotation.status == "skipped",
            "lead_time": annotation.provenance.lead_time,
            "unique_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.number}/{task['id']}/{name}")),
        }
        if begun_from is not None:
            fields["parent_prediction"] = begun_from
        return result, self.client.create_annotation(int(task["id"]), fields) is not None


def edited_since(project: Project, annotation: Annotation, pulled: Mapping[str, PulledAnnotation]) -> bool:
    """Whether an annotation was changed here since the server got it, or it was pulled."""
    known = pulled.get(key_of(project, annotation))
    return known is not None and known.local != local_hash(annotation)


def note_sent(
    project: Project,
    annotation: Annotation,
    remote: Annotation,
    source: str,
    pulled: dict[str, PulledAnnotation],
) -> None:
    """Keep in mind that the server has an annotation now, which a pull reads as `remote`."""
    key = key_of(project, annotation)
    known = pulled.get(key, PulledAnnotation()).seen(source, remote_hash(remote))
    pulled[key] = msgspec.structs.replace(known, local=local_hash(annotation), source=source)


def as_read_back(annotation: Annotation, result: Any, task: Mapping[str, Any], schema: Schema) -> Annotation:
    """What a pull will make of a loaded annotation as long as nobody changes it."""
    read = from_result(result, str(task["data"]["text"]), schema)
    status: Status = "skipped" if annotation.status == "skipped" else "submitted"
    return msgspec.structs.replace(annotation, status=status, spans=read.spans, relations=read.relations)


def task_key(annotation: Annotation) -> tuple[str, str]:
    """The article and text of an annotation, by which its task is known."""
    return annotation.document, annotation.text_sha256[:16]


def tasks_for(
    client: Client, ls_project: int, annotations: Sequence[Annotation], include: Sequence[str] = ()
) -> dict[tuple[str, str], dict[str, Any]]:
    """The task of each annotation, by document and text; by document alone where no text is named."""
    fields = ("data", "annotations", "completed_by", "updated_at", *include)
    ids = list(dict.fromkeys(annotation.document for annotation in annotations))
    tasks_of: dict[tuple[str, str], dict[str, Any]] = {}
    for task in client.tasks_with(ls_project, "id", ids, fields):
        data = task.get("data")
        if isinstance(data, dict) and isinstance(data.get("text"), str):
            name, _, digest = str(data.get("uid", "")).rpartition("@")
            tasks_of.setdefault((name, digest), task)
            tasks_of.setdefault((name, ""), task)
    return tasks_of

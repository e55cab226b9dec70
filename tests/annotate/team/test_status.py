"""Progress as the server has it: what is to do, begun, done, skipped, and how long it took."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotate.team.assign import assign_project, push_assigned
from goldwire.annotate.team.status import team_status
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Provenance, Span
from goldwire.project import Project
from goldwire.schemas import load_schema

pytestmark = pytest.mark.live
SCHEMA = load_schema(Path(__file__).parents[2] / "data/mini/schemas/mini.yaml")
DOCUMENTS = [Document(f"s{number}", f"Couper {number} tomates.") for number in range(3)]


def work(name: str, document: str, seconds: float) -> Annotation:
    """A submitted annotation."""
    spans = (Span("s", "step", "CUT", 0, 6),)
    return Annotation(document, name, SCHEMA.id, "submitted", Provenance(lead_time=seconds), spans)


def test_without_a_project_there_is_no_status(client: Client, project: Project) -> None:
    """The message says what makes one."""
    with pytest.raises(GoldwireError, match=r"GW325 .*goldwire annotate push"):
        team_status(client, project)


def test_the_main_project_is_told_by_account(client: Client, project: Project) -> None:
    """Where all work in one project, each account has a row; nobody's work is taken for another's."""
    pushed = push(client, project, SCHEMA, DOCUMENTS)
    [nobody] = team_status(client, project)
    assert (nobody.annotator, nobody.to_do, nobody.done) == ("", 3, 0)
    load_annotations(
        client,
        pushed.project,
        [work("anna", "s0", 60), work("anna", "s1", 30), work("bruno", "s0", 6)],
        SCHEMA,
    )
    rows = {row.annotator: (row.to_do, row.done, row.minutes) for row in team_status(client, project)}
    assert rows == {"anna": (1, 2, 1.5), "bruno": (2, 1, 0.1)}


def test_what_was_begun_is_counted(client: Client, project: Project) -> None:
    """A draft is still to do, and counted as begun; the link leads to a task that is to do."""
    made = assign_project(project, DOCUMENTS, ["anna"], 1).assignments
    number = push_assigned(client, project, SCHEMA, DOCUMENTS, made)["anna"].project
    load_annotations(client, number, [work("anna", "s0", 60)], SCHEMA)
    tasks = {task["data"]["id"]: task["id"] for task in client.tasks(number, ("data",))}
    client.request("POST", f"api/tasks/{tasks['s1']}/drafts", body={"result": [], "lead_time": 1})
    [anna] = team_status(client, project)
    assert (anna.to_do, anna.done, anna.skipped, anna.drafts) == (2, 1, 0, 1)
    assert anna.next.endswith(f"/projects/{number}/data?task={tasks['s1']}&labeling=1")

"""A model's predictions in a real Label Studio: connected, shown, recorded, ordered, parted again."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import goldwire
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.labelstudio.ssrf import ADDRESS
from goldwire.annotate.ml_backend.app import serving
from goldwire.annotate.ml_backend.connect import (
    connect_backend,
    connected,
    disconnect_backend,
    fetch_predictions,
)
from goldwire.annotate.ml_backend.handlers import Backend
from goldwire.annotate.ml_backend.predictor import Assistant, predictions_of
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.push_order import by_uncertainty, candidates
from goldwire.annotations.store import read_annotations
from goldwire.errors import GoldwireError
from goldwire.messages import messages_in
from goldwire.model import Annotation, Document
from goldwire.project import Project
from tests.annotate.helpers import make_schema
from tests.annotate.ml_backend.tiny_pipeline import MARKED

pytestmark = pytest.mark.live
SCHEMA = make_schema()
TAB = messages_in(SCHEMA.language)("assist.by_uncertainty")
DOCUMENTS = [Document(f"d{n}", f"🥕 {text}") for n, (text, _) in enumerate(MARKED[:4])]


def number_of(client: Client, project: Project) -> int:
    """The project's number on the server."""
    return int(client.projects(project.name)[0]["id"])


def hooks(client: Client, number: int) -> list[str]:
    """The addresses that the server tells what happens in the project."""
    return [str(hook["url"]) for hook in client.get("api/webhooks/", project=number)]


def opened(client: Client, number: int, **body: Any) -> dict[str, Any]:
    """The next task, as an annotator gets it."""
    asked = {"selectedItems": {"all": True, "excluded": []}, **body}
    params = {"id": "next_task", "project": number}
    found: dict[str, Any] = client.request("POST", "api/dm/actions", params=params, body=asked)
    return found


def test_an_annotator_gets_live_predictions_and_the_record_says_so(
    client: Client, project: Project, assistant: Assistant
) -> None:
    """Opening a task asks the model; what is made from its prediction is pulled as having seen it."""
    number = push(client, project, SCHEMA, DOCUMENTS).project
    backend = Backend(assistant)
    with (
        serving(backend, ADDRESS) as address,
        connected(client, project.name, address.url, assistant),
    ):
        assert backend.counts.predicted == 0
        task = opened(client, number)
        assert backend.counts.predicted == 1
        (shown,) = task["predictions"]
        assert shown["model_version"] == assistant.version
        assert 0 < shown["score"] <= 1 and shown["result"][0]["value"]["text"] == "pomme"
        made = {"result": shown["result"], "parent_prediction": shown["id"], "lead_time": 3}
        client.create_annotation(int(task["id"]), made)
        assert backend.counts.events["ANNOTATION_CREATED"] == 1
        pull(client, project, SCHEMA, DOCUMENTS)
    (stored,) = read_annotations(project)
    assert stored.provenance.seen_predictions is True
    assert [DOCUMENTS[0].text[s.start : s.end] for s in stored.spans] == ["pomme"]


def test_connecting_twice_is_connecting_once_and_parting_leaves_the_predictions(
    client: Client, project: Project, assistant: Assistant
) -> None:
    """One backend, webhook and tab, whatever the address; at the end only predictions and tab stay."""
    number = push(client, project, SCHEMA, DOCUMENTS).project
    with serving(Backend(assistant), ADDRESS) as address:
        first = connect_backend(client, project.name, address.url, assistant)
        assert connect_backend(client, project.name, address.url, assistant) == first
        with serving(Backend(assistant), ADDRESS) as other:
            second = connect_backend(client, project.name, other.url, assistant)
            assert (second.backend, second.view_url) == (first.backend, first.view_url)
            assert hooks(client, number) == [f"{other.url}/webhook"]
            (listed,) = client.get("api/ml/", project=number)
            assert (listed["url"], listed["readable_state"]) == (other.url, "Connected")
            assert not disconnect_backend(client, first), "another one has taken its place"
            assert fetch_predictions(client, number, assistant.version) == (4, 0)
            assert fetch_predictions(client, number, assistant.version) == (4, 0)
            assert disconnect_backend(client, second)
    assert client.get("api/ml/", project=number) == []
    assert hooks(client, number) == []
    titles = [view["data"]["title"] for view in client.get("api/dm/views/", project=number)]
    assert titles == ["Default", TAB]
    (shown,) = opened(client, number)["predictions"]
    assert shown["model_version"] == assistant.version


def test_the_tab_goes_by_uncertainty_and_drops_what_is_annotated(
    client: Client, project: Project, assistant: Assistant
) -> None:
    """In the tab and in its label stream the task of the least score comes first."""
    number = push(client, project, SCHEMA, DOCUMENTS).project
    with (
        serving(Backend(assistant), ADDRESS) as address,
        connected(client, project.name, address.url, assistant) as connection,
    ):
        fetch_predictions(client, number, assistant.version)
        (view,) = [v for v in client.get("api/dm/views/", project=number) if v["data"]["title"] == TAB]
        assert connection.view_url.endswith(f"tab={view['id']}")
        shown = client.get("api/tasks", project=number, view=view["id"])["tasks"]
        scores = [task["predictions_score"] for task in shown]
        said = [score for score in scores if score is not None]
        assert len(said) >= 2 and said == sorted(said) and scores[: len(said)] == said
        data = view["data"]
        first = opened(client, number, ordering=data["ordering"], filters=data["filters"])
        assert first["id"] == shown[0]["id"]
        client.create_annotation(int(first["id"]), {"result": []})
        second = opened(client, number, ordering=data["ordering"], filters=data["filters"])
        assert second["id"] == shown[1]["id"]


def test_a_backend_that_is_gone_leaves_a_project_to_work_in(
    client: Client, project: Project, assistant: Assistant
) -> None:
    """Tasks open, without predictions; annotations are taken; another backend takes its place."""
    number = push(client, project, SCHEMA, DOCUMENTS).project
    with serving(Backend(assistant), ADDRESS) as address:
        connect_backend(client, project.name, address.url, assistant)
    task = opened(client, number)
    assert not task["predictions"]
    assert client.get(f"api/tasks/{task['id']}")["predictions"] == []
    assert client.create_annotation(int(task["id"]), {"result": []}) is not None
    assert fetch_predictions(client, number, assistant.version) == (0, 4)
    with (
        serving(Backend(assistant), ADDRESS) as address,
        connected(client, project.name, address.url, assistant),
    ):
        assert fetch_predictions(client, number, assistant.version) == (4, 0)


def test_articles_that_time_did_not_suffice_for_are_asked_for_again(
    client: Client, project: Project, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a request makes only some of its predictions, the rest is fetched by further ones."""
    number = push(client, project, SCHEMA, DOCUMENTS).project
    honest = assistant.annotate
    monkeypatch.setattr(assistant, "annotate", lambda some, until=None: itertools.islice(honest(some), 1))
    steps: list[int] = []
    with (
        serving(Backend(assistant), ADDRESS) as address,
        connected(client, project.name, address.url, assistant) as connection,
    ):
        assert fetch_predictions(client, number, assistant.version, advance=steps.append) == (4, 0)
    assert sum(steps) == len(DOCUMENTS) and connection.parted


def test_a_connection_that_fails_half_way_leaves_no_backend(
    client: Client, project: Project, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Label Studio took before the fault is taken out again: it would get its owner's token."""
    number = push(client, project, SCHEMA, DOCUMENTS).project

    def fails(*_arguments: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("goldwire.annotate.ml_backend.connect.uncertainty_view", fails)
    with serving(Backend(assistant), ADDRESS) as address, pytest.raises(KeyboardInterrupt):
        connect_backend(client, project.name, address.url, assistant)
    assert client.get("api/ml/", project=number) == [] == hooks(client, number)


def test_no_other_address_of_this_machine_can_be_reached(
    client: Client, project: Project, assistant: Assistant
) -> None:
    """The protection stays on for all else: backends and webhooks elsewhere on loopback are refused."""
    number = push(client, project, SCHEMA, DOCUMENTS).project
    backend = Backend(assistant)
    with serving(backend, "127.0.0.1") as address:
        for url in (address.url, address.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(GoldwireError, match=r"GW382 .*may not reach"):
                connect_backend(client, project.name, url, assistant)
            with pytest.raises(GoldwireError, match=r"GW312 .*does not allow"):
                client.request("POST", "api/webhooks/", body={"project": number, "url": url})
    assert backend.counts.events == {}
    assert client.get("api/ml/", project=number) == []


def test_a_second_backend_and_a_project_of_another_schema_are_refused(
    client: Client, project: Project, assistant: Assistant
) -> None:
    """Label Studio would ask only the first; and no model is put to labels that the project lacks."""
    number = push(client, project, SCHEMA, DOCUMENTS).project
    with serving(Backend(assistant), ADDRESS) as address:
        body = {"project": number, "url": address.url, "title": "theirs"}
        theirs = client.request("POST", "api/ml/", body=body)
        with pytest.raises(GoldwireError, match=r"GW383 .*`theirs`"):
            connect_backend(client, project.name, address.url, assistant)
        client.request("DELETE", f"api/ml/{theirs['id']}")
    smaller = make_schema(relations={})
    title = f"{project.name} · smaller"
    push(client, project, smaller, DOCUMENTS, title=title)
    with (
        serving(Backend(assistant), ADDRESS) as address,
        pytest.raises(GoldwireError, match=r"GW386 .*lacks what every@1.0 has: Relation"),
    ):
        connect_backend(client, title, address.url, assistant)


def test_pushed_by_uncertainty_tasks_stand_in_that_order(
    client: Client, project: Project, assistant: Assistant
) -> None:
    """What is labelled or there already is not sent again; the rest comes in the order of the ranking."""
    push(client, project, SCHEMA, DOCUMENTS[:1])
    labelled = Annotation(DOCUMENTS[1].id, "anna", SCHEMA.id, status="submitted")
    found = candidates(client, project.name, DOCUMENTS, [labelled])
    assert [document.id for document in found.documents] == ["d2", "d3"]
    assert [document.id for document in (*found.labelled, *found.present)] == ["d1", "d0"]
    predictions, left = predictions_of(assistant, found.documents)
    assert sum(left.values()) == 1
    ranked = by_uncertainty(found, predictions)
    push(client, project, SCHEMA, ranked.documents[::-1], predictions=ranked.predictions)
    tasks = list(client.tasks(number_of(client, project), ("data",)))
    expected = ["d0", *(document.id for document in ranked.documents[::-1])]
    assert [task["data"]["id"] for task in tasks] == expected


def test_a_model_is_served_from_python(
    client: Client, project: Project, named_server: Server, pipeline: Path
) -> None:
    """Connected for a block it predicts what is there, and says in tables and a line what it did; after the
    block it is out of the project. Who did not connect it can't fetch."""
    schema = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
    (project.root / "s.yaml").write_bytes(schema.read_bytes())
    number = push(client, project, goldwire.load_schema(project), DOCUMENTS).project
    with goldwire.assist(pipeline, project, connect=True) as served:
        assert served.fetch() == (4, 0)
        assert len(client.get("api/ml/", project=number)) == 1
        assert served.table().records()[0] == {"what": "predictions", "why": "", "count": 4}
        assert served.to_dict()["predicted"] == 4
        connection = served.connection
        assert connection is not None
        assert repr(served).endswith(f"connected to {connection.project_url}: 4 predictions>")
    assert connection.parted and client.get("api/ml/", project=number) == []
    with (
        goldwire.assist(pipeline, project) as alone,
        pytest.raises(goldwire.UsageError, match="GW958"),
    ):
        alone.fetch()


def test_the_command_serves_until_it_is_told_to_end(
    studio: Server, client: Client, project: Project, pipeline: Path
) -> None:
    """SIGTERM, also twice, takes the backend out of the project, and ends it with the counts."""
    schema = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"
    (project.root / "s.yaml").write_bytes(schema.read_bytes())
    from goldwire.schemas import load_schema

    number = push(client, project, load_schema(project.schema_path), DOCUMENTS).project
    env = {**os.environ, "GOLDWIRE_URL": studio.url, "GOLDWIRE_TOKEN": studio.token}
    command = [sys.executable, "-m", "goldwire", "annotate", "assist", str(pipeline), "--connect"]
    for run in range(2):
        # The second has nothing to predict: the signals come when it has only just begun to wait.
        code, text = _run_until_told(command, project, env, lambda: client.get("api/ml/", project=number))
        assert code == 0, text
        assert "stopped, and taken out of the project" in text
        assert ("4 predictions" if run == 0 else "0 predictions") in text
        assert studio.token not in text
        assert client.get("api/ml/", project=number) == []


def _run_until_told(
    command: list[str], project: Project, env: dict[str, str], backends: Callable[[], list[Any]]
) -> tuple[int, str]:
    with subprocess.Popen(command, cwd=project.root, env=env, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            said = []
            for line in running.stderr:
                said.append(line)
                if line.startswith("stop it with"):
                    break
            assert len(backends()) == 1, "".join(said)
            running.send_signal(signal.SIGTERM)
            running.send_signal(signal.SIGHUP)
            said.extend(running.communicate(timeout=60)[1])
        finally:
            running.kill()
    return running.returncode, "".join(said)

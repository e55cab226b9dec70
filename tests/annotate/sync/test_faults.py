"""A server or a client that dies on the way: a rerun loses nothing and doubles nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.crashes import Bed, client_killed, server_killed
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.labelstudio.transport import Unsure
from goldwire.annotate.sync.pending import in_flight_path, note, pending_batch, sending
from goldwire.annotate.sync.tasks import uid
from goldwire.errors import GoldwireError
from goldwire.leftovers import remove_leftovers


@pytest.fixture(scope="module")
def bed(studio: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A project of twenty articles with a server that may be killed."""
    made = Bed(tmp_path_factory.mktemp("bed"), 20)
    yield made
    made.stop()


@pytest.mark.live
def test_a_push_whose_server_dies_is_finished_by_the_next(bed: Bed) -> None:
    """Each article is on the restarted server once, with one whole prediction."""
    _, wrong = server_killed(bed, "push", "push-server", 0.3)
    assert wrong == []


@pytest.mark.live
def test_a_pull_whose_server_dies_is_finished_by_the_next(bed: Bed) -> None:
    """Every annotation is stored once and whole, and nothing half-written is left."""
    with bed.client() as client:
        bed.fill(client, "pull-server")
    bed.forget()
    _, wrong = server_killed(bed, "pull", "pull-server", 0.2)
    assert wrong == []


@pytest.mark.live
@pytest.mark.parametrize("what", ["push", "pull"])
def test_a_client_that_dies_is_finished_by_the_next(bed: Bed, what: str) -> None:
    """What the server was still at when the client was killed is neither lost nor sent twice."""
    title = f"client-{what}"
    if what == "pull":
        with bed.client() as client:
            bed.fill(client, title)
        bed.forget()
    cut, wrong = client_killed(bed, what, title, 0.25)
    assert (cut, wrong) == (True, [])


@pytest.mark.live
def test_a_batch_on_its_way_is_waited_for(bed: Bed) -> None:
    """A push that finds a batch noted waits for it, and sends only what does not arrive."""
    with bed.client() as client:
        bed.push(client, "noted")
        number = int(project_on_server(client, "noted")["id"])
        path = in_flight_path(bed.project, number)
        note(path, client.url, number, {uid(bed.documents[0]): ["bench@1"]})
        bed.push(client, "noted")
        assert not path.exists()
        for task in list(client.tasks(number, ("data",)))[:2]:
            client.delete_task(int(task["id"]))
        note(path, client.url, number, {uid(bed.documents[0]): ["bench@1"]})
        begun = time.monotonic()
        bed.push(client, "noted")
        assert time.monotonic() - begun > 4
        assert bed.pushed(client, "noted") == []


@pytest.mark.live
def test_copies_that_arrive_late_are_removed(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A former push's batch that ends only now makes no second task and no second prediction."""
    with bed.client() as client:
        honest = client.import_tasks

        def twice(project: int, tasks: Any) -> dict[str, Any]:
            honest(project, tasks)
            return honest(project, tasks)

        with monkeypatch.context() as patch:
            patch.setattr(client, "import_tasks", twice)
            bed.push(client, "late")
        assert bed.pushed(client, "late") == []
        number = int(project_on_server(client, "late")["id"])
        task = next(client.tasks(number, ("predictions", "model_version", "result")))
        again = [{"task": task["id"], "model_version": "bench@1", "result": task["predictions"][0]["result"]}]
        client.import_predictions(number, again)
        bed.push(client, "late")
        assert bed.pushed(client, "late") == []


@pytest.mark.live
def test_two_pulls_at_once_corrupt_nothing(bed: Bed) -> None:
    """They wait for each other: all is there once, whole, and the state is sound."""
    with bed.client() as client:
        bed.fill(client, "both")
        bed.forget()
        command = [
            sys.executable,
            "-m",
            "benchmarks.crashes",
            "pull",
            str(bed.root),
            str(bed.number),
            "both",
        ]
        running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
        assert [process.wait() for process in running] == [0, 0]
        assert bed.pulled(client, "both") == []
        task = next(client.tasks(int(project_on_server(client, "both")["id"]), ("annotations", "result")))
        [given] = task["annotations"]
        body = {"result": given["result"][:-1]}
        client.request("PATCH", f"api/annotations/{given['id']}/", body=body)
        assert bed.pull(client, "both").written == 1
    for path in bed.project.cache.glob("pull*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def test_only_a_server_that_was_asked_is_waited_for(tmp_path: Path) -> None:
    """A note of another server or project, or a damaged one, is no reason to wait, nor is an old one."""
    path = tmp_path / "push-1.json"
    assert pending_batch(path, "http://a", 1) is None
    note(path, "http://a", 1, {"d@1": []})
    found = pending_batch(path, "http://a", 1)
    assert found is not None and 4 < found.seconds <= 5.05
    assert pending_batch(path, "http://b", 1) is None and pending_batch(path, "http://a", 2) is None
    path.write_text(
        path.read_text(encoding="utf-8").replace(f'"at":{found.at}', '"at":1.0'), encoding="utf-8"
    )
    old = pending_batch(path, "http://a", 1)
    assert old is not None and old.seconds == 0
    path.write_text("{", encoding="utf-8")
    assert pending_batch(path, "http://a", 1) is None


def test_a_refused_batch_is_not_waited_for(tmp_path: Path) -> None:
    """The note goes where the server said no, and stays where it said nothing."""
    path = tmp_path / "push-1.json"
    with pytest.raises(GoldwireError), sending(path, "http://a", 1, {"d": []}):
        raise GoldwireError.of("GW315", "refused")
    assert not path.exists()
    with pytest.raises(Unsure), sending(path, "http://a", 1, {"d": []}):
        raise Unsure.of("GW316", "no answer")
    assert path.exists()


def test_what_a_dead_writer_left_is_swept(tmp_path: Path) -> None:
    """Half-written files of processes that have ended go; those under way and all others stay."""
    code = (
        "import os, sys; from pathlib import Path; from goldwire.files import writing\n"
        "with writing(Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'half'); stream.flush(); os.kill(os.getpid(), 9)"
    )
    target = tmp_path / "deep/whole.json"
    subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    [left] = target.parent.iterdir()
    assert left.name.endswith(".part")
    (tmp_path / "deep/other.part").write_text("not ours")
    mine = left.with_name(left.name.replace(left.name.split(".")[-2].split("-")[0], str(1)))
    mine.write_bytes(b"another process's")
    assert remove_leftovers(tmp_path) == 1
    assert sorted(p.name for p in target.parent.iterdir()) == sorted(["other.part", mine.name])

"""A run on a Ray cluster of several nodes: the bytes of the local engine, whoever is lost meanwhile.

Needs what `make test-cluster` installs. The nodes are real ones of Ray's, on this machine.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import spacy

from goldwire.archive.engine import AHEAD, LocalEngine
from goldwire.archive.ray_engine import RayEngine
from goldwire.archive.run import Outcome, run_over
from goldwire.errors import GoldwireError
from goldwire.model import Article
from tests.archive.killed import kill_a_run
from tests.archive.made import Marking, archive, held
from tests.archive.test_run import SETTINGS, Dying, Failing
from tests.cli.terminal import called

pytest.importorskip("ray", reason="needs the extra `cluster`: make test-cluster")
pytestmark = pytest.mark.cluster


@dataclass
class Nodes:
    """A cluster: a head without cores, and nodes of one core each."""

    cluster: Any

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self) -> Any:
        """One node more."""
        return self.cluster.add_node(num_cpus=1, object_store_memory=100 << 20)

    def kill(self, node: Any) -> None:
        """All processes of a node at once, as if its power were cut."""
        raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
        for process in (raylet, *raylet.children(recursive=True)):
            process.kill()
        self.cluster.remove_node(node, allow_graceful=False)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A head and two nodes, with one of which the tests may do what they like."""
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "300")  # read when Ray is imported
    from ray.cluster_utils import Cluster

    # A node counts as lost after seconds instead of half a minute.
    health = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000}
    head: dict[str, Any] = {"num_cpus": 0, "object_store_memory": 100 << 20, "include_dashboard": False}
    head["_system_config"] = {**health, "health_check_timeout_ms": 10_000}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = Nodes(cluster)
    nodes.add()
    nodes.add()
    try:
        yield nodes
    finally:
        cluster.shutdown()


def run(engine: RayEngine | LocalEngine, source: Path, out: Path, work: Any = None) -> Outcome:
    """Mark the articles of an archive, in parts of five rows."""
    return run_over([str(source)], out, work or Marking(), engine=engine, settings=SETTINGS, per_shard=5)


def refusal(engine: RayEngine, source: Path, out: Path, work: Any = None) -> str:
    """The error that a run ends in, as it is printed."""
    with pytest.raises(GoldwireError) as caught:
        run(engine, source, out, work)
    return str(caught.value)


def when(path: Path, lines: int, act: Callable[[], object]) -> threading.Thread:
    """Act as soon as a file has so many lines."""

    def watch() -> None:
        while not path.exists() or len(path.read_text(encoding="utf-8").split()) < lines:
            time.sleep(0.02)
        act()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@dataclass(frozen=True)
class Waiting(Marking):
    """Writes down each batch that it works on, with the process, and waits with it until a file is there."""

    batches: str = ""
    gate: str = ""

    def __call__(self) -> Callable[[list[Article]], list[Article]]:
        mark = super().__call__()

        def wait(some: list[Article]) -> list[Article]:
            with Path(self.batches).open("a", encoding="utf-8") as stream:
                stream.write(f"{os.getpid()}\n")
            while not Path(self.gate).exists():
                time.sleep(0.02)
            return mark(some)

        return wait


@pytest.mark.parametrize("workers", [1, 5])
def test_a_cluster_writes_what_the_local_engine_writes(tmp_path: Path, nodes: Nodes, workers: int) -> None:
    """The same bytes on one worker and on more than the cluster has cores for; each makes what it works with
    once."""
    source = archive(tmp_path / "in")
    run(LocalEngine(), source, tmp_path / "local")
    work = Marking(workers=str(tmp_path / "workers.txt"), seconds=0.05)
    run(RayEngine(workers, nodes.address), source, tmp_path / "ray", work)
    assert held(tmp_path / "ray") == held(tmp_path / "local")
    made = (tmp_path / "workers.txt").read_text(encoding="utf-8").split()
    assert len(made) == len(set(made)) <= min(workers, 2)


def test_a_node_that_is_lost_changes_nothing(tmp_path: Path, nodes: Nodes) -> None:
    """A node is killed in the middle, and there is no other to take its place: what it had to do is done by
    those that are left, and the bytes are the same."""
    source = archive(tmp_path / "in")
    run(LocalEngine(), source, tmp_path / "local")
    doomed = nodes.add()
    log, gate = tmp_path / "batches.txt", tmp_path / "gate"

    def kill() -> None:
        nodes.kill(doomed)
        gate.touch()

    killed = when(log, 3, kill)
    outcome = run(
        RayEngine(3, nodes.address), source, tmp_path / "ray", Waiting(batches=str(log), gate=str(gate))
    )
    killed.join()
    assert held(tmp_path / "ray") == held(tmp_path / "local")
    batches = log.read_text(encoding="utf-8").split()
    assert len(batches) > outcome.shards, "nothing was done again"
    assert len(set(batches[:3])) == 3


def test_a_worker_that_is_killed_changes_nothing(tmp_path: Path, nodes: Nodes) -> None:
    """A worker is killed without warning, as the system does where memory ends: another takes its place."""
    source = archive(tmp_path / "in")
    run(LocalEngine(), source, tmp_path / "local")
    log, gate = tmp_path / "batches.txt", tmp_path / "gate"

    def kill() -> None:
        os.kill(int(log.read_text(encoding="utf-8").split()[-1]), signal.SIGKILL)
        gate.touch()

    killed = when(log, 2, kill)
    outcome = run(
        RayEngine(2, nodes.address), source, tmp_path / "ray", Waiting(batches=str(log), gate=str(gate))
    )
    killed.join()
    assert held(tmp_path / "ray") == held(tmp_path / "local")
    batches = log.read_text(encoding="utf-8").split()
    assert len(batches) > outcome.shards, "nothing was done again"


@pytest.mark.parametrize("engine", ["ray", "local"])
def test_a_run_that_is_killed_goes_on(tmp_path: Path, nodes: Nodes, engine: str) -> None:
    """The process that drives the cluster is killed without warning: what lies there is whole, and a run of
    either engine ends with the same bytes, without a second look at what was finished."""
    source, out = archive(tmp_path / "in"), tmp_path / "out"
    run(LocalEngine(), source, tmp_path / "local")
    kill_a_run(source, out, lambda: len(list(out.glob("a-*.jsonl"))) > 1, workers=2, address=nodes.address)
    whole = held(tmp_path / "local")
    finished = {name: data for name, data in held(out).items() if name in whole and name[0] != "_"}
    assert finished == {name: whole[name] for name in finished}
    times = {name: (out / name).stat().st_mtime_ns for name in ("a-00000.jsonl", "a-00001.jsonl")}
    outcome = run(RayEngine(2, nodes.address) if engine == "ray" else LocalEngine(), source, out)
    assert held(out) == whole
    assert {name: (out / name).stat().st_mtime_ns for name in times} == times
    assert 0 < outcome.written < outcome.shards


def test_a_batch_that_kills_its_workers_ends_the_run(tmp_path: Path, nodes: Nodes) -> None:
    """It is tried again a few times, then there is one plain error; another run goes on."""
    source = archive(tmp_path / "in")
    log = tmp_path / "workers.txt"
    assert "GW833" in refusal(RayEngine(1, nodes.address), source, tmp_path / "ray", Dying(workers=str(log)))
    run(RayEngine(1, nodes.address), source, tmp_path / "ray")
    run(LocalEngine(), source, tmp_path / "local")
    assert held(tmp_path / "ray") == held(tmp_path / "local")


def test_errors_of_ours_come_from_nodes_whole(tmp_path: Path, nodes: Nodes) -> None:
    """What a worker finds wrong is told as it would be here."""
    source = archive(tmp_path / "in")
    assert "GW410" in refusal(RayEngine(2, nodes.address), source, tmp_path / "ray", Failing())


def test_a_node_of_another_version_is_refused(
    tmp_path: Path, nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a node has another version than we, nothing is written by it."""
    source = archive(tmp_path / "in")
    monkeypatch.setattr("goldwire.archive.ray_engine.__version__", "9.9")
    assert "GW831" in refusal(RayEngine(1, nodes.address), source, tmp_path / "ray")
    assert not list((tmp_path / "ray").glob("a-*"))


def test_few_items_are_under_way(nodes: Nodes) -> None:
    """However long the input, no more is read than the workers need, so that the object store stays small."""
    taken = given = most = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(60):
            taken += 1
            yield number

    for result in RayEngine(2, nodes.address).map(Doubling(), items()):
        assert result == 2 * given
        given += 1
        most = max(most, taken - given)
    assert (taken, given) == (60, 60)
    assert most <= 2 * AHEAD


class Doubling:
    """Makes what doubles numbers, the even ones slower."""

    def __call__(self) -> Callable[[int], int]:
        def double(number: int) -> int:
            time.sleep(0.02 * (number % 2))
            return 2 * number

        return double


def test_one_engine_goes_on_with_what_the_other_began(tmp_path: Path, nodes: Nodes) -> None:
    """A run on the cluster that ended early is finished by the local engine, to the same bytes."""
    source = archive(tmp_path / "in")
    whole = (source / "c.parquet").read_bytes()
    (source / "c.parquet").write_bytes(whole[:-50])
    assert "GW950" in refusal(RayEngine(2, nodes.address), source, tmp_path / "ray")
    (source / "c.parquet").write_bytes(whole)
    outcome = run(LocalEngine(), source, tmp_path / "ray")
    assert 0 < outcome.written < outcome.shards
    run(LocalEngine(), source, tmp_path / "local")
    assert held(tmp_path / "ray") == held(tmp_path / "local")


def test_the_commands_need_no_cluster(tmp_path: Path) -> None:
    """Without an address a Ray is started on this machine and ended: a model is applied, and articles are
    chosen, as by the local engine."""
    nlp = spacy.blank("fr")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "WHO", "pattern": "Léa"}])
    nlp.to_disk(tmp_path / "model")
    source = archive(tmp_path / "in")
    environment = {"RAY_ADDRESS": ""}
    for engine in ("local", "ray"):
        words = ("--workers", "2", "--engine", engine)
        for command in (
            ("predict", "model", source, f"{engine}-out", "--shard-size", "10"),
            ("seeds", "select", source, f"{engine}-chosen", "--number", "9", "--test", "3"),
        ):
            done = called(*command, *words, cwd=tmp_path, env=environment)
            assert done.returncode == 0, done.stderr
    for what in ("out", "chosen"):
        assert held(tmp_path / f"ray-{what}") == held(tmp_path / f"local-{what}")


def test_an_address_without_a_ray_is_one_plain_error(tmp_path: Path) -> None:
    """What can't be reached is told, with its address."""
    assert "GW830" in refusal(RayEngine(1, "127.0.0.1:9"), archive(tmp_path / "in"), tmp_path / "ray")

"""Archives in an S3 store: read from it and written to it, with a connection that breaks.

Needs what `make test-cluster` installs. The store is a server of its own, on loopback.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from goldwire.archive.engine import LocalEngine
from goldwire.archive.run import Outcome, run_over
from goldwire.archive.selection.options import Choice
from goldwire.archive.selection.select import select
from goldwire.errors import GoldwireError
from tests.archive.killed import kill_a_run
from tests.archive.made import Marking, archive, held
from tests.archive.test_run import SETTINGS
from tests.cli.terminal import called

REASON = "needs the extra `s3` and a server: make test-cluster"
s3fs = pytest.importorskip("s3fs", reason=REASON)
moto = pytest.importorskip("moto.server", reason=REASON)
pytestmark = pytest.mark.cluster


class Wire:
    """A connection to a server, which can be cut: after so many bytes from it, once or for good."""

    def __init__(self, port: int) -> None:
        self.server = port
        self.left: int | None = None
        self.is_down = False
        self.cuts = 0
        #: What is done as soon as something has been said so often, and how often it was.
        self.act: tuple[bytes, int, Callable[[], object]] | None = None
        self.said = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, size: int, *, for_good: bool) -> None:
        """Cut after so many bytes, and with `for_good` take no connection any more."""
        self.left, self.for_good = size, for_good

    def when(self, said: bytes, times: int, act: Callable[[], object]) -> None:
        """Act in the middle of the request in which something is said for so manieth time."""
        self.act, self.said = (said, times, act), 0

    def mend(self) -> None:
        """As good as new."""
        self.left, self.is_down, self.act = None, False, None

    def _accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            if self.is_down:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.server))
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(512):
                if self.is_down:
                    break
                if self.act is not None and self.act[0] in data:
                    self.said += 1
                    if self.said == self.act[1]:
                        self.act[2]()
                if self.left is not None:
                    self.left -= len(data)
                    if self.left < 0:
                        self.left, self.is_down = None, self.for_good
                        self.cuts += 1
                        break
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of an S3 server."""
    thread = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    thread.start()
    try:
        yield int(thread.get_host_and_port()[1])
    finally:
        thread.stop()


@pytest.fixture
def wire(server: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Wire]:
    """The way to a bucket named `news`, which is empty, for whoever asks for `s3://`."""
    wire = Wire(server)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}",
        "AWS_MAX_ATTEMPTS": "1",  # s3fs tries again by itself, and two patiences multiply
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("goldwire.archive.output.BEAT", 0.2)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    files.mkdir("news")
    yield wire
    wire.mend()
    files.rm("news", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()
    wire.listener.close()


def bucket() -> Any:
    """The store, as it is now."""
    s3fs.S3FileSystem.clear_instance_cache()
    return s3fs.S3FileSystem()


def stored(folder: str) -> dict[str, bytes]:
    """What lies in a folder of the bucket."""
    files = bucket()
    return {
        path.removeprefix(f"news/{folder}/"): files.cat_file(path) for path in files.find(f"news/{folder}")
    }


def run(source: str, out: str | Path, work: Marking | None = None) -> Outcome:
    """Mark the articles of an archive, in parts of five rows."""
    return run_over([source], out, work or Marking(), engine=LocalEngine(), settings=SETTINGS, per_shard=5)


def refusal(source: str, out: str | Path) -> str:
    """The error that a run ends in, as it is printed."""
    with pytest.raises(GoldwireError) as caught:
        run(source, out)
    return str(caught.value)


def test_from_a_bucket_into_a_bucket(tmp_path: Path, wire: Wire) -> None:
    """What is read from and written to s3:// is what is read and written here, to the byte; a row that is no
    article lies in the quarantine there."""
    source = archive(tmp_path / "in")
    (source / "d.jsonl").write_text('{"id": "x", "text": "Un."}\n{bad\n', encoding="utf-8")
    bucket().put(str(source), "news/in", recursive=True)
    run("s3://news/in", tmp_path / "here")
    run("s3://news/in", "s3://news/out")
    assert stored("out") == held(tmp_path / "here")
    assert any(name.startswith("_quarantine/") for name in stored("out"))
    again = run("s3://news/in/*", "s3://news/out/")
    assert again.written == 0


def test_a_selection_from_a_bucket_into_a_bucket(tmp_path: Path, wire: Wire) -> None:
    """Articles are chosen from s3:// and written there as they are here; again into the same folder, never
    into another's."""
    bucket().put(str(archive(tmp_path / "in")), "news/in", recursive=True)
    choice = ("--number", "10", "--test", "3", "--workers", "1")
    for out in (tmp_path / "here", "s3://news/chosen", "s3://news/chosen/"):
        done = called("seeds", "select", "s3://news/in", out, *choice, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert stored("chosen") == held(tmp_path / "here")
    with pytest.raises(GoldwireError) as caught:
        select(["s3://news/in"], "s3://news/in", Choice(number=1), workers=1)
    assert caught.value.faults[0].code == "GW957"


def test_a_connection_that_breaks_once_is_no_matter(tmp_path: Path, wire: Wire) -> None:
    """In the middle of reading and writing the connection is cut: what was under way is sent again."""
    bucket().put(str(archive(tmp_path / "in")), "news/in", recursive=True)
    run(str(tmp_path / "in"), tmp_path / "here")
    wire.cut_after(9_000, for_good=False)
    run("s3://news/in", "s3://news/out")
    assert wire.cuts == 1
    assert stored("out") == held(tmp_path / "here")


@pytest.mark.parametrize("size", [3_000, 20_000, 60_000])
def test_a_connection_that_is_gone_ends_the_run(tmp_path: Path, wire: Wire, size: int) -> None:
    """There is one plain error; when the connection is back, the run goes on, and the bytes are those of one
    that was never broken."""
    bucket().put(str(archive(tmp_path / "in")), "news/in", recursive=True)
    run(str(tmp_path / "in"), tmp_path / "here")
    bucket()
    wire.cut_after(size, for_good=True)
    said = refusal("s3://news/in", "s3://news/out")
    assert "GW943" in said or "GW904" in said
    assert wire.cuts == 1
    wire.mend()
    run("s3://news/in", "s3://news/out")
    assert stored("out") == held(tmp_path / "here")


@pytest.mark.parametrize(
    ("request_line", "times"),
    [(b"PUT /news/out/a-00002.jsonl", 1), (b"PUT /news/out/_shards.jsonl", 4), (b"PUT /news/out/b-00000", 1)],
)
def test_a_run_that_is_killed_goes_on(tmp_path: Path, wire: Wire, request_line: bytes, times: int) -> None:
    """A run is killed without warning while it sends a shard, or the list of those that are finished: what
    lies there is whole, and the next run ends with the same bytes and redoes nothing of that list."""
    source = archive(tmp_path / "in")
    run(str(source), tmp_path / "here")
    whole = held(tmp_path / "here")
    is_time = threading.Event()
    wire.when(request_line, times, is_time.set)
    kill_a_run(source, "s3://news/out", is_time.is_set)
    wire.mend()
    there = stored("out")
    shards = {name: data for name, data in there.items() if name[0] != "_"}
    assert shards == {name: whole[name] for name in shards}
    finished = there["_shards.jsonl"].count(b"\n")
    outcome = run(str(source), "s3://news/out")
    assert stored("out") == whole
    assert outcome.written == outcome.shards - finished
    assert 0 < finished < outcome.shards


def test_two_runs_into_one_folder_of_a_bucket_are_refused(tmp_path: Path, wire: Wire) -> None:
    """While one run writes, another is refused; what a dead one left is taken over."""
    source = archive(tmp_path / "in")
    first = threading.Thread(
        target=run, args=(str(source), "s3://news/out", Marking(seconds=0.3)), daemon=True
    )
    first.start()
    while not bucket().exists("news/out/_lock"):
        time.sleep(0.01)
    assert "GW945" in refusal(str(source), "s3://news/out")
    first.join()
    run(str(source), tmp_path / "here")
    assert stored("out") == held(tmp_path / "here")
    bucket().pipe_file("news/out/_lock", b"dead 7\n")
    assert run(str(source), "s3://news/out").written == 0


def test_what_was_made_otherwise_or_by_others_is_left_alone(tmp_path: Path, wire: Wire) -> None:
    """A folder of the bucket that was made of something else, or by no run, stays as it is."""
    source = archive(tmp_path / "in")
    run(str(source), "s3://news/out")
    before = stored("out")
    with pytest.raises(GoldwireError) as caught:
        run_over(
            [str(source)], "s3://news/out", Marking(), engine=LocalEngine(), settings=SETTINGS, per_shard=6
        )
    assert caught.value.faults[0].code == "GW946"
    assert stored("out") == before
    bucket().pipe_file("news/mine/notes.txt", b"mine")
    assert "GW947" in refusal(str(source), "s3://news/mine")
    assert stored("mine") == {"notes.txt": b"mine"}


def test_without_credentials_or_bucket_there_is_one_plain_error(
    tmp_path: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the store refuses is told with the address."""
    source = archive(tmp_path / "in")
    assert "GW940" in refusal("s3://nowhere/in", tmp_path / "out")
    assert "GW904" in refusal(str(source), "s3://nowhere/out")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    assert "GW943" in refusal("s3://news/in", tmp_path / "out")

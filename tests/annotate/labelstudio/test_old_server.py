"""The oldest server that was tried, Label Studio 1.13.1 of 2024, is worked with as the pinned one is."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from click.testing import CliRunner

from goldwire.annotate.labelstudio.installation import Credentials, environment
from goldwire.annotations.store import read_annotations
from goldwire.cli.annotate import command
from goldwire.model import Relation, Span
from goldwire.project import cache_home
from tests.corpus.mini import mini_project

PROGRAM = cache_home() / "old-label-studio-1.13.1/bin/label-studio"

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not PROGRAM.is_file(),
        reason="Label Studio 1.13.1 is not installed: make test-old-server",
    ),
]


@pytest.fixture
def old_server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Its address and token; it runs as goldwire runs the pinned one, with an empty database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    account = Credentials("old@goldwire.invalid", secrets.token_hex(8), secrets.token_hex(20), "s" * 40)
    url, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    command_line = [
        str(PROGRAM),
        "start",
        "--no-browser",
        "--internal-host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    (tmp_path / "data").mkdir()
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command_line,
            env=environment(tmp_path / "data", account),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        while not _answers(url, account.token):
            assert server.poll() is None, log.read_text(errors="replace")[-2000:]
            time.sleep(0.5)
        yield url, account.token
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(server.pid).children(recursive=True):
                child.kill()
        server.kill()
        server.wait()


def _answers(url: str, token: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        headers = {"Authorization": f"Token {token}"}
        return httpx.get(f"{url}/api/current-user/whoami", headers=headers, timeout=30).is_success
    return False


def test_push_load_pull_and_status_are_as_with_the_pinned_server(
    tmp_path: Path, old_server: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was loaded comes back whole into an emptied store; a second push sends nothing."""
    url, token = old_server
    monkeypatch.setenv("GOLDWIRE_TOKEN", token)
    project = mini_project(tmp_path / "mini")
    figures = tmp_path / "figures.json"

    def goldwire(name: str) -> str:
        words = [name, "--url", url, "--project", str(project.root), "--json", str(figures)]
        done = CliRunner().invoke(command, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.output)

    def stored() -> dict[tuple[str, str], tuple[tuple[Span, ...], tuple[Relation, ...]]]:
        return {(a.annotator, a.document): (a.spans, a.relations) for a in read_annotations(project)}

    before = stored()
    for sent in (len({document for _, document in before}), 0):
        goldwire("push")
        assert json.loads(figures.read_text(encoding="utf-8"))["sent"] == sent
    goldwire("load")
    shutil.rmtree(project.annotations)
    pulled = goldwire("pull")
    assert stored() == before
    spans = sum(len(of_one) for of_one, _ in before.values())
    assert f"spans: {spans} in, {spans} kept, 0 not kept" in pulled
    told = goldwire("status")
    assert all(annotator in told for annotator, _ in before)

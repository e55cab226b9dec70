"""A Label Studio of one's own: started once, found again, stopped whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

import goldwire
from goldwire.annotate.labelstudio import installation, server
from goldwire.annotate.labelstudio.client import connect
from goldwire.errors import GoldwireError
from goldwire.project import Project, load_project


def _goldwire(project: Project, *arguments: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "goldwire",
        "annotate",
        "serve",
        "--project",
        str(project.root),
        *arguments,
    ]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_on_a_terminal,
    )


def _as_on_a_terminal() -> None:
    # A shell without one starts what runs in the background deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.live
def test_serve_starts_stays_and_stops(project: Project, studio: server.Server) -> None:
    """`--detach` leaves one server, a second `serve` names it, `--stop` ends all its processes."""
    started = _goldwire(project, "--detach")
    try:
        _, told = started.communicate()
        assert started.returncode == 0, told
        running = server.running(project)
        assert running is not None
        credentials = project.cache / "credentials.json"
        assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
        assert stat.S_IMODE(project.cache.stat().st_mode) == 0o700
        assert running.password not in told, "what is no terminal may be a service's journal"
        assert ".goldwire/credentials.json" in told
        assert running.token not in told
        assert running.token not in repr(running)
        assert running.url in told
        family = psutil.Process(running.pid)
        command = " ".join(family.cmdline())
        assert running.password not in command
        assert running.token not in command
        assert {c.laddr.ip for c in family.net_connections() if c.status == "LISTEN"} == {"127.0.0.1"}
        _, again = _goldwire(project, "--public-url", "https://gold.example.org").communicate()
        assert f"already running: {running.url}" in again and "other options" in again
        assert running.password not in again
        with connect(project) as client:
            assert client.whoami()["email"] == running.username
            assert running.token not in repr(client)
        assert server.start(project) == running
    finally:
        _, stopped = _goldwire(project, "--stop").communicate()
    assert "stopped" in stopped
    assert server.running(project) is None
    assert not psutil.pid_exists(running.pid) or psutil.Process(running.pid).status() == "zombie"
    _, none = _goldwire(project, "--stop").communicate()
    assert "none was running" in none


@pytest.mark.live
def test_a_server_holds_no_library_that_it_never_asks(studio: server.Server) -> None:
    """What trains models stays on the disk, a quarter of a start; it is Label Studio's program still."""
    process = psutil.Process(studio.pid)
    mapped = {Path(entry.path) for entry in process.memory_maps()}
    assert "numpy" in {part for path in mapped for part in path.parts}
    assert not {"scipy", "sklearn"} & {part for path in mapped for part in path.parts}
    assert str(installation.program()) in process.cmdline()


@pytest.mark.live
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serve_in_the_foreground_ends_with_its_terminal(
    project: Project, studio: server.Server, how: signal.Signals
) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end the server too, also while it is still starting."""
    process = _goldwire(project)
    log = server.log_path(project)
    command, children = psutil.Process(process.pid), []
    # The log is there a moment before the server is.
    while process.poll() is None and not (log.exists() and (children := command.children(recursive=True))):
        time.sleep(0.05)
    assert children
    process.send_signal(how)
    _, told = process.communicate()
    assert "Traceback" not in told
    assert not [child for child in children if child.is_running() and child.status() != "zombie"]
    assert server.running(project) is None


@pytest.mark.live
def test_ctrl_c_at_the_very_moment_of_the_start_leaves_no_server(
    project: Project, studio: server.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal that comes while the server's process is being made is obeyed once that is known."""
    made: list[subprocess.Popen[bytes]] = []

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        made.append(honest(*arguments, **options))
        signal.raise_signal(signal.SIGINT)
        return made[0]

    honest = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", popen)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            server.start(project)
    finally:
        signal.signal(signal.SIGINT, before)
        [process] = made
        ended = process.poll() is not None
        process.kill()
    assert ended


@pytest.mark.live
def test_a_start_that_was_killed_leaves_nothing_astray(project: Project, studio: server.Server) -> None:
    """A server whose start was killed is no running one, and `--stop` still ends it."""
    process = _goldwire(project)
    while process.poll() is None and not server.server_state_path(project).exists():
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert server.running(project) is None
    assert server.stop(project)
    psutil.wait_procs(children, timeout=5)
    assert not [child for child in children if child.is_running() and child.status() != "zombie"]


@pytest.mark.live
def test_a_server_that_dies_shows_its_last_words(project: Project, studio: server.Server) -> None:
    """Where the server ends while starting, the error carries the end of its log."""
    data = project.cache / "studio"
    data.mkdir(parents=True)
    (data / "label_studio.sqlite3").write_text("no database at all, but long enough to look like one" * 40)
    with pytest.raises(GoldwireError, match="file is not a database") as caught:
        server.start(project)
    assert caught.value.faults[0].code == "GW306"
    assert server.running(project) is None


def test_a_taken_port_is_named(project: Project) -> None:
    """A port in use is refused before anything is made."""
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(GoldwireError, match=f"port {port} is taken"):
            server.start(project, port=port)
    assert not (project.cache / "credentials.json").exists()


@pytest.mark.live
def test_the_port_stays_from_start_to_start(project: Project, studio: server.Server) -> None:
    """The second start has the first one's address; where that is taken, another, and it is told. One
    that was begun for a block of Python ends with it, unless it ran before; nothing shown of it is secret."""
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project.cache.mkdir()
        (project.cache / "studio.port").write_text(f"{port}\n")  # a last start was there
        first = server.start(project, notify=told.append)
        server.stop(project)
    assert first.url != f"http://127.0.0.1:{port}"
    assert any(f"port {port} of the last start is taken" in line for line in told)
    with goldwire.serve(project) as begun:
        assert begun.url == first.url
        with goldwire.serve(project.root) as again:
            assert (again.ran_before, again.url) == (True, first.url)
        assert server.running(project) is not None
        secrets = {begun.server.password, begun.server.token}
        for shown in (repr(begun), begun._repr_html_(), json.dumps(begun.to_dict())):
            assert first.url in shown and not any(secret in shown for secret in secrets)
    assert server.running(project) is None
    assert not goldwire.stop_server(project)


def test_without_label_studio_the_way_to_it_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing Label Studio is told with the command that installs it."""
    monkeypatch.setattr(sys, "executable", str(project.root / "python"))
    with pytest.raises(GoldwireError, match=r"sh install\.sh studio"):
        server.start(project)


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 - 3], ids=["another process", "no process"])
def test_a_stale_state_file_is_no_server(project: Project, pid: int) -> None:
    """A state file whose process has ended, or is another one by now, is removed."""
    installation.make_credentials(project)
    state = {"pid": pid, "created": 1.0, "port": 1, "url": "http://127.0.0.1:1"}
    server.server_state_path(project).write_text(json.dumps(state))
    assert server.running(project) is None
    assert not server.server_state_path(project).exists()
    assert not server.stop(project)


def test_credentials_are_never_readable_by_others(project: Project) -> None:
    """The file has mode 600 from its first byte and is never written over."""
    previous = os.umask(0)
    try:
        made = installation.make_credentials(project)
    finally:
        os.umask(previous)
    path = installation.credentials_path(project)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert installation.read_credentials(project) == made
    with pytest.raises(GoldwireError):
        installation.make_credentials(project)


def test_a_lost_credentials_file_gets_an_account_of_its_own(project: Project) -> None:
    """The server keeps its first account's password: new credentials name a new account."""
    data = project.cache / "studio"
    data.mkdir(parents=True)
    (data / installation.DATABASE).touch()
    made = installation.make_credentials(project)
    assert made.username != f"annotator@{installation.DOMAIN}"


def test_the_server_gets_none_of_the_users_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that Label Studio would obey, prefixed or not, do not reach it."""
    for name in (
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED",
        "DEBUG",
        "PASSWORD",
        "HOST",
        "DJANGO_DB",
        "SECRET",
    ):
        monkeypatch.setenv(name, "true")
    made = installation.environment(project.cache, None)
    assert made["LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED"] == "false"
    assert not {"DEBUG", "PASSWORD", "HOST", "DJANGO_DB", "SECRET"} & made.keys()


def test_a_server_is_named_with_its_token_in_the_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server, no token, a token in a file under git: each is its own plain error."""
    monkeypatch.delenv("GOLDWIRE_URL", raising=False)
    monkeypatch.delenv("GOLDWIRE_TOKEN", raising=False)
    with pytest.raises(GoldwireError, match=r"GW310 .*annotate serve"):
        connect(project)
    with pytest.raises(GoldwireError, match=r"GW311 .*GOLDWIRE_TOKEN"):
        connect(project, url="http://studio.example")
    monkeypatch.setenv("GOLDWIRE_TOKEN", "sesame")
    with pytest.raises(GoldwireError, match="GW310") as caught:
        connect(project, url="http://me:secret@studio.example")
    assert "secret" not in str(caught.value)
    with pytest.raises(GoldwireError, match="GW310"):
        connect(project, url="studio.example")
    text = (project.root / "goldwire.toml").read_text()
    (project.root / "goldwire.toml").write_text(text + '[annotate]\ntoken = "sesame"\n')
    with pytest.raises(GoldwireError, match="GW311") as caught:
        connect(load_project(project.root), url="http://studio.example")
    assert "sesame" not in str(caught.value)


def test_two_first_starts_at_once_make_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that all projects copy is made once: who comes second waits for it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # Stands in for Label Studio's own minute of work, and notes each time that it is done.
    stand_in = tmp_path / "label-studio"
    stand_in.write_text(
        "import os, pathlib, time\n"
        f"with open({str(tmp_path / 'made')!r}, 'a') as notes:\n    notes.write('made\\n')\n"
        "time.sleep(.2)\n"
        f"pathlib.Path(os.environ['LABEL_STUDIO_BASE_DATA_DIR'], {installation.DATABASE!r}).touch()\n"
    )
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(installation.migrated, [lambda _m: None] * 2)
    assert first == second and (first / installation.DATABASE).is_file()
    assert (tmp_path / "made").read_text() == "made\n"

"""Run a Label Studio on loopback for one project: start it, find it, stop it whole."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from goldwire.annotate.labelstudio.database import Database, has_account
from goldwire.annotate.labelstudio.installation import (
    DOMAIN,
    FIRST_ACCOUNT,
    Credentials,
    Notify,
    command,
    data_folder,
    environment,
    make_credentials,
    prepare,
    prepare_postgres,
    program,
    project_lock,
    read_credentials,
    tail,
)
from goldwire.annotate.labelstudio.signals import deferred_signals
from goldwire.annotate.labelstudio.ssrf import reach
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, write_text
from goldwire.project import Project

HOST = "127.0.0.1"
#: Seconds to wait for a started server; a migration of an older data folder is part of that.
PATIENCE = 300.0
_children: dict[int, subprocess.Popen[bytes]] = {}  # servers that this process started
# Loopback is never reached through a proxy.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Server:
    """A running server. `token` and `password` are kept out of its printed form."""

    url: str
    username: str
    pid: int
    token: str = field(repr=False)
    password: str = field(repr=False)
    new: bool = False  # its credentials were made at this start
    database: str = ""  # the PostgreSQL, without its password; empty for a SQLite file


class _State(Struct, frozen=True):
    """What `.goldwire/studio.json` says of a server; `created` tells its process from a later one.

    `ready` is false until it answered: a start that was killed leaves it so.
    """

    pid: int
    created: float
    port: int
    url: str
    ready: bool = False
    database: str = ""


def server_state_path(project: Project) -> Path:
    """The file that says which server runs for the project."""
    return project.cache / "studio.json"


def log_path(project: Project) -> Path:
    """What the server prints."""
    return project.cache / "studio.log"


def running(project: Project, database: Database | None = None) -> Server | None:
    """The project's server where it runs and answered once.

    Raises GW397 where it runs on another database than the one named.
    """
    state, credentials = _alive(project), read_credentials(project)
    if state is None or credentials is None or not state.ready:
        return None
    server = _server(state, credentials)
    if database is not None and server.database != str(database):
        message = f"one runs on {server.database or 'a SQLite file'}, not on {database}"
        hint = "stop it first: goldwire annotate serve --stop"
        raise GoldwireError.of("GW397", message, where=server.url, hint=hint)
    return server


def start(
    project: Project,
    *,
    port: int | None = None,
    database: Database | None = None,
    public_url: str = "",
    assist: bool | None = None,
    notify: Notify = lambda _message: None,
) -> Server:
    """Start the project's Label Studio on loopback and wait until it answers; where one runs, that one.

    With `database` its data are in that PostgreSQL, else in a SQLite file. `public_url` is the address that a
    proxy ends TLS for. With `assist` the server may reach the one loopback address where `annotate assist`
    listens (the default, unless there is a `public_url`). Without `port` it is that of the last start, where
    that is free. Raises GW301 where it is not installed, GW305 where
    `port` is taken, GW306 where the server died (with the end of its log), GW307 where it does not answer,
    GW308 where it answers to another account, GW397 where one runs on another database; and what
    `prepare_postgres` and `environment` raise.
    """
    program()
    with project_lock(project, "studio"):
        if server := running(project, database):
            return server
        stop(project)  # one whose start was killed half-way
        if port is not None and not _free(port):
            hint = "choose another --port, or none for a free one"
            raise GoldwireError.of("GW305", f"port {port} is taken", where=f"{HOST}:{port}", hint=hint)
        environment(
            project.cache, None, public_url=public_url
        )  # a fault in it comes before the minute's work
        data = prepare_postgres(project, database, notify) if database else data_folder(project)
        credentials = read_credentials(project)
        new = credentials is None
        if credentials is None:
            taken = database is not None and has_account(database, f"{FIRST_ACCOUNT}@{DOMAIN}")
            credentials = make_credentials(project, name_taken=taken)
        if database is None:
            prepare(project, notify)
        _forget_other(project, database)
        port = port or _kept_port(project, notify)
        env = environment(data, credentials, database=database, public_url=public_url)
        env |= reach(assist, public_url)
        process, answered = None, False
        url, shown = f"http://{HOST}:{port}", str(database or "")
        try:
            with deferred_signals():  # else a Ctrl-C now would leave a server that nobody knows of
                process = _spawn(project, port, env)
                _children[process.pid] = process
            state = _State(process.pid, psutil.Process(process.pid).create_time(), port, url, database=shown)
            _write(project, state)
            _wait(project, process, server := _server(state, credentials, new), notify)
            _write(project, msgspec.structs.replace(state, ready=True))
            write_text(_port_path(project), f"{port}\n")
            answered = True
        finally:
            # Whatever ends the wait, Ctrl-C too, leaves no server behind.
            if not answered:
                if process is not None:
                    _end(process.pid)
                server_state_path(project).unlink(missing_ok=True)
        return server


def _server(state: _State, credentials: Credentials, new: bool = False) -> Server:
    return Server(
        url=state.url,
        username=credentials.username,
        pid=state.pid,
        token=credentials.token,
        password=credentials.password,
        new=new,
        database=state.database,
    )


def _forget_other(project: Project, database: Database | None) -> None:
    """Remove what pulls saw of another database: projects of the same number are not the same there."""
    path, shown = project.cache / "studio-database", str(database or "SQLite")
    before = read_bytes(path).decode(errors="replace").strip() if path.is_file() else "SQLite"
    if before != shown:
        for state in project.cache.glob("pull*.json"):
            state.unlink()
        write_text(path, shown + "\n")


def stop(project: Project) -> bool:
    """Stop the project's server with every process that it started; False where none runs."""
    state = _alive(project)
    if state is None:
        return False
    _end(state.pid)
    server_state_path(project).unlink(missing_ok=True)
    return True


@contextmanager
def serving(project: Project, *, notify: Notify = lambda _message: None) -> Iterator[Server]:
    """The project's server for the time of a block; one that ran before goes on running."""
    before = running(project)
    server = before or start(project, notify=notify)
    try:
        yield server
    finally:
        if before is None:
            stop(project)


def wait(server: Server) -> None:
    """Return when the server has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(server.pid).wait()


def _alive(project: Project) -> _State | None:
    """The state of the server's process where that lives; a file that a dead one left behind is removed."""
    path = server_state_path(project)
    if not path.exists():
        return None
    try:
        state = msgspec.json.decode(read_bytes(path), type=_State)
        process = psutil.Process(state.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        if alive and abs(process.create_time() - state.created) < 1:
            return state
    except (msgspec.DecodeError, psutil.Error):
        pass
    path.unlink(missing_ok=True)
    for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
        del _children[pid]  # ended from outside: seen, so that no zombie is left
    return None


def _write(project: Project, state: _State) -> None:
    write_text(server_state_path(project), json.dumps(msgspec.to_builtins(state)) + "\n")


def _spawn(project: Project, port: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    start = ("start", "--no-browser", "--internal-host", HOST, "--port", str(port))
    path = log_path(project)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as log:
            # A session of its own: a Ctrl-C in the terminal is ours to handle.
            return subprocess.Popen(
                command(*start, "--enable-legacy-api-token"),
                env=env,
                cwd=project.cache,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise GoldwireError.of("GW306", f"can't be started: {error.strerror}", where=str(path)) from None


def _wait(
    project: Project,
    process: subprocess.Popen[bytes],
    server: Server,
    notify: Notify,
) -> None:
    """Wait until the server answers to our token: another program on that port would not."""
    begun = time.monotonic()
    notified = 0.0
    while True:
        if process.poll() is not None:
            log = log_path(project)
            last = tail(log.read_text(encoding="utf-8", errors="replace"))
            message = f"Label Studio ended with {process.returncode} while starting:\n{last}"
            raise GoldwireError.of("GW306", message, where=str(log))
        seconds = time.monotonic() - begun
        if _answers(server):
            notify(f"Label Studio answers after {seconds:.0f} s")
            return
        if seconds > PATIENCE:
            hint = f"see {log_path(project)}"
            raise GoldwireError.of("GW307", f"no answer after {seconds:.0f} s", where=server.url, hint=hint)
        if seconds - notified >= 5:
            notified = seconds
            notify(f"Label Studio is starting, {seconds:.0f} s …")
        time.sleep(0.2)


def _answers(server: Server) -> bool:
    headers = {"Authorization": f"Token {server.token}"}
    request = urllib.request.Request(f"{server.url}/api/current-user/whoami", headers=headers)
    try:
        with _opener.open(request, timeout=5) as response:
            return bool(json.load(response).get("email") == server.username)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            hint = (
                "its database belongs to another account, or its organisation allows no legacy tokens: "
                "remove .goldwire/credentials.json for a new account, or name it with --url and its own token"
            )
            raise GoldwireError.of(
                "GW308", "the server refuses its own token", where=server.url, hint=hint
            ) from None
        return False
    except (OSError, ValueError, AttributeError):
        return False


def _end(pid: int) -> None:
    """End a process and all its descendants: politely, then by force."""
    try:
        parent = psutil.Process(pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(family, timeout=10)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    if child := _children.pop(pid, None):
        child.wait()


def _port_path(project: Project) -> Path:
    return project.cache / "studio.port"


def _kept_port(project: Project, notify: Notify) -> int:
    """The port of the last start: bookmarks, open tabs and a browser's settings belong to an address."""
    try:
        kept = int(read_bytes(_port_path(project)))
    except (GoldwireError, OSError, ValueError):
        return _free_port()
    if 0 < kept < 2**16 and _free(kept):
        return kept
    port = _free_port()
    notify(f"port {kept} of the last start is taken: {port} now; bookmarks and open tabs have the old one")
    return port


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])

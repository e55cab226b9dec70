"""A team's server: Label Studio on a real PostgreSQL, and every way in which that can fail."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from goldwire.annotate.labelstudio import server
from goldwire.annotate.labelstudio.client import connect
from goldwire.annotate.labelstudio.database import (
    Database,
    has_account,
    named_database,
    parse_database,
    too_old,
    usable,
    without_password,
)
from goldwire.annotate.labelstudio.installation import program
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotations.store import read_annotations
from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Span
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds

MINI = Path(__file__).parents[2] / "data/mini"
PASSWORD = "s3same/öuvre@toi:"
PUBLIC = "https://gold.press.example"
QUOTED = "s3same%2F%C3%B6uvre%40toi%3A"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL on loopback and on a Unix socket in `folder`."""

    folder: Path
    port: int

    def url(self, name: str, user: str = "team", password: str = "") -> str:
        who = f"{user}:{password}" if password else user
        return f"postgresql://{who}@127.0.0.1:{self.port}/{name}"

    def sql(self, *statements: str) -> None:
        import psycopg

        url = self.url("postgres", "gold", QUOTED)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def _program(name: str) -> str:
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), "")
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing: sh tests/postgres.sh")
        pytest.skip("PostgreSQL is not installed: sh tests/postgres.sh")
    return found


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the tests' own. It refuses to run as root: then it runs as Debian's `postgres`."""
    initdb, postgres = _program("initdb"), _program("postgres")
    root = os.getuid() == 0
    drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if root else []
    with tempfile.TemporaryDirectory(prefix="goldwire-pg-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        if root:
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        made = [
            initdb,
            "-D",
            f"{folder}/data",
            "-U",
            "gold",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        made.append(f"--pwfile={folder}/password")
        subprocess.run([*drop, *made], check=True, env=env, cwd=folder, capture_output=True)
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
        flags = [part for setting in settings for part in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            # It ends with this process, also where that is killed.
            tied = [*(drop or ["setpriv"]), "--pdeathsig=INT"] if shutil.which("setpriv") else drop
            process = subprocess.Popen(
                [*tied, postgres, "-D", f"{folder}/data", "-p", str(port), *flags],
                env=env,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        found = Cluster(folder, port)
        try:
            while process.poll() is None and not (folder / f".s.PGSQL.{port}").exists():
                time.sleep(0.05)
            assert process.poll() is None, (folder / "log").read_text()
            _made(found)
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def _made(cluster: Cluster) -> None:
    """Users and databases of the kinds that are met; tried until the server lets somebody in."""
    import psycopg

    while True:
        try:
            cluster.sql("SELECT 1")
            break
        except psycopg.OperationalError:
            time.sleep(0.05)
    cluster.sql(
        f"CREATE USER team PASSWORD '{PASSWORD}'",
        f"CREATE USER guest PASSWORD '{PASSWORD}'",
        "CREATE DATABASE studio OWNER team",
        "CREATE DATABASE empty OWNER team",
        "CREATE DATABASE latin OWNER team ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The recipes project."""
    shutil.copytree(MINI, tmp_path / "project")
    return load_project(tmp_path / "project")


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that name a server, a database or a password."""
    for name in list(os.environ):
        if name.startswith(("PG", "GOLDWIRE_")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://me:hush@h/d", "postgresql://"),
        ("studio", "postgresql://"),
        ("postgresql://me:hush@h", "names no database"),
        ("postgresql://:hush@h/d", "names no user"),
        ("postgresql://me:hush@h:port/d", "can't be read"),
        ("postgresql://me:hu/sh@h/d", "can't be read"),
        ("postgresql://me:hush@h:99999/d", "can't be read"),
        ("postgresql://me:hush@[h/d", "can't be read"),
        ("postgresql://me:hush@h/d?speed=hush", "unknown option speed"),
        ("postgresql://me:hush%00@h/d", "null character"),
    ],
)
def test_what_is_no_address_is_told_without_it(url: str, told: str) -> None:
    """A malformed address is a plain error that repeats nothing of it: it may hold a password."""
    with pytest.raises(GoldwireError, match="GW390") as caught:
        parse_database(url)
    assert told in str(caught.value)
    assert "hush" not in str(caught.value)


def test_an_address_in_full() -> None:
    """Every part is read, percent signs decoded; the printed form has no password in it."""
    found = parse_database("postgres://my%40self:p%40ss%2F@[::1]:99/a%20b?sslmode=verify-full&sslrootcert=/c")
    assert found == Database(
        *("::1", 99, "a b", "my@self", "p@ss/"), (("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", "/c"))
    )
    assert "p@ss" not in f"{found} {found!r}"
    assert parse_database(str(found)) == Database("::1", 99, "a b", "my@self")
    made = found.environment()
    assert (made["POSTGRE_PASSWORD"], made["DJANGO_DB"], made["PGSSLMODE"]) == (
        "p@ss/",
        "default",
        "verify-full",
    )
    by_socket = parse_database("postgresql://me@/d?host=/run/pg")
    assert (by_socket.host, by_socket.port) == ("/run/pg", 5432)
    assert parse_database(str(by_socket)) == by_socket


def test_where_the_password_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the address, else from the environment; else it is left to libpq's file."""
    assert parse_database("postgresql://me@h/d").environment()["POSTGRE_PASSWORD"] == ""
    monkeypatch.setenv("PGPASSWORD", "from-env")
    assert parse_database("postgresql://me@h/d").password == "from-env"
    assert parse_database("postgresql://me:own@h/d").password == "own"
    monkeypatch.setenv("PGPASSFILE", "/elsewhere")
    assert parse_database("postgresql://me@h/d").environment()["PGPASSFILE"] == "/elsewhere"


@pytest.mark.parametrize(
    ("given", "bare"),
    [
        ("postgresql://me:hush@h/d", "postgresql://me@h/d"),
        ("postgres://me:hu@sh:@h:1/d", "postgres://me@h:1/d"),
        ("postgresql://me:hu/sh@h/d", "postgresql://me@h/d"),
        ("postgresql://me@h:5432/d", "postgresql://me@h:5432/d"),
        (
            "postgresql://me@h:1/d?passfile=/home/me@press/p",
            "postgresql://me@h:1/d?passfile=/home/me@press/p",
        ),
        ("postgresql://me:hu@sh@h/d?host=/run/a@b", "postgresql://me@h/d?host=/run/a@b"),
        ("postgresql://me:hu?sh@h/d", "postgresql://me@h/d"),
        ("studio", "studio"),
    ],
)
def test_an_address_without_its_password(given: str, bare: str) -> None:
    """The password goes, whatever characters are in it; the rest stays."""
    assert without_password(given) == bare


def test_which_database_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line counts before the environment, that before goldwire.toml, which holds no password."""
    assert named_database(project) is None
    config = project.root / "goldwire.toml"
    config.write_text(config.read_text() + '[annotate]\ndatabase = "postgresql://me@file/d"\n')
    project = load_project(project.root)
    found = [named_database(project)]
    monkeypatch.setenv("GOLDWIRE_DATABASE", "postgresql://me:x@env/d")
    found += [named_database(project), named_database(project, "postgresql://me@line/d")]
    assert [one.host for one in found if one] == ["file", "env", "line"]
    config.write_text(config.read_text().replace("me@", "me:hush@"))
    monkeypatch.delenv("GOLDWIRE_DATABASE")
    with pytest.raises(GoldwireError, match=r"GW390 .*must not hold a password") as caught:
        named_database(load_project(project.root))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("user", "password", "name", "told"),
    [
        ("team", "wr0ng", "studio", r"GW392 .*password of `team` is refused"),
        ("nobody", QUOTED, "studio", r"GW392 .*`nobody` is refused"),
        ("team", "", "studio", r"GW392 .*wants a password.*PGPASSWORD"),
        ("team", QUOTED, "none", r"GW393 .*no such database.*CREATE DATABASE"),
        ("guest", QUOTED, "studio", r"GW395 .*may not make tables.*OWNER"),
        ("team", QUOTED, "latin", r"GW395 .*can't hold every text.*LATIN1"),
    ],
)
def test_a_refusal_of_the_database_is_told(
    cluster: Cluster, user: str, password: str, name: str, told: str
) -> None:
    """Wrong password or user, no such database, no right to make tables, no Unicode: each in its words."""
    database = parse_database(cluster.url(name, user, password))
    with pytest.raises(GoldwireError, match=told) as caught, usable(database):
        pass
    assert (database.password or PASSWORD) not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_a_database_that_does_not_answer_is_told(host: str) -> None:
    """A server that is not there, and a name that nobody has."""
    with pytest.raises(GoldwireError, match=r"GW391 .*can't be reached") as caught:
        has_account(parse_database(f"postgresql://me:hush@{host}:9/d"), "x")
    assert "hush" not in str(caught.value)


def test_an_encrypted_connection_that_the_server_lacks_is_refused(cluster: Cluster) -> None:
    """`sslmode=require` is kept: nothing goes over the wire in the clear instead."""
    database = parse_database(cluster.url("studio", password=QUOTED) + "?sslmode=require")
    with pytest.raises(GoldwireError, match=r"GW391 .*SSL"), usable(database):
        pass


def test_an_old_server_is_refused() -> None:
    """Label Studio needs PostgreSQL 14."""
    too_old(14, "x")
    with pytest.raises(GoldwireError, match=r"GW394 x: PostgreSQL 13; .*14 or newer"):
        too_old(13, "x")


def test_the_password_from_a_file_and_a_socket(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq's password file serves, and so does a Unix socket; an empty database holds no Label Studio."""
    path = tmp_path / "pgpass"
    path.write_text(f"*:*:*:team:{PASSWORD.replace(':', chr(92) + ':')}\n", encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(path))
    with usable(parse_database(f"postgresql://team@:{cluster.port}/empty?host={cluster.folder}")) as there:
        assert not there


def _words(project: Project, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "goldwire", "annotate", *arguments, "--project", str(project.root)]


def _lines_of(pid: int) -> str:
    """The command lines of a process and all that it started."""
    process = psutil.Process(pid)
    shown = []
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            shown += one.cmdline()
    return " ".join(shown)


@pytest.mark.live
def test_a_team_works_on_postgresql(cluster: Cluster, project: Project, tmp_path: Path) -> None:
    """Serve, push, annotate, pull; again after a restart, with nothing new. The password is nowhere."""
    assert program().is_file()
    project.cache.mkdir()
    (project.cache / "pull.json").write_text("{}")  # of another database, on which project 1 is another
    told = tmp_path / "told"
    with told.open("wb") as stream:
        serving = subprocess.Popen(
            _words(project, "serve", "--database", cluster.url("studio", password=QUOTED)),
            stdout=stream,
            stderr=stream,
        )
    try:
        while serving.poll() is None and server.running(project) is None:
            time.sleep(0.2)
        assert serving.poll() is None, told.read_text()
        shown = _lines_of(serving.pid)
        assert "serve" in shown and "label-studio" in shown
        assert PASSWORD not in shown and QUOTED not in shown
        assert not (project.cache / "pull.json").exists()
        first = _work(project)
        with pytest.raises(GoldwireError, match=r"GW397 .*--stop"):
            server.running(project, Database("127.0.0.1", 1, "other", "team"))
    finally:
        serving.terminate()
        serving.wait()
    assert server.running(project) is None
    env = {**os.environ, "PGPASSWORD": PASSWORD}
    again = subprocess.run(
        _words(project, "serve", "--detach", "--database", cluster.url("studio"), "--public-url", PUBLIC),
        env=env,
        capture_output=True,
        text=True,
    )
    try:
        assert again.returncode == 0, again.stderr
        assert f"its data are in {cluster.url('studio')}" in again.stderr
        running = server.running(project)
        assert running is not None
        page = httpx.get(f"{running.url}/user/login/", headers={"Host": PUBLIC.partition("//")[2]})
        cookies = page.headers.get_list("set-cookie")
        assert len(cookies) == 2 and all("Secure" in cookie for cookie in cookies)
        with connect(project) as client:
            report = pull(client, project, load_schema(project.schema_path), load_seeds(project))
            # A first account's name is another project's here.
            assert has_account(
                parse_database(cluster.url("studio", password=QUOTED)), client.whoami()["email"]
            )
        assert report.written == 0
        assert read_annotations(project) == first
    finally:
        assert server.stop(project)
    assert not list(project.root.rglob("*.sqlite3"))
    log = (cluster.folder / "log").read_bytes()
    files = [path.read_bytes() for path in project.root.rglob("*") if path.is_file()]
    everything = b"\n".join([*files, told.read_bytes(), again.stdout.encode(), again.stderr.encode(), log])
    assert PASSWORD.encode() not in everything and QUOTED.encode() not in everything


def _work(project: Project) -> list[Annotation]:
    """Push the articles, annotate one as a browser would, pull it."""
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    text = documents[0].text
    start = text.index("🥔")
    marked = Annotation(
        documents[0].id, "x", schema.id, spans=(Span("s", "thing", "FOOD", start, start + 1),)
    )
    with connect(project) as client:
        assert push(client, project, schema, documents).sent == len(documents)
        assert push(client, project, schema, documents).sent == 0
        number = int(client.projects(project.name)[0]["id"])
        [task] = [t for t in client.tasks(number, ("data",)) if t["data"]["text"] == text]
        client.create_annotation(
            int(task["id"]), {"result": to_result(marked, schema, text), "lead_time": 3.0}
        )
        assert pull(client, project, schema, documents).written == 1
    stored = read_annotations(project)
    assert [text[s.start : s.end] for a in stored for s in a.spans] == ["🥔"]
    return stored

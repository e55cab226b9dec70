"""Tokens and passwords stay where they belong: in the one file for them, and nowhere else."""

from __future__ import annotations

import base64
import json
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from goldwire.annotate.labelstudio.server import Server
from goldwire.cli.main import main
from goldwire.project import Project, load_project

# The SDK renews personal tokens by a method that Pydantic has given another name.
pytestmark = pytest.mark.filterwarnings(
    "ignore:The `parse_obj` method is deprecated:DeprecationWarning:label_studio_sdk.tokens.client_ext"
)
MINI = Path(__file__).parents[2] / "data/mini"
LEGACY = "5e5a3e0c1a55ed70ce11f1a7e57ab1e5cafe0123"


def _jwt(kind: str) -> str:
    """A token in the form of a personal one, which no server has signed."""
    parts = ({"alg": "HS256"}, {"token_type": kind, "exp": 4_000_000_000, "jti": f"sesame-{kind}"})
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join((*coded, "c2lnbmF0dXJl"))


REFRESH, ACCESS = _jwt("refresh"), _jwt("access")
#: What is looked for: a token whole, and the part of a personal one that makes it valid.
SECRETS = (LEGACY, REFRESH, ACCESS, *(token.split(".")[1] for token in (REFRESH, ACCESS)))


class _Telltale(BaseHTTPRequestHandler):
    """Repeats what it was sent wherever an answer has room for it, as debug pages do."""

    kind = ""

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        kind = self.kind
        if "/api/token/refresh" in self.path and not kind.startswith("refresh "):
            self._reply(200, json.dumps({"access": ACCESS}))
            return
        kind = kind.removeprefix("refresh ")
        if "whoami" in self.path and kind.startswith("later "):
            self._reply(200, json.dumps({"email": "anna@goldwire.invalid"}))
            return
        kind = kind.removeprefix("later ")
        told = f"{self.headers.get('Authorization')} {sent[:200]}"
        page = f"<!doctype html><html><body>{told}</body></html>"
        detail = json.dumps({"detail": told, "validation_errors": [told], "exc_info": told})
        if kind == "redirect":
            self._reply(302, "", location=f"/user/login/?next={told.replace(' ', '+')}")
        elif kind == "page":
            self._reply(200, page, "text/html")
        elif kind == "bad gateway":
            self._reply(502, page, "text/html")
        elif kind == "list":
            self._reply(200, json.dumps([told]))
        elif kind == "broken off":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(told.encode())
            self.close_connection = True
        else:
            self._reply(int(kind), detail)

    def _reply(self, status: int, body: str, kind: str = "application/json", location: str = "") -> None:
        self.send_response(status, f"Told {self.headers.get('Authorization')}")
        self.send_header("Content-Type", kind)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on standard error."""


@contextmanager
def telltale(kind: str) -> Iterator[str]:
    """The address of a server that answers everything in one way."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Telltale,), {"kind": kind}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The recipes project, with two readings."""
    shutil.copytree(MINI, tmp_path / "mini")
    return load_project(tmp_path / "mini")


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["goldwire", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def _files(root: Path) -> bytes:
    """All that the project's folder holds, but for the one file that is for secrets."""
    found = [path for path in root.rglob("*") if path.is_file() and path.name != "credentials.json"]
    return b"\n".join(path.read_bytes() for path in found)


COMMANDS = ("push", "pull", "status")
ANSWERS = {
    "401": "GW312",
    "403": "GW312",
    "400": "GW315",
    "500": "GW317",
    "503": "GW317",
    "bad gateway": "GW317",
    "page": "GW314",
    "list": "GW314",
    "redirect": "GW314",
    "broken off": "GW316",
    "refresh page": "GW314",
    "refresh list": "GW314",
    "refresh 401": "GW312",
    "refresh 500": "GW317",
    "refresh bad gateway": "GW314",
}


CASES = [
    pytest.param(token, answer, code, id=f"{kind}, {answer}")
    for kind, token in (("legacy", LEGACY), ("personal", REFRESH))
    for answer, code in ANSWERS.items()
    if token == REFRESH or not answer.startswith("refresh")
]


@pytest.mark.parametrize(("token", "answer", "code"), CASES)
def test_no_answer_makes_a_token_show(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    token: str,
    answer: str,
    code: str,
) -> None:
    """Each refusal, fault and foreign answer is one plain error, also where the answer repeats the token."""
    monkeypatch.setenv("GOLDWIRE_TOKEN", token)
    kinds = [answer] if answer.startswith("refresh") else [answer, f"later {answer}"]
    for kind, command in zip(kinds, COMMANDS, strict=False):
        with telltale(kind) as url:
            monkeypatch.setenv("GOLDWIRE_URL", url)
            ended = _run(monkeypatch, "annotate", command, "--project", str(project.root))
            shown = capfd.readouterr()
            assert ended == 2, shown
            assert shown.err.startswith(f"goldwire: {code} {url}"), shown
            assert shown.out == "" and shown.err.count("\n") == 1
            assert not [secret for secret in SECRETS if secret in shown.err]
    files = _files(project.root)
    assert not [secret for secret in SECRETS if secret.encode() in files]


def test_a_server_that_is_not_there(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An address where nobody listens is told as such, without the token."""
    monkeypatch.setenv("GOLDWIRE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GOLDWIRE_TOKEN", LEGACY)
    for command in COMMANDS:
        assert _run(monkeypatch, "annotate", command, "--project", str(project.root)) == 2
        told = capfd.readouterr().err
        assert told.startswith("goldwire: GW313 http://127.0.0.1:9: can't be reached")
        assert LEGACY not in told


@pytest.mark.live
def test_a_round_on_a_real_server_leaves_no_trace_of_a_secret(
    studio: Server,
    personal_token: str,
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Push, pull, status and a wrong token, with both kinds: nothing shown, kept or logged holds a secret."""
    refresh = personal_token
    given = httpx.post(f"{studio.url}/api/token/refresh", json={"refresh": refresh}, trust_env=False)
    access = given.json()["access"]
    config = project.root / "goldwire.toml"
    config.write_text(config.read_text().replace('"mini"', '"secrets"'))
    wrong = studio.token[::-1]
    shown = ""
    rounds = (
        (studio.token, 0, COMMANDS),
        (refresh, 0, COMMANDS[1:2]),
        (wrong, 2, COMMANDS[:1]),
        (refresh[:-4] + "AAAA", 2, COMMANDS[:1]),
    )
    for token, ends, commands in rounds:
        for command in commands:
            monkeypatch.setenv("GOLDWIRE_URL", studio.url)
            monkeypatch.setenv("GOLDWIRE_TOKEN", token)
            words = ("annotate", command, "--project", str(project.root))
            ended = _run(monkeypatch, *words, "--json", str(tmp_path / f"{command}.json"))
            told = capfd.readouterr()
            assert ended == ends, told.err
            assert ends == 0 or "GW312" in told.err
            shown += told.out + told.err
    home = Path(psutil.Process(studio.pid).cwd())
    credentials = json.loads((home / "credentials.json").read_text())
    assert stat.S_IMODE((home / "credentials.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "studio.log").stat().st_mode) == 0o600
    records = b"".join(path.read_bytes() for path in tmp_path.glob("*.json"))
    everything = b"\n".join([shown.encode(), records, _files(tmp_path), (home / "studio.log").read_bytes()])
    assert (home / "studio.log").stat().st_size
    secrets = {credentials[name] for name in ("password", "token", "secret_key")} | {refresh, access, wrong}
    assert len(secrets) == 6
    assert not [name for name in secrets if name.encode() in everything]
    # Of a personal token the claims, which its readers can see, are not shown either.
    assert refresh.split(".")[1].encode() not in everything

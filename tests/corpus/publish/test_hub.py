"""Publishing: the Hub's own client against a small server that answers its HTTP API; refusals; dry runs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from goldwire.cli.corpus import command
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.dataset.build import build
from goldwire.corpus.publish.hub import parcel, publish
from goldwire.errors import GoldwireError
from goldwire.project import Project, load_project
from tests.corpus.mini import mini_project

TOKEN = "hf_" + "s3cret" * 5


class Hub(ThreadingHTTPServer):
    """As much of the Hub's HTTP API as creating a dataset repository, committing to it and tagging it takes.

    Small files come inside the commit, parquet through LFS: a batch request, an upload, then a pointer.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repos: dict[str, dict[str, Any]] = {}
        self.blobs: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.refuse = ""
        #: Where an answer of another server comes: part of a path, status, body.
        self.other: tuple[str, int, bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def answer(self, status: int, body: Any = None, message: str = "") -> None:
        """A JSON answer, with the error header that the client shows."""
        data = json.dumps(body if body is not None else {}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if message:
            self.send_header("X-Error-Message", message)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def body(self) -> bytes:
        """The request's body, chunked or not."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_request(self) -> None:
        """Answer one of the calls that the client makes."""
        hub, data, path = self.server, self.body(), self.path.partition("?")[0]
        hub.calls.append(f"{self.command} {path}")
        if hub.other is not None and hub.other[0] in path:
            self.send_response(hub.other[1])
            self.send_header("Content-Length", str(len(hub.other[2])))
            self.end_headers()
            self.wfile.write(hub.other[2])
            return None
        if path.startswith("/blobs/"):
            hub.blobs[path.rsplit("/", 1)[1]] = data
            return self.answer(200)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(
                401, {"error": "Invalid credentials"}, "Invalid credentials in Authorization header"
            )
        if hub.refuse and hub.refuse in path:
            return self.answer(403, {"error": "no"}, f"no rights, token {TOKEN}")
        if path == "/api/validate-yaml":
            header = json.loads(data)["content"].split("---\n")[1]
            good = "license:" in header
            return self.answer(200 if good else 400, {"errors": [], "warnings": []})
        if path == "/api/repos/create":
            wanted = json.loads(data)
            name = "/".join(filter(None, (wanted.get("organization"), wanted["name"])))
            if name in hub.repos:
                return self.answer(
                    409, {"url": f"{hub.url}/datasets/{name}"}, "You already created this repo"
                )
            private = wanted.get("private", wanted.get("visibility") == "private")
            hub.repos[name] = {"files": {".gitattributes": b""}, "tags": {}, "private": private}
            return self.answer(200, {"url": f"{hub.url}/datasets/{name}", "name": name, "id": name})
        if found := re.fullmatch(r"/datasets/(.+)\.git/info/lfs/objects/batch", path):
            objects = [
                {
                    "oid": one["oid"],
                    "size": one["size"],
                    "actions": {"upload": {"href": f"{hub.url}/blobs/{one['oid']}"}},
                }
                for one in json.loads(data)["objects"]
            ]
            return self.answer(200, {"transfer": "basic", "objects": objects})
        found = re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/(.*))?", path)
        if found is None or found[1] not in hub.repos:
            return self.answer(404, {"error": "not found"}, "Repository not found")
        return self.repository(found[1], found[2] or "", data)

    def repository(self, name: str, what: str, data: bytes) -> None:
        """What is asked of one repository."""
        hub, repo = self.server, self.server.repos[name]
        if what == "refs":
            tags = [{"name": t, "ref": f"refs/tags/{t}", "targetCommit": "0" * 40} for t in repo["tags"]]
            return self.answer(200, {"branches": [], "converts": [], "tags": tags})
        if what.startswith("tree/"):
            tree = [
                {"type": "file", "path": p, "size": len(d), "oid": hashlib.sha1(d).hexdigest()}
                for p, d in repo["files"].items()
            ]
            return self.answer(200, tree)
        if what.startswith("preupload/"):
            wanted = json.loads(data)["files"]
            modes = [
                {
                    "path": f["path"],
                    "uploadMode": "lfs" if f["path"].endswith(".parquet") else "regular",
                    "shouldIgnore": False,
                    "oid": None,
                }
                for f in wanted
            ]
            return self.answer(200, {"files": modes})
        if what.startswith("commit/"):
            for line in map(json.loads, data.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    repo["files"][value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    repo["files"][value["path"]] = hub.blobs[value["oid"]]
                elif line["key"] == "deletedFile":
                    del repo["files"][value["path"]]
            oid = f"{len(hub.calls):040x}"
            return self.answer(
                200, {"commitUrl": f"{hub.url}/datasets/{name}/commit/{oid}", "commitOid": oid}
            )
        if what.startswith("tag/"):
            tag = json.loads(data)["tag"]
            if tag in repo["tags"]:
                return self.answer(409, {"error": "exists"}, "Tag already exists")
            repo["tags"][tag] = dict(repo["files"])
            return self.answer(200)
        if what.startswith("revision/") or not what:
            return self.answer(200, {"id": name, "sha": "0" * 40, "siblings": []})
        return self.answer(404, {"error": what}, f"no such call: {what}")

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_request


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A running stand-in that the environment names."""
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    yield server
    server.shutdown()
    server.server_close()


def free(project: Project) -> Project:
    """The project with texts that may be passed on, built."""
    settings = project.root / "goldwire.toml"
    text = re.sub(r"redistributable = \w+", "", settings.read_text(encoding="utf-8"))
    settings.write_text(text.replace("[corpus]", "[corpus]\nredistributable = true"), encoding="utf-8")
    project = load_project(project.root)
    build(load_corpus(project))
    return project


def call(project: Project, *arguments: str) -> Result:
    """`goldwire corpus publish` in a project."""
    return CliRunner().invoke(command, ["publish", "--project", str(project.root), *arguments])


def test_a_built_dataset_is_pushed_and_tagged_with_its_version(tmp_path: Path, hub: Hub) -> None:
    """Every file arrives as it lies there, through both ways of upload, in a private repository."""
    project = free(mini_project(tmp_path / "mini"))
    done = call(project, "--repo", "us/recipes", "--json", str(tmp_path / "out.json"))
    assert done.exit_code == 0, done.output
    repo = hub.repos["us/recipes"]
    assert repo["private"] is True
    there = {p.relative_to(project.corpus).as_posix(): p for p in project.corpus.rglob("*") if p.is_file()}
    assert set(repo["files"]) == {".gitattributes", *there}
    assert all(repo["files"][name] == path.read_bytes() for name, path in there.items())
    assert repo["tags"]["v0.1.0"] == repo["files"]
    assert json.loads((tmp_path / "out.json").read_text())["url"].endswith("us/recipes")


def test_what_an_older_version_left_goes_out_of_the_new_one(tmp_path: Path, hub: Hub) -> None:
    """A commit holds the version and nothing else; a version is never published twice."""
    project = free(mini_project(tmp_path / "mini"))
    hub.repos["us/recipes"] = {
        "files": {"old.txt": b"x", ".gitattributes": b""},
        "tags": {},
        "private": False,
    }
    assert call(project, "--repo", "us/recipes").exit_code == 0
    assert "old.txt" not in hub.repos["us/recipes"]["files"]
    before = dict(hub.repos["us/recipes"]["files"])
    again = call(project, "--repo", "us/recipes")
    assert isinstance(again.exception, GoldwireError)
    assert again.exception.faults[0].code == "GW296"
    assert "raise [corpus] version" in str(again.exception)
    assert hub.repos["us/recipes"]["files"] == before


def test_texts_that_may_not_be_passed_on_are_not(tmp_path: Path, hub: Hub) -> None:
    """Without leave nothing is sent; --without-texts sends annotations and hashes."""
    project = mini_project(tmp_path / "mini")
    settings = (project.root / "goldwire.toml").read_text(encoding="utf-8")
    settings = re.sub(r"redistributable = \w+", "redistributable = false", settings)
    (project.root / "goldwire.toml").write_text(settings, encoding="utf-8")
    project = load_project(project.root)
    build(load_corpus(project))
    refused = call(project, "--repo", "us/recipes")
    assert isinstance(refused.exception, GoldwireError)
    assert "not redistributable" in str(refused.exception)
    assert hub.calls == []
    assert call(project, "--repo", "us/recipes", "--without-texts").exit_code == 0
    files = hub.repos["us/recipes"]["files"]
    assert set(files) >= {"README.md", "manifest.json", "without-texts.jsonl"}
    assert any(re.fullmatch(r"annotations/train-[0-9a-f]{16}\.parquet", name) for name in files)
    assert not any(name.startswith(("documents/", "tokens/")) for name in files)


def test_a_dry_run_lists_files_and_sizes_and_sends_nothing(tmp_path: Path, hub: Hub) -> None:
    """What would go, and under which tag."""
    project = free(mini_project(tmp_path / "mini"))
    done = call(project, "--repo", "us/recipes", "--dry-run")
    assert done.exit_code == 0
    size = (project.corpus / "README.md").stat().st_size
    assert re.search(rf"README\.md\s+{size:,}", done.output)
    assert "as v0.1.0; nothing was published" in done.output
    assert hub.calls == []


def test_a_token_is_asked_for_and_never_shown(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one nothing is tried; what the server says is shown with the token taken out."""
    project = free(mini_project(tmp_path / "mini"))
    hub.refuse = "/commit/"
    with parcel(load_corpus(project)) as packed, pytest.raises(GoldwireError, match="GW294") as caught:
        publish(packed, "us/recipes")
    assert "no rights" in str(caught.value)
    assert TOKEN not in str(caught.value)
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    with parcel(load_corpus(project)) as packed, pytest.raises(GoldwireError, match="hf auth login"):
        publish(packed, "us/recipes")


@pytest.mark.parametrize("repo", ["no good/name/at all", "--x"])
def test_a_name_that_is_none_is_told_plainly(tmp_path: Path, hub: Hub, repo: str) -> None:
    """The client's own complaint, without a traceback."""
    project = free(mini_project(tmp_path / "mini"))
    with parcel(load_corpus(project)) as packed, pytest.raises(GoldwireError, match="GW294"):
        publish(packed, repo)


@pytest.mark.parametrize(
    ("part", "status", "body", "said"),
    [
        ("/repos/create", 200, b"<html>Sign in</html>", "not the Hub's"),
        ("/repos/create", 200, b"{}", "not the Hub's"),
        ("/refs", 200, b"[]", "not the Hub's"),
        ("/refs", 401, b"<html></html>", "401"),
        ("/preupload/", 200, b"[]", "not the Hub's"),
        ("/preupload/", 409, b"", "409"),
        ("/blobs/", 401, b"<html></html>", "Error while uploading .*401"),
        ("/commit/", 500, b"<html></html>", "500"),
        ("/tag/", 409, b"{}", "409"),
    ],
)
def test_whatever_a_server_answers_is_no_traceback(
    tmp_path: Path, hub: Hub, part: str, status: int, body: bytes, said: str
) -> None:
    """Refusals, and answers of something that is no Hub, at each step: one plain error."""
    hub.other = (part, status, body)
    project = free(mini_project(tmp_path / "mini"))
    with parcel(load_corpus(project)) as packed, pytest.raises(GoldwireError, match=f"GW294.*{said}"):
        publish(packed, "us/recipes")


def test_a_server_that_is_not_there_is_told_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain error names the repository; nothing hangs."""
    project = free(mini_project(tmp_path / "mini"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with parcel(load_corpus(project)) as packed, pytest.raises(GoldwireError, match="GW294 us/recipes"):
        publish(packed, "us/recipes")


def test_a_dataset_that_is_not_what_the_project_holds_is_not_published(tmp_path: Path) -> None:
    """Changed by hand, or older than the project: build first."""
    project = free(mini_project(tmp_path / "mini"))
    (project.corpus / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(GoldwireError, match="changed by hand"), parcel(load_corpus(project)):
        pass
    build(load_corpus(project))
    (project.annotate / "guidelines.md").write_text("New.", encoding="utf-8")
    with pytest.raises(GoldwireError, match="has changed since"), parcel(load_corpus(project)):
        pass
    text = (project.root / "goldwire.toml").read_text(encoding="utf-8")
    (project.root / "goldwire.toml").write_text(text.replace('"0.1.0"', '"first"'), encoding="utf-8")
    with (
        pytest.raises(GoldwireError, match="no semantic version"),
        parcel(load_corpus(load_project(project.root))),
    ):
        pass
    (project.corpus / "manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(GoldwireError, match="no manifest"), parcel(load_corpus(project)):
        pass


def test_a_corpus_without_annotations_is_not_published(tmp_path: Path) -> None:
    """Without texts it would be an empty dataset under a version; building refuses it too."""
    project = mini_project(tmp_path / "mini", annotated=False)
    with (
        pytest.raises(GoldwireError, match="no annotation"),
        parcel(load_corpus(project), without_texts=True),
    ):
        pass

"""A disk with no room left: one plain error, what was there untouched, and no work lost."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.cli.main import main
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Span
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.train.conftest import TINY

MINI = Path(__file__).parents[2] / "data/mini"
Full = Callable[[], AbstractContextManager[None]]


@pytest.fixture(params=["full disk", "file size limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Full]]:
    """A folder, and a block in which nothing can be written to it.

    A small file system that is filled, where one may be mounted; and, everywhere, a limit on the size of
    files, at which the system refuses a write half-way.
    """
    if request.param == "file size limit":
        yield tmp_path, _limited
        return
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True)
    if done.returncode:
        pytest.skip("no file system may be mounted here; the limit on files is tested")
    try:
        yield place, lambda: _filled(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def _limited() -> Iterator[None]:
    """Python keeps nothing that it compiles meanwhile: it would be cut off too, and fail all later runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with patch.object(sys, "dont_write_bytecode", True):
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _filled(place: Path) -> Iterator[None]:
    filler = place / "filler"
    with filler.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@pytest.fixture
def project(disk: tuple[Path, Full]) -> Project:
    """The recipes project on that disk."""
    shutil.copytree(MINI, disk[0] / "mini")
    return load_project(disk[0] / "mini")


def _tree(root: Path) -> dict[str, bytes]:
    """Every file below the root, hidden ones too; the locks aside, which hold nothing."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def _run(monkeypatch: pytest.MonkeyPatch, project: Project, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["goldwire", *words])
    monkeypatch.chdir(project.root)
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def _refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The last line says which file, and why; there is no traceback."""
    told = capsys.readouterr().err
    last = told.splitlines()[-1]
    assert re.match(r"goldwire: GW904 /.*: can't be (written|made): (No space left|File too large)", last), (
        told
    )
    assert "Traceback" not in told


@pytest.mark.slow
def test_no_command_leaves_half_a_file(
    disk: tuple[Path, Full],
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Build, convert, render, figures: refused whole on a full disk, with all old files; then they work."""
    store = ("corpus", "convert", "quotes", ".", "--from", "quotes", "--to", "store")
    to = ("corpus", "convert", ".")
    commands = [
        store,
        ("schema", "render"),
        ("corpus", "build"),
        (*to, "out.jsonl", "--from", "store", "--to", "jsonl"),
        (*to, "out.spacy", "--from", "store", "--to", "docbin"),
        ("eval", "agree", "--no-gamma", "--json", "figures.json"),
    ]
    for command in commands:
        before = _tree(project.root)
        with disk[1]():
            assert _run(monkeypatch, project, *command) == 2, command
            _refused(capsys)
            assert _tree(project.root) == before, command
        assert _run(monkeypatch, project, *command) == 0, command
        after = _tree(project.root)
        assert after != before
        capsys.readouterr()
        # What is written over keeps its old content.
        (project.annotate / "label_config.xml").unlink(missing_ok=True)
        stored = project.annotations / "anna/soupe.json"
        stored.write_text(stored.read_text().replace('"lead_time": 0.0', '"lead_time": 1.0'))
        before = _tree(project.root)
        with disk[1]():
            if _run(monkeypatch, project, *command) == 2:
                _refused(capsys)
                assert _tree(project.root) == before, command


@pytest.mark.live
def test_a_pull_loses_nothing(
    disk: tuple[Path, Full],
    project: Project,
    client: Client,
    named_server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A pull that finds no room changes no file and forgets nothing: the next one brings everything."""
    config = project.root / "goldwire.toml"
    name = f"full-{os.getpid()}-{project.root.parent.name[:4]}"
    config.write_text(config.read_text().replace('"mini"', f'"{name}"'))
    assert _run(monkeypatch, project, "annotate", "push") == 0
    assert _run(monkeypatch, project, "annotate", "pull") == 0
    schema, documents = load_schema(project.schema_path), load_seeds(project)
    number = int(client.projects(name)[0]["id"])
    for task in client.tasks(number, ("data",)):
        text = str(task["data"]["text"])
        marked = Annotation("d", "x", schema.id, spans=(Span("s", "thing", "FOOD", 0, 5),))
        client.create_annotation(int(task["id"]), {"result": to_result(marked, schema, text)})
    before = _tree(project.root)
    capsys.readouterr()
    with disk[1]():
        assert _run(monkeypatch, project, "annotate", "pull") == 2
        _refused(capsys)
        assert _tree(project.root) == before
    assert _run(monkeypatch, project, "annotate", "pull") == 0
    assert len(list(project.annotations.rglob("*.json"))) == len(documents) == 2


@pytest.mark.slow
@pytest.mark.parametrize("disk", ["full disk"], indirect=True)
def test_a_model_is_there_whole_or_not_at_all(
    disk: tuple[Path, Full],
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A training that can't store its model ends plainly and leaves neither model nor scores."""
    words = ("corpus", "convert", "quotes", ".", "--from", "quotes", "--to", "store")
    assert _run(monkeypatch, project, *words) == 0
    project.train.mkdir(exist_ok=True)
    (project.train / "ner.cfg").write_text(TINY, encoding="utf-8")
    before = _tree(project.root)
    with disk[1]():
        assert _run(monkeypatch, project, "train", "--layer", "thing", "--spans") == 2
    _refused(capsys)
    assert _tree(project.root) == before

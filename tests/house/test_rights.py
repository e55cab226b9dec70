"""Files of another user: one plain error that names the file, and everything as it was."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goldwire.cli.main import main
from goldwire.project import Project
from tests.corpus.mini import mini_project

#: What can't be read, or not written; and a command that has to.
UNREADABLE = {
    "goldwire.toml": ("corpus", "check"),
    "schemas/mini.yaml": ("schema", "check"),
    "seeds/articles.jsonl": ("corpus", "check"),
    "seeds/articles/soupe.txt": ("corpus", "stats"),
    "annotate/annotations/anna/soupe.json": ("corpus", "build"),
    "annotate/annotations/anna": ("corpus", "check"),
    "annotate/annotations": ("corpus", "build"),
}
UNWRITABLE = {
    ".": ("corpus", "build"),
    "annotate": ("schema", "render"),
    "annotate/annotations/anna": ("corpus", "convert", "all.jsonl", ".", "--from", "jsonl", "--to", "store"),
}


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The recipes project, in a folder that other users reach."""
    with tempfile.TemporaryDirectory(prefix="goldwire-rights-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        made = mini_project(Path(folder) / "mini")
        monkeypatch.chdir(made.root)
        yield made
        for path in (made.root, *made.root.rglob("*")):
            path.chmod(0o755)


@contextmanager
def _another_user() -> Iterator[None]:
    """Root may do everything, so it becomes nobody; for all others a mode that forbids is enough."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def _run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["goldwire", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def _tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def _prepared(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], project: Project) -> None:
    """The command has run once, with all rights: another user may not read what it imports."""
    away = project.root.parent / "before"
    shutil.copytree(project.root, away)
    monkeypatch.chdir(away)
    to = ("corpus", "convert", ".", "all.jsonl", "--from", "store", "--to", "jsonl")
    assert _run(monkeypatch, *to) == 0
    shutil.copy("all.jsonl", project.root)
    assert _run(monkeypatch, *words) == 0
    monkeypatch.chdir(project.root)


def _refused(told: str, name: str) -> None:
    last = told.strip().splitlines()[-1]
    assert re.match(r"goldwire: GW\d{3} ", last) and "ermission denied" in last, told
    assert name in last, told
    assert "Traceback" not in told


@pytest.mark.parametrize("path", UNREADABLE)
def test_what_may_not_be_read_is_named(
    path: str, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file or folder of another user is not taken for one that is missing, nor passed over."""
    _prepared(monkeypatch, UNREADABLE[path], project)
    before = _tree(project.root)
    mode = (project.root / path).stat().st_mode
    (project.root / path).chmod(0)
    capsys.readouterr()
    with _another_user():
        assert _run(monkeypatch, *UNREADABLE[path]) == 2
    _refused(capsys.readouterr().err, Path(path).name)
    (project.root / path).chmod(mode)
    assert _tree(project.root) == before


@pytest.mark.parametrize("path", UNWRITABLE)
def test_what_may_not_be_written_is_named(
    path: str, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing may be written the command ends plainly, and nothing is half there."""
    _prepared(monkeypatch, UNWRITABLE[path], project)
    (project.annotations / "anna/soupe.json").unlink()  # so that there is something to write
    before = _tree(project.root)
    (project.root / path).chmod(0o555)
    capsys.readouterr()
    with _another_user():
        assert _run(monkeypatch, *UNWRITABLE[path]) == 2
    _refused(capsys.readouterr().err, "")
    assert _tree(project.root) == before

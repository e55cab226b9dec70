"""For folders of tests about files: they stand in no project, whose schema would be read each time."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder that lies in no project."""
    return tmp_path_factory.mktemp("nowhere")


@pytest.fixture(autouse=True)
def in_no_project(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder; a test about a project goes into one, or names it."""
    monkeypatch.chdir(nowhere)

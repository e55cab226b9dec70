"""The recipes project, to be drafted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from goldwire.project import Project, load_project

MINI = Path(__file__).parents[2] / "data/mini"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two recipes and their schema, without any annotation."""
    shutil.copytree(MINI, tmp_path / "mini")
    return load_project(tmp_path / "mini")

"""The small project of tests/data/mini, copied to where a test may write."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from goldwire.annotations.store import join, write_annotation
from goldwire.formats.quotes import read_quotes_files
from goldwire.model import Article
from goldwire.project import Project, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.seeds import load_seeds

MINI = Path(__file__).parents[1] / "data/mini"


def mini_articles() -> list[Article]:
    """Two recipes, each read by two annotators."""
    documents = load_seeds(load_project(MINI))
    return list(join(documents, read_quotes_files(MINI / "quotes", documents, mini_schema())))


def mini_schema() -> Schema:
    """The recipes' schema."""
    return load_schema(MINI / "schemas/mini.yaml")


def mini_project(folder: Path, *, annotated: bool = True) -> Project:
    """A copy of the project in `folder`, its annotations in the store."""
    shutil.copytree(MINI, folder, dirs_exist_ok=True)
    project = load_project(folder)
    for article in mini_articles() if annotated else []:
        for annotation in article.annotations:
            write_annotation(project, annotation)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the small project, annotated."""
    return mini_project(tmp_path / "mini")

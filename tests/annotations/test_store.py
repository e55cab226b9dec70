"""The stored annotations of a project, joined with its articles in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import goldwire
from goldwire.annotations.store import project_articles, write_annotation
from goldwire.errors import GoldwireError
from goldwire.files import file_name, safe_name
from goldwire.model import Annotation
from goldwire.project import load_project

MINI = Path(__file__).parents[1] / "data/mini"
SOURCE = Path(goldwire.__file__).parent


def test_articles_come_with_their_stored_annotations(tmp_path: Path) -> None:
    """All articles, in the seeds' order, each with what is stored of it; an annotation of none is a fault."""
    shutil.copytree(MINI, tmp_path / "mini")
    project = load_project(tmp_path / "mini")
    write_annotation(project, Annotation("soupe", "anna", "mini@0.1"))
    found = {a.document.id: [x.annotator for x in a.annotations] for a in project_articles(project)}
    assert found == {"pommes": [], "soupe": ["anna"]}
    assert list(found) == ["pommes", "soupe"]
    write_annotation(project, Annotation("gone", "anna", "mini@0.1"))
    with pytest.raises(GoldwireError, match="GW210"):
        project_articles(project)


@pytest.mark.parametrize("text", ["join(stream_seeds(project), stream_annotations(", r"[^\w.@+-]"])
def test_each_of_these_stands_in_one_module(text: str) -> None:
    """What joins articles and annotations, and what a file's name may hold, is decided once."""
    assert len([path for path in SOURCE.rglob("*.py") if text in path.read_text(encoding="utf-8")]) == 1


def test_a_safe_name_holds_nothing_that_leads_elsewhere() -> None:
    """Slashes and spaces go, letters of all languages stay; only `file_name` keeps two names apart."""
    assert safe_name("../a b/é") == ".._a_b_é"
    assert safe_name("politics@1.0-politics@1.1") == "politics@1.0-politics@1.1"
    assert file_name("a b") != file_name("a_b") == safe_name("a b")

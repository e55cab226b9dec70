"""The stored annotations of a project, joined with its articles in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import goldwire
from goldwire.annotations.store import project_articles, write_annotation
from goldwire.errors import GoldwireError
from goldwire.files import file_name, safe_name, write_text, write_texts
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


def test_many_files_are_written_as_each_would_be(tmp_path: Path) -> None:
    """In whatever batches: their content and rights, what said so already left alone, none half written."""
    texts = [(tmp_path / f"{n % 3}/{n}.json", f"é {n}\n") for n in range(7)]
    assert write_texts(texts, batch=2) == 7
    assert [path.read_text(encoding="utf-8") for path, _ in texts] == [text for _, text in texts]
    write_text(tmp_path / "alone.json", "x")
    assert {path.stat().st_mode for path, _ in texts} == {(tmp_path / "alone.json").stat().st_mode}
    times = [path.stat().st_mtime_ns for path, _ in texts]
    assert write_texts([*texts, (texts[0][0], "new")]) == 1 and texts[0][0].read_text() == "new"
    assert [path.stat().st_mtime_ns for path, _ in texts[1:]] == times[1:]
    (tmp_path / "file").write_text("")
    with pytest.raises(GoldwireError, match="GW904"):
        write_texts([(tmp_path / "a.json", "a"), (tmp_path / "file/b.json", "b")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "alone.json", "file"]

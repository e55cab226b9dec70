"""Articles listed, and taken out again without leaving annotations of what nobody has."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from goldwire.annotations.store import project_articles, read_annotations, write_annotation
from goldwire.cli.main import cli
from goldwire.model import Annotation
from goldwire.project import Project, load_project
from goldwire.seeds import load_seeds, unlisted

MINI = Path(__file__).parents[1] / "data/mini"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The second project, copied."""
    shutil.copytree(MINI, tmp_path / "mini")
    return load_project(tmp_path / "mini")


def run(project: Project, *words: str) -> Result:
    """`goldwire seeds` with these words."""
    return CliRunner().invoke(cli, ["seeds", words[0], "--project", str(project.root), *words[1:]])


def test_the_list_has_every_article(project: Project, tmp_path: Path) -> None:
    """In the order of the listing, in the terminal as in JSON."""
    done = run(project, "list", "--json", str(tmp_path / "list.json"))
    named = [document.id for document in load_seeds(project)]
    assert [line["id"] for line in json.loads((tmp_path / "list.json").read_text())] == named
    assert done.exit_code == 0 and all(name in done.output for name in named)


def test_an_annotated_article_stays_unless_told(project: Project) -> None:
    """Refused by name, with the annotators; told, its annotations go with it and the project stays whole."""
    [first, *others] = [document.id for document in load_seeds(project)]
    for name in (first, others[0]):
        write_annotation(project, Annotation(name, "anna", "mini@0.1", "submitted"))
    annotations = read_annotations(project)
    before = sorted(path.read_bytes() for path in project.root.rglob("*") if path.is_file())
    done = run(project, "remove", first)
    assert "GW713" in str(done.exception) and "--with-annotations" in str(done.exception)
    assert before == sorted(path.read_bytes() for path in project.root.rglob("*") if path.is_file())
    assert run(project, "remove", first, "--with-annotations").exit_code == 0
    assert [article.document.id for article in project_articles(project)] == others
    assert unlisted(project) == []
    assert {a.document for a in read_annotations(project)} == {a.document for a in annotations} - {first}


def test_an_article_without_annotations_goes_with_its_text(project: Project) -> None:
    """The lines of the others stay as they were, to the letter."""
    listing = project.seeds / "articles.jsonl"
    before = listing.read_text(encoding="utf-8")
    (project.seeds / "articles/new.txt").write_text("Une soupe.", encoding="utf-8")
    line = '{"file":  "articles/new.txt",   "id": "new"}\n'
    listing.write_text(before + line, encoding="utf-8")
    assert run(project, "remove", "new").exit_code == 0
    assert listing.read_text(encoding="utf-8") == before
    assert not (project.seeds / "articles/new.txt").exists()


def test_an_unknown_id_removes_nothing(project: Project) -> None:
    """Not even the known ones beside it."""
    first = load_seeds(project)[0].id
    done = run(project, "remove", first, "none", "--with-annotations")
    assert "GW712" in str(done.exception) and first in {document.id for document in load_seeds(project)}

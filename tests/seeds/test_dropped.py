"""No article is dropped in silence: each that is not taken is named, with the way out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from goldwire.cli.main import cli
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article, Document
from goldwire.project import Project, load_project
from goldwire.seeds import load_seeds, read_documents, unlisted

MINI = Path(__file__).parents[1] / "data/mini"


def mini(folder: Path) -> Project:
    """The second project, copied."""
    shutil.copytree(MINI, folder / "mini")
    return load_project(folder / "mini")


def run(*words: str) -> Result:
    """goldwire with these words."""
    return CliRunner().invoke(cli, words)


def test_documents_that_a_store_can_not_keep_are_named(tmp_path: Path) -> None:
    """Without annotations: those the project lacks, those whose text is another; --strict refuses them."""
    project = mini(tmp_path)
    listed = load_seeds(project)[0]
    articles = [listed, Document(load_seeds(project)[1].id, "Autre texte."), Document("new", "Une note.")]
    write_jsonl(tmp_path / "notes.jsonl", [Article(document) for document in articles])
    words = ["corpus", "convert", str(tmp_path / "notes.jsonl"), str(project.root), "--from", "jsonl"]
    done = run(*words, "--to", "store")
    assert done.exit_code == 0
    assert "not kept: 2 × articles that the project lacks: add them with goldwire seeds add" in done.output
    assert "3 documents without annotations" in done.output and "new" in done.output
    assert run(*words, "--to", "store", "--strict").exit_code != 0


def test_files_that_the_listing_lacks_are_named(tmp_path: Path) -> None:
    """By check, stats and build; what is listed, hidden or a README is not."""
    project = mini(tmp_path)
    for name in ("articles/neu.txt", "page.HTML", "deep/er/a.pdf", "b.docx", "README.md", ".hidden.txt"):
        path = project.seeds / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    assert unlisted(project) == ["articles/neu.txt", "b.docx", "deep/er/a.pdf", "page.HTML"]
    for command in ("check", "stats"):
        said = run("corpus", command, "--project", str(project.root)).output
        assert "not in seeds/articles.jsonl, so not read: 4 files (articles/neu.txt" in said


@pytest.mark.parametrize("listing", ["", "\n", None])
def test_a_listing_that_has_none_of_the_files_is_refused(listing: str | None, tmp_path: Path) -> None:
    """The way out is named; an empty folder is no fault."""
    project = mini(tmp_path)
    path = project.seeds / "articles.jsonl"
    path.unlink() if listing is None else path.write_text(listing)
    with pytest.raises(GoldwireError, match=r"GW288 .*articles/pommes.txt.*goldwire seeds add"):
        load_seeds(project)
    shutil.rmtree(project.seeds / "articles")
    if listing is not None:
        assert load_seeds(project) == []


PAGES = {
    "a.html": "<p>Une soupe.</p>",
    "a.HTM": "Une soupe.",
    "a.txt": "\n <!DOCTYPE html>\n<html><body>Une soupe.</body></html>",
    "b.txt": "<div><p>Une soupe.</p></div>",
    "c.txt": '<?xml version="1.0"?><nitf>Une soupe.</nitf>',
    "a.pdf": "%PDF-1.7",
    "d.txt": "%PDF-1.7",
    "a.docx": "PK\x03\x04",
    "e.txt": "{\\rtf1 Une soupe.}",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_listed_file_that_is_no_plain_text_is_refused(name: str, tmp_path: Path) -> None:
    """By its suffix or by how it begins; listed, named, or in a folder of texts."""
    project = mini(tmp_path)
    file = project.seeds / "articles" / name
    file.write_text(PAGES[name], encoding="utf-8")
    with (project.seeds / "articles.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"id": "x", "file": f"articles/{name}"}) + "\n")
    for path in (project.seeds / "articles.jsonl", file, file.parent):
        with pytest.raises(GoldwireError) as caught:
            read_documents(path)
        [fault] = caught.value.faults
        assert (fault.code, fault.where) == ("GW287", str(file))
        assert "extract its text first" in fault.hint


def test_a_page_in_a_line_of_json_is_refused_and_a_text_about_tags_is_read(tmp_path: Path) -> None:
    """The text of an article may name a tag; it is no page for that."""
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": "a", "text": "<html><p>x</p></html>"}))
    with pytest.raises(GoldwireError, match=r"GW287 .*a.jsonl:1: HTML"):
        read_documents(path)
    (tmp_path / "A.TXT").write_text("Chaque <p> se ferme par </p>, dit-il; 3 < 4.")
    [document] = read_documents(tmp_path)
    assert document.text.startswith("Chaque <p>")

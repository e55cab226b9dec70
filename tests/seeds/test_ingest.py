"""Articles in: what is read, what is refused, and that refusals name the file."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.project import example_root, load_project
from goldwire.seeds import load_seeds, read_documents
from goldwire.text import normalise


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    """A normalised text is NFC, has no carriage return, and stays as it is."""
    once = normalise(text)
    assert "\r" not in once
    assert unicodedata.is_normalized("NFC", once)
    assert normalise(once) == once


def test_text_json_lines_and_csv_give_the_same_article(tmp_path: Path) -> None:
    """Three ways in, one document; what is not id or text is kept as metadata."""
    text = 'L’Élysée 🇫🇷 a dit :\n« non », "oui".'
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    row = {"id": "a", "title": "T", "text": text}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n\n", encoding="utf-8")
    quoted = text.replace('"', '""')
    (tmp_path / "a.csv").write_text(f'id,title,text\r\na,T,"{quoted}"\r\n', encoding="utf-8", newline="")
    [from_text] = read_documents(tmp_path / "a.txt")
    [from_json] = read_documents(tmp_path / "a.jsonl")
    [from_csv] = read_documents(tmp_path / "a.csv")
    assert from_text.text == from_json.text == from_csv.text == text
    assert from_json.meta == from_csv.meta == {"title": "T", "sha256": sha256(text)}
    assert from_text.meta == {"sha256": sha256(text)}


def test_text_is_normalised_once_and_the_raw_hash_kept(tmp_path: Path) -> None:
    """Decomposed accents are composed, line ends unified; the hash is the raw file's."""
    raw = "e\u0301te\u0301\r\nfin".encode()
    (tmp_path / "a.txt").write_bytes(raw)
    [document] = read_documents(tmp_path / "a.txt")
    assert document.text == "été\nfin"
    assert document.meta["sha256"] == sha256(raw)


def refused(*paths: Path) -> str:
    """What is said when these files are refused."""
    with pytest.raises(GoldwireError) as caught:
        read_documents(*paths)
    return "\n".join(str(fault) for fault in caught.value.faults)


def test_other_encodings_empty_files_and_duplicates_are_refused_by_name(tmp_path: Path) -> None:
    """One run names every bad file of a folder."""
    (tmp_path / "latin.txt").write_bytes("Élysée".encode("latin-1"))
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    (tmp_path / "one.txt").write_text("même texte", encoding="utf-8")
    (tmp_path / "two.txt").write_bytes("me\u0302me texte".encode())
    assert "latin.txt: not UTF-8: byte 0xc9 at offset 0" in refused(tmp_path / "latin.txt")
    (tmp_path / "latin.txt").unlink()
    shown = refused(tmp_path)
    assert "GW220" in shown and "empty.txt" in shown
    assert "GW222" in shown and "two.txt" in shown and "one.txt" in shown


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "GW224"),
        ("[1]", "GW224"),
        ('{"text": "a"}', "GW226"),
        ('{"id": 3, "text": "a"}', "GW226"),
        ('{"id": "a"}', "GW226"),
        ('{"id": "a", "text": "\\ud800"}', "GW226"),
        ('{"id": "a", "file": "../../etc/passwd"}', "GW226"),
        ('{"id": "a", "file": "none.txt"}', "GW901"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, line: str, code: str) -> None:
    """A bad line of JSON Lines has a code of its own, and no traceback."""
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": "ok", "text": "bien"}\n' + line + "\n", encoding="utf-8")
    shown = refused(path)
    assert code in shown
    assert "x.jsonl:2" in shown or code == "GW901"


def test_csv_with_ragged_rows_is_refused(tmp_path: Path) -> None:
    """A row with too many fields is a sign of a comma that was not quoted."""
    path = tmp_path / "x.csv"
    path.write_text("id,text\na,un, deux\n", encoding="utf-8")
    assert "GW225" in refused(path)


def test_ids_are_unique_across_files(tmp_path: Path) -> None:
    """The second article of an id is refused, and the first one's place given."""
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": "a", "text": "un"}\n{"id": "a", "text": "deux"}\n', encoding="utf-8")
    shown = refused(path)
    assert "GW221" in shown and "x.jsonl:1" in shown and "x.jsonl:2" in shown


def test_the_examples_articles_are_all_there() -> None:
    """The listing names each file of the folder, and every article has a source and a date."""
    project = load_project(example_root())
    documents = load_seeds(project)
    files = {path.stem for path in (project.seeds / "articles").glob("*.txt")}
    assert {document.id for document in documents} == files
    for document in documents:
        assert document.meta["source"] and document.meta["published"]


def test_a_long_article_in_csv_is_read_whole(tmp_path: Path) -> None:
    """The csv module's own limit of 131,072 characters is not ours."""
    path = tmp_path / "x.csv"
    path.write_text(f"id,text\na,{'mot ' * 50_000}\n", encoding="utf-8")
    [document] = read_documents(path)
    assert len(document.text) == 200_000


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "a\\ud800", "text": "b"}',
        '{"id": "a", "text": "b", "title": ["\\udfff"]}',
        '{"id": "a", "text": "b", "meta": [1]}',
        '{"id": "a", "file": "b\\u0000c.txt"}',
        '{"id": "a", "text": ' + "9" * 5000 + "}",
    ],
)
def test_what_no_file_can_hold_is_refused(tmp_path: Path, line: str) -> None:
    """Half surrogate pairs, NUL in paths and endless numbers end in a plain fault, wherever they stand."""
    path = tmp_path / "x.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    assert "x.jsonl:1" in refused(path)


def test_metadata_that_is_given_twice_is_refused_unless_alike(tmp_path: Path) -> None:
    """In `meta` and beside it: one of the two would be gone."""
    path = tmp_path / "x.jsonl"
    row = {"id": "a", "text": "un", "title": "A", "meta": {"title": "A", "author": "B"}}
    path.write_text(json.dumps(row), encoding="utf-8")
    [document] = read_documents(path)
    assert (document.meta["title"], document.meta["author"]) == ("A", "B")
    path.write_text(json.dumps({**row, "title": "C"}), encoding="utf-8")
    shown = refused(path)
    assert "GW226" in shown and "x.jsonl:1" in shown and "`title`" in shown

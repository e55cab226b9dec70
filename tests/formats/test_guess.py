"""Whose file it is: told from how it begins, said where it was taken for another's, asked where it may be
both."""

from __future__ import annotations

import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import goldwire
from goldwire.cli.corpus import command
from goldwire.cli.eval import command as eval_command
from goldwire.errors import GoldwireError
from goldwire.formats.guess import formats_like, guess_read
from goldwire.formats.head import Head
from goldwire.formats.jsonl import write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from tests.corpus.mini import mini_project
from tests.examples import at_most
from tests.formats.sample import GOLDEN, SCHEMA, rich, sample

DOCCANO = '{"id": 1, "text": "Anna cuts.", "label": [[0, 4, "COOK"]], "Comments": []}\n'


def run(*arguments: str | Path, group: Any = command) -> tuple[int, str, str]:
    """Exit code, figures and messages."""
    done = CliRunner().invoke(group, [*map(str, arguments)])
    if isinstance(done.exception, GoldwireError):
        return 2, done.stdout, done.stderr + str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("jsonl", "x"),
        ("labelstudio", "x"),
        ("brat", "x"),
        ("docbin", "x.spacy"),
        ("parquet", "x"),
        ("parquet", "x.one"),
        ("conll", "x"),
        ("cas", "x"),
        ("doccano", "x"),
        ("prodigy", "x"),
    ],
)
def test_what_goldwire_writes_is_told_by_its_content_alone(name: str, target: str, tmp_path: Path) -> None:
    """Whatever it is called; the one reading it as `auto` gets the same as by its name."""
    path = tmp_path / target
    options = {"layer": "thing"} if name == "conll" else {}
    articles = rich()[:1] if name == "conll" else rich()
    FORMATS[name].write(path, articles, ConversionOptions(schema_path=SCHEMA, language="fr", **options))  # type: ignore[arg-type]
    assert formats_like(path) == [name]
    assert goldwire.read(path).format == name
    assert len(goldwire.read(path, "auto")) == len(goldwire.read(path, name))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("one-way/brat", "brat"),
        ("one-way/conll2003.conll", "conll"),
        ("one-way/inception", "cas"),
        ("sample.conll", "conll"),
        ("labelstudio.json", "labelstudio"),
        ("cas-json", "cas"),
    ],
)
def test_golden_files_are_told(file: str, name: str) -> None:
    """As is what others wrote."""
    assert name in formats_like(GOLDEN / file) and guess_read(GOLDEN / file) == name


def test_a_project_is_its_store(tmp_path: Path) -> None:
    """Whatever else lies in its folder."""
    assert formats_like(mini_project(tmp_path / "mini").root) == ["store"]


@pytest.mark.parametrize(
    "named", ["jsonl", "labelstudio", "prodigy", "spacy", "docbin", "conll", "csv", "bioc"]
)
def test_a_file_taken_for_another_tool_s_is_named_in_the_refusal(named: str, tmp_path: Path) -> None:
    """With what to say instead; nothing is written."""
    source = tmp_path / "in.json"
    source.write_text(DOCCANO, encoding="utf-8")
    code, _, said = run("convert", source, tmp_path / "out.jsonl", "--from", named, "--to", "jsonl")
    assert (code, (tmp_path / "out.jsonl").exists()) == (2, False)
    assert f"this looks like doccano, not like {named} (--from doccano)" in said
    assert run("convert", source, tmp_path / "out.jsonl", "--from", "doccano", "--to", "jsonl")[0] == 0


def test_auto_is_the_default_and_says_what_was_taken(tmp_path: Path) -> None:
    """On standard error; a named format says nothing."""
    source = tmp_path / "in.txt"
    source.write_text(DOCCANO, encoding="utf-8")
    code, _, said = run("convert", source, tmp_path / "a.jsonl", "--to", "jsonl")
    assert code == 0 and f"{source}: read as doccano" in said and "--from" in said
    code, _, said = run("convert", source, tmp_path / "b.jsonl", "--from", "doccano", "--to", "jsonl")
    assert code == 0 and "read as" not in said
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_what_may_be_several_is_asked(tmp_path: Path) -> None:
    """The candidates are named, and nothing is written."""
    for suffix, content in ((".txt", "Anna"), (".ann", ""), (".xmi", "<x/>")):
        (tmp_path / f"a{suffix}").write_text(content, encoding="utf-8")
    code, _, said = run("convert", tmp_path, tmp_path / "out.jsonl", "--to", "jsonl")
    assert (code, (tmp_path / "out.jsonl").exists()) == (2, False)
    assert "GW630" in said and "it may be brat or cas" in said and "--from" in said


def test_what_nothing_tells_is_asked(tmp_path: Path) -> None:
    """A text of no format at all."""
    (tmp_path / "a.txt").write_text("Anna cuts leeks.\nShe eats.\n", encoding="utf-8")
    assert formats_like(tmp_path / "a.txt") == []
    code, _, said = run("convert", tmp_path / "a.txt", tmp_path / "o.jsonl", "--to", "jsonl")
    assert (code, "GW931" in said) == (2, True)


def test_a_file_of_a_folder_s_format_is_asked_for_by_its_folder(tmp_path: Path) -> None:
    """brat's texts and annotations lie side by side."""
    files = [tmp_path / "a.txt", tmp_path / "a.ann"]
    for file in files:
        file.write_text("", encoding="utf-8")
    for file in files:
        with pytest.raises(GoldwireError, match=r"GW931 .*name the folder, which is brat's"):
            goldwire.read(file)


def test_what_a_run_over_an_archive_wrote_is_asked_for_by_its_shards(tmp_path: Path) -> None:
    """Its folder and packed shards are read by the commands over archives alone; that is said."""
    (tmp_path / "_manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / "a-00000.jsonl.gz").write_bytes(gzip.compress(b'{"id": "a", "text": "Un."}\n'))
    for path, hint in ((tmp_path, "name a shard in it"), (tmp_path / "a-00000.jsonl.gz", "gzip -dk")):
        with pytest.raises(GoldwireError, match=f"GW931 .*{hint}"):
            goldwire.read(path)


def test_scores_are_made_of_any_format(tmp_path: Path) -> None:
    """Gold from one tool, predictions from another; what was taken and what was lost is said."""
    gold = tmp_path / "gold.jsonl"
    write_jsonl(gold, sample()[:1])
    FORMATS["prodigy"].write(tmp_path / "pred.jsonl", sample()[:1], ConversionOptions())
    code, told, said = run("score", gold, tmp_path / "pred.jsonl", "--resamples", "0", group=eval_command)
    assert code == 0 and "reference" in told
    assert f"{tmp_path / 'pred.jsonl'}: read as prodigy" in said and f"{gold}: read as" not in said


def test_agreement_is_made_of_what_annotators_export(tmp_path: Path) -> None:
    """A folder of doccano's with a file for each; both are readings of one document."""
    for who, end in (("anna", 4), ("ben", 9)):
        row = {"id": 1, "text": "Anna cuts leeks.", "label": [[0, end, "COOK"]], "Comments": ["?"]}
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{who}.jsonl").write_text(json.dumps(row), encoding="utf-8")
    code, told, said = run("agree", tmp_path / "in", "--no-gamma", "--resamples", "0", group=eval_command)
    assert (code, "anna and ben" in told) == (0, True)
    assert "read as doccano" in said and "not kept: 2 × comments" in said


def test_two_systems_are_compared_from_any_format(tmp_path: Path) -> None:
    """The reference in one, the systems in others."""
    gold = tmp_path / "gold.jsonl"
    write_jsonl(gold, sample()[:1])
    for name in ("doccano", "prodigy"):
        FORMATS[name].write(tmp_path / f"{name}.jsonl", sample()[:1], ConversionOptions())
    code, _, said = run(
        "compare", gold, tmp_path / "doccano.jsonl", tmp_path / "prodigy.jsonl", "--rounds", "100",
        group=eval_command,
    )  # fmt: skip
    assert code == 0 and "read as doccano" in said and "read as prodigy" in said


def test_what_is_read_once_only_is_not_looked_at(tmp_path: Path) -> None:
    """A pipe is JSON Lines, whole."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    write_jsonl(tmp_path / "in.jsonl", sample())
    content = (tmp_path / "in.jsonl").read_bytes()
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    assert len(goldwire.read(pipe)) == len(sample())
    writer.join()


def test_goldwire_s_own_lines_are_told_in_its_own_words(tmp_path: Path) -> None:
    """A fault in one of them is not taken for another tool's file."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "b", "annotations": [{"annotator": "x"}]}\n', encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        goldwire.read(path)
    assert [fault.code for fault in caught.value.faults] == ["GW207"]


@settings(max_examples=at_most(300))
@given(
    data=st.binary(max_size=80) | st.text('{}[]":,\n\t|<>0aO-B #', max_size=80).map(str.encode),
    tail=st.binary(),
)
def test_any_file_can_be_looked_at(
    data: bytes, tail: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in it: a format or none, never a traceback."""
    folder = tmp_path_factory.mktemp("any")
    for suffix in (".json", ".jsonl", ".csv", ".txt", ".spacy", ".conllu", ""):
        path = folder / f"x{suffix}"
        path.write_bytes(data + tail)
        assert set(formats_like(path)) <= set(FORMATS)


def test_a_row_longer_than_the_head_is_looked_at_whole(tmp_path: Path) -> None:
    """A text of a million characters, as an array and as a line."""
    text, path = "Anna cuts leeks. " * 60_000, tmp_path / "a.json"
    path.write_text(json.dumps([[text, {"entities": [[0, 4, "COOK"]]}]]), encoding="utf-8")
    assert formats_like(path) == ["spacy"]
    path.write_text(json.dumps({"text": text, "label": [[0, 4, "COOK"]]}) + "\n", encoding="utf-8")
    assert formats_like(path) == ["doccano"]


def test_the_head_of_a_long_array_is_enough(tmp_path: Path) -> None:
    """A file that goes on far beyond what is looked at, on one line."""
    rows = [["Anna cuts leeks. " * 20, {"entities": [[0, 4, "COOK"]]}] for _ in range(2000)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert Head.of(path).cut and formats_like(path) == ["spacy"]


def test_rows_of_an_archive_are_converted(tmp_path: Path) -> None:
    """Columns of whatever name beside a text are metadata, which is said; no `--from` is asked for."""
    archive = tmp_path / "archive.jsonl"
    archive.write_text('{"id": "a", "text": "Ada salts.", "title": "T", "tags": ["x"]}\n', encoding="utf-8")
    done = goldwire.convert(archive, tmp_path / "out.jsonl")
    assert done.assumed == [
        "columns: id=id, text=text, title=title; metadata: tags (--columns says otherwise)"
    ]
    (article,) = goldwire.read(tmp_path / "out.jsonl")
    assert article.document.text == "Ada salts."
    assert article.document.meta.items() >= {"title": "T", "tags": ["x"]}.items()
    assert goldwire.read(archive) == [article]


@pytest.mark.parametrize("key", ["anotations", "spans_", "extra"])
def test_what_may_be_marks_is_no_metadata(key: str, tmp_path: Path) -> None:
    """A misspelt key that holds objects is a fault of goldwire's own lines, not one more column."""
    path = tmp_path / "a.jsonl"
    row = {"id": "a", "text": "b", key: [{"annotator": "x", "schema": "m@1"}]}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        goldwire.read(path)
    assert [fault.code for fault in caught.value.faults] == ["GW207"]


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        ([{"id": "a", "text": "b", "on": 1}, {"id": "a", "text": "c", "on": 1}], {}, "GW208"),
        ([{"id": "a", "text": " ", "on": 1}], {}, "GW951"),
        ([{"id": "a", "text": "b", "on": 1, "annotations": [{"schema": 1}]}], {}, "GW207"),
        ([{"id": "a", "words": "b"}], {}, "GW704"),
        ([{"id": "a", "text": "b", "on": 1}], {"columns": "body=text"}, "GW625"),
        ([{"id": "a", "text": "b", "on": 1}], {"columns": "text=body"}, "GW625"),
        (["a text"], {}, "GW621"),
        ([{"id": "a", "text": "b", "on": "\ud83d"}], {}, "GW621"),
    ],
)
def test_rows_that_are_no_articles_are_told(
    rows: list[object], options: dict[str, str], code: str, tmp_path: Path
) -> None:
    """Each with its place; with `lenient` the others are read."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        goldwire.read(path, "articles", **options)
    assert caught.value.faults[0].code == code
    assert caught.value.faults[0].where.startswith(str(path))
    if code in ("GW951", "GW207"):
        path.write_text(json.dumps([*rows, {"id": "z", "text": "y", "on": 2}]), encoding="utf-8")
        articles = goldwire.read(path, "articles", lenient=True)
        assert ([each.document.id for each in articles], len(articles.quarantine)) == (["z"], 1)

"""One cause is one fault, in every format; lenient reading puts aside what can't be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import DocBin

import goldwire
from goldwire.cli.corpus import command
from goldwire.errors import Fault, GoldwireError, by_cause
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS

FAULTS = st.builds(
    Fault,
    st.sampled_from(["GW1", "GW2"]),
    st.sampled_from(["no label `A`", "no label `B`", "T1 says «x»", "T2 says «y»", "3 columns", "4 columns"]),
    st.sampled_from(["a:1", "a:2", "b:1"]),
)


@given(faults=st.lists(FAULTS))
def test_faults_of_one_cause_are_one_with_their_number(faults: list[Fault]) -> None:
    """No fault is lost from the count, quotations and numbers do not tell causes apart, names do."""
    grouped = by_cause(faults)
    assert sum(fault.count for fault in grouped) == len(faults)
    causes = {(f.code, f.message if "`" in f.message else f.message[-7:-4]) for f in faults}
    assert len(grouped) == len(causes)
    assert by_cause(grouped) == grouped
    assert all(len(fault.also) <= 2 and fault.where not in fault.also for fault in grouped)


def test_many_names_of_one_kind_are_one_cause() -> None:
    """Ten labels that a schema lacks are listed; a thousand ids that stand twice are not."""
    few = [Fault("GW270", f"no label `L{n}`", f"a:{n}") for n in range(10)]
    assert by_cause(few) == few
    (fault,) = by_cause([Fault("GW208", f"document `d{n}` stands twice", f"a:{n}") for n in range(1000)])
    assert str(fault) == "GW208 a:0: document `d0` stands twice; 1000 times, also at a:1, a:2, …"


def _jsonl(folder: Path) -> tuple[Path, int]:
    lines = [
        '{"id": "a", "text": "x"}',
        *["{no json"] * 150,
        '{"id": "b", "text": 3}',
        '{"id": "c", "text": "y"}',
    ]
    (folder / "in.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "in.jsonl", 151


def _conll(folder: Path) -> tuple[Path, int]:
    (folder / "in.conll").write_text("Anna B-P\nda O\n" * 200 + "odd\n" * 150, encoding="utf-8")
    return folder / "in.conll", 150


def _docbin(folder: Path) -> tuple[Path, int]:
    """Docs whose data bear our name and are not ours."""
    nlp = spacy.blank("xx")
    docs = [nlp("Anna"), *(nlp("Bea") for _ in range(150))]
    for doc in docs[1:]:
        doc.user_data["goldwire"] = {"document": 3}
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "in.spacy")
    return folder / "in.spacy", 150


SOURCES = {"jsonl": _jsonl, "conll": _conll, "docbin": _docbin}


@pytest.mark.parametrize("name", SOURCES)
def test_a_cause_is_told_once_and_put_aside_where_asked(name: str, tmp_path: Path) -> None:
    """150 broken parts are few lines; lenient, they lie in quarantine and the rest is read."""
    path, broken = SOURCES[name](tmp_path)
    with pytest.raises(GoldwireError) as caught:
        FORMATS[name].read(path, ConversionOptions())
    assert len(caught.value.faults) <= 2
    assert sum(fault.count for fault in caught.value.faults) == broken
    articles = goldwire.read(path, format=name, lenient=True)
    assert len(articles) in (1, 2)
    assert sum(map(len, articles.lost.values())) == broken
    assert len(articles.quarantine) == broken
    assert all(line["kind"] and line["where"] and line["item"] for line in articles.quarantine)


def test_what_was_put_aside_lies_beside_the_target(tmp_path: Path) -> None:
    """With its reason and its place; without the option nothing is written."""
    path, broken = _jsonl(tmp_path)
    way = [str(path), str(tmp_path / "out.jsonl"), "--from", "jsonl", "--to", "jsonl"]
    refused = CliRunner().invoke(command, ["convert", *way])
    assert isinstance(refused.exception, GoldwireError) and not (tmp_path / "out.jsonl").exists()
    done = CliRunner().invoke(command, ["convert", *way, "--lenient"])
    assert done.exit_code == 0, done.output
    assert "2 documents" in done.stderr and "not kept: 150 × GW207" in done.stderr
    lines = (tmp_path / "out.jsonl.quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == broken
    assert json.loads(lines[0]) | {"kind": ""} == {
        "source": path.name,
        "kind": "",
        "where": f"{path}:2",
        "count": 1,
        "item": "{no json",
    }


@pytest.mark.parametrize("name", ["jsonl", "conll"])
def test_where_nothing_is_left_it_is_an_error_all_the_same(name: str, tmp_path: Path) -> None:
    """The wrong format is not a corpus without documents."""
    path = tmp_path / "in.txt"
    path.write_text("Some text.\nMore of it.\n", encoding="utf-8")
    with pytest.raises(GoldwireError):
        FORMATS[name].read(path, ConversionOptions(lenient=True))


def test_documents_that_a_schema_does_not_fit_are_put_aside(tmp_path: Path) -> None:
    """Lenient conversion holds each document against the schema that was asked for."""
    from tests.corpus.mini import MINI, mini_articles

    lines = [goldwire.Article(goldwire.Document("odd", "Anna"), (_odd(),)), *mini_articles()]
    goldwire.write(lines, tmp_path / "in.jsonl")
    schema = MINI / "schemas/mini.yaml"
    done = goldwire.convert(tmp_path / "in.jsonl", tmp_path / "out.jsonl", schema=schema, lenient=True)
    assert len(goldwire.read(tmp_path / "out.jsonl")) == len(mini_articles())
    assert done.quarantine_file is not None
    (aside,) = done.quarantine_file.read_text(encoding="utf-8").splitlines()
    assert json.loads(aside)["item"]["id"] == "odd" and "GW270" in aside


def _odd() -> goldwire.Annotation:
    return goldwire.Annotation("odd", "a", "mini@0.1", spans=(goldwire.Span("s", "nowhere", "X", 0, 4),))

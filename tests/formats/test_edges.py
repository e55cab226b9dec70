"""White space at the edges of spans: taken off by every reader, counted, told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy
from click.testing import CliRunner
from hypothesis import given
from msgspec import structs
from spacy.tokens import DocBin

import goldwire
from goldwire.annotations.tokens import tokenizer
from goldwire.cli.corpus import command
from goldwire.cli.eval import command as eval_command
from goldwire.formats.edges import BLANK, TRIMMED
from goldwire.formats.jsonl import write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Annotation, Article, Document, Relation, Span, curated
from tests.formats.sample import unpadded, whole
from tests.strategies import articles

TEXT = "Anna  lebt\u00a0in\n\nBern   heute.\n"
#: A name with blanks behind, one with line ends before it, one as it should be, blanks alone.
SPANS = (
    Span("s1", "entity", "PER", 0, 6),
    Span("s2", "entity", "LOC", 13, 21),
    Span("s3", "entity", "DATE", 22, 27),
    Span("s4", "entity", "LOC", 19, 22),
)
RELATIONS = (Relation("in", "s1", "s2"), Relation("in", "s1", "s4"))
MARKED = ["Anna", "Bern", "heute"]


def held() -> Article:
    """One annotation whose spans have white space at their edges."""
    annotation = Annotation("d", "anna", "s@1", "submitted", spans=SPANS, relations=RELATIONS)
    return Article(Document("d", TEXT, {"language": "de"}), (annotation,))


def _brat(folder: Path) -> Path:
    (folder / "d.txt").write_text(TEXT, encoding="utf-8")
    lines = [f"T{number}\t{s.label} {s.start} {s.end}\t" for number, s in enumerate(SPANS, start=1)]
    lines = [f"{line}{' '.join(TEXT[s.start : s.end].split())}" for line, s in zip(lines, SPANS, strict=True)]
    (folder / "d.ann").write_text("\n".join([*lines, "R1\tin Arg1:T1 Arg2:T2", "R2\tin Arg1:T1 Arg2:T4\n"]))
    return folder


def _docbin(folder: Path) -> Path:
    """As another program writes it: tokens of white space at the edges of groups."""
    doc = spacy.blank("de")(TEXT)
    spans = [doc.char_span(s.start, s.end, s.label, alignment_mode="expand") for s in SPANS]
    doc.spans["entity"] = [span for span in spans if span is not None]
    DocBin(docs=[doc]).to_disk(folder / "d.spacy")
    return folder / "d.spacy"


def _written(name: str, ending: str, folder: Path) -> Path:
    FORMATS[name].write(folder / f"d{ending}", [held()], ConversionOptions())
    return folder / f"d{ending}"


@pytest.mark.parametrize(
    "name", ["brat", "docbin", "jsonl", "cas", "parquet", "labelstudio", "goldwire's docbin"]
)
def test_every_reader_takes_it_off_and_counts_it(name: str, tmp_path: Path) -> None:
    """The names are left, each trimmed one is told, what is white space alone lies in quarantine."""
    endings = {"jsonl": ".jsonl", "cas": "", "parquet": ".parquet", "labelstudio": ".json"}
    if name in ("brat", "docbin"):
        path = {"brat": _brat, "docbin": _docbin}[name](tmp_path)
    elif name == "goldwire's docbin":
        name, path = "docbin", _written("docbin", ".spacy", tmp_path)
    else:
        path = _written(name, endings[name], tmp_path)
    setting = ConversionOptions()
    (article,) = FORMATS[name].read(path, setting)
    (annotation,) = article.annotations
    text = article.document.text
    assert [text[span.start : span.end] for span in annotation.spans] == MARKED
    assert len(setting.lost[TRIMMED]) == 2
    assert [line["kind"] for line in setting.quarantine if line["kind"] == BLANK] == [BLANK]
    spans = setting.account.spans
    assert (spans.found, spans.kept, spans.trimmed, spans.not_kept) == (4, 3, 2, 1)
    if annotation.relations:
        assert [relation.label for relation in annotation.relations] == ["in"]
        assert setting.account.relations.not_kept == 1


def test_a_token_of_white_space_in_conll_is_trimmed_too(tmp_path: Path) -> None:
    """A space that does not break is a token of its own in some files."""
    path = tmp_path / "d.conll"
    path.write_text("Anna\tB-PER\n\u00a0\tI-PER\nlebt\tO\n\u00a0\tB-PER\nda\tO\n", encoding="utf-8")
    setting = ConversionOptions()
    (article,) = FORMATS["conll"].read(path, setting)
    assert [(s.start, s.end) for s in article.annotations[0].spans] == [(0, 4)]
    assert (len(setting.lost[TRIMMED]), len(setting.lost[BLANK])) == (1, 1)


@given(article=articles())
def test_what_is_read_of_any_article_is_unpadded_and_the_account_is_whole(article: Article) -> None:
    """Every span is kept, trimmed or put aside, and each is counted."""
    from goldwire.formats.edges import trimmed

    setting = ConversionOptions()
    again = trimmed(article, setting)
    assert whole([again]) == whole([unpadded(article)])
    spans = setting.account.spans
    assert spans.found == sum(len(a.spans) for a in article.annotations)
    assert spans.kept == sum(len(a.spans) for a in again.annotations)
    assert spans.not_kept == len(setting.lost.get(BLANK, ()))
    assert spans.trimmed == len(setting.lost.get(TRIMMED, ()))
    assert whole([trimmed(again, ConversionOptions())]) == whole([again])


@given(article=articles())
def test_no_entity_of_a_doc_begins_or_ends_with_a_token_of_white_space(article: Article) -> None:
    """Whatever is given away from Python: spaCy calls such entities invalid."""
    nlp = tokenizer("xx")
    for annotation in article.annotations:
        doc = article.to_spacy(nlp, annotation, layer="thing")
        assert not [e for e in doc.ents if e[0].is_space or e[-1].is_space]


def test_it_is_told_on_the_command_line(tmp_path: Path) -> None:
    """How many, where, what was put aside, and the account; `--strict` refuses it."""
    write_jsonl(tmp_path / "in.jsonl", [held()])
    way = ["--from", "jsonl", "--to", "jsonl"]
    done = CliRunner().invoke(
        command, ["convert", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), *way]
    )
    assert done.exit_code == 0, done.output
    assert f"not kept: 2 × {TRIMMED} (anna/d s1, anna/d s2)" in done.stderr
    assert f"not kept: 1 × {BLANK} (anna/d s4)" in done.stderr
    assert "spans: 4 in, 3 kept (2 trimmed), 1 not kept" in done.stderr
    aside = (tmp_path / "out.jsonl.quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["item"].get("id") for line in aside] == ["s4", None]
    again = CliRunner().invoke(
        command, ["convert", str(tmp_path / "out.jsonl"), str(tmp_path / "b.jsonl"), *way]
    )
    assert "white space" not in again.stderr
    strict = [*way, "--strict"]
    refused = CliRunner().invoke(
        command, ["convert", str(tmp_path / "in.jsonl"), str(tmp_path / "c"), *strict]
    )
    assert isinstance(refused.exception, goldwire.GoldwireError)


def test_a_score_says_what_white_space_there_was_or_is(tmp_path: Path) -> None:
    """Of files what was taken off; of articles in memory how many can never be found exactly."""
    write_jsonl(tmp_path / "gold.jsonl", [held()])
    write_jsonl(tmp_path / "pred.jsonl", [unpadded(held())])
    arguments = ["score", str(tmp_path / "gold.jsonl"), str(tmp_path / "pred.jsonl"), "--resamples", "0"]
    done = CliRunner().invoke(eval_command, arguments)
    assert "white space at an edge of 2 spans of the reference was taken off" in done.stderr
    assert "1 spans of the reference are white space alone and left out" in done.stderr
    scores = goldwire.score(tmp_path / "gold.jsonl", tmp_path / "pred.jsonl", resamples=0)
    assert scores.to_dict()["layers"]["entity"]["exact"]["micro"]["f1"] == 1
    scores = goldwire.score([held()], [unpadded(held())], resamples=0)
    (said,) = [warning for warning in scores.warnings if "white space" in warning]
    assert said.startswith("3 of 4 spans of the reference begin or end in white space")
    assert "d [0, 6), d [13, 21), d [19, 22)" in said


def test_training_says_what_white_space_there_was_or_is(tmp_path: Path) -> None:
    """Of a file what was taken off, of a project's store what still stands there and is never found."""
    from goldwire.annotations.store import write_annotation
    from goldwire.train.run.choice import Choice
    from goldwire.train.run.plan import plan
    from tests.corpus.mini import mini_project

    write_jsonl(tmp_path / "gold.jsonl", [held()])
    planned = plan(choice=Choice(("entity",), spans=True), data=tmp_path / "gold.jsonl", out=tmp_path / "m")
    (said,) = [note for note in planned.notes if "white space" in note]
    assert said.startswith("white space at an edge of 2 spans of the data was taken off; 1 spans of the data")
    assert [span.label for r in planned.data.references for span in r.annotation.spans] == [
        "PER",
        "LOC",
        "DATE",
    ]
    project = mini_project(tmp_path / "mini")
    (article, *_) = FORMATS["store"].read(project.root, ConversionOptions())
    annotation = curated(article.annotations)
    assert annotation is not None
    first = annotation.spans[0]
    end = article.document.text.index(" ", first.end) + 1
    write_annotation(
        project, structs.replace(annotation, spans=(structs.replace(first, end=end),), relations=())
    )
    planned = plan(project, Choice((first.layer,), spans=True), out=tmp_path / "n")
    assert [
        note for note in planned.notes if "1 of " in note and "of the articles begin or end in white" in note
    ]

"""Who is a person: only one who is known to be; and what nobody submitted joins when it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from goldwire.annotations.line import loads
from goldwire.annotations.stats import count_annotations
from goldwire.annotations.store import dumps_annotation, load_annotation
from goldwire.cli.main import cli
from goldwire.errors import GoldwireError
from goldwire.eval.agreement.agree import agree
from goldwire.eval.agreement.ceiling import ceiling_of
from goldwire.eval.scoring.scores import score
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Provenance, Span, Status

TEXT = "ab cd ef gh"


def marked(annotator: str, kind: str | None, status: Status = "submitted", document: str = "d") -> Annotation:
    """One annotation of one span; without a kind it has no provenance at all."""
    made = Provenance(kind=kind) if kind else Provenance()  # type: ignore[arg-type]
    return Annotation(document, annotator, "s@1", status, made, (Span("s", "thing", "A", 0, 2),))


def read(*annotations: Annotation) -> list[Article]:
    """The document with these readings."""
    return [Article(Document("d", TEXT), annotations)]


@pytest.mark.parametrize("line", ['"status":"submitted"', '"provenance":{}', '"provenance":{"name":"spacy"}'])
def test_an_annotation_that_says_nothing_of_its_maker_is_no_persons(line: str) -> None:
    """No provenance, an empty one, or one with a name alone: the kind is unknown, and stays so when kept."""
    given = f'{{"id":"d","text":"{TEXT}","annotations":[{{"annotator":"a","schema":"s@1",{line}}}]}}'
    (annotation,) = loads(given.encode(), "x").annotations
    assert annotation.provenance.kind == "unknown"
    assert load_annotation(dumps_annotation(annotation).encode()) == annotation
    assert count_annotations(read(annotation)).by_kind == {"unknown": 1}


def test_stored_work_of_older_versions_stays_a_persons() -> None:
    """Older files leave the kind out where a person made it, and say when: they are still a person's."""
    old = '{"document":"d","annotator":"anna","schema":"s@1","provenance":{"updated":"2026-01-01"}}'
    annotation = load_annotation(old.encode())
    assert annotation.provenance.kind == "human"
    assert '"kind": "human"' in dumps_annotation(annotation)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("human", "human"), "two human annotators"),
        (("model", "rule"), "machine-drafted"),
        (("human", "model"), "people and machines"),
        ((None, None), "unknown annotators"),
        (("human", None), "known and unknown annotators"),
        (("model", None), "known and unknown annotators"),
    ],
)
def test_agreement_and_ceiling_name_people_only_where_all_are_known_to_be(
    kinds: tuple[str | None, str | None], said: str
) -> None:
    """Human annotators, and a human ceiling, are said of people alone."""
    readings = [marked(name, kind) for name, kind in zip("ab", kinds, strict=True)]
    articles = read(*readings)
    agreement = agree(articles, resamples=0)
    assert said in agreement.what
    assert ("human" in agreement.what) == (kinds == ("human", "human"))
    ceiling = ceiling_of(articles, readings[:1], score([(readings[0], readings[1])], resamples=0))
    assert ceiling is not None
    assert ("human" in ceiling.title) == (kinds == ("human", "human"))
    assert ("unknown" in ceiling.title) == (None in kinds)


def test_the_reference_line_says_that_its_maker_is_unknown(tmp_path: Path) -> None:
    """Scores against annotations of unknown makers say so, printed and as JSON; against a person's do not."""
    for kind, wanted in ((None, True), ("human", False)):
        gold = tmp_path / "gold.jsonl"
        write_jsonl(gold, read(marked("a", kind)))
        done = CliRunner().invoke(cli, ["eval", "score", str(gold), str(gold), "--resamples", "0"])
        assert done.exit_code == 0, done.output
        assert ("reference: submitted, unknown annotators" in done.output) == wanted
    assert score([(marked("a", None), marked("b", None))], resamples=0).as_json()["reference_unknown"] == 1


def test_drafts_of_people_join_agreement_only_when_asked(tmp_path: Path) -> None:
    """What a person has not submitted is left out, and told; a flag or its annotator's name takes it in. What
    a machine drafted, or nobody knows who, is no unfinished work."""
    own = marked("c", "human", "draft")
    articles = read(marked("a", "human"), marked("b", "human"), own)
    found = agree(articles, resamples=0)
    assert found.pooled.annotators == ("a", "b")
    assert found.left_out == ["c: a draft, not submitted (1 document(s))"]
    assert agree(articles, resamples=0, drafts=True).pooled.annotators == ("a", "b", "c")
    assert agree(articles, resamples=0, annotators=["a", "c"]).pooled.annotators == ("a", "c")
    for kind in ("model", None):
        others = read(marked("a", kind, "draft"), marked("b", kind, "draft"))
        assert agree(others, resamples=0).pooled.annotators == ("a", "b")
    with pytest.raises(GoldwireError, match="--drafts"):
        agree(read(marked("a", "human"), own), resamples=0)
    file = tmp_path / "readings.jsonl"
    write_jsonl(file, read(marked("a", "human"), own))
    run = ["eval", "agree", str(file), "--no-gamma", "--resamples", "0"]
    assert isinstance(CliRunner().invoke(cli, run).exception, GoldwireError)
    assert CliRunner().invoke(cli, [*run, "--drafts"]).exit_code == 0

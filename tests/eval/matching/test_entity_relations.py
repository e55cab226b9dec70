"""Relations counted between entities: whichever mention stands for one, each once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from goldwire.cli.main import cli
from goldwire.eval.matching.relations import entity_keys
from goldwire.eval.scoring.scores import score
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Relation, Span

TEXT = "Anna vit à Lyon. Elle aime Lyon, dit Bruno."
MENTIONS = (
    ("Anna", 0, "p1"),
    ("Lyon", 11, "t1"),
    ("Elle", 17, "p1"),
    ("Lyon", 27, "t1"),
    ("Bruno", 37, "p2"),
)


def annotated(*relations: tuple[int, str, int], named: bool = True, without: int | None = None) -> Annotation:
    """The mentions, of which `without` is left out, and relations between them by place."""
    spans = tuple(
        Span(
            f"s{n}",
            "thing",
            "TOWN" if word == "Lyon" else "WHO",
            start,
            start + len(word),
            {"who": who} if named else {},
        )
        for n, (word, start, who) in enumerate(MENTIONS)
        if n != without
    )
    drawn = tuple(Relation(label, f"s{head}", f"s{tail}") for head, label, tail in relations)
    return Annotation("d", "anna", "tiny@1", spans=spans, relations=drawn)


@pytest.mark.parametrize(
    ("gold", "pred", "counted"),
    [
        ([(0, "home", 1)], [(2, "home", 3)], (1, 0, 0)),
        ([(0, "home", 1), (2, "home", 1)], [(2, "home", 3)], (1, 0, 0)),
        ([(0, "home", 1)], [(0, "home", 1), (2, "home", 3)], (1, 0, 0)),
        ([(0, "home", 1)], [(4, "home", 3)], (0, 1, 1)),
        ([(0, "home", 1)], [(2, "work", 3)], (0, 1, 1)),
        ([(0, "home", 1)], [(1, "home", 0)], (0, 1, 1)),
    ],
)
def test_any_mention_stands_for_its_entity(
    gold: list[tuple[int, str, int]], pred: list[tuple[int, str, int]], counted: tuple[int, int, int]
) -> None:
    """Right where both ends are mentions of the right entities, in this order, with the right label; once."""
    scores = score([(annotated(*gold), annotated(*pred, named=False))], entities="who", resamples=0)
    assert scores.relations_between_entities is not None
    counts = scores.relations_between_entities.micro().counts
    assert (counts.tp, counts.fp, counts.fn) == counted


def test_an_end_that_gold_has_not_is_none_of_its_entities() -> None:
    """A span of another extent or label stands for itself alone."""
    gold, pred = annotated((0, "home", 1), without=2), annotated((2, "home", 3), named=False)
    one, other = entity_keys(gold, pred, {"thing": "who"})
    assert not one & other
    assert {len(one), len(other)} == {1}


def test_by_mentions_nothing_changes() -> None:
    """Strict and partial figures are what they are without entities; without the option it adds nothing."""
    pair = (annotated((0, "home", 1)), annotated((2, "home", 3)))
    with_, without = (score([pair], entities=name, resamples=0).as_json() for name in ("who", None))
    assert with_.pop("relations_between_entities")["micro"]["f1"] == 1
    assert with_ == without


def test_eval_score_counts_between_entities(tmp_path: Path) -> None:
    """`--entities` adds micro and macro to the table and the figures; a name that no span has is said."""
    for name, annotation in (("gold", annotated((0, "home", 1))), ("pred", annotated((2, "home", 3)))):
        write_jsonl(tmp_path / f"{name}.jsonl", [Article(Document("d", TEXT), (annotation,))])
    files = [str(tmp_path / "gold.jsonl"), str(tmp_path / "pred.jsonl")]
    run = CliRunner().invoke(
        cli, ["eval", "score", *files, "--entities", "who", "--json", str(tmp_path / "s.json")]
    )
    assert run.exit_code == 0, run.output
    assert "micro, between entities" in run.output
    figures = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert figures["relations_between_entities"]["macro"]["f1"] == 1
    assert figures["relations"]["micro"]["f1"] == 0
    other = CliRunner().invoke(cli, ["eval", "score", *files, "--entities", "whom"])
    assert "no span of the reference has `whom`" in other.output

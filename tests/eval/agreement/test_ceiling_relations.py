"""The readers' agreement on relations beside a model's."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from goldwire.eval.agreement.agree import agree
from goldwire.eval.agreement.ceiling import read_ceiling
from goldwire.eval.project_scores import score_articles
from goldwire.eval.report.page import write_report
from goldwire.eval.scoring.score_figures import detail_rows
from goldwire.eval.scoring.scores import score
from goldwire.model import Article
from tests.train.run.test_agreement import readings, scored


def test_the_file_of_agreement_serves_for_relations_too(tmp_path: Path) -> None:
    """What `eval agree` wrote gives the same figure, its interval only where the same are scored."""
    found = readings()
    path = tmp_path / "agreement.json"
    path.write_text(json.dumps(agree(found, resamples=20).as_json()), encoding="utf-8")
    every = read_ceiling(path, scored(found, "object", "with", "in")).relations
    some = read_ceiling(path, scored(found, "object", "with")).relations
    assert every is not None
    assert some is not None
    assert every.readers == pytest.approx(2 / 5)
    assert every.ci95 is not None
    assert some.readers == pytest.approx(2 / 3)
    assert some.ci95 is None
    assert read_ceiling(path, scored(found)).relations is None
    bare = [
        Article(one.document, tuple(msgspec.structs.replace(a, relations=()) for a in one.annotations))
        for one in found
    ]
    path.write_text(json.dumps(agree(bare, resamples=0).as_json()), encoding="utf-8")
    assert read_ceiling(path, scored(found, "object")).relations is None


def test_terminal_and_page_show_the_readers_relations(tmp_path: Path) -> None:
    """The figure stands in the terminal, the JSON and the page; without readings nowhere."""
    found = readings()
    scores, _ = score_articles(found, found, resamples=20)
    rows = {(row[0], row[1]): row[2] for row in detail_rows(scores)}
    assert rows["relations", "readers, strict F1"] == pytest.approx(2 / 5)
    assert scores.as_json()["agreement"]["relations"]["agreement_f1"] == pytest.approx(2 / 5)
    page = tmp_path / "page.html"
    write_report(page, gold=found, pred=found, scores=scores)
    assert "on relations between the spans that each marked" in page.read_text(encoding="utf-8")
    alone = score([(one.annotations[0],) * 2 for one in found], resamples=0)
    assert not any("readers" in str(row[1]) for row in detail_rows(alone))

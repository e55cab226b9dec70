"""A gate on predictions for articles that the model had learned from: left out, and said everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldwire import gate
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.model import Article
from tests.eval.ci.test_gate import left_by_train, project
from tests.eval.test_cli import run

__all__ = ["project"]
SAID = "the model was trained on 2 of 8 documents, or near copies of them"


def marked(reports: Path, names: set[str]) -> None:
    """The predictions that a training left say of these documents that the model had learned from them."""
    path = reports / "predictions.jsonl"
    articles = []
    for article in read_jsonl(path):
        [a] = article.annotations
        seen = structs.replace(a.provenance, trained_on=article.document.id in names)
        articles.append(Article(article.document, (structs.replace(a, provenance=seen),)))
    write_jsonl(path, articles)


@pytest.fixture
def gated(project: Path) -> Path:
    """A project with a run on eight documents, two of them learned from, and a baseline of the other six."""
    left_by_train(project / "eval/reports/ner", documents=8)
    marked(project / "eval/reports/ner", {"d1", "d5"})
    run("gate", "--project", project, "--update")
    return project


def test_what_was_learned_from_is_left_out_and_said_everywhere(gated: Path) -> None:
    """Six of eight documents are compared; output, summary, comment, JSON and the API say why."""
    files: dict[str, Any] = {name: gated / "out" / name for name in ("summary", "comment", "json")}
    done = run(
        "gate", "--project", gated, *(part for name, file in files.items() for part in (f"--{name}", file))
    )
    for text in (done.stderr, *(file.read_text(encoding="utf-8") for file in files.values())):
        assert SAID in text and "left out" in text
    assert json.loads(files["json"].read_text(encoding="utf-8"))["documents"] == 6
    found = gate(project=gated)
    assert found.now.documents == ("d0", "d2", "d3", "d4", "d6", "d7")
    assert any(SAID in warning for warning in found.as_json()["warnings"])


def test_the_flag_takes_them_in_and_says_so(gated: Path) -> None:
    """With --trained-on all eight count, and what that means stands beside the verdict."""
    out = gated / "out.json"
    run("gate", "--project", gated, "--trained-on", "--update")
    done = run("gate", "--project", gated, "--trained-on", "--json", out)
    assert SAID in done.stderr and "says nothing of unseen articles" in done.stderr
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["documents"] == 8 and any(SAID in warning for warning in figures["warnings"])


def test_a_baseline_is_made_of_unseen_documents_alone(gated: Path) -> None:
    """--update keeps no figure of a document that the model had learned from, and says how many those are."""
    done = run("gate", "--project", gated, "--update")
    assert SAID in done.stderr
    baseline = json.loads((gated / "eval/baseline.json").read_text(encoding="utf-8"))
    assert set(baseline["documents"]) == {"d0", "d2", "d3", "d4", "d6", "d7"}


def test_a_baseline_of_other_documents_is_refused_with_the_reason(gated: Path) -> None:
    """Where the baseline has what is now left out, that is said beside the refusal."""
    run("gate", "--project", gated, "--trained-on", "--update")
    said = run("gate", "--project", gated, code=2).stderr
    assert "GW534" in said and SAID in said


def test_where_nothing_is_unseen_there_is_no_verdict(gated: Path) -> None:
    """A model that had learned from all of them passes nothing: exit 2."""
    marked(gated / "eval/reports/ner", {f"d{number}" for number in range(8)})
    assert "GW543" in run("gate", "--project", gated, code=2).stderr
    with pytest.raises(GoldwireError, match="GW543"):
        gate(project=gated)

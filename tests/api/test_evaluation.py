"""Scores from Python: reports, stamps, what a gate says to whom, its history."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import goldwire
from tests.eval.ci.test_gate import as_baseline
from tests.eval.ci.test_history import repository  # noqa: F401  a fixture
from tests.test_api import examples


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder outside any project with gold and two systems."""
    monkeypatch.chdir(tmp_path)
    for name, articles in examples().items():
        goldwire.write(articles, f"{name}.jsonl")
    return tmp_path


def test_a_report_is_of_files_or_of_articles(folder: Path) -> None:
    """The page has the title that is asked for; its scores are those of `score`, stamped on demand."""
    files = goldwire.write_report("a.html", "gold.jsonl", "system-a.jsonl", resamples=10, stamp=True)
    held = goldwire.write_report(
        folder / "b.html", examples()["gold"], examples()["system-a"], title="Held", resamples=10
    )
    scores = goldwire.score("gold.jsonl", "system-a.jsonl", resamples=10, stamp=True)
    assert files.to_dict() == scores.to_dict() and "corpus" not in held.to_dict()
    assert scores.corpus is not None and scores.corpus["name"] == "gold" and "sha256" in scores.corpus
    pages = [Path(name).read_text(encoding="utf-8") for name in ("a.html", "b.html")]
    assert "system-a against gold" in pages[0] and "<title>Held" in pages[1]


def test_readings_in_files_are_called_like_them(folder: Path) -> None:
    """What is read of each file is told; of one file its own annotators are kept."""
    told = list[str]()
    agreement = goldwire.agree(
        "system-a.jsonl",
        "system-b.jsonl",
        resamples=0,
        gamma=False,
        format="jsonl",
        on_read=lambda articles: told.append(Path(articles.path).name),
    )
    assert told == ["system-a.jsonl", "system-b.jsonl"] and "a and b" in repr(agreement)
    whole, headlines = agreement.tables(), agreement.headlines()
    assert whole[0].columns == headlines.columns and 0 < len(headlines.rows) < len(whole[0].rows)
    assert set(agreement.warnings) <= set(agreement.notes)


def test_what_a_gate_says_is_made_for_who_reads_it(tmp_path: Path) -> None:
    """Markdown, a comment with a mark, JUnit with a suite for each gate, a badge of the first."""
    from goldwire.eval.ci.gate import Gates, gate

    gated = gate(as_baseline(tmp_path / "new"), as_baseline(tmp_path / "old"), rounds=100)
    both = Gates([gated, gated])
    assert both.passed is gated.passed and both.to_dict()["gates"] == [gated.as_json()] * 2
    assert gated.to_pandas()["F1"][0] == gated.now.f1 and "<table" in gated._repr_html_()
    assert goldwire.gate_summary(gated) in goldwire.gate_summary(both)
    comment = goldwire.gate_summary(gated, "comment")
    assert comment.startswith("<!--") and "<details>" in comment
    assert len(ET.fromstring(goldwire.gate_summary(both, "junit"))) == 2
    assert json.loads(goldwire.gate_summary(gated, "badge"))["schemaVersion"] == 1


def test_a_history_is_a_table_a_picture_and_a_page(repository: Path, tmp_path: Path) -> None:  # noqa: F811
    """Each committed baseline is a row, and a point."""
    history = goldwire.gate_history(repository)
    assert len(history.to_pandas()) == len(history.steps) > 1
    assert history.plot().startswith("<svg") and f"{len(history.steps)} baselines" in repr(history)
    history.write_page(tmp_path / "history.html", "F1 <b>")
    page = (tmp_path / "history.html").read_text(encoding="utf-8")
    assert "<svg" in page and "F1 <b>" not in page

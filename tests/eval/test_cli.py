"""`goldwire eval` as it is called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from goldwire.annotations.store import write_annotation
from goldwire.corpus.corpus import load_corpus
from goldwire.eval.project_scores import corpus_stamp
from goldwire.files import sha256
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Relation
from goldwire.project import load_project
from tests.cli.terminal import called
from tests.corpus.mini import mini_project
from tests.eval.helpers import article, reading, spans

TEXT = "Coupez l’oignon et le poivron, puis faites revenir."


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Gold, prediction, and both in one file."""
    link = (Relation("of", "t0", "t1"),)
    gold = [
        reading(*spans(("FOOD", 7, 15), ("FOOD", 19, 29)), document=f"d{i}", relations=link) for i in range(3)
    ]
    pred = [
        reading(*spans(("FOOD", 7, 15), ("TOOL", 0, 6)), document=f"d{i}", annotator="m") for i in range(3)
    ]
    paths = tmp_path / "gold.jsonl", tmp_path / "pred.jsonl", tmp_path / "both.jsonl"
    write_jsonl(paths[0], [article(TEXT, one) for one in gold])
    write_jsonl(paths[1], [article(TEXT, one) for one in pred])
    write_jsonl(paths[2], [article(TEXT, *pair) for pair in zip(gold, pred, strict=True)])
    return paths


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run goldwire; check its exit code and that it shows no traceback."""
    done = called("eval", *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_score_prints_and_writes(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Figures and the reference's status go to standard output, notes to standard error, JSON to the file."""
    gold, pred, _ = files
    done = run("score", gold, pred, "--json", tmp_path / "s.json", "--resamples", 50)
    assert "micro, exact" in done.stdout
    assert "reference: draft" in done.stdout
    assert "fewer than 20" in done.stderr
    figures = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert figures["layers"]["thing"]["exact"]["micro"]["f1"] == 0.5
    assert figures["relations"]["micro"]["fn"] == 3


def test_agree_and_report(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Agreement says what it compares; the report is written where it was asked for."""
    gold, pred, both = files
    done = run("agree", both, "--json", tmp_path / "a.json", "--resamples", 50)
    assert "two machine-drafted readings" in done.stdout
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["documents"] == 3
    run("report", gold, pred, "--out", tmp_path / "r.html", "--resamples", 50)
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    pred.rename(tmp_path / "predictions.jsonl")
    run("report", "--run", tmp_path, "--out", tmp_path / "again.html", "--resamples", 50)
    assert (tmp_path / "again.html").exists()


def test_wrong_use_exits_with_2_and_writes_nothing(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Missing files and documents, unknown layers and half-named reports: one line each, nothing written."""
    gold, pred, _ = files
    out = tmp_path / "out.json"
    few = tmp_path / "few.jsonl"
    few.write_bytes(pred.read_bytes().split(b"\n")[0] + b"\n")
    assert "d1, d2" in run("score", gold, few, "--json", out, code=2).stderr
    assert "GW901" in run("score", gold, tmp_path / "none.jsonl", "--json", out, code=2).stderr
    assert "one of: thing" in run("score", gold, pred, "--layer", "thin", "--json", out, code=2).stderr
    assert "GW507" in run("agree", gold, "--json", out, code=2).stderr
    run("report", gold, "--out", out, code=2)
    run("report", gold, pred, "--run", tmp_path, "--out", out, code=2)
    assert not out.exists()


def test_score_imports_nothing_heavy(files: tuple[Path, Path, Path]) -> None:
    """Scoring small files loads neither spaCy nor datasets, the SDK, scikit-learn nor Jinja."""
    code = (
        "import sys; from goldwire.cli.main import cli;"
        f"cli.main(['eval', 'score', {str(files[0])!r}, {str(files[1])!r}], standalone_mode=False);"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert "'numpy'" in loaded
    for name in ("spacy", "datasets", "label_studio_sdk", "sklearn", "jinja2", "pandas", "torch"):
        assert f"'{name}'" not in loaded


def test_agree_reads_the_projects_own_annotations(tmp_path: Path) -> None:
    """Without a file the stored annotations are compared, defaults taken from the project's schema."""
    mini = Path(__file__).parents[1] / "data/mini"
    for part in ("goldwire.toml", "schemas/mini.yaml"):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).write_bytes((mini / part).read_bytes())
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/articles.jsonl").write_text(json.dumps({"id": "d", "text": TEXT}) + "\n", "utf-8")
    project = load_project(tmp_path)
    for name in ("anna", "bruno"):
        found = spans(("FOOD", 7, 15), ("FOOD", 19, 29))
        write_annotation(project, reading(*found, annotator=name, kind="human"))
    done = run("agree", "--project", tmp_path, "--json", tmp_path / "a.json")
    assert "two human annotators" in done.stdout
    thing = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["layers"]["thing"]
    assert thing["exact"]["f1"] == 1
    assert thing["attributes_given_match"]["state"]["pairs"] == 2


def test_score_names_the_corpus_that_it_was_made_on(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """A file by its name and SHA-256, as training does; the project's corpus by version and content hash."""
    gold, pred, _ = files
    out = tmp_path / "s.json"
    run("score", gold, pred, "--json", out, "--resamples", 0)
    figures = json.loads(out.read_text(encoding="utf-8"))
    stamp = {"name": "gold", "version": "0.0.0", "sha256": sha256(gold.read_bytes())}
    assert figures["corpus"] == stamp
    assert {"layers", "relations", "documents", "reference"} <= figures.keys()
    run("report", gold, pred, "--out", tmp_path / "r.html", "--json", out, "--resamples", 0)
    assert json.loads(out.read_text(encoding="utf-8"))["corpus"] == stamp


def test_gold_of_the_project_is_named_by_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every document, its text and its reference are the project's; another reading is only a file."""
    project = mini_project(tmp_path / "mini")
    corpus = load_corpus(project)
    monkeypatch.chdir(project.root)
    gold = tmp_path / "gold.jsonl"
    write_jsonl(gold, corpus.articles)
    named = {"name": project.name, "version": "0.1.0", "content_hash": corpus.content_hash()}
    assert corpus_stamp(gold, corpus.articles) == named
    assert corpus_stamp(gold, corpus.articles[:1]) == named
    first = corpus.articles[0]
    less = tuple(structs.replace(a, spans=a.spans[1:], relations=()) for a in first.annotations)
    for other in (
        structs.replace(first, annotations=less),
        structs.replace(first, document=structs.replace(first.document, text=first.document.text + "!")),
        structs.replace(first, document=structs.replace(first.document, id="elsewhere")),
    ):
        assert corpus_stamp(gold, [other, *corpus.articles[1:]]) == {
            "name": "gold",
            "version": "0.0.0",
            "sha256": sha256(gold.read_bytes()),
        }
    run("score", gold, gold, "--json", tmp_path / "s.json", "--resamples", 0)
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["corpus"] == named
    (project.root / "schemas/mini.yaml").write_text("[", encoding="utf-8")
    assert "sha256" in corpus_stamp(gold, corpus.articles)

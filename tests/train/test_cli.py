"""`goldwire train ner` and `goldwire predict`, as a user runs them."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import fsspec
import pytest
import spacy

from goldwire.cli.main import main
from goldwire.errors import GoldwireError
from goldwire.eval.scoring.scores import score
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.model import Annotation, Article, Document
from goldwire.train.run.predict import Annotating


class Shell:
    """Runs goldwire in a folder outside any project."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self.monkeypatch.setattr(sys, "argv", ["goldwire", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capsys.readouterr()
        return int(ended.value.code or 0), out, err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    """goldwire, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Shell(monkeypatch, capsys)


@pytest.mark.slow
def test_training_leaves_a_model_scores_and_predictions(
    shell: Shell, articles: list[Article], config: Path, tmp_path: Path
) -> None:
    """One command trains, scores on unseen articles beside the lexicon, saves a model with a filled meta."""
    write_jsonl(Path("data.jsonl"), articles)
    arguments = ("--data", "data.jsonl", "--config", config, "--out", "models/ner", "--json", "figures.json")
    code, out, err = shell("train", "ner", *arguments, "--", "--training.max_epochs", "6")
    assert code == 0, err
    figures = json.loads(Path("figures.json").read_text())
    assert "model" in out
    assert "lexicon" in out
    assert "reference: draft" in out
    assert "the lexicon baseline" in err
    assert figures["config"]["overrides"] == {"training.max_epochs": 6}
    assert [sorted(fold) for fold in figures["folds"]] == [["a0"], ["a1"], ["a2"]]

    reports = Path("models/ner-reports")
    assert json.loads((reports / "scores.json").read_text()) == figures
    gold, unseen = read_jsonl(reports / "gold.jsonl"), read_jsonl(reports / "predictions.jsonl")
    pairs = [(g.annotations[0], p.annotations[0]) for g, p in zip(gold, unseen, strict=True)]
    again = score(pairs, layers=["thing"]).layers["thing"]["exact"].micro().as_json()
    assert again == figures["layers"]["thing"]["exact"]["micro"]
    assert {p.provenance.kind for _, p in pairs} == {"model"}

    page = (reports / "report.html").read_text(encoding="utf-8")
    assert "Beside the baselines" in page
    assert figures["data"]["sha256"]

    meta = json.loads(Path("models/ner/meta.json").read_text())
    own = meta["goldwire"]
    assert set(meta["labels"]["ner"]) == {"WHO", "WHERE"}
    assert spacy.load("models/ner").pipe_names == ["ner"]
    assert own["scores"]["micro"] == figures["layers"]["thing"]["exact"]["micro"]
    assert (own["layer"], own["schema"], own["seed"], own["reference"]) == ("thing", ["tiny@1"], 0, "draft")
    assert own["corpus"]["sha256"]
    assert own["data"]["sha256"]
    assert sorted(path.name for path in Path("models").iterdir()) == ["ner", "ner-reports"]


def test_one_article_is_not_enough(shell: Shell, articles: list[Article], config: Path) -> None:
    """With one article there is a plain error, and nothing is written."""
    write_jsonl(Path("one.jsonl"), articles[:1])
    code, out, err = shell("train", "ner", "--data", "one.jsonl", "--config", config, "--out", "m")
    assert (code, out) == (2, "")
    assert "GW408" in err
    assert "a second article" in err
    assert sorted(path.name for path in Path().iterdir()) == ["one.jsonl", "tiny.cfg"]


def test_wrong_use_is_answered_plainly(shell: Shell, articles: list[Article], config: Path) -> None:
    """No project, no such layer, a stray override: exit 2 and what to do, before anything is trained."""
    write_jsonl(Path("data.jsonl"), articles)
    data = ("--data", "data.jsonl", "--config", config, "--out", "m")
    for arguments, code, hint in (
        ((), "GW910", "goldwire demo"),
        (("--data", "data.jsonl"), "GW725", "--out"),
        ((*data, "--", "max_epochs", "3"), "GW404", "--training.max_epochs 10"),
        (("--data", "none.jsonl", "--out", "m"), "GW901", "check the path"),
        ((*data[:-1], "data.jsonl"), "GW413", "new folder"),
    ):
        exit_code, out, err = shell("train", "ner", *arguments)
        assert (exit_code, out) == (2, ""), err
        assert code in err
        assert hint in err
    exit_code, out, err = shell("train", "--layer", "event", *data)
    assert (exit_code, out) == (2, "") and "GW402" in err and "thing (36 spans)" in err


@pytest.mark.slow
def test_a_fault_in_the_config_ends_the_run(shell: Shell, articles: list[Article], config: Path) -> None:
    """What a training process finds wrong with the config comes out as one line, and no folder is left."""
    write_jsonl(Path("data.jsonl"), articles)
    arguments = ("--data", "data.jsonl", "--config", config, "--out", "m/ner", "--processes", "1")
    code, out, err = shell("train", "ner", *arguments, "--", "--components.ner.factory", "nrr")
    assert (code, out) == (2, "")
    assert "GW403" in err
    assert "Traceback" not in err
    assert list(Path("m").iterdir()) == []


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A pipeline that marks a word by rule."""
    nlp = spacy.blank("fr")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "WHERE", "pattern": "Lyon"}])  # type: ignore[attr-defined]
    nlp.meta.update({"name": "ruler", "version": "1.2.3"})
    nlp.meta["goldwire"] = {"layer": "thing", "schema": ["tiny@1"]}
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def test_predictions_name_their_model(shell: Shell, model: Path) -> None:
    """Each document keeps its text and metadata, and gets the model's annotation alone."""
    by_hand = Annotation("d", "anna", "tiny@1")
    document = Document("d", "🥔 Voir Lyon", {"title": "Lyon"})
    write_jsonl(Path("in.jsonl"), [Article(document, (by_hand,)), Article(Document("e", "Rien."))])
    code, out, err = shell("predict", model, "in.jsonl", "out.jsonl")
    assert (code, out) == (0, ""), err
    first, second = read_jsonl(Path("out.jsonl"))
    assert first.document == document
    (annotation,) = first.annotations
    assert [(s.layer, s.label, document.text[s.start : s.end]) for s in annotation.spans] == [
        ("thing", "WHERE", "Lyon")
    ]
    provenance = annotation.provenance
    assert (provenance.kind, provenance.name, provenance.version) == ("model", "fr_ruler", "1.2.3")
    assert (annotation.schema, annotation.status) == ("tiny@1", "draft")
    assert second.annotations[0].spans == ()


def test_texts_are_predicted_too(shell: Shell, model: Path) -> None:
    """A plain text file and a listing with other columns serve as input; --layer names the layer."""
    Path("voyage.txt").write_text("Voir Lyon", encoding="utf-8")
    assert shell("predict", model, "voyage.txt", "out.jsonl", "--layer", "place")[0] == 0
    (article,) = read_jsonl(Path("out.jsonl"))
    assert (article.document.id, article.annotations[0].spans[0].layer) == ("voyage", "place")
    Path("list.jsonl").write_text('{"id": "v", "text": "Lyon", "title": "T"}\n', encoding="utf-8")
    assert shell("predict", model, "list.jsonl", "out.jsonl")[0] == 0
    (article,) = read_jsonl(Path("out.jsonl"))
    assert (article.document.meta["title"], len(article.annotations[0].spans)) == ("T", 1)


def test_a_bad_model_or_input_writes_nothing(shell: Shell, model: Path) -> None:
    """A model path that leads nowhere and a missing input are plain errors; no output appears."""
    Path("in.txt").write_text("Lyon", encoding="utf-8")
    for arguments, code in (
        (("models/none", "in.txt", "out.jsonl"), "GW410"),
        ((model, "none.txt", "out.jsonl"), "GW901"),
    ):
        exit_code, out, err = shell("predict", *arguments)
        assert (exit_code, out) == (2, "")
        assert code in err
        assert not Path("out.jsonl").exists()


@pytest.mark.slow
def test_an_archive_is_predicted_in_shards(shell: Shell, model: Path) -> None:
    """Into a folder the articles go as shards, the same for one worker and two; --json tells how many, and
    how fast; called again, nothing is done twice."""
    Path("in").mkdir()
    for name in ("a", "b"):
        lines = [f'{{"id": "{name}{n}", "text": "Voir Lyon", "title": "T"}}\n' for n in range(7)]
        Path(f"in/{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    for workers, out in (("1", "one"), ("2", "two/")):
        arguments = ("in/*.jsonl", out, "--workers", workers, "--shard-size", "5", "--json", "figures.json")
        code, printed, err = shell("predict", model, *arguments)
        assert (code, printed) == (0, ""), err
        figures = json.loads(Path("figures.json").read_text(encoding="utf-8"))
        assert [figures[key] for key in ("documents", "spans", "shards", "refused")] == [14, 14, 4, 0]
        assert figures["seconds"] > 0
        assert figures["documents_per_second"] > 0
    for path in Path("one").glob("*.jsonl"):
        assert path.read_bytes() == (Path("two") / path.name).read_bytes()
    (annotation,) = read_jsonl(Path("one/a-00000.jsonl"))[0].annotations
    assert (annotation.provenance.name, annotation.status) == ("fr_ruler", "draft")
    code, _, err = shell("predict", model, "in/*.jsonl", "one", "--shard-size", "5", "--json", "figures.json")
    assert (code, "there already: 4 shards" in err) == (0, True)
    assert json.loads(Path("figures.json").read_text(encoding="utf-8"))["documents_written"] == 0


def test_another_model_into_the_same_folder_is_refused(shell: Shell, model: Path) -> None:
    """What two models found is never mixed in one folder, be they of one name; options count too."""
    Path("in.jsonl").write_text('{"id": "a", "text": "Voir Lyon"}\n', encoding="utf-8")
    assert shell("predict", model, "in.jsonl", "out", "--workers", "1")[0] == 0
    code, _, err = shell("predict", model, "in.jsonl", "out", "--workers", "1", "--layer", "place")
    assert (code, "GW946" in err, "layer" in err) == (2, True, True)
    meta = model / "meta.json"
    meta.write_text(meta.read_text(encoding="utf-8").replace("1.2.3", "1.2.4"), encoding="utf-8")
    code, _, err = shell("predict", model, "in.jsonl", "out", "--workers", "1")
    assert (code, "GW946" in err, "model" in err) == (2, True, True)


def test_a_cluster_needs_ray(shell: Shell, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Ray there is one plain error that says how to get it; an address is a cluster's alone."""
    Path("in.jsonl").write_text('{"id": "a", "text": "Voir Lyon"}\n', encoding="utf-8")
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, err = shell("predict", model, "in.jsonl", "out", "--engine", "ray")
    assert (code, "GW832" in err, "sh install.sh cluster" in err) == (2, True, True)
    code, _, err = shell("predict", model, "in.jsonl", "out", "--address", "auto")
    assert (code, "--engine ray" in err) == (2, True)
    assert shell("predict", model, "in.jsonl", "out", "--workers", "1")[0] == 0


def test_a_worker_works_with_the_model_that_the_run_began_with(model: Path) -> None:
    """On another machine the same path may hold another model: it is refused before it annotates anything."""
    with pytest.raises(GoldwireError) as caught:
        Annotating(str(model), None, "0" * 64)()
    assert caught.value.faults[0].code == "GW834"


def test_at_an_address_out_is_a_folder(shell: Shell, model: Path) -> None:
    """A folder of shards is written at an address that fsspec knows; a single file is not."""
    Path("in.jsonl").write_text('{"id": "a", "text": "Voir Lyon"}\n', encoding="utf-8")
    assert shell("predict", model, "in.jsonl", "memory://predicted/out.jsonl", "--workers", "1")[0] == 2
    files = fsspec.filesystem("memory")
    try:
        for out in ("here", "memory://predicted/out"):
            code, _, err = shell("predict", model, "in.jsonl", out, "--workers", "1")
            assert (code, f"written to {out}" in err) == (0, True)
        assert files.cat_file("/predicted/out/in-00000.jsonl") == Path("here/in-00000.jsonl").read_bytes()
    finally:
        files.rm("/predicted", recursive=True)


def test_a_name_that_ends_in_a_slash_is_a_folder(shell: Shell, model: Path) -> None:
    """Whatever dots are in it; so is one of a version. A file is JSON Lines, and no other is written in the
    name of one; an archive goes into a folder."""
    Path("in").mkdir()
    Path("in/in.jsonl").write_text('{"id": "a", "text": "Lyon dort."}\n', encoding="utf-8")
    Path("in/in.jsonl.gz").write_bytes(gzip.compress(Path("in/in.jsonl").read_bytes()))
    for out in ("out.parts/", "out.v2", "out-1.0"):
        assert shell("predict", model, "in/in.jsonl", out, "--workers", "1")[0] == 0
        assert (Path(out) / "in-00000.jsonl").is_file()
    for out in ("out.jsonl.gz", "out.parquet", "out.csv"):
        code, _, err = shell("predict", model, "in/in.jsonl", out)
        assert (code, f"for a folder of this name: {out}/" in err, Path(out).exists()) == (2, True, False)
    for source in ("in", "in/*", "in/in.jsonl.gz", "file:///nowhere"):
        code, _, err = shell("predict", model, source, "out.jsonl")
        assert (code, "is an archive, whose articles go into a folder" in err) == (2, True)


def test_options_of_archives_are_refused_for_a_file(shell: Shell, model: Path) -> None:
    """What only a folder of shards heeds is not passed over in silence where OUT is a file."""
    Path("in.txt").write_text("Lyon", encoding="utf-8")
    for option in (("--workers", "2"), ("--shards", "parquet"), ("--strict",), ("--column", "text=x")):
        code, _, err = shell("predict", model, "in.txt", "out.jsonl", *option)
        assert (code, option[0] in err) == (2, True)
    assert shell("predict", model, "in.txt", "out.jsonl", "--engine", "ray")[0] == 2
    assert shell("predict", model, "in.txt", "in.txt", "out.jsonl")[0] == 2
    assert not Path("out.jsonl").exists()

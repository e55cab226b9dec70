"""What is learned by name, and how it is scored: by a test set, by folds that are kept, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy
from msgspec.structs import replace

import goldwire
from goldwire.corpus.split.io import Fold, Split, write_split
from goldwire.errors import GoldwireError
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article, Document
from goldwire.project import Project, load_project
from goldwire.train.run.choice import Choice
from goldwire.train.run.plan import plan
from goldwire.train.run.run import run
from tests.cli.terminal import called
from tests.corpus.mini import mini_project
from tests.train.conftest import article, told


def written(path: Path, articles: list[Article]) -> Path:
    """A file of articles."""
    write_jsonl(path, articles)
    return path


@pytest.mark.slow
def test_nested_spans_of_every_layer_are_found(tmp_path: Path, tiny_config: Path) -> None:
    """With --nested each layer has two recognisers: what lies inside another span is found in the layer of
    `doc.ents` as in any other, and no span stands twice."""
    articles = []
    for number in range(3):
        base = told(number)
        (annotation,) = base.annotations
        outer = [
            replace(span, id=f"o{span.id}", label=label, end=span.end + length)
            for span in annotation.spans
            for label, length in ((("TALE", len(" habite")),) if span.label == "WHO" else ())
        ]
        acts = [
            replace(span, id=f"a{span.id}", label="STAY", end=span.end + len(" à"))
            for span in annotation.spans
            if span.layer == "act"
        ]
        spans = (*annotation.spans, *outer, *acts)
        articles.append(Article(base.document, (replace(annotation, spans=spans),)))
    data = written(tmp_path / "data.jsonl", articles)
    settings = ["--training.max_epochs", "15"]
    choice = Choice(every=True, nested=True)
    planned = plan(
        choice=choice, data=data, config=tiny_config, out=tmp_path / "m", folds=0, overrides=settings
    )
    done = run(planned, processes=1)
    doc = spacy.load(done.model)(articles[0].document.text)
    for layer, inner, around in (("thing", "WHO", "TALE"), ("act", "LIVE", "STAY")):
        found = [(span.start, span.end, span.label_) for span in doc.spans[layer]]
        assert len(found) == len(set(found))
        labels = [label for _, _, label in found]
        assert labels.count(inner) >= 4 and labels.count(around) >= 4, found


@pytest.mark.slow
def test_a_test_set_is_scored_by_the_model_that_is_kept(tmp_path: Path, tiny_config: Path) -> None:
    """One training, on all but what the test set holds too; scores, predictions and card are of these
    articles, and what the kept model finds in them is what was scored."""
    data = written(tmp_path / "data.jsonl", [article(number) for number in (0, 1, 2)])
    copy = Article(Document("other", article(2).document.text), article(2).annotations)
    copy = Article(copy.document, (replace(copy.annotations[0], document="other"),))
    test = written(tmp_path / "test.jsonl", [article(5), copy])
    done = goldwire.train_model(
        data=data, test=test, layers=["thing"], spans=True, out=tmp_path / "m", config=tiny_config,
        resamples=20, processes=1,
    )  # fmt: skip
    assert done.figures["data"]["documents"] == 2
    assert (done.figures["test"]["documents"], done.figures["test"]["kept_out"]) == (2, 1)
    assert done.figures["folds"] == [["a5", "other"]]
    assert any("test.jsonl" in note and "1 articles were not learned from" in note for note in done.notes)
    scored = [a.document.id for a in goldwire.read(done.reports / "predictions.jsonl")]
    assert scored == ["a5", "other"]
    again = goldwire.predict(done.model, [a.document for a in goldwire.read(test)])
    kept = goldwire.read(done.reports / "predictions.jsonl")
    assert [a.annotations[0].spans for a in again] == [a.annotations[0].spans for a in kept]
    assert not any(a.annotations[0].provenance.trained_on for a in again)
    assert "the 2 articles of test.jsonl" in (done.reports / "report.html").read_text("utf-8")
    assert "2 articles of `test.jsonl`" in (done.model / "README.md").read_text("utf-8")


def test_a_test_set_that_can_not_serve_is_refused(tmp_path: Path, tiny_config: Path) -> None:
    """All articles in it, nothing marked in it, folds beside it, no such file: said before a training."""
    data = written(tmp_path / "data.jsonl", [article(number) for number in range(2)])
    bare = Article(article(5).document, (replace(article(5).annotations[0], spans=()),))
    empty = written(tmp_path / "empty.jsonl", [bare])

    def refused(code: str, **settings: object) -> None:
        with pytest.raises(GoldwireError) as said:
            plan(data=data, config=tiny_config, out=tmp_path / "m", choice=Choice(("thing",)), **settings)  # type: ignore[arg-type]
        assert said.value.faults[0].code == code
        assert said.value.faults[0].hint

    refused("GW721", test=data)
    refused("GW723", test=empty)
    refused("GW722", test=empty, folds=3)
    refused("GW901", test=tmp_path / "none.jsonl")


@pytest.mark.slow
def test_no_folds_only_trains(tmp_path: Path, tiny_config: Path) -> None:
    """One article is enough then; model, meta and card say that nothing is known of how good it is, and no
    report is written."""
    data = written(tmp_path / "one.jsonl", [article(0)])
    words = ["train", "--layer", "thing", "--data", str(data), "--config", str(tiny_config), "--out", "m"]
    done = called(*words, "--no-folds", "--json", "figures.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not scored" in done.stderr and "report" not in done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["folds"] == [] and "layers" not in figures
    meta = json.loads((tmp_path / "m/meta.json").read_text())
    assert meta["performance"] == {} and "not scored" in meta["description"]
    assert "not scored" in (tmp_path / "m/README.md").read_text()
    assert not (tmp_path / "m/f1.svg").exists() and not (tmp_path / "m-reports").exists()
    assert spacy.load(tmp_path / "m")(article(0).document.text).ents
    both = called(*words, "--no-folds", "--folds", "2", cwd=tmp_path)
    assert both.returncode == 2 and "contradict" in both.stderr


def test_the_folds_that_a_project_keeps_are_scored_in(tmp_path: Path) -> None:
    """`corpus split --folds` deals them; training takes them unless other folds are asked for."""
    project = mini_project(tmp_path / "mini")
    names = [json.loads(line)["id"] for line in (project.seeds / "articles.jsonl").read_text().splitlines()]
    things = Choice(("thing",), spans=True)
    write_split(project.corpus / "split.json", Split("folds", folds=tuple(Fold((n,)) for n in names[::-1])))
    assert [fold.test for fold in plan(project, things).dealt] == [(name,) for name in names[::-1]]
    assert plan(project, things, folds=2).dealt == ()


def of_language(folder: Path, language: str) -> Project:
    """The small project as if its articles were of another language; it has no configs of its own."""
    project = mini_project(folder)
    toml = project.root / "goldwire.toml"
    toml.write_text(toml.read_text("utf-8").replace('language = "fr"', f'language = "{language}"'), "utf-8")
    return load_project(project.root)


def test_a_project_without_configs_is_learned_in_its_language(tmp_path: Path) -> None:
    """The example's configs are put into the project's language, from nothing where no pipeline of it is
    installed, which is said with the way to one."""
    planned = plan(of_language(tmp_path / "mini", "sv"), Choice(("thing",), spans=True))
    assert planned.setup.overrides["nlp.lang"] == "sv"
    assert planned.setup.overrides["paths.vectors"] is None
    (note,) = [note for note in planned.notes if "python -m spacy download sv_core_news_md" in note]
    assert "start from nothing" in note


def test_a_pipeline_that_is_not_installed_is_gone_without(tmp_path: Path, tiny_config: Path) -> None:
    """Where a config starts from one of spaCy's own, models start from nothing in its place, and what it
    would bring is said; what the run itself names is still a fault where it is missing."""
    data = written(tmp_path / "data.jsonl", [article(number) for number in range(2)])
    text = tiny_config.read_text("utf-8")
    config = tmp_path / "large.cfg"
    vectors = '[paths]\nvectors = "fr_core_news_lg"'
    config.write_text(
        text.replace("[paths]", vectors).replace("vectors = null", "vectors = ${paths.vectors}"), "utf-8"
    )
    planned = plan(choice=Choice(("thing",)), data=data, config=config, out=tmp_path / "m")
    assert planned.setup.overrides == {"paths.vectors": None}
    (note,) = [note for note in planned.notes if "fr_core_news_lg" in note]
    assert "F1 .61 to .63" in note and "python -m spacy download fr_core_news_lg" in note
    named = ["--paths.vectors", "fr_core_news_lg"]
    planned = plan(choice=Choice(("thing",)), data=data, config=config, out=tmp_path / "m", overrides=named)
    assert planned.setup.overrides == {"paths.vectors": "fr_core_news_lg"}
    with pytest.raises(GoldwireError, match="GW410"):
        run(planned, processes=1)


@pytest.mark.slow
def test_a_stock_model_that_is_not_installed_is_gone_without(tmp_path: Path, tiny_config: Path) -> None:
    """A run is scored beside the lexicon alone then, and says how the stock model is to be had."""
    project = mini_project(tmp_path / "mini")
    toml = project.root / "goldwire.toml"
    predict = '\n[predict]\nmodel = "fr_core_news_lg"\nlayer = "thing"\n[predict.labels]\nMISC = "FOOD"\n'
    toml.write_text(f"{toml.read_text('utf-8')}{predict}", "utf-8")
    done = goldwire.train_model(
        project.root, config=tiny_config, resamples=20, processes=1, overrides=["--training.max_epochs", "1"]
    )
    assert list(done.figures["baselines"]) == ["lexicon"]
    assert any("python -m spacy download fr_core_news_lg" in note for note in done.notes)
    assert (done.model.name, done.reports.name, done.figures["layer"]) == ("ner", "ner", "thing")

"""The example projects: what travels is whole, and the second one runs the whole loop, in English."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from goldwire.annotations.store import read_annotations
from goldwire.cli.main import cli
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.quality.checks import run_checks
from goldwire.errors import GoldwireError
from goldwire.messages import messages_in
from goldwire.project import EXAMPLE_SPLIT, EXAMPLES, FIRST_EXAMPLE, copy_example, example_root, load_project
from tests.cli.terminal import called

OTHERS = [name for name in EXAMPLES if name != FIRST_EXAMPLE]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_keeps_the_rules_and_is_nobodys_work(name: str) -> None:
    """Guidelines and config are what its schema renders, its annotations keep the rules and are drafts
    that no person made."""
    project = load_project(example_root(name))
    words = ["schema", "render", "--check", "--project", str(project.root)]
    assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
    assert run_checks(project, only_curated=True).faults == []
    annotations = read_annotations(project)
    assert {(a.status, a.provenance.kind) for a in annotations} == {("draft", "model")}
    assert len({a.annotator for a in annotations}) >= 2


@pytest.mark.parametrize("name", OTHERS)
def test_a_further_example_is_small_and_has_all_that_there_is(name: str) -> None:
    """Short texts in English that may be passed on, two layers with attributes, relations between them."""
    corpus = load_corpus(load_project(example_root(name)))
    assert corpus.project.language == "en" and corpus.project.setting("corpus", "redistributable")
    assert 6 <= len(corpus.articles) <= 8
    for article in corpus.articles:
        assert 80 <= len(article.document.text.split()) <= 150
    spans = [span for a in corpus.articles for one in a.annotations for span in one.spans]
    assert {span.layer for span in spans} == set(corpus.schema.layers) and len(corpus.schema.layers) >= 2
    assert {span.layer for span in spans if span.attributes} == set(corpus.schema.layers)
    drawn = {relation.label for a in corpus.articles for one in a.annotations for relation in one.relations}
    assert drawn == set(corpus.schema.relations) != set()


def test_help_lists_the_examples_and_a_wrong_place_is_refused(tmp_path: Path) -> None:
    """Each with what it is of; no example goes into the project of another."""
    shown = " ".join(CliRunner().invoke(cli, ["demo", "--help"]).output.split())
    for name, what in EXAMPLES.items():
        assert f"{name}, {what}" in shown
    copy_example(tmp_path / "demo", OTHERS[0])
    assert copy_example(tmp_path / "demo", OTHERS[0]).root == tmp_path / "demo"
    with pytest.raises(GoldwireError, match=r"GW731 .*name another folder"):
        copy_example(tmp_path / "demo")
    with pytest.raises(GoldwireError, match=r"GW730 .*politics, recalls"):
        copy_example(tmp_path / "other", "sport")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_split_of_an_example_travels_with_it(name: str, tmp_path: Path) -> None:
    """The demo tests on what the example's own split says, where it has one; nothing else of it comes."""
    theirs = example_root(name) / EXAMPLE_SPLIT
    made = copy_example(tmp_path / "demo", name)
    assert [path.name for path in made.corpus.glob("*")] == ([theirs.name] if theirs.is_file() else [])
    if theirs.is_file():
        assert (made.root / EXAMPLE_SPLIT).read_bytes() == theirs.read_bytes()


def french(folder: Path) -> list[str]:
    """What of the French catalogue stands in the texts and pages of a folder, and words that are French."""
    english = set(messages_in("en").texts.values())
    theirs = [text for text in messages_in("fr").texts.values() if text not in english and " " in text]
    openings = [opening for text in theirs if len(opening := text.split("{")[0].strip()) > 10]
    found = []
    for path in folder.rglob("*"):
        if path.suffix in {
            ".html",
            ".md",
            ".xml",
            ".json",
            ".jsonl",
            ".toml",
            ".yaml",
            ".csv",
            ".cfg",
            ".js",
        }:
            if "echarts" in path.parts or ".goldwire" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            words = re.findall(r"\b(?:vous|annotateur|consignes|étiquette|aucune?|fr_core_\w+)\b", text, re.I)
            found += [f"{path}: {each}" for each in (*(o for o in openings if o in text), *words)]
    return found


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_demo_runs_the_whole_loop_on_a_further_example(name: str, tmp_path: Path) -> None:
    """A server, articles up, two readings up and back unchanged, dataset, model, scores, report, site; and
    nothing in French is made on the way. A third of the epochs: it learns then, too."""
    folder = tmp_path / "demo"
    config = copy_example(folder, name).train / "ner.cfg"
    fewer = config.read_text(encoding="utf-8").replace("max_epochs = 20", "max_epochs = 7")
    config.write_text(fewer, encoding="utf-8")
    done = called("demo", str(folder), "--example", name, "--json", str(tmp_path / "demo.json"), cwd=tmp_path)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    figures = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    project, ours = load_project(folder), load_project(example_root(name))
    count = len(load_corpus(ours).articles)
    assert figures["push"]["sent"] == count and figures["load"]["sent"] == 2 * count
    assert figures["pull"]["written"] == 0 and figures["pull"]["quarantined"] == 0
    assert read_annotations(project) == read_annotations(ours)
    assert figures["dataset"]["documents"] == figures["model"]["documents"] == count
    assert figures["model"]["layers"][figures["model"]["layer"]]["exact"]["micro"]["f1"] > 0.2
    assert "readers" in done.stdout and "without predictions" in done.stderr
    for made in ("eval/reports/ner/report.html", "eval/reports/browse/index.html", "corpus/README.md"):
        assert (folder / made).is_file() and str(made).rsplit("/", 1)[-1]
    assert list((folder / "corpus/documents").glob("train-*.parquet"))
    assert french(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_all_layers_of_a_further_example_are_learned(name: str, tmp_path: Path) -> None:
    """One command trains them with attributes and relations, from blank, and scores each."""
    project = copy_example(tmp_path / "demo", name)
    words = ["train", "--all", "--folds", "2", "--resamples", "20", "--json", str(tmp_path / "all.json")]
    done = called(*words, "--", "--training.max_epochs", "3", cwd=project.root)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    schema = load_corpus(project).schema
    assert set(figures["layers"]) == set(schema.layers)
    assert set(figures["given_spans"]["relations"]) == {*schema.relations, "micro"}
    named = {f"{layer}/{attribute}" for layer, one in schema.layers.items() for attribute in one.attributes}
    assert {
        f"{layer}/{key}" for layer, keys in figures["given_spans"]["majority"].items() for key in keys
    } == named
    assert (project.root / "train/models/all/meta.json").is_file()

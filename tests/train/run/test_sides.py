"""A side of the project's split as the test set, and articles that are named by their ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import goldwire
from goldwire.cli.demo import demo_plans
from goldwire.corpus.split.io import Fold, Split, write_split
from goldwire.errors import GoldwireError
from goldwire.formats.as_project import make_project_of
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Article, Document
from goldwire.project import Project, load_project
from goldwire.train.curve.curve import plan_curve
from goldwire.train.learned_from import COPY
from goldwire.train.run.choice import Choice
from goldwire.train.run.plan import RunPlan, plan
from goldwire.train.run.run import run
from goldwire.train.run.sources import only_matching
from tests.cli.terminal import called
from tests.train.conftest import article

THINGS = Choice(("thing",), spans=True)
SIDES = {"train": ("a0", "a1", "a2"), "test": ("a3", "a4", "bare")}


def people(folder: Path, sides: Mapping[str, Sequence[str]] | None = None, *more: Article) -> Project:
    """A project of five annotated articles and one that nobody has annotated, and its split into sides.

    The sentences are alike, so that only whole copies are near-duplicates here.
    """
    articles = [article(number) for number in range(5)]
    write_jsonl(folder / "data.jsonl", [*articles, Article(Document("bare", "Rien encore.")), *more])
    make_project_of(folder / "data.jsonl", folder / "people", source="jsonl", name="people", language="fr")
    toml = folder / "people/goldwire.toml"
    toml.write_text(f"{toml.read_text('utf-8')}\n[split]\nsimilar = {COPY}\n", "utf-8")
    project = load_project(folder / "people")
    by_name = {name: side for side, names in (sides or SIDES).items() for name in names}
    write_split(project.corpus / "split.json", Split("parts", sides=by_name))
    return project


def refused(code: str, project: Project, **settings: object) -> str:
    """What is said of a run that is refused before it starts; its hint is not empty."""
    with pytest.raises(GoldwireError) as said:
        plan(project, THINGS, **settings)  # type: ignore[arg-type]
    fault = said.value.faults[0]
    assert fault.code == code and fault.hint
    return str(said.value)


def learned_and_scored(planned: RunPlan) -> tuple[list[str], list[str]]:
    """The ids of what a run learns from, and of what it is scored on."""
    return planned.data.documents, [reference.document.id for reference in planned.data.scored]


@pytest.mark.slow
def test_a_side_is_scored_by_the_model_that_is_kept(tmp_path: Path, tiny_config: Path) -> None:
    """One training, on the train side; figures, report, card and meta name the side, its annotated articles
    and their hash, and say that the model did not learn from them."""
    project = people(tmp_path)
    done = goldwire.train_model(
        project, test="test", config=tiny_config, resamples=20, processes=1,
        overrides=["--training.max_epochs", "1"],
    )  # fmt: skip
    figures, record = done.figures, done.figures["test"]
    assert figures["folds"] == [["a3", "a4"]] and figures["data"]["documents"] == 3
    assert figures["corpus"]["held_back"] == {"test": 3}
    unscored = "1 article of the test set without an annotation: not scored on"
    assert record["unannotated"] == 1 and unscored in done.notes
    assert unscored in (done.model / "README.md").read_text("utf-8")
    assert unscored in (done.reports / "report.html").read_text("utf-8")
    assert (record["side"], record["file"], record["documents"], record["kept_out"]) == (
        "test", "split.json", 2, 0,
    )  # fmt: skip
    scored = list(goldwire.read(done.reports / "gold.jsonl"))
    assert [a.document.id for a in scored] == ["a3", "a4"]
    again = goldwire.predict(done.model, [a.document for a in scored])
    kept = goldwire.read(done.reports / "predictions.jsonl")
    assert [a.annotations[0].spans for a in again] == [a.annotations[0].spans for a in kept]
    assert not any(a.annotations[0].provenance.trained_on for a in again)
    unseen = "scored on the 2 articles of the side test, by the model that is kept, which learned from none"
    assert any(unseen in note for note in done.notes)
    page = (done.reports / "report.html").read_text("utf-8")
    assert " s on one process, " in page
    assert "the 2 articles of the side test, which were not learned from" in page
    assert "3 articles (side train of split.json; held back: 3 of test)" in page
    assert "Seen: the training data marks this wording" in page
    words = ["eval", "report", "--run", str(done.reports), "--out", "again.html"]
    assert called(*words, cwd=project.root).returncode == 0
    again_page = (project.root / "again.html").read_text("utf-8")
    assert "Seen: the training data marks this wording" in again_page
    card = (done.model / "README.md").read_text("utf-8")
    assert "2 articles of the side test, none of which it learned from" in card
    assert f"2 articles of the side test, SHA-256 {record['sha256']}" in card
    meta = json.loads((done.model / "meta.json").read_text("utf-8"))
    assert meta["goldwire"]["test"] == record and "2 articles of the side test" in meta["description"]
    assert set(meta["goldwire"]["learned_from"]) == {"a0", "a1", "a2"}


def test_the_hash_is_of_what_is_scored_on(tmp_path: Path) -> None:
    """Text and reference of the tested articles make it, nothing of the others does."""
    project = people(tmp_path)
    record = plan(project, THINGS, test="test").test
    assert record is not None
    assert plan(project, THINGS, test="test", only=["a0"]).test == record
    store = next((project.annotations).rglob("*a3*"))
    store = store if store.is_file() else next(store.rglob("*.json"))
    text = store.read_text("utf-8")
    assert '"WHO"' in text
    store.write_text(text.replace('"WHO"', '"WHERE"', 1), "utf-8")
    changed = plan(load_project(project.root), THINGS, test="test").test
    assert changed is not None and changed.sha256 != record.sha256


def test_a_side_wins_over_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bare name is the side, with ./ before it the file, as is a path from Python; it is the file where
    the project keeps no side of that name."""
    name = "test.jsonl"
    project = people(tmp_path, {"train": SIDES["train"], name: SIDES["test"]})
    monkeypatch.chdir(tmp_path)
    write_jsonl(Path(name), [article(6)])
    assert learned_and_scored(plan(project, THINGS, test=name))[1] == ["a3", "a4"]
    for file in (f"./{name}", Path(name)):
        assert learned_and_scored(plan(project, THINGS, test=file))[1] == ["a6"]
    write_split(project.corpus / "split.json", Split("folds", folds=(Fold(("a0",)), Fold(("a1",)))))
    assert learned_and_scored(plan(project, THINGS, test=name))[1] == ["a6"]


def test_what_is_tied_to_a_tested_article_is_not_learned_from(tmp_path: Path) -> None:
    """A near copy on the train side is kept out and counted, as with a file."""
    base = article(3)
    copy = Article(
        Document("copy", f"{base.document.text}Fin."), (replace(base.annotations[0], document="copy"),)
    )
    project = people(tmp_path, {**SIDES, "train": (*SIDES["train"], "copy")}, copy)
    planned = plan(project, THINGS, test="test")
    assert learned_and_scored(planned) == (["a0", "a1", "a2"], ["a3", "a4"])
    assert planned.test is not None and planned.test.kept_out == 1


def test_what_of_a_test_set_is_not_scored_is_counted(tmp_path: Path) -> None:
    """Of a side and of a file: what nobody has annotated, and what an annotator saw predictions of."""
    project = people(tmp_path)
    record = plan(project, THINGS, test="test").test
    assert record is not None and (len(record.articles), record.unannotated) == (2, 1)
    base = article(6)
    seen = replace(base.annotations[0].provenance, seen_predictions=True)
    made = replace(base.annotations[0], provenance=seen)
    file = tmp_path / "test.jsonl"
    write_jsonl(file, [article(5), Article(base.document, (made,)), Article(Document("b2", "Rien."))])
    planned = plan(project, THINGS, test=file)
    assert planned.test is not None and planned.test.as_json()["documents"] == 2
    assert (planned.test.unannotated, learned_and_scored(planned)[1]) == (1, ["a5"])
    assert len(planned.data.test) == 2, "the run counts the other one"


def test_sides_of_a_file_are_refused(tmp_path: Path) -> None:
    """A file has none: they would be passed over in silence, by a curve too."""
    project = people(tmp_path)
    assert "--side train beside --data" in refused(
        "GW954", project, data=tmp_path / "data.jsonl", sides=["train"]
    )
    with pytest.raises(GoldwireError, match="GW954"):
        plan_curve(project.root, layer="thing", data=tmp_path / "data.jsonl", sides=["train"])


def test_an_error_names_what_was_written_wrong(tmp_path: Path) -> None:
    """The option of a side, the key of goldwire.toml that holds a pattern."""
    project = people(tmp_path)
    sides = {name: side for side, names in SIDES.items() for name in names}
    write_split(project.corpus / "split.json", Split("parts", shares={"spare": 0.1}, sides=sides))
    assert "name a side with --side: one of: test, train" in refused("GW430", project, sides=["spare"])
    assert "name a side with --test: one of: test, train" in refused("GW430", project, test="spare")
    with (project.root / "goldwire.toml").open("a", encoding="utf-8") as toml:
        toml.write('\n[demo]\nleave_one_out = "x*"\n')
    with pytest.raises(GoldwireError, match=r"GW399 .*goldwire\.toml: \[demo\] leave_one_out") as said:
        demo_plans(load_project(project.root))
    assert "--only" not in str(said.value)
    text = (project.root / "goldwire.toml").read_text("utf-8")
    (project.root / "goldwire.toml").write_text(text.replace('"x*"', "3"), "utf-8")
    with pytest.raises(GoldwireError, match=r"GW399 .*leave_one_out: 3 is no pattern"):
        demo_plans(load_project(project.root))


def test_a_side_that_can_not_be_tested_is_refused(tmp_path: Path) -> None:
    """One that is learned from, one without an annotated article, a name that is neither side nor file."""
    project = people(tmp_path, {"train": ("a0", "a1", "a2", "a4"), "validation": ("bare",), "test": ("a3",)})
    assert "the side `train` is learned from and tested" in refused("GW398", project, test="train")
    refused("GW398", project, test="test", sides=["train", "test"])
    assert "no article is annotated" in refused("GW723", project, test="validation")
    assert "a side of split.json, one of: test, train, valid" in refused("GW901", project, test="tset")
    refused("GW722", project, test="test", folds=2)


def test_only_what_is_named_is_learned_from(tmp_path: Path) -> None:
    """Patterns work within the sides and within folds that are kept; beside a test side they limit what is
    learned from; the run records and says it."""
    project = people(tmp_path)
    planned = plan(project, THINGS, only=["a[01]"])
    assert learned_and_scored(planned) == (["a0", "a1"], ["a0", "a1"])
    assert (planned.corpus["only"], planned.corpus["left_aside"]) == (["a[01]"], 1)
    assert plan(project, THINGS, only="a[01]").corpus == planned.corpus
    assert any("ids like `a[01]` alone; left aside: 1" in note for note in planned.notes)
    beside = plan(project, THINGS, only=["a0", "a2"], test="test")
    assert learned_and_scored(beside) == (["a0", "a2"], ["a3", "a4"])
    everything = plan(project, THINGS, sides=["train", "test"], only=["*"])
    assert everything.data.documents == [f"a{number}" for number in range(5)]
    kept = tuple(Fold((f"a{number}",)) for number in range(5))
    write_split(project.corpus / "split.json", Split("folds", folds=kept))
    of_folds = plan(project, THINGS, only=["a[0-2]"])
    assert [fold.test for fold in of_folds.dealt] == [("a0",), ("a1",), ("a2",)]
    curve = plan_curve(project.root, layer="thing", only=["a[0-3]"], repeats=1)
    assert curve.run.data.documents == ["a0", "a1", "a2", "a3"]


def test_a_pattern_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    """Also where another pattern matches, or only articles on other sides do: it would be lost in silence."""
    project = people(tmp_path)
    assert "`x*`" in refused("GW399", project, only=["x*"])
    assert "`x*`" in refused("GW399", project, only=["a0", "x*"])
    refused("GW399", project, only=["a3"])


@given(st.lists(st.text("ab*?[]", max_size=3), min_size=1, max_size=3))
def test_only_keeps_articles_as_they_are_in_their_order(patterns: list[str]) -> None:
    """Whatever the patterns: nothing is changed or reordered, and what is left aside is counted."""
    articles = [Article(Document(name, "x")) for name in ("a", "ab", "b", "ba")]
    try:
        kept, record = only_matching(articles, patterns)
    except GoldwireError as error:
        assert {fault.code for fault in error.faults} == {"GW399"}
        return
    assert kept == [one for one in articles if one in kept] and kept
    assert record["left_aside"] == len(articles) - len(kept)
    assert only_matching(articles, ["*"])[0] == articles


@pytest.mark.slow
def test_what_is_left_aside_changes_no_figure(tmp_path: Path, tiny_config: Path) -> None:
    """Leaving out in turn three articles of five comes to the same figures as in a project of these three,
    whatever the split holds beside them."""
    settings = {"config": tiny_config, "overrides": ["--training.max_epochs", "1"]}
    (tmp_path / "large").mkdir()
    large = people(tmp_path / "large")
    write_jsonl(tmp_path / "three.jsonl", [article(number) for number in range(3)])
    done = [
        run(planned, resamples=20, processes=1).figures
        for planned in (
            plan(large, THINGS, only=["a?"], **settings),  # type: ignore[arg-type]
            plan(choice=THINGS, data=tmp_path / "three.jsonl", out=tmp_path / "m", **settings),  # type: ignore[arg-type]
        )
    ]
    first, second = [(figures["layers"], figures["folds"], figures["data"]["documents"]) for figures in done]
    assert first == second


@pytest.mark.slow
def test_a_side_and_a_pattern_on_the_command_line(tmp_path: Path, tiny_config: Path) -> None:
    """`train ner --test test --only …` says first what is learned from, and heads the table with what was
    scored on."""
    project = people(tmp_path)
    words = ["train", "--layer", "thing", "--spans", "--test", "test", "--only", "a[0-1]"]
    options = ["--config", str(tiny_config), "--resamples", "20", "--processes", "1"]
    done = called(*words, *options, "--", "--training.max_epochs", "1", cwd=project.root)
    assert done.returncode == 0, done.stderr
    learned = "from 2 articles (side train of split.json; held back: 3 of test; ids like `a[0-1]` alone; left"
    assert learned in " ".join(done.stderr.split())
    assert "2 articles of the side test, each unseen" in " ".join(done.stdout.split())
    missed = called(*words[:-1], "z*", *options, cwd=project.root)
    assert missed.returncode == 2 and "GW399" in missed.stderr and "Traceback" not in missed.stderr

"""Splits: what belongs together stays together, who has a side keeps it, each side gets its labels."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

import goldwire
from goldwire.annotations import rules
from goldwire.cli.corpus import command
from goldwire.cli.main import cli
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.dataset.build import build
from goldwire.corpus.quality.checks import run_checks
from goldwire.corpus.split.groups import Rule, components, event_attributes, find_ties
from goldwire.corpus.split.io import Fold, Split, read_split, split_path, write_split
from goldwire.corpus.split.leaks import leaks, split_faults
from goldwire.corpus.split.split import SplitOptions, make_split, options_for
from goldwire.corpus.split.stratify import Group, stratify
from goldwire.errors import GoldwireError
from goldwire.formats.dataset.files import dataset_files
from goldwire.formats.jsonl import write_jsonl
from goldwire.model import Annotation, Article, Document, Provenance, Span
from goldwire.project import example_root, load_project
from goldwire.schemas import load_schema
from goldwire.schemas.schema import Schema
from tests.corpus.mini import mini_articles, mini_project, mini_schema
from tests.examples import at_most


def schema() -> Schema:
    """A schema whose acts are registered events, and whose things are registered too."""
    found = yaml.safe_load(
        """
name: news
version: "1"
language: fr
title: T
registries: {things: t.yaml, acts: a.yaml}
layers:
  thing:
    title: T
    attributes: {ref: {title: R, kind: id, registry: things}}
    labels: {ACTOR: {name: a, definition: d, color: "#000000"}}
  act:
    title: A
    attributes:
      happening: {title: H, kind: id, registry: acts}
      coined: {title: C, kind: id}
    labels:
      HIT: {name: h, definition: d, color: "#000000"}
      RUN: {name: r, definition: d, color: "#111111"}
relations:
  by: {name: b, definition: d, head: [{layer: act}], tail: [{layer: thing}]}
"""
    )
    import msgspec

    return msgspec.convert(found, Schema)


def article(
    name: str, *events: str, text: str = "", label: str = "HIT", seen: bool | None = None, **meta: str
) -> Article:
    """A document that names events."""
    text = text or f"texte {name} tout à fait propre à {name} {name} {name}"
    spans = [Span(f"e{n}", "act", label, n, n + 1, {"happening": e}) for n, e in enumerate(events)]
    spans.append(Span("t", "thing", "ACTOR", 0, 2, {"ref": "everywhere"}))
    provenance = Provenance(seen_predictions=seen)
    annotation = Annotation(name, "a", "news@1", "submitted", provenance, tuple(spans))
    return Article(Document(name, text, dict(meta)), (annotation,))


def corpus(number: int) -> list[Article]:
    """Documents that share nothing."""
    return [article(f"d{i:03}", label="HIT" if i % 2 else "RUN") for i in range(number)]


def sides(
    articles: list[Article], plan: SplitOptions | None = None, stored: Split | None = None
) -> dict[str, str]:
    """Each document's side."""
    return dict(make_split(articles, schema(), plan or SplitOptions(), stored=stored).split.sides)


def test_the_random_pool_of_a_selection_is_the_test_data() -> None:
    """All of it and no other article, whatever share was asked for; its near copies stand with it, what is
    known keeps its side, and what may be no test data is none."""
    copy = " ".join(f"mot{i}" for i in range(40))
    drawn = [article(f"p{i}", selection_pool="test") for i in range(4)]
    drawn.append(article("pc", text=copy, selection_pool="test"))
    listed = [*corpus(20), *drawn, article("c", text=copy + " fin", selection_pool="label")]
    result = make_split(listed, schema(), SplitOptions(test=0.5, validation=0.1))
    tested = {name for name, side in result.split.sides.items() if side == "test"}
    assert tested == {"p0", "p1", "p2", "p3", "pc", "c"}
    assert result.pool == ["p0", "p1", "p2", "p3", "pc"] and result.split.counts["validation"] > 0
    more = [
        *listed,
        article("late", selection_pool="test"),
        article("seen", selection_pool="test", seen=True),
    ]
    again = make_split([*more, *corpus(30)[20:]], schema(), SplitOptions(), stored=result.split)
    assert {name for name, side in again.split.sides.items() if side == "test"} == tested | {"late"}
    assert all(again.split.sides[name] == side for name, side in result.split.sides.items())
    assert (again.pool, again.moved) == ([*result.pool, "late"], ["seen"])


def test_the_schema_says_what_an_event_is() -> None:
    """Registered ids of layers that bear arguments; actors, though registered, tie nothing together."""
    assert event_attributes(schema()) == [("act", "happening")]
    politics = load_schema(load_project(example_root()).schema_path)
    assert event_attributes(politics) == [("event", "event_id")]
    assert event_attributes(mini_schema()) == []


def test_near_duplicates_stories_and_events_tie_documents() -> None:
    """Each kind with its reason; two documents that share only an actor stay apart."""
    long = " ".join(f"mot{i}" for i in range(40))
    listed = [
        article("a", text=long),
        article("b", text=long + " fin"),
        article("c", story="s"),
        article("d", "x", "y"),
        article("e", story="s"),
        article("f", "y"),
        article("g"),
    ]
    ties = find_ties(listed, schema())
    assert [(t.kind, t.first, t.second) for t in ties] == [
        ("near", "a", "b"),
        ("story", "c", "e"),
        ("event", "d", "f"),
    ]
    groups = components([a.document.id for a in listed], ties)
    assert groups == [["a", "b"], ["c", "e"], ["d", "f"], ["g"]]
    assert find_ties(listed[3:], schema(), Rule(shared=0)) == []


def test_events_tie_from_the_number_that_was_asked_for() -> None:
    """With two wanted, one that is only mentioned ties nothing."""
    listed = [article("a", "x", "y", "z"), article("b", "x"), article("c", "y", "z")]
    assert [(t.first, t.second) for t in find_ties(listed, schema(), Rule(shared=2))] == [("a", "c")]
    assert find_ties(listed, schema(), Rule(shared=3)) == []


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 9), max_size=2), st.sampled_from("pqrstu.")),
        min_size=4,
        max_size=25,
    ),
    st.floats(0.1, 0.5),
    st.integers(0, 4),
)
@settings(max_examples=at_most(60))
def test_no_split_separates_a_group(made: list[tuple[list[int], str]], test: float, folds: int) -> None:
    """Whatever ties there are: each group is on one side, every document has one, nothing leaks."""
    listed = [
        article(f"d{n}", *map(str, events), story="" if story == "." else story)
        for n, (events, story) in enumerate(made)
    ]
    plan = SplitOptions(test=test, validation=0.0, folds=0 if folds == 1 else folds)
    try:
        found = make_split(listed, schema(), plan)
    except GoldwireError as error:
        assert error.faults[0].code == "GW291"
        return
    assert split_faults(listed, schema(), found.split) == []
    if plan.folds:
        tested = [name for fold in found.split.folds for name in fold.test]
        assert sorted(tested) == sorted(a.document.id for a in listed)
    else:
        assert set(found.split.sides) == {a.document.id for a in listed}
        for group in found.groups:
            assert len({found.split.sides[name] for name in group}) == 1


def test_shares_and_labels_are_met() -> None:
    """A fifth for testing, a tenth for development, and of each label as much."""
    found = make_split(corpus(100), schema(), SplitOptions())
    assert found.split.counts == {"train": 70, "validation": 10, "test": 20}
    assert found.labels["thing/ACTOR"] == {"train": 70, "validation": 10, "test": 20}


def test_rare_labels_are_dealt_first() -> None:
    """Five documents with the one rare label: one is tested, not none and not all."""
    groups = [Group((f"d{i}",), {"RARE": 1, "COMMON": 5} if i < 5 else {"COMMON": 5}) for i in range(50)]
    dealt = stratify(groups, {"train": 0.8, "test": 0.2})
    rare = {side: sum("RARE" in g.labels for g in each) for side, each in dealt.items()}
    assert rare == {"train": 4, "test": 1}
    again = stratify(groups[::-1], {"train": 0.8, "test": 0.2})
    assert {s: {g.documents for g in e} for s, e in again.items()} == {
        s: {g.documents for g in e} for s, e in dealt.items()
    }


@given(st.integers(5, 40), st.integers(0, 30))
@settings(max_examples=at_most(25))
def test_documents_keep_their_side_when_others_come(first: int, more: int) -> None:
    """Of a growing corpus no document that has a side ever changes it; the shares are kept up."""
    listed = corpus(first + more)
    before = make_split(listed[:first], schema(), SplitOptions(validation=0.0))
    after = make_split(listed, schema(), SplitOptions(validation=0.0), stored=before.split)
    assert before.split.sides.items() <= after.split.sides.items()
    assert after.new == [a.document.id for a in listed[first:]]
    assert abs(after.split.counts["test"] - 0.2 * len(listed)) <= 1


def test_a_new_document_joins_the_side_of_its_story() -> None:
    """A later report on a story goes where the story is."""
    listed = [replace_meta(a, story=f"s{n}") for n, a in enumerate(corpus(20))]
    stored = make_split(listed, schema(), SplitOptions()).split
    more = [article(f"new{n}", story=f"s{n}") for n in range(20)]
    after = sides([*listed, *more], stored=stored)
    assert all(after[f"new{n}"] == stored.sides[a.document.id] for n, a in enumerate(listed))


def test_what_ties_two_sides_together_goes_to_training() -> None:
    """Both documents move there and are named: no model was ever trained on what stays in test."""
    listed = corpus(20)
    stored = make_split(listed, schema(), SplitOptions()).split
    on = {side: next(n for n, s in stored.sides.items() if s == side) for side in ("train", "test")}
    tied = [replace_meta(a, story="one") if a.document.id in on.values() else a for a in listed]
    after = make_split(tied, schema(), SplitOptions(), stored=stored)
    assert after.moved == [on["test"]]
    assert after.split.sides[on["test"]] == "train"


def replace_meta(one: Article, **meta: str) -> Article:
    """The article with further metadata."""
    return Article(structs.replace(one.document, meta={**one.document.meta, **meta}), one.annotations)


@pytest.mark.parametrize("written", ["2031-13-01", "2031-02-30", "9999-99", "05/04/2031", "May 2031"])
def test_a_day_that_there_is_not_makes_nothing_the_newest(written: str) -> None:
    """What can't be read as a date is told, and trains; a group takes it along, and then it is not told as
    older."""
    listed = [article(f"a{day}", published=f"2020-01-{day + 10}") for day in range(9)]
    odd = article("odd", published=written)
    found = make_split([*listed, odd], schema(), SplitOptions(by_date=True))
    assert found.undated == ["odd"] and found.split.sides["odd"] == "train"
    newest = article("a9", published="2020-01-25", story="x")
    tied = make_split(
        [*listed, article("odd", published=written, story="x"), newest], schema(), SplitOptions(by_date=True)
    )
    assert tied.split.sides["odd"] == tied.split.sides["a9"] == "test"
    assert tied.straddling == [] and tied.undated == ["odd"]


def test_dates_are_read_however_they_are_written() -> None:
    """Days first and those of feeds count as the day that they are, and so does one with a time."""
    listed = [article(f"a{day}", published=f"2020-01-{day + 10}") for day in range(7)]
    listed += [
        article("dotted", published="31.12.2031"),
        article("feed", published="Sat, 02 Mar 2030 10:00:00 +0100"),
        article("timed", published="2020-01-02T08:00:00Z"),
    ]
    found = make_split(listed, schema(), SplitOptions(by_date=True, test=0.2, validation=0.0))
    assert {name for name, side in found.split.sides.items() if side == "test"} == {"dotted", "feed"}
    assert found.undated == [] and found.split.starts == {"test": "2030-03-02"}


def test_by_date_tests_on_the_newest() -> None:
    """Groups go by their newest document; those older than their side are named, undated ones train."""
    listed = [article(f"d{n:02}", published=f"2020-01-{n + 1:02}") for n in range(20)]
    listed[0] = replace_meta(listed[0], story="long")
    listed[19] = replace_meta(listed[19], story="long")
    listed.append(article("undated", published="hier"))
    plan = SplitOptions(by_date=True)
    found = make_split(listed, schema(), plan)
    test = {name for name, side in found.split.sides.items() if side == "test"}
    assert test == {"d19", "d00", "d18", "d17"}
    assert found.straddling == ["d00"]
    assert found.undated == ["undated"]
    assert found.split.sides["undated"] == "train"
    assert found.split.starts == {"test": "2020-01-18", "validation": "2020-01-16"}
    later = [*listed, article("z", published="2021"), article("y", published="2020-01-03")]
    after = make_split(later, schema(), plan, stored=found.split)
    assert found.split.sides.items() <= after.split.sides.items()
    assert (after.split.sides["z"], after.split.sides["y"]) == ("test", "train")


def test_leave_one_out_leaves_the_story_out_too() -> None:
    """Each document is tested once, and no fold trains on what belongs to it."""
    listed = [*corpus(3), article("s1", story="s"), article("s2", story="s")]
    folds = make_split(listed, schema(), SplitOptions(each=True)).split.folds
    assert [fold.test for fold in folds] == [("d000",), ("d001",), ("d002",), ("s1",), ("s2",)]
    assert folds[3] == Fold(("s1",), ("s2",))
    assert folds[0].left_out == ()


def test_what_was_marked_with_predictions_in_view_is_not_test_data() -> None:
    """Such documents and their group train; folds leave them out; --allow-seen lifts it; a check finds it."""
    listed = [article(f"d{n}", seen=n < 10) for n in range(20)]
    found = make_split(listed, schema(), SplitOptions(test=0.5, validation=0.0))
    test = [name for name, side in found.split.sides.items() if side == "test"]
    assert test and all(int(name[1:]) >= 10 for name in test)
    assert len(found.seen) == 10
    folded = make_split(listed, schema(), SplitOptions(folds=3)).split
    assert all(int(name[1:]) >= 10 for fold in folded.folds for name in fold.test)
    assert all(int(name[1:]) < 10 for fold in folded.folds for name in fold.left_out)
    allowed = make_split(listed, schema(), SplitOptions(test=0.5, validation=0.0, allow_seen=True)).split
    seen = [name for name, side in allowed.sides.items() if side == "test" and int(name[1:]) < 10]
    faults = split_faults(listed, schema(), allowed)
    assert seen and [fault.code for fault in faults] == [rules.SEEN] * len(seen)


@pytest.mark.parametrize(
    "plan",
    [
        SplitOptions(test=0.0),
        SplitOptions(test=0.7, validation=0.4),
        SplitOptions(test=float("nan")),
        SplitOptions(folds=1),
        SplitOptions(folds=9),
        SplitOptions(folds=2, each=True),
        SplitOptions(folds=2, by_date=True),
        SplitOptions(rule=Rule(similar=0.0)),
    ],
)
def test_a_plan_that_can_not_be_is_refused(plan: SplitOptions) -> None:
    """Shares that leave nothing, too many folds: a plain error."""
    with pytest.raises(GoldwireError, match="GW291"):
        make_split(corpus(5), schema(), plan)


def test_a_split_of_another_kind_is_not_written_over() -> None:
    """Who has which side is not forgotten by the way: folds go to a file of their own."""
    stored = make_split(corpus(20), schema(), SplitOptions()).split
    folds = make_split(corpus(20), schema(), SplitOptions(folds=3)).split
    for plan, there in (
        (SplitOptions(folds=3), stored),
        (SplitOptions(), folds),
        (SplitOptions(folds=4), folds),
        (SplitOptions(each=True), stored),
    ):
        with pytest.raises(GoldwireError, match="is there already"):
            make_split(corpus(20), schema(), plan, stored=there)
    again = make_split(corpus(23), schema(), SplitOptions(folds=3), stored=folds).split
    for old, new in zip(folds.folds, again.folds, strict=True):
        assert set(old.test) <= set(new.test)


def test_a_corpus_of_one_story_is_not_split() -> None:
    """The error names what holds it together; a test side that nothing fits is refused too."""
    listed = [article(f"d{n}", "war") for n in range(5)]
    with pytest.raises(GoldwireError, match=r"act\.happening=war"):
        make_split(listed, schema(), SplitOptions())
    with pytest.raises(GoldwireError, match="no document has a date"):
        make_split(corpus(5), schema(), SplitOptions(by_date=True))
    stories = [article(f"d{n}", story="ab"[n % 2]) for n in range(20)]
    with pytest.raises(GoldwireError, match="largest: 10"):
        make_split(stories, schema(), SplitOptions())


def test_each_kind_of_leak_has_its_code() -> None:
    """In the project's own file, in folds and in the documents' own `meta.split`."""
    long = " ".join(f"mot{i}" for i in range(40))
    listed = [
        article("a", text=long, split="train"),
        article("b", text=long + " fin", split="validation"),
        article("c", story="s", split="train"),
        article("d", story="s", split="test"),
        article("e", "x", split="train"),
        article("f", "x", split="test"),
        article("g", "x"),
    ]
    wanted = [rules.NEAR, rules.STORY, rules.EVENT]
    assert [fault.code for fault in split_faults(listed, schema())] == wanted
    own = {a.document.id: a.document.meta.get("split", "test") for a in listed}
    bare = [replace_meta(a, split="") for a in listed]
    split = Split("parts", sides=own)
    assert [fault.code for fault in split_faults(bare, schema(), split)] == [*wanted, rules.EVENT]
    assert "a (train), b (validation)" in split_faults(bare, schema(), split)[0].where
    folds = Split("folds", folds=(Fold(("a", "c"), ("b",)), Fold(("d",), ("c",))))
    assert [fault.code for fault in split_faults(bare, schema(), folds)] == [rules.STORY]
    assert split_faults(bare, schema()) == []


def test_the_file_holds_the_split(tmp_path: Path) -> None:
    """Written and read it is the same; what is no split, or has a document on two sides, is refused."""
    for plan in (
        SplitOptions(),
        SplitOptions(folds=3),
        SplitOptions(each=True),
        SplitOptions(rule=Rule(0.7, 2)),
    ):
        made = make_split(corpus(20), schema(), plan)
        write_split(tmp_path / "s.json", made.split, made.ties)
        assert read_split(tmp_path / "s.json") == made.split
        turned = make_split(corpus(20)[::-1], schema(), plan).split
        assert (dict(turned.sides), len(turned.folds)) == (dict(made.split.sides), len(made.split.folds))
    for text in ("[1]", '{"kind": "other"}', '{"kind": "parts", "sides": {"a": ["x"], "b": ["x"]}}'):
        (tmp_path / "s.json").write_text(text, encoding="utf-8")
        with pytest.raises(GoldwireError, match="GW290"):
            read_split(tmp_path / "s.json")


def test_build_writes_a_file_for_each_side(tmp_path: Path) -> None:
    """The dataset has the split's sides, the card names them; without a split there is `train` alone."""
    import pyarrow.parquet as pq

    project = mini_project(tmp_path / "mini")
    before = build(load_corpus(project)).manifest
    write_split(split_path(project), Split("parts", sides={"pommes": "train", "soupe": "test"}))
    made = build(load_corpus(project))
    assert made.manifest["splits"] == {"train": 1, "test": 1}
    assert made.manifest["content_hash"] == before["content_hash"]
    rows = {side: pq.read_table(path) for side, [path] in dataset_files(made.folder, "documents").items()}
    assert {side: table["id"].to_pylist() for side, table in rows.items()} == {
        "train": ["pommes"],
        "test": ["soupe"],
    }
    card = (made.folder / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(card.split("---\n")[1])
    assert [one["split"] for one in header["configs"][0]["data_files"]] == ["train", "test"]
    assert "By document: `train` 1, `test` 1." in card
    write_split(split_path(project), Split("parts", sides={"pommes": "train"}))
    with pytest.raises(GoldwireError, match="GW292"):
        build(load_corpus(project))
    split_path(project).unlink()
    assert build(load_corpus(project)).manifest == before
    assert not list(made.folder.glob("documents/test*"))


def test_check_finds_leaks_in_the_project_and_in_a_file(tmp_path: Path) -> None:
    """`corpus check` reads corpus/split.json, another split, and `meta.split` of a file."""
    project = mini_project(tmp_path / "mini")
    listed = load_corpus(project).articles
    assert run_checks(project).faults == []
    same = [
        replace_meta(a, story="one", split=side) for a, side in zip(listed, ("train", "test"), strict=True)
    ]
    write_jsonl(tmp_path / "mine.jsonl", same)
    assert Counter(run_checks(project, file=tmp_path / "mine.jsonl").by_code) == {rules.STORY: 1}
    bare = [replace_meta(a, split="") for a in same]
    write_jsonl(tmp_path / "mine.jsonl", bare)
    write_split(tmp_path / "s.json", Split("parts", sides={"pommes": "train", "soupe": "test"}))
    found = run_checks(project, file=tmp_path / "mine.jsonl", split=tmp_path / "s.json")
    assert list(found.by_code) == [rules.STORY]
    assert run_checks(project, split=tmp_path / "s.json").faults == []


def test_the_command_splits_shows_and_keeps(tmp_path: Path) -> None:
    """`corpus split` prints sides and labels, writes the file, and knows the documents again."""
    project = mini_project(tmp_path / "mini")
    arguments = ["split", "--project", str(project.root), "--test", "0.5", "--validation", "0"]
    done = CliRunner().invoke(
        command, [*arguments, "--json", str(tmp_path / "o.json")], catch_exceptions=False
    )
    assert "2 documents in 2 groups, the largest of 1" in done.stdout
    figures = json.loads((tmp_path / "o.json").read_text())
    assert figures["sides"] == {"train": 1, "test": 1}
    kept = split_path(project).read_bytes()
    again = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert "2 documents were known, 0 are new" in again.stderr
    assert split_path(project).read_bytes() == kept
    other = ["split", "--project", str(project.root), "--leave-one-out", "--out", str(tmp_path / "loo.json")]
    assert CliRunner().invoke(command, other, catch_exceptions=False).exit_code == 0
    assert read_split(tmp_path / "loo.json").kind == "leave-one-out"
    assert replace(SplitOptions(), each=True).kind == "leave-one-out"


def test_a_side_of_another_name_is_not_dealt_anew() -> None:
    """A split file edited by hand: documents on a side that is none of ours would change it unsaid."""
    stored = make_split(corpus(20), schema(), SplitOptions()).split
    renamed = {n: "holdout" if s == "validation" else s for n, s in stored.sides.items()}
    with pytest.raises(GoldwireError, match="a side `holdout`"):
        make_split(corpus(20), schema(), SplitOptions(), stored=replace(stored, sides=renamed))


def test_eval_takes_the_documents_of_a_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--side` of score, compare and agree takes those of the project's split alone; a side that is not there
    is refused with those that are."""
    project = mini_project(tmp_path / "mini")
    monkeypatch.chdir(project.root)
    gold = tmp_path / "gold.jsonl"
    goldwire.write(mini_articles(), gold)
    with pytest.raises(GoldwireError, match=r"GW430 .*keeps no split"):
        goldwire.score(gold, gold, sides=["test"])
    write_split(split_path(project), Split("parts", sides={"pommes": "train", "soupe": "test"}))
    assert goldwire.score(gold, gold, sides=["test"], resamples=0).documents == ("soupe",)
    assert len(goldwire.score(gold, gold, sides=["test", "train"], resamples=0).documents) == 2
    compared = goldwire.compare(gold, gold, gold, sides=["train"], rounds=100)
    assert compared.scores[0].documents == ("pommes",)
    agreement = goldwire.agree(gold, sides=["test"], resamples=0, gamma=False)
    assert "1 document" in repr(agreement)
    words = ["eval", "score", str(gold), str(gold), "--side", "test", "--json", str(tmp_path / "s.json")]
    assert CliRunner().invoke(cli, words, catch_exceptions=False).exit_code == 0
    assert json.loads((tmp_path / "s.json").read_text())["documents"] == 1
    with pytest.raises(GoldwireError, match=r"GW430 .*`validation`.*test, train"):
        goldwire.score(gold, gold, sides=["validation"])


def test_test_data_that_was_since_seen_goes_to_training() -> None:
    """Annotated again with predictions in view: it moves and is named; the others keep their side."""
    listed = corpus(20)
    stored = make_split(listed, schema(), SplitOptions()).split
    one = next(n for n, s in stored.sides.items() if s == "test")
    again = [article(one, seen=True) if a.document.id == one else a for a in listed]
    after = make_split(again, schema(), SplitOptions(), stored=stored)
    assert (after.seen, after.moved, after.split.sides[one]) == ([one], [one], "train")
    assert {n: s for n, s in after.split.sides.items() if n != one}.items() <= stored.sides.items()
    assert split_faults(again, schema(), after.split) == []
    dated = [replace_meta(a, published=f"2020-01-{n + 1:02}") for n, a in enumerate(again)]
    assert make_split(dated, schema(), SplitOptions(by_date=True), stored=stored).moved == [one]


def test_documents_that_are_gone_are_named() -> None:
    """Whoever comes back later is dealt anew: that is said, of sides and of folds."""
    for plan in (SplitOptions(), SplitOptions(folds=3)):
        stored = make_split(corpus(20), schema(), plan).split
        assert make_split(corpus(18), schema(), plan, stored=stored).gone == ["d018", "d019"]
        assert make_split(corpus(20), schema(), plan, stored=stored).gone == []


def test_a_leak_is_found_past_a_document_without_a_side() -> None:
    """What three documents share ties each to the first; that one may have no side, or be left out."""
    listed = [article(name, story="one") for name in "abc"] + [article("d")]
    own = [replace_meta(a, split=s) for a, s in zip(listed, ("", "train", "test", ""), strict=True)]
    assert [fault.code for fault in split_faults(own, schema())] == [rules.STORY]
    split = Split("parts", sides={"b": "train", "c": "test", "d": "train"})
    assert Counter(f.code for f in split_faults(listed, schema(), split)) == {rules.SIDE: 1, rules.STORY: 1}
    folds = Split("folds", folds=(Fold(("b",), ("a",)), Fold(("c", "a"), ("b",))))
    faults = split_faults(listed, schema(), folds)
    assert [(f.code, f.where) for f in faults] == [(rules.STORY, "split.json fold 1: b (test), c (train)")]
    whole = Split("folds", folds=(Fold(("b",), ("a", "c")), Fold(("c", "a"), ("b",))))
    assert split_faults(listed, schema(), whole) == []


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "parts", "sides": {"../x": ["a"]}},
        {"kind": "parts", "sides": {"": ["a"]}},
        {"kind": "parts", "similar": 7},
        {"kind": "parts", "similar": 0},
        {"kind": "folds", "shared": -1},
    ],
)
def test_a_split_edited_into_what_can_not_be_is_refused(tmp_path: Path, record: dict[str, object]) -> None:
    """The side is a file's name; the rule is what leaks are looked for by."""
    (tmp_path / "s.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW290"):
        read_split(tmp_path / "s.json")


def test_check_tells_of_documents_without_a_side(tmp_path: Path) -> None:
    """A split of other documents is not free of leaks: nothing is known of these."""
    project = mini_project(tmp_path / "mini")
    write_split(tmp_path / "s.json", Split("parts", sides={"pomme": "train", "soupe": "test"}))
    done = CliRunner().invoke(
        command, ["check", "--project", str(project.root), "--split", str(tmp_path / "s.json")]
    )
    assert done.exit_code == 1
    assert "document `pommes` has no side" in done.stdout


def test_a_second_run_goes_on_as_the_first_began(tmp_path: Path) -> None:
    """Shares, date and rule are the stored split's where nothing else is asked for or set."""
    project = mini_project(tmp_path / "mini")
    first = options_for(project, SplitOptions(by_date=True), test=0.4, validation=0.0, shared=2, similar=0.7)
    assert (first.test, first.validation, first.rule) == (0.4, 0.0, Rule(0.7, 2))
    dated = [replace_meta(a, published=f"2020-01-{n + 1:02}") for n, a in enumerate(corpus(20))]
    stored = make_split(dated, schema(), first).split
    assert options_for(project, SplitOptions(), stored) == first
    assert options_for(project, SplitOptions(), stored, test=0.3, shared=0).rule == Rule(0.7, 0)
    assert options_for(project, SplitOptions(folds=3), None) == SplitOptions(folds=3)


def test_checks_look_for_ties_as_the_project_says(tmp_path: Path) -> None:
    """[split] counts for sides that documents bring, too; what is no number there is told plainly."""
    project = mini_project(tmp_path / "mini")
    listed = [article("a", "x", split="train"), article("b", "x", split="test")]
    assert [fault.code for fault in leaks(project, listed, schema())] == [rules.EVENT]
    looser = replace(project, settings={**project.settings, "split": {"shared": 2}})
    assert leaks(looser, listed, schema()) == []
    for bad in ({"shared": "x"}, {"shared": 1.5}, {"similar": "a"}, {"similar": True}):
        wrong = replace(project, settings={**project.settings, "split": bad})
        with pytest.raises(GoldwireError, match=r"GW290.*\[split\]"):
            options_for(wrong, SplitOptions())

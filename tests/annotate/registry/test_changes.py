"""Ids merged, split and renamed: in registries and in all that bears them, all or nothing, with a record."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import goldwire
from goldwire.annotate.annotation_files import annotation_files
from goldwire.annotate.records.pulled import PulledAnnotation, local_hash, read_pulled, write_pulled
from goldwire.annotate.records.registry_changes import read_changes, retired
from goldwire.annotations.store import read_annotations
from goldwire.corpus.quality.checks import run_checks
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.project import Project
from goldwire.schemas import load_schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.registry_file import RegistryFile
from tests.annotate.registry.made import ANIMALS, ANNA, contents, make_zoo
from tests.cli.terminal import called
from tests.examples import at_most


@pytest.fixture
def zoo(tmp_path: Path) -> Project:
    """The project."""
    return make_zoo(tmp_path / "zoo")


def refused(change: Callable[[], object], code: str, *words: str) -> None:
    """One plain error with this code, which says these words."""
    with pytest.raises(GoldwireError) as error:
        change()
    assert [fault.code for fault in error.value.faults] == [code]
    assert all(word in str(error.value) for word in words)


def ids(project: Project, attribute: str = "which") -> dict[str, list[str]]:
    """The ids in what is stored, by annotation."""
    return {
        f"{each.annotator}/{each.document}": [
            str(span.attributes[attribute]) for span in each.spans if attribute in span.attributes
        ]
        for each in read_annotations(project)
    }


def test_a_merge_reaches_all_that_bears_the_id(zoo: Project) -> None:
    """Annotations, drafts, what was put aside, own marks, decisions and references; the spellings move."""
    report = goldwire.merge_ids(zoo, "a.rex", "a.bella", by="lea")
    held = contents(zoo)
    saying = {name for name, text in held.items() if "a.rex" in text}
    assert saying == {"annotate/adjudication/monday.yaml", "annotate/predictions.jsonl"}
    assert "reason: a.rex is named" in held["annotate/adjudication/monday.yaml"]
    assert "a: a.bella\n  b: a.otto" in held["annotate/adjudication/monday.yaml"]
    assert "which: a.bella" in held["annotate/adjudication/friday.own.yaml"]
    assert held["schemas/events.yaml"].count("of: a.bella") == 2
    entry = RegistryFile(zoo.root / "schemas/animals.yaml").by_id["a.bella"]
    assert entry["names"] == ["Bella", "bear", "Rex", "wolf"] and entry["label"] == ["MAMMAL", "BIRD"]
    assert (report.spans, report.annotations, report.decisions, report.references) == (8, 6, 2, 2)
    assert report.elsewhere == ("annotate/predictions.jsonl",)
    assert load_registries(load_schema(zoo.schema_path), zoo.schema_path)["animals"].keys() == {
        "a.bella",
        "k.anna",
    }


def test_no_spelling_is_lost_in_a_merge(zoo: Project) -> None:
    """What the other one was called is among the names, whether entries list any or not."""
    animals = zoo.schema_path.parent / "animals.yaml"
    text = animals.read_text(encoding="utf-8").replace("  - Rex\n", "")
    animals.write_text(text, encoding="utf-8")
    events = zoo.schema_path.parent / "events.yaml"
    events.write_text(events.read_text(encoding="utf-8").replace("FLIGHT", "FEEDING"), encoding="utf-8")
    goldwire.merge_ids(zoo, "a.rex", "a.bella")
    goldwire.merge_ids(zoo, "2020-flight", "2020-feeding", registry="events")
    registries = load_registries(load_schema(zoo.schema_path), zoo.schema_path)
    assert registries["animals"]["a.bella"].spellings == ["Bella", "bear", "Rex", "wolf"]
    assert registries["events"]["2020-feeding"].spellings == ["feeding", "flight"]


def test_a_schema_beside_the_project_has_its_registries_changed(tmp_path: Path) -> None:
    """Two projects may share one: a change reaches the registry there, and is finished there if cut off."""
    zoo = make_zoo(tmp_path / "zoo")
    shared = tmp_path / "shared"
    zoo.schema_path.parent.rename(shared)
    settings_file = zoo.root / "goldwire.toml"
    text = settings_file.read_text(encoding="utf-8")
    there = zoo.schema_path.relative_to(zoo.root).as_posix()
    settings_file.write_text(text.replace(there, f"../shared/{zoo.schema_path.name}"), encoding="utf-8")
    zoo = goldwire.load_project(zoo.root)
    assert goldwire.merge_ids(zoo, "a.rex", "a.bella").written
    assert "a.rex" not in (shared / "animals.yaml").read_text(encoding="utf-8")
    held = (shared / "events.yaml").read_bytes()
    name = "../shared/events.yaml"
    journal = zoo.cache / "registry-change.json"
    journal.write_text(json.dumps({"files": {name: (sha256(held), "[]\n")}}), encoding="utf-8")
    goldwire.review_registry(zoo)
    assert (shared / "events.yaml").read_text(encoding="utf-8") == "[]\n"
    journal.write_text(json.dumps({"files": {"../other.txt": ("", "x")}}), encoding="utf-8")
    refused(lambda: goldwire.review_registry(zoo), "GW796", "other.txt")
    assert not (tmp_path / "other.txt").exists()


def test_only_what_is_meant_changes(zoo: Project) -> None:
    """All other lines stay to the letter: comments, layout, other ids, texts."""
    before = contents(zoo)
    goldwire.rename_id(zoo, "2020-feeding", "2020-05-feeding")
    changed = {
        name: [
            pair
            for pair in zip(before[name].splitlines(), text.splitlines(), strict=True)
            if pair[0] != pair[1]
        ]
        for name, text in contents(zoo).items()
        if text != before[name]
    }
    assert sorted(changed) == [
        "annotate/adjudication/monday.yaml",
        "annotate/annotations/anna/monday.json",
        "schemas/events.yaml",
    ]
    for old, new in (pair for lines in changed.values() for pair in lines):
        assert old.replace("2020-feeding", "2020-05-feeding") == new


def test_the_record_says_who_when_what_and_where(zoo: Project) -> None:
    """A line a change, with the spans that it changed and the entry that is gone."""
    goldwire.merge_ids(zoo, "a.bela", "a.bella", by="lea")
    goldwire.merge_ids(zoo, "a.rex", "a.bella", by="max")
    first, second = read_changes(zoo)
    assert (first.who, first.what, first.registry, first.old, first.new) == (
        *("lea", "merge", "animals", "a.bela", "a.bella"),
    )
    assert first.spans == {
        "annotations/anna/friday.json": ["s3"],
        "annotations/ben/sunday.json": ["s1"],
        "drafts/ben/friday.json": ["s1"],
    }
    assert first.entry == {} and second.entry["names"] == ["Rex", "wolf"] and second.when >= first.when
    lines = (zoo.annotate / "registry-changes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["who"] for line in lines] == ["lea", "max"]


def test_an_id_that_was_merged_or_renamed_stands_for_what_it_is_now(zoo: Project) -> None:
    """Chains are followed to their end; an id that is in use again stands for itself."""
    goldwire.rename_id(zoo, "a.bela", "a.bello")
    goldwire.merge_ids(zoo, "a.bello", "a.bella")
    goldwire.rename_id(zoo, "2020-flight", "2020-escape")
    goldwire.rename_id(zoo, "2020-escape", "2020-flight")
    assert retired(zoo) == {
        "animals": {"a.bela": "a.bella", "a.bello": "a.bella"},
        "events": {"2020-escape": "2020-flight"},
    }


def test_split_by_words_and_by_article(zoo: Project) -> None:
    """Mentions that mark the words, whatever their case, or lie in the article, or both; no others."""
    goldwire.split_id(zoo, "a.rex", "a.rex2", documents=["friday", "sunday"])
    assert ids(zoo)["anna/monday"] == ["a.bella", "a.rex", "a.rex", "a.rex"]
    assert ids(zoo)["anna/friday"][0] == "a.rex2" == ids(zoo)["ben/sunday"][0]
    entry = RegistryFile(zoo.root / "schemas/animals.yaml").by_id["a.rex2"]
    assert entry == {"id": "a.rex2", "label": "BIRD", "name": "REX", "names": ["REX", "Rex", "eagle"]} or (
        set(entry["names"]) == {"Rex", "REX", "eagle"} and entry["label"] == "BIRD"
    )
    own = contents(zoo)["annotate/adjudication/friday.own.yaml"]
    assert "which: a.rex2" in own
    goldwire.split_id(zoo, "a.rex", "a.wolf", documents=["monday"], words=["rex"])
    assert ids(zoo)["anna/monday"] == ["a.bella", "a.wolf", "a.wolf", "a.rex"]
    assert "a: a.wolf" in contents(zoo)["annotate/adjudication/monday.yaml"]
    names = RegistryFile(zoo.root / "schemas/animals.yaml").by_id["a.rex"]["names"]
    assert names == ["Rex", "wolf"], "spellings stay where articles decide"
    assert run_checks(zoo).by_code.keys() <= {"GW244"}


def test_words_that_mean_another_thing_everywhere_leave_the_entry(zoo: Project) -> None:
    """A split by words alone takes them from the old entry's spellings, unless none would be left."""
    goldwire.split_id(zoo, "a.rex", "a.wolf", words=["Wolf"])
    by_id = RegistryFile(zoo.root / "schemas/animals.yaml").by_id
    assert by_id["a.rex"]["names"] == ["Rex"] and by_id["a.wolf"]["names"] == ["wolf"]


def test_event_ids_are_changed_alike(zoo: Project) -> None:
    """Nothing is the entities' own: another layer's registry is found by the id."""
    refused(lambda: goldwire.merge_ids(zoo, "2020-feeding", "2020-flight"), "GW793", "FEEDING", "FLIGHT")
    goldwire.rename_id(zoo, "2020-flight", "2021-flight")
    assert ids(zoo, "happening")["anna/friday"] == ["2021-flight"]


def test_a_dry_run_counts_and_writes_nothing(zoo: Project) -> None:
    """The same figures, and not one file changed or made."""
    before = contents(zoo)
    report = goldwire.merge_ids(zoo, "a.rex", "a.bella", dry_run=True)
    assert not report.written and contents(zoo) == before and not read_changes(zoo)
    done = goldwire.merge_ids(zoo, "a.rex", "a.bella")
    assert {**report.as_json(), "written": True} == done.as_json()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("merge", "a.nobody", "a.bella"), "GW791"),
        (("merge", "a.rex", "a.nobody"), "GW792"),
        (("merge", "a.rex", "a.rex"), "GW792"),
        (("merge", "k.anna", "a.rex"), "GW793"),
        (("rename", "a.rex", "a.bella"), "GW792"),
        (("rename", "a.rex", "a.bela"), "GW792"),
        (("rename", "a.rex", "a rex"), "GW792"),
        (("rename", "a.rex", "a.r", "--registry", "plants"), "GW791"),
        (("rename", "a.rex", "a.r", "--registry", "events"), "GW791"),
        (("split", "a.rex", "a.r"), "GW792"),
        (("split", "a.rex", "a.r", "--words", "cat"), "GW794"),
        (("split", "a.bella", "a.r", "--words", "bella"), "GW794"),
        (("split", "a.rex", "a.r", "--document", "tuesday"), "GW791"),
        (("review", "--add", "a.rex"), "GW791"),
    ],
)
def test_what_can_not_be_done_is_refused_in_one_line(zoo: Project, words: tuple[str, ...], code: str) -> None:
    """Exit 2, the code, no traceback, nothing written."""
    before = contents(zoo)
    done = called("registry", *words, "--project", zoo.root)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2 and len(lines) == 1 and lines[0].startswith(f"goldwire: {code} ")
    assert contents(zoo) == before and not (zoo.annotate / "registry-changes.jsonl").exists()


def test_an_id_of_two_registries_asks_which(tmp_path: Path) -> None:
    """`--registry` says it; the other registry's entry and mentions stay."""
    events = "- {id: a.rex, label: FEEDING}\n- {id: 2020-feeding, label: FEEDING, of: a.rex}\n"
    zoo = make_zoo(tmp_path / "zoo", {"schemas/events.yaml": events})
    refused(lambda: goldwire.rename_id(zoo, "a.rex", "a.max"), "GW791", "animals and events")
    goldwire.rename_id(zoo, "a.rex", "a.max", registry="animals")
    assert contents(zoo)["schemas/events.yaml"] == events.replace("of: a.rex", "of: a.max")


def test_a_registry_that_can_not_be_changed_entry_by_entry_is_left(tmp_path: Path) -> None:
    """All on one line: said with the way out, and nothing is written."""
    flow = "[{id: a.rex, label: BIRD}, {id: a.bella, label: BIRD}]\n"
    zoo = make_zoo(tmp_path / "zoo", {"schemas/animals.yaml": flow})
    before = contents(zoo)
    refused(lambda: goldwire.merge_ids(zoo, "a.rex", "a.bella"), "GW790", "lines of its own")
    assert contents(zoo) == before
    goldwire.rename_id(zoo, "a.rex", "a.max")
    assert "[{id: a.max, label: BIRD}" in contents(zoo)["schemas/animals.yaml"]


def test_where_writing_fails_nothing_is_changed(zoo: Project) -> None:
    """The record can't be written: registries and annotations are as they were."""
    before = contents(zoo)
    (zoo.annotate / "registry-changes.jsonl").symlink_to(zoo.root / "goldwire.toml/below-a-file")
    refused(lambda: goldwire.merge_ids(zoo, "a.rex", "a.bella"), "GW904", "below-a-file")
    assert contents(zoo) == before and list(zoo.cache.glob("registry*")) == []


def test_a_run_that_is_killed_is_finished_or_never_was(tmp_path: Path) -> None:
    """Killed before each of its writes: after the next command all is old, or all is new, and what goldwire
    itself changed is known as no edit."""
    old = contents(make_zoo(tmp_path / "old"))
    whole = make_zoo(tmp_path / "whole")
    goldwire.merge_ids(whole, "a.rex", "a.bella", by="lea")
    new = contents(whole)
    outcomes = set()
    for writes in range(12):
        zoo = make_zoo(tmp_path / f"killed-{writes}")
        pulled = {
            path.relative_to(zoo.annotations).as_posix(): PulledAnnotation(local_hash(annotation))
            for path, annotation in annotation_files(zoo)
            if path.parent.parent == zoo.annotations
        }
        write_pulled(zoo, pulled)
        child = os.fork()
        if not child:
            left = iter(range(writes))

            def replace(path: Path, target: Path, left: Iterator[int] = left) -> Path:
                if next(left, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                return path.rename(target)

            Path.replace = replace  # type: ignore[method-assign,assignment]
            goldwire.merge_ids(zoo, "a.rex", "a.bella", by="lea")
            os._exit(0)
        os.waitpid(child, 0)
        goldwire.review_registry(zoo)
        now = contents(zoo)
        assert now in (old, new)
        assert len(read_changes(zoo)) == (now == new)
        for path, annotation in annotation_files(zoo):
            if path.parent.parent == zoo.annotations:
                name = path.relative_to(zoo.annotations).as_posix()
                assert read_pulled(zoo)[name].local == local_hash(annotation)
        outcomes.add(now == new)
    assert outcomes == {False, True}


def test_what_was_cut_off_is_not_written_over_later_work(zoo: Project) -> None:
    """Files that changed since are named, and nothing is written."""
    zoo.cache.mkdir()
    note = zoo.cache / "registry-change.json"
    planned = {"files": {"schemas/animals.yaml": ["0" * 64, "[]\n"]}}
    note.write_text(json.dumps(planned), encoding="utf-8")
    refused(lambda: goldwire.review_registry(zoo), "GW796", "animals.yaml", "remove this file")
    assert contents(zoo)["schemas/animals.yaml"] == ANIMALS
    note.write_text("[", encoding="utf-8")
    refused(lambda: goldwire.review_registry(zoo), "GW796")


def test_a_damaged_record_is_told_with_its_line(zoo: Project) -> None:
    """Nothing is changed until it is mended."""
    goldwire.merge_ids(zoo, "a.bela", "a.bella")
    path = zoo.annotate / "registry-changes.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + "<<<<<<<\n", encoding="utf-8")
    before = contents(zoo)
    refused(lambda: goldwire.rename_id(zoo, "a.rex", "a.max"), "GW795", ":2")
    assert contents(zoo) == before


def test_what_goldwire_changed_is_nobodys_edit(zoo: Project) -> None:
    """The next pull must not take it for work that was done here."""
    key, reading = "anna/monday.json", ANNA["monday"]
    write_pulled(zoo, {key: PulledAnnotation(local_hash(reading), "own 1", {"own 1": "x"})})
    goldwire.rename_id(zoo, "a.rex", "a.max")
    (stored,) = [a for a in read_annotations(zoo) if (a.annotator, a.document) == ("anna", "monday")]
    assert read_pulled(zoo)[key].local == local_hash(stored) != local_hash(reading)


NAMES = st.from_regex(r"[\w][\w.:@+-]{0,11}", fullmatch=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=at_most(8), deadline=None)
@given(NAMES)
def test_there_and_back_is_where_it_was(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Whatever the new id is made of, YAML's own words among it: renamed back, all is as it was."""
    zoo = make_zoo(tmp_path_factory.mktemp("zoo"))
    before = contents(zoo)
    if any(name == known for known in ("a.rex", "a.bella", "a.bela", "a.otto", "a.old", "k.anna")):
        return
    goldwire.rename_id(zoo, "a.rex", name)
    schema = load_schema(zoo.schema_path)
    assert name in load_registries(schema, zoo.schema_path)["animals"]
    goldwire.rename_id(zoo, name, "a.rex")
    assert contents(zoo) == before

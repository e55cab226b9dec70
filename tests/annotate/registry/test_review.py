"""The review list: what annotators coined, with examples, added or settled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import goldwire
from goldwire.annotate.records.registry_changes import read_changes
from goldwire.corpus.quality.checks import run_checks
from goldwire.project import Project
from goldwire.schemas.registry_file import RegistryFile
from tests.annotate.registry.made import contents, make_zoo
from tests.cli.terminal import called


@pytest.fixture
def zoo(tmp_path: Path) -> Project:
    """The project."""
    return make_zoo(tmp_path / "zoo")


def test_new_ids_are_listed_with_where_and_on_what_they_stand(zoo: Project) -> None:
    """Words, labels, annotators and places; drafts count, what was put aside does not."""
    listed = {each.id: each for each in goldwire.review_registry(zoo).new}
    assert list(listed) == ["a.bela", "a.otto"]
    bela = listed["a.bela"]
    assert (bela.registry, bela.spans, bela.labels) == ("animals", 3, {"MAMMAL": 3})
    assert bela.words == {"Bella": 2, "🐻": 1} and bela.annotators == ("anna", "ben")
    assert bela.examples[0] == "anna/friday: …an eagle. The keepers fed Bella, and 🐻 [Bella] ate."
    assert listed["a.otto"].words == {"Otto": 1, "otter": 1}


def test_added_ids_become_entries_and_leave_the_list(zoo: Project) -> None:
    """With the labels and words of their mentions; the annotations stay as they are; the check is content."""
    before = contents(zoo)
    left = goldwire.review_registry(zoo, add=["a.otto"], by="lea")
    assert left.added == ("a.otto",) and [each.id for each in left.new] == ["a.bela"]
    entry = RegistryFile(zoo.root / "schemas/animals.yaml").by_id["a.otto"]
    assert entry == {"id": "a.otto", "label": "MAMMAL", "name": "Otto", "names": ["Otto", "otter"]}
    after = contents(zoo)
    assert {name for name in after if after[name] != before[name]} == {"schemas/animals.yaml"}
    assert after["schemas/animals.yaml"].startswith(before["schemas/animals.yaml"])
    goldwire.review_registry(zoo, known={"a.bela": "a.bella"})
    assert "GW244" not in run_checks(zoo).by_code
    assert read_changes(zoo)[0].who == "lea" and read_changes(zoo)[0].what == "add"


def test_all_of_a_review_is_done_or_nothing(zoo: Project) -> None:
    """Where one new id can't be what it is said to be, none is added either."""
    before = contents(zoo)
    new = [each.id for each in goldwire.review_registry(zoo).new]
    with pytest.raises(goldwire.AnnotateError, match="GW792"):
        goldwire.review_registry(zoo, add=new[:1], known={new[1]: "nobody"})
    assert contents(zoo) == before


def test_a_dry_run_tries_what_the_run_does(zoo: Project) -> None:
    """A new id may be what another new one becomes: the dry run says what the run then comes to."""
    before = contents(zoo)
    asked: dict[str, Any] = {"add": ["a.otto"], "known": {"a.bela": "a.otto"}}
    dry = goldwire.review_registry(zoo, dry_run=True, **asked)
    assert contents(zoo) == before
    done = goldwire.review_registry(zoo, **asked)
    assert (dry.new, dry.added) == (done.new, done.added) == ((), ("a.otto",))
    tried, settled = ([replace(each, written=False) for each in review.settled] for review in (dry, done))
    assert tried == settled and done.settled[0].written


def test_a_registry_without_entries_takes_its_first(tmp_path: Path) -> None:
    """Empty, or an empty list, with or without a comment."""
    for number, text in enumerate(("", "[]\n", "# nothing yet\n[]\n", "# nothing yet\n")):
        zoo = make_zoo(tmp_path / f"zoo{number}", {"schemas/animals.yaml": text})
        assert len(goldwire.review_registry(zoo, add_all=True).added) == 4
        file = RegistryFile(zoo.root / "schemas/animals.yaml")
        assert {entry["id"] for entry in file.entries} == {"a.bella", "a.bela", "a.rex", "a.otto"}
        assert file.text.startswith("# nothing yet") == ("#" in text)


def test_the_command_lists_adds_and_settles(zoo: Project, tmp_path: Path) -> None:
    """The table, an example each, `--add`, `--as`, `--dry-run`, JSON."""
    shown = called("registry", "review", "--project", zoo.root, "--json", tmp_path / "list.json")
    assert "a.bela" in shown.stdout and "2 ids that no registry has" in shown.stdout
    assert "ben/sunday: REX came back. Old [Bella] saw" in shown.stderr
    assert [each["id"] for each in json.loads((tmp_path / "list.json").read_text())["new"]] == [
        "a.bela",
        "a.otto",
    ]
    before = contents(zoo)
    settle = ("registry", "review", "--add", "a.otto", "--as", "a.bela=a.bella", "--project", zoo.root)
    dry = called(*settle, "--dry-run")
    assert dry.returncode == 0 and contents(zoo) == before and "would add  a.otto" in dry.stderr
    done = called(*settle)
    assert "0 ids that no registry has" in done.stdout and "added  a.otto" in done.stderr
    assert "a.bela" not in "".join(contents(zoo).values())
    assert called("registry", "review", "--as", "a.otto", "--project", zoo.root).returncode == 2

"""A file from Label Studio into a project: its people go under the names that the project has for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import goldwire
from goldwire.annotate.records.accounts import (
    Account,
    accounts_path,
    email_hash,
    read_accounts,
    write_accounts,
)
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.errors import GoldwireError
from goldwire.files import sha256, write_text
from goldwire.model import Annotation, Provenance, Span
from goldwire.project import Project, load_project

MINI = Path(__file__).parents[1] / "data/mini/schemas/mini.yaml"
TEXT = "Couper la tomate."
TIME = "2026-01-01T10:00:00.123456Z"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with two articles."""
    config = '[project]\nname = "names"\nlanguage = "fr"\nschema = "mini.yaml"\n'
    write_text(tmp_path / "p/goldwire.toml", config)
    write_text(tmp_path / "p/mini.yaml", MINI.read_text(encoding="utf-8"))
    rows = [{"id": name, "text": f"{TEXT} {name}"} for name in ("a", "b")]
    write_text(tmp_path / "p/seeds/articles.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return load_project(tmp_path / "p")


def stored(project: Project, name: str, document: str = "a", updated: str = TIME) -> None:
    """What was pulled of somebody."""
    spans = (Span("s", "thing", "FOOD", 10, 16),)
    made_by, digest = Provenance("human", updated=updated), sha256(f"{TEXT} {document}")
    write_annotation(
        project,
        Annotation(document, name, "mini@0.1", "submitted", made_by, spans, text_sha256=digest),
    )


def converted(
    project: Project, *people: Any, document: str = "a", updated: str = TIME, end: int = 16
) -> dict[str, str]:
    """Whose work is in the store after an export of these people's was brought in: (article: names)."""
    value = {"start": 10, "end": end, "text": TEXT[10:end], "labels": ["FOOD"]}
    region = {"id": "s", "from_name": "thing", "to_name": "text", "type": "labels", "value": value}
    given = [
        {"id": n, "completed_by": person, "updated_at": updated, "result": [region]}
        for n, person in enumerate(people, start=1)
    ]
    task = {"id": 1, "data": {"id": document, "text": f"{TEXT} {document}"}, "annotations": given}
    path = project.root.parent / "export.json"
    path.write_text(json.dumps([task]), encoding="utf-8")
    done = goldwire.convert(path, project.root, source="labelstudio", target="store")
    assert not done.lost
    names: dict[str, str] = {}
    for each in sorted(read_annotations(project), key=lambda each: each.annotator):
        names[each.document] = f"{names.get(each.document, '')} {each.annotator}".strip()
    return names


def by_address(*addresses: str) -> list[dict[str, str]]:
    """Accounts as an export names them."""
    return [{"email": address} for address in addresses]


def test_an_account_that_was_pulled_keeps_its_name(project: Project) -> None:
    """It is known by the hash of its address, whatever it is called; nobody is there twice."""
    stored(project, "anna")
    write_accounts(accounts_path(project), [Account("anna", "s", 1, email_hash("a.meier@x.example"))])
    later = "2026-02-01T00:00:00Z"
    assert converted(project, *by_address("A.Meier@x.example"), updated=later) == {"a": "anna"}
    assert len(read_accounts(project)) == 1


@pytest.mark.parametrize("person", [{"email": "meier@x.example"}, 7])
def test_the_same_annotation_tells_whose_it_is(project: Project, person: Any) -> None:
    """An instant and a content that are stored: who made that is this one, also where a number names them."""
    stored(project, "anna")
    assert converted(project, person) == {"a": "anna"}


def test_a_new_address_is_called_as_a_pull_would_and_keeps_it(project: Project) -> None:
    """By what stands before the @ unless two share it; the record makes the next file, and a pull, agree."""
    assert converted(project, *by_address("zoe@x.example", "bo@x.example", "bo@y.example")) == {
        "a": "bo@x.example bo@y.example zoe"
    }
    assert {(each.name, each.email) for each in read_accounts(project)} == {
        ("zoe", email_hash("zoe@x.example")),
        ("bo@x.example", email_hash("bo@x.example")),
        ("bo@y.example", email_hash("bo@y.example")),
    }
    assert converted(project, *by_address("bo@y.example", "zoe@x.example"), document="b")["b"] == (
        "bo@y.example zoe"
    )


def test_a_name_that_somebody_has_is_not_given(project: Project) -> None:
    """Nothing says that they are one person: no work is written over."""
    stored(project, "anna", updated="2025-01-01T00:00:00Z")
    assert converted(project, *by_address("anna@x.example")) == {"a": "anna anna@x.example"}


def test_two_that_would_be_one_annotator_of_an_article_are_refused(project: Project) -> None:
    """Two accounts of one person annotated the same article: which of them counts is not guessed."""
    both = ("anna@x.example", "anna@y.example")
    accounts = [Account("anna", "s", n, email_hash(address)) for n, address in enumerate(both, start=1)]
    write_accounts(accounts_path(project), accounts)
    with pytest.raises(GoldwireError, match="GW202"):
        converted(project, *by_address(*both))
    assert read_annotations(project) == []


def test_later_work_is_not_written_over_by_an_earlier_export(project: Project) -> None:
    """Under the name that is the account's here; what is stored alike stays as it was pulled."""
    write_accounts(accounts_path(project), [Account("anna", "s", 1, email_hash("anna@x.example"))])
    stored(project, "anna", updated="2026-03-01T00:00:00Z")
    before = read_annotations(project)
    assert converted(project, *by_address("anna@x.example"), end=16) == {"a": "anna"}
    assert read_annotations(project) == before
    with pytest.raises(GoldwireError, match=r"GW260 .*a later annotation would be replaced"):
        converted(project, *by_address("anna@x.example"), end=13)
    with pytest.raises(GoldwireError, match=r"GW260 .*nothing says that it is the earlier one"):
        converted(project, *by_address("anna@x.example"), end=13, updated="")
    assert read_annotations(project) == before
    later = "2026-03-01T00:00:01Z"
    assert converted(project, *by_address("anna@x.example"), end=13, updated=later) == {"a": "anna"}
    assert [each.spans[0].end for each in read_annotations(project)] == [13]


def test_names_that_are_no_address_stay(project: Project) -> None:
    """As goldwire writes them into such a file itself."""
    assert converted(project, *by_address("Zoé", "anna")) == {"a": "Zoé anna"}
    assert not accounts_path(project).exists()

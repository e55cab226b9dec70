"""Stored annotations go to the projects of the passes, and come back as they are."""

from __future__ import annotations

import shutil
from threading import Thread

import msgspec
import pytest

import goldwire
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.records.accounts import Account, accounts_path, read_accounts, write_accounts
from goldwire.annotate.records.passes import passes_of
from goldwire.annotate.team.load import loadable
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.model import Annotation, Provenance, Relation, Status
from tests.annotate.passes.kitchen import BREAD, CUT, SALT, SCHEMA, TOMATO, Kitchen, marked, thing

OBJECT = Relation("object", "c", "t")


def lost(kitchen: Kitchen) -> None:
    """The server loses all projects."""
    for each in kitchen.passes:
        for owner in ("", "anna", "bruno"):
            for found in kitchen.client.projects(kitchen.title(each, owner)):
                kitchen.client.request("DELETE", f"api/projects/{found['id']}")
    kitchen.numbers.clear()


def files(kitchen: Kitchen) -> dict[str, bytes]:
    """The stored annotations, byte for byte."""
    return {
        path.relative_to(kitchen.project.annotations).as_posix(): path.read_bytes()
        for path in kitchen.project.annotations.rglob("*.json")
    }


def without_times(annotation: Annotation) -> Annotation:
    """An annotation without the server's clock."""
    made = msgspec.structs.replace(annotation.provenance, created="", updated="")
    return msgspec.structs.replace(annotation, provenance=made)


@pytest.mark.live
def test_what_was_pulled_of_passes_goes_up_again_and_comes_back_as_it_is(kitchen: Kitchen) -> None:
    """A server that lost all gets each pass what its screen shows, with its lead time, whole and begun ones.

    The pull after it changes no byte; into an empty store it brings the same but for the server's clock.
    Nothing is sent twice, and `push` has nothing to add but what is ready for the next pass.
    """
    kitchen.goldwire("push")
    kitchen.submit(1, "anna", [thing("t", TOMATO), thing("s", SALT)], seconds=100)
    kitchen.submit(1, "anna", [thing("b", BREAD)], article="a2", seconds=50)
    kitchen.goldwire("push")
    kitchen.submit(2, "anna", [thing("t", TOMATO), thing("s", SALT, "TOOL"), CUT], [OBJECT], seconds=30)
    kitchen.goldwire("pull")
    before, stored = files(kitchen), read_annotations(kitchen.project)
    assert [a.status for a in stored] == ["submitted", "draft"]
    lost(kitchen)
    kitchen.goldwire("push")
    output = kitchen.goldwire("load")
    assert "to pass step" in output
    assert (kitchen.told["sent"], kitchen.told["by_pass"]) == (2, {"thing": 2, "step": 1})
    shown = [kitchen.tasks(part)["a1"]["annotations"][0]["result"] for part in (1, 2)]
    assert [[item.get("from_name") for item in result] for result in shown] == [
        ["thing", "thing"],
        ["thing", "thing", "step", None],
    ]
    assert kitchen.start(2, "a1") == ["t", "s"]
    kitchen.goldwire("pull")
    reports = [each["report"] for each in kitchen.told["projects"]]
    assert [(r["written"], r["conflicts"], r["edited_here"]) for r in reports] == [(0, [], [])] * 2
    assert files(kitchen) == before
    kitchen.goldwire("load")
    assert (kitchen.told["sent"], kitchen.told["present"]) == (0, 2)
    kitchen.goldwire("push")
    assert [(p["sent"], p["refreshed"], p["behind"]) for p in kitchen.told["passes"]] == [
        (0, 0, []),
        (1, 0, []),
    ]
    shutil.rmtree(kitchen.project.annotations)
    shutil.rmtree(kitchen.project.cache)
    kitchen.goldwire("pull")
    assert list(map(without_times, read_annotations(kitchen.project))) == list(map(without_times, stored))


@pytest.mark.live
def test_a_load_that_is_cut_off_keeps_in_mind_what_it_sent(kitchen: Kitchen) -> None:
    """What was sent is known, whole or in its first pass: what is edited here then stays at a pull, and
    a second load sends the rest."""
    given: dict[str, dict[str, float | None]] = {"a1": {"thing": 5.0, "step": 4.0}, "a2": {"thing": 5.0}}
    for article, times in given.items():
        made = Provenance("human", lead_time=9.0, passes=times)
        status: Status = "submitted" if len(times) == 2 else "draft"
        spans = (thing("t", TOMATO), *([CUT] if len(times) == 2 else []))
        write_annotation(kitchen.project, Annotation(article, "anna", SCHEMA.id, status, made, spans))
    kitchen.goldwire("push")
    steps = iter(range(2))

    def advance(_steps: int) -> None:
        if next(steps, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        goldwire.load(kitchen.project, advance=advance)
    assert len(kitchen.tasks(1)["a1"]["annotations"]) == 1
    for name in ("a1", "a2"):
        old = kitchen.stored("anna", name)
        write_annotation(kitchen.project, msgspec.structs.replace(old, spans=(*old.spans, thing("n", BREAD))))
    edited = files(kitchen)
    kitchen.goldwire("pull", code=1)  # a1's second pass is not there: told, and what is here stays
    assert files(kitchen) == edited
    kitchen.goldwire("load")
    assert (kitchen.told["by_pass"], kitchen.told["edited_here"]) == ({"thing": 0, "step": 1}, 2)


@pytest.mark.live
def test_accounts_that_another_command_records_meanwhile_stay(kitchen: Kitchen) -> None:
    """A load waits for the project's lock before it reads them."""
    made = Annotation("a1", "anna", SCHEMA.id, "submitted", spans=(thing("t", TOMATO),))
    write_annotation(kitchen.project, made)
    kitchen.goldwire("push")
    path = accounts_path(kitchen.project)
    loading = Thread(target=kitchen.goldwire, args=("load",), daemon=True)
    with project_lock(kitchen.project):
        loading.start()
        loading.join(3)
        write_accounts(path, [*read_accounts(kitchen.project), Account("zoe", "elsewhere", 7)])
    loading.join(60)
    assert {account.name for account in read_accounts(kitchen.project)} >= {"anna", "zoe"}


@pytest.mark.live
def test_what_was_made_on_one_screen_goes_to_all_passes(kitchen: Kitchen) -> None:
    """Its time, known as a whole only, goes with the last; pulled again it is the file that it was."""
    spans = (thing("t", TOMATO), thing("b", BREAD, "TOOL"), CUT)
    made = Provenance("human", lead_time=90.0)
    whole = Annotation("a1", "anna", SCHEMA.id, "reviewed", made, spans, (OBJECT,))
    aside = Annotation("a2", "anna", SCHEMA.id, "skipped", made)
    begun = Annotation("a2", "bruno", SCHEMA.id, "draft", made, (thing("t", TOMATO),))
    for each in (whole, aside, begun):
        write_annotation(kitchen.project, each)
    before = files(kitchen)
    kitchen.goldwire("push")
    kitchen.goldwire("load")
    told = kitchen.told
    assert (told["sent"], told["unfinished"], told["by_pass"]) == (2, 1, {"thing": 2, "step": 1})
    times = [kitchen.tasks(part)["a1"]["annotations"][0]["lead_time"] for part in (1, 2)]
    assert times == [None, 90.0]
    for words in (["pull"], ["pull", "--full"]):
        kitchen.goldwire(*words)
        assert files(kitchen) == before


@pytest.mark.live
def test_each_goes_on_from_what_is_theirs(kitchen: Kitchen) -> None:
    """Two annotations of an article in one project: a pass that is reopened is held against its own start."""
    for name, spans in {
        "anna": [thing("t", TOMATO)],
        "bruno": [thing("x", TOMATO), thing("y", SALT)],
    }.items():
        made = Provenance("human", lead_time=9.0, passes={"thing": 5.0, "step": 4.0})
        write_annotation(kitchen.project, Annotation("a1", name, SCHEMA.id, "submitted", made, (*spans, CUT)))
    kitchen.goldwire("push")
    kitchen.goldwire("load")
    task = kitchen.tasks(1)["a1"]
    [held] = [a for a in task["annotations"] if len(a["result"]) == 2]
    kept = [item for item in held["result"] if item["id"] != "y"]
    kitchen.client.request("PATCH", f"api/annotations/{held['id']}/", body={"result": kept})
    output = kitchen.goldwire("pull")
    assert "«sel» is FOOD [21, 24) in pass step, is not marked before it" in output
    assert marked(kitchen.stored("bruno")) == {("FOOD", 10), ("CUT", 0)}
    assert marked(kitchen.stored("anna")) == {("FOOD", 10), ("CUT", 0)}


@pytest.mark.live
def test_assigned_articles_go_to_their_annotators_projects(kitchen: Kitchen) -> None:
    """What is somebody's own work is loaded where they have the article."""
    kitchen.goldwire("assign", "--annotators", "anna,bruno", "--per-article", "2")
    for name in ("anna", "bruno"):
        kitchen.submit(1, name, [thing("t", TOMATO)], owner=name)
    kitchen.goldwire("assign")
    kitchen.submit(2, "anna", [thing("t", TOMATO), CUT], [OBJECT], owner="anna")
    kitchen.goldwire("pull")
    before = files(kitchen)
    lost(kitchen)
    kitchen.goldwire("assign")
    kitchen.goldwire("load", "--annotator", "anna")
    kitchen.goldwire("load")
    assert kitchen.told["by_pass"] == {"thing": 1, "step": 0}
    assert [len(kitchen.tasks(1, name)["a1"]["annotations"]) for name in ("anna", "bruno")] == [1, 1]
    kitchen.goldwire("pull")
    assert files(kitchen) == before


@pytest.mark.live
def test_nothing_is_sent_where_something_can_not_be(kitchen: Kitchen) -> None:
    """An article that is not on the server, or has another text by now: told before anything goes up."""
    made = Annotation("a1", "anna", SCHEMA.id, "submitted", spans=(thing("t", TOMATO),))
    for each in (made, msgspec.structs.replace(made, document="a2", text_sha256="0" * 64)):
        write_annotation(kitchen.project, each)
    assert "GW325" in kitchen.goldwire("load", code=2)
    kitchen.goldwire("push")
    assert "GW331" in kitchen.goldwire("load", code=2)
    assert not kitchen.tasks(1)["a1"]["annotations"]


def test_of_a_draft_the_passes_that_were_submitted_are_loaded(kitchen: Kitchen) -> None:
    """One that nobody submitted is not: its pass has no time."""
    passes = passes_of(kitchen.project, SCHEMA)
    half = Annotation("a1", "anna", SCHEMA.id, provenance=Provenance("human", passes={"thing": 3.0}))
    begun = msgspec.structs.replace(half, provenance=Provenance("human", passes={"thing": None}))
    model = msgspec.structs.replace(half, provenance=Provenance("model", "m"))
    assert loadable([half, begun, model], passes) == [half, model]

"""Work that goes up and schemas that change, with edits on either side: neither side's work is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.migration.server import migrate_projects
from goldwire.annotate.migration.stored import migrate_project
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations
from goldwire.cli.annotate import command
from goldwire.schemas import Schema
from goldwire.schemas.changes.plan import Plan
from tests.annotate.sync.test_three_way import FIRST, HERE, LATER, SCHEMA, THERE, Table, board

__all__ = ["board"]
pytestmark = pytest.mark.live

PLAN = msgspec.convert(
    {
        "from": SCHEMA.id,
        "to": "mini@0.2",
        "operations": [{"rename": "label", "name": "FOOD", "to": "MEAL"}],
    },
    Plan,
)


def _renamed() -> Schema:
    layer = SCHEMA.layers["thing"]
    labels = {("MEAL" if name == "FOOD" else name): label for name, label in layer.labels.items()}
    layers = {**SCHEMA.layers, "thing": msgspec.structs.replace(layer, labels=labels)}
    text = msgspec.json.encode(msgspec.structs.replace(SCHEMA, version="0.2", layers=layers)).decode()
    return msgspec.json.decode(text.replace('"FOOD"', '"MEAL"'), type=Schema)


def _on_server(table: Table) -> tuple[int, int]:
    [region] = [item for item in table.given()["result"] if item["type"] == "labels"]
    return region["value"]["start"], region["value"]["end"]


def test_loading_writes_over_nobodys_work(board: Table, named_server: Server) -> None:
    """What was edited here after a pull is not sent over what the server has: both stay, it is counted."""
    board.here(HERE)
    words = ["load", "--project", str(board.project.root), "--json", str(board.project.root / "load.json")]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    figures = json.loads((board.project.root / "load.json").read_text(encoding="utf-8"))
    assert (figures["sent"], figures["present"], figures["edited_here"]) == (0, 1, 1)
    assert f"edited here, and left as the server has them: {board.ann}/soup" in done.output
    assert (_on_server(board), board.extent) == (FIRST, HERE)
    report = board.pull(full=True)
    assert (board.extent, report.edited_here, report.conflicts) == (HERE, [f"{board.ann}/soup"], [])


def test_an_edit_after_a_load_is_an_edit(board: Table) -> None:
    """A load that sent nothing changes nothing of what is known: what both sides change next is told."""
    board.here(HERE)
    load_annotations(board.client, board.number, [board.stored], SCHEMA, project=board.project)
    board.there(THERE)
    assert (len(board.pull().conflicts), board.extent, board.aside()) == (1, THERE, [HERE])


def test_edited_work_that_the_server_lost_goes_up_as_it_is_here(board: Table) -> None:
    """After a deletion there, a load sends the edited version; the next pull finds nothing new in it."""
    board.here(HERE)
    board.client.request("DELETE", f"api/annotations/{board.given()['id']}/")
    stored = read_annotations(board.project)
    assert load_annotations(board.client, board.number, stored, SCHEMA, project=board.project).sent == 1
    assert _on_server(board) == HERE
    report = board.pull(full=True)
    assert (report.written, report.conflicts, report.edited_here, board.extent) == (0, [], [], HERE)
    board.there(LATER)
    assert (board.pull().conflicts, board.extent, board.aside()) == ([], LATER, [])


def _migrated(table: Table) -> Callable[..., Any]:
    """The schema changes here and on the server; pulls come under the new one from then on."""
    new = _renamed()
    migrate_project(table.project, PLAN, new, table.documents)
    migrate_projects(table.client, table.project, PLAN, new)
    return lambda **options: pull(table.client, table.project, new, table.documents, **options)


def _label(table: Table) -> str:
    return table.stored.spans[0].label


@pytest.mark.parametrize("full", [False, True])
def test_a_migration_is_nobodys_edit(board: Table, full: bool) -> None:
    """Migrated here and there, an annotation that nobody changed is as it was, and later changes come."""
    pull_again = _migrated(board)
    report = pull_again(full=full)
    assert (report.written, report.conflicts, report.edited_here) == (0, [], [])
    assert (_label(board), board.extent, board.aside()) == ("MEAL", FIRST, [])


@pytest.mark.parametrize("full", [False, True])
def test_an_edit_here_outlives_a_migration(board: Table, full: bool) -> None:
    """What was edited here before the schema changed stays, migrated, and is no conflict."""
    board.here(HERE)
    pull_again = _migrated(board)
    report = pull_again(full=full)
    assert (report.conflicts, report.edited_here) == ([], [f"{board.ann}/soup"])
    assert (_label(board), board.extent, board.aside()) == ("MEAL", HERE, [])


def test_an_edit_there_comes_after_a_migration(board: Table) -> None:
    """What was edited on the server before the schema changed, and not pulled, comes, migrated."""
    board.there(THERE)
    report = _migrated(board)()
    assert (report.written, report.conflicts) == (1, [])
    assert (_label(board), board.extent, board.aside()) == ("MEAL", THERE, [])


def test_edits_on_both_sides_before_a_migration_are_told(board: Table) -> None:
    """The server's version is stored, the local one lies aside, both migrated."""
    board.here(HERE)
    board.there(THERE)
    report = _migrated(board)()
    assert (len(report.conflicts), board.extent, board.aside()) == (1, THERE, [HERE])

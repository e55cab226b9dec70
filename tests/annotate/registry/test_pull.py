"""What comes down from Label Studio after ids were settled here."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import goldwire
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.report import PullReport
from goldwire.annotations.store import read_annotations
from goldwire.formats.labelstudio.result import to_result
from goldwire.project import Project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.annotate.registry.made import ANNA, TEXTS, make_zoo
from tests.annotate.sync.test_keeping import Memory


def pulled(memory: Memory, project: Project) -> PullReport:
    """A pull of all that the server has."""
    schema = load_schema(project.schema_path)
    return pull(cast(Client, memory), project, schema, load_seeds(project))


def ids(project: Project) -> list[object]:
    """The ids in the one annotation that is stored."""
    (stored,) = [a for a in read_annotations(project) if a.document == "monday"]
    return [next(iter(span.attributes.values())) for span in stored.spans]


def test_an_id_that_is_no_more_does_not_come_back(tmp_path: Path) -> None:
    """Merged here, still the old one on the server: what stands for it is read, counted, and no conflict."""
    zoo = make_zoo(tmp_path / "zoo")
    for path in zoo.annotations.rglob("*.json"):
        path.unlink()
    schema = load_schema(zoo.schema_path)
    memory = Memory()
    memory.add(1, "zoo", schema=schema)
    task = memory.work[1][0]
    task["data"] = {"id": "monday", "text": TEXTS["monday"], "uid": "monday"}
    given = {"id": 5, "completed_by": 1, "updated_at": "2026-01-02T00:00:00Z"}
    task["annotations"] = [{**given, "result": to_result(ANNA["monday"], schema, TEXTS["monday"])}]
    assert pulled(memory, zoo).settled == 0
    goldwire.merge_ids(zoo, "a.rex", "a.bella")
    again = pulled(memory, zoo)
    assert (again.written, again.settled, again.conflicts) == (0, 3, [])
    task["annotations"][0] |= {"updated_at": "2026-01-03T00:00:00Z"}
    task["annotations"][0]["result"] = task["annotations"][0]["result"][:-2]
    task["updated_at"] = "2026-02-01T00:00:00Z"
    later = pulled(memory, zoo)
    assert (later.written, later.settled, later.conflicts) == (1, 3, [])
    assert ids(zoo) == ["a.bella"] * 4

"""A schema change reaches a running Label Studio, and nothing there is lost or doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.migration.server import migrate_server, rewrite
from goldwire.annotate.migration.stored import migrate_project
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Provenance, Relation, Span
from goldwire.project import load_project
from goldwire.schemas import Schema
from goldwire.schemas.changes.migrate import migrate
from goldwire.schemas.changes.plan import Plan
from tests.annotate.helpers import TEXT, make_schema

OPERATIONS = [
    {"rename": "label", "name": "TOOL", "to": "UTENSIL"},
    {"rename": "value", "layer": "thing", "attribute": "state", "name": "cooked", "to": "done"},
    {"rename": "layer", "name": "step", "to": "gesture"},
    {"rename": "relation", "name": "with", "to": "using"},
    {"remove": "attribute", "layer": "thing", "name": "best"},
]
PLAN = msgspec.convert({"from": "every@1.0", "to": "every@2.0", "operations": OPERATIONS}, Plan)


def _new_schema() -> Schema:
    """The schema that the plan leads to."""
    text = msgspec.json.encode(make_schema(version="2.0")).decode()
    pairs = (("TOOL", "UTENSIL"), ("cooked", "done"), ("step", "gesture"), ('"with"', '"using"'))
    for old, new in pairs:
        text = text.replace(old, new)
    schema = msgspec.json.decode(text, type=Schema)
    del schema.layers["thing"].attributes["best"]
    return schema


def _annotation(annotator: str) -> Annotation:
    cut = TEXT.index("coupe")
    spans = (
        Span("s1", "thing", "TOOL", 2, 11, {"note": "👩‍🍳", "state": "cooked"}),
        Span("s2", "thing", "FOOD", 0, 1, {"state": "cooked", "tastes": ["sweet", "bitter"], "best": "2020"}),
        Span("e1", "step", "CUT", cut, cut + 5, {"how": "finement"}),
    )
    relations = (Relation("object", "e1", "s2"), Relation("with", "e1", "s1"), Relation("with", "e1", "s2"))
    made = Provenance(created="2026-01-01", lead_time=2.5)
    return Annotation("soup", annotator, "every@1.0", "submitted", made, spans, relations, sha256(TEXT))


def test_a_result_is_rewritten_as_its_annotation_is() -> None:
    """Rewriting on the server and migrating what is stored come to the same; other items stay as they are."""
    old, new = make_schema(), _new_schema()
    note = {"id": "z", "from_name": "tone", "type": "choices", "value": {"choices": ["x"]}}
    given = _annotation("anna")
    result = [*to_result(given, old, TEXT), note, "odd"]
    after = rewrite(result, PLAN, new, TEXT)
    assert after[-2:] == [note, "odd"]
    read = from_result(after[:-2], TEXT, new)
    wanted = migrate(given, PLAN, new, TEXT).annotation
    assert read.quarantined == ()
    assert read.spans == wanted.spans
    assert set(read.relations) == set(wanted.relations)
    assert rewrite("broken", PLAN, new, TEXT) == "broken"


@pytest.mark.live
def test_a_change_of_names_in_use_loses_and_doubles_nothing(
    studio: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels, values, a layer and a relation are renamed under annotations, a prediction and a draft."""
    (tmp_path / "goldwire.toml").write_text(
        '[project]\nname = "migrated"\nlanguage = "fr"\nschema = "s.yaml"\n'
    )
    project, old, new = load_project(tmp_path), make_schema(), _new_schema()
    documents = [Document("soup", TEXT), Document("empty", "Rien.")]
    prediction = msgspec.structs.replace(_annotation("m"), provenance=Provenance("model", "m", "1"))
    with Client(studio.url, studio.token) as client:
        pushed = push(client, project, old, documents, predictions=[prediction])
        for name in ("anna", "berta"):
            write_annotation(project, _annotation(name))
        load_annotations(client, pushed.project, read_annotations(project), old)
        task = next(client.tasks(pushed.project, ("data",)))
        draft = {"result": to_result(_annotation("x"), old), "lead_time": 1}
        client.request("POST", f"api/tasks/{task['id']}/drafts", body=draft)
        pull(client, project, old, documents)
        with pytest.raises(GoldwireError, match="GW321"):
            push(client, project, new, documents)
        migrate_project(project, PLAN, new, documents)
        before = {a.annotator: a for a in read_annotations(project)}
        honest, calls = client.request, iter(range(1000))

        def cut(method: str, path: str, **more: Any) -> Any:
            if method == "PATCH" and next(calls) == 2:
                raise KeyboardInterrupt
            return honest(method, path, **more)

        with monkeypatch.context() as patch:
            patch.setattr(client, "request", cut)
            with pytest.raises(KeyboardInterrupt):
                migrate_server(client, project, PLAN, new)
        report = migrate_server(client, project, PLAN, new)
        assert sum(report.rewritten.values()) == 2 and report.unchanged == 2 and report.config_changed
        again = migrate_server(client, project, PLAN, new)
        assert (sum(again.rewritten.values()), again.config_changed) == (0, False)
        pulled = pull(client, project, new, documents)
        assert (pulled.annotations, pulled.written, pulled.quarantined) == (2, 0, 0)
        assert {a.annotator: a for a in read_annotations(project)} == before
        repeated = push(client, project, new, documents, predictions=[prediction_under(new, prediction)])
        assert (repeated.sent, repeated.predictions_sent, repeated.tasks) == (0, 0, 2)
        tasks = list(client.tasks(pushed.project, ("annotations", "predictions", "drafts", "result")))
        held = [len(task[kind]) for task in tasks for kind in ("annotations", "predictions", "drafts")]
        assert held == [2, 1, 1, 0, 0, 0]
        for kind in ("annotations", "predictions", "drafts"):
            for one in tasks[0][kind]:
                read = from_result(one["result"], TEXT, new)
                assert (len(read.spans), len(read.relations), read.quarantined) == (3, 3, ())


def prediction_under(schema: Schema, prediction: Annotation) -> Annotation:
    """The prediction as the new schema has it."""
    return migrate(prediction, PLAN, schema, TEXT).annotation

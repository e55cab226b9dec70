"""Annotations under a new schema: every step does what it says, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire import files
from goldwire.annotate.migration import stored as project_module
from goldwire.annotate.migration.stored import migrate_project
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span
from goldwire.project import Project, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.changes.migrate import migrate
from goldwire.schemas.changes.plan import Plan, load_plan
from tests.annotate.helpers import make_schema
from tests.examples import at_most
from tests.strategies import articles

TEXT = "On coupe la pomme rouge avec un couteau."


def _annotation(annotator: str = "anna", **changes: Any) -> Annotation:
    spans = (
        Span("s1", "thing", "FOOD", 12, 17, {"state": "raw", "tastes": ["sweet", "sour"]}, marked_by=("x",)),
        Span("s2", "thing", "FOOD", 12, 23, {"thing_id": "state.usa"}),
        Span("s3", "thing", "TOOL", 32, 39, {"note": "n"}, origin="manual", score=0.5),
        Span("s4", "thing", "TOOL", 12, 17, {"state": "cooked", "note": "m"}),
        Span("e1", "step", "CUT", 3, 8, {"how": "vite"}),
    )
    relations = (
        Relation("object", "e1", "s1"),
        Relation("object", "e1", "s4"),
        Relation("with", "e1", "s3"),
    )
    made = Provenance("human", "Anna", "1", "g", "2026-01-01", "2026-01-02", 3.5, True)
    annotation = Annotation("soup", annotator, "every@1.0", "submitted", made, spans, relations, sha256(TEXT))
    return msgspec.structs.replace(annotation, **changes)


def _plan(tmp_path: Path, *operations: dict[str, Any], **changes: Any) -> Plan:
    path = tmp_path / "plan.yaml"
    data = {"from": "every@1.0", "to": "every@2.0", "operations": list(operations), **changes}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load_plan(path)


def _labels(annotation: Annotation) -> dict[str, str]:
    return {span.id: f"{span.layer}.{span.label}" for span in annotation.spans}


def _after(tmp_path: Path, *operations: dict[str, Any]) -> tuple[Annotation, Any, Any]:
    outcome = migrate(_annotation(), _plan(tmp_path, *operations), make_schema(version="2.0"), TEXT)
    return outcome.annotation, outcome.changes, outcome.removed


def test_a_renamed_label_changes_nothing_but_the_label(tmp_path: Path) -> None:
    """Ids, extents, attributes, order, status and provenance stay; the schema is the new one."""
    made, changes, removed = _after(tmp_path, {"rename": "label", "name": "TOOL", "to": "UTENSIL"})
    old = _annotation()
    assert made == msgspec.structs.replace(
        old,
        schema="every@2.0",
        spans=tuple(
            msgspec.structs.replace(s, label="UTENSIL") if s.label == "TOOL" else s for s in old.spans
        ),
    )
    assert [(c["span"], c["old"], c["new"]) for c in changes] == [
        ("s3", "TOOL", "UTENSIL"),
        ("s4", "TOOL", "UTENSIL"),
    ]
    assert removed == []


def test_layers_attributes_values_and_relations_are_renamed(tmp_path: Path) -> None:
    """Each rename reaches single values and lists, and only its own layer."""
    plan = _plan(
        tmp_path,
        {"rename": "value", "layer": "thing", "attribute": "tastes", "name": "sour", "to": "acid"},
        {"rename": "value", "layer": "thing", "attribute": "state", "name": "raw", "to": "uncooked"},
        {"rename": "attribute", "layer": "thing", "name": "note", "to": "remark"},
        {"rename": "layer", "name": "step", "to": "gesture"},
        {"rename": "relation", "name": "with", "to": "using"},
    )
    schema = make_schema(version="2.0")
    schema.layers["gesture"] = schema.layers.pop("step")
    outcome = migrate(_annotation(), plan, schema, TEXT)
    made = outcome.annotation
    assert [span.attributes for span in made.spans] == [
        {"state": "uncooked", "tastes": ["sweet", "acid"]},
        {"thing_id": "state.usa"},
        {"remark": "n"},
        {"state": "cooked", "remark": "m"},
        {"how": "vite"},
    ]
    assert _labels(made)["e1"] == "gesture.CUT"
    assert [r.label for r in made.relations] == ["object", "object", "using"]
    assert outcome.removed == []


def test_merged_spans_of_one_extent_become_one(tmp_path: Path) -> None:
    """Their attributes and relations are united; a value that contradicts is taken out and told."""
    made, changes, removed = _after(tmp_path, {"merge": ["FOOD", "TOOL"], "to": "FOOD"})
    assert _labels(made) == {"s1": "thing.FOOD", "s2": "thing.FOOD", "s3": "thing.FOOD", "e1": "step.CUT"}
    first = made.spans[0]
    assert first.attributes == {"state": "raw", "tastes": ["sweet", "sour"], "note": "m"}
    assert {(r.label, r.head, r.tail) for r in made.relations} == {
        ("object", "e1", "s1"),
        ("with", "e1", "s3"),
    }
    assert sorted(one["kind"] for one in removed) == ["attribute", "same relation"]
    assert [c["new"] for c in changes if c["what"] == "joined"] == ["s1"]


def test_a_label_is_split_by_value_id_surface_and_absence(tmp_path: Path) -> None:
    """The first rule that a span meets decides; the layer follows the new label."""
    made, _, _ = _after(
        tmp_path,
        {
            "split": "FOOD",
            "rules": [
                {"when": {"attribute": "thing_id", "matches": "^state\\."}, "to": "HEAT"},
                {"when": {"attribute": "state", "values": ["raw"], "surface": "^pomme$"}, "to": "TOOL"},
            ],
        },
        {
            "split": "CUT",
            "rules": [{"when": {"attribute": "how", "absent": True}, "to": "HEAT"}],
            "otherwise": "FOOD",
        },
    )
    labels = _labels(made)
    assert labels["s2"] == "step.HEAT"
    assert labels["e1"] == "thing.FOOD"
    assert labels["s1"] == "thing.TOOL"  # with s4, of the same extent
    assert "s4" not in labels


def test_what_is_removed_is_taken_out_whole(tmp_path: Path) -> None:
    """A removed label takes its spans and their relations; attributes, values and relations go alone."""
    made, _, removed = _after(
        tmp_path,
        {"remove": "label", "name": "TOOL"},
        {"remove": "attribute", "layer": "step", "name": "how"},
        {"remove": "value", "layer": "thing", "attribute": "tastes", "name": "sweet"},
        {"remove": "value", "layer": "thing", "attribute": "state", "name": "raw"},
    )
    assert list(_labels(made)) == ["s1", "s2", "e1"]
    assert made.spans[0].attributes == {"tastes": ["sour"]}
    assert [r.tail for r in made.relations] == ["s1"]
    kinds = [one["kind"] for one in removed]
    assert sorted(kinds) == ["attribute", "relation", "relation", "span", "span", "value", "value"]
    without, _, gone = _after(tmp_path, {"remove": "relation", "name": "object"})
    assert [r.label for r in without.relations] == ["with"]
    assert len(gone) == 2


def test_a_label_of_another_layer_goes_there_with_its_attributes(tmp_path: Path) -> None:
    """Without any step; steps reach it by the layer that it had and by the one that it has."""
    schema = make_schema(version="2.0")
    schema.layers["step"].labels["TOOL"] = schema.layers["thing"].labels.pop("TOOL")
    steps = [
        {"remove": "attribute", "layer": "thing", "name": "note", "labels": ["TOOL"]},
        {"set": "how", "layer": "step", "labels": ["TOOL"], "value": "bien"},
    ]
    made = migrate(_annotation(), _plan(tmp_path, *steps), schema, TEXT).annotation
    assert _labels(made)["s3"] == "step.TOOL"
    assert next(span for span in made.spans if span.id == "s3").attributes == {"how": "bien"}


def test_a_rule_takes_an_absent_value_for_the_default(tmp_path: Path) -> None:
    """What no span states, since it is the default, is met by a rule that names it."""
    schema = make_schema(version="2.0")
    state = schema.layers["thing"].attributes["state"]
    schema.layers["thing"].attributes["state"] = msgspec.structs.replace(state, default="raw")
    rules = [{"when": {"attribute": "state", "values": ["raw"]}, "to": "TOOL"}]
    plan = _plan(tmp_path, {"split": "FOOD", "rules": rules})
    made = migrate(_annotation(), plan, schema, TEXT).annotation
    assert _labels(made)["s1"] == _labels(made)["s2"] == "thing.TOOL"


def test_values_get_the_form_of_their_new_kind(tmp_path: Path) -> None:
    """A single value becomes a list of one and back, a count its one form; the record has each."""
    schema = make_schema(version="2.0")
    attributes = schema.layers["thing"].attributes
    attributes["state"] = msgspec.structs.replace(attributes["state"], kind="choices")
    attributes["note"] = msgspec.structs.replace(attributes["note"], kind="range")
    given_note = {"set": "note", "layer": "thing", "labels": ["TOOL"], "value": "1 000 - 1 200"}
    outcome = migrate(_annotation(), _plan(tmp_path, given_note), schema, TEXT)
    spans = {span.id: span.attributes for span in outcome.annotation.spans}
    assert (spans["s1"]["state"], spans["s3"]["note"]) == (["raw"], "1000..1200")
    changed = [(c["span"], c["what"], c["new"]) for c in outcome.changes if c["step"] == 1]
    assert ("s1", "state", ["raw"]) in changed and ("s3", "note", "1000..1200") in changed


def test_relations_are_merged(tmp_path: Path) -> None:
    """Two of them, between the same ends one; what is merged into a label leaves relations alone."""
    schema = make_schema(version="2.0")
    schema.relations["uses"] = schema.relations["with"]
    plan = _plan(tmp_path, {"merge": ["object", "with"], "to": "uses"})
    made = migrate(_annotation(), plan, schema, TEXT).annotation
    assert [(r.label, r.tail) for r in made.relations] == [("uses", "s1"), ("uses", "s4"), ("uses", "s3")]


def test_a_second_migration_changes_nothing(tmp_path: Path) -> None:
    """What is of the new schema comes back as it is, also where names were swapped."""
    swap = [
        {"rename": "label", "name": "FOOD", "to": "TMP"},
        {"rename": "label", "name": "TOOL", "to": "FOOD"},
        {"rename": "label", "name": "TMP", "to": "TOOL"},
    ]
    plan, schema = _plan(tmp_path, *swap), make_schema(version="2.0")
    once = migrate(_annotation(), plan, schema, TEXT).annotation
    assert _labels(once)["s2"] == "thing.TOOL"
    assert migrate(once, plan, schema, TEXT).annotation == once


@given(articles())
@settings(max_examples=at_most(50))
def test_a_plan_without_steps_changes_the_stamp_alone(article: Article) -> None:
    """What the new schema allows already is in its place and form: no layer and no value is touched."""
    schema = make_schema(version="2.0")
    plan = msgspec.convert({"from": "every@1.0", "to": "every@2.0", "operations": []}, Plan)
    for annotation in article.annotations:
        before = msgspec.structs.replace(annotation, schema="every@1.0")
        outcome = migrate(before, plan, schema, article.document.text)
        assert outcome.annotation.spans == before.spans and outcome.changes == []
        assert set(outcome.annotation.relations) == set(before.relations)
        assert outcome.annotation.schema == "every@2.0"


@given(st.lists(st.sampled_from(["FOOD", "TOOL", "CUT", "HEAT"]), min_size=1, max_size=3), st.randoms())
def test_no_span_is_lost_by_a_merge(labels: list[str], rng: Any) -> None:
    """After any merge each span is there, or was joined to one of its own extent, and ends stay spans."""
    plan = Plan("every@1.0", "every@2.0", [])
    operation = msgspec.convert({"merge": labels, "to": rng.choice(["FOOD", "HEAT"])}, Any)
    plan = msgspec.convert({"from": "every@1.0", "to": "every@2.0", "operations": [operation]}, Plan)
    outcome = migrate(_annotation(), plan, make_schema(version="2.0"), TEXT)
    ids = {span.id for span in outcome.annotation.spans}
    joined = {c["span"] for c in outcome.changes if c["what"] == "joined"}
    assert ids | joined == {"s1", "s2", "s3", "s4", "e1"}
    assert ids.isdisjoint(joined)
    assert all({r.head, r.tail} <= ids for r in outcome.annotation.relations)


@pytest.mark.parametrize(
    "operation",
    [
        {"rename": "label", "remove": "label", "name": "A"},
        {"name": "A"},
        {"rename": "label", "name": "A"},
        {"rename": "value", "name": "A", "to": "B", "layer": "thing"},
        {"rename": "nothing", "name": "A", "to": "B"},
        {"split": "A", "rules": [{"when": {}, "to": "B"}]},
        {"split": "A", "rules": [{"when": {"attribute": "x"}, "to": "B"}]},
        {"split": "A", "rules": [{"when": {"surface": "("}, "to": "B"}]},
        {"merge": ["A"]},
        {"merge": [], "to": "B"},
        {"rename": "label", "name": "A", "to": "B", "labels": []},
        {"rename": "relation", "name": "a", "to": "b", "arrows": []},
        {"split": "A", "rules": [{"when": {"surface": "x"}, "to": ""}]},
    ],
)
def test_a_plan_that_does_not_say_enough_is_refused(tmp_path: Path, operation: dict[str, Any]) -> None:
    """Each fault of a plan has its code and its place in the file."""
    with pytest.raises(GoldwireError) as caught:
        _plan(tmp_path, operation)
    assert {fault.code for fault in caught.value.faults} <= {"GW130", "GW103"}
    assert all("plan.yaml:" in fault.where for fault in caught.value.faults)


def test_a_plan_says_where_it_begins(tmp_path: Path) -> None:
    """Without `from` it is refused, by the name that the file has for it."""
    (tmp_path / "plan.yaml").write_text("to: every@2.0\noperations: []\n", encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW103.*lacks `from`"):
        load_plan(tmp_path / "plan.yaml")


class Stored:
    """A project with stored annotations."""

    def __init__(self, root: Path) -> None:
        (root / "goldwire.toml").write_text('[project]\nname = "m"\nlanguage = "fr"\nschema = "s.yaml"\n')
        self.project: Project = load_project(root)
        self.documents = [Document("soup", TEXT)]
        schema = make_schema(version="2.0")
        schema.layers["thing"].labels["UTENSIL"] = schema.layers["thing"].labels.pop("TOOL")
        schema.relations["with"].tail[0].labels.remove("TOOL")  # type: ignore[union-attr]
        schema.relations["with"].tail[0].labels.append("UTENSIL")  # type: ignore[union-attr]
        self.schema: Schema = schema
        for name in ("anna", "berta"):
            write_annotation(self.project, _annotation(name))

    def files(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(self.project.annotate.rglob("*")) if p.is_file()}


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """A project of two annotations."""
    return Stored(tmp_path)


RENAME = {"rename": "label", "name": "TOOL", "to": "UTENSIL"}


def test_a_project_is_migrated_once_with_a_record(stored: Stored, tmp_path: Path) -> None:
    """All annotations are of the new schema, the record tells each change, a second run changes no file."""
    plan = _plan(tmp_path, RENAME, {"remove": "attribute", "layer": "thing", "name": "note"})
    dry = migrate_project(stored.project, plan, stored.schema, stored.documents, dry_run=True)
    assert (dry.migrated, dry.steps) == (2, (4, 4, 0))
    assert not (stored.project.annotate / "migrations").exists()
    report = migrate_project(stored.project, plan, stored.schema, stored.documents)
    assert (report.migrated, report.steps, report.removed) == (2, (4, 4, 0), {"attribute": 4})
    found = read_annotations(stored.project)
    assert {a.schema for a in found} == {"every@2.0"}
    assert [a.provenance for a in found] == [_annotation().provenance] * len(found)
    lines = [json.loads(x) for x in (stored.project.root / report.record).read_text().splitlines()]
    assert [(x["annotator"], x["counts"], x["removed"]) for x in lines] == [
        ("anna", {"label": 2}, 2),
        ("berta", {"label": 2}, 2),
    ]
    removed = (stored.project.root / report.removed_file).read_text().splitlines()
    assert [json.loads(x)["value"] for x in removed] == ["n", "m", "n", "m"]
    before = stored.files()
    again = migrate_project(stored.project, plan, stored.schema, stored.documents)
    assert (again.migrated, again.present, stored.files()) == (0, 2, before)


def test_one_annotation_that_does_not_fit_stops_all(stored: Stored, tmp_path: Path) -> None:
    """Where one outcome breaks the new schema, or is of another schema, nothing is written."""
    before = stored.files()
    with pytest.raises(GoldwireError, match="TOOL"):
        migrate_project(stored.project, _plan(tmp_path), stored.schema, stored.documents)
    assert stored.files() == before
    write_annotation(stored.project, _annotation("carla", schema="every@0.9"))
    before = stored.files()
    with pytest.raises(GoldwireError, match="carla"):
        migrate_project(stored.project, _plan(tmp_path, RENAME), stored.schema, stored.documents)
    assert stored.files() == before
    with pytest.raises(GoldwireError, match="the plan leads to"):
        migrate_project(stored.project, _plan(tmp_path, RENAME, to="x@3"), stored.schema, stored.documents)


@pytest.mark.parametrize(
    "step",
    [
        {"rename": "label", "name": "TOOL", "to": "FOOD"},
        {"rename": "relation", "name": "with", "to": "object"},
        {"rename": "layer", "name": "step", "to": "thing"},
        {"rename": "value", "layer": "thing", "attribute": "state", "name": "raw", "to": "cooked"},
    ],
)
def test_a_rename_makes_no_two_one(stored: Stored, tmp_path: Path, step: dict[str, Any]) -> None:
    """A name that something stored bears already is refused: where it is meant, a merge says so."""
    before = stored.files()
    with pytest.raises(GoldwireError, match=r"GW133.*is there already") as caught:
        migrate_project(stored.project, _plan(tmp_path, step), stored.schema, stored.documents)
    assert "GW133" in {fault.code for fault in caught.value.faults}
    assert stored.files() == before


def test_steps_that_reach_nothing_are_told(stored: Stored, tmp_path: Path) -> None:
    """A slip of the pen does not pass for a step that was done."""
    slip = {"rename": "label", "name": "TOLO", "to": "UTENSIL"}
    report = migrate_project(stored.project, _plan(tmp_path, RENAME, slip), stored.schema, stored.documents)
    assert report.idle == ("step 2, rename label TOLO → UTENSIL",)


def test_a_rule_that_no_span_meets_is_told(stored: Stored, tmp_path: Path) -> None:
    """An attribute that a step before took out decides nothing: all go to what is said otherwise."""
    rules = [
        {"when": {"attribute": "state", "values": ["cooked"]}, "to": "FOOD"},
        {"when": {"attribute": "note", "matches": "."}, "to": "FOOD"},
    ]
    split = {"split": "TOOL", "rules": rules, "otherwise": "UTENSIL"}
    gone = {"remove": "attribute", "layer": "thing", "name": "state"}
    plan = _plan(tmp_path, gone, split)
    report = migrate_project(stored.project, plan, stored.schema, stored.documents, dry_run=True)
    assert report.idle == ("step 2, split TOOL, rule 1",)


def test_a_failure_while_writing_puts_everything_back(
    stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up half-way leaves the old annotations, and a rerun does all."""
    plan, before = _plan(tmp_path, RENAME), stored.files()
    honest = files.write_text

    def full(path: Path, text: str) -> None:
        if path.parent.name == "berta":
            raise GoldwireError.of("GW904", "can't be written: No space left on device")
        honest(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(project_module, "write_text", full)
        with pytest.raises(GoldwireError, match="GW904"):
            migrate_project(stored.project, plan, stored.schema, stored.documents)
    assert stored.files() == before
    assert migrate_project(stored.project, plan, stored.schema, stored.documents).migrated == 2


def test_a_run_that_was_cut_off_goes_on(stored: Stored, tmp_path: Path) -> None:
    """Where one annotation is migrated already, the other follows, and the record holds both."""
    plan = _plan(tmp_path, RENAME)
    migrate_project(stored.project, plan, stored.schema, stored.documents)
    write_annotation(stored.project, _annotation("berta"))
    report = migrate_project(stored.project, plan, stored.schema, stored.documents)
    assert (report.migrated, report.present) == (1, 1)
    lines = (stored.project.root / report.record).read_text().splitlines()
    assert [json.loads(x)["annotator"] for x in lines] == ["anna", "berta"]


def test_the_plan_of_the_documentation_loads(tmp_path: Path) -> None:
    """The mini schema's own rename works from file to file."""
    schema = load_schema(Path(__file__).parents[2] / "data/mini/schemas/mini.yaml")
    plan = _plan(
        tmp_path,
        RENAME,
        {"merge": ["A", "B"], "to": "C"},
        {"split": "A", "rules": [{"when": {"surface": "x"}, "to": "B"}]},
        {"remove": "value", "layer": "l", "attribute": "a", "name": "v"},
    )
    assert [one.told for one in plan.operations] == [
        "rename label TOOL → UTENSIL",
        "merge A, B → C",
        "split A",
        "remove value l.a.v",
    ]
    assert migrate(_annotation(schema="other@1"), plan, schema, TEXT).annotation.schema == "other@1"

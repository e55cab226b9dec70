"""Steps of a migration on spans and relations that are named by their words, and on ids, for any schema."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from goldwire.annotate.migration.server import rewrite
from goldwire.annotate.migration.stored import migrate_project
from goldwire.annotations.store import read_annotations, write_annotation
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Article
from goldwire.project import Project, load_project
from goldwire.schemas import load_schema
from goldwire.schemas.changes.migrate import MigrationOutcome, migrate
from goldwire.schemas.changes.plan import Plan, load_plan
from goldwire.schemas.rendering.label_config import label_config
from tests.fleet import FLEET, TEXT, accidents, fleet


def _named(quote: str, **more: str) -> dict[str, str]:
    return {"document": "log", "quote": quote, **more}


def _plan(folder: Path, *operations: dict[str, Any]) -> Plan:
    path = folder / "plan.yaml"
    data = {"from": "fleet@1.0", "to": "fleet@2.0", "operations": list(operations)}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load_plan(path)


def _after(folder: Path, *operations: dict[str, Any]) -> MigrationOutcome:
    annotation = accidents().annotations[0]
    return migrate(annotation, _plan(folder, *operations), fleet("2.0"), TEXT)


def _attributes(annotation: Annotation) -> dict[str, dict[str, Any]]:
    return {span.id: dict(span.attributes) for span in annotation.spans}


def _arrows(annotation: Annotation) -> set[tuple[str, str, str]]:
    return {(relation.label, relation.head, relation.tail) for relation in annotation.relations}


def test_an_attribute_is_added_with_its_value_where_it_is_lacking(tmp_path: Path) -> None:
    """Spans that have a value keep it, labels that may not bear it get none, `labels` narrows it further."""
    made = _after(tmp_path, {"add": "attribute", "layer": "accident", "name": "dead", "value": "0"})
    assert {key: held.get("dead") for key, held in _attributes(made.annotation).items()} == {
        "fire": "12..15",
        "sank": ">3",
        **dict.fromkeys(("orca", "sailors", "post", "argo", "again")),
    }
    ships = {"add": "attribute", "layer": "body", "name": "flag", "value": "PAN", "labels": ["SHIP"]}
    flags = {key: held.get("flag") for key, held in _attributes(_after(tmp_path, ships).annotation).items()}
    assert flags == {"orca": "PAN", "argo": "PAN", "again": "ISL", "sailors": "PHL"} | dict.fromkeys(
        ("post", "fire", "sank")
    )


def test_named_spans_get_a_value_or_another_label(tmp_path: Path) -> None:
    """`set` replaces a value, `move` a label, on those spans alone; the record says why."""
    made = _after(
        tmp_path,
        {
            "set": "dead",
            "layer": "accident",
            "value": "15",
            "spans": [_named("[Fire] on the")],
            "reason": "the Post’s later count",
        },
        {"move": "SINKING", "to": "REPAIR", "spans": [_named("Argo [sank],")]},
    )
    assert _attributes(made.annotation)["fire"]["dead"] == "15"
    assert {span.id: span.label for span in made.annotation.spans}["sank"] == "REPAIR"
    assert made.changes[0] == {
        "step": 0,
        "span": "fire",
        "what": "dead",
        "old": "12..15",
        "new": "15",
        "reason": "the Post’s later count",
    }
    assert made.named == {(0, "spans[0]"), (1, "spans[0]")}


def test_entries_of_registries_that_the_steps_leave_are_named(tmp_path: Path) -> None:
    """A label that is called otherwise now stands in the registry as before: it is mended by hand."""
    shutil.copytree(FLEET, tmp_path / "fleet")
    project = load_project(tmp_path / "fleet")
    article = accidents()
    write_annotation(project, article.annotations[0])
    text = project.schema_path.read_text(encoding="utf-8").replace("SHIP", "VESSEL")
    project.schema_path.write_text(text.replace('version: "1.0"', 'version: "2.0"'), encoding="utf-8")
    step = {"rename": "label", "name": "SHIP", "to": "VESSEL"}
    plan, schema = _plan(tmp_path, step), load_schema(project.schema_path)
    report = migrate_project(project, plan, schema, [article.document])
    assert report.migrated == 1
    assert report.entries == tuple(
        f"ships.yaml {ship}: unknown label `SHIP`" for ship in ("ship.orca", "ship.argo")
    )


def test_ids_are_renamed_merged_and_split(tmp_path: Path) -> None:
    """One id for two, two for one by the words that name its spans, and an id taken from one span alone."""
    merged = _after(
        tmp_path,
        {"merge": ["ship.orca", "ship.argo"], "layer": "body", "attribute": "ship", "to": "ship.both"},
    )
    assert {held.get("ship") for held in _attributes(merged.annotation).values()} == {"ship.both", None}
    split = _after(
        tmp_path,
        {
            "split": "ship.orca",
            "layer": "body",
            "attribute": "ship",
            "rules": [{"when": {"spans": [_named("lost. [Orca] is")]}, "to": "ship.orca-2"}],
        },
        {"rename": "value", "layer": "body", "attribute": "ship", "name": "ship.argo", "to": "ship.argo-1"},
        {"remove": "attribute", "layer": "body", "name": "flag", "spans": [_named("12 to 15 [sailors]")]},
    )
    attributes = _attributes(split.annotation)
    assert [attributes[key]["ship"] for key in ("orca", "again", "argo")] == [
        "ship.orca",
        "ship.orca-2",
        "ship.argo-1",
    ]
    assert attributes["sailors"] == {}
    assert attributes["again"]["flag"] == "ISL"


def test_roles_are_added_replaced_and_removed_for_named_spans(tmp_path: Path) -> None:
    """A new arrow, one role in another's place, one taken out: by both ends, or by where they start."""
    arrow = {"head": _named("[Fire] on the"), "tail": _named("on the [Orca]:")}
    made = _after(
        tmp_path,
        {
            "add": "relation",
            "name": "victim",
            "arrows": [{"head": _named("Argo [sank],"), "tail": _named("lost. [Orca] is")}],
        },
        {"rename": "relation", "name": "victim", "to": "source", "arrows": [arrow]},
        {"remove": "relation", "name": "source", "arrows": [{**arrow, "tail": _named("the [Post] says")}]},
        {"rename": "relation", "name": "victim", "to": "loss", "labels": ["SINKING"]},
    )
    assert _arrows(made.annotation) == {
        ("victim", "fire", "sailors"),
        ("source", "fire", "orca"),
        ("loss", "sank", "argo"),
        ("loss", "sank", "again"),
    }
    assert [one["relation"].tail for one in made.removed] == ["post"]
    gone = _after(tmp_path, {"remove": "span", "spans": [_named("12 to 15 [sailors]")]})
    assert "sailors" not in _attributes(gone.annotation)
    assert ("victim", "fire", "sailors") not in _arrows(gone.annotation)
    twice = _after(tmp_path, {"add": "relation", "name": "victim", "arrows": [arrow]})
    assert (twice.annotation.relations, twice.changes) == (accidents().annotations[0].relations, [])


def test_an_end_that_may_be_several_spans_is_told(tmp_path: Path) -> None:
    """Two spans of one extent are told apart by a label; without one the plan is refused."""
    article = accidents()
    spans = article.annotations[0].spans
    ship = next(span for span in spans if span.id == "argo")
    double = replace(article.annotations[0], spans=(*spans, replace(ship, id="argo-crew", label="CREW")))
    head, tail = _named("[Fire] on the"), _named("The [Argo] sank")
    plan = _plan(tmp_path, {"add": "relation", "name": "victim", "arrows": [{"head": head, "tail": tail}]})
    with pytest.raises(GoldwireError, match="GW133"):
        migrate(double, plan, fleet("2.0"), TEXT)
    tail["label"] = "CREW"
    plan = _plan(tmp_path, {"add": "relation", "name": "victim", "arrows": [{"head": head, "tail": tail}]})
    assert ("victim", "fire", "argo-crew") in _arrows(migrate(double, plan, fleet("2.0"), TEXT).annotation)


@pytest.mark.parametrize(
    "operation",
    [
        {"move": "FIRE", "to": "REPAIR"},
        {"add": "attribute", "layer": "accident", "name": "dead"},
        {"add": "relation", "name": "victim"},
        {"set": "dead", "value": "1"},
        {"set": "dead", "layer": "accident"},
        {"remove": "span"},
        {"merge": ["a"], "to": "b", "attribute": "ship"},
        {"set": "dead", "layer": "accident", "value": "1", "spans": [_named("Fire on")]},
        {"set": "dead", "layer": "accident", "value": "1", "spans": [_named("[Fire] [on]")]},
    ],
)
def test_a_step_that_does_not_say_enough_is_refused(tmp_path: Path, operation: dict[str, Any]) -> None:
    """Each with its code and its place in the plan."""
    with pytest.raises(GoldwireError) as caught:
        _plan(tmp_path, operation)
    assert {fault.code for fault in caught.value.faults} == {"GW130"}
    assert all("plan.yaml:" in fault.where for fault in caught.value.faults)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with two readings of the one article, the second without the fire."""
    text = (FLEET / "goldwire.toml").read_text(encoding="utf-8")
    (tmp_path / "goldwire.toml").write_text(text, encoding="utf-8")
    project = load_project(tmp_path)
    first = accidents().annotations[0]
    second = replace(
        first,
        annotator="bob",
        spans=tuple(span for span in first.spans if span.id != "fire"),
        relations=tuple(relation for relation in first.relations if relation.head != "fire"),
    )
    for annotation in (first, second):
        write_annotation(project, annotation)
    return project


def test_what_one_reading_has_is_enough(project: Project, tmp_path: Path) -> None:
    """A span that a plan names must be in a reading, not in each; the outcome fits the schema."""
    step = {"set": "dead", "layer": "accident", "value": "~14", "spans": [_named("[Fire] on the")]}
    document = accidents().document
    report = migrate_project(project, _plan(tmp_path, step), fleet("2.0"), [document])
    assert (report.migrated, report.steps[0]) == (2, 1)
    stored = read_annotations(project)
    assert {annotation.schema for annotation in stored} == {"fleet@2.0"}
    assert check_articles([Article(document, tuple(stored))], fleet("2.0")).faults == []


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"document": "log", "quote": "[Smoke] on the"}, "GW131"),
        ({"document": "log", "quote": "[Orca]"}, "GW131"),
        ({"document": "other", "quote": "[Fire] on the"}, "GW131"),
        ({"document": "log", "quote": "Fire [on] the"}, "GW132"),
        ({"document": "log", "quote": "[Fire] on the", "label": "REPAIR"}, "GW132"),
    ],
)
def test_a_name_that_hits_nothing_stops_all(
    project: Project, tmp_path: Path, named: dict[str, str], code: str
) -> None:
    """Words that the article has not, or twice, another article, a span that nobody marked: nothing is
    written."""
    plan = _plan(tmp_path, {"set": "dead", "layer": "accident", "value": "1", "spans": [named]})
    before = read_annotations(project)
    with pytest.raises(GoldwireError) as caught:
        migrate_project(project, plan, fleet("2.0"), [accidents().document])
    assert {fault.code for fault in caught.value.faults} >= {code}
    assert read_annotations(project) == before
    assert not (project.annotate / "migrations").exists()


def test_an_outcome_against_a_condition_stops_all(project: Project, tmp_path: Path) -> None:
    """A source is left on what the text itself now asserts: the rule is told, nothing is written."""
    step = {"set": "said_by", "layer": "accident", "value": "text", "spans": [_named("[Fire] on the")]}
    with pytest.raises(GoldwireError, match="GW238"):
        migrate_project(project, _plan(tmp_path, step), fleet("2.0"), [accidents().document])


def test_results_on_a_server_follow_by_the_words_too(tmp_path: Path) -> None:
    """What Label Studio holds of an article is changed at the same spans, and only of that article."""
    assert "accident-dead" in label_config(fleet("2.0"))
    region = {"start": TEXT.index("Fire"), "end": TEXT.index("Fire") + 4, "text": "Fire"}
    shared = {"id": "r1", "to_name": "text"}
    result = [
        {**shared, "from_name": "accident", "type": "labels", "value": {**region, "labels": ["FIRE"]}},
    ]
    step = {"set": "dead", "layer": "accident", "value": "15", "spans": [_named("[Fire] on the")]}
    plan = _plan(tmp_path, step)
    for document, values in (("log-1", [["15"]]), ("", [["15"]]), ("other", [])):
        made = rewrite(result, plan, fleet("2.0"), TEXT, document)
        assert [item["value"]["text"] for item in made if item["from_name"] == "accident-dead"] == values


def test_an_added_relation_rests_on_who_marked_both_ends(tmp_path: Path) -> None:
    """In an adjudication it names the readings that have both spans; the plan adds it in these as well."""
    annotation = accidents().annotations[0]
    seen = {"sank": ("a", "b"), "again": ("b", "c")}
    spans = tuple(replace(span, marked_by=seen.get(span.id, ())) for span in annotation.spans)
    arrow = {"head": _named("Argo [sank],"), "tail": _named("lost. [Orca] is")}
    plan = _plan(tmp_path, {"add": "relation", "name": "victim", "arrows": [arrow]})
    made = migrate(replace(annotation, spans=spans), plan, fleet("2.0"), TEXT).annotation
    assert [relation.marked_by for relation in made.relations if relation.tail == "again"] == [("b",)]

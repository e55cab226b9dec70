"""Passes on a real Label Studio: sent on, corrected, reopened, pulled as one annotation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from goldwire.annotate.adjudication.interpret import without_defaults
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.passes.compose import Marks
from goldwire.annotate.passes.pull import pull_passes
from goldwire.annotate.passes.push import push_passes
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.passes import passes_of
from goldwire.annotate.sync.upload import load_annotations
from goldwire.annotations.meaning import content
from goldwire.annotations.store import read_annotations
from goldwire.cli.schema import command as schema_command
from goldwire.corpus.corpus import load_corpus
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Provenance, Relation, curated
from goldwire.project import copy_example, load_project
from goldwire.schemas import load_schema
from goldwire.schemas.yaml_lines import parse_yaml
from goldwire.seeds import load_seeds
from tests.annotate.passes.kitchen import BREAD, CUT, SALT, SCHEMA, TOMATO, Kitchen, marked, thing

pytestmark = pytest.mark.live


def test_two_passes_become_one_annotation(kitchen: Kitchen) -> None:
    """An article goes on once its pass is submitted; corrections, deletions and both lead times are kept.

    Pushed and pulled again nothing is sent or written.
    """
    kitchen.goldwire("push")
    assert [(p["pass"], p["sent"], p["waiting"]) for p in kitchen.told["passes"]] == [
        ("thing", 2, 0),
        ("step", 0, 2),
    ]
    # Without tasks the columns of the list are not known, and no tab is made.
    tabs = [len(kitchen.client.get("api/dm/views/", project=kitchen.number(part))) for part in (1, 2)]
    assert tabs == [1, 0]
    kitchen.submit(1, "anna", [thing("t", TOMATO), thing("s", SALT), thing("b", BREAD)], seconds=100)
    output = kitchen.goldwire("pull")
    begun = kitchen.stored("anna")
    assert (begun.status, begun.provenance.passes, begun.provenance.lead_time) == (
        "draft",
        {"thing": 100.0},
        100,
    )
    assert "annotations with passes to come" in output
    kitchen.goldwire("push")
    assert [(p["sent"], p["waiting"]) for p in kitchen.told["passes"]] == [(0, 0), (1, 1)]
    assert kitchen.start(2, "a1") == ["t", "s", "b"]
    changed = [thing("t", TOMATO), thing("b", BREAD, "TOOL"), CUT]
    kitchen.submit(2, "anna", changed, [Relation("object", "c", "t")], seconds=30)
    kitchen.goldwire("pull")
    whole = kitchen.stored("anna")
    assert marked(whole) == {("FOOD", 10), ("TOOL", 31), ("CUT", 0)}
    assert whole.relations == (Relation("object", "c", "t"),)
    assert (whole.status, whole.provenance.lead_time) == ("submitted", 130)
    assert whole.provenance.passes == {"thing": 100.0, "step": 30.0}
    assert whole.provenance.seen_predictions is False
    kitchen.goldwire("pull")
    assert sum(each["report"]["written"] for each in kitchen.told["projects"]) == 0
    kitchen.goldwire("pull", "--full")
    assert sum(each["report"]["written"] for each in kitchen.told["projects"]) == 0
    kitchen.goldwire("push")
    assert [(p["sent"], p["refreshed"]) for p in kitchen.told["passes"]] == [(0, 0), (0, 0)]


def test_a_pass_without_anything_to_mark_is_done_too(kitchen: Kitchen) -> None:
    """Nothing of the second layer in the article: submitted, it makes the annotation whole."""
    kitchen.goldwire("push")
    kitchen.submit(1, "anna", [thing("t", TOMATO)])
    kitchen.goldwire("pull")
    kitchen.goldwire("push")
    kitchen.submit(2, "anna", [thing("t", TOMATO)], seconds=5)
    kitchen.goldwire("pull")
    whole = kitchen.stored("anna")
    assert (whole.status, whole.provenance.passes) == ("submitted", {"thing": 60.0, "step": 5.0})
    assert not kitchen.told["projects"][0]["report"]["edited_here"]


def test_a_pass_that_is_reopened_comes_through_and_a_clash_is_told(kitchen: Kitchen) -> None:
    """What only the first pass changed since comes in; what both changed is kept, put aside, told, exit 1.

    And so at each pull, until both say the same.
    """
    kitchen.goldwire("push")
    kitchen.submit(1, "anna", [thing("t", TOMATO), thing("s", SALT)])
    kitchen.goldwire("push")
    later = [thing("t", TOMATO, "TOOL"), thing("s", SALT), CUT]
    kitchen.submit(2, "anna", later)
    kitchen.submit(1, "anna", [thing("t", TOMATO), thing("s", SALT), thing("b", BREAD)])
    output = kitchen.goldwire("pull")
    assert "changed in an earlier pass, and taken" in output
    assert marked(kitchen.stored("anna")) == {("TOOL", 10), ("FOOD", 21), ("FOOD", 31), ("CUT", 0)}
    kitchen.goldwire("push")
    assert kitchen.told["passes"][1]["behind"] == ["a1"]
    kitchen.submit(1, "anna", [thing("t", (7, 16)), thing("s", SALT), thing("b", BREAD)])
    for _ in range(2):
        output = kitchen.goldwire("pull", code=1)
        assert "conflict  anna/a1: «la tomate» is TOOL [10, 16) in pass step, is FOOD [7, 16)" in output
    assert marked(kitchen.stored("anna")) == {("TOOL", 10), ("FOOD", 21), ("FOOD", 31), ("CUT", 0)}
    [aside] = (kitchen.project.annotate / "conflicts").glob("*/*.json")
    held = msgspec.json.decode(aside.read_bytes(), type=Annotation)
    assert ("FOOD", 7) in marked(held)
    kitchen.submit(2, "anna", [thing("t", (7, 16)), thing("s", SALT), thing("b", BREAD), CUT])
    assert "conflict" not in kitchen.goldwire("pull")
    assert ("FOOD", 7) in marked(kitchen.stored("anna"))


def test_what_is_not_begun_gets_the_latest_start(kitchen: Kitchen) -> None:
    """The first pass corrected before the second was begun: the push gives its task the correction, once."""
    kitchen.goldwire("push")
    kitchen.submit(1, "anna", [thing("t", TOMATO)])
    kitchen.goldwire("push")
    kitchen.submit(1, "anna", [thing("t", TOMATO), thing("s", SALT)])
    kitchen.goldwire("push")
    assert kitchen.told["passes"][1]["refreshed"] == 1
    assert kitchen.start(2, "a1") == ["t", "s"]
    kitchen.goldwire("push")
    assert kitchen.told["passes"][1]["refreshed"] == 0


def test_a_pass_that_is_skipped_or_gone_takes_nothing_away(kitchen: Kitchen) -> None:
    """Put aside in the second pass: the first one's work stays, unfinished. Deleted there: it stays here."""
    kitchen.goldwire("push")
    for article in ("a1", "a2"):
        kitchen.submit(1, "anna", [thing("t", TOMATO)], article=article)
    kitchen.goldwire("push")
    kitchen.submit(2, "anna", [], skip=True)
    kitchen.submit(2, "anna", [thing("t", TOMATO), CUT], article="a2")
    output = kitchen.goldwire("pull")
    assert "put aside  anna/a1: put aside in pass step" in output
    assert (kitchen.stored("anna").status, marked(kitchen.stored("anna"))) == ("draft", {("FOOD", 10)})
    whole = kitchen.stored("anna", "a2")
    assert whole.status == "submitted"
    [held] = kitchen.tasks(2)["a2"]["annotations"]
    kitchen.client.request("DELETE", f"api/annotations/{held['id']}/")
    output = kitchen.goldwire("pull", code=1)
    assert "anna/a2: pass step is not on the server, and stays here as it was pulled" in output
    assert kitchen.stored("anna", "a2") == whole


def test_two_annotators_go_through_all_passes(kitchen: Kitchen) -> None:
    """Each has a project for each pass and goes on from their own work; status tells each pass; then both are
    adjudicated, and one is renamed with all projects."""
    kitchen.goldwire("assign", "--annotators", "anna,bruno", "--per-article", "2")
    assert set(kitchen.told["annotators"]) == {
        "anna (1 thing)",
        "anna (2 step)",
        "bruno (1 thing)",
        "bruno (2 step)",
    }
    spans = {"anna": [thing("t", TOMATO)], "bruno": [thing("x", TOMATO), thing("y", SALT)]}
    for name, theirs in spans.items():
        kitchen.submit(1, name, theirs, owner=name)
    output = kitchen.goldwire("status")
    assert f"1 articles are ready for `{title_for(kitchen.project, 'anna', kitchen.passes[1])}`" in output
    rows = {(row["owner"], row["part"]): (row["waiting"], row["to_do"], row["done"]) for row in kitchen.told}
    assert rows == {(n, p): v for n in spans for p, v in (("thing", (0, 1, 1)), ("step", (2, 0, 0)))}
    kitchen.goldwire("assign")
    assert kitchen.start(2, "a1", "anna") == ["t"] and kitchen.start(2, "a1", "bruno") == ["x", "y"]
    for name, theirs in spans.items():
        kitchen.submit(2, name, [*theirs, CUT], owner=name, seconds=20)
    kitchen.goldwire("pull")
    assert marked(kitchen.stored("anna")) == {("FOOD", 10), ("CUT", 0)}
    assert marked(kitchen.stored("bruno")) == {("FOOD", 10), ("FOOD", 21), ("CUT", 0)}
    output = kitchen.goldwire("adjudicate", "--by", "lea", code=1)
    [item] = [a for a in kitchen.told["articles"].values() if a["items"]]
    assert item["items"] == 1
    kitchen.goldwire("report")
    kitchen.goldwire("rename", "bruno", "bruna")
    assert kitchen.client.projects(title_for(kitchen.project, "bruna", kitchen.passes[1]))
    kitchen.goldwire("pull")
    assert {a.annotator for a in read_annotations(kitchen.project)} == {"anna", "bruna"}
    kitchen.goldwire("assign")
    assert all(report["sent"] == 0 for report in kitchen.told["annotators"].values())


def test_unfinished_work_comes_down_on_request(kitchen: Kitchen) -> None:
    """In the first pass as a draft that counts nowhere; in a later one beside what was submitted, until that
    is, too."""
    kitchen.goldwire("push")
    kitchen.draft(1, [thing("t", TOMATO)])
    assert "drafts read" in kitchen.goldwire("pull", "--drafts")
    begun = kitchen.stored("annotator")
    assert (begun.status, begun.provenance.passes, marked(begun)) == (
        "draft",
        {"thing": None},
        {("FOOD", 10)},
    )
    [article] = [a for a in load_corpus(kitchen.project).articles if a.document.id == "a1"]
    assert curated(article.annotations) is None
    kitchen.submit(1, "annotator", [thing("t", TOMATO)], seconds=40)
    kitchen.goldwire("pull", "--drafts")
    assert kitchen.stored("annotator").provenance.passes == {"thing": 40.0}
    kitchen.goldwire("push")
    kitchen.draft(2, [thing("t", TOMATO), thing("s", SALT), CUT])
    kitchen.submit(1, "annotator", [thing("t", TOMATO), thing("b", BREAD)])  # later, and another pass
    path = kitchen.project.annotate / "drafts/annotator/a1.json"
    for written in (1, 0):
        kitchen.goldwire("pull", "--drafts")
        reports = [each["report"] for each in kitchen.told["projects"]]
        assert [sum(r[key] for r in reports) for key in ("drafts_beside", "drafts_written")] == [1, written]
        beside = msgspec.json.decode(path.read_bytes(), type=Annotation)
        assert marked(beside) == {("FOOD", 10), ("FOOD", 21), ("CUT", 0)} and beside.status == "draft"
        assert marked(kitchen.stored("annotator")) == {("FOOD", 10), ("FOOD", 31)}
    kitchen.submit(2, "annotator", [thing("t", TOMATO), thing("s", SALT), CUT], seconds=5)
    kitchen.goldwire("pull", "--drafts")
    whole = kitchen.stored("annotator")
    assert whole.status == "submitted" and ("CUT", 0) in marked(whole) and not path.exists()


def test_a_new_schema_reaches_all_passes(kitchen: Kitchen) -> None:
    """A label and the layer that gives a pass its name are renamed: what was submitted, what was begun and
    what passes begin from; nothing is lost, pulled or sent again. A label can't move into a later pass."""
    kitchen.goldwire("push")
    for article in ("a1", "a2"):
        kitchen.submit(1, "anna", [thing("t", TOMATO), thing("s", SALT)], article=article)
    kitchen.goldwire("push")
    kitchen.submit(2, "anna", [thing("t", TOMATO), CUT], [Relation("object", "c", "t")])
    kitchen.draft(2, [thing("t", TOMATO), CUT], "a2")
    kitchen.goldwire("pull")
    path, plan = kitchen.project.root / "mini.yaml", kitchen.project.root / "plan.yaml"
    old = path.read_text(encoding="utf-8")
    steps = [
        {"rename": "label", "name": "FOOD", "to": "MEAL"},
        {"rename": "layer", "name": "step", "to": "gesture"},
    ]
    said = {"from": "mini@0.1", "to": "mini@0.2", "operations": steps}
    plan.write_text(json.dumps(said), encoding="utf-8")
    new = old.replace('"0.1"', '"0.2"').replace("FOOD", "MEAL").replace("step", "gesture")
    path.write_text(new, encoding="utf-8")
    words = ["migrate", str(plan), "--push", "--project", str(kitchen.project.root)]
    for _ in range(2):
        told = CliRunner().invoke(schema_command, words)
        assert told.exit_code == 0, (told.output, told.exception)
    kitchen.passes = passes_of(kitchen.project, load_schema(path))
    before = {name: kitchen.stored("anna", name) for name in ("a1", "a2")}
    assert before["a1"].provenance.passes == {"thing": 60.0, "gesture": 60.0}
    assert {span.label for span in before["a1"].spans} == {"MEAL", "CUT"}
    kitchen.goldwire("pull", "--full")
    reports = [each["report"] for each in kitchen.told["projects"]]
    assert [(report["written"], report["quarantined"], report["conflicts"]) for report in reports] == [
        (0, 0, []),
        (0, 0, []),
    ]
    assert {name: kitchen.stored("anna", name) for name in before} == before
    kitchen.goldwire("push")
    assert [(p["sent"], p["refreshed"], p["behind"]) for p in kitchen.told["passes"]] == [(0, 0, [])] * 2
    assert kitchen.start(2, "a2") == ["t", "s"]
    kitchen.goldwire("pull", "--drafts")
    assert sum(each["report"]["drafts"] for each in kitchen.told["projects"]) == 1
    held = [line for line in new.splitlines(keepends=True) if not line.strip().startswith("MEAL: ")]
    cut = next(number for number, line in enumerate(held) if line.strip().startswith("CUT: "))
    held.insert(cut, '      DISH: {name: plat, definition: Servi., color: "#0072B2", hotkey: d}\n')
    moved = "".join(held).replace('"0.2"', '"0.3"').replace(", labels: [MEAL]}", "}, {layer: gesture}")
    path.write_text(moved, encoding="utf-8")
    steps = [{"rename": "label", "name": "MEAL", "to": "DISH"}]
    said = {"from": "mini@0.2", "to": "mini@0.3", "operations": steps}
    plan.write_text(json.dumps(said), encoding="utf-8")
    refused = CliRunner().invoke(schema_command, words)
    assert isinstance(refused.exception, GoldwireError) and "GW787" in str(refused.exception), refused.output
    assert kitchen.start(2, "a2") == ["t", "s"]


def test_whose_work_to_go_on_from_must_be_known(kitchen: Kitchen) -> None:
    """Two did the first pass of an article in one project: it is not sent on, and told; who goes on from
    another's work is told too."""
    kitchen.goldwire("push")
    number = kitchen.number(1)
    for name in ("anna", "bruno"):
        made = Annotation("a1", name, SCHEMA.id, "submitted", spans=(thing("t", TOMATO),))
        load_annotations(kitchen.client, number, [made], SCHEMA)
    kitchen.submit(1, "anna", [thing("t", TOMATO)], article="a2")
    output = kitchen.goldwire("push")
    assert "several annotators did the pass before step of a1" in output
    assert kitchen.told["passes"][1]["sent"] == 1
    kitchen.submit(2, "bruno", [thing("t", TOMATO), CUT], article="a2")
    output = kitchen.goldwire("pull")
    assert "begun from somebody else's work  bruno/a2: pass thing is not theirs" in output
    assert kitchen.stored("bruno", "a2").status == "draft"


def test_work_of_one_screen_is_not_mixed_with_passes(named_server: Server, tmp_path: Path) -> None:
    """Passes switched on after annotators began are refused; what is stored of one screen is not replaced."""
    one = Kitchen(tmp_path / "k", named_server, '"all"')
    one.goldwire("push")
    [found] = one.client.projects(one.project.name)
    made = Annotation("a1", "anna", SCHEMA.id, "submitted", spans=(thing("t", TOMATO), CUT))
    load_annotations(one.client, int(found["id"]), [made], SCHEMA)
    one.goldwire("pull")
    path = one.project.root / "goldwire.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"all"', '"layers"'), encoding="utf-8")
    assert "GW798" in one.goldwire("push", code=2)
    assert "GW798" in one.goldwire("load", code=2)
    one.client.close()


def test_a_schema_of_one_layer_has_no_passes(named_server: Server, tmp_path: Path) -> None:
    """Passes then make no difference, and it is said: the project is the usual one."""
    one = Kitchen(tmp_path / "k", named_server)
    path = one.project.root / "mini.yaml"
    data = parse_yaml(path.read_text(encoding="utf-8"), str(path))[0]
    del data["layers"]["step"], data["relations"], data["checks"]
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    assert "[annotate] passes makes no difference" in one.goldwire("push")
    assert one.told["sent"] == 2 and len(one.client.projects(one.project.name)) == 1
    assert "GW797" in one.goldwire("push", "--pass", "thing", code=2)
    one.goldwire("pull")
    one.client.close()


@pytest.mark.parametrize("name", ["recalls", "politics"])
def test_a_reading_goes_through_the_passes_of_an_example(
    name: str, named_server: Server, tmp_path: Path
) -> None:
    """A stored reading of each example, submitted pass by pass, is the same annotation in the end."""
    project = copy_example(tmp_path / "project", name)
    path = project.root / "goldwire.toml"
    renamed = path.read_text(encoding="utf-8").replace(project.name, f"{name}-{tmp_path.name}"[:38])
    path.write_text(f'{renamed}\n[annotate]\npasses = "layers"\n', encoding="utf-8")
    project = load_project(project.root)
    schema = load_schema(project.schema_path)
    reading = next(a for a in read_annotations(project) if not a.provenance.based_on)
    # Its article and one that nobody works on: the others would only go up, pass by pass.
    documents = sorted(load_seeds(project), key=lambda document: document.id != reading.document)[:2]
    shutil.rmtree(project.annotations)
    passes = passes_of(project, schema)
    with Client(named_server.url, named_server.token) as client:
        for each in passes:
            push_passes(client, project, schema, documents, passes)
            [found] = client.projects(title_for(project, "", each))
            shown = Marks(reading.spans, reading.relations).of((*each.earlier, *each.layers))
            made = msgspec.structs.replace(
                reading,
                status="submitted",
                spans=shown.spans,
                relations=shown.relations,
                provenance=Provenance("human", lead_time=10.0 * each.number),
            )
            load_annotations(client, int(found["id"]), [made], schema)
        _, counts = pull_passes(client, project, schema, documents, passes)
        _, again = pull_passes(client, project, schema, documents, passes, full=True)
    assert (counts.whole, counts.conflicts, counts.taken) == (1, [], [])
    assert again == counts
    [stored] = read_annotations(project)
    assert content(without_defaults(stored, schema)) == content(without_defaults(reading, schema))
    assert list(stored.provenance.passes) == [each.name for each in passes]
    assert stored.provenance.lead_time == sum(10 * each.number for each in passes)

"""What comes back to annotators after a pull, on a real Label Studio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotate.records.notes import Note, notes_of, read_notes, write_notes
from goldwire.annotate.records.summary import summarised
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.team.feedback import broken_rules, fill_tabs, stored_broken_rules
from goldwire.annotations.store import write_annotation
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import GoldwireError
from goldwire.messages import in_all_languages
from goldwire.model import Annotation, Article, Document, Provenance, Span
from goldwire.project import Project, copy_example
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from tests.annotate.helpers import make_schema
from tests.cli.terminal import called

DOCUMENTS = [Document("one", "Un chat mange une souris."), Document("two", "Le chien dort.")]


def region(number: str, start: int, end: int, label: str, **more: Any) -> dict[str, Any]:
    """A region as a browser sends it."""
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": number, "from_name": "thing", "to_name": "text", "type": "labels", "value": value, **more}


def views(client: Client, number: int) -> dict[str, dict[str, Any]]:
    """The tabs of a project by their titles."""
    listed = client.get("api/dm/views/", project=number)
    return {view["data"]["title"]: view["data"] for view in listed}


def test_tasks_that_break_a_rule_fill_a_tab_until_they_are_mended(client: Client, project: Project) -> None:
    """The annotator finds what to mend in a tab of the project's language; once it is mended the tab is
    gone."""
    schema = make_schema()
    number = push(client, project, schema, DOCUMENTS).project
    tasks = {task["data"]["id"]: int(task["id"]) for task in client.tasks(number, ["data"])}
    made = client.create_annotation(tasks["one"], {"result": [region("a", 3, 6, "FOOD")], "lead_time": 5})
    assert made is not None
    client.create_annotation(tasks["two"], {"result": [region("b", 3, 8, "FOOD")]})
    pull(client, project, schema, DOCUMENTS)
    [rule] = stored_broken_rules(project, schema, DOCUMENTS)
    [place] = rule.places
    assert (rule.code, place.document) == ("GW242", "one")
    assert place.url == f"{client.url}/projects/{number}/data?task={tasks['one']}"
    assert fill_tabs(client, project, schema, [rule], [number]) == {number: 1}
    tab = views(client, number)["À reprendre"]
    filters = tab["filters"]["items"]
    shown = list(client.tasks(number, ["id"], filters))
    assert [int(task["id"]) for task in shown] == [tasks["one"]]
    fill_tabs(client, project, schema, [rule], [number])
    assert len([title for title in views(client, number) if title in in_all_languages("rework.tab")]) == 1

    client.request("PATCH", f"api/annotations/{made['id']}/", body={"result": [region("a", 3, 7, "FOOD")]})
    pull(client, project, schema, DOCUMENTS)
    mended = stored_broken_rules(project, schema, DOCUMENTS)
    assert mended == [] and fill_tabs(client, project, schema, mended, [number]) == {number: 0}
    assert "À reprendre" not in views(client, number)


def test_what_is_noted_beside_a_region_comes_back(client: Client, project: Project) -> None:
    """Who, when, the marked words, the note and the way to the task; a later pull does not forget it, and a
    note that is taken back is gone."""
    schema = make_schema()
    number = push(client, project, schema, DOCUMENTS).project
    task = next(int(t["id"]) for t in client.tasks(number, ["data"]) if t["data"]["id"] == "one")
    noted = region("a", 3, 7, "FOOD", meta={"text": ["Vraiment\nun aliment ?"]})
    made = client.create_annotation(task, {"result": [noted]})
    assert made is not None
    [note] = pull(client, project, schema, DOCUMENTS).notes
    assert (note.document, note.quote, note.text) == ("one", "chat", "Vraiment un aliment ?")
    assert note.url.endswith(f"task={task}") and note.when.startswith("20") and note.annotator
    pull(client, project, schema, DOCUMENTS)
    assert read_notes(project) == [note]
    client.request("PATCH", f"api/annotations/{made['id']}/", body={"result": [region("a", 3, 7, "FOOD")]})
    pull(client, project, schema, DOCUMENTS)
    assert read_notes(project) == []


def test_pull_says_what_is_to_be_reworked(client: Client, named_server: Server, tmp_path: Path) -> None:
    """The command names annotator, rule, place and link, lists notes, and puts both into its JSON."""
    project = copy_example(tmp_path / "project")
    config = project.root / "goldwire.toml"
    name = f"feedback-{tmp_path.name[-20:]}"
    config.write_text(config.read_text(encoding="utf-8").replace("politics-fr", name), encoding="utf-8")
    for path in project.annotations.rglob("*.json"):
        path.unlink()
    where = ["--project", str(project.root)]
    assert called("annotate", "push", *where).returncode == 0
    number = int(client.projects(name)[0]["id"])
    [task, *_] = client.tasks(number, ["data"])
    value = {"start": 0, "end": 4, "labels": ["ASSAULT"]}
    made = {"id": "e", "from_name": "event", "to_name": "text", "type": "labels", "value": value}
    client.create_annotation(int(task["id"]), {"result": [{**made, "meta": {"text": ["Est-ce un fait ?"]}}]})
    out = tmp_path / "pull.json"
    result = called("annotate", "pull", *where, "--json", str(out))
    assert result.returncode == 0, result.stderr
    shown = result.stdout + result.stderr
    assert "GW240" in shown and f"task={task['id']}" in shown
    assert "Est-ce un fait ?" in shown
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert {rule["code"] for rule in figures["rules"]} >= {"GW235", "GW240", "GW242"}
    assert [note["text"] for note in figures["notes"]] == ["Est-ce un fait ?"]


@pytest.fixture
def stored(tmp_path: Path) -> Project:
    """The example, with its own annotations."""
    return copy_example(tmp_path / "project")


def test_only_finished_work_of_people_is_told(stored: Project) -> None:
    """Drafts, machines' work, skipped articles and adjudicated ones are nobody's to rework."""
    schema = make_schema()
    wrong = (Span("a", "thing", "FOOD", 3, 6),)
    human, merged = Provenance("human"), Provenance("human", based_on=("anna",))
    annotations = [
        Annotation("one", "anna", schema.id, "submitted", human, wrong),
        Annotation("one", "bert", schema.id, "draft", human, wrong),
        Annotation("one", "model", schema.id, "submitted", Provenance("model"), wrong),
        Annotation("one", "carl", schema.id, "skipped", human, wrong),
        Annotation("one", "adjudicated", schema.id, "adjudicated", merged, wrong),
    ]
    told = broken_rules(stored, schema, DOCUMENTS, list(summarised(schema, {}, DOCUMENTS, annotations)))
    assert [(rule.annotator, rule.code, len(rule.places)) for rule in told] == [("anna", "GW242", 1)]


def test_every_fault_of_the_checks_is_somebodys(stored: Project) -> None:
    """All that `corpus check` finds in an annotator's work is told, once, with its article."""
    schema = load_schema(stored.schema_path)
    spans = tuple(Span(f"e{n}", "event", "ASSAULT", n, n + 1) for n in range(3))
    made = Annotation("one", "anna", "other@1", "submitted", Provenance("human"), spans)
    told = broken_rules(stored, schema, DOCUMENTS, list(summarised(schema, {}, DOCUMENTS, [made])))
    faults = check_articles([Article(DOCUMENTS[0], (made,))], schema, {}).faults
    assert sum(len(rule.places) for rule in told) == len(faults) > 5
    assert {place.document for rule in told for place in rule.places} == {"one"}
    write_annotation(stored, made)


def test_an_id_of_two_kinds_is_told_wherever_it_stands(stored: Project) -> None:
    """An id that one annotator gave to things of two families is theirs to mend; another's use is not."""
    schema = load_schema(stored.schema_path)
    documents = load_seeds(stored)
    layer, name = next(
        (key, name)
        for key, about in schema.layers.items()
        for name, attribute in about.attributes.items()
        if attribute.same_family
    )
    one, other = list({schema.family(layer, label): label for label in schema.labels(layer)}.values())[:2]

    def made(document: Document, annotator: str, label: str) -> Annotation:
        spans = (Span("a", layer, label, 0, 4, {name: "x.y"}),)
        return Annotation(document.id, annotator, schema.id, "submitted", Provenance("human"), spans)

    labels = [one, one, other]
    work = [made(d, "anna", label) for d, label in zip(documents, labels, strict=False)]
    work.append(made(documents[3], "bert", other))
    read = list(summarised(schema, {}, documents, work))
    told = [rule for rule in broken_rules(stored, schema, documents, read) if rule.code == "GW245"]
    articles = [Article(d, (a,)) for d, a in zip(documents, work, strict=False)]
    faults = [f for f in check_articles(articles, schema, {}).faults if f.code == "GW245"]
    assert [place.fault for rule in told for place in rule.places] == faults
    assert [(rule.annotator, [place.document for place in rule.places]) for rule in told] == [
        ("anna", [documents[2].id])
    ]


JSON = st.recursive(
    st.none() | st.text() | st.integers(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
)


@given(JSON)
def test_no_result_of_a_server_stops_the_reading_of_notes(result: Any) -> None:
    """A result of any form has notes or none."""
    for item in (result, [result], [{"meta": result, "value": result}], [{"meta": {"text": result}}]):
        assert all(quote == "" or text for quote, text in notes_of({"result": item}, "abc"))


def test_a_line_that_is_no_note_is_named(project: Project) -> None:
    """Its file and line are told (GW781), and nothing is lost of the others."""
    write_notes(project, [Note("anna", "one", "2026-01-01", "chat", "?")])
    path = project.annotate / "notes.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"annotator": 3}\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW781.*notes\.jsonl:2"):
        read_notes(project)

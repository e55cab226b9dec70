"""A Label Studio project that goldwire did not make becomes a goldwire project, whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.import_project import import_project
from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.server import Server
from goldwire.annotations.store import join, read_annotations
from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.reader import census, read_result
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.model import Annotation
from goldwire.new_project import make_project
from goldwire.project import load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.inference.from_label_config import infer
from goldwire.schemas.load import typed_data
from goldwire.schemas.rendering.label_config import label_config
from goldwire.seeds import load_seeds
from goldwire.text import normalise

CONFIG = """
<View>
  <Labels name="label" toName="txt"><Label value="Personne"/><Label value="Lieu public" alias="LOC"/></Labels>
  <Labels name="Ev" toName="txt"><Label value="Attaque"/></Labels>
  <Text name="txt" value="$content" granularity="symbol"/>
  <Choices name="certainty" toName="txt" perRegion="true" whenTagName="label">
    <Choice value="Sûr"/><Choice value="Douteux"/>
  </Choices>
  <TextArea name="remark" toName="txt" perRegion="true"/>
  <Choices name="tone" toName="txt"><Choice value="Grave"/><Choice value="Neutre"/></Choices>
  <Relations><Relation value="victime de"/></Relations>
</View>
"""
#: `cafe` with a combining accent, an emoji, Windows line ends: normalising moves what follows.
RAW = "Au cafe\u0301 👩‍🍳,\r\nAnna attaque Bob à Paris."


def _span(name: str, control: str, label: str, quote: str, **more: Any) -> dict[str, Any]:
    start = RAW.index(quote)
    value = {"start": start, "end": start + len(quote), "labels": [label]}
    return {"id": name, "from_name": control, "to_name": "txt", "type": "labels", "value": value, **more}


def _result() -> list[dict[str, Any]]:
    return [
        _span("a", "label", "Personne", "Anna"),
        _span("b", "label", "Personne", "Bob"),
        _span("p", "label", "LOC", "Paris"),
        _span("c", "label", "LOC", "cafe\u0301 👩‍🍳"),
        _span("cut", "label", "LOC", "cafe"),
        _span("e", "Ev", "Attaque", "attaque"),
        _span("odd", "gone", "X", "Au"),
        {
            "id": "a",
            "from_name": "certainty",
            "to_name": "txt",
            "type": "choices",
            "value": {"choices": ["Sûr"]},
        },
        {"id": "e", "from_name": "remark", "to_name": "txt", "type": "textarea", "value": {"text": ["vite"]}},
        {
            "id": "t1",
            "from_name": "tone",
            "to_name": "txt",
            "type": "choices",
            "value": {"choices": ["Grave"]},
        },
        {"type": "relation", "from_id": "e", "to_id": "b", "direction": "right", "labels": ["victime de"]},
        {"type": "relation", "from_id": "a", "to_id": "p", "direction": "right"},
    ]


def _schema(*, unnamed: bool = False) -> Schema:
    schema, faults = typed_data(
        infer(CONFIG, name="own", language="fr", unnamed=unnamed).data, Schema, {}, ""
    )
    assert not faults and schema is not None
    return schema


def _told(annotation: Annotation, text: str) -> set[tuple[str, str, str]]:
    return {(s.layer, s.label, text[s.start : s.end]) for s in annotation.spans}


def test_a_foreign_result_is_read_in_our_names() -> None:
    """Controls, labels, choices and offsets come over; what has no place is kept as the server had it."""
    result = _result()
    names = infer(CONFIG, name="own", language="fr", unnamed=True).names
    read = read_result(result, RegionText(RAW), Naming(_schema(unnamed=True), names))
    text = normalise(RAW)
    assert {(s.id, s.label, text[s.start : s.end]) for s in read.spans} == {
        ("a", "Personne", "Anna"),
        ("b", "Personne", "Bob"),
        ("p", "LOC", "Paris"),
        ("c", "LOC", "café 👩‍🍳"),
        ("e", "Attaque", "attaque"),
    }
    assert {s.id: s.attributes for s in read.spans if s.attributes} == {
        "a": {"certainty": "Sûr"},
        "e": {"remark": "vite"},
    }
    assert {(r.label, r.head, r.tail) for r in read.relations} == {
        ("victime_de", "e", "b"),
        ("related", "a", "p"),
    }
    assert [q.item for q in read.quarantined] == [result[4], result[6], result[9]]
    assert "normalising joins" in read.quarantined[0].reason


def test_a_control_that_is_left_out_never_passes_for_another() -> None:
    """A foreign control whose name happens to be one of ours is not read as ours."""
    names = infer(CONFIG, name="own", language="fr").names
    item = {"id": "a", "from_name": "label-certainty", "type": "choices", "value": {"choices": ["Sûr"]}}
    read = read_result([_result()[0], item], RegionText(RAW), Naming(_schema(), names))
    assert not read.spans[0].attributes
    assert [q.item for q in read.quarantined] == [item]


@given(st.text("ae\u0301\u0327\r\n 한ᄀ각", max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_offsets_follow_the_text_that_is_normalised(raw: str, start: int, end: int) -> None:
    """A span's text is the normalised form of what it marked, or the span is in quarantine."""
    names = infer(CONFIG, name="own", language="fr").names
    value = {"start": start, "end": end, "labels": ["Personne"]}
    item = {"id": "a", "from_name": "label", "to_name": "txt", "type": "labels", "value": value}
    read = read_result([item], RegionText(raw), Naming(_schema(), names))
    assert len(read.spans) + len(read.quarantined) == 1
    for span in read.spans:
        assert normalise(raw)[span.start : span.end] == normalise(raw[start:end]).strip()


@pytest.mark.parametrize(("language", "label"), [("fr", "personne"), ("en", "person")])
def test_a_new_project_is_sound(tmp_path: Path, language: str, label: str) -> None:
    """A new folder holds a project whose schema has no fault and whose config is rendered."""
    project = make_project(tmp_path / "deep" / "new", name="Été 2", language=language)
    schema = load_schema(project.schema_path)
    assert (project.name, project.language, schema.name) == ("Été 2", language, "ete_2")
    assert schema.layers["entity"].labels["PER"].name == label
    assert (project.annotate / "label_config.xml").read_text(encoding="utf-8") == label_config(schema)
    assert load_seeds(project) == [] and read_annotations(project) == []
    with pytest.raises(GoldwireError, match="GW367"):
        make_project(tmp_path / "deep" / "new", name="new", language=language)


def test_a_project_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Where the schema can't be read, no folder is made."""
    with pytest.raises(GoldwireError):
        make_project(tmp_path / "new", name="new", language="fr", schema="name: [")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.live
def test_a_running_project_is_adopted(
    studio: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a foreign project every span, relation and choice of every annotator is kept or in quarantine."""
    from goldwire.cli.new import command

    with Client(studio.url, studio.token) as client:
        made = client.create_project({"title": "foreign", "label_config": CONFIG})
        number = int(made["id"])
        tasks = [{"data": {"content": RAW, "id": "un/1", "source": "s"}}, {"data": {"content": "Rien."}}]
        tasks += [{"data": {"content": "Rien."}}]
        client.import_tasks(number, tasks)
        ids = [int(task["id"]) for task in client.tasks(number, ("data",))]
        second = int(client.create_user("adopted-berta@example.org", "Berta")["id"])
        client.create_annotation(ids[0], {"result": _result(), "lead_time": 3.5})
        starred = {"result": _result()[:2], "completed_by": second, "ground_truth": True}
        client.create_annotation(ids[0], starred)
        client.create_annotation(ids[1], {"result": [], "was_cancelled": True, "completed_by": second})
        client.create_annotation(ids[2], {"result": [], "completed_by": second})
        path = f"api/tasks/{ids[1]}/drafts"
        client.request("POST", path, body={"result": [_span("d", "label", "LOC", "Au")], "lead_time": 1})
        before = client.project(number)
        monkeypatch.setenv("GOLDWIRE_TOKEN", studio.token)
        target, figures = tmp_path / "adopted", tmp_path / "figures.json"
        options = ["--from-label-studio", studio.url, "--project", str(number), "--json", str(figures)]
        done = CliRunner().invoke(command, [str(target), *options])
        assert done.exit_code == 0, done.output
        assert client.project(number)["task_number"] == before["task_number"] == 3
        with pytest.raises(GoldwireError, match="GW367"):
            import_project(client, number, target, name="again", language="fr")
    report = json.loads(figures.read_text())
    assert (report["tasks"], report["articles"], report["annotations"]) == (3, 2, 3)
    assert (report["ground_truth"], report["commented"]) == (1, 0)
    naming = Naming(_schema(unnamed=True), infer(CONFIG, name="own", language="fr", unnamed=True).names)
    held = [census(result, naming) for result in (_result(), _result()[:2])]
    kinds, told = ("spans", "attributes", "relations"), report["account"]
    assert [told[kind]["found"] for kind in kinds] == [9, 3, 2]
    assert [sum(getattr(one, kind) for one in held) for kind in kinds] == [9, 3, 2]
    assert [told[kind]["kept"] for kind in kinds] == [7, 2, 2]
    project = load_project(target)
    schema = load_schema(project.schema_path)
    documents = load_seeds(project)
    assert [d.text for d in documents] == [normalise(RAW), "Rien."]
    assert (documents[0].id, documents[0].meta["source"]) == ("un_1", "s")
    articles = join(documents, read_annotations(project))
    by_name = {a.annotator: a for a in articles[0].annotations}
    own = next(a for name, a in by_name.items() if name != "adopted-berta")
    assert own.schema == schema.id == "adopted@1.0"
    assert _told(own, documents[0].text) == {
        ("label", "Personne", "Anna"),
        ("label", "Personne", "Bob"),
        ("label", "LOC", "Paris"),
        ("label", "LOC", "café 👩‍🍳"),
        ("ev", "Attaque", "attaque"),
    }
    assert {r.label for r in own.relations} == {"victime_de", "related"}
    assert (own.status, own.provenance.lead_time) == ("submitted", 3.5)
    assert len(by_name["adopted-berta"].spans) == 2
    # Two tasks of one text: of one annotator's two annotations the submitted one is kept.
    assert [(a.annotator, a.status) for a in articles[1].annotations] == [("adopted-berta", "submitted")]
    lines = [json.loads(line) for line in (project.annotate / "quarantine.jsonl").read_text().splitlines()]
    reasons = sorted(line["reason"] for line in lines)
    assert len(lines) == sum(report["quarantined"].values()) == 5
    assert [r for r in reasons if "draft" in r] and [r for r in reasons if "later annotation" in r]
    assert sum(1 for line in lines if line["kind"] == "span") == 2
    assert CONFIG.count("tone") == sum(1 for line in lines if line["kind"] == "attribute")
    assert [left["name"] for left in report["left"]] == ["tone"]

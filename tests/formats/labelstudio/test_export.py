"""Label Studio's JSON export in and out; what one of the two can't hold is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.jsonl import read_jsonl, write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Article
from tests.corpus.mini import MINI, mini_articles
from tests.shared import SHARED, needs_shared

FORMAT = FORMATS["labelstudio"]
EXPORT = SHARED / "data/labelstudio-export/label_studio_export.37df0f5.json"


def written(tmp_path: Path, tasks: Any) -> Path:
    """An export file."""
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_an_export_gives_back_all_spans_and_relations(tmp_path: Path) -> None:
    """What both sides hold survives the way there and back, annotators included."""
    setting = ConversionOptions(MINI)
    assert FORMAT.write(tmp_path / "out.json", mini_articles(), setting) == 2
    again = FORMAT.read(tmp_path / "out.json", setting)
    assert setting.lost == {}
    for before, after in zip(mini_articles(), again, strict=True):
        assert after.document.text == before.document.text
        assert [(a.annotator, a.spans, a.relations, a.status) for a in after.annotations] == [
            (a.annotator, a.spans, a.relations, a.status) for a in before.annotations
        ]


def test_what_regions_can_not_hold_is_kept_beside_them(tmp_path: Path) -> None:
    """Statuses, machine provenance and who marked what come back from the file, and nothing is lost."""
    article = mini_articles()[0]
    one, other = article.annotations
    marked = tuple(structs.replace(span, marked_by=("a", "b")) for span in one.spans)
    provenance = structs.replace(one.provenance, kind="model")
    changed = structs.replace(one, status="reviewed", spans=marked, provenance=provenance)
    setting = ConversionOptions(MINI)
    path = tmp_path / "in.jsonl"
    skipped = structs.replace(other, status="skipped")
    write_jsonl(path, [Article(article.document, (changed, skipped))])
    done = convert(path, tmp_path / "out.json", source="jsonl", target="labelstudio", setting=setting)
    assert done.lost == {}
    back = FORMAT.read(tmp_path / "out.json", setting)[0].annotations
    assert [a.status for a in back] == ["reviewed", "skipped"]
    assert (back[0].spans, back[0].provenance) == (changed.spans, provenance)


def test_only_the_latest_work_of_a_person_is_taken(tmp_path: Path) -> None:
    """Older annotations, drafts and predictions are left out and counted; names come from the export."""
    value = {"start": 0, "end": 4, "labels": ["FOOD"]}
    region = {"id": "r", "type": "labels", "from_name": "thing", "to_name": "text", "value": value}
    strange = {**region, "id": "q", "from_name": "label"}
    annotations = [
        {"completed_by": 2, "updated_at": "2024-02-02", "result": [region, strange], "parent_prediction": 7},
        {"completed_by": 2, "updated_at": "2024-01-01", "result": []},
        {"completed_by": {"email": "a@b.c"}, "result": [], "lead_time": 3.5},
        {"completed_by": {"id": 5}, "result": [], "was_cancelled": True},
    ]
    task = {"id": 9, "data": {"text": "Sel fin", "title": "T"}, "annotations": annotations}
    setting = ConversionOptions(MINI)
    (article,) = FORMAT.read(written(tmp_path, [{**task, "predictions": [1], "drafts": [{}]}]), setting)
    found = {a.annotator: a for a in article.annotations}
    assert (article.document.id, article.document.meta) == ("task-9", {"title": "T"})
    assert sorted(found) == ["a@b.c", "user-2", "user-5"]
    assert (found["user-2"].provenance.seen_predictions, len(found["user-2"].spans)) == (True, 1)
    assert (found["a@b.c"].provenance.lead_time, found["user-5"].status) == (3.5, "skipped")
    assert {kind: len(places) for kind, places in setting.lost.items()} == {
        "predictions": 1,
        "drafts": 1,
        "older annotations of one person": 1,
        "spans: the schema has no layer `label`": 1,
        "white space at a span's edge": 1,
    }


@pytest.mark.parametrize(
    ("tasks", "rest"),
    [
        (5, "neither a list of tasks nor a task"),
        ({}, "$: no text under `text`"),
        ([{"data": {}}], "$[0]: no text under `text`"),
        ([{"data": {"text": " "}}], "$[0]: the text under `text` is empty"),
        ([{"data": {"text": None}}], "$[0]: no text under `text`"),
        ([3], "$[0]: no task of a known form"),
    ],
)
def test_what_is_no_export_is_refused_with_its_place(tmp_path: Path, tasks: Any, rest: str) -> None:
    """Where not one task can be read, each says why."""
    with pytest.raises(GoldwireError, match="GW266") as caught:
        FORMAT.read(written(tmp_path, tasks), ConversionOptions(MINI))
    assert rest in str(caught.value)


def test_ids_that_stand_twice_are_told_apart_and_texts_normalised(tmp_path: Path) -> None:
    """Two tasks of one id are two documents; both changes are told."""
    tasks = [{"data": {"id": "x", "text": "e\u0301"}}, {"data": {"id": "x", "text": "b"}}]
    setting = ConversionOptions(MINI)
    articles = FORMAT.read(written(tmp_path, tasks), setting)
    assert [(a.document.id, a.document.text) for a in articles] == [("x", "\xe9"), ("x-2", "b")]
    assert "texts normalised, offsets moved along" in setting.changed
    assert "ids that stand twice, told apart by a number" in setting.changed


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    """What is no JSON is no export."""
    path = tmp_path / "export.json"
    path.write_text("[", encoding="utf-8")
    with pytest.raises(GoldwireError, match="GW266"):
        FORMAT.read(path, ConversionOptions(MINI))


@pytest.mark.parametrize("odd", [{}, {"drafts": {}}], ids=["as it is written", "in another form"])
def test_comments_and_marks_as_ground_truth_are_counted(tmp_path: Path, odd: dict[str, Any]) -> None:
    """A person's star and a task's comments have no place in the model: each is told with where it was."""
    annotations = [
        {"completed_by": {"email": "a@b.c"}, "result": [], "ground_truth": True},
        {"completed_by": {"email": "d@b.c"}, "result": [], "ground_truth": False},
    ]
    bare = {"data": {"id": "b", "text": "Sel"}, "annotations": [], "comment_count": 0}
    task = {"data": {"id": "a", "text": "Sel fin"}, "annotations": annotations, "comment_count": 2, **odd}
    setting = ConversionOptions(MINI)
    assert len(FORMAT.read(written(tmp_path, [task, bare]), setting)) == 2
    assert setting.lost == {"tasks with comments": ["a: 2"], "marks as ground truth": ["a@b.c/a"]}


@needs_shared("data/labelstudio-export")
def test_a_real_export_with_a_star_and_comments_tells_both(tmp_path: Path) -> None:
    """What a server wrote is read as before, and the two are counted."""
    tasks = json.loads(EXPORT.read_text(encoding="utf-8"))
    before, after = ConversionOptions(MINI), ConversionOptions(MINI)
    plain = FORMAT.read(EXPORT, before)
    tasks[1]["annotations"][0]["ground_truth"] = True
    tasks[2]["comment_count"] = 3
    assert FORMAT.read(written(tmp_path, tasks), after) == plain
    added = {kind: len(places) for kind, places in after.lost.items() if kind not in before.lost}
    assert added == {"marks as ground truth": 1, "tasks with comments": 1}


@needs_shared("data/labelstudio-export")
def test_a_real_export_of_another_schema_is_read_with_all_its_losses(tmp_path: Path) -> None:
    """Texts are taken, and each span that the schema has no place for is counted."""
    setting = ConversionOptions(MINI)
    done = convert(EXPORT, tmp_path / "out.jsonl", source="labelstudio", target="jsonl", setting=setting)
    assert (len(read_jsonl(tmp_path / "out.jsonl")), done.counts["annotations"]) == (5, 5)
    regions = sum(
        item["type"] == "labels"
        for task in json.loads(EXPORT.read_text(encoding="utf-8"))
        for a in task["annotations"]
        for item in a["result"]
    )
    assert len(done.lost["spans: the schema has no layer `label`"]) == regions

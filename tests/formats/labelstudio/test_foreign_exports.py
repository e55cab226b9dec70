"""Exports of other people's projects: read right, moved and told, or put aside with the reason."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.labelstudio.export import read_labelstudio
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.reader import read_result
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article
from goldwire.schemas.schema import Label, Layer, Schema
from tests.examples import at_most

NER = """<View><Labels name="tags" toName="doc"><Label value="PER"/><Label value="Job title"/></Labels>
<Text name="doc" value="${key}"/>{more}</View>"""


def region(start: int, end: int, label: str, said: str | None = None, **more: Any) -> dict[str, Any]:
    """A region as Label Studio stores it; `said` is the text that it says it marks."""
    value = {"start": start, "end": end, "labels": [label], **({} if said is None else {"text": said})}
    number = more.pop("id", f"r{start}-{end}")
    return {"id": number, "from_name": "tags", "to_name": "doc", "type": "labels", "value": value, **more}


def read(
    folder: Path, tasks: Any, config: str = "", **options: Any
) -> tuple[list[Article], ConversionOptions]:
    """The articles of an export, and what was put down on the way."""
    path = folder / "export.json"
    path.write_text(tasks if isinstance(tasks, str) else json.dumps(tasks), encoding="utf-8")
    if config:
        (folder / "config.xml").write_text(config, encoding="utf-8")
        options["config_path"] = folder / "config.xml"
    setting = ConversionOptions(**options)
    articles = list(read_labelstudio(path, setting))
    return articles, setting


def marked(article: Article) -> list[tuple[str, str]]:
    """Label and text of every span."""
    return [
        (span.label, article.document.text[span.start : span.end])
        for annotation in article.annotations
        for span in annotation.spans
    ]


def task(data: dict[str, Any], *results: list[Any], **more: Any) -> dict[str, Any]:
    """A task with an annotation for each result."""
    annotations = [
        {"id": n, "completed_by": n, "result": result} for n, result in enumerate(results, start=1)
    ]
    return {"id": 7, "data": data, "annotations": annotations, **more}


LABELS = {name: Label(name, name, "#0072B2") for name in ("PER", "Job title")}
PER = Schema("per", "1", "xx", "per", {"tags": Layer("tags", LABELS)})
ANNA = "Anna Meier is a smith in Lyon."


@pytest.mark.parametrize("with_config", [True, False])
@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("body", {"body": ANNA}),
        ("body", {"text": "Another column that nobody marked.", "body": ANNA}),
        ("a.b", {"text": "Another column.", "a": {"b": ANNA}}),
        ("$技术", {"技术": ANNA}),
    ],
)
def test_the_marked_text_is_the_one_that_the_config_or_the_regions_name(
    tmp_path: Path, key: str, data: dict[str, Any], with_config: bool
) -> None:
    """Whatever its field is called, and whatever other field is called `text`."""
    config = NER.replace("{key}", key.removeprefix("$")).replace("{more}", "") if with_config else ""
    tasks = [task(data, [region(0, 10, "PER", "Anna Meier")])]
    [article], setting = read(tmp_path, tasks, config)
    assert article.document.text == ANNA
    assert [text for _, text in marked(article)] == ["Anna Meier"]
    assert str(setting.account.spans) == "1 in, 1 kept, 0 not kept"


def test_each_marked_text_of_a_task_is_a_document(tmp_path: Path) -> None:
    """A span lies over the text that it marks, a relation between two is counted, one can be asked for."""
    config = """<View><Text name="head" value="$title"/><Text name="body" value="$text"/>
    <Labels name="h" toName="head"><Label value="PER"/></Labels>
    <Labels name="b" toName="body"><Label value="LOC"/></Labels></View>"""
    result = [
        {**region(0, 4, "PER", "Anna"), "from_name": "h", "to_name": "head", "id": "x"},
        {**region(14, 18, "LOC", "Lyon"), "from_name": "b", "to_name": "body", "id": "y"},
        {"type": "relation", "from_id": "x", "to_id": "y", "direction": "right", "labels": []},
    ]
    tasks = [task({"title": "Anna travels", "text": "She stayed in Lyon."}, result)]
    for told in (config, ""):
        articles, setting = read(tmp_path, tasks, told)
        by_text = {article.document.text: marked(article) for article in articles}
        assert by_text == {"Anna travels": [("PER", "Anna")], "She stayed in Lyon.": [("LOC", "Lyon")]}
        assert (setting.account.relations.found, setting.account.relations.kept) == (1, 0)
    [only], setting = read(tmp_path, tasks, config, text="body")
    assert marked(only) == [("LOC", "Lyon")]
    assert setting.account.spans.not_kept == 1


def test_spans_of_a_text_that_was_not_asked_for_are_not_kept_though_their_words_agree(tmp_path: Path) -> None:
    """Of two texts that begin with the same word each bears its own span, and no other moves its offsets."""
    config = """<View><Text name="a" value="$x"/><Text name="b" value="$y"/>
    <Labels name="tags" toName="a,b"><Label value="PER"/></Labels></View>"""
    ours = {**region(3, 7, "PER", "Anna"), "to_name": "a", "id": "1"}
    theirs = {**region(0, 4, "PER", "Anna"), "to_name": "b", "id": "2"}
    for text, data in (("💩 Anna", "Anna"), ("x, Anna", "x, Anna")):
        tasks = [task({"x": text, "y": data}, [ours, theirs])]
        [only], setting = read(tmp_path, tasks, config, text="x")
        assert [span.id for span in only.annotations[0].spans] == ["1"]
        assert marked(only) == [("PER", "Anna")]
        assert setting.account.spans.not_kept == 1


def test_one_field_is_never_taken_for_the_text_of_two_objects(tmp_path: Path) -> None:
    """Where the words agree in both fields, and some tasks lack one of them, the config is asked for."""
    both = {"question": "Anna met Bob.", "answer": "Anna left."}
    first, second = region(0, 4, "PER", "Anna", to_name="q"), region(0, 4, "PER", "Anna", to_name="a", id="x")
    tasks = [task(both, [first, second]), task({"question": "Anna."}, [first])]
    tasks.append(task({"question": "Anna!"}, [second]))
    for options in ({}, {"text": "answer"}):
        with pytest.raises(GoldwireError, match=r"GW289.*--config"):
            read(tmp_path, tasks, **options)
    texts = '<Text name="q" value="$question"/><Text name="a" value="$answer"/>'
    labels = '<Labels name="tags" toName="q,a"><Label value="PER"/></Labels>'
    articles, _ = read(tmp_path, tasks[:1], f"<View>{labels}{texts}</View>")
    assert [(a.document.text, marked(a)) for a in articles] == [
        (both["question"], [("PER", "Anna")]),
        (both["answer"], [("PER", "Anna")]),
    ]


def test_a_text_that_is_named_is_that_of_the_object_which_lacked_one(tmp_path: Path) -> None:
    """Regions of the other object, whose text is known, stay out of it."""
    data = {"text": "Anna met Bob.", "one": "Cleo left Rome.", "other": "Dora left Rome."}
    known, unknown = region(0, 4, "PER", "Anna", to_name="text"), region(0, 4, "PER", to_name="b", id="x")
    said = region(10, 14, "PER", "Rome", to_name="b", id="y")
    tasks = [task(data, [known, unknown, said])]
    with pytest.raises(GoldwireError, match=r"GW289.*--text"):
        read(tmp_path, tasks)
    [article], _ = read(tmp_path, tasks, text="other")
    assert (article.document.text, marked(article)) == (data["other"], [("PER", "Dora"), ("PER", "Rome")])


def test_regions_that_name_no_object_are_of_the_only_text(tmp_path: Path) -> None:
    """Rows of JSON_MIN among tasks of another shape make no document of their own."""
    row = {"id": 2, "body": ANNA, "tags": [{"start": 0, "end": 10, "text": "Anna Meier", "labels": ["PER"]}]}
    tasks = [task({"body": ANNA}, [region(0, 4, "PER", "Anna")]), {**row, "annotator": 4}]
    articles, setting = read(tmp_path, tasks)
    assert [marked(article) for article in articles] == [[("PER", "Anna")], [("PER", "Anna Meier")]]
    assert str(setting.account.spans) == "2 in, 2 kept, 0 not kept"


def test_spans_of_an_image_are_counted_as_not_kept(tmp_path: Path) -> None:
    """What marks another kind of object is no span of the text."""
    box: dict[str, Any] = {"id": "i", "from_name": "box", "to_name": "img", "type": "rectanglelabels"}
    box["value"] = {"x": 1, "y": 2, "rectanglelabels": ["Face"]}
    [article], setting = read(
        tmp_path, [task({"body": ANNA, "img": "a.png"}, [region(0, 4, "PER", "Anna"), box])]
    )
    assert marked(article) == [("PER", "Anna")]
    assert (setting.account.spans.found, setting.account.spans.not_kept) == (2, 1)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("💩 Anna 🎉🎉 met Bob.", lambda t, i: len(t[:i].encode("utf-16-le")) // 2),
        ("Dear\r\nAnna,\r\nmeet Bob", lambda t, i: len(t[:i].replace("\r\n", "\n"))),
        ("Dear\nAnna,\nmeet Bob", lambda t, i: len(t[:i].replace("\n", "\r\n"))),
        (
            "Dear\r\n💩 Anna,\r\nmeet Bob",
            lambda t, i: len(t[:i].replace("\r\n", "\n").encode("utf-16-le")) // 2,
        ),
    ],
)
def test_offsets_counted_otherwise_are_moved_where_all_spans_agree(
    tmp_path: Path, text: str, counted: Any
) -> None:
    """UTF-16 units and other line ends: found from what the regions say that they mark, and told."""
    result = [
        region(counted(text, text.index(name)), counted(text, text.index(name) + len(name)), "PER", name)
        for name in ("Anna", "Bob")
    ]
    [article], setting = read(tmp_path, [task({"text": text}, result)])
    assert [words for _, words in marked(article)] == ["Anna", "Bob"]
    assert setting.account.spans.moved == 2
    assert any(kind.startswith("offsets moved") for kind in setting.changed)


def test_an_end_that_is_the_last_character_is_moved(tmp_path: Path) -> None:
    """Exports from before 1.0 gave the last character as the end."""
    [article], setting = read(
        tmp_path, [task({"text": ANNA}, [region(0, 3, "PER", "Anna"), region(25, 28, "PER", "Lyon")])]
    )
    assert [words for _, words in marked(article)] == ["Anna", "Lyon"]
    assert setting.account.spans.moved == 2


def test_where_spans_do_not_agree_nothing_is_guessed(tmp_path: Path) -> None:
    """A span that is not what it says goes to the quarantine, with both wordings; the others stay."""
    [article], setting = read(
        tmp_path, [task({"text": ANNA}, [region(0, 4, "PER", "Anna"), region(6, 11, "PER", "Paris")])]
    )
    assert marked(article) == [("PER", "Anna")]
    [aside] = setting.quarantine
    assert "'eier '" in aside["kind"] and "'Paris'" in aside["kind"]
    assert aside["item"]["value"]["start"] == 6


def test_spans_put_aside_for_one_cause_are_told_together(tmp_path: Path) -> None:
    """However many there are, a cause is a line; its places have both wordings, as the quarantine has."""
    result = [region(n, n + 3, "PER", "???") for n in range(9)] + [
        region(90, 99, "PER"),
        region(91, 99, "PER"),
    ]
    [_], setting = read(tmp_path, [task({"body": ANNA}, result)])
    assert {kind: len(places) for kind, places in setting.lost.items()} == {
        "spans: not what the region says": 9,
        "spans: outside the text": 2,
    }
    assert "is 'Ann', and the region says '???'" in setting.lost["spans: not what the region says"][0]
    assert all("[" in line["kind"] for line in setting.quarantine) and len(setting.quarantine) == 11


def test_white_space_in_the_words_of_a_region_does_not_count(tmp_path: Path) -> None:
    """Label Studio folds blanks and writes line ends as backslash and n."""
    text = "Anna  Meier\nsmith"
    [article], setting = read(tmp_path, [task({"text": text}, [region(0, 17, "PER", "Anna Meier\\nsmith")])])
    assert marked(article) == [("PER", text)]
    assert setting.account.spans.moved == 0


def test_a_text_that_lies_elsewhere_is_refused_by_name(tmp_path: Path) -> None:
    """With `valueType="url"` the task holds an address: nothing is read over it."""
    config = """<View><Labels name="tags" toName="doc"><Label value="PER"/></Labels>
    <Text name="doc" value="$text" valueType="url"/></View>"""
    tasks = [task({"text": "/data/upload/1.txt"}, [region(0, 4, "PER", "Anna")])]
    with pytest.raises(GoldwireError, match="valueType") as refusal:
        read(tmp_path, tasks, config)
    [fault] = refusal.value.faults
    assert "--config" not in fault.hint and "--text FIELD" in fault.hint
    tasks[0]["data"]["body"] = ANNA
    [article], _ = read(tmp_path, tasks, config, text="body")
    assert marked(article) == [("PER", "Anna")]


@pytest.mark.parametrize("with_config", [True, False])
def test_a_key_that_no_task_has_asks_for_the_field_and_not_for_what_was_given(
    tmp_path: Path, with_config: bool
) -> None:
    """The config is only asked for where there is none."""
    tasks = [task({"n": 3}, [region(0, 4, "PER", "Anna")])]
    with pytest.raises(GoldwireError) as refusal:
        read(tmp_path, tasks, NER.format(key="body", more="") if with_config else "")
    assert ("--config" in refusal.value.faults[0].hint) != with_config


@pytest.mark.parametrize("number", [0.5, 2])
def test_a_recording_beside_its_transcript_is_no_text(tmp_path: Path, number: float) -> None:
    """Without a config: regions that never say what they mark are of no text, where others do say it."""
    sound = {"start": number, "end": 3, "channel": 0, "labels": ["hiss"]}
    noise = {"id": "n", "from_name": "noise", "to_name": "audio", "type": "labels", "value": sound}
    data = {"sound": "https://example.org/a.wav", "said": ANNA}
    [article], setting = read(tmp_path, [task(data, [noise, region(0, 4, "PER", "Anna")])])
    assert marked(article) == [("PER", "Anna")]
    assert (setting.account.spans.found, setting.account.spans.not_kept) == (2, 1)
    assert [line["item"]["id"] for line in setting.quarantine] == ["n"]


def test_what_a_model_marked_in_one_of_two_texts_is_of_that_text_alone(tmp_path: Path) -> None:
    """Predictions of a task with two texts are divided among its documents; each span counts once."""
    config = """<View><Labels name="tags" toName="doc,title"><Label value="PER"/></Labels>
    <Text name="doc" value="$body"/><Text name="title" value="$title"/></View>"""
    result = [region(0, 4, "PER", "Anna"), {**region(3, 6, "PER", "Bob"), "to_name": "title"}]
    predictions = [{"model_version": "m", "result": result}, {"model_version": "m", "result": result}]
    articles, setting = read(
        tmp_path, [task({"body": ANNA, "title": "On Bob"}, predictions=predictions)], config
    )
    assert [marked(article) for article in articles] == [[("PER", "Anna")], [("PER", "Bob")]]
    assert (setting.account.spans.found, setting.account.spans.not_kept) == (2, 0)
    assert {kind: len(places) for kind, places in setting.lost.items()} == {
        "older predictions of one model": 1
    }


def test_half_a_character_in_what_a_model_said_puts_its_task_aside(tmp_path: Path) -> None:
    """What no file can hold is found before anything is written; the other tasks are read."""
    odd = [{"model_version": "m", "result": [region(0, 4, "\ud800", "Anna")]}]
    sound = [{"model_version": "m", "result": [region(0, 4, "PER", "Anna")]}]
    tasks = [task({"body": ANNA}, predictions=odd), task({"body": ANNA}, predictions=sound)]
    [article], setting = read(tmp_path, tasks)
    assert marked(article) == [("PER", "Anna")]
    assert (setting.account.spans.found, setting.account.spans.kept, len(setting.quarantine)) == (2, 1, 1)


def test_regions_of_a_page_are_read_over_its_text(tmp_path: Path) -> None:
    """HyperText by its global offsets; a region without them is put aside."""
    page = "<p>It is so.</p><p>Karl K&ouml;stler</p>"
    place = {"start": "/p[2]/text()[1]", "end": "/p[2]/text()[1]", "startOffset": 0, "endOffset": 12}
    sound: dict[str, Any] = {"id": "h", "from_name": "tags", "to_name": "doc", "type": "hypertextlabels"}
    sound["value"] = {
        **place,
        "globalOffsets": {"start": 9, "end": 21},
        "text": "Karl Köstler",
        "hypertextlabels": ["PER"],
    }
    bare = {**sound, "id": "g", "value": {**place, "hypertextlabels": ["PER"]}}
    [article], setting = read(tmp_path, [task({"text": page}, [sound, bare])])
    assert marked(article) == [("PER", "Karl Köstler")]
    assert any("globalOffsets" in kind for kind in setting.lost)


def test_turns_of_a_dialogue_are_joined_with_their_offsets(tmp_path: Path) -> None:
    """Paragraphs: a line each; who speaks, and where, is in the document's meta."""
    turns = [{"who": "a", "says": "Hello there, Anna."}, {"who": "b", "says": "I am in Lyon."}]
    item: dict[str, Any] = {"id": "p", "from_name": "tags", "to_name": "doc", "type": "paragraphlabels"}
    item["value"] = {
        "start": "1",
        "end": "1",
        "startOffset": 8,
        "endOffset": 12,
        "text": "Lyon",
        "paragraphlabels": ["LOC"],
    }
    [article], _ = read(tmp_path, [task({"talk": turns}, [item])])
    assert article.document.text == "Hello there, Anna.\nI am in Lyon."
    assert marked(article) == [("LOC", "Lyon")]
    assert article.document.meta["turns"] == [{"start": 0, "speaker": "a"}, {"start": 19, "speaker": "b"}]


ANNOTATION = {
    "id": 2,
    "completed_by": {"id": 1, "email": "a@example.org"},
    "result": [region(0, 4, "PER", "Anna")],
}
WHOLE = {"id": 3, "data": {"text": ANNA}, "annotations": [ANNOTATION]}


@pytest.mark.parametrize(
    ("content", "annotator"),
    [
        ([WHOLE], "a@example.org"),
        (WHOLE, "a@example.org"),
        (
            json.dumps(WHOLE) + "\n" + json.dumps({**WHOLE, "id": 4, "data": {"text": ANNA + " "}}),
            "a@example.org",
        ),
        ([{**ANNOTATION, "task": {"id": 3, "data": {"text": ANNA}}}], "a@example.org"),
        ({**ANNOTATION, "task": {"id": 3, "data": {"text": ANNA}}}, "a@example.org"),
        (
            [
                {
                    "id": 3,
                    "data": {"text": ANNA},
                    "completions": [{"id": 1, "created_username": "zoe, 1", "result": ANNOTATION["result"]}],
                }
            ],
            "zoe",
        ),
        (
            [
                {
                    "id": 3,
                    "text": ANNA,
                    "tags": [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}],
                    "annotator": 5,
                    "annotation_id": 9,
                }
            ],
            "user-5",
        ),
        (
            [
                {
                    "data": {"text": ANNA},
                    "predictions": [{"model_version": "m1", "result": ANNOTATION["result"]}],
                }
            ],
            "m1",
        ),
    ],
    ids=[
        "export",
        "one task",
        "a task a line",
        "target storage",
        "one annotation",
        "before 1.0",
        "JSON_MIN",
        "predictions",
    ],
)
def test_every_shape_of_a_file_is_read(tmp_path: Path, content: Any, annotator: str) -> None:
    """The same span comes out of each."""
    articles, setting = read(tmp_path, content)
    assert marked(articles[0]) == [("PER", "Anna")]
    assert articles[0].annotations[0].annotator == annotator
    assert setting.account.spans.not_kept == 0


def test_a_csv_export_is_read(tmp_path: Path) -> None:
    """Cells of controls hold JSON."""
    path = tmp_path / "export.csv"
    cell = json.dumps([{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}]).replace('"', '""')
    path.write_text(f'text,id,tags,annotator,annotation_id\n"{ANNA}",3,"{cell}",5,9\n', encoding="utf-8")
    [article] = read_labelstudio(path, ConversionOptions())
    assert (article.document.text, marked(article)) == (ANNA, [("PER", "Anna")])


def test_a_key_twice_in_a_cell_is_refused(tmp_path: Path) -> None:
    """Of two lists of labels one would be gone without a word; so would what stands beyond the columns."""
    path = tmp_path / "export.csv"
    cell = '[{"start": 0, "end": 4, "labels": ["PER"], "labels": ["ORG"]}]'.replace('"', '""')
    path.write_text(f'text,id,tags\n"{ANNA}",3,"{cell}"\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW266 .*export.csv:2.*key `labels` stands twice"):
        list(read_labelstudio(path, ConversionOptions()))
    path.write_text(f'text,id\n"{ANNA}",3,more\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW266 .*export.csv:2.*more cells than columns"):
        list(read_labelstudio(path, ConversionOptions()))


@pytest.mark.parametrize("shape", ["one task", "target storage"])
def test_a_key_twice_in_a_file_of_one_object_is_refused(shape: str, tmp_path: Path) -> None:
    """As in a list of tasks: the work under the first of them would be gone."""
    held = WHOLE if shape == "one task" else {**ANNOTATION, "task": {"id": 3, "data": {"text": ANNA}}}
    text = json.dumps(held).replace('"result":', '"result": [], "result":')
    with pytest.raises(GoldwireError, match=r"GW266 .*key `result` stands twice"):
        read(tmp_path, text)


@given(st.sampled_from("\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"))
def test_what_else_may_end_a_line_ends_no_task(sign: str) -> None:
    """A task a line: a line ends with its line end alone, whatever stands in a text."""
    data = {"text": f"Anna{sign}ran."}
    lines = [json.dumps({**WHOLE, "id": n, "data": data}, ensure_ascii=sign < " ") for n in (3, 4)]
    with tempfile.TemporaryDirectory() as folder:
        articles, _ = read(Path(folder), "\r\n".join(lines))
    assert [article.document.text for article in articles] == [data["text"]] * 2


def test_a_folder_of_a_target_storage_is_read(tmp_path: Path) -> None:
    """A file an annotation, with or without a suffix; the same file twice counts once."""
    folder = tmp_path / "target"
    folder.mkdir()
    held = json.dumps({**ANNOTATION, "task": {"id": 3, "data": {"text": ANNA}}})
    for name in ("2", "2.json"):
        (folder / name).write_text(held, encoding="utf-8")
    [article] = read_labelstudio(folder, ConversionOptions())
    assert marked(article) == [("PER", "Anna")]


def test_one_bad_task_does_not_refuse_the_others(tmp_path: Path) -> None:
    """It is put aside with its place; all others are read."""
    tasks = [WHOLE, {"id": 4, "data": {"text": None}, "annotations": [ANNOTATION]}, 12, {**WHOLE, "id": 5}]
    articles, setting = read(tmp_path, tasks)
    assert [article.document.id for article in articles] == ["task-3", "task-5"]
    assert sum(len(places) for kind, places in setting.lost.items() if kind.startswith("tasks: ")) == 2
    assert (setting.account.spans.found, setting.account.spans.kept) == (3, 2)


def test_what_a_model_marked_in_a_task_put_aside_is_in_the_sum(tmp_path: Path) -> None:
    """A task without its text, or no task at all, whose spans are only a model's: counted as not kept."""
    said = {"model_version": "m", "result": [region(0, 4, "PER"), region(5, 8, "PER")]}
    sound = task({"key": "Anna ran"}, [region(0, 4, "PER")])
    without_text = {"id": 8, "data": {"other": 1}, "annotations": [], "predictions": [said]}
    no_task = {"id": 9, "data": None, "annotations": [], "predictions": [said]}
    articles, setting = read(tmp_path, [sound, without_text, no_task], NER.format(key="key", more=""))
    assert len(articles) == 1
    assert (setting.account.spans.found, setting.account.spans.kept) == (5, 1)


def test_a_file_of_which_nothing_can_be_read_is_an_error(tmp_path: Path) -> None:
    """Not an empty corpus."""
    with pytest.raises(GoldwireError, match="GW266"):
        read(tmp_path, [{"id": 4, "data": {"text": None}, "annotations": [ANNOTATION]}])


def test_annotators_without_an_account_are_different_people(tmp_path: Path) -> None:
    """Two nameless annotations of a task are two people's."""
    given = [{"result": [region(0, 4, "PER", "Anna")]}, {"completed_by": None, "result": []}]
    [article], _ = read(tmp_path, [{"id": 1, "data": {"text": ANNA}, "annotations": given}])
    assert len({annotation.annotator for annotation in article.annotations}) == 2


def test_of_a_persons_annotations_the_submitted_one_counts(tmp_path: Path) -> None:
    """Before a later skip; the other is counted."""
    done = {"completed_by": 1, "updated_at": "2024-01-01", "result": [region(0, 4, "PER", "Anna")]}
    skip = {"completed_by": 1, "updated_at": "2024-02-02", "result": [], "was_cancelled": True}
    [article], setting = read(tmp_path, [{"id": 1, "data": {"text": ANNA}, "annotations": [done, skip]}])
    assert [(a.status, len(a.spans)) for a in article.annotations] == [("submitted", 1)]
    assert "older annotations of one person" in setting.lost


@pytest.mark.parametrize(
    ("kind", "held", "value"),
    [
        ("rating", {"rating": 4}, "4"),
        ("number", {"number": 1.5}, "1.5"),
        ("datetime", {"datetime": "2020-01-02"}, "2020-01-02"),
        ("taxonomy", {"taxonomy": [["Life", "Human"]]}, "Life / Human"),
        ("textarea", {"text": ["one", "two"]}, "one\ntwo"),
    ],
)
def test_what_is_asked_of_a_region_is_an_attribute(
    tmp_path: Path, kind: str, held: dict[str, Any], value: str
) -> None:
    """Whatever the control, with a config and without."""
    item = {
        "id": "r0-4",
        "from_name": "more",
        "to_name": "doc",
        "type": kind,
        "value": {"start": 0, "end": 4, **held},
    }
    tasks = [task({"body": ANNA}, [region(0, 4, "PER", "Anna"), item])]
    tags = {"rating": "Rating", "number": "Number", "datetime": "DateTime", "textarea": "TextArea"}
    control = f'<{tags.get(kind, "")} name="more" toName="doc" perRegion="true"/>'
    if kind == "taxonomy":
        control = """<Taxonomy name="more" toName="doc" perRegion="true">
        <Choice value="Life"><Choice value="Human"/></Choice></Taxonomy>"""
    for config in (NER.replace("{key}", "body").replace("{more}", control), ""):
        [article], setting = read(tmp_path, tasks, config)
        [held_value] = article.annotations[0].spans[0].attributes.values()
        assert held_value in (value, [value])
        assert setting.account.attributes.not_kept == 0


def test_relations_without_a_label_left_and_two_way(tmp_path: Path) -> None:
    """Unlabelled ones are `related`, a left one is turned round, a two-way one is two."""
    result = [region(0, 4, "PER", "Anna", id="a"), region(25, 29, "PER", "Lyon", id="b")]
    arrows = [("right", ["knows"]), ("left", []), ("bi", ["knows"])]
    result += [
        {"type": "relation", "from_id": "a", "to_id": "b", "direction": d, "labels": labels}
        for d, labels in arrows
    ]
    [article], setting = read(tmp_path, [task({"text": ANNA}, result)])
    found = {(r.label, r.head, r.tail) for r in article.annotations[0].relations}
    assert found == {("knows", "a", "b"), ("related", "b", "a"), ("knows", "b", "a")}
    assert setting.account.relations.found == 3


def test_tags_in_any_case_and_labels_from_the_data_are_known(tmp_path: Path) -> None:
    """As Label Studio's front end takes them."""
    config = """<View><text name="doc" value="$body"/>
    <LABELS name="tags" toName="doc"><label value="PER"/></LABELS>
    <Labels name="more" toName="doc" value="$options"/></View>"""
    other = {**region(25, 29, "Town", "Lyon"), "from_name": "more"}
    [article], setting = read(
        tmp_path,
        [task({"body": ANNA, "options": [{"value": "Town"}]}, [region(0, 4, "PER", "Anna"), other])],
        config,
    )
    assert marked(article) == [("PER", "Anna"), ("Town", "Lyon")]
    assert setting.account.spans.not_kept == 0


@pytest.mark.parametrize("target", ["jsonl", "labelstudio", "parquet"])
@pytest.mark.parametrize("own", ['<Label value="PER"/>', ""])
def test_labels_from_the_data_go_wherever_the_others_go(tmp_path: Path, own: str, target: str) -> None:
    """They are a part of the config's schema, beside labels of its own or alone, whatever is written."""
    config = f"""<View><Text name="doc" value="$body"/>
    <Labels name="tags" toName="doc" value="$options">{own}</Labels></View>"""
    (tmp_path / "config.xml").write_text(config, encoding="utf-8")
    tasks = [task({"body": ANNA}, [region(0, 4, "PER", "Anna"), region(25, 29, "Town", "Lyon")])]
    (tmp_path / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    setting = ConversionOptions(config_path=tmp_path / "config.xml")
    done = convert(
        tmp_path / "export.json", tmp_path / "out", source="labelstudio", target=target, setting=setting
    )
    assert (done.account.spans.found, done.account.spans.kept, done.lost) == (2, 2, {})


def test_choices_that_alone_mark_regions_are_labels(tmp_path: Path) -> None:
    """Label Studio lets Choices be the only control of a region."""
    item: dict[str, Any] = {"id": "s", "from_name": "mood", "to_name": "doc", "type": "choices"}
    item["value"] = {"start": 0, "end": 10, "text": "Anna Meier", "choices": ["Good"]}
    config = """<View><Text name="doc" value="$body"/><Choices name="mood" toName="doc" perRegion="true">
    <Choice value="Good"/></Choices></View>"""
    for told in (config, ""):
        [article], _ = read(tmp_path, [task({"body": ANNA}, [item])], told)
        assert marked(article) == [("Good", "Anna Meier")]


_odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", 3, [], {}, "tags", "PER", ["PER"], ["PER", "Job title"], ["?"], -1, 10**9]
)
_broken = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c"]) | _odd,
        "from_name": st.just("tags") | _odd,
        "to_name": st.just("doc") | _odd,
        "type": st.sampled_from(["labels", "hypertextlabels", "rectanglelabels"]),
        "value": st.fixed_dictionaries(
            {"start": st.integers(-2, 30) | _odd, "end": st.integers(-2, 30) | _odd},
            optional={"text": st.text("An \r\n💩", max_size=4) | _odd, "labels": _odd},
        )
        | _odd,
    }
)


@settings(max_examples=at_most(150))
@given(st.text("Anna é\u0301\r\n💩", min_size=1, max_size=30), st.lists(_broken, max_size=6))
def test_whatever_is_broken_every_span_is_in_the_sum(text: str, items: list[dict[str, Any]]) -> None:
    """In is kept and put aside together, and each kept span lies in the text that was normalised."""
    result = read_result(items, RegionText(text), Naming(PER))
    spans = [part for part in result.quarantined if part.kind == "span"]
    assert result.census.spans == len(result.spans) + sum(part.count for part in spans)
    assert result.census.spans >= len(items)
    for span in result.spans:
        held = RegionText(text).text[span.start : span.end]
        assert held and held == held.strip()

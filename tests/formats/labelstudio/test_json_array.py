"""Exports of any size are read a task at a time, and nothing about them is read differently for that."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.export import schema_text, write_export
from benchmarks.fuzz import TEXT, sound
from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.labelstudio import json_array
from goldwire.formats.labelstudio.export import read_labelstudio
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.options import ConversionOptions
from tests.annotate.helpers import make_schema
from tests.examples import at_most

SCHEMA = make_schema()
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def _read(data: bytes, window_size: int = json_array.WINDOW) -> list[Any]:
    elements = json_array.elements(io.BytesIO(data), window_size)
    return [json.loads(bytes(element)) for element in elements]


@settings(max_examples=at_most(150))
@given(
    st.lists(_values, max_size=5), st.sampled_from(["", " ", "\n\t", " " * 90]), st.booleans(), st.booleans()
)
def test_any_list_comes_an_element_at_a_time(held: list[Any], blank: str, ascii: bool, bom: bool) -> None:
    """Whatever the values, the white space and the place where a window of bytes ends."""
    items = [json.dumps(value, ensure_ascii=ascii) for value in held]
    text = f"{blank}[{blank}" + f"{blank},{blank}".join(items) + f"{blank}]{blank}"
    data = b"\xef\xbb\xbf" * bom + text.encode("utf-8", "surrogatepass")
    found = [bytes(element) for element in json_array.elements(io.BytesIO(data), 7)]
    assert [part.decode("utf-8", "surrogatepass").strip() for part in found] == items


def test_a_list_may_end_in_half_a_surrogate_pair() -> None:
    """msgspec takes it for a file that is cut off; Python reads it, and so do its elements."""
    assert len(_read(b'[{"b": 1}, {"a": "\\ud83d"}]')) == 2


@pytest.mark.parametrize("window", [5, 1 << 18])
def test_a_list_that_is_cut_off_is_never_whole(window: int) -> None:
    """Wherever a file ends too early, or goes on after its end, that is told."""
    data = '[{"a": "é[", "b": [1, 2.5]}, "x\\"]", 12, null]'.encode()
    assert len(_read(data, window)) == 4
    for end in range(len(data)):
        with pytest.raises(json_array.NotAnArray):
            _read(data[:end], window)
    for odd in (data + b" 1", b"[1 2]", b"[1,]", b"[,1]", b"{}", b"", b"[{'a': 1}]", b"[nul]"):
        with pytest.raises(json_array.NotAnArray):
            _read(odd, window)


@pytest.mark.parametrize(
    "change",
    [
        {"value": {"start": 0, "end": 2, "labels": ["FOOD"]}},
        {"value": {"start": 1, "end": 2, "labels": ["FOOD"]}},
        {"value": {"start": 0, "end": 1, "labels": ["FOOD", "TOOL"]}},
        {"value": {"start": 0, "end": 1.0, "labels": ["FOOD"]}},
        {"score": 2, "origin": "manual"},
        {"score": True},
        {"meta": {"text": ["?"]}},
        {"parentID": "s2"},
        {"meta": {}},
        {"id": ""},
        {"from_name": "step"},
    ],
)
def test_each_oddity_is_judged_in_one_place(change: dict[str, Any], tmp_path: Path) -> None:
    """A region that is not quite usual gives the spans and the losses that `from_result` gives."""
    result = [
        {**sound()[0]["annotations"][0]["result"][0], **change},
        {"type": "choices", "id": "s1", "from_name": "thing-state", "value": {"choices": ["raw"]}},
    ]
    path = tmp_path / "export.json"
    given = {"id": 1, "completed_by": 1, "result": result}
    path.write_text(json.dumps([{"id": 1, "data": {"text": TEXT}, "annotations": [given]}]), encoding="utf-8")
    setting = ConversionOptions()
    setting.named_schema = SCHEMA
    [article] = read_labelstudio(path, setting)
    wanted = from_result(result, TEXT, SCHEMA)
    assert article.annotations[0].spans == wanted.spans
    assert sum(map(len, setting.lost.values())) == len(wanted.quarantined) + len(wanted.trims)


def _export(folder: Path, tasks: int = 30) -> Path:
    write_export(folder / "export.json", tasks)
    (folder / "schema.yaml").write_text(schema_text(), encoding="utf-8")
    return folder / "export.json"


def test_a_bad_task_is_put_aside_and_refuses_no_other(tmp_path: Path) -> None:
    """It is told with its place and its reason; with `strict` the former file stays."""
    source, target = _export(tmp_path), tmp_path / "out.jsonl"
    tasks = json.loads(source.read_text(encoding="utf-8"))
    del tasks[3]["data"]["text"]
    tasks[17] = 5
    text = json.dumps(tasks).replace('"id": 29,', '"id": 29, "id": 30,')
    source.write_text(text, encoding="utf-8")
    target.write_text("before", encoding="utf-8")
    schema = tmp_path / "schema.yaml"
    strict = ConversionOptions(schema_path=schema, strict=True)
    with pytest.raises(GoldwireError, match="GW272"):
        convert(source, target, source="labelstudio", target="jsonl", setting=strict)
    assert target.read_text(encoding="utf-8") == "before"
    done = convert(
        source, target, source="labelstudio", target="jsonl", setting=ConversionOptions(schema_path=schema)
    )
    assert done.counts["documents"] == 27
    places = {kind: places for kind, places in done.lost.items() if kind.startswith("tasks: ")}
    assert places == {
        "tasks: no text under `text`": [f"{source} $[3]"],
        "tasks: no task of a known form": [f"{source} $[17]"],
        "tasks: key `id` stands twice": [f"{source} $[28]"],
    }


def test_what_goes_through_is_counted_and_may_be_kept_from_going(tmp_path: Path) -> None:
    """The counts are those of the whole export; with `strict` a loss in it ends in no file."""
    source, target = _export(tmp_path), tmp_path / "out.jsonl"
    schema = tmp_path / "schema.yaml"
    with pytest.raises(GoldwireError, match="GW272"):
        strict = ConversionOptions(schema_path=schema, strict=True)
        convert(source, target, source="labelstudio", target="jsonl", setting=strict)
    assert not target.exists()
    done = convert(
        source, target, source="labelstudio", target="jsonl", setting=ConversionOptions(schema_path=schema)
    )
    assert done.counts == {"documents": 30, "annotations": 30, "spans": 1389, "relations": 309}
    assert (done.written, {kind: len(places) for kind, places in done.lost.items()}) == (
        30,
        {"predictions": 30},
    )


def test_without_a_schema_labels_are_as_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a project the export is read twice, and no span is lost for want of a schema."""
    source = _export(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = convert(
        source, tmp_path / "o.jsonl", source="labelstudio", target="jsonl", setting=ConversionOptions()
    )
    assert done.counts["spans"] == 1389


@pytest.mark.parametrize(
    "data", [b'{"a": 1}', b"[", b"[1]", b"[{}]", b"\xff[]", b'[{"data": {"text": "\xff"}}]']
)
def test_what_is_no_export_is_refused_plainly(data: bytes, tmp_path: Path) -> None:
    """No list, an end too early, no task, bytes that are no UTF-8: each is a fault with its file."""
    path = tmp_path / "export.json"
    path.write_bytes(data)
    setting = ConversionOptions()
    setting.named_schema = SCHEMA
    with pytest.raises(GoldwireError) as caught:
        list(read_labelstudio(path, setting))
    assert all(str(path) in str(fault.where) for fault in caught.value.faults)

"""The quick way through Label Studio's exports and the careful one are one reader."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from benchmarks.fuzz import TEXT, mutated, sound
from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio import export
from goldwire.formats.labelstudio.export import read_labelstudio, write_labelstudio
from goldwire.formats.labelstudio.items import Item
from goldwire.formats.labelstudio.result_reader import ResultReader
from goldwire.formats.options import ConversionOptions
from goldwire.model import Article, Relation
from goldwire.schemas import Schema
from tests.annotate.helpers import make_schema
from tests.corpus.mini import MINI
from tests.examples import at_most
from tests.formats.sample import rich, sample, whole
from tests.shared import SHARED, needs_shared

SCHEMA = make_schema()
EXPORTS = SHARED / "data/labelstudio-export"
MISSING = object()


def _outcome(path: Path, schema: Schema | None) -> str:
    setting = ConversionOptions()
    if schema is not None:
        setting.schema = setting.named_schema = schema
    try:
        articles = list(read_labelstudio(path, setting))
    except GoldwireError as error:
        return f"refused {[(fault.code, fault.message, fault.where) for fault in error.faults]}"
    return f"{articles} {sorted((kind, Counter(places)) for kind, places in setting.lost.items())}"


def _slow(_raw: bytes) -> Any:
    raise msgspec.DecodeError("not this way")


def ways(path: Path, schema: Schema | None) -> tuple[list[str], int]:
    """What the reader says: as it is, with no region usual, with no task usual; how many it took quickly."""
    taken = 0
    quick = ResultReader.usual_regions

    def counting(self: ResultReader, items: Sequence[Item | None]) -> Iterator[tuple[int, Item | None]]:
        nonlocal taken
        taken += len(items)
        for other in quick(self, items):  # one at a time, as the reader takes them
            taken -= 1
            yield other

    with patch.object(ResultReader, "usual_regions", counting):
        first = _outcome(path, schema)
    with patch.object(ResultReader, "usual_regions", lambda _self, items: enumerate(items)):
        second = _outcome(path, schema)
    with patch.object(export, "decode", _slow):
        third = _outcome(path, schema)
    return [first, second, third], taken


@needs_shared("data/labelstudio-export")
@pytest.mark.parametrize("name", ["label_studio_export.37df0f5.json", "label_studio_export.fe6460d.json"])
@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_real_exports_are_read_alike_both_ways(name: str, schema: Schema | None) -> None:
    """With the labels as found, and by a schema that lacks them all."""
    said, _ = ways(EXPORTS / name, schema)
    assert said[0] == said[1] == said[2]
    assert not said[0].startswith("refused")


@pytest.mark.slow
def test_damaged_exports_are_read_alike_both_ways(tmp_path: Path) -> None:
    """Spans, relations, losses and faults are the same whichever way a result goes."""
    path, taken, refused = tmp_path / "x.json", 0, 0
    for seed in range(9_000, 9_400):
        path.write_bytes(mutated(seed))
        said, quick = ways(path, SCHEMA)
        assert said[0] == said[1] == said[2], seed
        taken += quick
        refused += said[0].startswith("refused")
    assert taken > 100 and 20 < refused < 380


def _given(**keys: Any) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not MISSING}


_id = st.sampled_from("abce") | st.sampled_from([None, "", 3, MISSING])
_sound = st.builds(
    lambda name, layer, label, start, size: {
        "type": "labels",
        "id": name,
        "from_name": layer,
        "value": {"start": start, "end": start + size, "labels": [label[layer]]},
    },
    st.sampled_from("abce"),
    st.sampled_from(["thing", "step"]),
    st.sampled_from([{"thing": "FOOD", "step": "CUT"}, {"thing": "TOOL", "step": "HEAT"}]),
    st.integers(0, 90),
    st.integers(1, 6),
)
_region = st.builds(
    lambda name, layer, start, size, labels, origin, score, parent, meta: _given(
        type="labels",
        id=name,
        from_name=layer,
        value={"start": start, "end": start + size, "labels": labels},
        origin=origin,
        score=score,
        parentID=parent,
        meta=meta,
    ),
    _id,
    st.sampled_from(["thing", "step", "x"]),
    st.integers(0, 95),
    st.integers(0, 6),
    st.lists(st.sampled_from(["FOOD", "TOOL", "CUT", "HEAT", "?"]), max_size=2),
    st.sampled_from([MISSING, "manual", "prediction", "prediction-changed", None, 3]),
    st.sampled_from([MISSING, 0.5, 1, True, None, 1e301, "x"]),
    st.sampled_from([MISSING, MISSING, None, "", "b"]),
    st.sampled_from([MISSING, MISSING, None, {}, {"text": ["n"]}]),
)
_controls = ["thing-state", "thing-tastes", "thing-note", "thing-best", "thing-thing_id", "thing-word_part"]
_entry = st.sampled_from(["raw", "cooked", "sweet", "sour", "yes", "2020-01-01", " x ", "une\nnote", ""])
_attribute = st.builds(
    lambda name, control, kind, key, held, more: _given(
        type=kind, id=name, from_name=control, value={key: held, **more}
    ),
    _id,
    st.sampled_from([*_controls, "step-how", "step-x", "thing"]),
    st.sampled_from(["choices", "textarea", "taxonomy"]),
    st.sampled_from(["choices", "text"]),
    st.lists(_entry, max_size=3) | _entry | st.sampled_from([None, 3, [1], [None]]),
    st.sampled_from([{}, {}, {"text": ["both"]}, {"choices": None}]),
)
_relation = st.builds(
    lambda head, tail, way, labels: _given(
        type="relation", from_id=head, to_id=tail, direction=way, labels=labels
    ),
    _id,
    _id,
    st.sampled_from(["right", "left", "bi", MISSING, None, "up"]),
    st.lists(st.sampled_from(["object", "with", "?"]), max_size=3) | st.sampled_from([MISSING, None, [3]]),
)
_junk: st.SearchStrategy[Any] = st.sampled_from(
    [None, 3, [], {}, {"type": "rectanglelabels"}, {"type": None}, {"type": ["labels"]}]
)
_spans = st.lists(_sound, min_size=1, max_size=4, unique_by=lambda item: item["id"])
_result: st.SearchStrategy[Any] = (
    st.tuples(_spans, st.lists(_attribute | _relation, max_size=4)).map(lambda two: [*two[0], *two[1]])
    | st.tuples(_spans, st.lists(_region | _junk, max_size=2)).map(lambda two: [*two[0], *two[1]])
    | st.sampled_from([None, {}, "x"])
)


@settings(max_examples=at_most(250))
@given(st.lists(_result, min_size=1, max_size=2), st.sampled_from([1, {"email": "a@b"}, True, "s", None]))
def test_any_result_is_read_alike_both_ways(results: list[Any], who: Any) -> None:
    """Several values, text areas, roles, missing ids, hierarchies, white space, origins: all the same."""
    annotations = [
        {"completed_by": who if number else 7, "result": result, "updated_at": str(number)}
        for number, result in enumerate(results)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        task = {"id": 1, "data": {"id": "d", "text": TEXT}, "annotations": annotations}
        path.write_text(json.dumps([task]), encoding="utf-8")
        said, _ = ways(path, SCHEMA)
    assert said[0] == said[1] == said[2]


@pytest.mark.parametrize("odd", [False, True])
def test_a_relation_that_stands_twice_is_counted(odd: bool, tmp_path: Path) -> None:
    """Both ways keep it once and tell the other, `bi` and `left` included."""
    result = [item for item in sound()[0]["annotations"][0]["result"] if item["type"] == "labels"][:2]
    result[1] = {**result[1], "from_name": "step", "value": {"start": 20, "end": 27, "labels": ["CUT"]}}
    for way, head, tail in (("right", "s2", "s1"), ("left", "s1", "s2"), ("bi", "s2", "s1")):
        result.append(
            {"type": "relation", "from_id": head, "to_id": tail, "direction": way, "labels": ["object"]}
        )
    if odd:
        result.append({"type": "choices", "id": "s1", "from_name": "?"})
    path = tmp_path / "x.json"
    task = {"id": 1, "data": {"text": TEXT}, "annotations": [{"completed_by": 1, "result": result}]}
    path.write_text(json.dumps([task]), encoding="utf-8")
    setting = ConversionOptions()
    setting.schema = setting.named_schema = SCHEMA
    [article] = read_labelstudio(path, setting)
    assert article.annotations[0].relations == (
        Relation("object", "s2", "s1"),
        Relation("object", "s1", "s2"),
    )
    assert setting.lost["relations that stand twice"] == [
        "user-1/task-1 object s2 → s1",
        "user-1/task-1 object s2 → s1",
    ]


def test_a_double_relation_of_the_model_is_counted_when_written(tmp_path: Path) -> None:
    """The export holds a relation once; whoever marked it, the second is told."""
    article = sample()[0]
    first = article.annotations[0]
    again = structs.replace(first.relations[0], marked_by=("b",))
    doubled = structs.replace(first, relations=(*first.relations, again))
    setting = ConversionOptions(MINI)
    write_labelstudio(tmp_path / "x.json", [Article(article.document, (doubled,))], setting)
    assert setting.lost == {"relations that stand twice": ["anna/recette-1 object T2 → T3"]}
    strict = ConversionOptions(MINI, strict=True)
    with pytest.raises(GoldwireError, match="GW272"):
        write_labelstudio(tmp_path / "y.json", [Article(article.document, (doubled,))], strict)
    assert not (tmp_path / "y.json").exists()


def test_metadata_named_like_a_task_s_own_data_comes_back(tmp_path: Path) -> None:
    """`sha256`, `id`, `uid` and `text` of a document's metadata are not lost under the task's."""
    held = rich()
    meta = {"sha256": "of the source", "uid": 3, "id": "b", "text": ["x"], "title": "t"}
    held[0] = structs.replace(held[0], document=structs.replace(held[0].document, meta=meta))
    setting = ConversionOptions(MINI)
    write_labelstudio(tmp_path / "x.json", held, setting)
    assert whole(list(read_labelstudio(tmp_path / "x.json", setting))) == whole(held)
    assert setting.lost == {}

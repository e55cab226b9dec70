"""Label Studio's results and our model, both ways."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, AttributeValue, Relation, Span
from goldwire.schemas import Schema
from tests.annotate.helpers import TEXT, make_schema
from tests.shared import SHARED, needs_shared

SCHEMA = make_schema()
EXPORTS = SHARED / "data/labelstudio-export"
_EDGES = [i for i, character in enumerate(TEXT) if not character.isspace()]
_words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def _attributes(layer: str, label: str) -> st.SearchStrategy[dict[str, AttributeValue]]:
    if layer == "step":
        return st.fixed_dictionaries({}, optional={"how": _words} if label == "CUT" else {})
    optional: dict[str, st.SearchStrategy[Any]] = {
        "state": st.sampled_from(["raw", "cooked"]),
        "tastes": st.lists(st.sampled_from(["sweet", "sour", "bitter"]), min_size=1, unique=True),
        "note": _words,
        "best": st.just("2020-01-03"),
        "thing_id": st.from_regex(r"[a-z][a-z-]{0,5}", fullmatch=True),
        "word_part": st.just(True),
    }
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def drawn(draw: Any) -> Annotation:
    """Spans that nest, cross and coincide, with attributes, and relations with several roles."""
    spans: list[Span] = []
    for number in range(draw(st.integers(0, 6))):
        layer = draw(st.sampled_from(["thing", "step"]))
        label = draw(st.sampled_from(list(SCHEMA.layers[layer].labels)))
        if spans and draw(st.booleans()):
            start, end = spans[0].start, spans[0].end
        else:
            start, last = sorted(draw(st.lists(st.sampled_from(_EDGES), min_size=2, max_size=2)))
            end = last + 1
        origin = draw(st.sampled_from([None, "manual", "prediction", "prediction-changed"]))
        score = draw(st.none() | st.floats(0, 1))
        attributes = draw(_attributes(layer, label))
        spans.append(Span(f"s{number}", layer, label, start, end, attributes, (), origin, score))
    relations: set[Relation] = set()
    for _ in range(draw(st.integers(0, 5))):
        heads = [s.id for s in spans if s.layer == "step"]
        tails = [s.id for s in spans if s.layer == "thing"]
        if heads and tails:
            ends = draw(st.sampled_from(heads)), draw(st.sampled_from(tails))
            relations.add(Relation(draw(st.sampled_from(["object", "with"])), *ends))
    return Annotation("d", "a", SCHEMA.id, spans=tuple(spans), relations=tuple(relations))


def _sorted(relations: tuple[Relation, ...]) -> list[Relation]:
    return sorted(relations, key=lambda r: (r.head, r.tail, r.label))


@given(drawn())
def test_there_and_back_is_identity(annotation: Annotation) -> None:
    """Whatever an annotation holds comes back from JSON as it was, ids, attributes and roles included."""
    result = json.loads(json.dumps(to_result(annotation, SCHEMA, TEXT)))
    read = from_result(result, TEXT, SCHEMA)
    assert read.spans == annotation.spans
    assert _sorted(read.relations) == _sorted(annotation.relations)
    assert (read.quarantined, read.trims) == ((), ())


@given(drawn())
def test_labels_come_before_the_controls_of_a_region(annotation: Annotation) -> None:
    """Each region begins with its labels, every item carries the extent, one relation item a pair."""
    result = to_result(annotation, SCHEMA)
    seen: set[str] = set()
    for item in result:
        if item["type"] == "labels":
            seen.add(item["id"])
        if item["type"] != "relation":
            assert item["id"] in seen
            assert {"start", "end"} <= item["value"].keys()
    pairs = [(item["from_id"], item["to_id"]) for item in result if item["type"] == "relation"]
    assert len(pairs) == len(set(pairs))


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(drawn(), st.data())
def test_a_mutilated_result_is_read_or_set_aside(annotation: Annotation, data: st.DataObject) -> None:
    """Whatever stands in place of a part of a result, every labels item is kept or in quarantine."""
    result = json.loads(json.dumps(to_result(annotation, SCHEMA)))
    for item in result:
        if data.draw(st.integers(0, 3)) == 0:
            holder = data.draw(st.sampled_from([item, item.get("value", item)]))
            holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(_json)
    read = from_result(result, TEXT, SCHEMA)
    total = sum(item.get("type") == "labels" for item in result)
    assert len(read.spans) + sum(q.kind == "span" for q in read.quarantined) >= total
    assert len({span.id for span in read.spans}) == len(read.spans)
    known = {span.id for span in read.spans}
    assert all({relation.head, relation.tail} <= known for relation in read.relations)


_SAYS = {"start": 0, "end": 1, "labels": ["FOOD"]}


def _region(
    start: object, end: object, labels: object, name: str = "thing", **more: object
) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": labels}
    if type(start) is int and type(end) is int:
        value["text"] = TEXT[start:end]
    plain = {"id": "r1", "from_name": name, "to_name": "text", "type": "labels", "value": value}
    return {**plain, **more}


def _control(name: str, value: dict[str, Any], region: str = "r1") -> dict[str, Any]:
    kind = "choices" if "choices" in value else "textarea"
    return {"id": region, "from_name": name, "to_name": "text", "type": kind, "value": value}


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([_region(0, 1, ["NOPE"])], "layer `thing` has no label `NOPE`"),
        ([_region(0, 1, [])], "the region has no label"),
        ([_region(0, 1, ["FOOD"], "elsewhere")], "the schema has no layer `elsewhere`"),
        ([_region(0, 1, ["FOOD"], value={**_SAYS, "end": 500})], "lies outside the text"),
        ([_region(3, 3, ["FOOD"])], "lies outside the text"),
        ([_region("0", 1, ["FOOD"])], "start and end are no code points"),
        ([_region(True, 2, ["FOOD"])], "start and end are no code points"),
        ([_region(1, 2, ["FOOD"])], "nothing but white space is marked"),
        ([_control("thing-state", {"choices": ["raw"], "start": 0, "end": 1})], "no span has the id `r1`"),
        (
            [_region(0, 1, ["FOOD"]), _control("thing-size", {"choices": ["big"]})],
            "no attribute `thing-size`",
        ),
        ([_region(0, 1, ["FOOD"]), _control("step-how", {"text": ["x"]})], "on a span of layer `thing`"),
        ([_region(0, 1, ["FOOD"]), _control("thing-state", {"choices": ["hot"]})], "no value `hot`"),
        (
            [_region(0, 1, ["FOOD"]), _control("thing-state", {"choices": ["raw", "cooked"]})],
            "several values",
        ),
        (
            [_region(0, 1, ["FOOD"]), _control("thing-word_part", {"choices": ["no"]})],
            "a flag holds `yes` only",
        ),
        ([_region(0, 1, ["FOOD"]), _control("thing-note", {"video": 3})], "neither choices nor text"),
        ([_region(0, 1, ["FOOD"], meta={"text": ["à revoir"]})], "a note on the region"),
        ([_control("thing-state", {"choices": ["raw"]})], "asked of the whole text"),
        (["nonsense"], "not a region"),
        ([_region(0, 1, ["FOOD"], type="rectanglelabels")], "mark no plain text"),
        ([_region(0, 1, ["FOOD"], value={**_SAYS, "text": "no"})], "and the region says 'no'"),
    ],
)
def test_what_the_schema_has_no_place_for_is_set_aside(items: list[Any], reason: str) -> None:
    """Each thing that can't be taken in is kept whole with the reason."""
    read = from_result(items, TEXT, SCHEMA)
    assert [q.item for q in read.quarantined] == [items[-1]]
    assert reason in read.quarantined[0].reason


def _arrow(head: str, tail: str, labels: object, direction: object = "right") -> dict[str, Any]:
    return {"type": "relation", "from_id": head, "to_id": tail, "labels": labels, "direction": direction}


@pytest.mark.parametrize(
    ("direction", "pairs"),
    [("right", [("c", "r1")]), ("left", [("r1", "c")]), ("bi", [("c", "r1"), ("r1", "c")])],
)
def test_directions(direction: str, pairs: list[tuple[str, str]]) -> None:
    """An arrow is read from its tail to its point; one with two points is two relations.

    Where the schema allows the other way alone, it is turned.
    """
    regions = [_region(0, 1, ["FOOD"]), _region(5, 11, ["CUT"], "step", id="c")]
    read = from_result([*regions, _arrow("c", "r1", ["object"], direction)], TEXT, SCHEMA)
    turned = [("c", "r1")] if direction == "left" else []
    assert [(r.head, r.tail) for r in read.relations] == (turned or pairs)
    assert [(r.head, r.tail) for r in read.turned] == turned


@pytest.mark.parametrize(
    ("arrow", "reason"),
    [
        (_arrow("c", "gone", ["object"]), "no span has the id `gone`"),
        (_arrow("gone", "r1", ["object"]), "no span has the id `gone`"),
        (_arrow("c", "r1", []), "the relation has no label"),
        (_arrow("c", "r1", None), "the relation has no label"),
        (_arrow("c", "r1", ["object", "unknown"]), "no relation `unknown`"),
        (_arrow("c", "r1", ["object"], "up"), "no direction `up`"),
    ],
)
def test_relations_that_dangle_are_set_aside(arrow: dict[str, Any], reason: str) -> None:
    """A relation without an end, a label or a direction is kept whole with the reason."""
    regions = [_region(0, 1, ["FOOD"]), _region(5, 11, ["CUT"], "step", id="c")]
    read = from_result([*regions, arrow], TEXT, SCHEMA)
    assert [q.item for q in read.quarantined] == [arrow]
    assert reason in read.quarantined[0].reason
    assert len(read.relations) == ("unknown" in str(arrow["labels"]))


def test_edges_in_white_space_are_trimmed_and_told() -> None:
    """A span loses the white space at its edges, no-break spaces included, and the report says so."""
    end = TEXT.index("\u202f")
    start = TEXT.index(" coupe")
    read = from_result([_region(start, end + 1, ["CUT"], "step")], TEXT, SCHEMA)
    assert TEXT[read.spans[0].start : read.spans[0].end] == "coupe"
    assert read.trims[0].before == (start, end + 1)
    assert read.trims[0].after == (start + 1, end)


def test_a_region_with_several_labels_makes_a_span_each() -> None:
    """The spans share extent and attributes; each end of a relation is the one that the schema allows."""
    both = _region(0, 1, ["FOOD", "TOOL"])
    step = _region(0, 1, ["HEAT"], "step")  # the same region under another layer
    note = _control("thing-note", {"text": ["x", "y"]})
    cut = _region(5, 11, ["CUT"], "step", id="c")
    read = from_result([both, step, note, cut, _arrow("c", "r1", ["with"])], TEXT, SCHEMA)
    assert [(s.id, s.label, s.attributes.get("note")) for s in read.spans[:3]] == [
        ("r1", "FOOD", "x\ny"),
        ("r1+TOOL", "TOOL", "x\ny"),
        ("r1+HEAT", "HEAT", None),
    ]
    assert {(r.head, r.tail) for r in read.relations} == {("c", "r1"), ("c", "r1+TOOL")}
    assert not read.quarantined


def test_absent_stays_absent() -> None:
    """A default is what an absent value means; nobody writes it, neither up nor down."""
    bare = Annotation("d", "a", SCHEMA.id, spans=(Span("s", "thing", "FOOD", 0, 1),))
    result = to_result(bare, SCHEMA)
    assert [item["type"] for item in result] == ["labels"]
    emptied = [*result, _control("thing-state", {"choices": []}, "s")]
    assert from_result(emptied, TEXT, SCHEMA).spans == bare.spans


def _schema_of(labels: set[str]) -> Schema:
    layer = {"title": "x", "labels": {n: {"name": n, "definition": n, "color": "#000000"} for n in labels}}
    return make_schema(layers={"label": layer}, relations={})


@needs_shared("data/labelstudio-export")
@pytest.mark.parametrize("name", ["label_studio_export.37df0f5.json", "label_studio_export.fe6460d.json"])
def test_every_span_of_a_real_export_is_accounted_for(name: str) -> None:
    """Spans of other people's exports are read where they lie, or set aside; none is lost."""
    path = EXPORTS / name
    count: Counter[str] = Counter()
    for task in json.loads(path.read_text(encoding="utf-8")):
        text = task["data"]["text"]
        for annotation in task["annotations"]:
            regions = [item for item in annotation["result"] if item["type"] == "labels"]
            schema = _schema_of({label for item in regions for label in item["value"]["labels"]} or {"X"})
            read = from_result(annotation["result"], text, schema)
            aside = sum(q.kind == "span" for q in read.quarantined)
            assert len(read.spans) + aside == sum(len(item["value"]["labels"]) for item in regions)
            by_id = {item["id"]: item["value"] for item in regions}
            count["spans"] += len(read.spans)
            count["aside"] += len(read.quarantined)
            for span in read.spans:
                assert text[span.start : span.end] in by_id[span.id]["text"]
    assert count["spans"] > 100
    assert count["aside"] == 0

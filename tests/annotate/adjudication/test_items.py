"""Disagreements about ids: asked as one choice or one id, and read back as one decision."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

import msgspec
import pytest

from goldwire.annotate.adjudication.decisions import AdjudicationCase
from goldwire.annotate.adjudication.items import (
    DECISION,
    LAYER,
    OTHER,
    VERSIONS,
    ItemAnswer,
    ItemChoice,
    answered,
    id_items,
    region_id,
    regions,
    split_choices,
    with_items,
)
from goldwire.annotate.adjudication.merge import AdjudicationOutcome, Decision, adjudicate_article
from goldwire.annotate.adjudication.push import config
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Document, Span
from goldwire.project import example_root, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.load import load_registries
from goldwire.schemas.rendering.picks import any_control, data_key, ids_in, picks_of, with_picks

PROJECT = load_project(example_root())
TEXT = "Esper menace."
KEY = "attribute entity PER 0-5 entity_id"


@pytest.fixture(scope="module")
def schema() -> Schema:
    """The example's, which has ids of actors and of events."""
    return load_schema(PROJECT.schema_path)


def readings(schema: Schema) -> tuple[Annotation, Annotation]:
    """Two that say of one name that it is another's."""
    both = [
        Annotation("d", name, schema.id, spans=(Span("1", "entity", "PER", 0, 5, {"entity_id": said}),))
        for name, said in (("anna", "per.a"), ("bruno", "per.b"))
    ]
    return both[0], both[1]


def outcome(schema: Schema, decisions: Mapping[str, Decision]) -> AdjudicationOutcome:
    """Their merge."""
    return adjudicate_article(Document("d", TEXT), readings(schema), schema, decisions)


def pickers(schema: Schema) -> ET.Element:
    """The adjudication's config, as a push has it."""
    registries = load_registries(schema, PROJECT.schema_path)
    return ET.fromstring(
        with_picks(config(schema), picks_of(with_items(schema), registries, from_tasks=[LAYER]))
    )


@pytest.mark.parametrize(
    ("choice", "answer"),
    [
        (ItemChoice(id="per.c"), ItemAnswer("value", "per.c")),
        (ItemChoice(OTHER, "per.c"), ItemAnswer("value", "per.c")),
        (ItemChoice(id="per.a"), ItemAnswer("a")),
        (ItemChoice("b", "per.b"), ItemAnswer("b")),
        (ItemChoice("neither"), ItemAnswer("neither")),
    ],
)
def test_an_id_that_is_picked_decides_its_item(
    schema: Schema, choice: ItemChoice, answer: ItemAnswer
) -> None:
    """A version's own id is that version."""
    read = answered(outcome(schema, {}), {region_id(KEY): choice})
    assert (read.decided, read.marked, read.torn, read.strange) == ({KEY: answer}, set(), [], 0)


def test_a_version_and_another_id_say_nothing(schema: Schema) -> None:
    """Which of them came last is not known: told, not guessed."""
    read = answered(outcome(schema, {}), {region_id(KEY): ItemChoice("a", "per.c")})
    assert (read.decided, read.torn) == ({}, [KEY])


def test_a_decided_id_is_shown_and_comes_back(schema: Schema) -> None:
    """As what was picked, through Label Studio's form."""
    decision = Decision(KEY, "attribute", "value", "seen", value="per.c")
    decided = outcome(schema, {KEY: decision})
    case = AdjudicationCase(
        Document("d", TEXT), readings(schema), PROJECT.root, {}, {}, "", "", True, None, None
    )
    [region] = regions(case, decided, schema)
    [asked] = [each for each in id_items(schema) if each.layer == "entity"]
    assert (region.label, region.attributes[asked.key], DECISION in region.attributes) == (
        *("≠ entity_id", "per.c"),
        False,
    )
    marks = Annotation("d", "m", schema.id, spans=(region,))
    options = {any_control(LAYER, asked.key): ["per.c"]}
    shown = to_result(marks, with_items(schema), TEXT, options)
    read = from_result(shown, TEXT, with_items(schema))
    _, chosen = split_choices(msgspec.structs.replace(marks, spans=read.spans))
    assert (read.quarantined, chosen) == ((), {region_id(KEY): ItemChoice(id="per.c")})


def test_items_about_ids_are_searched_by_one_key_and_others_have_no_search(schema: Schema) -> None:
    """The same key for actors, events, and the spans themselves; of each item only its own list."""
    root = pickers(schema)
    searches = {str(each.get("name")): each.get("hotkey") for each in root.iter("Filter")}
    ours = {f"{any_control(LAYER, each.key)}-search" for each in id_items(schema)}
    assert len(ours) == 2 and {searches[each] for each in ours} == {"z"}
    assert {key for name, key in searches.items() if "_id-" in name} == {"z"}
    when = {view.get("ids"): view.get("whenLabelValue") for view in root.iter("View") if view.get("ids")}
    assert {when[f"{LAYER}-{each.key}"] for each in id_items(schema)} == {"≠ entity_id", "≠ event_id"}


def test_options_of_items_come_with_the_task(schema: Schema) -> None:
    """In their own order; the config holds those of spans alone."""
    config_of_push = ET.tostring(pickers(schema), encoding="unicode")
    [asked] = [each for each in id_items(schema) if each.layer == "entity"]
    data = {data_key(LAYER, asked.key, with_items(schema)): [{"alias": "per.c"}]}
    assert set(ids_in(config_of_push, data)[any_control(LAYER, asked.key)]) == {"per.c"}


def test_a_schema_without_ids_asks_for_none(schema: Schema) -> None:
    """The layer is as it was."""
    bare = {
        name: msgspec.structs.replace(
            layer, attributes={key: each for key, each in layer.attributes.items() if each.kind != "id"}
        )
        for name, layer in schema.layers.items()
    }
    layer = with_items(msgspec.structs.replace(schema, layers=bare)).layers[LAYER]
    assert (list(layer.labels), list(layer.attributes)) == (["≠"], [VERSIONS, DECISION])

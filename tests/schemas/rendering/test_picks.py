"""Ids that are picked: what stands in the config, what is read of it, what stays when registries change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.labelstudio.config_difference import compare_configs
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.reader import from_result, read_result
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.formats.labelstudio.result import to_result
from goldwire.model import Annotation, Span
from goldwire.project import example_root, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.inference.from_label_config import infer
from goldwire.schemas.load import load_registries, typed_data
from goldwire.schemas.rendering.label_config import label_config
from goldwire.schemas.rendering.picks import (
    any_control,
    ids_in,
    pick_control,
    picker_options,
    picks_of,
    task_options,
    with_picks,
    without_picks,
)
from goldwire.schemas.schema import RegistryEntry
from tests.annotate.registry.made import make_zoo

if TYPE_CHECKING:
    from label_studio_sdk.label_interface import LabelInterface

TEXT = "Rex met Bella, and Bella left."


@pytest.fixture
def zoo(tmp_path: Path) -> Schema:
    """A schema with two registries."""
    return load_schema(make_zoo(tmp_path / "zoo").schema_path)


@pytest.fixture
def entries(tmp_path: Path) -> dict[str, dict[str, RegistryEntry]]:
    """Its registries."""
    project = make_zoo(tmp_path / "entries")
    return load_registries(load_schema(project.schema_path), project.schema_path)


def span(label: str = "BIRD", value: str = "a.rex", name: str = "s") -> Span:
    """The first word, with an id."""
    return Span(name, "animal", label, 0, 3, {"which": value} if value else {})


def reading(*spans: Span) -> Annotation:
    """A reading of one text."""
    return Annotation("d", "anna", "zoo@1.0", "submitted", spans=spans)


def choice(control: str, value: str, name: str = "s") -> dict[str, Any]:
    """An id that is picked, as Label Studio stores it."""
    held = {"start": 0, "end": 3, "choices": [value]}
    return {"id": name, "from_name": control, "to_name": "text", "type": "choices", "value": held}


def typed(value: str, name: str = "s") -> dict[str, Any]:
    """An id that is typed."""
    held = {"start": 0, "end": 3, "text": [value]}
    return {"id": name, "from_name": "animal-which", "to_name": "text", "type": "textarea", "value": held}


def test_each_label_has_the_things_of_its_family_to_pick_and_a_field_for_new_ones(
    zoo: Schema, entries: dict[str, dict[str, RegistryEntry]], label_interface: type[LabelInterface]
) -> None:
    """An option shows name and id; the search has a key that no label has; options have none."""
    config = with_picks(label_config(zoo), picks_of(zoo, entries))
    label_interface(config).validate()
    held = picker_options(config)
    assert held[pick_control("animal", "which", "KEEPER")] == {"k.anna": "Änna · k.anna"}
    assert held[pick_control("animal", "which", "BIRD")].keys() == {"a.bella", "a.rex"}
    assert held[pick_control("event", "happening", "FLIGHT")].keys() == {"2020-flight"}
    root = ET.fromstring(config)
    assert {"animal-which", "event-happening"} <= {each.get("name") for each in root.iter("TextArea")}
    assert {each.get("hotkey") for each in root.iter("Filter")} == {"z"}
    assert {each.get("hotkey") for each in root.iter("Choice")} == {"\N{EM DASH}"}
    assert without_picks(config).replace("new: type its id here", "identifier") == label_config(zoo)
    assert with_picks(config, picks_of(zoo, entries)) == config, "made anew it is the same"
    # Label Studio writes these as entities, and a browser drops the rule that has one.
    assert not {"<", ">", "&"} & set("".join(str(style.text) for style in root.iter("Style")))


def test_what_is_picked_and_what_is_typed_is_read_alike(
    zoo: Schema, entries: dict[str, dict[str, RegistryEntry]]
) -> None:
    """Known ids go out picked and others typed; both come back, also from a project pushed before."""
    config = with_picks(label_config(zoo), picks_of(zoo, entries))
    known, new = span(), span(value="a.otto", name="t")
    result = to_result(reading(known, new), zoo, TEXT, ids_in(config))
    shapes = {item["id"]: item["type"] for item in result if item["type"] != "labels"}
    assert shapes == {"s": "choices", "t": "textarea"}
    for again in (result, to_result(reading(known, new), zoo, TEXT)):
        read = from_result(json.loads(json.dumps(again)), TEXT, zoo)
        assert (read.spans, read.quarantined) == ((known, new), ())


def test_a_typed_id_stands_before_a_picked_one_and_both_are_told(zoo: Schema) -> None:
    """Typed over a suggestion; a label changed after picking: that of the span's label stands."""
    region = to_result(reading(span(value="")), zoo, TEXT)
    birds, keepers = (pick_control("animal", "which", label) for label in ("BIRD", "KEEPER"))
    read = from_result([*region, choice(birds, "a.rex"), typed("a.new")], TEXT, zoo)
    assert read.spans[0].attributes == {"which": "a.new"}
    assert [each.reason for each in read.quarantined] == ["`a.rex` is picked too, and `a.new` stands"]
    read = from_result([*region, choice(keepers, "k.anna"), choice(birds, "a.rex")], TEXT, zoo)
    assert read.spans[0].attributes == {"which": "a.rex"} and len(read.quarantined) == 1
    read = from_result([*region, choice(birds, "a.rex"), typed("a.rex")], TEXT, zoo)
    assert read.spans[0].attributes == {"which": "a.rex"} and read.quarantined == ()
    read = from_result([*region, choice(keepers, "k.anna")], TEXT, zoo)
    assert read.spans[0].attributes == {"which": "k.anna"} and read.quarantined == ()


@given(st.lists(st.sampled_from(["a.rex", "a.bella", "a.otto", "x y", "é", ""]), max_size=5))
def test_whatever_is_offered_an_id_comes_back(values: list[str]) -> None:
    """Offered or not, on any label, in a config or a task's data: nothing is lost on the way."""
    schema = _every()
    spans = tuple(
        Span(f"s{n}", "thing", label, 0, 3, {"thing_id": value} if value else {})
        for n, (value, label) in enumerate(zip(values, ["FOOD", "TOOL"] * 3, strict=False))
    )
    offered = {pick_control("thing", "thing_id", "FOOD"): ["a.rex"], any_control("thing", "thing_id"): ["é"]}
    result = to_result(Annotation("d", "a", "every@1.0", spans=spans), schema, TEXT, offered)
    read = from_result(json.loads(json.dumps(result)), TEXT, schema)
    assert (read.spans, read.quarantined) == (spans, ())


def _every() -> Schema:
    from tests.annotate.helpers import make_schema

    made = make_schema()
    thing = made.layers["thing"]
    about = msgspec.structs.replace(thing.attributes["thing_id"], registry="things")
    layer = msgspec.structs.replace(thing, attributes={**thing.attributes, "thing_id": about})
    return msgspec.structs.replace(
        made, layers={**made.layers, "thing": layer}, registries={"things": "t.yaml"}
    )


def test_an_id_that_leaves_the_registry_stays_an_option_where_it_may_have_been_picked(
    zoo: Schema, entries: dict[str, dict[str, RegistryEntry]]
) -> None:
    """Taken out, Label Studio would drop it from annotations with the next save; new ones are added."""
    before = with_picks(label_config(zoo), picks_of(zoo, entries))
    animals = {name: entry for name, entry in entries["animals"].items() if name != "a.rex"}
    animals["a.otto"] = RegistryEntry("a.otto", "BIRD", names=["Otto"])
    now = picks_of(zoo, {**entries, "animals": animals}).beside(before, tasks=True)
    held = picker_options(with_picks(label_config(zoo), now))[pick_control("animal", "which", "BIRD")]
    assert held.keys() == {"a.bella", "a.rex", "a.otto"}
    assert compare_configs(before, label_config(zoo)) == ([], []), "registries are no change of a config"


def test_a_large_registry_is_picked_from_the_tasks_own_candidates(
    zoo: Schema, entries: dict[str, dict[str, RegistryEntry]]
) -> None:
    """Never in a project whose tasks have none; a list that is there stays a list."""
    picks = picks_of(zoo, entries, most=3)
    assert picks.from_data == {("animal", "which")}
    config = with_picks(label_config(zoo), picks)
    name = any_control("animal", "which")
    [choices] = [each for each in ET.fromstring(config).iter("Choices") if each.get("name") == name]
    assert choices.get("value") == "$ids_animal_which"
    options = task_options(entries["animals"].values())
    assert options[0] == {"value": "Bella · a.bella", "alias": "a.bella", "hotkey": "\N{EM DASH}"}
    offered = ids_in(config, {"ids_animal_which": options})
    result = to_result(reading(span()), zoo, TEXT, offered)
    assert [item["from_name"] for item in result] == ["animal", name]
    assert from_result(result, TEXT, zoo).spans == (span(),)
    assert picks.beside(label_config(zoo), tasks=True).from_data == set()
    lists = with_picks(label_config(zoo), picks_of(zoo, entries))
    assert picks.beside(lists, tasks=True).from_data == set()
    assert picks.beside(config, tasks=True).from_data == {("animal", "which")}


def test_a_config_with_picks_that_somebody_brings_is_read(
    zoo: Schema, entries: dict[str, dict[str, RegistryEntry]]
) -> None:
    """`--config`, `new --from-label-studio`: one attribute, picked or typed."""
    config = with_picks(label_config(zoo), picks_of(zoo, entries))
    inferred = infer(config, name="zoo", language="en")
    schema, faults = typed_data(inferred.data, Schema, {}, "")
    assert schema is not None and not faults
    assert list(schema.layers["animal"].attributes) == ["which"]
    offered = to_result(reading(span(), span(value="a.new", name="t")), zoo, TEXT, ids_in(config))
    read = read_result(offered, RegionText(TEXT), Naming(schema, inferred.names))
    assert [each.attributes for each in read.spans] == [{"which": "a.rex"}, {"which": "a.new"}]


def test_a_key_of_a_search_leads_first_to_where_letters_do_nothing(
    zoo: Schema, entries: dict[str, dict[str, RegistryEntry]], label_interface: type[LabelInterface]
) -> None:
    """One field for each key, before all searches, over a list of which nothing can be chosen.

    It is no part of what annotations are compared by, and a config without a search has none.
    """
    plain = label_config(zoo)
    config = with_picks(plain, picks_of(zoo, entries))
    searches = list(ET.fromstring(config).iter("Filter"))
    keys = {each.get("hotkey") for each in searches}
    nets = searches[: len(keys)]
    assert {each.get("hotkey") for each in nets} == keys
    [caught] = {each.get("toName") for each in nets}
    [choices] = [each for each in ET.fromstring(config).iter("Choices") if each.get("name") == caught]
    assert [each.get("visible") for each in choices] == ["false"]
    assert caught not in {each.get("toName") for each in searches[len(keys) :]}
    assert compare_configs(plain, config) == ([], [])
    assert with_picks(config, picks_of(zoo, entries)) == config
    label_interface(config).validate()
    assert "<Filter" not in with_picks(plain, picks_of(zoo, {}))


def test_the_example_has_its_ids_to_pick() -> None:
    """Of the whole registries every adjudicated id can be picked on its label, for under 250 bytes an id."""
    project = load_project(example_root())
    schema = load_schema(project.schema_path)
    registries = load_registries(schema, project.schema_path)
    assert picks_of(schema, registries).from_data <= {("entity", "entity_id")}
    picks = picks_of(schema, registries, most=10_000)
    config = with_picks(label_config(schema), picks)
    assert len(config) - len(label_config(schema)) < 250 * sum(map(len, registries.values()))
    from goldwire.annotations.store import read_annotations

    offered = ids_in(config)
    adjudicated = [a for a in read_annotations(project) if a.provenance.based_on]
    assert adjudicated
    for annotation in adjudicated:
        for item in to_result(annotation, schema, None, offered):
            assert item.get("from_name") not in ("entity-entity_id", "event-event_id")

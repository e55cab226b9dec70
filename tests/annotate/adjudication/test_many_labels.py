"""Configs of any schema: however many labels, layers and lists it has, each key does one thing."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.annotate.adjudication.items import DECISION, LAYER, id_item, id_items, with_items
from goldwire.annotate.adjudication.push import config
from goldwire.errors import GoldwireError
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.load import typed_data
from goldwire.schemas.rendering.keys import NO_KEY
from goldwire.schemas.rendering.label_config import control, label_config
from goldwire.schemas.rendering.picks import data_key, picks_of, with_picks
from goldwire.schemas.schema import RegistryEntry
from tests.examples import at_most

if TYPE_CHECKING:
    from label_studio_sdk.label_interface import LabelInterface

KEYS = [f"{shift}{key}" for shift, key in product(("", "shift+"), "qwertyuiopasdfghjklzxcvbnm1234567890")]
WHICH: dict[str, Any] = {"title": "Which", "kind": "id", "registry": "things"}
LONG: dict[str, Any] = {
    "title": "Of many",
    "kind": "choice",
    "values": {f"v{n}": {"title": str(n)} for n in range(12)},
}
ABOUT = {"name": "many", "version": "1.0", "language": "en", "title": "Many"}


def made(layers: dict[str, Any]) -> Schema:
    """A schema of these layers with one registry."""
    about = {**ABOUT, "registries": {"things": "things.yaml"}, "layers": layers}
    schema, faults = typed_data(about, Schema, {}, "")
    assert schema is not None and not faults
    return schema


def labels(numbers: range, keys: list[str]) -> dict[str, Any]:
    """Labels with these numbers; the first have the keys."""
    held = {number: keys[number] if number < len(keys) else "" for number in numbers}
    return {
        f"L{number}": {"name": "l", "definition": "It.", "color": f"#{number:06x}", "hotkey": key}
        for number, key in held.items()
    }


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """One to eighty labels in up to four layers, with keys or without, and what is searched in lists."""
    number = draw(st.integers(1, 80))
    first = draw(st.integers(0, len(KEYS) - 1))
    keys = (KEYS[first:] + KEYS[:first])[: draw(st.sampled_from([0, 1, number, 30, 33, 36, 71, 72]))]
    cuts = sorted({0, number, *draw(st.lists(st.integers(1, number), max_size=3))})
    layers: dict[str, Any] = {}
    for start, end in pairwise(cuts):
        own = labels(range(start, end), keys)
        attributes: dict[str, Any] = {}
        for place in range(draw(st.integers(0, 3))):
            some = draw(st.none() | st.lists(st.sampled_from(list(own)), min_size=1, max_size=3, unique=True))
            asked = draw(st.sampled_from([WHICH, LONG]))
            attributes[f"a{place}"] = {**asked, **({"labels": some} if some else {})}
        layers[f"layer_{start}"] = {"title": "T", "labels": own, "attributes": attributes}
    return made(layers)


def shown(part: ET.Element, parents: dict[ET.Element, ET.Element]) -> tuple[str, set[str]]:
    """Of which layer and labels a part of the config is seen; no labels: of all."""
    layer, kept = "", ""
    while part in parents:
        layer, kept = layer or part.get("whenTagName", ""), kept or part.get("whenLabelValue", "")
        part = parents[part]
    return layer, set(filter(None, kept.split(",")))


@given(schemas(), st.booleans())
@settings(max_examples=at_most(30))
def test_however_many_labels_each_key_does_one_thing(
    label_interface: type[LabelInterface], schema: Schema, from_tasks: bool
) -> None:
    """For annotating and for adjudicating: Label Studio takes the config, all four answers stand in it, and
    no key leads to two controls that are seen together."""
    things = {f"t{number}": RegistryEntry(f"t{number}") for number in range(3)}
    for whole, text in ((schema, label_config(schema)), (with_items(schema), config(schema))):
        tasks = list(whole.layers) if from_tasks else [LAYER]
        root = ET.fromstring(with_picks(text, picks_of(whole, {"things": things}, from_tasks=tasks)))
        label_interface(ET.tostring(root, encoding="unicode"))
        names = [each.get("name") for each in root.iter() if each.get("name")]
        assert len(names) == len(set(names))
        parents = {child: parent for parent in root.iter() for child in parent}
        by_key: dict[str, list[ET.Element]] = {}
        for part in root.iter():
            if part.get("hotkey", NO_KEY) != NO_KEY:
                by_key.setdefault(str(part.get("hotkey")), []).append(part)
        for key, parts in by_key.items():
            searches = [part for part in parts if part.tag == "Filter"]
            assert len(parts) in (1, len(searches)), f"{key} is of a label or an answer, and of more"
            lists = [part for part in searches if not str(part.get("toName")).startswith("gw-")]
            places = [shown(part, parents) for part in lists]
            for number, (layer, kept) in enumerate(places):
                for other, others in places[:number]:
                    assert layer != other or (kept and others and not kept & others), f"two lists by {key}"
        if whole is not schema:
            [asked] = [each for each in root.iter("Choices") if each.get("name") == control(LAYER, DECISION)]
            assert [each.get("alias") for each in asked] == ["a", "b", "neither", "other"]


def test_without_a_key_left_nothing_speaks_of_one(label_interface: type[LabelInterface]) -> None:
    """All 72 keys are labels': answers and searches stand without."""
    schema = made(
        {"thing": {"title": "T", "labels": labels(range(72), KEYS), "attributes": {"which": WHICH}}}
    )
    text = with_picks(config(schema), picks_of(with_items(schema), {"things": {"t": RegistryEntry("t")}}))
    label_interface(text).validate()
    root = ET.fromstring(text)
    assert {each.get("hotkey") for each in root.iter("Filter")} == {NO_KEY}
    assert {each.get("placeholder") for each in root.iter("Filter")} == {"search"}
    values = [each.get("value") for each in root.iter("Choice")]
    assert set(values) >= {"A", "B", "neither", "other: what I mark"}


def test_names_that_join_to_one_are_told_apart() -> None:
    """`id` of `legal_act` and `act_id` of `legal` have options and marks of their own; others keep theirs."""
    parts = {"legal": ("act_id", "own"), "legal_act": ("id",), "plain": ("own",)}
    layers = {
        layer: {"title": "T", "labels": labels(range(n, n + 1), []), "attributes": dict.fromkeys(own, WHICH)}
        for n, (layer, own) in enumerate(parts.items())
    }
    schema = made(layers)
    asked = {(each.layer, each.attribute): each for each in id_items(schema)}
    assert len({each.key for each in asked.values()}) == len({each.mark for each in asked.values()}) == 4
    assert asked["legal", "own"].key == "legal_own"
    assert len({data_key(layer, name, schema) for layer, name in asked}) == 4
    assert data_key("plain", "own", schema) == "ids_plain_own"
    for (layer, name), each in asked.items():
        assert id_item(f"attribute {layer} L 0-5 {name}", schema) == each
    picks = picks_of(with_items(schema), {"things": {}}, from_tasks=[LAYER, *schema.layers])
    root = ET.fromstring(with_picks(config(schema), picks))
    asking = [each.get("value") for each in root.iter("Choices") if each.get("value")]
    assert len(asking) == len(set(asking)) == 8


@pytest.mark.parametrize("name", ["text", "disagreement"])
def test_a_layer_has_no_name_that_the_config_needs(name: str, tmp_path: Path) -> None:
    """It would be two controls of one name."""
    path = tmp_path / "schema.yaml"
    layers = {name: {"title": "T", "labels": labels(range(1), [])}}
    path.write_text(yaml.safe_dump({**ABOUT, "layers": layers}), encoding="utf-8")
    with pytest.raises(GoldwireError) as refused:
        load_schema(path)
    [fault] = refused.value.faults
    assert (fault.code, f"`{name}`" in fault.message) == ("GW134", True)

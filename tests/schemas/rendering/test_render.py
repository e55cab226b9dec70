"""What is rendered from a schema."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from goldwire.project import example_root, load_project
from goldwire.schemas import load_schema
from goldwire.schemas.rendering.guidelines import guidelines
from goldwire.schemas.rendering.label_config import control, label_config

if TYPE_CHECKING:
    from label_studio_sdk.label_interface import LabelInterface

MINI = Path(__file__).parents[2] / "data/mini/schemas/mini.yaml"


def test_label_studio_accepts_the_config(label_interface: type[LabelInterface]) -> None:
    """Its own parser takes the config and finds every control."""
    schema = load_schema(MINI)
    interface = label_interface(label_config(schema))
    interface.validate()
    names = {control(layer, key) for layer in schema.layers for key in schema.layers[layer].attributes}
    assert set(schema.layers) | names <= {item.name for item in interface.controls}


def test_every_label_is_there_with_its_key_colour_and_hotkey() -> None:
    """Labels are their key, have their name in the tooltip, and bear the schema's colour and hotkey."""
    schema = load_schema(MINI)
    root = ET.fromstring(label_config(schema))
    found = {item.get("alias"): item for item in root.iter("Label")}
    for layer in schema.layers.values():
        for key, label in layer.labels.items():
            assert found[key].get("background") == label.color
            assert found[key].get("hotkey") == label.hotkey
            assert found[key].get("value") == key
            assert (found[key].get("hint") or "").startswith(label.name)


def test_attributes_appear_only_for_spans_of_their_layer() -> None:
    """Each per-region control stands in a view bound to its layer's control."""
    root = ET.fromstring(label_config(load_schema(MINI)))
    views = [view for view in root.iter("View") if view.get("whenTagName")]
    assert len(views) == 2
    for view in views:
        controls = [item for item in view if item.get("perRegion")]
        assert [item.get("name", "").split("-")[0] for item in controls] == [view.get("whenTagName")]
        assert view.get("visibleWhen") == "region-selected"


def test_no_option_gets_a_letter_unseen() -> None:
    """Label Studio gives a free letter to each option without a key, so each has one that nobody can type."""
    for path in (MINI, load_project(example_root()).schema_path):
        options = list(ET.fromstring(label_config(load_schema(path))).iter("Choice"))
        assert options
        assert {option.get("hotkey") for option in options} == {"\N{EM DASH}"}


def test_a_value_is_offered_for_its_labels_only() -> None:
    """Values with `labels` stand in a view of these labels, all in one control; the guidelines name them."""
    schema = load_schema(load_project(example_root()).schema_path)
    mode = schema.layers["event"].attributes["mode"]
    root = ET.fromstring(label_config(schema))
    [choices] = [item for item in root.iter("Choices") if item.get("name") == "event-mode"]
    found = {
        option.get("alias"): (view.get("whenLabelValue") or "").split(",")
        for view in choices.iter("View")
        for option in view
    }
    assert found == {value: about.labels for value, about in mode.values.items()}
    told = guidelines(schema)
    assert re.search(r"- \*\*Pour `ASSAULT`\.\*\* .*`drone` \(drone\)", told)


def test_what_is_required_is_asked_for_where_that_can_be_said() -> None:
    """A control whose attribute all of its labels must bear asks for it, on regions of these labels only; one
    with a default, or that some of its labels need not bear, asks for nothing."""
    schema = load_schema(example_root() / "schemas/politics.yaml")
    controls = {
        item.get("name"): item for item in ET.fromstring(label_config(schema)).iter() if item.get("perRegion")
    }
    asking = {name: item for name, item in controls.items() if item.get("required")}
    assert set(asking) == {"event-event_id", "stance-voice"}
    bound = asking["event-event_id"].get("whenLabelValue", "").split(",")
    assert bound == schema.labels("event")
    assert all(item.get("requiredMessage") for item in asking.values())


def test_text_is_marked_by_character() -> None:
    """Granularity is `symbol`: Label Studio's `word` swallows elided articles."""
    root = ET.fromstring(label_config(load_schema(MINI)))
    assert [item.get("granularity") for item in root.iter("Text")] == ["symbol"]


def test_guidelines_hold_every_definition() -> None:
    """No label, attribute or relation of the schema is missing from the guidelines."""
    schema = load_schema(MINI)
    text = guidelines(schema)
    for layer in schema.layers.values():
        for label in layer.labels.values():
            assert label.definition in text
        for key in layer.attributes:
            assert f"`{key}`" in text
    for relation in schema.relations.values():
        assert relation.definition in text


def test_the_rendered_files_of_the_example_are_up_to_date() -> None:
    """Schema and guidelines can't part: what is in the folder is what the schema renders."""
    project = load_project(example_root())
    schema = load_schema(project.schema_path)
    assert (project.annotate / "guidelines.md").read_text(encoding="utf-8") == guidelines(schema)
    assert (project.annotate / "label_config.xml").read_text(encoding="utf-8") == label_config(schema)

"""The screen of a pass: its labels, its keys, its rules; what was made before can be shown and corrected."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from goldwire.annotate.labelstudio.config_difference import compare_configs
from goldwire.annotate.labelstudio.guide import Guide
from goldwire.annotate.passes.screen import own_part, pass_config, pass_guide
from goldwire.annotate.records.passes import Pass, passes_of
from goldwire.project import EXAMPLES, example_root, load_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.rendering.keys import NO_KEY
from goldwire.schemas.rendering.label_config import label_config


def example(name: str) -> tuple[Schema, tuple[Pass, ...]]:
    """An example's schema, a pass for each layer."""
    project = load_project(example_root(name))
    project.settings["annotate"] = {"passes": "layers"}
    schema = load_schema(project.schema_path)
    return schema, passes_of(project, schema)


def controls(config: str) -> dict[str, ET.Element]:
    """The `<Labels>` of a config by their names."""
    return {str(each.get("name")): each for each in ET.fromstring(config).iter("Labels")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_pass_has_the_labels_of_its_layers_and_of_those_before(name: str) -> None:
    """Later layers are not there; earlier ones stand folded, without keys, with all their labels."""
    schema, passes = example(name)
    for each in passes:
        config = pass_config(schema, passes, each)
        root, found = ET.fromstring(config), controls(config)
        assert set(found) == {*each.layers, *each.earlier}
        folded = [
            group
            for view in root.iter("View")
            if view.get("className") == "gw-earlier"
            for group in view.iter("Labels")
        ]
        assert [group.get("name") for group in folded] == list(each.earlier)
        for layer, group in found.items():
            labels = {str(one.get("alias")): one.get("hotkey") for one in group}
            assert list(labels) == list(schema.layers[layer].labels)
            if layer in each.earlier:
                assert set(labels.values()) == {NO_KEY}
            else:
                assert len(set(labels.values())) == len(labels) and NO_KEY not in labels.values()


@pytest.mark.parametrize("name", EXAMPLES)
def test_results_of_a_pass_are_read_by_the_schema(name: str) -> None:
    """A pass's config names nothing that the config of one screen does not have; the last pass has it all."""
    schema, passes = example(name)
    for each in passes:
        assert compare_configs(pass_config(schema, passes, each), label_config(schema)).removed == []
    last = compare_configs(label_config(schema), pass_config(schema, passes, passes[-1]))
    assert [part for part in last.removed if not part.startswith("Filter")] == []


def test_keys_lose_shift_where_it_is_free() -> None:
    """Of the French example's events, which need Shift beside the entities' keys, none does in its pass."""
    schema, passes = example("politics")
    keys = [one.get("hotkey") for one in controls(pass_config(schema, passes, passes[1]))["event"]]
    assert {len(str(key)) for key in keys} == {1}
    assert schema.layers["event"].labels["ASSAULT"].hotkey == "shift+f"
    assert own_part(schema, passes, passes[1]).layers["event"].labels["ASSAULT"].hotkey == "f"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_rules_of_a_pass_are_in_sight(name: str) -> None:
    """Each label of the pass with its definition, its rules and relations stand beside the text, unfolded."""
    schema, passes = example(name)
    for each in passes:
        root = ET.fromstring(pass_config(schema, passes, each))
        [sheet] = [view for view in root.iter("View") if view.get("className") == "gw-sheet"]
        told = "\n".join(str(line.get("value")) for line in sheet.iter("Header"))
        own = own_part(schema, passes, each)
        for layer in own.layers.values():
            assert (layer.question or layer.title) in told
            assert all(rule.title.rstrip(".") in told for rule in layer.rules)
            assert all(key in told for key in layer.labels)
        assert all(key in told for key in own.relations)
        assert [one for one in root.iter("Panel") if len(one) == 0] == []


def test_relations_come_with_the_pass_that_makes_them_possible() -> None:
    """Arguments of events with the events, holders and targets with the stances; none with the entities."""
    schema, passes = example("politics")
    parts = [list(own_part(schema, passes, each).relations) for each in passes]
    events = ["actor", "recipient", "theme", "source", "location", "date"]
    assert parts == [[], events, ["holder", "target"]]


def test_links_and_sheet_are_those_of_the_pass() -> None:
    """Links to the guide stand in the panel above the text, not among folded labels; the guide is whole."""
    schema, passes = example("recalls")
    root = example_root("recalls")
    guide = pass_guide(schema, passes, passes[1], root / "schemas", "")
    assert isinstance(guide, Guide)
    linked = ET.fromstring(guide.linked(pass_config(schema, passes, passes[1]), "/g.html"))
    [links] = linked.iter("Markdown")
    assert "RECALL" in str(links.get("value")) and "PRODUCT" not in str(links.get("value"))
    [place] = [view for view in linked.iter("View") if view.get("className") == "gw-guide"]
    assert links in list(place.iter("Markdown"))
    assert "PRODUCT" in guide.page and "RECALL" in guide.page
    assert "RECALL" in guide.instructions("/g.html") and "PRODUCT" not in guide.instructions("/g.html")

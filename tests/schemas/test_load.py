"""The schema file: every fault is found in one pass and has its place."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.schemas import load_schema
from goldwire.schemas.load import load_registry
from goldwire.schemas.yaml_lines import parse_yaml

MINI = Path(__file__).parents[1] / "data/mini/schemas/mini.yaml"


def faults_of(tmp_path: Path, *changes: tuple[str, str]) -> dict[str, str]:
    """The faults of the mini schema after textual changes, `code at line`: message."""
    text = MINI.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "schema.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        load_schema(path)
    return {fault.code: str(fault) for fault in caught.value.faults}


def test_a_sound_schema_loads_with_its_layers_in_order() -> None:
    """Layers, labels and relations keep the file's order."""
    schema = load_schema(MINI)
    assert schema.id == "mini@0.1"
    assert list(schema.layers) == ["thing", "step"]
    assert schema.labels("thing") == ["FOOD", "TOOL"]
    assert schema.layers["thing"].attributes["state"].default_for("FOOD") == "raw"
    assert schema.family("thing", "FOOD") == "FOOD"


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        (('color: "#D55E00"', 'color: "red"'), "GW106", "$.layers.thing.labels.TOOL.color"),
        (('color: "#D55E00"', 'color: "#0072B2"'), "GW106", "$.layers.thing.labels.TOOL.color"),
        (("hotkey: t", "hotkey: f"), "GW107", "$.layers.thing.labels.TOOL.hotkey"),
        (("hotkey: t", "hotkey: ctrl+t"), "GW107", "$.layers.thing.labels.TOOL.hotkey"),
        (("default: raw", "default: burnt"), "GW111", "$.layers.thing.attributes.state.default"),
        (
            ("cooked: {title: cuit}", "cooked: {title: cuit, labels: [CUT]}"),
            "GW112",
            "$.layers.thing.attributes.state.values.cooked.labels",
        ),
        (
            ("raw: {title: cru}", "raw: {title: cru, labels: [FOOD]}"),
            "GW111",
            "$.layers.thing.attributes.state.default",
        ),
        (("kind: text", "kind: prose"), "GW103", "$.layers.thing.attributes.note.kind"),
        (("labels: [FOOD]}]", "labels: [SOUP]}]"), "GW109", "$.relations.object.tail[0].labels"),
        (("head: [{layer: step}]", "head: [{layer: gesture}]"), "GW109", "$.relations.object.head[0].layer"),
        (("max: 1", "max: 0"), "GW110", "$.relations.with.max"),
        (("relation: object}", "relation: subject}"), "GW114", "$.checks[0]"),
        (("  with: {", "  step: {"), "GW108", "$.relations.step"),
        (("CUT: {", "FOOD: {"), "GW105", "$.layers.step.labels.FOOD"),
    ],
)
def test_each_kind_of_fault_has_its_code_and_its_place(
    tmp_path: Path, change: tuple[str, str], code: str, path: str
) -> None:
    """A fault names the file, the line and the path at which it stands."""
    found = faults_of(tmp_path, change)
    assert code in found
    assert re.search(r"schema\.yaml:\d+ " + re.escape(path), found[code])


def test_all_faults_of_form_are_listed_at_once(tmp_path: Path) -> None:
    """One run shows a wrong kind, an unknown key and a missing key together."""
    path = tmp_path / "schema.yaml"
    text = (
        MINI.read_text(encoding="utf-8")
        .replace("max: 1", "max: one")
        .replace("title: Gestes", "titel: Gestes")
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GoldwireError) as caught:
        load_schema(path)
    shown = "\n".join(str(fault) for fault in caught.value.faults)
    assert "unknown key `titel`" in shown
    assert "lacks `title`" in shown
    assert "$.relations.with.max" in shown


def test_the_line_is_the_line_of_the_fault(tmp_path: Path) -> None:
    """The line of a fault is where its key stands in the file."""
    found = faults_of(tmp_path, ("hotkey: t", "hotkey: f"))
    lines = MINI.read_text(encoding="utf-8").splitlines()
    number = int(re.search(r"yaml:(\d+)", found["GW107"]).group(1))  # type: ignore[union-attr]
    assert "TOOL" in lines[number - 1]


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "\tb", "- just\n- a list\n", "", "&a [*a]"])
def test_what_is_no_schema_is_refused_plainly(tmp_path: Path, text: str) -> None:
    """Broken YAML, doubled keys, lists and empty files end in an error of ours."""
    path = tmp_path / "schema.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GoldwireError):
        load_schema(path)


def test_a_registry_refuses_an_id_that_stands_twice(tmp_path: Path) -> None:
    """Ids are unique in a registry, and the fault names the line of the second."""
    path = tmp_path / "actors.yaml"
    path.write_text("- {id: a, label: FOOD}\n- {id: b}\n- {id: a}\n", encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW120 .*actors\.yaml:3 "):
        load_registry(path)


def test_a_text_that_is_read_again_gives_data_of_its_own() -> None:
    """What one caller does to what it read is not in what the next one reads; places and kinds of scalars are
    those of its own source."""
    text = "- id: a\n  since: 2020-01-03\n"
    data, lines = parse_yaml(text, "first.yaml")
    data[0]["id"] = "changed"
    lines.clear()
    again, places = parse_yaml(text, "first.yaml")
    assert again == [{"id": "a", "since": date(2020, 1, 3)}] and places["$[0].since"] == 2
    assert parse_yaml(text, "first.yaml", texts=True)[0] == [{"id": "a", "since": "2020-01-03"}]
    for source in ("first.yaml", "second.yaml"):
        with pytest.raises(GoldwireError, match=f"{source}:2"):
            parse_yaml("a: 1\na: 2\n", source)


#: Texts that are not what their tag says; yaml itself ends in whatever error comes up.
TAGGED = (
    "!!timestamp foo",
    "!!timestamp 2001-99-99",
    "!!bool maybe",
    '!!int ""',
    '!!float ""',
    "!!int 0x",
    "!!int [1]",
    "!!binary '%%%%'",
    "!!set [a]",
    "!!omap {a: 1}",
    "!!nothing x",
    "9" * 5000,
    "2020-13-45",
)


@pytest.mark.parametrize("value", TAGGED)
def test_a_text_that_is_not_what_its_tag_says_is_one_error_with_its_line(value: str) -> None:
    """Dates, flags, numbers, sets: never an error of the library's own."""
    try:
        parse_yaml(f"a: 1\nb: {value}\n", "s.yaml")
    except GoldwireError as error:
        (fault,) = error.faults
        assert (fault.code, fault.where) == ("GW101", "s.yaml:2") and len(fault.message) < 200
    else:
        assert value == "!!binary '%%%%'"  # read as no bytes at all


@given(
    tag=st.sampled_from(
        ["int", "float", "bool", "null", "timestamp", "binary", "str", "seq", "map", "set", "omap", "pairs"]
    ),
    value=st.one_of(
        st.text("0123456789abefxoTZ:.+-_ ", max_size=12).map(lambda text: f"'{text}'"),
        st.sampled_from(["[a]", "{a: b}", "[{a: b}]", "[]", "{}", "[[a], b]"]),
    ),
)
def test_whatever_stands_behind_a_tag_is_read_or_is_one_error(tag: str, value: str) -> None:
    """Nothing else comes out."""
    with suppress(GoldwireError):
        parse_yaml(f"a: !!{tag} {value}\n", "s.yaml")

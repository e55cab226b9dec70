"""Counts, countries, what a registry gives, and relations under a condition, for a schema about ships."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from goldwire.annotations.values import from_text, value_problem
from goldwire.corpus.browse.argument_roles import frames
from goldwire.corpus.browse.csv_tables import frame_columns, rows_of
from goldwire.corpus.browse.events import gather, registry_entries
from goldwire.corpus.quality.checks import check_articles
from goldwire.errors import GoldwireError
from goldwire.eval.agreement.matched import AttributeValues
from goldwire.eval.counts.attributes import attribute_counts, left_to_ids, value_of
from goldwire.formats.labelstudio.reader import from_result
from goldwire.model import Annotation, Article, Relation
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.changes.diff import count_hits, diff
from goldwire.schemas.load import load_registries
from goldwire.schemas.numbers import bounds, is_integer, tidy
from goldwire.schemas.rendering.guidelines import guidelines
from goldwire.schemas.rendering.label_config import label_config
from tests.fleet import FLEET, TEXT, accidents, fleet


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [
        ("0", 0, 0),
        ("12", 12, 12),
        ("~750", 750, 750),
        ("12..15", 12, 15),
        ("~10..20", 10, 20),
        (">12", 13, None),
        (">=12", 12, None),
        ("<12", 0, 11),
        ("<=12", 0, 12),
    ],
)
def test_a_count_has_bounds(written: str, least: int, most: int | None) -> None:
    """Exact counts, spans, what is more, less or about a number: each says the least and the most."""
    assert bounds(written) == (least, most)


@pytest.mark.parametrize(
    "written", ["", "012", "-3", "a dozen", "15..12", "12..12", "12-15", "<0", "1.5", "> 3"]
)
def test_what_is_no_count_is_refused(written: str) -> None:
    """One count has one written form: two that mean the same would count as a disagreement."""
    assert bounds(written) is None
    attribute = fleet().layers["accident"].attributes["dead"]
    assert value_problem(attribute, written) is not None
    assert value_problem(attribute, 12) is not None


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_any_two_numbers_are_a_count(low: int, more: int) -> None:
    """What is written of a number, or of two, says these numbers again, also after it was typed loosely."""
    assert bounds(str(low)) == (low, low)
    assert bounds(f"{low}..{low + more}") == (low, low + more)
    assert tidy(f" {low} - {low + more} ") == f"{low}..{low + more}"
    assert bounds(f">{low}") == (low + 1, None)
    assert is_integer(str(low))
    assert not is_integer(f"0{low}")


def test_counts_by_hand_are_put_in_form() -> None:
    """Spaces, dashes and signs that people type become the one form; what is no count is left to be told."""
    attribute = fleet().layers["accident"].attributes["dead"]
    written = ["12–15", "≥ 4", "≈ 750", "> 3", "many", "1 000", "1\u202f000 - 1\u202f200", "12 .. 15", "-3"]
    tidied = ["12..15", ">=4", "~750", ">3", "many", "1000", "1000..1200", "12..15", "-3"]
    assert [from_text(attribute, each) for each in written] == tidied


@pytest.mark.parametrize("written", ["3 5", "1 0000", "12 15 18", "1 000 1 200", "3 to 5", "9" * 5000])
def test_no_count_is_made_of_two(written: str) -> None:
    """A space joins thousands, nothing else; a number of thousands of digits is refused like any other."""
    assert bounds(tidy(written)) is None
    attribute = fleet().layers["accident"].attributes["dead"]
    assert value_problem(attribute, written) is not None


@given(st.text(alphabet="0123459 ~<>=.-\u2013\u202f\u2265", max_size=12))
def test_tidying_makes_no_other_digits(written: str) -> None:
    """What is a count already stays; nothing is tidied twice; a count has the digits that were written, in
    their order."""
    once = tidy(written)
    assert tidy(once) == once
    if bounds(written) is not None:
        assert once == written
    digits = [character for character in once if character.isdigit()]
    assert digits == [character for character in written if character.isdigit()]


def test_counts_typed_in_label_studio_are_put_in_form() -> None:
    """As those by hand are; what is no count comes as it was typed, and is told by the check."""
    schema, text = fleet(), accidents().document.text
    region = {"id": "r", "from_name": "accident", "to_name": "text", "type": "labels"}
    marked = {**region, "value": {"start": 0, "end": 4, "text": text[:4], "labels": ["FIRE"]}}
    for typed, read in (("1 000 – 1 200", "1000..1200"), ("≥ 12", ">=12"), ("3 5", "3 5")):
        value = {"start": 0, "end": 4, "text": [typed]}
        said = {**region, "from_name": "accident-dead", "type": "textarea", "value": value}
        [span] = from_result([marked, said], text, schema).spans
        assert span.attributes["dead"] == read


def test_countries_are_those_of_the_standard() -> None:
    """States that are, states that were, and codes that the standard leaves to users; no others."""
    flag = fleet().layers["body"].attributes["flag"]
    assert all(value_problem(flag, code) is None for code in ("FRA", "GBR", "SUN", "DDR", "XKX"))
    assert all(value_problem(flag, code) is not None for code in ("GER", "UK", "IGO", "fra", "ABC", ""))


def test_a_registry_gives_what_is_not_stated() -> None:
    """The entry of the span's id says country, trade and year; what is stated wins, and where the label may
    not bear it nothing is given."""
    schema = fleet()
    attributes = schema.layers["body"].attributes
    spans = {span.id: span for span in accidents().annotations[0].spans}

    def said(span: str, name: str) -> object:
        return value_of(spans[span], name, attributes[name])

    assert (said("orca", "flag"), said("orca", "trade"), said("orca", "built")) == ("NOR", "fishing", "1998")
    assert (said("again", "flag"), said("argo", "built"), said("argo", "flag")) == ("ISL", "1987", "GRC")
    assert (said("sailors", "flag"), said("sailors", "trade"), said("post", "flag")) == ("PHL", None, None)


def test_what_both_sides_take_from_a_registry_is_not_scored_twice() -> None:
    """Ids have their own figures: an attribute counts where a side states it, and then by what it means."""
    attributes = fleet().layers["body"].attributes
    spans = {span.id: span for span in accidents().annotations[0].spans}
    stated = replace(spans["orca"], attributes={"ship": "ship.orca", "flag": "NOR"})
    pairs = [
        (spans["orca"], spans["orca"], 0),
        (spans["orca"], stated, 0),
        (spans["again"], spans["orca"], 0),
    ]
    counts, absent = attribute_counts(pairs, 1, ["flag"], attributes)
    assert counts[0, 0].tolist() == [1, 1, 1]
    assert absent == {"flag": 1}


def _checked(schema: Schema, **changes: Any) -> list[str]:
    article = accidents()
    annotation = replace(article.annotations[0], **changes)
    registries = load_registries(schema, FLEET / "schemas/fleet.yaml")
    result = check_articles([Article(article.document, (annotation,))], schema, registries)
    return [f"{fault.code} {fault.message}" for fault in result.faults]


def test_a_relation_under_a_condition_is_checked() -> None:
    """`source` leads only from an accident that a source asserts; the default of an absent value counts."""
    schema = fleet()
    assert _checked(schema) == []
    more = (*accidents().annotations[0].relations, Relation("source", "sank", "post"))
    assert _checked(schema, relations=more) == [
        "GW238 only where `said_by` is source or disputed, not `text`"
    ]


def test_values_of_no_form_are_checked_in_readings_and_registries() -> None:
    """A count, a country, a number in digits: what is not of its form is told where it stands."""
    schema = fleet()
    spans = accidents().annotations[0].spans
    odd = {"fire": {"dead": "dozens"}, "argo": {"flag": "Greece"}, "sank": {"holes": "two"}}
    told = _checked(
        schema,
        spans=tuple(replace(s, attributes={**s.attributes, **odd.get(s.id, {})}) for s in spans),
    )
    assert [line[:26] for line in told] == [
        "GW236 `dead`: `dozens` is ",
        "GW236 `flag`: `Greece` is ",
        "GW236 `holes`: `two` is no",
    ]
    schema.layers["body"].attributes["trade"].by_id["ship.orca"] = "whaling"
    assert [line[:6] for line in _checked(schema)] == ["GW247 "]


def test_a_registry_gives_one_value_or_says_why_not(tmp_path: Path) -> None:
    """Of a list, a flag or a mapping nothing is taken, and the check says so; other fields may be what they
    like."""
    shutil.copytree(FLEET / "schemas", tmp_path / "schemas")
    path = tmp_path / "schemas/ships.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("trade: fishing", "trade: [fishing, cargo], crews: [a, b]"), encoding="utf-8"
    )
    schema = load_schema(tmp_path / "schemas/fleet.yaml")
    registries = load_registries(schema, tmp_path / "schemas/fleet.yaml")
    told = [f"{fault.code} {fault.message}" for fault in check_articles([], schema, registries).faults]
    assert told == ["GW247 `trade` is no single text or number: nothing is taken from it"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("taken_from: ship, labels: [SHIP, CREW]", "taken_from: vessel, labels: [SHIP, CREW]", "GW115"),
        ("kind: id, registry: ships}", "kind: id}", "GW115"),
        ("{title: dead, kind: range,", "{title: dead, kind: range, by_id: {a: '1'},", "GW115"),
        ("given: {said_by: [source, disputed]}", "given: {says: [source]}", "GW116"),
        ("given: {said_by: [source, disputed]}", "given: {said_by: [rumour]}", "GW116"),
        ("given: {said_by: [source, disputed]}", "given: {said_by: []}", "GW116"),
        ('default: "1"', 'default: "one"', "GW117"),
    ],
)
def test_faults_of_the_schema_have_their_codes(tmp_path: Path, old: str, new: str, code: str) -> None:
    """Each is told with the line that it stands in."""
    text = (FLEET / "schemas/fleet.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "fleet.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "ships.yaml").write_bytes((FLEET / "schemas/ships.yaml").read_bytes())
    with pytest.raises(GoldwireError) as caught:
        load_schema(tmp_path / "fleet.yaml")
    assert {fault.code for fault in caught.value.faults} == {code}
    assert all("fleet.yaml:" in fault.where for fault in caught.value.faults)


def test_label_studio_shows_them_for_their_labels_only() -> None:
    """Each asks in a field of its own that says the form, in sight for spans of the labels that bear it."""
    root = ET.fromstring(label_config(fleet()))
    views = {
        area.get("name"): (view.get("whenTagName"), view.get("whenLabelValue"), area.get("placeholder"))
        for view in root.iter("View")
        for area in view.findall("TextArea")
    }
    assert views["accident-dead"] == ("accident", "FIRE,SINKING", "12, 12..15, >12, >=12, <12, ~12")
    assert views["accident-holes"] == ("accident", "SINKING", "number: 12")
    assert views["body-flag"] == ("body", "SHIP,CREW", "country: FRA, DEU, …")


def test_the_guidelines_say_what_is_taken_and_when() -> None:
    """Annotators read that a registry fills an attribute, and where a relation may start."""
    text = guidelines(fleet())
    assert "**Taken from the registry** by `ship`, where nothing is entered." in text
    assert "Only where `said_by` is `source` or `disputed`." in text


def test_tables_name_the_country_of_who_is_hit(tmp_path: Path) -> None:
    """Who is in a role comes with what the registry gives, or the mention states, in columns of their own."""
    schema, article = fleet(), accidents()
    frame = frames(schema)[0]
    graph = gather([article], schema, [frame], registry_entries(schema, FLEET / "schemas"))
    columns = frame_columns(schema, frame)
    rows = [
        dict(zip(columns, row, strict=True))
        for row in rows_of(article, graph.rows(0, article), schema, frame, graph)
    ]
    told = {(row["text"], row["victim"], row["victim_flag"], row["victim_trade"]) for row in rows}
    assert ("sank", "Argo", "GRC", "cargo") in told
    assert ("Fire", "sailors", "PHL", "") in told


def test_a_new_condition_or_source_of_defaults_is_a_change() -> None:
    """`schema diff` counts what a condition would break, and names what absent values come to mean."""
    new, old = fleet("2.0"), fleet()
    old.relations["source"] = replace(old.relations["source"], given={})
    attributes = old.layers["body"].attributes
    attributes["flag"] = replace(attributes["flag"], taken_from="", by_id={})
    annotation: Annotation = replace(
        accidents().annotations[0],
        relations=(Relation("source", "sank", "post"), Relation("source", "fire", "post")),
    )
    changes = diff(old, new)
    assert [(c.change, c.what, c.name) for c in changes] == [
        ("changed", "default", "body.flag"),
        ("narrowed", "condition", "source"),
    ]
    assert count_hits(changes, new, [annotation])[1] == 1


def test_agreement_on_what_both_readers_take_from_a_registry_is_left_to_their_ids() -> None:
    """A country counts where a reader states it, and then by what it means; κ and α do as `equal` does."""
    attribute = fleet().layers["body"].attributes["flag"]
    spans = {span.id: span for span in accidents().annotations[0].spans}
    stated = replace(spans["orca"], attributes={"ship": "ship.orca", "flag": "NOR"})
    places = [(spans["orca"], spans["orca"]), (spans["orca"], stated), (spans["again"], spans["orca"])]
    assert [left_to_ids("flag", attribute, place) for place in places] == [True, False, False]
    same_id = [(0, {0: spans["orca"], 1: spans["orca"]}), (0, {0: spans["argo"], 1: spans["argo"]})]
    values = AttributeValues("flag", attribute)
    values.add(same_id)
    assert values.coefficients()["alpha"] is None
    values.add([(0, {0: spans["again"], 1: spans["again"]})])
    assert values.coefficients()["alpha"] == 1.0


def test_a_relation_that_must_be_named_is_not_taken_for_an_arrow_without_a_role() -> None:
    """Two roles from one kind of span to another: the plain arrow is the one that is not `named`."""
    schema = fleet()
    schema.relations["source"] = replace(schema.relations["source"], drawn="named", given={})
    result: list[dict[str, Any]] = [
        {
            "id": name,
            "from_name": layer,
            "to_name": "text",
            "type": "labels",
            "value": {"start": TEXT.index(words), "end": TEXT.index(words) + len(words), "labels": [label]},
        }
        for name, layer, label, words in (("f", "accident", "FIRE", "Fire"), ("o", "body", "SHIP", "Orca"))
    ]
    arrow: dict[str, Any] = {"type": "relation", "from_id": "f", "to_id": "o", "direction": "right"}
    read = from_result([*result, {**arrow, "labels": []}], TEXT, schema)
    assert [(relation.label, relation.head, relation.tail) for relation in read.relations] == [
        ("victim", "f", "o")
    ]
    named = from_result([*result, {**arrow, "labels": ["source"]}], TEXT, schema)
    assert [relation.label for relation in named.relations] == ["source"]

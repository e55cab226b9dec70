"""Arrows without a role, or drawn the wrong way: read as the one thing that the schema allows them to be."""

from __future__ import annotations

from typing import Any

import pytest

from goldwire.annotate.sync.importer import across_layers
from goldwire.formats.labelstudio.reader import from_result
from goldwire.formats.labelstudio.result import ReadResult
from goldwire.project import example_root, load_project
from goldwire.schemas import Schema, load_schema

TEXT = "Trump frappe Bagdad mardi, un acte inacceptable."


@pytest.fixture(scope="module")
def schema() -> Schema:
    """The example's: `actor`, `holder` and `location` are drawn towards the event or stance."""
    return load_schema(load_project(example_root()).schema_path)


def region(name: str, layer: str, label: str, quote: str) -> dict[str, Any]:
    """A marked quote, named by its first letter."""
    start = TEXT.index(quote)
    value = {"start": start, "end": start + len(quote), "labels": [label], "text": quote}
    return {"id": name, "from_name": layer, "to_name": "text", "type": "labels", "value": value}


REGIONS = [
    region("who", "entity", "PER", "Trump"),
    region("what", "event", "ASSAULT", "frappe"),
    region("where", "entity", "LOC", "Bagdad"),
    region("when", "entity", "DATE", "mardi"),
    region("how", "stance", "NEGATIVE", "inacceptable"),
]


def read(schema: Schema, start: str, end: str, *labels: str, direction: str = "right") -> ReadResult:
    """What becomes of one arrow."""
    arrow = {"type": "relation", "from_id": start, "to_id": end, "direction": direction}
    return from_result([*REGIONS, {**arrow, "labels": list(labels)}], TEXT, schema)


def ends(found: ReadResult) -> list[tuple[str, str, str]]:
    """The relations that were read."""
    return [(arrow.label, arrow.head, arrow.tail) for arrow in found.relations]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("who", "what", ("actor", "what", "who")),
        ("what", "who", ("recipient", "what", "who")),
        ("where", "what", ("location", "what", "where")),
        ("what", "when", ("date", "what", "when")),
        ("who", "how", ("holder", "how", "who")),
        ("how", "what", ("target", "how", "what")),
    ],
)
def test_an_arrow_without_a_role_is_the_one_that_it_can_be(
    schema: Schema, start: str, end: str, expected: tuple[str, str, str]
) -> None:
    """Direction chooses: from the actor to the event, from the event to who is struck; it is counted."""
    found = read(schema, start, end)
    assert ends(found) == [expected]
    assert (found.filled, found.turned, found.quarantined) == (1, (), ())
    left = read(schema, end, start, direction="left")
    assert ends(left) == [expected]


def test_a_wrong_way_that_can_mean_one_thing_is_turned_and_told(schema: Schema) -> None:
    """With a role or without; a role drawn as the schema says it is drawn is no wrong way."""
    found = read(schema, "when", "what")
    assert ends(found) == [("date", "what", "when")]
    assert (found.filled, [arrow.label for arrow in found.turned]) == (1, ["date"])
    labelled = read(schema, "who", "what", "recipient")
    assert ends(labelled) == [("recipient", "what", "who")]
    assert [arrow.label for arrow in labelled.turned] == ["recipient"]
    usual = read(schema, "who", "what", "actor")
    assert (ends(usual), usual.turned, usual.filled) == ([("actor", "what", "who")], (), 0)


def test_an_arrow_that_can_mean_nothing_or_much_is_put_aside(schema: Schema) -> None:
    """Nothing is guessed: the quarantine says which roles there were."""
    nothing = read(schema, "who", "where")
    assert (ends(nothing), [part.kind for part in nothing.quarantined]) == ([], ["relation"])
    either = read(schema, "where", "what", "date")
    assert ends(either) == [("date", "where", "what")]  # what the schema forbids stays, for `corpus check`


def test_a_region_of_two_layers_is_told(schema: Schema) -> None:
    """A label's key pressed with a region selected adds a label to it: such regions are found, no others."""
    second = {**region("who", "event", "ASSAULT", "Trump")}
    beside = region("other", "event", "ASSAULT", "Trump")
    found = from_result([*REGIONS, second, beside], TEXT, schema)
    assert [[span.label for span in spans] for spans in across_layers(found.spans)] == [["PER", "ASSAULT"]]

"""Annotators' names, addresses and configs."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.labelstudio.config_difference import compare_configs
from goldwire.annotate.labelstudio.users import address, annotator_names
from goldwire.schemas.rendering.label_config import label_config
from tests.annotate.helpers import make_schema

# What the server takes as an address (Django's validator).
_LOCAL = re.compile(r"[-!#$%&'*+/=?^_`{}|~0-9A-Z]+(\.[-!#$%&'*+/=?^_`{}|~0-9A-Z]+)*", re.IGNORECASE)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_an_annotators_address_leads_back_to_the_name(name: str) -> None:
    """Any name makes an address that the server takes and that reads back as the name."""
    made = address(name)
    local, _, domain = made.rpartition("@")
    assert _LOCAL.fullmatch(local)
    assert domain == "goldwire.invalid"
    assert annotator_names([{"id": 3, "email": made}]) == {3: name}


def test_people_of_one_name_are_kept_apart() -> None:
    """Two accounts with the same name before the @ bear their whole address, goldwire's own excepted."""
    emails = ["anna@uni.example", "anna@press.example", "bob@uni.example", "eve@uni.example", address("eve")]
    names = annotator_names([{"id": n, "email": email} for n, email in enumerate(emails)])
    assert list(names.values()) == ["anna@uni.example", "anna@press.example", "bob", "eve@uni.example", "eve"]


def test_configs_are_compared_by_what_annotations_use() -> None:
    """A label, a value or a relation less is a loss, one more a gain, another colour or title neither."""
    schema = make_schema()
    other = make_schema(title="Autre titre")
    other.layers["thing"].labels.pop("TOOL")
    other.layers["thing"].attributes["tastes"].values.pop("sour")
    other.relations["from"] = other.relations.pop("with")
    difference = compare_configs(label_config(schema), label_config(other))
    assert difference.added == ["Relation `from`"]
    assert difference.removed == [
        "Label `TOOL` of `thing`",
        "Relation `with`",
        "Choice `sour` of `thing-tastes`",
    ]
    recoloured = label_config(schema).replace("#0072B2", "#000000")
    assert compare_configs(label_config(schema), recoloured) == ([], [])

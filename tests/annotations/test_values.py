"""What an attribute's value may be."""

from __future__ import annotations

from goldwire.annotations.values import value_problem
from goldwire.project import example_root, load_project
from goldwire.schemas import load_schema


def test_a_value_for_other_labels_is_none_of_this_one() -> None:
    """With the label of its span, a value that the schema keeps for others is told, with its labels."""
    schema = load_schema(load_project(example_root()).schema_path)
    mode = schema.layers["event"].attributes["mode"]
    assert value_problem(mode, "withdraw", "SANCTION") is None
    assert value_problem(mode, "drone") is None
    assert value_problem(mode, "drone", "SANCTION") == ("`drone` is no value of SANCTION", "only on ASSAULT")

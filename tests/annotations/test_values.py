"""What an attribute's value may be."""

from __future__ import annotations

from datetime import date, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotations.values import iso_date, value_problem
from goldwire.project import example_root, load_project
from goldwire.schemas import load_schema


def test_a_value_for_other_labels_is_none_of_this_one() -> None:
    """With the label of its span, a value that the schema keeps for others is told, with its labels."""
    schema = load_schema(load_project(example_root()).schema_path)
    mode = schema.layers["event"].attributes["mode"]
    assert value_problem(mode, "withdraw", "SANCTION") is None
    assert value_problem(mode, "drone") is None
    assert value_problem(mode, "drone", "SANCTION") == ("`drone` is no value of SANCTION", "only on ASSAULT")


@given(st.dates(min_value=date(1000, 1, 1)), st.booleans())
def test_a_date_is_read_in_the_forms_that_are_sure(day: date, with_time: bool) -> None:
    """As ISO 8601 has it, with slashes or points, day first with points alone, as feeds write it."""
    time = "T23:59:00-05:00" if with_time else ""
    forms = [f"{day:%Y-%m-%d}{time}", f"{day:%Y%m%d}{time}", f"{day.year}/{day.month}/{day.day}"]
    forms += [
        f" {day.day}.{day.month}.{day.year} ",
        format_datetime(datetime.combine(day, datetime.min.time())),
    ]
    forms += [format_datetime(datetime.combine(day, datetime.min.time())).partition(", ")[2]]
    assert {iso_date(form) for form in forms} == {day.isoformat()}
    assert (iso_date(f"{day.year}-{day.month}"), iso_date(day.year)) == (f"{day:%Y-%m}", str(day.year))


@pytest.mark.parametrize(
    "stated", ["", "05/04/2024", "May 5, 2024", 1714900000, "2024-02-30", "32 May 2024", "2024-05-01x", True]
)
def test_what_may_be_another_date_or_none_is_none(stated: object) -> None:
    """It is not guessed."""
    assert iso_date(stated) == ""

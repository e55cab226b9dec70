"""Every figure is written in one form, by one module."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from goldwire.number_format import (
    amount,
    interval,
    number,
    p_in_words,
    p_value,
    percent,
    signed,
    signed_interval,
    with_interval,
)
from tests.house.trees import in_one_process, nodes_of

SOURCE = Path(__file__).parents[2] / "src/goldwire"
RATES = st.floats(-1, 1)


@given(RATES)
def test_a_rate_has_three_digits_and_no_leading_zero(value: float) -> None:
    """`.661`, never `0.661`; what rounds to nought has no sign; the figure is the value, rounded."""
    shown = number(value)
    assert re.fullmatch(r"-?(1\.000|\.\d{3})", shown)
    assert float(shown) == round(value, 3)
    assert shown != "-.000"


@given(RATES)
def test_a_difference_always_says_its_direction(value: float) -> None:
    """`+.012`, `-.012`, `±.000`."""
    shown = signed(value)
    assert shown[0] == ("±" if not round(value, 3) else "+" if value > 0 else "-")
    assert shown[1:] == number(abs(value))


@given(st.tuples(RATES, RATES))
def test_an_interval_goes_from_to(bounds: tuple[float, float]) -> None:
    """`.959 to .981`: one style, with the digits of the value."""
    assert interval(bounds) == f"{number(bounds[0])} to {number(bounds[1])}"
    assert signed_interval(bounds) == f"{signed(bounds[0])} to {signed(bounds[1])}"
    assert with_interval(0.5, bounds) == f".500 ({interval(bounds)})"


@given(st.integers(0, 10**12))
def test_counts_have_their_thousands_apart(value: int) -> None:
    """`12,345`; what is counted by halves keeps its part."""
    assert int(amount(value).replace(",", "")) == value
    assert re.fullmatch(r"\d{1,3}(,\d{3})*", amount(value))
    assert amount(value + 0.0) == amount(value)


def test_what_is_undefined_is_a_dash_everywhere() -> None:
    """No figure and no interval look the same in every place."""
    shown = {number(None), signed(None), interval(None), signed_interval(None), percent(None), p_value(None)}
    assert shown == {"–"} == {with_interval(None, None)}


def test_a_small_p_is_never_nought() -> None:
    """p has four digits; a smaller one says so."""
    assert [p_value(p) for p in (0.04213, 0.00009999, 0.00001, 1.0)] == [
        ".0421",
        ".0001",
        "< .0001",
        "1.0000",
    ]
    assert (p_in_words(0.5), p_in_words(1e-9), p_in_words(None)) == ("p = .5000", "p < .0001", "untested")


def test_halves_and_shares() -> None:
    """A half keeps its digit, a share is in per cent."""
    assert (amount(1234.5), amount(0.5), percent(0.126), percent(0.126, 1)) == (
        "1,234.5",
        "0.5",
        "13 %",
        "12.6 %",
    )


#: Coordinates of drawings and seconds have no thousands and at most one digit; options are shown as given.
AS_GIVEN = {SOURCE / "corpus/split/split.py", SOURCE / "corpus/split/io.py", SOURCE / "number_format.py"}


@in_one_process
def test_no_other_module_formats_a_figure() -> None:
    """Rates, shares and thousands are formatted in `goldwire.number_format` alone."""
    for path in SOURCE.rglob("*.py"):
        if path in AS_GIVEN:
            continue
        for node in nodes_of(path):
            if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
                parts = [part for part in node.format_spec.values if isinstance(part, ast.Constant)]
                spec = "".join(str(part.value) for part in parts)
                assert not re.search(r"[,%g+_]|\.[2-9]|\.f", spec), f"{path}:{node.lineno}: `{spec}`"

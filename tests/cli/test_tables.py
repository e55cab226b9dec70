"""Tables fit the terminal: figures stay whole, and what does not fit is named."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from goldwire.cli.common import table
from goldwire.cli.tables import GAP, columns_of, fit_table
from tests.cli.terminal import on_terminal

FIGURES = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(0, 1).map(lambda value: f"{value:.3f}"[1:]),
    st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda two: f"{two[0]:.3f} to {two[1]:.3f}"),
    st.just("–"),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=60)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[tuple[object, ...]]]:
    """Names of columns and rows: a column of words, then words and figures as they come."""
    kinds = [WORDS, *draw(st.lists(st.sampled_from([FIGURES, WORDS]), max_size=9))]
    names = [f"{draw(WORDS)}{place}" for place in range(len(kinds))]
    rows: list[tuple[object, ...]] = []
    rows += [tuple(draw(kind) for kind in kinds) for _ in range(draw(st.integers(0, 4)))]
    return names, rows


@given(tables(), st.integers(20, 220), st.data())
def test_what_fits_is_whole_and_what_does_not_is_named(
    found: tuple[list[str], list[tuple[object, ...]]], width: int, data: st.DataObject
) -> None:
    """No figure's column is narrower than the figure; kept and left out are all; empty and lesser columns go
    first."""
    names, rows = found
    columns = columns_of(names, rows, left=1)
    lesser = data.draw(st.lists(st.sampled_from([column.name for column in columns]), unique=True))
    fitted = fit_table(columns, width, lesser)
    assert [*(c.name for c in fitted.columns), *fitted.left_out] != []
    assert len(fitted.columns) + len(fitted.left_out) == len(columns)
    assert fitted.columns[0] is columns[0]
    assert fitted.width <= width or len(fitted.columns) == 1
    for column, given_width in zip(fitted.columns, fitted.widths, strict=True):
        for cell in column.cells:
            if re.fullmatch(r"[-+.,\d]+( to [-+.,\d]+)?", cell):
                assert cell_len(cell) <= given_width
    empty = {column.name for column in columns if not any(column.cells)}
    if set(fitted.left_out) - empty - set(lesser):
        kept = {column.name for column in fitted.columns[1:]}
        assert not kept & set(lesser)


@given(tables())
def test_nothing_is_left_out_where_there_is_room(found: tuple[list[str], list[tuple[object, ...]]]) -> None:
    """Without a terminal every row is a line and every cell whole."""
    columns = columns_of(found[0], found[1], left=1)
    fitted = fit_table(columns, 10**9)
    assert fitted.left_out == () and fitted.columns == tuple(columns)
    assert fitted.width == sum(c.whole for c in columns) + GAP * (len(columns) - 1)


NAMES = ("label", "P", "R", "F1", "95 % interval", "n", "note")
ROWS = [
    (
        "a label of several words",
        ".912",
        ".814",
        ".861",
        ".812 to .903",
        1234567,
        "none: in too few documents",
    ),
    ("AVeryLongLabelWithoutAnyBlankThatGoesOnAndOnAndOn", "–", ".500", ".100", "–", 3, ""),
]
FIGURES_OF = {"P": [".912"], "R": [".814", ".500"], "F1": [".861", ".100"]} | {
    "95 % interval": [".812 to .903"],
    "n": ["1,234,567", "3"],
}


@pytest.mark.parametrize("width", [30, 60, 80, 100, 120, 200])
def test_a_table_in_a_terminal_is_as_wide_as_that_and_cuts_no_figure(width: int) -> None:
    """Every figure of the columns that are there stands whole, no line is wider, what is gone is named."""
    shown = on_terminal(width, lambda: table(NAMES, ROWS, lesser=("note", "n")))
    drawn, _, said = shown.partition("left out for want of width: ")
    gone = said.partition(" (")[0].split(", ") if said else []
    assert max(map(cell_len, drawn.splitlines())) <= width
    for name, figures in FIGURES_OF.items():
        if name not in gone:
            assert all(figure in drawn for figure in figures), shown
    assert gone == {30: ["F1", "95 % interval", "n", "note"], 60: ["note"]}.get(width, []), shown
    assert "…" not in shown


def test_piped_a_table_is_whole_whatever_the_width_of_the_shell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is a line and nothing is wrapped, cut or left out, however narrow COLUMNS says the shell is."""
    monkeypatch.setenv("COLUMNS", "40")
    table(NAMES, ROWS, title="a title " * 9)
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 3 + len(ROWS)
    for line, row in zip(lines[3:], ROWS, strict=True):
        assert all((f"{cell:,}" if isinstance(cell, int) else cell) in line for cell in row)


def test_a_column_is_named_with_the_ways_to_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who misses a column is told where it can be had."""
    shown = on_terminal(40, lambda: table(NAMES, ROWS, lesser=("note", "n")))
    assert "a wider terminal" in shown and "note" in shown

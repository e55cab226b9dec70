"""Tables that fit: figures stay whole, words wrap, columns of lesser weight give way and are named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldwire.number_format import amount
from goldwire.visible import on_a_line, visible

if TYPE_CHECKING:
    from rich.console import RenderableType

GAP = 2
#: Words are folded to no less than this, if a column can give way instead.
LEAST = 14
_FIGURE = re.compile(r"[-+–<>±×%.,:\d\s]*\d[-+–%.,:\d\s]*( to [-+±.,\d]+)?|[-–]?")
#: What stands to the right: a figure, a figure with its unit, nothing.
_COUNTED = re.compile(r"[-+–±<]?\s*[.\d]|[-–]?$")
_NUMBER = re.compile(r"[-+<]?[.,\d]*\d%?")


@dataclass(frozen=True)
class TextColumn:
    """A column as it is to be printed: every cell already text that does nothing in a terminal.

    `whole` is its width with nothing wrapped, `least` the width that cuts no figure; in terminal cells.
    """

    name: str
    cells: tuple[str, ...]
    right: bool
    whole: int
    least: int


@dataclass(frozen=True)
class FittedTable:
    """The columns that fit with their widths, and the names of those that do not."""

    columns: tuple[TextColumn, ...]
    widths: tuple[int, ...]
    left_out: tuple[str, ...]

    @property
    def width(self) -> int:
        """Of the whole table."""
        return sum(self.widths) + GAP * (len(self.widths) - 1)


def shown(cell: object, *, first: bool = False) -> str:
    """A cell as text: counts with thousands apart, data made visible."""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return amount(cell)
    return on_a_line(str(cell)) if first else visible(str(cell))


def columns_of(names: Sequence[str], rows: Sequence[Sequence[object]], left: int) -> list[TextColumn]:
    """The columns of a table: the first `left` to the left, of the others those that hold no figures."""
    columns = []
    for index, name in enumerate(names):
        cells = tuple(shown(row[index], first=not index) for row in rows)
        title = on_a_line(name) if not index else visible(name)
        whole = max(map(_width, (title, *cells)))
        least = min(whole, max([_least_of_title(title), *map(_least, cells)]))
        right = index >= left and all(_COUNTED.match(cell) for cell in cells)
        columns.append(TextColumn(title, cells, right, whole, least))
    return columns


def fit_table(
    columns: Sequence[TextColumn], width: int, lesser: Sequence[str | tuple[str, ...]] = ()
) -> FittedTable:
    """What of a table fits into `width`.

    Columns without any entry give way first, then those named in `lesser` in that order, those of a tuple
    together, then the others from the right; the first stays.
    Then the widest columns of words are wrapped until the rest fits.
    """
    fitting, left_out = list(columns), []
    named = [(names,) if isinstance(names, str) else names for names in lesser]
    groups = [[column for column in columns[1:] if not any(column.cells)]]
    groups += [
        [column for column in columns[1:] if column.name in names and column not in groups[0]]
        for names in named
    ]
    groups += [[column] for column in reversed(columns[1:]) if not any(column in group for group in groups)]
    for group in groups:
        if sum(column.least for column in fitting) + GAP * (len(fitting) - 1) <= width:
            break
        fitting = [column for column in fitting if column not in group]
        left_out += group
    widths = [column.whole for column in fitting]
    while (over := sum(widths) + GAP * (len(fitting) - 1) - width) > 0:
        wide = [i for i, column in enumerate(fitting) if widths[i] > column.least]
        if not wide:
            break
        most = max(widths[i] for i in wide)
        next_most = max((widths[i] for i in wide if widths[i] < most), default=0)
        widest = [i for i in wide if widths[i] == most]
        by = max(1, min(most - next_most, over // len(widest)))
        for i in widest:
            widths[i] = max(fitting[i].least, widths[i] - by)
    names = tuple(column.name or "…" for column in columns if column in left_out)
    return FittedTable(tuple(fitting), tuple(widths), names)


def drawn(fitted: FittedTable) -> RenderableType:
    """The table for rich, with no cell read as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column, width in zip(fitted.columns, fitted.widths, strict=True):
        justify = "right" if column.right else "left"
        table.add_column(Text(column.name), justify=justify, width=width, overflow="fold")  # type: ignore[arg-type]
    for cells in zip(*(column.cells for column in fitted.columns), strict=True):
        table.add_row(*map(Text, cells))
    return table


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _least(text: str) -> int:
    """Of a cell: a figure is never cut, words are folded to `LEAST` where they are longer."""
    if _FIGURE.fullmatch(text):
        return _width(text)
    numbers = [_width(word) for word in text.split() if _NUMBER.fullmatch(word)]
    return max([min(_width(text), LEAST), *numbers])


def _least_of_title(text: str) -> int:
    return max((min(_width(word), LEAST) for word in text.split()), default=0)

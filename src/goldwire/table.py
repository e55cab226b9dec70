"""Tables of figures, the same data wherever they are shown: terminal, notebook, CSV, LaTeX, pandas."""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from goldwire.errors import GoldwireError, one_of
from goldwire.number_format import amount, interval, number, p_value, percent, signed, signed_interval
from goldwire.visible import visible

if TYPE_CHECKING:
    from pandas import DataFrame

#: How a column's values are shown; all but `text` are figures, see `goldwire.number_format`.
Form: TypeAlias = Literal["text", "number", "signed", "interval", "signed_interval", "amount", "percent", "p"]
#: A plain value; an interval is a pair. None is a figure that is undefined, "" one that the row has not.
Cell: TypeAlias = str | int | float | tuple[float, float] | None

_FORMS: dict[Form, Callable[[Any], str]] = {
    "text": str,
    "number": number,
    "signed": signed,
    "interval": interval,
    "signed_interval": signed_interval,
    "amount": amount,
    "percent": lambda share: percent(share, 1),
    "p": p_value,
}
_INTERVALS = ("interval", "signed_interval")
#: Rows that fit a page in LaTeX; a table of more goes over several.
PAGE = 40
#: What a spreadsheet would take for a formula; a figure is none.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Column:
    """A column: its name, and the form in which its values are shown."""

    name: str
    form: Form = "text"

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns where data are kept as numbers: two of an interval, its bounds."""
        return (f"{self.name} low", f"{self.name} high") if self.form in _INTERVALS else (self.name,)

    def shown(self, cell: Cell) -> str:
        """A value as a reader sees it; not yet made safe for any place."""
        return cell if isinstance(cell, str) else _FORMS[self.form](cell)

    def plain(self, cell: Cell) -> tuple[str | int | float | None, ...]:
        """A value as data, one for each of `names`: the number itself, None where there is none."""
        if self.form in _INTERVALS:
            return cell if isinstance(cell, tuple) else (None, None)
        if isinstance(cell, tuple):
            raise TypeError(f"column `{self.name}` holds no intervals")
        return (None if cell == "" and self.form != "text" else cell,)


@dataclass(frozen=True, repr=False)
class Table:
    """A table: `name` to ask for it by, `title` for a caption, plain values by row.

    `lesser` names the columns that give way first where there is no room for all.

        >>> import goldwire
        >>> from goldwire.table import Column
        >>> table = goldwire.Table(
        ...     "scores", "Scores", (Column("label"), Column("F1", "number"), Column("95 %", "interval")),
        ...     [("PER", 0.6612, (0.612, 0.724)), ("ORG", None, None)],
        ... )
        >>> table
        <Table scores: 2 rows of label, F1, 95 %>
        >>> print(table.to_csv())
        label,F1,95 % low,95 % high
        PER,0.6612,0.612,0.724
        ORG,,,
        <BLANKLINE>
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    lesser: tuple[str | tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        names = ", ".join(column.name for column in self.columns)
        return f"<Table {self.name}: {amount(len(self.rows))} rows of {names}>"

    @property
    def left(self) -> int:
        """How many columns of words come first."""
        return next((n for n, column in enumerate(self.columns) if column.form != "text"), len(self.columns))

    def shown(self) -> list[tuple[str, ...]]:
        """The rows as a reader sees them, every figure in the one form."""
        return [
            tuple(column.shown(cell) for column, cell in zip(self.columns, row, strict=True))
            for row in self.rows
        ]

    def records(self) -> list[dict[str, Any]]:
        """A mapping for each row, from column to number or text; an interval is two columns."""
        return [
            {
                name: value
                for column, cell in zip(self.columns, row, strict=True)
                for name, value in zip(column.names, column.plain(cell), strict=True)
            }
            for row in self.rows
        ]

    def to_dict(self) -> dict[str, Any]:
        """Name, title, and `records`."""
        return {"name": self.name, "title": self.title, "rows": self.records()}

    def to_csv(self) -> str:
        """The numbers as they are, not rounded; an interval in two columns, empty where undefined."""
        return _csv([name for column in self.columns for name in column.names], self.records())

    def to_latex(self) -> str:
        r"""A `table` with a caption and rules by booktabs, figures in their one form, all text escaped.

        One of more than 40 rows is a `longtable`, of the package of that name: it goes over several pages.
        """
        align = "".join("l" if column.form == "text" else "r" for column in self.columns)
        names = " & ".join(latex_text(column.name) for column in self.columns)
        head = f"\\toprule\n{names} \\\\\n\\midrule\n"
        body = "".join(" & ".join(map(latex_text, row)) + " \\\\\n" for row in self.shown())
        caption = f"\\caption{{{latex_text(self.title)}}}"
        if len(self.rows) > PAGE:
            return (
                f"\\begin{{longtable}}{{{align}}}\n{caption} \\\\\n{head}\\endfirsthead\n{head}\\endhead\n"
                f"\\bottomrule\n\\endfoot\n{body}\\end{{longtable}}\n"
            )
        return (
            f"\\begin{{table}}\n\\centering\n{caption}\n"
            f"\\begin{{tabular}}{{{align}}}\n{head}{body}"
            "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
        )

    def to_pandas(self) -> DataFrame:
        """A data frame; an interval is two columns, what is undefined is missing."""
        import pandas as pd

        names = [name for column in self.columns for name in column.names]
        frame = pd.DataFrame(self.records(), columns=names)
        figures = [name for column in self.columns if column.form != "text" for name in column.names]
        return frame.assign(**{name: pd.to_numeric(frame[name]) for name in figures})

    def _repr_html_(self) -> str:
        """All text is escaped; figures stand to the right."""
        sides = ["left" if column.form == "text" else "right" for column in self.columns]

        def row(cells: Iterable[str], tag: str) -> str:
            return "".join(
                f'<{tag} style="text-align:{side}">{escape(visible(cell))}</{tag}>'
                for cell, side in zip(cells, sides, strict=True)
            )

        head = row([column.name for column in self.columns], "th")
        body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in self.shown())
        caption = f"<caption>{escape(visible(self.title))}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


class Figures(ABC):
    """What the results of scoring, comparing and counting have in common: their tables, in every form.

    A class of it says which `tables` it has and, by `as_json`, all its figures.
    """

    @abstractmethod
    def tables(self) -> list[Table]:
        """All tables, those that decide first."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """All figures."""

    def table(self, name: str | None = None) -> Table:
        """The table of that name, the first by default; raises GW930 with the names that exist."""
        tables = {table.name: table for table in reversed(self.tables())}
        if name is None and tables:
            return self.tables()[0]
        if name is None or name not in tables:
            raise GoldwireError.of("GW930", f"there is no table `{name or ''}`", hint=one_of(tables))
        return tables[name]

    def to_dict(self) -> dict[str, Any]:
        """All figures, as `--json` writes them."""
        return self.as_json()

    def to_csv(self) -> str:
        """All tables as one: a first column `table`, then all columns that any of them has."""
        shown = self.tables()
        names = list(dict.fromkeys(name for t in shown for column in t.columns for name in column.names))
        rows = [{"table": table.name, **record} for table in shown for record in table.records()]
        return _csv(["table", *names], rows)

    def to_latex(self) -> str:
        """All tables one after another, for a document that uses the packages booktabs and longtable."""
        return "\n".join(table.to_latex() for table in self.tables())

    def to_pandas(self, name: str | None = None) -> DataFrame:
        """The table of that name, the first by default, as a data frame."""
        return self.table(name).to_pandas()

    def _repr_html_(self) -> str:
        return "".join(table._repr_html_() for table in self.tables())


_LATEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "|": "\\textbar{}",
    # What a row must not begin with, as `\\\\` would take it for its own.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    # With a question mark before it a Spanish one; with a vowel behind it an umlaut, in German texts.
    "`": "\\textasciigrave{}",
    '"': '\\string"',
    "–": "--",
    "’": "'",
    "…": "\\dots{}",
    **{sign: f"${name}$" for sign, name in (("−", "-"), ("<", "<"), (">", ">"), ("·", "\\cdot"))},
    **{sign: f"${name}$" for sign, name in (("±", "\\pm"), ("×", "\\times"), ("²", "^2"), ("³", "^3"))},
    **{sign: f"${name}$" for sign, name in (("κ", "\\kappa"), ("α", "\\alpha"), ("γ", "\\gamma"))},
}
#: A sign before a figure is a minus or plus, no hyphen.
_SIGN = re.compile(r"(?<!\S)([-+])(?=[.\d])")
#: Signs of which LaTeX makes two another: a dash of hyphens, quotation marks of apostrophes and commas.
_JOINED = ("-", "'", ",")


def latex_text(text: str) -> str:
    """Text that LaTeX sets as it stands, on one line; Greek letters and signs by their commands.

    That is so of Latin letters; other scripts and emoji need LuaLaTeX or XeLaTeX, and a font that has them.
    """
    parts = _SIGN.split(visible(text))
    return "".join(f"${part}$" if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    escaped = ""
    for sign in text:
        command = _LATEX.get(sign, sign)
        apart = "{}" if command[0] in _JOINED and escaped.endswith(command[0]) else ""
        escaped += apart + command
    return escaped


def _csv(names: Sequence[str], records: Iterable[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(csv_cell, names))
    writer.writerows([csv_cell(record.get(name)) for name in names] for record in records)
    return stream.getvalue()


def csv_cell(value: str | int | float | None) -> str | int | float | None:
    """A value for CSV: words that a spreadsheet would take for a formula begin with an apostrophe."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text

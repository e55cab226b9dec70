r"""The lines of WebAnno TSV 3: header, sentences, rows of tokens; and what escapes what in their cells.

    #FORMAT=WebAnno TSV 3.3
    #T_SP=webanno.custom.Dish|label|size
    #T_RL=webanno.custom.Relation|label|BT_webanno.custom.Dish

    #Text=Anna bakes a pie .
    1-1	0-4	Anna	_	_	_	_

After a row's number (`1-2`, of a part of a token `1-2.1`), extent and text stands a cell for each column: `_`
where the layer has no annotation, `*` where the feature has no value, `[n]` behind the value where one
annotation goes over several rows or lies with others in one, `|` between those. Offsets count UTF-16 units.
The format is INCEpTION's own documentation: User Guide, *WebAnno TSV 3.3 File format*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from goldwire.errors import Fault

NAME = "#FORMAT=WebAnno TSV "
SPANS, RELATIONS, CHAINS = "#T_SP=", "#T_RL=", "#T_CH="
TEXT = "#Text="
BASE, ROLE = "BT_", "ROLE_"
#: A cell without an annotation, a feature without a value, what lies between annotations and between slots.
NOTHING, NULL, STACK, SLOT = "_", "*", "|", ";"
#: A slot or relation that may end at annotations of any layer.
ANY = "uima.tcas.Annotation"

Use = Literal["feature", "role", "target", "base", "none"]

_ESCAPED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_SPECIAL = re.compile(r"[\\\[\]|_;*\t\n\r]|->")
_BACK = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b"}
_CONTROL = re.compile("[\x00-\x0a\x0c-\x1f\\\\]")  # all but U+000B, which INCEpTION leaves as it is
_SHORT = {"\t": "t", "\n": "n", "\r": "r", "\f": "f", "\b": "b"}
_ID = re.compile(r"(?s)(.*?)(?<!\\)((?:\\\\)*)\[(\d+)(?:_(\d+))?\]")
_ROW = re.compile(r"(\d+-\d+(?:\.\d+)?)\t(\d+)-(\d+)\t(.*)", re.DOTALL)


def escape_cell(value: str) -> str:
    """A feature's value as a cell holds it."""
    return _SPECIAL.sub(lambda found: _ESCAPED.get(found[0]) or f"\\{found[0]}", value)


def unescape_cell(cell: str) -> str:
    """The value that a cell holds."""
    if "\\" not in cell:
        return cell
    return re.sub(
        r"\\(->|.)", lambda found: {"t": "\t", "n": "\n", "r": "\r"}.get(found[1], found[1]), cell, flags=re.S
    )


def escape_text(text: str) -> str:
    """A text as it stands behind `#Text=`."""
    return _CONTROL.sub(lambda found: f"\\{_SHORT.get(found[0], found[0])}", text)


def unescape_text(text: str, version: tuple[int, int]) -> str:
    """The text behind `#Text=`; up to version 3.1 it is escaped as Java does."""
    if "\\" not in text:
        return text
    if version <= (3, 1):
        return (
            re.sub(
                r"(?s)\\(?:u+([0-9a-fA-F]{4})|(.))",
                lambda found: chr(int(found[1], 16)) if found[1] else _BACK.get(found[2], found[2]),
                text,
            )
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )  # \ud83d\ude00 is one character
    return re.sub(r"(?s)\\(.)", lambda found: _BACK.get(found[1], found[1]), text)


def split_cell(cell: str, separator: str) -> list[str]:
    """A cell at the separators that are not escaped."""
    parts, start = [], 0
    if separator in cell:
        for match in re.finditer(rf"(?s)\\.|{re.escape(separator)}", cell):
            if match[0] == separator:
                parts.append(cell[start : match.start()])
                start = match.end()
    return [*parts, cell[start:]]


def numbered(value: str) -> tuple[str, int, int]:
    """A cell's value without the numbers behind it, and these: `PER[3]`, `1-2[3_4]`; 0 for none."""
    match = _ID.fullmatch(value) if value.endswith("]") else None
    if match is None:
        return value, 0, 0
    return match[1] + match[2], int(match[3]), int(match[4] or 0)


def texts(value: str) -> list[str]:
    """The texts in a value that holds several, as JSON; else the value alone."""
    try:
        return msgspec.json.decode(value, type=list[str])
    except msgspec.DecodeError:
        return [value]


@dataclass(frozen=True)
class LayerColumn:
    """A column after a row's first three: what of its layer it holds; `type` is that of what it points to."""

    use: Use
    feature: str = ""
    type: str = ANY


@dataclass
class TsvLayer:
    """A layer as the header declares it; its columns begin at the `first` of a row's cells."""

    kind: str
    type: str
    first: int
    columns: list[LayerColumn] = field(default_factory=list)

    @property
    def features(self) -> list[str]:
        """The features that hold a value each."""
        return [column.feature for column in self.columns if column.use == "feature"]


class TokenRow(NamedTuple):
    """A token, or a part of one: its line, number, extent in the file's units, text and cells."""

    line: int
    number: str
    start: int
    end: int
    text: str
    cells: list[str]


@dataclass
class Sentence:
    """A sentence: the line that it begins in, the lines of its text, its rows."""

    line: int
    lines: list[str]
    rows: list[TokenRow] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text."""
        return "\n".join(self.lines)


class File:
    """A file as it stands there: `layers`, `sentences`, and `faults` with their lines."""

    def __init__(self, content: str, where: str) -> None:
        self.where = where
        self.layers: list[TsvLayer] = []
        self.sentences: list[Sentence] = []
        self.faults: list[Fault] = []
        lines = content.replace("\r\n", "\n").split("\n")
        self.version = _version(lines[0])
        self._width = 0
        self._nothing: list[str] = []
        self._empty: tuple[str, ...] = ()
        self._read(lines)

    def _read(self, lines: list[str]) -> None:
        in_text = False
        for number, line in enumerate(lines[1:], start=2):
            if line.startswith((SPANS, RELATIONS, CHAINS)) and not self.sentences:
                self._declare(line, number)
            elif line.startswith(TEXT):
                text = unescape_text(line.removeprefix(TEXT), self.version)
                if in_text:
                    self.sentences[-1].lines.append(text)
                else:
                    self.sentences.append(Sentence(number, [text]))
                in_text = True
                continue
            elif line and not (line.startswith("#") and "\t" not in line):
                self._row(line, number)
            in_text = in_text and line.startswith("#")

    def _declare(self, line: str, number: int) -> None:
        kind, _, declared = line.partition("=")
        names = declared.split("|")
        layer = TsvLayer(f"{kind}=", names[0], self._width)
        for name in filter(None, names[1:]):
            before = layer.columns[-1] if layer.columns else None
            if layer.kind == SPANS and name.startswith(ROLE):
                feature = name.removeprefix(ROLE).partition(":")[2].partition("_")[0]
                layer.columns.append(LayerColumn("role", feature))
            elif before is not None and before.use == "role":
                layer.columns.append(LayerColumn("target", before.feature, name))
            elif layer.kind == RELATIONS and name.startswith(BASE):
                layer.columns.append(LayerColumn("base", type=name.removeprefix(BASE)))
            else:
                layer.columns.append(LayerColumn("feature", name))
        if not layer.columns:
            layer.columns.append(LayerColumn("none"))
        if layer.kind == RELATIONS and layer.columns[-1].use != "base":
            self._fault(number, "a layer of relations without the column BT_…")
        self.layers.append(layer)
        self._width += len(layer.columns)
        self._nothing = [NOTHING] * self._width
        empty = "\t".join(self._nothing)
        self._empty = (empty, f"{empty}\t")

    def _row(self, line: str, number: int) -> None:
        match = _ROW.fullmatch(line)
        if match is None or not self.sentences:
            wanted = "1-1<tab>0-4<tab>TOKEN<tab>…" if self.sentences else "#Text= before the first row"
            self._fault(number, f"no row: {wanted} is expected")
            return
        text, _, behind = match[4].partition("\t")
        if behind in self._empty:
            cells = self._nothing  # one list for the many rows without an annotation
        else:
            cells = match[4].split("\t")[1:]
            if cells and not cells[-1] and len(cells) > self._width:
                cells.pop()  # each cell ends in a tab, the last one too
        if len(cells) != self._width:
            self._fault(
                number, f"{len(cells)} columns after the token, and the header declares {self._width}"
            )
            return
        row = TokenRow(number, match[1], int(match[2]), int(match[3]), text, cells)
        self.sentences[-1].rows.append(row)

    def rows(self) -> Iterator[TokenRow]:
        """All rows, in the file's order."""
        for sentence in self.sentences:
            yield from sentence.rows

    def _fault(self, line: int, message: str) -> None:
        self.faults.append(
            Fault("GW661", message, f"{self.where}:{line}", "export it again as WebAnno TSV 3")
        )


def _version(line: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", line.removeprefix(NAME))
    return (int(match[1]), int(match[2])) if match else (3, 3)

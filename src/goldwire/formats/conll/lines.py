"""A CoNLL file's lines: rows of cells, between them blank lines, comments and beginnings of documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from goldwire.formats.conll.tags import says_tag

_BEGIN = re.compile(r"#\s*begin document \((.*)\);?(?:\s*part (\d+))?\s*")
_NEW_DOCUMENT = re.compile(r"#\s*(?:[\w.-]+:)?(?:document_id|newdoc(?:[ _]id)?)\s*(?:=\s*(.*\S)\s*)?")
# Label Studio's CONLL2003: two empty columns, a tag that may hold blanks (`Head -X- _ B-Job title`).
_STUDIO = re.compile(r"(\S+) -X- _ (\S.*)")
_VALUE = re.compile(r"# ?[\w.:-]+ = ")


class Kind(Enum):
    """What a line is."""

    ROW = auto()
    BLANK = auto()
    COMMENT = auto()
    DOCUMENT = auto()


class ConllLine(NamedTuple):
    """A line: the `cells` of a row, its `text` (of a document its name, where it has one)."""

    kind: Kind
    number: int
    cells: list[str]
    text: str


@dataclass
class ConllLines:
    """All lines of a file, and the number of columns that its rows have."""

    lines: list[ConllLine] = field(default_factory=list)
    width: int = 0
    #: Whether tabs part the columns.
    tabs: bool = True

    @property
    def rows(self) -> Iterator[ConllLine]:
        """The rows that have all columns."""
        return (line for line in self.lines if line.kind is Kind.ROW and len(line.cells) == self.width)

    @property
    def comments(self) -> Iterator[str]:
        """The comments as they stand."""
        return (line.text for line in self.lines if line.kind is Kind.COMMENT)


def table_of(content: str) -> ConllLines:
    """Cut a file's content. A trailing separator is no column; `# O` is a token where the columns fit."""
    texts = content.replace("\r\n", "\n").split("\n") if "\n" in content else content.split("\r")
    stripped = [text.strip() for text in texts]
    inner = [text for text in stripped if text and not text.startswith(("#", "-DOCSTART-"))]
    tabbed = sum("\t" in text for text in inner)
    table = ConllLines(tabs=tabbed >= sum(" " in text and "\t" not in text for text in inner) and tabbed > 0)
    studio = not table.tabs and bool(inner) and all(map(_STUDIO.fullmatch, inner))
    cut = [
        _cells(text, table.tabs, studio) if bare else [] for text, bare in zip(texts, stripped, strict=True)
    ]
    table.width = _width(cut, stripped)
    begun = False
    for number, (text, bare, cells) in enumerate(zip(texts, stripped, cut, strict=True), start=1):
        if not bare:
            table.lines.append(ConllLine(Kind.BLANK, number, [], ""))
        elif bare.startswith("-DOCSTART-"):
            table.lines.append(ConllLine(Kind.DOCUMENT, number, [], ""))
        elif bare[0] == "#" and (comment := _comment(bare, cells, table, begun)) is not None:
            table.lines.append(ConllLine(*comment[:1], number, [], comment[1]))
        else:
            begun = True
            table.lines.append(ConllLine(Kind.ROW, number, _fitted(cells, table.width), text))
    return table


def _cells(text: str, tabs: bool, studio: bool = False) -> list[str]:
    if tabs:
        return [cell.strip(" ") for cell in text.split("\t")]
    if studio and (match := _STUDIO.fullmatch(text.strip(" "))):
        return list(match.groups())
    return [cell for cell in re.split("[ \t]", text) if cell]


def _width(rows: list[list[str]], stripped: list[str]) -> int:
    """How many columns most rows have, without those at the end that are empty in all of them."""
    counts: Counter[int] = Counter()
    filled: dict[int, int] = {}
    for cells, bare in zip(rows, stripped, strict=True):
        if bare and not bare.startswith(("#", "-DOCSTART-")):
            counts[len(cells)] += 1
            last = len(cells)
            while last and not cells[last - 1]:
                last -= 1
            filled[len(cells)] = max(filled.get(len(cells), 0), last)
    return filled[max(counts, key=lambda count: (counts[count], count))] if counts else 0


def _fitted(cells: list[str], width: int) -> list[str]:
    """A row without empty cells behind its last column."""
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return cells


def _comment(bare: str, cells: list[str], table: ConllLines, begun: bool) -> tuple[Kind, str] | None:
    """What a line that begins with `#` is, where it is no row."""
    if match := _BEGIN.fullmatch(bare):
        return Kind.DOCUMENT, "/".join(filter(None, match.groups()))
    if match := _NEW_DOCUMENT.fullmatch(bare):
        return Kind.DOCUMENT, match[1] or ""
    if not _VALUE.match(bare):
        cells = _fitted(cells, table.width)
        fits = len(cells) == table.width > 1
        tagged = any(map(says_tag, cells[1:] if table.tabs else cells[-1:]))
        if fits and (tagged or (cells[0] != "#" and (table.tabs or not bare.startswith("# ")))):
            return None
        # A broken row is no comment: it would be lost.
        if not fits and begun and cells[0] != "#" and not bare.startswith(("# ", "#end document")):
            return None
    return Kind.COMMENT, bare

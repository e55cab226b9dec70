"""How a file begins: enough to tell whose it is."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from goldwire import strict_json

#: Bytes and rows that are looked at.
BYTES, ROWS = 1 << 18, 50
#: Bytes of a file that is looked through whole, where its first row is longer than that.
WHOLE = 64 << 20


@dataclass(frozen=True)
class Head:
    """The first bytes of a file, as what they may be."""

    path: Path
    data: bytes

    @classmethod
    def of(cls, path: Path) -> Head:
        """The head of a file. Raises OSError where it can't be read."""
        with path.open("rb") as stream:
            return cls(path, stream.read(BYTES))

    @property
    def suffix(self) -> str:
        """The file's suffix, in lower case."""
        return self.path.suffix.lower()

    @property
    def cut(self) -> bool:
        """Whether the file goes on beyond the head."""
        return len(self.data) == BYTES

    @cached_property
    def text(self) -> str:
        """The head as text; empty where it holds what no text does."""
        if b"\0" in self.data:
            return ""
        text = self.data.decode("utf-8-sig", "ignore")
        return text.lstrip()

    @cached_property
    def lines(self) -> list[str]:
        """The first lines, whole ones."""
        lines = self.text.split("\n")
        return [line.rstrip("\r") for line in (lines[:-1] if self.cut and len(lines) > 1 else lines)]

    @cached_property
    def rows(self) -> list[Any]:
        """The first values of JSON Lines, or the first elements of a JSON array; none where it is neither."""
        if self.text[:1] not in ("{", "["):
            return []
        rows = _rows(self.text, self.lines)
        if not rows and self.cut and self.path.is_file() and self.path.stat().st_size <= WHOLE:
            # The first row alone is longer than the head.
            text = self.path.read_bytes().decode("utf-8-sig", "ignore").lstrip()
            rows = _rows(text, text.split("\n", ROWS)[:ROWS])
        return rows

    @cached_property
    def keys(self) -> set[str]:
        """The keys that all rows have, where they are objects."""
        objects = [row for row in self.rows if isinstance(row, dict)]
        return set.intersection(*map(set, objects)) if objects and len(objects) == len(self.rows) else set()

    @cached_property
    def outer(self) -> set[str]:
        """The keys near the begin of a JSON object over several lines."""
        if not self.text.startswith("{") or self.rows:
            return set(self.keys)
        return set(re.findall(r'"([^"\\]{1,40})"\s*:', self.text[:4096]))

    @cached_property
    def columns(self) -> list[str]:
        """The names in the first line of a table."""
        if not self.lines or self.suffix not in (".csv", ".tsv", ".txt", ""):
            return []
        try:
            return next(csv.reader(self.lines[:1], delimiter=delimiter(self.lines[0])), [])
        except csv.Error:
            return []


def delimiter(line: str) -> str:
    """What parts the cells of a table, as its first line shows."""
    return max("\t,;", key=line.count)


def _rows(text: str, lines: list[str]) -> list[Any]:
    first = _value(lines[0]) if lines else None
    if first is not None and (text[0] == "{" or len(lines) > 1 or is_pair(first)):
        rows = [value for line in lines[:ROWS] if (value := _value(line)) is not None]
        if len(rows) > 1 or not isinstance(first, list) or is_pair(first):
            return rows
    return _elements(text) if text[0] == "[" else []


def _value(line: str) -> Any:
    try:
        return strict_json.loads(line)
    except ValueError:
        return None


def is_pair(value: Any) -> bool:
    """Whether a list is a text with what is said of it, and not a list of rows."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _elements(text: str) -> list[Any]:
    """The first whole elements of an array."""
    elements: list[Any] = []
    at = 1
    decode = strict_json.prefix
    while len(elements) < ROWS:
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
        try:
            value, at = decode(text, at)
        except ValueError:
            break
        elements.append(value)
    return elements

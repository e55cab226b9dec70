"""Rows of tables: JSON Lines, JSON and CSV as mappings, each with its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError

Row = dict[str, Any]


def json_rows(lines: Iterable[str], where: str, faults: list[Fault]) -> Iterator[tuple[str, Row]]:
    """The objects of lines of JSON with their `file:line`; what is none goes to `faults` (GW224)."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = f"{where}:{number}"
            try:
                yield place, json_object(line, place)
            except GoldwireError as error:
                faults.extend(error.faults)


def json_list(text: str, where: str) -> Iterator[tuple[str, Row]]:
    """The objects of a JSON file that is a list of them, with their `file $[n]`; or the one that it is."""
    value = _loaded(text, where, "GW224")
    if isinstance(value, dict):
        yield where, value
    elif isinstance(value, list) and all(isinstance(row, dict) for row in value):
        yield from ((f"{where} $[{number}]", row) for number, row in enumerate(value))
    else:
        hint = "[{…}, {…}], an object an article"
        raise GoldwireError.of("GW224", "not a list of JSON objects", where=where, hint=hint)


def json_object(data: bytes | str, place: str, code: str = "GW224") -> Row:
    """The object that a line of JSON is; raises `code` where it is none."""
    row = _loaded(data, place, code)
    if not isinstance(row, dict):
        raise GoldwireError.of(code, "not a JSON object", where=place, hint="one {…} a line")
    return row


def _loaded(data: bytes | str, place: str, code: str) -> Any:
    try:
        return strict_json.loads(data)
    except strict_json.NotStrict as error:
        message, path = strict_json.error_in_words(error)
        raise GoldwireError.of(code, message, where=f"{place} {path}".rstrip(), hint="keep one") from None
    except ValueError as error:
        raise GoldwireError.of(code, f"not JSON: {error}", where=place) from None


def csv_rows(
    text: str | Iterable[str], where: str, faults: list[Fault], *, delimiter: str = ","
) -> Iterator[tuple[str, Row]]:
    """The rows of CSV under its header with their `file:line`, empty fields left out.

    Lines, with the ends that they have in the file, are read one by one. A row with more or fewer fields than
    the header goes to `faults`, as what is no CSV does, and a header that names a column twice (GW225).
    """
    # newline="" leaves line ends inside quoted fields to the csv module, as its documentation asks.
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    reader = csv.DictReader(lines, strict=True, delimiter=delimiter)
    # The module's own limit, 131,072 characters, is less than a long article.
    csv.field_size_limit(2**31 - 1)
    try:
        if twice := named_twice(reader.fieldnames or ()):
            message = f"column `{twice}` stands twice"
            faults.append(Fault("GW225", message, f"{where}:{reader.line_num}", "rename or remove one"))
            return
        for row in reader:
            place = f"{where}:{reader.line_num}"
            extra = row.pop(None, None)
            if extra is not None or None in row.values():
                message = "more or fewer fields than the header"
                faults.append(Fault("GW225", message, place, "quote fields"))
                continue
            yield place, {name: value for name, value in row.items() if value != ""}
    except csv.Error as error:
        faults.append(Fault("GW225", f"not CSV: {error}", f"{where}:{reader.line_num}", "quote fields"))


def named_twice(columns: Iterable[str]) -> str:
    """The first name that stands twice in a header, of which a row would keep the last; empty: none does."""
    names = [name for name in columns if name]
    return next((name for number, name in enumerate(names) if name in names[:number]), "")


def delimiter_of(text: str) -> str:
    """What parts the fields of a table: of comma, semicolon, tab and bar the most frequent in the header."""
    header = next(csv.reader([text.partition("\n")[0]], delimiter="\0"), [""])
    line = header[0] if header else ""
    return max(",;\t|", key=lambda sign: line.count(sign))


def check_named_once(row: Row, place: str, code: str) -> None:
    """Refuse a row, with `code`, in which a surrogate stands that has no partner: no file can hold it."""
    if half_pair(row):
        hint = "repair the text that it was made from"
        raise GoldwireError.of(code, "holds half a surrogate pair", where=place, hint=hint)


def half_pair(value: Any) -> bool:
    """Whether a surrogate that has no partner, which no file can hold, stands in a JSON value."""
    if isinstance(value, dict):
        return any(half_pair(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(half_pair(part) for part in value)
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False

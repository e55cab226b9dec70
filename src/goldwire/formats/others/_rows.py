"""Files of rows taken apart: JSON, JSON Lines, a folder or a zip of them, and tables."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError
from goldwire.files import decoded, read_bytes
from goldwire.formats.head import delimiter, is_pair
from goldwire.formats.options import ConversionOptions
from goldwire.limits import inflated
from goldwire.seeds.rows import named_twice
from goldwire.zips import UNREADABLE


class Content(NamedTuple):
    """The text of a file, with its place and its name without suffix."""

    place: str
    stem: str
    text: str


class FileRow(NamedTuple):
    """One row: its place, its number from 1, the name of its file without suffix, what it holds."""

    place: str
    number: int
    stem: str
    value: Any


def malformed_row(place: str, message: str, hint: str) -> Fault:
    """What is no file, or no row, of the format."""
    return Fault("GW621", message, place, hint)


def called(stated: Any, otherwise: str) -> str:
    """What a document is called: as stated, where that is a text or a number."""
    return str(stated) if isinstance(stated, (str, int)) and str(stated).strip() else otherwise


def contents(path: Path, suffixes: tuple[str, ...], what: str) -> Iterator[Content]:
    """The texts of a file, or of those with one of `suffixes` in a folder or a zip.

    Raises GW621 where there is none, GW903 where one is not UTF-8; `what` says what is wanted.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes and file.is_file())
        if not files:
            wanted = ", ".join(suffixes)
            raise GoldwireError(
                malformed_row(str(path), f"no file of {what} in this folder ({wanted})", "name one")
            )
        for file in files:
            yield Content(str(file), file.stem, decoded(read_bytes(file), str(file)))
        return
    data = read_bytes(path)
    if data.startswith(b"PK\x03\x04"):
        yield from _zipped(path, data, suffixes, what)
    else:
        yield Content(str(path), path.stem, decoded(data, str(path)))


def _zipped(path: Path, data: bytes, suffixes: tuple[str, ...], what: str) -> Iterator[Content]:
    left, count = inflated(len(data)), 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                name = PurePath(member.filename)
                if member.is_dir() or name.suffix.lower() not in suffixes:
                    continue
                place = f"{path}/{member.filename}"
                with archive.open(member) as stream:
                    data_read = stream.read(left + 1)
                left -= len(data_read)
                if left < 0:
                    message = "unpacked it is larger than a file of its size may be"
                    raise GoldwireError(malformed_row(place, message, "unpack it, and name the folder"))
                count += 1
                yield Content(place, name.stem, decoded(data_read, place))
    except UNREADABLE as error:
        raise GoldwireError(malformed_row(str(path), f"no zip: {error}", "export it anew")) from None
    if not count:
        raise GoldwireError(
            malformed_row(str(path), f"no file of {what} in this zip", "name the file itself")
        )


def json_file_rows(content: Content, setting: ConversionOptions, hint: str) -> Iterator[FileRow]:
    """The rows of JSON Lines or of a JSON array; an object over several lines is one row.

    Lines that are no JSON are faults (GW621), or put aside where the reading is lenient.
    """
    place, stem, text = content
    value, problem = _whole(text)
    if problem is None:
        rows = value if isinstance(value, list) and not is_pair(value) else [value]
        single = rows is not value
        for number, row in enumerate(rows, start=1):
            yield FileRow(f"{place} $" if single else f"{place} $[{number - 1}]", number, stem, row)
        return
    lines = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        setting.refuse(text, malformed_row(place, "an empty file", hint))
    elif len(lines) == 1 or (_whole(lines[0][1])[1] is not None and _whole(lines[-1][1])[1] is not None):
        setting.refuse(text[:1000], malformed_row(place, f"not JSON: {problem}", hint))
    else:
        for number, line in lines:
            value, problem = _whole(line)
            if problem is None:
                yield FileRow(f"{place}:{number}", number, stem, value)
            else:
                setting.refuse(line, malformed_row(f"{place}:{number}", f"not JSON: {problem}", hint))


def _whole(text: str) -> tuple[Any, str | None]:
    """The value of a JSON text, and what is wrong with it."""
    try:
        return strict_json.loads(text), None
    except ValueError as error:
        return None, strict_json.error_in_words(error)[0]


def table_rows(content: Content, setting: ConversionOptions) -> tuple[list[str], Iterator[FileRow]]:
    """The names of a table's columns and its rows, by name. What parts cells the first line shows.

    Raises GW621 where a name stands twice.
    """
    place, stem, text = content
    csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text.partition("\n")[0]))
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise GoldwireError(malformed_row(place, f"no table: {error}", "export it anew")) from None
    if twice := named_twice(names):
        raise GoldwireError(malformed_row(place, f"column `{twice}` stands twice", "rename or remove one"))

    def rows() -> Iterator[FileRow]:
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                if not any(cells):
                    continue
                where = f"{place}:{reader.line_num}"
                if len(cells) > len(names):
                    message = f"{len(cells)} cells, and {len(names)} columns"
                    setting.refuse(cells, malformed_row(where, message, "put cells with commas into quotes"))
                else:
                    yield FileRow(where, number, stem, dict(zip(names, cells, strict=False)))
        except csv.Error as error:
            setting.refuse(
                None, malformed_row(f"{place}:{reader.line_num}", f"no table: {error}", "export it anew")
            )

    return names, rows()

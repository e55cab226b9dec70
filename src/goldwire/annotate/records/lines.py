"""Records of a line each: read strictly, every line that is none named; and objects of a line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import json_lines, read_text, write_text

Record = TypeVar("Record", bound=Struct)


def read_lines(path: Path, kind: type[Record], code: str, hint: str) -> Iterator[Record]:
    """The file's lines as `kind`, none where there is no file; raises `code` with all lines that are none.

    Only a line feed ends a line: ids may hold what Unicode also calls the end of one.
    """
    faults: list[Fault] = []
    for number, line in enumerate(read_text(path).split("\n") if path.is_file() else (), start=1):
        if line.strip():
            try:
                yield strict_json.decode(line, kind)
            except msgspec.DecodeError as error:
                faults.append(Fault(code, str(error), f"{path}:{number}", hint))
    raise_faults(faults)


def write_lines(path: Path, records: Iterable[Struct]) -> None:
    """Write records, a line each."""
    write_text(path, json_lines(map(msgspec.to_builtins, records)))


def read_objects(path: Path, keys: Sequence[str], code: str, hint: str) -> list[dict[str, Any]]:
    """The file's lines, objects with these keys, none where there is no file; else raises `code`."""
    text = read_text(path) if path.is_file() else ""
    try:
        objects = [strict_json.loads(line) for line in text.split("\n") if line.strip()]
        if all(isinstance(each, dict) and each.keys() >= set(keys) for each in objects):
            return objects
    except ValueError:
        pass  # no JSON
    raise GoldwireError.of(code, "not what goldwire wrote", where=str(path), hint=hint)

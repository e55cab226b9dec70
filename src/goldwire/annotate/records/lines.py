"""Records of a line each: read strictly, every line that is none named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from goldwire import strict_json
from goldwire.errors import Fault, raise_faults
from goldwire.files import read_text

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

"""What goldwire remembers in a file of a project's cache: what can't be read is as if forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from goldwire import strict_json
from goldwire.files import read_bytes, write_bytes

T = TypeVar("T")


def read_cached(path: Path, kind: type[T]) -> T | None:
    """What the file holds; None where there is none, or where it holds something else."""
    try:
        return strict_json.decode(read_bytes(path), kind) if path.is_file() else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_cached(path: Path, value: object) -> None:
    """Keep a value as JSON."""
    write_bytes(path, msgspec.json.encode(value) + b"\n")

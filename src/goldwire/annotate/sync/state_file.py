"""What goldwire remembers of one project of one server, in a file of the project's cache."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from goldwire import strict_json
from goldwire.files import read_bytes


class _Kept(Protocol):
    @property
    def server(self) -> str: ...

    @property
    def project(self) -> int: ...


K = TypeVar("K", bound=_Kept)


def read_kept(path: Path, kind: type[K], server: str, project: int) -> K | None:
    """What the file holds, where that is of this server's project; what can't be read is as if forgotten."""
    if not path.is_file():
        return None
    try:
        found = strict_json.decode(read_bytes(path), kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if (found.server, found.project) == (server, project) else None

"""A migration is nobody's edit: the time that the last pull noted of an annotation follows its rewriting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.sync.pull_state import read_state, state_path, write_state
from goldwire.project import Project


@contextmanager
def noted_times(
    client: Client, project: Project, number: int, *, main: bool
) -> Iterator[Callable[[Mapping[str, Any], Any], None]]:
    """Yields what is to be called with each rewritten line and the server's answer to it.

    Where nobody had changed an annotation since the last pull, its new time is noted, so that an edit made
    here does not meet one that nobody made there. What was noted stays also where the migration is cut off.
    """
    path = state_path(project, number, main=main)
    state = read_state(path, client.server, number)
    noted = dict(state.annotations) if state is not None else {}

    def follow(line: Mapping[str, Any], answer: Any) -> None:
        key = str(line["id"])
        seen = noted.get(key)
        unchanged = seen is not None and line["kind"] == "annotations" and seen.updated == line["updated"]
        if seen is not None and unchanged and isinstance(answer, dict):
            noted[key] = msgspec.structs.replace(seen, updated=str(answer.get("updated_at") or ""))

    try:
        yield follow
    finally:
        if state is not None:
            write_state(path, msgspec.structs.replace(state, annotations=noted))

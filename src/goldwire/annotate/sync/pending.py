"""What a push was sending when it was cut off: the server may still be at it when the next one begins.

Label Studio takes in whatever it is sent, as often as it is sent. So each batch is noted before it goes out,
and the note is removed once the answer is there; who finds one waits for what may be on its way.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from goldwire.annotate.labelstudio.transport import Unsure
from goldwire.annotate.records.cached import read_cached, write_cached
from goldwire.errors import GoldwireError
from goldwire.project import Project


class InFlight(Struct, frozen=True):
    """A batch under way: by uid the prediction versions that its tasks get; `at` in seconds since 1970."""

    server: str
    project: int
    at: float
    sent: dict[str, list[str]]

    @property
    def seconds(self) -> float:
        """For how long it may still arrive: measured, 1,000 tasks of 30 spans take 5 s on an idle machine."""
        return max(0.0, self.at + 5 + 0.05 * len(self.sent) - time.time())


def in_flight_path(project: Project, number: int) -> Path:
    """Where a batch for that Label Studio project is noted."""
    return project.cache / f"push-{number}.json"


def note(path: Path, server: str, project: int, sent: dict[str, list[str]]) -> None:
    """Note a batch before it goes out."""
    write_cached(path, InFlight(server, project, time.time(), sent))


def pending_batch(path: Path, server: str, project: int) -> InFlight | None:
    """The batch that an earlier push was sending to this server, if any; one started anew has lost it."""
    batch = read_cached(path, InFlight)
    return batch if batch is not None and (batch.server, batch.project) == (server, project) else None


@contextmanager
def sending(path: Path, server: str, project: int, sent: dict[str, list[str]]) -> Iterator[None]:
    """A note of what is on its way, for the time of a block; it stays where no answer came."""
    note(path, server, project, sent)
    try:
        yield
    except Unsure:
        raise
    except GoldwireError:
        path.unlink(missing_ok=True)  # refused, or never sent
        raise
    path.unlink(missing_ok=True)

"""What a pull must know of the one before it: kept in `.goldwire/`, and never needed to read all again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from goldwire.annotate.sync.state_file import read_kept
from goldwire.files import write_text
from goldwire.project import Project

# A task's time is set before its transaction ends: what ends late must not be missed.
_MARGIN = timedelta(minutes=2)
# The `Date` of an answer leaves out the fraction: the server's clock stood at most this much later.
_SECOND = timedelta(seconds=1)
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"  # the one form that the server's filter takes


class Seen(Struct, frozen=True, array_like=True):
    """An annotation on the server: its task, when it last changed, and whose it is.

    `account` is 0 where that was not known.
    """

    task: int
    updated: str
    account: int = 0


class State(Struct, frozen=True):
    """What the last pull saw. `basis` is the hash of all that decides how a result is read.

    `server` is an address, or `own`: the project's own server changes its port. `recent` holds the times of
    the tasks that may be asked for again, since they changed shortly before `since`.
    """

    server: str
    project: int
    basis: str
    since: str = ""
    annotations: dict[str, Seen] = {}  # by their ids on the server
    recent: dict[str, str] = {}  # task ids: when they changed


def state_path(project: Project, number: int, *, main: bool) -> Path:
    """The file that keeps the state of one Label Studio project."""
    return project.cache / ("pull.json" if main else f"pull-{number}.json")


def read_state(path: Path, server: str, number: int) -> State | None:
    """What the last pull saw, where it was of this server's project."""
    return read_kept(path, State, server, number)


def write_state(path: Path, state: State) -> None:
    """Keep a state."""
    write_text(path, msgspec.json.encode(state).decode() + "\n")


def now() -> str:
    """This instant, as a server on this machine would write it."""
    return datetime.now(UTC).strftime(_FORM)


def written_as(moment: datetime | None) -> str:
    """An instant in the form of the server's times; empty where there is none."""
    return moment.astimezone(UTC).strftime(_FORM) if moment is not None else ""


def to_come(since: str, server_time: datetime | None) -> bool:
    """Whether an instant is later than now, by this machine's clock or the server's: one was ahead.

    `server_time` is the `Date` of an answer, in whole seconds.
    """
    latest = now() if server_time is None else min(now(), written_as(server_time + _SECOND))
    try:
        return before(since) > latest
    except ValueError:
        return False


def before(instant: str, seconds: float = 0.0) -> str:
    """An instant of the server, that many seconds earlier, in the form that its filter takes."""
    moment = datetime.fromisoformat(instant).astimezone(UTC) - timedelta(seconds=seconds)
    return moment.strftime(_FORM)


def margin(instant: str) -> str:
    """From when on tasks are asked for again: what was set before `instant` may have ended after it."""
    return before(instant, _MARGIN.total_seconds())

"""What a pull must know of the one before it: kept in `.goldwire/`, and never needed to read all again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from goldwire.annotate.records.cached import read_cached, write_cached
from goldwire.project import Project

# A task's time is set before its transaction ends: what ends late must not be missed.
_MARGIN = timedelta(minutes=2)
# The `Date` of an answer leaves out the fraction: the server's clock stood at most this much later.
_SECOND = timedelta(seconds=1)
# A clock that was ahead and has been passed since leaves no trace: what it hides is read after a day.
_WHOLE = timedelta(days=1)
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"  # the one form that the server's filter takes


class SeenAnnotation(Struct, frozen=True, array_like=True):
    """An annotation on the server: its task, when it last changed, and whose it is.

    `account` is 0 where that was not known.
    """

    task: int
    updated: str
    account: int = 0


class PullState(Struct, frozen=True):
    """What the last pull saw. `basis` is the hash of all that decides how a result is read.

    `server` is an address, or `own`: the project's own server changes its port. `recent` holds the times of
    the tasks that may be asked for again, since they changed shortly before `since`; `whole` is when
    everything was read last.
    """

    server: str
    project: int
    basis: str
    since: str = ""
    annotations: dict[str, SeenAnnotation] = {}  # by their ids on the server
    recent: dict[str, str] = {}  # task ids: when they changed
    whole: str = ""


def pull_state_path(project: Project, number: int, *, main: bool) -> Path:
    """The file that keeps the state of one Label Studio project."""
    return project.cache / ("pull.json" if main else f"pull-{number}.json")


def read_state(path: Path, server: str, number: int) -> PullState | None:
    """What the last pull saw, where it was of this server's project."""
    state = read_cached(path, PullState)
    return state if state is not None and (state.server, state.project) == (server, number) else None


def write_state(path: Path, state: PullState) -> None:
    """Keep a state."""
    write_cached(path, state)


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
    try:
        return before(since) > _latest(server_time)
    except ValueError:
        return False


def why_all(last: PullState, basis: str, server_time: datetime | None) -> str:
    """Why a pull after `last` reads everything; empty where what changed since is enough."""
    if last.basis != basis:
        return "the schema, an article or a retired id changed"
    if to_come(last.since, server_time) or to_come(last.whole, server_time):
        return "a clock was ahead at the last pull"
    try:
        overdue = before(last.whole, -_WHOLE.total_seconds()) < _latest(server_time)
    except ValueError:
        overdue = True
    return "the last time was more than a day ago" if overdue else ""


def _latest(server_time: datetime | None) -> str:
    """What it can be at most now, by both clocks."""
    return now() if server_time is None else min(now(), written_as(server_time + _SECOND))


def before(instant: str, seconds: float = 0.0) -> str:
    """An instant of the server, that many seconds earlier, in the form that its filter takes."""
    moment = datetime.fromisoformat(instant).astimezone(UTC) - timedelta(seconds=seconds)
    return moment.strftime(_FORM)


def margin(instant: str) -> str:
    """From when on tasks are asked for again: what was set before `instant` may have ended after it."""
    return before(instant, _MARGIN.total_seconds())

"""Batches worked on by Ray, on this machine or on all of a cluster's.

Nothing is asked of Ray but to start actors and to bring results: which batch goes to whom, what is done again
where a worker is lost, and the order of results are ours, so that a cluster that shrinks slows a run down and
neither ends it nor changes what it writes.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from goldwire import __version__
from goldwire.archive.engine import AHEAD
from goldwire.errors import GoldwireError, install_hint
from goldwire.processes import ONE_THREAD, cores

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")
R = TypeVar("R")
#: How often a batch may lose its worker, and as often each worker may end before it has begun.
TRIES = 3
#: Bytes of a local Ray's object store: batches and results that are under way. Ray refuses fewer than 75 MiB.
_STORE = 256 << 20
#: Ray's settings: it tells nobody that it is used, and a busy machine gets time to start it.
_RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "300"}
#: Seconds in which whoever listens at an address takes a connection.
_PATIENCE = 10.0
#: Packages of which another version may find something else.
_DECIDING = ("spacy", "thinc", "numpy")


class Worker:
    """What works on a node: makes its function with the first item, so that what fails there is told."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]]) -> None:
        os.environ.update(ONE_THREAD)
        self._make = make
        self._function: Callable[[Any], Any] | None = None

    def versions(self) -> dict[str, str]:
        """What is installed where it works, of that which results depend on."""
        return _versions()

    def work(self, item: Any) -> tuple[Any, GoldwireError | None]:
        """The item's result, or an error of ours, which Ray would pack into one of its own."""
        try:
            if self._function is None:
                self._function = self._make()
            return self._function(item), None
        except GoldwireError as error:
            return None, error


@dataclass(frozen=True)
class RayEngine:
    """Works in so many `workers` (default: one a core of the cluster) of the Ray at `address`.

    The address is what `ray.init` takes (`auto`, `HOST:PORT`, `ray://HOST:PORT`); without one a Ray of its
    own is started on this machine, and ended. Workers that a cluster has no core for yet join when it has.
    Raises GW832 where Ray is not installed, GW830 where it can't be reached or is lost, GW831 where a node
    has other versions than this machine, GW833 where batches kill their workers again and again.

    It is the `engine` of `predict_archive` and `select_articles`.

        >>> import goldwire
        >>> goldwire.RayEngine(workers=8, address="ray://head:10001")
        RayEngine(workers=8, address='ray://head:10001')
    """

    workers: int | None = None
    address: str = ""

    def map(self, make: Callable[[], Callable[[T], R]], items: Iterable[T]) -> Iterator[R]:
        """The function's result for each item, in the items' order."""
        try:
            import ray
        except ImportError:
            raise GoldwireError.of("GW832", "Ray is not installed", hint=install_hint("cluster")) from None
        with self._connected(ray):
            wanted = self.workers or int(ray.cluster_resources().get("CPU", 0)) or 1
            actor = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(Worker)
            crew = _Crew(ray, lambda: actor.remote(make), wanted)
            try:
                yield from crew.results(iter(items))
            except (ray.exceptions.RaySystemError, ray.exceptions.LocalRayletDiedError) as error:
                raise _gone(error, self.address) from None
            finally:
                crew.dismiss()

    @contextmanager
    def _connected(self, ray: ModuleType) -> Iterator[None]:
        """Connected to Ray for the time of a block; a connection that was there before stays."""
        if ray.is_initialized():
            yield
            return
        for name, value in _RAY.items():
            os.environ.setdefault(name, value)
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if not self.address:
            options |= {"num_cpus": self.workers or cores(), "object_store_memory": _STORE}
            options |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            _knock(self.address)
            ray.init(self.address or "local", **options)
        except (OSError, RuntimeError, ValueError, AssertionError, ray.exceptions.RayError) as error:
            raise _gone(error, self.address) from None
        try:
            yield
        finally:
            ray.shutdown()


def _knock(address: str) -> None:
    """Raises OSError where nothing listens at an address, of which Ray would make sure for two minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()


def _gone(error: Exception, address: str) -> GoldwireError:
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    hint = "check the address, and that Ray runs there in this version; what was finished is kept"
    return GoldwireError.of("GW830", f"no Ray, or no longer: {said}", where=address, hint=hint)


@dataclass(eq=False)
class _Job:
    """An item, how often its worker was lost, and at last what came of it."""

    item: Any
    lost: int = 0
    is_done: bool = False
    result: Any = None


@dataclass(eq=False)
class _Hand:
    """A worker: whether it has begun, and what it has to do."""

    actor: Any
    is_up: bool = False
    jobs: list[_Job] = field(default_factory=list)


class _Crew:
    """So many workers, each with some jobs at most; who is lost is replaced, and the jobs are done again."""

    def __init__(self, ray: Any, hire: Callable[[], Any], wanted: int) -> None:
        self.ray, self.hire, self.wanted = ray, hire, wanted
        errors = ray.exceptions
        self.losses = (
            errors.RayActorError,
            errors.ObjectLostError,
            errors.OutOfMemoryError,
            errors.WorkerCrashedError,
        )
        self.hands: list[_Hand] = []
        self.open: dict[Any, tuple[_Hand, _Job | None]] = {}
        self.again: deque[_Job] = deque()
        self.never_began = 0

    def results(self, items: Iterator[Any]) -> Iterator[Any]:
        """What comes of each item, in their order, with few of them under way."""
        for _ in range(self.wanted):
            self._hire()
        under_way: deque[_Job] = deque()
        is_end = False
        while not is_end or under_way:
            while (hand := self._free()) is not None:
                if self.again:
                    self._give(hand, self.again.popleft())
                elif not is_end and len(under_way) < self.wanted * AHEAD:
                    for item in islice(items, 1):
                        under_way.append(_Job(item))
                        self._give(hand, under_way[-1])
                        break
                    else:
                        is_end = True
                else:
                    break
            if under_way or not is_end:
                self._wait()
            while under_way and under_way[0].is_done:
                yield under_way.popleft().result

    def dismiss(self) -> None:
        """End all workers."""
        for hand in self.hands:
            self.ray.kill(hand.actor)

    def _hire(self) -> None:
        hand = _Hand(self.hire())
        self.hands.append(hand)
        self.open[hand.actor.versions.remote()] = hand, None

    def _free(self) -> _Hand | None:
        """Whoever has begun and has the least to do, unless that is enough."""
        up = (hand for hand in self.hands if hand.is_up)
        hand = min(up, key=lambda hand: len(hand.jobs), default=None)
        return hand if hand is not None and len(hand.jobs) < AHEAD else None

    def _give(self, hand: _Hand, job: _Job) -> None:
        hand.jobs.append(job)
        self.open[hand.actor.work.remote(job.item)] = hand, job

    def _wait(self) -> None:
        """Until something is done, or somebody lost."""
        for reference in self.ray.wait(list(self.open), num_returns=1)[0]:
            hand, job = self.open.pop(reference)
            try:
                value = self.ray.get(reference)
            except self.losses as error:
                self._lose(hand, error)
                continue
            if job is None:
                _check(value)
                hand.is_up = True
                continue
            job.result, error_of_ours = value
            if error_of_ours is not None:
                raise error_of_ours
            job.is_done = True
            hand.jobs.remove(job)

    def _lose(self, hand: _Hand, error: Exception) -> None:
        """Another worker for one that was lost; what it had to do is done before all else.

        Only the job that it was at counts as one that may have killed it.
        """
        self.ray.kill(hand.actor)
        self.hands.remove(hand)
        self.open = {reference: pair for reference, pair in self.open.items() if pair[0] is not hand}
        if hand.jobs:
            hand.jobs[0].lost += 1
        self.never_began += not hand.is_up
        if self.never_began > TRIES * self.wanted or any(job.lost > TRIES for job in hand.jobs):
            what = "over the same articles" if hand.is_up else "before it had begun"
            said = " ".join(str(error).split())[-300:]
            hint = "out of memory? Fewer --workers, or nodes with more: what was finished is kept"
            raise GoldwireError.of("GW833", f"a worker died again and again {what}: {said}", hint=hint)
        self.again.extend(hand.jobs)
        self._hire()


def _versions() -> dict[str, str]:
    versions = {"goldwire": __version__}
    for name in _DECIDING:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    return versions


def _check(versions: dict[str, str]) -> None:
    """Raises GW831 where a node has other versions, which may find something else."""
    here = _versions()
    if differing := [
        f"{name} {versions.get(name)}, here {here[name]}" for name in here if versions.get(name) != here[name]
    ]:
        hint = "install the same on all nodes"
        raise GoldwireError.of("GW831", f"a node has {'; '.join(differing)}", hint=hint)

"""Where batches are worked on: in this process, or in several on this machine.

An engine is anything with `map`: the local one stands here, `ray_engine` has that of a cluster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from goldwire.errors import GoldwireError
from goldwire.processes import worker_pool

T = TypeVar("T")
R = TypeVar("R")
#: Items handed out for each worker: one that is worked on, and some that wait, so that none waits for us.
AHEAD = 3


class Engine(Protocol):
    """Maps a function over items, in their order, with few of them in memory."""

    def map(self, make: Callable[[], Callable[[T], R]], items: Iterable[T]) -> Iterator[R]:
        """The function's result for each item, in the items' order.

        `make` is called once in each worker, before its first item, and returns the function: what it loads
        is loaded once. It, the items and the results cross processes.
        """
        ...


@dataclass(frozen=True)
class LocalEngine:
    """Works in this process, or in so many `workers` of it. Raises GW949 where one of these dies."""

    workers: int = 1
    imported: tuple[str, ...] = ()

    def map(self, make: Callable[[], Callable[[T], R]], items: Iterable[T]) -> Iterator[R]:
        """The function's result for each item, in the items' order."""
        if self.workers == 1:
            function = make()
            yield from map(function, items)
            return
        waiting: deque[Any] = deque()
        try:
            with worker_pool(self.workers, imported=self.imported, begin=_begin, given=(make,)) as pool:
                for item in items:
                    waiting.append(pool.submit(_call, item))
                    if len(waiting) >= self.workers * AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
        except BrokenProcessPool:
            hint = "out of memory? Try with fewer --workers: what was finished is kept"
            raise GoldwireError.of("GW949", "a worker process died", hint=hint) from None


_make: Callable[[], Callable[[Any], Any]] | None = None
_function: Callable[[Any], Any] | None = None


def _begin(make: Callable[[], Callable[[Any], Any]]) -> None:
    global _make, _function
    _make, _function = make, None


def _call(item: Any) -> Any:
    """Work on one item; what can't be made is raised here, where its error reaches the caller."""
    global _function
    if _function is None and _make is not None:
        _function = _make()
    return _function(item) if _function is not None else None

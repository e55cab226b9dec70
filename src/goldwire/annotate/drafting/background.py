"""Coroutines awaited from threads: whoever closes their loop ends all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from threading import Lock, Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """The loop was closed before an answer came."""


class BackgroundLoop:
    """An event loop in a thread of its own.

    A thread that waits for a server can't be woken by another thread; a coroutine can be cancelled.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._lock = Lock()
        self._closed = False
        self._thread = Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def result(self, coroutine: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What a coroutine comes to. Raises what it raises; `Closed` where it is ended, or too late."""
        with self._lock:
            if self._closed:
                raise Closed
            future = asyncio.run_coroutine_threadsafe(coroutine(), self._loop)
        try:
            return future.result()
        except CancelledError:
            raise Closed from None

    def close(self, last: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """End what is under way, then await `last`. Closed again, nothing is done."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(_end(last), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end(last: Callable[[], Coroutine[Any, Any, object]]) -> None:
    under_way = asyncio.all_tasks() - {asyncio.current_task()}
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    await last()

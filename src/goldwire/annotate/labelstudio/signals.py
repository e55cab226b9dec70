"""A block that Ctrl-C does not break off: it is obeyed when the block has ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def deferred_signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP wait for the end of the block; those that are ignored stay so.

    Only the main thread gets signals: in another one nothing has to wait.
    """
    came: list[int] = []

    def later(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    here = threading.current_thread() is threading.main_thread()
    former = {name: signal.getsignal(name) for name in _NAMES} if here else {}
    former = {name: handler for name, handler in former.items() if handler not in (signal.SIG_IGN, None)}
    try:
        for name in former:
            signal.signal(name, later)
        yield
    finally:
        for name, handler in former.items():
            signal.signal(name, handler)
    for number in came:
        signal.raise_signal(number)

"""Worker processes: how many, of one thread each, and none that outlives who started it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from multiprocessing import active_children, forkserver, get_context, parent_process
from multiprocessing.context import ForkServerContext
from typing import Any

#: The environment of a worker: more threads would fight over the cores, and sums depend on their number.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_imported: set[str] = set()  # by the process that workers are forked from


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_thread() -> AbstractContextManager[object]:
    """Products of matrices in one thread within this: those of small ones cost several times the CPU where
    threads wait for more."""
    limits: AbstractContextManager[object] = _libraries("scipy.linalg" in sys.modules).limit(
        limits=1, user_api="blas"
    )
    return limits


@cache
def _libraries(_with_scipy: bool) -> Any:
    """numpy's library, and that which scipy brings, once it is loaded.

    To find them all that the process has loaded is looked through, which takes as long as the products of a
    small corpus: once each is enough.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def workers_context() -> ForkServerContext:
    """What queues and processes of `worker_pool` are made by."""
    return get_context("forkserver")


@contextmanager
def worker_pool(
    workers: int, *, imported: Iterable[str], begin: Callable[..., None], given: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """So many worker processes, each of which has called `begin(*given)`, and none at the end of the block.

    They are forked from a process of their own, which has done nothing but import the modules `imported`:
    once for all pools of this process. None inherits another's state, and each has one thread.
    """
    context = workers_context()
    _import_once(context, imported)
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    # The environment as it is now: the process that they are forked from may be older.
    started = (dict(os.environ), begin, given)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=started)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _import_once(context: ForkServerContext, modules: Iterable[str]) -> None:
    """Have workers forked from a process that has imported these.

    One that runs with none of them ends, unless it has children: each worker would import all by itself. For
    some more, such as another language, to begin anew would take longer.
    """
    wanted = set(modules)
    context.set_forkserver_preload(sorted(wanted | _imported))
    if wanted and wanted.isdisjoint(_imported) and not active_children():
        _imported.update(wanted)
        # Python starts another when one is needed, and has no public word for ending one.
        forkserver._forkserver._stop()  # type: ignore[attr-defined]


def _begin(environment: dict[str, str], begin: Callable[..., None], given: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and ends the pool
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin(*given)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)

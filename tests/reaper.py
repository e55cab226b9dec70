"""No server outlives its tests: a small process waits for their end, whatever that is.

A pytest that is killed runs no `finally`, and a Label Studio has a session of its own. So this process holds
the other end of a pipe; when that closes, it ends every server whose data lie below the tests' own folder,
and removes the folder where that takes up memory.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_DATA = "LABEL_STUDIO_BASE_DATA_DIR"
#: The file system in memory that Linux has, and the bytes that must be free there for the tests' folders.
_MEMORY, _ROOM = Path("/dev/shm"), 2**32
_REMOVE = "--remove"


def memory() -> Path | None:
    """Where files are kept in memory, if there is room and programs may lie there."""
    if not os.access(_MEMORY, os.W_OK | os.X_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    return None if os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC else _MEMORY


@contextmanager
def quick_folder(otherwise: Path) -> Iterator[Path]:
    """A folder in memory for the time of a block, `otherwise` where there is no room.

    Label Studio notes at each request that the account was seen, and SQLite waits until a disk has that.
    """
    if (where := memory()) is None:
        yield otherwise
        return
    folder = Path(tempfile.mkdtemp(prefix="goldwire-tests-", dir=where))
    with reaping(folder, _REMOVE):
        yield folder


@contextmanager
def reaping(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Servers below `folder` end with this block, or with this process."""
    command = [sys.executable, __file__, str(folder), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as watching:
        yield watching


def servers(folder: Path) -> list[psutil.Process]:
    """The processes whose Label Studio keeps its data below `folder`."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            data = process.environ().get(_DATA, "")
            if data and Path(data).is_relative_to(folder) and process.pid != os.getpid():
                found.append(process)
    return found


def wait_for(processes: list[psutil.Process], seconds: float = math.inf) -> None:
    """Return when these have ended, also where nobody took note: a container's first process is slow to."""
    until = time.monotonic() + seconds
    while any(map(runs, processes)) and time.monotonic() < until:
        time.sleep(0.01)


def runs(process: psutil.Process) -> bool:
    """Whether a process is there, and no mere entry in the table."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def main() -> None:
    """Wait for the end of standard input, then end what is left."""
    sys.stdin.buffer.read()
    # One that is being started shows its environment only later.
    for _ in range(2):
        left = servers(Path(sys.argv[1]))
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        wait_for(left, 5)
        time.sleep(0.2)
    if _REMOVE in sys.argv[2:]:
        shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()

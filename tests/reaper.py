"""No server outlives its tests: a small process waits for their end, whatever that is.

A pytest that is killed runs no `finally`, and a Label Studio has a session of its own. So this process holds
the other end of a pipe; when that closes, it ends every server whose data lie below the tests' own folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_DATA = "LABEL_STUDIO_BASE_DATA_DIR"


@contextmanager
def reaping(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Servers below `folder` end with this block, or with this process."""
    command = [sys.executable, __file__, str(folder)]
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


def main() -> None:
    """Wait for the end of standard input, then end what is left."""
    sys.stdin.buffer.read()
    # One that is being started shows its environment only later.
    for _ in range(2):
        left = servers(Path(sys.argv[1]))
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=5)
        time.sleep(0.2)


if __name__ == "__main__":
    main()

"""A run over an archive in a process of its own, which is killed without warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
_RUN = """
import sys
from goldwire.archive import output
from goldwire.archive.engine import LocalEngine
from goldwire.archive.run import run_over
from tests.archive.made import Marking
from tests.archive.test_run import SETTINGS

if __name__ == "__main__":
    output.BEAT = 0.2
    source, out, workers, address = sys.argv[1:]
    if address:
        from goldwire.archive.ray_engine import RayEngine
        engine = RayEngine(int(workers), address)
    else:
        engine = LocalEngine(int(workers))
    run_over([source], out, Marking(seconds=0.15), engine=engine, settings=SETTINGS, per_shard=5)
"""


def kill_a_run(
    source: Path, out: Path | str, when: Callable[[], bool], *, workers: int = 1, address: str = ""
) -> None:
    """Mark the articles of an archive, in parts of five rows, and kill the run when it is time; with an
    `address` on the Ray cluster there."""
    command = [sys.executable, "-c", _RUN, str(source), str(out), str(workers), address]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path})
    try:
        while process.poll() is None and not when():
            time.sleep(0.01)
        assert process.poll() is None, "the run ended before it could be killed"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()

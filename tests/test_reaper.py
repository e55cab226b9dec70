"""The tests leave no server behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.reaper import quick_folder, runs, wait_for

ROOT = Path(__file__).parents[1]
#: As a test session: it watches a folder, leaves a server in a session of its own there, and is killed.
CODE = """
import os, subprocess, sys
from pathlib import Path
from tests.reaper import reaping
folder, data = Path(sys.argv[1]), sys.argv[2]
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
env = {**os.environ, "LABEL_STUDIO_BASE_DATA_DIR": data}
with reaping(folder, *sys.argv[3:]) as watching:
    left = subprocess.Popen(sleep, env=env, start_new_session=True, stdout=subprocess.DEVNULL)
    print(left.pid, watching.pid, flush=True)
    sys.stdin.read()
"""


def _session(folder: Path, data: Path, *options: str) -> tuple[psutil.Process, psutil.Process]:
    """What a killed session left, and who watches it."""
    command = [sys.executable, "-c", CODE, str(folder), str(data), *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        left, watching = (psutil.Process(int(pid)) for pid in killed.stdout.readline().split())
        os.kill(killed.pid, signal.SIGKILL)
    return left, watching


def test_a_killed_session_leaves_no_server(tmp_path: Path) -> None:
    """A server of the session ends with it; one whose data lie elsewhere goes on."""
    ours, watching = _session(tmp_path, tmp_path / "p/.goldwire/studio")
    wait_for([watching])
    assert not runs(ours)
    other, watching = _session(tmp_path / "a", tmp_path / "b")
    wait_for([watching])
    try:
        assert runs(other)
    finally:
        other.kill()


def test_a_folder_that_takes_up_memory_goes_with_its_session(tmp_path: Path) -> None:
    """After a session that was killed as after one that ended; other folders stay."""
    folder = tmp_path / "taken"
    for options, stays in (((), True), (("--remove",), False)):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        ours, watching = _session(folder, folder / "data", *options)
        wait_for([watching])
        assert (runs(ours), folder.exists()) == (False, stays)
    with quick_folder(tmp_path) as quick:
        assert quick.is_dir()
    assert quick == tmp_path or not quick.exists()

"""Worker processes: what they are forked from has imported what they need."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from goldwire.processes import worker_pool

#: In a process of its own: that of the tests has pools of others.
SCRIPT = """
from tests.test_processes import is_ready
print(is_ready([]), is_ready(["colorsys"]), is_ready([]))
"""


def has_colorsys() -> bool:
    """Whether a module that nobody else imports is there."""
    return "colorsys" in sys.modules


def nothing() -> None:
    """How a worker begins."""


def is_ready(imported: Iterable[str]) -> bool:
    """Whether a new pool's worker has that module before it does anything."""
    with worker_pool(1, imported=imported, begin=nothing) as pool:
        return pool.submit(has_colorsys).result()


def test_a_later_pool_imports_what_the_first_did_not() -> None:
    """Its modules are there when its workers begin, whatever pool ran before, and stay for the next."""
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "True"]

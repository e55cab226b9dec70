"""A clone without the data beside it says what it could not run; CI fails on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest
from tests.shared import needs_shared

@needs_shared("data/of-nobody")
@pytest.mark.parametrize("number", [1, 2])
def test_reads(number):
    pass

def test_reads_nothing():
    pass
"""


@pytest.mark.parametrize("ci", ["", "true"])
def test_tests_without_their_data_are_counted_in_one_line_and_fail_in_ci(ci: str, tmp_path: Path) -> None:
    """Two of three can't run: one line says so, and with CI=true, as `.ci/run` sets it, neither passes."""
    (tmp_path / "test_two.py").write_text(TESTS, encoding="utf-8")
    env = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    told = "2 test(s) could not run: the data that they read, ../shared, are not beside this checkout"
    if ci:
        assert done.returncode == 1 and "2 errors" in done.stdout, done.stdout
        assert done.stdout.count("../shared/data/of-nobody") >= 2
    else:
        assert done.returncode == 0 and "1 passed, 2 skipped" in done.stdout, done.stdout
        assert done.stdout.count(told) == 1
    assert "export CI=true" in (ROOT / ".ci/run").read_text(encoding="utf-8")

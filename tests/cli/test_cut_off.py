"""What a full disk cut off is named, not taken for a person's Ctrl-C."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

import goldwire.cli.eval


@pytest.mark.slow
def test_a_module_whose_bytecode_was_cut_off_is_no_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python keeps half of what it compiled where the disk was full then: exit 1, and which module it is."""
    source = Path(str(goldwire.cli.eval.__file__))
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    kept = Path(cache_from_source(str(source)))
    py_compile.compile(str(source), str(kept))
    kept.write_bytes(kept.read_bytes()[:-100])
    done = subprocess.run(
        [sys.executable, "-m", "goldwire", "eval", "score"],
        env={**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "interrupted" not in done.stderr
    assert "EOFError: marshal data too short" in done.stderr

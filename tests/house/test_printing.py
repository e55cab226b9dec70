"""Whatever is printed goes one way, which makes data harmless."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "code",
    [
        'print("a")',
        'import click\nclick.echo("a")',
        'from click import secho as told\ntold("a")',
        'import rich\nrich.print("a")',
        "from rich.console import Console\nConsole()",
        "def f():\n    from rich.table import Table\n    return Table()",
        'import sys\nsys.stdout.write("a")',
        'from sys import stderr\nstderr.write("a")',
        'import os\nos.write(1, b"a")',
        'import warnings\nwarnings.warn("a")',
    ],
)
def test_no_other_way_of_printing_passes_the_linter(code: str) -> None:
    """Each of the ways in which a module could print by itself is refused, in every package."""
    for package in ("cli", "eval"):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                "check",
                "--stdin-filename",
                f"src/goldwire/{package}/other.py",
                "-",
            ],
            cwd=ROOT,
            input=code,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "TID251" in done.stdout or "T201" in done.stdout, done.stdout + done.stderr

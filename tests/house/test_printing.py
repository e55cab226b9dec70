"""Whatever is printed goes one way, which makes data harmless."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Ways in which a module could print by itself.
OTHER_WAYS = (
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
)


def test_no_other_way_of_printing_passes_the_linter(tmp_path: Path) -> None:
    """Each of the ways in which a module could print by itself is refused, in every package."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    written = {}
    for package in ("cli", "eval"):
        folder = tmp_path / "src/goldwire" / package
        folder.mkdir(parents=True)
        for number, code in enumerate(OTHER_WAYS):
            path = folder / f"other_{number}.py"
            path.write_text(code + "\n", encoding="utf-8")
            written[path.name, package] = code
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json", "."]
    done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
    refused = {
        (Path(fault["filename"]).name, Path(fault["filename"]).parent.name)
        for fault in json.loads(done.stdout)
        if fault["code"] in ("TID251", "T201")
    }
    assert {code for place, code in written.items() if place not in refused} == set(), done.stderr

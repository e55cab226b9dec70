"""*How the code is laid out* and *Where do I change …?*: the places that docs/code.md names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_places_that_the_code_page_names_are_there() -> None:
    """*How the code is laid out* and *Where do I change …?* name files and folders that exist."""
    page = (ROOT / "docs/code.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs|benchmarks|schemas|seeds)/[^`]*|[\w-]+\.(?:toml|yml))`", page)
    assert len(named) > 40
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing

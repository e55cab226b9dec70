"""The code as trees, each file parsed once and gone through once."""

from __future__ import annotations

import ast
import gc
from functools import cache
from pathlib import Path

import pytest

#: The tests that go through the code run in one process.
in_one_process = pytest.mark.xdist_group("trees")


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """A file's whole syntax tree. None of it is garbage, and to look for some costs more than parsing."""
    text = path.read_text(encoding="utf-8")
    gc.disable()
    try:
        return tuple(ast.walk(ast.parse(text)))
    finally:
        gc.freeze()
        gc.enable()

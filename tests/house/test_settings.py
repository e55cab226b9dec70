"""Settings of goldwire.toml: docs/configuration.md explains each that is read, and none that nobody reads."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

from goldwire.annotate.drafting.settings import Settings
from tests.house.trees import in_one_process, nodes_of

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
MODULES = sorted((ROOT / "src/goldwire").rglob("*.py"))


@in_one_process
def test_every_key_of_goldwire_toml_that_is_read_is_explained_and_no_other() -> None:
    """Each `[table] key` that the code asks a project for stands in docs/configuration.md, and so do those of
    `[llm]`, which are read together."""
    explained = set(re.findall(r"^\| `\[(\w+)\.?(\w+)?(?:\.\w+)?\](?: (\w+))?` \|", CONFIGURATION, re.M))
    known = {(table, key or inner) for table, inner, key in explained}
    read = {
        (str(node.args[0].value), str(node.args[1].value))
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and len(node.args) >= 2
        and ast.unparse(node.func).rpartition(".")[2] in ("setting", "_setting")
        and isinstance(node.args[0], ast.Constant) and isinstance(node.args[1], ast.Constant)
    }  # fmt: skip
    assert ("corpus", "redistributable") in read
    llm = {("llm", each.name) for each in fields(Settings)} | {("llm", "key")}  # which is refused
    assert read | llm == known

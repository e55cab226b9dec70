"""Error codes: each that the code says has its line in docs/errors.md, and each line its code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from goldwire.errors import GoldwireError
from tests.house.trees import in_one_process, nodes_of

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/goldwire"
ERRORS = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
MODULES = sorted(SOURCE.rglob("*.py"))


@cache
def codes() -> set[str]:
    """What the code can say: codes are strings of their own."""
    return {
        str(node.value)
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and re.fullmatch(r"GW\d{3}", str(node.value))
    }


@in_one_process
def test_every_code_of_an_error_has_one_line_and_every_line_its_code() -> None:
    """What goldwire prints can be looked up in docs/errors.md, which tells of no code that is gone."""
    lines = Counter(re.findall(r"^\| \*\*(GW\d{3})\*\* \|", ERRORS, re.M))
    assert set(lines) == codes()
    assert max(lines.values()) == 1


def test_every_code_says_what_it_means_and_what_to_do_under_its_own_hundred() -> None:
    """No line is left empty, and a code stands under the heading of its first digit."""
    hundred = ""
    for line in ERRORS.splitlines():
        if heading := re.match(r"## (GW\d)", line):
            hundred = heading[1]
        if row := re.match(r"\| \*\*(GW\d{3})\*\* \| (.*) \| (.*) \|$", line):
            assert row[1].startswith(hundred), row[1]
            assert len(row[2]) > 10 and len(row[3]) > 5, row[1]


@in_one_process
def test_no_page_and_no_docstring_names_a_code_that_is_gone() -> None:
    """A code that is told of exists."""
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", *MODULES]
    told = {page: set(re.findall(r"\bGW\d{3}\b", page.read_text(encoding="utf-8"))) for page in pages}
    assert not {str(page): named - codes() for page, named in told.items() if named - codes()}


@in_one_process
def test_every_code_is_of_the_kind_of_error_that_the_api_page_says() -> None:
    """The table of kinds names each code, the longest pattern counting: `GW74x` before `GW7xx`."""
    page = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+Error)` \| (GW[\w, ]+) \|", page, re.M)
    kinds = {pattern.rstrip("x"): kind for kind, patterns in rows for pattern in patterns.split(", ")}
    assert len(kinds) == sum(patterns.count("GW") for _, patterns in rows)
    said = {
        code: kinds[max((start for start in kinds if code.startswith(start)), key=len, default="")]
        for code in codes()
    }
    assert said == {code: type(GoldwireError.of(code, "what")).__name__ for code in codes()}

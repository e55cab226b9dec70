"""The list of all error codes, which travels with the package: docs/errors.md, read by code."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from goldwire.errors import GoldwireError
from goldwire.files import read_text

_ROW = re.compile(r"^\| \*\*(GW\d{3})\*\* \| (.*) \| (.*) \|$", re.MULTILINE)
#: Links lead to pages that an installed package has not beside it.
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def error_list() -> Path:
    """The page: in an installed package its own copy, in a checkout that of the documentation."""
    packaged = Path(str(resources.files("goldwire"))) / "errors.md"
    return packaged if packaged.is_file() else Path(__file__).resolve().parents[2] / "docs/errors.md"


def explained(code: str) -> tuple[str, str, str]:
    """A code, what it means and what to do. Raises GW917 where no error has that code."""
    rows = {row[1]: row for row in _ROW.finditer(read_text(error_list()))}
    row = rows.get(code.strip().upper())
    if row is None:
        hint = "a code is GW and three digits, as an error begins with it"
        raise GoldwireError.of("GW917", f"no error has the code `{code}`", hint=hint)
    return row[1], _LINK.sub(r"\1", row[2]), _LINK.sub(r"\1", row[3])

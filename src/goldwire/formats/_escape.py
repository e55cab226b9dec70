"""Names of labels, layers and attributes where a format allows few characters: escaped, and read back."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"X([0-9a-f]+)X")


def escape(name: str, allowed: str = "A-Za-z0-9_", reserved: frozenset[str] = frozenset()) -> str:
    """`name` in letters, digits and what else `allowed` lists; all other characters as `X<hex>X`.

    What begins with no letter, is empty or stands in `reserved` has its first character escaped too. A plain
    `X` is escaped itself, so that `unescape` gives the name back whatever it was.
    """
    escaped = re.sub(rf"X|[^{allowed}]", lambda match: f"X{ord(match[0]):x}X", name)
    if escaped in reserved or not escaped[:1].isalpha():
        escaped = f"X{ord(escaped[0]):x}X{escaped[1:]}" if escaped else "XX"
    return escaped


def unescape(name: str) -> str:
    """What `escape` made it from."""
    return "" if name == "XX" else _ESCAPED.sub(_character, name)


def _character(match: re.Match[str]) -> str:
    """The character of a number; one that no text can hold stays as it stands."""
    number = int(match[1], 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number <= 0x10FFFF else match[0]

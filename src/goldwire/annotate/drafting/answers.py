"""What a language model wrote, read as items: whole or cut off, bare or among words. Nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from goldwire.strict_json import prefix

#: Places where an object is tried for before a text counts as none.
_TRIES = 50
_OBJECT = re.compile(r"[{\[]")
_SEPARATOR = re.compile(r"[\s,]*")


@dataclass
class Read:
    """The items of an answer. `cut`: it ended in the middle; `strange` is what was in the list and is no
    item."""

    items: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    strange: list[Any] = field(default_factory=list)


def read_answer(text: str, layer: str) -> Read | None:
    """The items about a layer in an answer; None where there is no list of items in it at all."""
    for number, match in enumerate(_OBJECT.finditer(text)):
        if number == _TRIES:
            break
        try:
            value, _ = prefix(text, match.start())
        except ValueError:
            continue
        items = value.get(layer) if isinstance(value, dict) else value
        if isinstance(items, dict):
            items = [items]
        if isinstance(items, list) and (isinstance(value, dict) or any(isinstance(i, dict) for i in items)):
            kept = [item for item in items if isinstance(item, dict)]
            strange = [item for item in items if not isinstance(item, dict)]
            return Read(kept, strange=strange)
        if match.start() == 0:
            # An object of another form: what lies in it is not what was asked for.
            break
    return _cut(text, layer)


def _cut(text: str, layer: str) -> Read | None:
    """The whole items of a list that does not end."""
    opening = re.search(rf'"{re.escape(layer)}"\s*:\s*\[', text)
    if opening is None:
        return None
    read, at = Read(cut=True), opening.end()
    while True:
        separator = _SEPARATOR.match(text, at)
        at = separator.end() if separator else at
        if at >= len(text) or text[at] != "{":
            return read
        try:
            value, at = prefix(text, at)
        except ValueError:
            return read
        read.items.append(value)

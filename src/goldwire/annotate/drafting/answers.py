"""What a language model wrote, read as items: whole or cut off, bare or among words. Nothing is run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from goldwire.strict_json import Repeated, prefix, writable

#: Places where an object is tried for before a text counts as none.
_TRIES = 50
_OBJECT = re.compile(r"[{\[]")
_SEPARATOR = re.compile(r"[\s,]*")


@dataclass
class ReadAnswer:
    """The items of an answer. `cut`: it ended in the middle; `strange` is what was in the list and is no
    item."""

    items: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    strange: list[Any] = field(default_factory=list)


def read_answer(text: str, layer: str) -> ReadAnswer | None:
    """The items about a layer in an answer; None where there is no list of items in it at all."""
    for number, match in enumerate(_OBJECT.finditer(text)):
        if number == _TRIES:
            break
        try:
            value = writable(prefix(text, match.start())[0])
        except ValueError:
            continue
        if isinstance(value, dict):
            lists = _under(value, layer)
        else:
            lists = [value] if any(isinstance(item, dict) for item in value) else []
        if lists:
            return _read([item for items in lists for item in items])
        if match.start() == 0:
            # An object of another form: what lies in it is not what was asked for.
            break
    return _listed(text, layer)


def said_twice(item: dict[str, Any]) -> dict[str, list[Any]]:
    """The keys of an item under which it says several things, with all of them; the same twice is one."""
    said: dict[str, list[Any]] = {}
    for key, value in item.pairs if isinstance(item, Repeated) else ():
        if value not in said.setdefault(key, []):
            said[key].append(value)
    return {key: values for key, values in said.items() if len(values) > 1}


def _under(value: dict[str, Any], layer: str) -> list[list[Any]]:
    """The lists under a layer's key, which may stand twice; a lone item counts as a list of one."""
    pairs = value.pairs if isinstance(value, Repeated) else value.items()
    parts = [[part] if isinstance(part, dict) else part for key, part in pairs if key == layer]
    return [part for part in parts if isinstance(part, list)]


def _read(items: list[Any], *, cut: bool = False) -> ReadAnswer:
    kept = [item for item in items if isinstance(item, dict)]
    return ReadAnswer(kept, cut, [item for item in items if not isinstance(item, dict)])


def _listed(text: str, layer: str) -> ReadAnswer | None:
    """The items of a list that stands somewhere in a text; where it does not end, the whole ones."""
    opening = re.search(rf'"{re.escape(layer)}"\s*:\s*\[', text)
    if opening is None:
        return None
    items: list[Any] = []
    at = opening.end()
    while True:
        separator = _SEPARATOR.match(text, at)
        at = separator.end() if separator else at
        if text.startswith("]", at):
            return _read(items)
        try:
            value, at = prefix(text, at)
            items.append(writable(value))
        except ValueError:
            return _read(items, cut=True)

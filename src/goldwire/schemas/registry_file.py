"""A registry's file, changed entry by entry: comments, order and the layout of all other entries stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from goldwire.errors import GoldwireError, raise_faults
from goldwire.files import read_text
from goldwire.schemas.load import typed_data
from goldwire.schemas.schema import RegistryEntry
from goldwire.schemas.yaml_lines import parse_yaml

#: What of an entry is words or codes, and so never another entry's id.
_WORDS = frozenset({"name", "names", "label", "country", "note", "wikidata"})

Entry = dict[str, Any]


class RegistryFile:
    """The entries of a registry's file (a YAML list of mappings with an `id`), and its text.

    Raises GW101 and GW102 where the file is no YAML, GW103 where it is no such list.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = read_text(path) if path.exists() else ""
        self.entries = self._read(self.text)

    def _read(self, text: str) -> list[Entry]:
        data, lines = parse_yaml(text, str(self.path))
        raise_faults(typed_data(data or [], list[RegistryEntry], lines, str(self.path))[1])
        return list(data or [])

    @property
    def by_id(self) -> dict[str, Entry]:
        """The entries by their id."""
        return {str(entry["id"]): entry for entry in self.entries}

    def add(self, entry: Entry) -> None:
        """Put an entry at the end."""
        text = self.text
        if not self.entries and text.strip().endswith("[]"):
            text = text.rstrip().removesuffix("[]")
        text += "" if not text or text.endswith("\n") else "\n"
        self._take(text + _line(entry), [*self.entries, entry])

    def remove(self, name: str) -> None:
        """Take an entry out, with its lines."""
        number = self._number(name)
        lines = self.text.splitlines(keepends=True)
        first, last = self._lines(number)
        kept = [entry for n, entry in enumerate(self.entries) if n != number]
        self._take("".join([*lines[:first], *lines[last:]]), kept)

    def replace(self, name: str, entry: Entry) -> None:
        """Put `entry` in the place of another, whose own lines are written anew."""
        number = self._number(name)
        if self.entries[number] == entry:
            return
        lines = self.text.splitlines(keepends=True)
        first, last = self._lines(number)
        changed = [entry if n == number else old for n, old in enumerate(self.entries)]
        self._take("".join([*lines[:first], _line(entry), *lines[last:]]), changed)

    def rename(self, old: str, new: str, *, itself: bool = True) -> int:
        """Call an id otherwise where entries refer to it, and with `itself` as an entry's own; how often."""
        kept = _WORDS if itself else _WORDS | {"id"}

        def new_of(_entry: Mapping[str, str], key: str, value: str) -> str | None:
            return new if value == old and key not in kept else None

        text, count = rewritten(self.text, new_of)
        if count:
            self._take(text, [_renamed(entry, old, new, kept) for entry in self.entries])
        return count

    def _number(self, name: str) -> int:
        return next(n for n, entry in enumerate(self.entries) if str(entry["id"]) == name)

    def _lines(self, number: int) -> tuple[int, int]:
        """The lines of an entry, from its dash to before what is the next one's or nobody's."""
        items = _compose(self.text).value
        lines = self.text.splitlines(keepends=True)
        first = items[number].start_mark.line
        last = items[number + 1].start_mark.line if number + 1 < len(items) else len(lines)
        while last > first + 1 and (not (bare := lines[last - 1].strip()) or bare.startswith("#")):
            last -= 1
        return first, last

    def _take(self, text: str, wanted: list[Entry]) -> None:
        """Take a changed text, where it says just what it should; else nothing is changed (GW790)."""
        try:
            held: list[Entry] | None = self._read(text)
        except GoldwireError:
            held = None
        if held != wanted:
            message = "its entries can't be changed one by one"
            hint = "write each entry on lines of its own: - {id: …, label: …}"
            raise GoldwireError.of("GW790", message, where=str(self.path), hint=hint)
        self.text, self.entries = text, wanted


def _compose(text: str) -> Any:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.compose(text, Loader=loader)


def rewritten(text: str, new_of: Callable[[Mapping[str, str], str, str], str | None]) -> tuple[str, int]:
    """A YAML text with some scalars changed, the rest to the letter; and how many.

    `new_of` is asked for each scalar that stands under a key, also in a list: with the scalars of the
    mapping, the key and the value; None leaves it as it is.
    """
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    spots: list[tuple[int, int, str]] = []
    waiting: list[tuple[Any, dict[str, str], str]] = [(_compose(text), {}, "")]
    while waiting:
        node, here, key = waiting.pop()
        if isinstance(node, yaml.SequenceNode):
            waiting += [(part, here, key) for part in node.value]
        elif isinstance(node, yaml.MappingNode):
            scalars = {str(k.value): str(v.value) for k, v in node.value if isinstance(v, yaml.ScalarNode)}
            waiting += [(value, scalars, str(name.value)) for name, value in node.value]
        elif isinstance(node, yaml.ScalarNode) and (new := new_of(here, key, node.value)) is not None:
            start, end = node.start_mark, node.end_mark
            first, last = starts[start.line] + start.column, starts[end.line] + end.column
            spots.append((first, last, _scalar(new)))
    for first, last, new in sorted(spots, reverse=True):
        text = text[:first] + new + text[last:]
    return text, len(spots)


def _renamed(part: Any, old: str, new: str, kept: Collection[str], key: str = "") -> Any:
    if isinstance(part, dict):
        return {name: _renamed(value, old, new, kept, str(name)) for name, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value, old, new, kept, key) for value in part]
    return new if part == old and key not in kept else part


def _scalar(text: str) -> str:
    """A text as a YAML scalar that stands anywhere, quoted where it must be."""
    dumped = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=10**9)
    return dumped.strip()[1:-1]


def _line(entry: Entry) -> str:
    dumped = yaml.safe_dump([entry], default_flow_style=True, sort_keys=False, allow_unicode=True, width=108)
    return f"- {dumped.strip()[1:-1]}\n"

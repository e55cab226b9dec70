"""Wikidata candidates from a file of one's own: no network is asked.

JSON Lines or CSV, an item a row: `id` (Q42, or its address), `label`, `aliases` (a list; in CSV parted by
`|`), `description`, `kind`. However large the file, only what is asked for is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import table_lines, text_lines
from goldwire.seeds.rows import csv_rows, delimiter_of, json_rows
from goldwire.text import wording

#: The key of a registry's entry that holds its Wikidata item.
KEY = "wikidata"
#: Of the number's digits more than any item has, and few enough to be a number.
_ITEM = re.compile(r"(?:https?://www\.wikidata\.org/(?:entity|wiki)/)?[Qq]([1-9][0-9]{0,17})")
_SHOWN = 60
_FAULTS = 100


@dataclass(frozen=True)
class WikidataItem:
    """An item of Wikidata; `bearer` is the id of the registry's entry that it is already, empty for none."""

    id: str
    label: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    kind: str = ""
    bearer: str = ""

    def __str__(self) -> str:
        about = ", ".join(filter(None, [self.kind, self.description]))
        known = f"; {self.bearer} is it already" if self.bearer else ""
        return f"{self.id} {self.label}" + (f" ({about})" if about else "") + known


def item_of(text: str) -> str:
    """The id of an item, from that or its address; raises GW789 for anything else."""
    match = _ITEM.fullmatch(text.strip())
    if match is None:
        hint = "Q and a number, as Q42"
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise GoldwireError.of("GW789", f"`{shown}` is no item of Wikidata", hint=hint)
    return f"Q{match[1]}"


class WikidataFile:
    """What a file of candidates has of some names, compared without case and accents, and of some items.

    Raises GW224, GW225 and GW789 for rows that are none, GW901 to GW903 for a file that can't be read.
    """

    def __init__(self, path: Path, names: Collection[str], items: Collection[str] = ()) -> None:
        self.path, wanted = path, {wording(name) for name in names}
        self._by_name: dict[str, dict[str, WikidataItem]] = {}
        #: Which of `items` the file has.
        self.found: set[str] = set()
        faults: list[Fault] = []
        for place, row in self._rows(faults):
            try:
                item = _item(row, place)
            except GoldwireError as error:
                faults.extend(error.faults)
                if len(faults) >= _FAULTS:
                    break
                continue
            self.found |= {item.id} & set(items)
            for name in {wording(each) for each in (item.label, *item.aliases)} & wanted:
                self._by_name.setdefault(name, {}).setdefault(item.id, item)
        raise_faults(faults[:_FAULTS])

    def of(self, names: Collection[str], bearers: Mapping[str, str]) -> list[WikidataItem]:
        """The items of one of these names: those first that bear one as their label, then by their number.

        `bearers` are the registry's entries by their item.
        """
        asked = {wording(name) for name in names}
        items = {item.id: item for name in asked for item in self._by_name.get(name, {}).values()}
        ordered = sorted(
            items.values(),
            key=lambda item: (wording(item.label) not in asked, int(item.id.removeprefix("Q"))),
        )
        return [replace(item, bearer=bearers.get(item.id, "")) for item in ordered]

    def lacks(self, item: str) -> Fault:
        """The fault of an item that is not in the file."""
        hint = "take one that it lists, or leave --candidates out"
        return Fault("GW789", f"`{item}` is not in the file", str(self.path), hint)

    def _rows(self, faults: list[Fault]) -> Iterator[tuple[str, dict[str, Any]]]:
        where = str(self.path)
        if self.path.suffix.lower() in (".csv", ".tsv"):
            with table_lines(self.path) as lines:
                delimiter = delimiter_of(lines.readline())
                lines.seek(0)
                for place, row in csv_rows(lines, where, faults, delimiter=delimiter):
                    aliases = [part for part in str(row.get("aliases", "")).split("|") if part.strip()]
                    yield place, {**row, "aliases": aliases}
        else:
            yield from json_rows(text_lines(self.path), where, faults)


def _item(row: Mapping[str, Any], place: str) -> WikidataItem:
    """A row as an item."""
    aliases = row.get("aliases") or []
    texts = [row.get("id"), row.get("label"), row.get("description") or "", row.get("kind") or ""]
    if not isinstance(aliases, list) or not all(isinstance(text, str) for text in [*texts, *aliases]):
        message, hint = "no candidate", 'texts: {"id": "Q42", "label": "…", "aliases": ["…"]}'
        raise GoldwireError.of("GW789", message, where=place, hint=hint)
    number, label, description, kind = (str(text).strip() for text in texts)
    try:
        item = item_of(number)
    except GoldwireError as error:
        fault = error.faults[0]
        raise GoldwireError.of(fault.code, fault.message, where=place, hint=fault.hint) from None
    return WikidataItem(item, label, tuple(alias.strip() for alias in aliases), description, kind)

"""The registries in a dataset, a JSON line an entry: without them no reader knows what an id names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from goldwire.files import file_name, read_text, write_text
from goldwire.schemas.yaml_lines import parse_yaml

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus
    from goldwire.schemas import Schema

#: The folder in the dataset.
REGISTRIES = "registries"
Rows = dict[str, list[dict[str, Any]]]


class DatasetRegistry(Struct, frozen=True):
    """A registry in a dataset: its path there, how many entries it has, and the columns that hold its ids;
    `gives` are those that take what an entry says where a span states nothing."""

    path: str
    entries: int
    columns: tuple[str, ...]
    gives: tuple[str, ...]


def registry_rows(corpus: Corpus) -> Rows:
    """The entries of each registry, as its file has them."""
    rows: Rows = {}
    for name, file in corpus.schema.registries.items():
        path = corpus.project.schema_path.parent / file
        data, _ = parse_yaml(read_text(path), str(path))
        rows[name] = list(data or [])
    return rows


def without(rows: Mapping[str, Sequence[dict[str, Any]]], quotes: Callable[[Any], bool]) -> tuple[Rows, int]:
    """The entries without the values that `quotes` is true of, and how many these are; an entry whose id is
    one goes as a whole."""
    kept: Rows = {}
    dropped = 0
    for name, entries in rows.items():
        kept[name] = []
        for entry in entries:
            row: dict[str, Any] = {}
            for key, value in entry.items():
                held = [each for each in value if not quotes(each)] if isinstance(value, list) else value
                if not isinstance(value, list) and quotes(value):
                    dropped += 1
                    continue
                dropped += len(value) - len(held) if isinstance(value, list) else 0
                row[key] = held
            if "id" in row:
                kept[name].append(row)
    return kept, dropped


def write_registries(
    folder: Path, rows: Mapping[str, Sequence[dict[str, Any]]], schema: Schema
) -> list[DatasetRegistry]:
    """Write each registry that has an entry."""
    written = []
    for name, entries in rows.items():
        if not entries:
            continue
        path = f"{REGISTRIES}/{file_name(name)}.jsonl"
        lines = [json.dumps(entry, ensure_ascii=False, default=str) for entry in entries]
        write_text(folder / path, "".join(f"{line}\n" for line in lines))
        about = [
            (layer, key, each)
            for layer, held in schema.layers.items()
            for key, each in held.attributes.items()
        ]
        ids = [(layer, key) for layer, key, each in about if each.registry == name]
        written.append(
            DatasetRegistry(
                path,
                len(entries),
                tuple(f"{layer}.{key}" for layer, key in ids),
                tuple(f"{layer}.{key}" for layer, key, each in about if (layer, each.taken_from) in ids),
            )
        )
    return written

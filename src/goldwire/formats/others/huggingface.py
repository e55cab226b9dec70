"""Rows of token classification, as Hugging Face datasets have them: `tokens`, and `ner_tags`.

Tags are names or numbers. JSON, JSON Lines, or parquet, whose features name the numbers; else `--labels`
does. Sentences have no text of their own: it is put together from the tokens, with a blank between them,
unless a column holds it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from goldwire.errors import GoldwireError
from goldwire.files import read_text
from goldwire.formats.conll.tags import Form, decode_tags, form_of, split_tag
from goldwire.formats.dataset.parquet_size import too_much
from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._marks import Collector, FileMark, FileReading, lose_keys, placed
from goldwire.formats.others._rows import FileRow, called, contents, json_file_rows, malformed_row
from goldwire.model import Article

ABOUT = "rows of token classification: tokens and ner_tags, JSON, JSON Lines or parquet (--labels)"

TOKENS, TAGS = (
    ("tokens", "words"),
    ("ner_tags", "tags", "labels", "ner", "ner_tags_str", "fine_ner_tags", "label"),
)
_TEXT = ("text", "sentence")
_HINT = 'a row is {"tokens": ["Anna", "rit"], "ner_tags": ["B-PER", "O"]}'


def looks_like(head: Head) -> bool:
    """Whether it begins like rows of tokens and tags."""
    if head.data.startswith(b"PAR1"):
        return bool(_columns(head.path))
    return any(isinstance(row, dict) and _named(row) is not None for row in head.rows)


def _named(row: dict[str, Any]) -> tuple[str, str] | None:
    """The columns of tokens and of tags: lists as long as each other."""
    for tokens in TOKENS:
        words = row.get(tokens)
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            continue
        for tags in (*TAGS, *row):
            tag_cells = row.get(tags)
            if (
                tags != tokens
                and isinstance(tag_cells, list)
                and len(tag_cells) == len(words)
                and _are_tags(tag_cells, tags)
            ):
                return tokens, tags
    return None


def _are_tags(tag_cells: list[Any], name: str) -> bool:
    if all(type(tag) is int for tag in tag_cells):
        return name in TAGS
    return (
        all(isinstance(tag, str) for tag in tag_cells)
        and form_of(Counter(tag_cells), named=name in TAGS) is not None
    )


def _columns(path: Path) -> list[str]:
    """The columns of a parquet file that holds tokens and tags; none of another."""
    import pyarrow.parquet as pq

    try:
        names = list(pq.read_schema(path).names)
    except Exception:  # noqa: BLE001  whatever it is, it is none of these
        return []
    return names if set(names) & set(TOKENS) and set(names) & set(TAGS) else []


def read_huggingface(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a file, a row each.

    Raises GW627 where tags are numbers and nothing names them, GW621 for rows that are none.
    """
    collector = Collector(setting, "huggingface")
    names_asked = _labels(setting)
    columns: tuple[str, str] | None = None
    forms: dict[str, Form] = {}
    rows = list(_rows(path, setting))
    for row, stored in rows:
        value = row.value if isinstance(row.value, dict) else {}
        columns = columns if columns and set(columns) <= set(value) else _named(value)
        if columns is None:
            setting.refuse(row.value, malformed_row(row.place, "no tokens with as many tags", _HINT))
            continue
        names = names_asked or stored.get(columns[1])
        if columns[1] not in forms:
            cells = names or [tag for each, _ in rows for tag in _cells(each.value, columns[1])]
            forms[columns[1]] = form_of(Counter(cells), named=True) or "prefix"
        words, tag_cells = value[columns[0]], value[columns[1]]
        if len(words) != len(tag_cells):
            message = f"{len(words)} tokens and {len(tag_cells)} tags"
            setting.refuse(row.value, malformed_row(row.place, message, _HINT))
            continue
        tags = _split(tag_cells, names, row, columns[1], forms[columns[1]], setting)
        if tags is None:
            continue
        key = next((each for each in _TEXT if isinstance(value.get(each), str)), None)
        text, extents = placed(words, value[key] if key else None)
        if key is None or text != value[key]:
            setting.assume("texts are put together from tokens, with a blank between them")
        marks = [FileMark(label, extents[a][0], extents[b][1]) for a, b, label in decode_tags(tags)]
        lose_keys(setting, value, (*columns, "id", *((key,) if key else ())), "column", row.place)
        name = called(value.get("id"), f"{row.stem}-{row.number}")
        if text.strip():
            collector.add(FileReading(row.place, name, text, collector.annotator, setting.status, marks))
        else:
            setting.lose("rows without a token", row.place)
    return collector.articles()


def _split(
    tag_cells: Sequence[Any],
    names: list[str] | None,
    row: FileRow,
    column: str,
    form: Form,
    setting: ConversionOptions,
) -> list[tuple[str, str]] | None:
    """The tags of a row; None, with a fault, where one is none."""
    tags: list[tuple[str, str]] = []
    for tag in tag_cells:
        if type(tag) is int and names is None:
            message = f"the tags in `{column}` are numbers, and nothing says what they mean"
            hint = "name them in their order: --labels O,B-PER,I-PER, or a file with a name a line"
            raise GoldwireError.of("GW627", message, where=row.place, hint=hint)
        if type(tag) is int and names is not None:
            name = names[tag] if 0 <= tag < len(names) else None
            if tag in (-100, -1):  # what a model is not to learn
                name = "O"
        else:
            name = tag if isinstance(tag, str) else None
        split = split_tag(name, form, column) if name is not None else None
        if split is None:
            setting.refuse(row.value, malformed_row(row.place, f"`{tag}` is no tag in `{column}`", _HINT))
            return None
        tags.append(split)
    return tags


def _cells(row: Any, column: str) -> list[str]:
    """A row's tags that are names."""
    tag_cells = row.get(column) if isinstance(row, dict) else None
    return [tag for tag in tag_cells if isinstance(tag, str)] if isinstance(tag_cells, list) else []


def _labels(setting: ConversionOptions) -> list[str] | None:
    """The names that `--labels` gives, in their order: a list, or a file that holds one."""
    if not setting.labels:
        return None
    if "," not in setting.labels and Path(setting.labels).is_file():
        text = read_text(Path(setting.labels)).strip()
        listed = json.loads(text) if text.startswith("[") else text.replace(",", "\n").split("\n")
    else:
        listed = setting.labels.split(",")
    return [str(each).strip() for each in listed if str(each).strip()]


def _rows(path: Path, setting: ConversionOptions) -> Iterator[tuple[FileRow, dict[str, list[str]]]]:
    """The rows, with the names of tags by column where the file holds them."""
    if path.is_file():
        with path.open("rb") as stream:
            parquet = stream.read(4) == b"PAR1"
    else:
        parquet = any(path.rglob("*.parquet"))
    if not parquet:
        for content in contents(path, (".json", ".jsonl"), "rows of tokens"):
            for row in json_file_rows(content, setting, _HINT):
                yield row, {}
        return
    import pyarrow.parquet as pq

    for file in [path] if path.is_file() else sorted(path.rglob("*.parquet")):
        try:
            if message := too_much(file):
                setting.refuse(None, malformed_row(str(file), message, "write it as several files"))
                continue
            with pq.ParquetFile(file) as opened:
                stored = _features((opened.schema_arrow.metadata or {}).get(b"huggingface"))
                number = 0
                for batch in opened.iter_batches(1000):
                    for value in batch.to_pylist():
                        number += 1
                        yield FileRow(f"{file} row {number}", number, file.stem, value), stored
        except (OSError, ValueError) as error:  # Arrow's errors are of both kinds
            setting.refuse(None, malformed_row(str(file), f"no parquet: {error}", "write it anew"))


def _features(metadata: bytes | None) -> dict[str, list[str]]:
    """The names of numbered tags by column, as `datasets` keeps them."""
    try:
        features = json.loads(metadata or b"{}")["info"]["features"]
        return {
            name: [str(each) for each in inner["names"]]
            for name, feature in features.items()
            if isinstance(inner := _inner(feature), dict) and isinstance(inner.get("names"), list)
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _inner(feature: Any) -> Any:
    """What the elements of a list are."""
    if isinstance(feature, list):
        return feature[0] if feature else None
    return feature.get("feature") if isinstance(feature, dict) else None

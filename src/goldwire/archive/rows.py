"""Rows of an archive as articles: goldwire's own ones whole, others by their columns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple, TextIO, TypeAlias

import msgspec

from goldwire.annotations.integrity import article_faults
from goldwire.annotations.line import loads
from goldwire.archive.reading import ROWS, Batch, row_batches
from goldwire.archive.shards import Shard
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import sha256
from goldwire.formats.dataset.parquet import article_of
from goldwire.model import Article, Document
from goldwire.seeds.columns import field_columns
from goldwire.seeds.documents import NO_ARTICLE, check_text, document_of
from goldwire.seeds.rows import Row, check_named_once, json_object
from goldwire.text import normalise

#: More rows than any shard has: one part.
_WHOLE = 1 << 62
_OWN = frozenset(("id", "text", "meta", "annotations"))
#: What rows that are nearly goldwire's own, but for an id that is a number or further columns, have for sure.
_NEARLY_OWN = {"id": "id", "text": "text"}
#: A line of JSON Lines, a row of a table, or None for what is too long.
_Stored: TypeAlias = bytes | Row | None


@dataclass(frozen=True)
class RefusedRow:
    """A row that is no article: its place, itself, and what is wrong. `place` names the shard as a manifest
    does, `where` as it was called here."""

    where: str
    place: str
    row: str
    faults: tuple[Fault, ...]

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the quarantine file, which is the same wherever the archive lies."""
        faults = (replace(each, where=each.where.replace(self.where, self.place, 1)) for each in self.faults)
        return {"where": self.place, "reason": list(map(str, faults)), "row": self.row}


class PlacedArticle(NamedTuple):
    """An article and its place, named as in `RefusedRow`."""

    where: str
    place: str
    article: Article


def article_batches(
    shard: Shard, columns: Mapping[str, str], *, per_part: int = _WHOLE, rows: int = ROWS
) -> Iterator[Batch]:
    """The shard's batches, each with what its columns are: those given, else as the first rows tell.

    Raises GW703 and GW704 where that can't be told, GW943 and GW950 where the shard can't be read.
    """
    told: dict[str, str] | None = {}
    for batch in row_batches(shard, per_part=per_part, rows=rows):
        if told == {}:
            told = _columns(batch, columns)
        yield replace(batch, columns=told)


def _columns(batch: Batch, given_columns: Mapping[str, str]) -> dict[str, str] | None:
    rows = []
    for _, stored in _stored(batch):
        with suppress(GoldwireError):  # told with the row
            rows.append(_row(stored, ""))
    if not rows:
        return {}
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not given_columns and {"id", "text"} <= set(names) <= _OWN:
        return None
    return field_columns(names, rows, given_columns, batch.address)


def articles_of_rows(batch: Batch) -> Iterator[PlacedArticle | RefusedRow]:
    """The articles of a batch in their order, and the rows that are none."""
    for number, stored in _stored(batch):
        where, place = batch.place(number, batch.address), batch.place(number, batch.name)
        try:
            yield PlacedArticle(where, place, _article(batch, number, stored, where))
        except GoldwireError as error:
            yield RefusedRow(where, place, _shown(stored), error.faults)


def archive_articles(
    shards: Iterable[Shard], aside: TextIO, advance: Callable[[int], None] | None = None
) -> Iterator[Article]:
    """The articles of shards, one after the other; rows that are none are put `aside`, a line of JSON each.

    `advance` counts bytes of the stored shards. Raises GW943 where a shard can't be read, GW950 where it is
    damaged or cut off.
    """
    for shard in shards:
        done = 0
        for batch in article_batches(shard, {}):
            for row in articles_of_rows(batch):
                if isinstance(row, PlacedArticle):
                    yield row.article
                else:
                    aside.write(json.dumps(row.as_dict(), ensure_ascii=False) + "\n")
            if advance is not None:
                advance(batch.done - done)
            done = batch.done


def _stored(batch: Batch) -> Iterator[tuple[int, _Stored]]:
    """What a batch holds, with the numbers of its rows."""
    yield from batch.lines
    if batch.table is not None:
        yield from enumerate(batch.table.to_pylist(), start=batch.first)


def _row(stored: _Stored, where: str) -> Row:
    if isinstance(stored, dict):
        return stored
    if stored is None:
        raise GoldwireError.of(NO_ARTICLE, "too long to be an article", where=where)
    row = json_object(stored, where, NO_ARTICLE)
    check_named_once(row, where, NO_ARTICLE)
    return row


def _shown(stored: _Stored) -> str:
    if isinstance(stored, bytes):
        return stored.decode(errors="replace").rstrip("\r\n")
    return "" if stored is None else str(stored)


def _article(batch: Batch, number: int, stored: _Stored, where: str) -> Article:
    if batch.columns is not None:
        return Article(_document(_row(stored, where), batch, batch.columns, where, number))
    try:
        article = loads(stored, where) if isinstance(stored, bytes) else _of_table(_row(stored, where), where)
    except GoldwireError:
        row = _row(stored, where)
        if _is_own(row):
            raise
        return Article(_document(row, batch, _NEARLY_OWN, where, number))
    check_text(article.document.text, "text", where)
    return article if article.annotations else Article(_normalised(article.document))


def _normalised(document: Document) -> Document:
    """A document in whose text no annotation has places, with its text as all others' is."""
    text = normalise(document.text)
    if text == document.text:
        return document
    meta = document.meta | {"sha256": sha256(text)} if "sha256" in document.meta else document.meta
    return Document(document.id, text, meta)


def _of_table(row: Row, where: str) -> Article:
    try:
        article = article_of({"meta": "{}", **row})
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
        message = f"not a document of goldwire's: {type(error).__name__} {error}"
        raise GoldwireError.of(NO_ARTICLE, message, where=where) from None
    raise_faults(article_faults(article, where))
    return article


def _is_own(row: Row) -> bool:
    """Whether goldwire wrote a row, or somebody who meant it so: its annotations are not left aside."""
    stated = isinstance(row.get("id"), str) and isinstance(row.get("text"), str)
    return bool(row.get("annotations")) or (stated and row.keys() <= _OWN)


def _as_json(value: Any) -> Any:
    """A value of a table with None for what is no number, as pandas leaves it where one is missing."""
    if isinstance(value, dict):
        return {key: _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _document(row: Row, batch: Batch, columns: Mapping[str, str], where: str, number: int) -> Document:
    """A document of other people's columns; an archive without ids gets them of shard and row:
    `shard-000017`."""
    if batch.table is not None:
        row = _as_json(msgspec.to_builtins(row))  # dates as texts
    stem = PurePosixPath(batch.name).name.partition(".")[0]
    return document_of(row, columns, where, f"{stem}-{number:06d}")

"""The rows of a shard, a batch at a time, not yet looked at: that is for whoever works on them."""

from __future__ import annotations

import gzip
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import TYPE_CHECKING, Any

from goldwire.archive.shards import Shard
from goldwire.errors import GoldwireError
from goldwire.formats.dataset.parquet_size import (
    beyond,
    packed,
    row_pieces,
    stated_size,
    text_columns,
    unpack_rows,
)
from goldwire.limits import INFLATED, inflated

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows in a batch, and bytes beyond which it is full whatever their number.
ROWS, BYTES = 100, 4 << 20
#: Bytes that a line may have, and a row of parquet.
LONGEST = INFLATED
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


@dataclass(frozen=True)
class Batch:
    """Rows of one shard that lie side by side.

    `lines` are those of JSON Lines with their numbers from 1, None for one that is too long (of parquet: for
    such a row); `table` is a batch of parquet, whose first row has the number `first`. `part` counts the
    parts into which the shard is cut, `is_last` tells the shard's last batch; `done` counts bytes of the
    stored shard read so far.
    `columns` says which column is which field (None: rows as goldwire writes them).
    """

    address: str
    name: str
    part: int = 0
    first: int = 1
    lines: tuple[tuple[int, bytes | None], ...] = ()
    table: pa.RecordBatch | None = None
    is_last: bool = False
    done: int = 0
    columns: dict[str, str] | None = None

    def place(self, number: int, shard: str) -> str:
        """The place of a row in the shard, which is called so."""
        return f"{shard}:{number}" if self.table is None else f"{shard} row {number}"


def row_batches(shard: Shard, *, per_part: int, rows: int = ROWS) -> Iterator[Batch]:
    """The shard's batches of at most `rows`; none reaches over the end of a part of `per_part` rows.

    Raises GW943 where the shard can't be read, GW950 where it is damaged, cut off, or holds more than one of
    its size may.
    """
    held: Batch | None = None
    read = _table_batches if shard.suffix == ".parquet" else _line_batches
    for batch in read(shard, per_part, rows):
        if held is not None:
            yield held
        held = batch
    if held is not None:
        yield replace(held, is_last=True)


def _damaged(shard: Shard, why: str) -> GoldwireError:
    hint = "get it anew; a run into a folder goes on with what it has done"
    return GoldwireError.of("GW950", why, where=shard.address, hint=hint)


def _line_batches(shard: Shard, per_part: int, rows: int) -> Iterator[Batch]:
    with shard.opened() as stored:
        # Files elsewhere read no lines of a length at most.
        plain: Any = stored
        stream = gzip.GzipFile(fileobj=stored) if shard.suffix.endswith(".gz") else BufferedReader(plain)
        try:
            yield from _gathered(shard, _lines(shard, stream), stored.tell, per_part, rows)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _damaged(shard, f"damaged or cut off: {error}") from None


def _gathered(
    shard: Shard,
    lines: Iterator[tuple[int, bytes | None]],
    position: Callable[[], int],
    per_part: int,
    rows: int,
) -> Iterator[Batch]:
    held: list[tuple[int, bytes | None]] = []
    size = total = 0
    for number, line in lines:
        held.append((number, line))
        size += len(line or b"")
        total += 1
        if len(held) == rows or size >= BYTES or total % per_part == 0:
            part = (total - 1) // per_part
            yield Batch(shard.address, shard.name, part, held[0][0], tuple(held), done=position())
            held, size = [], 0
    if held:
        part = (total - 1) // per_part
        yield Batch(shard.address, shard.name, part, held[0][0], tuple(held), done=position())


def _lines(shard: Shard, stream: BufferedReader | gzip.GzipFile) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not blank, with their numbers; None for one that is longer than any may be."""
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
        if line.endswith(b"\n"):
            if line.strip():
                yield number, line
        elif len(line) == LONGEST:
            while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif line.strip():
            if not _is_closed(line):
                raise _damaged(shard, f"cut off in the middle of line {number}")
            yield number, line


def _is_closed(line: bytes) -> bool:
    """Whether all that a line opens is closed again, be it JSON or not: whoever reads rows says that."""
    bare = _STRING.sub(b"", line)
    opened, closed = (sum(map(bare.count, signs)) for signs in ((b"{", b"["), (b"}", b"]")))
    return b'"' not in bare and opened <= closed


def _table_batches(shard: Shard, per_part: int, rows: int) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    limit = inflated(shard.size)
    try:
        with shard.opened() as stored, pq.ParquetFile(stored) as source:
            metadata, schema = source.metadata, source.schema_arrow
            if stated_size(metadata) > limit:
                raise _damaged(shard, beyond(limit))
            total = size = 0
            # Rows stay packed until it is known what they stand for.
            for whole in packed(stored, text_columns(metadata), metadata).iter_batches(rows):
                for piece, held in row_pieces(whole, BYTES):
                    size += held
                    if size > limit:
                        raise _damaged(shard, beyond(limit))
                    cut = [None] if held > LONGEST else _parts(unpack_rows(piece, schema), total, per_part)
                    for table in cut:
                        number = 1 if table is None else len(table)
                        yield Batch(
                            shard.address,
                            shard.name,
                            total // per_part,
                            total + 1,
                            lines=((total + 1, None),) if table is None else (),
                            table=table,
                            done=shard.size * (total + number) // max(metadata.num_rows, 1),
                        )
                        total += number
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise _damaged(shard, f"no parquet, damaged or cut off: {str(error).splitlines()[0]}") from None


def _parts(table: pa.RecordBatch, total: int, per_part: int) -> Iterator[pa.RecordBatch]:
    """Rows cut at the end of a part, after `total` earlier ones."""
    start = 0
    while start < len(table):
        size = per_part - (total + start) % per_part
        yield table.slice(start, size)
        start += size

"""How much a parquet file holds, told before its rows are unpacked.

A column keeps each text once, in its dictionary, and numbers for the rows: some kilobytes can stand for
gigabytes, of which neither the file's size nor its own sums say anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.limits import inflated
from goldwire.number_format import amount

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Rows that are looked at together, and bytes that a value takes at least once it is unpacked.
_ROWS, _VALUE = 500, 8


def too_much(file: Path) -> str:
    """What is to be said of a file that holds more than one of its size may; empty of all others.

    Raises Arrow's errors for what is no parquet file.
    """
    import pyarrow.parquet as pq

    limit = inflated(file.stat().st_size)
    with pq.ParquetFile(file) as source:
        size = stated_size(source.metadata)
        texts = text_columns(source.metadata)
    if size <= limit and texts:
        size = 0
        with packed(file, texts) as source:
            for batch in source.iter_batches(_ROWS, columns=texts):
                size += unpacked(batch)
                if size > limit:
                    break
    return beyond(limit) if size > limit else ""


def beyond(limit: int) -> str:
    """What is to be said of a file that holds more than so many bytes."""
    return f"it holds more than {amount(limit >> 20)} MiB, too much for a file of its size"


def stated_size(metadata: pq.FileMetaData) -> int:
    """The bytes that a file holds at least, as its own figures say."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    values = sum(
        group.column(index).num_values * max(_VALUE, metadata.schema.column(index).length or 0)
        for group in groups
        for index in range(metadata.num_columns)
    )
    return int(max(sum(group.total_byte_size for group in groups), values))


def text_columns(metadata: pq.FileMetaData) -> list[str]:
    """The columns of values that are of any length."""
    columns = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    return sorted(
        column.path
        for column in columns
        if column.physical_type == "BYTE_ARRAY" and column.logical_type.type != "DECIMAL"
    )


def packed(source: Any, texts: list[str], metadata: pq.FileMetaData | None = None) -> pq.ParquetFile:
    """A parquet file whose `texts` stay numbers of what stands in dictionaries."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(source, metadata=metadata, read_dictionary=texts, arrow_extensions_enabled=False)


def unpacked(batch: pa.RecordBatch) -> int:
    """The bytes that packed rows take once unpacked, each text as often as it stands there."""
    return sum(map(_bytes, batch.columns))


def row_pieces(batch: pa.RecordBatch, size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Packed rows cut where unpacked they take more than `size` bytes, with those bytes; rows stay whole."""
    held = unpacked(batch)
    if held <= size or len(batch) < 2:
        yield batch, held
        return
    half = len(batch) // 2
    yield from row_pieces(batch.slice(0, half), size)
    yield from row_pieces(batch.slice(half), size)


def unpack_rows(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Packed rows unpacked, with the types of `schema`."""
    import pyarrow as pa

    columns = [_plain(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=schema.names)


def _plain(array: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    try:
        return array if array.type == kind else array.cast(kind)
    except pa.ArrowNotImplementedError:  # views in lists: as rows of Python they are the same
        return array


def _bytes(array: Any) -> int:
    """The bytes of an array's texts, each as often as it stands there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_dictionary(kind) and (
        pa.types.is_string(kind.value_type)
        or pa.types.is_binary(kind.value_type)
        or pa.types.is_large_string(kind.value_type)
        or pa.types.is_large_binary(kind.value_type)
    ):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_map(kind):
        pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return _bytes(array.cast(pa.list_(pair)))
    if pa.types.is_struct(kind):
        return sum(_bytes(each) for each in array.flatten())
    return _bytes(array.flatten()) if pa.types.is_nested(kind) else int(array.nbytes)

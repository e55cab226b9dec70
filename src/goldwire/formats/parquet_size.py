"""How much a parquet file holds, told before any of its rows is unpacked.

A column keeps each text once, in its dictionary, and numbers for the rows: some kilobytes can stand for
gigabytes, of which neither the file's size nor its own sums say anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from goldwire.limits import inflated
from goldwire.number_format import amount

# Rows that are looked at together, and bytes that a value takes at least once it is unpacked.
_ROWS, _VALUE = 500, 8


def too_much(file: Path) -> str:
    """What is to be said of a file that holds more than one of its size may; empty of all others.

    Raises Arrow's errors for what is no parquet file.
    """
    limit = inflated(file.stat().st_size)
    if _unpacked(file, limit) <= limit:
        return ""
    return f"it holds more than {amount(limit >> 20)} MiB, too much for a file of its size"


def _unpacked(file: Path, limit: int) -> int:
    """The bytes of all rows, texts as often as they stand there; only what was counted where that is beyond
    `limit`."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as source:
        metadata = source.metadata
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        columns = range(metadata.num_columns)
        size = sum(group.total_byte_size for group in groups)
        values = sum(group.column(index).num_values for group in groups for index in columns)
        texts = sorted(
            metadata.schema.column(index).path
            for index in columns
            if metadata.schema.column(index).physical_type == "BYTE_ARRAY"
            and metadata.schema.column(index).logical_type.type != "DECIMAL"
        )
    size = max(int(size), int(values) * _VALUE)
    if size > limit or not texts:
        return size
    size = 0
    with pq.ParquetFile(file, read_dictionary=texts) as source:
        for batch in source.iter_batches(_ROWS, columns=texts):
            size += sum(_bytes(column) for column in batch.columns)
            if size > limit:
                break
    return size


def _bytes(array: Any) -> int:
    """The bytes of an array's texts, each as often as it stands there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary)
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_struct(array.type):
        return sum(_bytes(each) for each in array.flatten())
    return _bytes(array.flatten()) if pa.types.is_nested(array.type) else int(array.nbytes)

"""The event table written: rows go to the disk article by article, stories are marked in a second pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.annotations.candidates import Candidates
from goldwire.corpus.events.rows import EventColumns
from goldwire.corpus.events.stories import Stories, StoryCounter
from goldwire.files import writing
from goldwire.leftovers import scratch
from goldwire.model import Article, curated
from goldwire.number_format import counted
from goldwire.table import Column, Figures, Table

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of a row group, which is what stands in memory.
_GROUP = 20_000


@dataclass(repr=False)
class EventCounts(Figures):
    """What was written: articles read, those without an annotation, rows, different events, ids filled in.

    `refused` are rows of an archive that were no article, `other_schema` articles whose annotation follows
    another schema than the project's.
    """

    articles: int = 0
    unmarked: int = 0
    rows: int = 0
    events: int = 0
    filled: int = 0
    refused: int = 0
    other_schema: int = 0

    def __repr__(self) -> str:
        return f"<EventCounts: {counted(self.rows, 'row')} of {counted(self.articles, 'article')}>"

    def tables(self) -> list[Table]:
        """`events`: what was read and written."""
        rows = [
            ("articles", self.articles),
            ("without annotation", self.unmarked),
            ("rows", self.rows),
            ("different events", self.events),
            ("ids filled in", self.filled),
            ("rows of the archive that are no article", self.refused),
        ]
        return [Table("events", "events", (Column("events"), Column("", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """By name, for JSON."""
        return asdict(self)


def write_events(
    out: Path, articles: Iterable[Article], columns: EventColumns, *, ids: Candidates | None = None
) -> EventCounts:
    """Write the table of the articles' most trusted annotations to `out`, whole or not at all.

    With `ids` mentions without one get that of a registry where it is sure. In memory stand a row group and
    some 20 bytes a row.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts, counter = EventCounts(), StoryCounter()
    plain, whole = columns.arrow_schema(stories=False), columns.arrow_schema(stories=True)
    with scratch("events") as folder:
        with pq.ParquetWriter(folder / "rows.parquet", plain, compression="zstd") as writer:
            rows = _rows(articles, columns, counter, counts, ids)
            while group := list(islice(rows, _GROUP)):
                writer.write_batch(pa.RecordBatch.from_pylist(group, schema=plain))
        stories = counter.done()
        counts.rows, counts.events = len(stories.is_first), stories.events
        with (
            writing(out) as stream,
            pq.ParquetWriter(stream, whole, compression="zstd") as writer,
            pq.ParquetFile(folder / "rows.parquet") as source,
        ):
            first = 0
            for batch in source.iter_batches(_GROUP):
                writer.write_batch(_told(batch, stories, first, whole))
                first += len(batch)
    return counts


def _rows(
    articles: Iterable[Article],
    columns: EventColumns,
    counter: StoryCounter,
    counts: EventCounts,
    ids: Candidates | None,
) -> Iterable[dict[str, Any]]:
    for number, article in enumerate(articles):
        counts.articles += 1
        annotation = curated(article.annotations)
        if annotation is None:
            counts.unmarked += 1
            continue
        name = columns.schema.name
        counts.other_schema += annotation.schema.partition("@")[0] not in ("", name)
        if ids is not None:
            annotation, filled = ids.fill(article.document, annotation)
            counts.filled += len(filled)
        for row in columns.rows(article, annotation):
            counter.add(row.code, row.day, number)
            yield row.cells


def _told(batch: pa.RecordBatch, stories: Stories, first: int, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with what is known of its rows' stories."""
    import pyarrow as pa

    place = slice(first, first + len(batch))
    more = {"reports": pa.array(stories.reports[place]), "is_first": pa.array(stories.is_first[place])}
    arrays = [more[name] if name in more else batch.column(name) for name in schema.names]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)

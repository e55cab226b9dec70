"""A run over an archive: shards in, shards out, each whole or not at all; what was killed goes on."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any, TypeAlias

from goldwire.annotations.line import dumps
from goldwire.archive.engine import Engine
from goldwire.archive.manifest import (
    QUARANTINE,
    Input,
    RunState,
    WrittenShard,
    aside_name,
    begin,
    inputs_of,
    part_name,
)
from goldwire.archive.output import output_at
from goldwire.archive.reading import ROWS, Batch
from goldwire.archive.rows import PlacedArticle, RefusedRow, article_batches, articles_of_rows
from goldwire.archive.shards import Shard, shards_outside
from goldwire.errors import Fault, GoldwireError
from goldwire.formats.dataset.arrow import batch as table_of
from goldwire.model import Article
from goldwire.number_format import counted
from goldwire.table import Column, Figures, Table

#: Rows of an input that go into one shard of the output.
PER_SHARD = 10_000
#: How a shard may be written.
FORMS = ("jsonl", "jsonl.gz", "parquet")
_EXAMPLES = 3

#: What is done to the articles of a batch: one article for each, in their order.
Transform: TypeAlias = Callable[[list[Article]], list[Article]]


@dataclass(frozen=True)
class Result:
    """What became of a batch: input and part, the articles' places (as it is called here, and by the shard's
    name) and ids, what is written of them, and the rows that are none."""

    key: tuple[str, int]
    places: list[tuple[str, str]]
    ids: list[str]
    written: Any
    refused: list[RefusedRow]
    counts: list[Counter[str]]
    is_last: bool
    done: int


class BatchWork:
    """What is done to a batch; `make` makes what it does to articles, once a worker."""

    def __init__(self, make: Callable[[], Transform], form: str) -> None:
        self._transform, self._is_table = make(), form == "parquet"

    def __call__(self, batch: Batch) -> Result:
        """What becomes of a batch."""
        rows = list(articles_of_rows(batch))
        placed = [each for each in rows if isinstance(each, PlacedArticle)]
        changed = self._transform([each.article for each in placed])
        return Result(
            key=(batch.name, batch.part),
            places=[(each.where, each.place) for each in placed],
            ids=[article.document.id for article in changed],
            written=table_of(changed) if self._is_table else [dumps(article) for article in changed],
            refused=[each for each in rows if isinstance(each, RefusedRow)],
            counts=[_counts(article) for article in changed],
            is_last=batch.is_last,
            done=batch.done,
        )


def _counts(article: Article) -> Counter[str]:
    annotations = article.annotations
    return Counter(
        documents=1,
        characters=len(article.document.text),
        annotations=len(annotations),
        spans=sum(len(a.spans) for a in annotations),
        relations=sum(len(a.relations) for a in annotations),
        trained_on=sum(a.provenance.trained_on for a in annotations),
    )


@dataclass(repr=False)
class Outcome(Figures):
    """What a run came to: what all shards hold, how many of them there are, and how many of these, with how
    many documents, this run has written; of rows refused the first faults."""

    counts: Counter[str]
    shards: int = 0
    written: int = 0
    documents_written: int = 0
    faults: list[Fault] = field(default_factory=list)

    def __repr__(self) -> str:
        documents = counted(self.counts["documents"], "document")
        spans, shards = counted(self.counts["spans"], "span"), counted(self.shards, "shard")
        return f"<Outcome: {documents}, {spans} in {shards}>"

    def tables(self) -> list[Table]:
        """`archive`: what its shards hold."""
        rows = [(name.replace("_", " "), number) for name, number in self.as_json().items()]
        return [Table("archive", "archive", (Column("what"), Column("count", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The counts; `characters` are code points, `refused` rows, `trained_on` annotations."""
        names = ("documents", "spans", "relations", "characters", "refused", "trained_on")
        written = {"documents_written": self.documents_written, "shards_written": self.written}
        return {name: self.counts[name] for name in names} | {"shards": self.shards} | written


def run_over(
    addresses: Sequence[str],
    folder: Path | str,
    make: Callable[[], Transform],
    *,
    engine: Engine,
    settings: Mapping[str, Any],
    columns: Mapping[str, str] | None = None,
    form: str = "jsonl",
    per_shard: int = PER_SHARD,
    strict: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Outcome:
    """What `make` makes does to the articles of the shards at `addresses`, written to `folder`, a path or an
    address.

    A shard is written whole or not at all, and those of an earlier run that was made with the same `settings`
    and inputs stay: the folder is the same to the byte however often a run was killed, and whatever the
    engine. Rows that are no article lie in `_quarantine/` in it; with `strict` the first of them ends the
    run. `advance` counts bytes of the inputs read.

    Raises GW940 to GW943 and GW950 for the inputs, GW944 where no row is an article, GW945 to GW948 for the
    folder.
    """
    shards = shards_outside(addresses, folder)
    output = output_at(folder)
    with output.alone():
        inputs = inputs_of(shards, [shard.sha256() for shard in shards])
        options = {"columns": dict(columns or {}), "shards": form, "shard_size": per_shard, "batch": ROWS}
        state = begin(output, {**settings, **options}, inputs)
        waiting = [shard for shard in shards if not state.is_done(shard.name)]
        batches = _batches(waiting, state, columns or {}, per_shard)
        outcome = Outcome(Counter())
        stems = {each.name: each for each in inputs}
        results = engine.map(partial(BatchWork, make, form), batches)
        told = _told(results, advance)
        for key, group in groupby(told, key=lambda result: result.key):
            _write_part(state, stems[key[0]], key[1], group, form, outcome, strict=strict)
        outcome.counts = state.counts()
        if not outcome.counts["documents"] and outcome.counts["refused"]:
            message = f"none of {counted(outcome.counts['refused'], 'row')} is an article"
            hint = f"why, for each: {output.where}/{QUARANTINE}; which column is what: --column text=NAME"
            raise GoldwireError(Fault("GW944", message, hint=hint), *outcome.faults)
        state.finish()
        outcome.shards = len(state.parts)
        return outcome


def _batches(
    shards: Iterable[Shard], state: RunState, columns: Mapping[str, str], per_shard: int
) -> Iterator[Batch]:
    """The batches that are not written yet."""
    for shard in shards:
        for batch in article_batches(shard, columns, per_part=per_shard):
            if (shard.name, batch.part) not in state.parts:
                yield batch


def _told(results: Iterator[Result], advance: Callable[[int], None] | None) -> Iterator[Result]:
    """The results on their way; the bytes of the inputs are counted."""
    name, before = "", 0
    for result in results:
        if advance is not None:
            if result.key[0] != name:
                name, before = result.key[0], 0
            advance(max(result.done - before, 0))
            before = max(result.done, before)
        yield result


def _write_part(
    state: RunState,
    source: Input,
    number: int,
    group: Iterable[Result],
    form: str,
    outcome: Outcome,
    *,
    strict: bool,
) -> None:
    """One shard of the output; what was refused of it first, so that a shard never lacks its quarantine."""
    name, aside = part_name(source, number, form), aside_name(source, number)
    counts: Counter[str] = Counter()
    ids: set[str] = set()
    refused = 0
    is_last = False
    with ExitStack() as outer:
        put_aside: IO[bytes] | None = None
        with state.output.writing(name) as stream:
            with _writer(form, stream) as write:
                for result in group:
                    is_last = result.is_last
                    twice = _twice(result, ids)
                    for each in (*result.refused, *twice.values()):
                        if strict:
                            raise GoldwireError(*each.faults)
                        if put_aside is None:
                            put_aside = outer.enter_context(state.output.writing(aside))
                        put_aside.write(json.dumps(each.as_dict(), ensure_ascii=True).encode() + b"\n")
                        refused += 1
                        if len(outcome.faults) < _EXAMPLES:
                            outcome.faults.extend(each.faults[:1])
                    write(result.written, [index for index in range(len(result.ids)) if index not in twice])
                    for index, each_counts in enumerate(result.counts):
                        if index not in twice:
                            counts.update(each_counts)
            size = stream.tell()
            if put_aside is not None:
                outer.close()
        part = WrittenShard(
            name=name,
            input=source.name,
            part=number,
            is_last=is_last,
            bytes=size,
            refused=refused,
            counts={key: value for key, value in sorted(counts.items()) if value},
        )
    state.add(part)
    outcome.written += 1
    outcome.documents_written += counts["documents"]


def _twice(result: Result, ids: set[str]) -> dict[int, RefusedRow]:
    """The articles whose id stood in this shard before, by their place in the batch; no reader takes both."""
    twice: dict[int, RefusedRow] = {}
    for index, name in enumerate(result.ids):
        if name in ids:
            where, place = result.places[index]
            hint = "the first is kept: give each article an id of its own"
            fault = Fault("GW952", f"document `{name}` stands twice in one shard", where, hint)
            lines = result.written
            row = lines[index].decode() if isinstance(lines, list) else str(lines.slice(index, 1).to_pylist())
            twice[index] = RefusedRow(where, place, row, (fault,))
        ids.add(name)
    return twice


@contextmanager
def _writer(form: str, stream: IO[bytes]) -> Iterator[Callable[[Any, list[int]], None]]:
    """Writes the chosen articles of results to a shard's stream; the same input gives the same bytes."""
    if form == "parquet":
        import pyarrow.parquet as pq

        with pq.ParquetWriter(stream, table_of([]).schema, compression="zstd") as writer:
            yield lambda table, chosen: writer.write_batch(
                table if len(chosen) == len(table) else table.take(chosen)
            )
    elif form == "jsonl.gz":
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream, mtime=0) as packed:
            yield lambda lines, chosen: _write_lines(packed, lines, chosen)
    else:
        yield lambda lines, chosen: _write_lines(stream, lines, chosen)


def _write_lines(stream: IO[bytes] | gzip.GzipFile, lines: list[bytes], chosen: list[int]) -> None:
    for index in chosen:
        stream.write(lines[index] + b"\n")

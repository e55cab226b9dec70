"""The articles of an archive one after the other; rows that are none are put aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from goldwire.archive.rows import Refused, article_batches, articles_of
from goldwire.archive.shards import Shard
from goldwire.model import Article


class ArchiveArticles:
    """Goes through shards in their order; `refused` counts rows that are no article, which `aside` gets.

    `advance` counts bytes of the stored shards. Raises GW943 where a shard can't be read, GW950 where it is
    damaged or cut off.
    """

    def __init__(
        self, shards: Sequence[Shard], aside: Path, advance: Callable[[int], None] | None = None
    ) -> None:
        self.shards, self.aside, self.refused = shards, aside, 0
        self._advance = advance or (lambda _bytes: None)

    def __iter__(self) -> Iterator[Article]:
        self.refused = 0
        with self.aside.open("w", encoding="utf-8") as stream:
            for shard in self.shards:
                done = 0
                for batch in article_batches(shard, {}):
                    for row in articles_of(batch):
                        if isinstance(row, Refused):
                            self.refused += 1
                            stream.write(json.dumps(row.as_dict(), ensure_ascii=False) + "\n")
                        else:
                            yield row.article
                    self._advance(batch.done - done)
                    done = batch.done

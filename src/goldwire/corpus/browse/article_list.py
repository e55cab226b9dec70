"""The list of articles: one page with all of them, or of many pages, with files that a search reads."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from goldwire.corpus.browse import page_data
from goldwire.corpus.browse.lists import layer_list
from goldwire.corpus.browse.word_index import WordIndex, gaps
from goldwire.model import Article
from goldwire.schemas import Schema

#: More articles than this are listed in pages: a browser is slow to lay out so long a table.
ONE_PAGE = 1_000
#: Articles of a page, where there are several.
PAGE = 200
#: What is found is read from files of so many articles, of fewer where their texts are long.
SHARD, SHARD_SIZE = 25, 1 << 18


class PageLink(NamedTuple):
    """A link to a page of the list; "" for the page itself and for a gap."""

    words: str
    href: str


def page_path(number: int) -> str:
    """Where page `number` of the list is, from 1."""
    return "index.html" if number == 1 else f"list/{number}.html"


def page_links(number: int, pages: int) -> list[PageLink]:
    """The first page, the last one and those around page `number`, with gaps."""
    shown = sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)})
    links: list[PageLink] = []
    for before, page in zip([0, *shown], shown, strict=False):
        if page > before + 1:
            links.append(PageLink("…", ""))
        links.append(PageLink(str(page), "" if page == number else page_path(page)))
    return links


class ArticleList:
    """Takes all articles in order, and writes what lists them.

    `page` renders a page: its template's name, its path, what it is made of. In memory are a page's rows, a
    shard, some numbers for each label and annotator of an article, and a part of its words.
    """

    def __init__(
        self,
        folder: Path,
        page: Callable[..., None],
        href: Callable[[str], str],
        schema: Schema,
        annotators: Sequence[str],
        number: int,
        language: str,
    ) -> None:
        self.folder, self._page, self._href, self._schema = folder, page, href, schema
        self._annotators = {name: place for place, name in enumerate(annotators)}
        self._numbers = page_data.label_numbers(schema)
        self._language, self._total = language, number
        self.paged = number > ONE_PAGE
        self.pages = -(-number // PAGE) if self.paged else 1
        self._first: list[dict[str, Any]] = []
        self._rows: list[dict[str, Any]] = []
        self._listed = 0
        self._texts: list[str] = []
        self._words = WordIndex()
        self._filters: dict[str, array[int]] = {}
        self._shard: list[list[Any]] = []
        self._shard_size = 0
        self._starts: list[int] = []

    def add(self, article: Article, counts: Counter[str]) -> None:
        """List an article; `counts` are the spans of its chosen reading by layer."""
        document, meta = article.document, article.document.meta
        labels = {
            self._numbers.get((span.layer, span.label), -1) for a in article.annotations for span in a.spans
        }
        readers = [self._annotators[a.annotator] for a in article.annotations]
        row = {
            "id": document.id,
            "title": page_data.title_of(article),
            "language": str(meta.get("language") or self._language),
            "published": str(meta.get("published") or ""),
            "href": self._href(document.id),
            "labels": " ".join(map(str, sorted(labels))),
            "annotators": " ".join(map(str, readers)),
            "counts": [(layer, counts[layer]) for layer in self._schema.layers],
            "readings": [(a.annotator, a.status) for a in article.annotations],
        }
        number = self._listed
        self._listed += 1
        self._rows.append(row)
        if not self.paged:
            self._texts.append(document.text)
            return
        self._words.add(number, f"{row['title']} {document.text}")
        for name in (*(f"label-{label}" for label in labels), *(f"annotator-{one}" for one in set(readers))):
            self._filters.setdefault(name, array("I")).append(number)
        self._to_shard(number, row, document.text)
        if len(self._rows) == PAGE:
            self._write_rows()

    def write(self, tiles: Sequence[tuple[str, int, str]]) -> None:
        """The first page, with `tiles` (name, number, note), and what is left to write."""
        if not self.paged:
            self._write_page(1, self._rows, tiles)
            page_data.write_script(self.folder / "data/texts.js", "texts", self._texts)
            return
        if self._rows:
            self._write_rows()
        self._write_page(1, self._first, tiles)
        self._write_shard()
        data = self.folder / "data"
        for name, numbers in self._filters.items():
            page_data.write_script(data / f"filters/{name}.js", "filters", gaps(list(numbers)), name)
        words = self._words.write(data / "words")
        listed = {"articles": self._listed, "shards": self._starts, "words": words}
        listed |= {"filters": sorted(self._filters)}
        page_data.write_script(data / "list.js", "list", listed)

    def close(self) -> None:
        """Give the disk its room back."""
        self._words.close()

    def _write_rows(self) -> None:
        number = -(-self._listed // PAGE)
        if number == 1:
            self._first = self._rows
        else:
            self._write_page(number, self._rows, ())
        self._rows = []

    def _write_page(
        self, number: int, rows: Sequence[dict[str, Any]], tiles: Sequence[tuple[str, int, str]]
    ) -> None:
        pager: dict[str, Any] | None = None
        if self.paged:
            first = (number - 1) * PAGE + 1
            pager = {
                "number": number,
                "of": self.pages,
                "first": first,
                "last": first + len(rows) - 1,
                "all": self._total,
                "before": page_path(number - 1) if number > 1 else "",
                "after": page_path(number + 1) if number < self.pages else "",
                "links": page_links(number, self.pages),
            }
        self._page(
            self.folder,
            "index",
            at=page_path(number),
            rows=rows,
            tiles=tiles,
            layers=layer_list(self._schema),
            annotators=list(self._annotators),
            pager=pager,
        )

    def _to_shard(self, number: int, row: dict[str, Any], text: str) -> None:
        size = len(text)
        if self._shard and (len(self._shard) == SHARD or self._shard_size + size > SHARD_SIZE):
            self._write_shard()
        if not self._shard:
            self._starts.append(number)
        counts = [count for _, count in row["counts"]]
        told = [row[name] for name in ("id", "title", "language", "published", "href")]
        self._shard.append([*told, counts, row["readings"], text])
        self._shard_size += size

    def _write_shard(self) -> None:
        number = len(self._starts) - 1
        page_data.write_script(self.folder / f"data/articles/{number}.js", "shards", self._shard, number)
        self._shard, self._shard_size = [], 0

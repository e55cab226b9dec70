"""Articles in memory, as a reader gave them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from goldwire.model import Article, Document
from goldwire.number_format import amount
from goldwire.table import Column, Table

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

    from goldwire.formats.options import ConversionOptions


#: Articles that a notebook shows.
_SHOWN = 20


class Articles(list[Article]):
    """A list of articles that says in a line what it holds.

    `lost` has for each kind of thing that a format could not hold the places where it was, `changed` where
    something is kept otherwise than it came, `quarantine` what was put aside, as it came: dictionaries with
    `kind`, `where`, `count` and `item`. `format` names what was read, `assumed` says what was taken for
    granted, `path` where it lies.

        >>> import goldwire
        >>> articles = goldwire.read("gold.jsonl")
        >>> articles.lost
        {}
        >>> articles.to_frame()[["document", "annotator", "label", "text"]].head(2)
          document annotator  label   text
        0       d1      anna   DISH  tarte
        1       d1      anna  THING    sel
    """

    def __init__(
        self,
        articles: Iterable[Article] = (),
        lost: Mapping[str, list[str]] | None = None,
        quarantine: Iterable[dict[str, Any]] = (),
        *,
        format: str = "",
        changed: Mapping[str, list[str]] | None = None,
        assumed: Iterable[str] = (),
        path: str = "",
    ) -> None:
        super().__init__(articles)
        self.lost, self.changed = dict(lost or {}), dict(changed or {})
        self.quarantine = list(quarantine)
        self.format, self.assumed, self.path = format, list(assumed), path

    @classmethod
    def as_read(
        cls, articles: Iterable[Article], setting: ConversionOptions, format: str, path: Path
    ) -> Articles:
        """Articles of a file, with what reading it has left in `setting`."""
        return cls(
            articles,
            setting.lost,
            setting.quarantine,
            format=format,
            changed=setting.changed,
            assumed=setting.assumed,
            path=str(path),
        )

    def holding(self, articles: Iterable[Article]) -> Articles:
        """Other articles in place of these: made of the same, with what was lost of it."""
        other = copy(self)
        other[:] = articles
        return other

    @overload
    def __getitem__(self, index: SupportsIndex) -> Article: ...

    @overload
    def __getitem__(self, index: slice) -> Articles: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Article | Articles:
        """An article, or some of them, which say what they hold as all do."""
        if isinstance(index, slice):
            return self.holding(super().__getitem__(index))
        return super().__getitem__(index)

    def __repr__(self) -> str:
        annotations = [a for article in self for a in article.annotations]
        counts = {
            "article": len(self),
            "annotation": len(annotations),
            "span": sum(len(a.spans) for a in annotations),
        }
        counted = ", ".join(f"{amount(n)} {unit}{'' if n == 1 else 's'}" for unit, n in counts.items())
        lost = "".join(f"; not kept: {amount(len(at))} × {kind}" for kind, at in self.lost.items())
        return f"<{counted}{lost}>"

    def _repr_html_(self) -> str:
        """A row an article, the first of many, for a notebook; an article itself is drawn by its index."""
        rows: list[tuple[str | int, ...]] = []
        for article in self[:_SHOWN]:
            spans = sum(len(annotation.spans) for annotation in article.annotations)
            names = ", ".join(sorted({annotation.annotator for annotation in article.annotations}))
            rows.append((article.document.id, len(article.document.text), names, spans))
        columns = (Column("document"), Column("characters", "amount"), Column("annotators"))
        more = f"; the first {_SHOWN} of {amount(len(self))}" if len(self) > _SHOWN else ""
        title = f"{repr(self)[1:-1]}{more}"
        return Table("articles", title, (*columns, Column("spans", "amount")), rows)._repr_html_()

    def to_frame(self) -> DataFrame:
        """A data frame, a span of an annotation a row, with its wording: see `Article.to_frame`."""
        import pandas as pd

        frames = [article.to_frame() for article in self]
        filled = [frame for frame in frames if len(frame)] or frames[:1]
        return pd.concat(filled, ignore_index=True) if filled else Article(Document("", "")).to_frame()

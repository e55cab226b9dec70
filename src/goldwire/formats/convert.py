"""From one format to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldwire.annotations.ids import read_ids, unify_ids
from goldwire.errors import Fault, raise_faults
from goldwire.formats.inferred_schema import misfits
from goldwire.formats.options import Setting
from goldwire.formats.registry import format_named
from goldwire.model import Article, curated

#: How many places of each kind of loss are shown.
FIRST = 5


@dataclass(frozen=True)
class Conversion:
    """What went over, and what did not.

    `written` counts what the target counts (lines, files that changed), `lost` holds for each kind of thing
    that one of the two formats could not hold the places where it was. Where articles went through one at a
    time, `articles` is empty and `counted` has their counts.
    """

    articles: list[Article]
    written: int
    lost: dict[str, list[str]]
    widened: list[str] = field(default_factory=list)
    counted: Counter[str] | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Documents, annotations, spans and relations."""
        if self.counted is not None:
            return {kind: self.counted[kind] for kind in ("documents", "annotations", "spans", "relations")}
        annotations = [a for article in self.articles for a in article.annotations]
        return {
            "documents": len(self.articles),
            "annotations": len(annotations),
            "spans": sum(len(a.spans) for a in annotations),
            "relations": sum(len(a.relations) for a in annotations),
        }

    def as_dict(self) -> dict[str, Any]:
        """The counts, what was written, and for each kind of loss its number and first places."""
        lost = {kind: {"count": len(places), "first": places[:FIRST]} for kind, places in self.lost.items()}
        widened = {"count": len(self.widened), "first": self.widened[:FIRST]}
        return {**self.counts, "written": self.written, "lost": lost, "widened": widened}


def convert(
    src: Path,
    dst: Path,
    *,
    source: str,
    target: str,
    setting: Setting,
    ids: Path | None = None,
    only_curated: bool = False,
) -> Conversion:
    """Read `src` in the format `source`, write it to `dst` in `target`; nothing where a part fails.

    `ids` names a file of ids that annotators coined and of those that stand for them; `only_curated` leaves
    of each document its most trusted annotation. Raises GW272 where `setting.strict` and anything was lost.
    """
    reader, writer = format_named(source), format_named(target)
    writer.check_writable()
    stream = reader.stream(src, setting) if ids is None and writer.streams else None
    if stream is not None:
        counted: Counter[str] = Counter()
        written = writer.write(
            dst, _passing(_fitting(stream, setting), counted, setting, only_curated), setting
        )
        return Conversion([], written, setting.lost, setting.widened, counted)
    articles = reader.read(src, setting)
    if ids is not None:
        articles = unify_ids(articles, read_ids(ids), setting.schema)
    if only_curated:
        articles = [_curated(article, setting) for article in articles]
    articles = list(_fitting(articles, setting))
    setting.check()
    written = writer.write(dst, articles, setting)
    return Conversion(articles, written, setting.lost, setting.widened)


def _fitting(articles: Iterable[Article], setting: Setting) -> Iterator[Article]:
    """The articles; after the last GW270 with all that they have and a schema that was asked for lacks."""
    if setting.named_schema is None:
        yield from articles
        return
    faults: list[Fault] = []
    for article in articles:
        faults += misfits(article, setting.named_schema)
        if not faults:
            yield article
    raise_faults(faults[:100])


def _passing(
    articles: Iterator[Article], counted: Counter[str], setting: Setting, only_curated: bool
) -> Iterator[Article]:
    """The articles on their way, counted as they were read; what must not be lost ends it before its end."""
    for article in articles:
        passed = _curated(article, setting) if only_curated else article
        counted["documents"] += 1
        for annotation in passed.annotations:
            counted["annotations"] += 1
            counted["spans"] += len(annotation.spans)
            counted["relations"] += len(annotation.relations)
        yield passed
    setting.check()


def _curated(article: Article, setting: Setting) -> Article:
    best = curated(article.annotations)
    for other in article.annotations:
        if other is not best:
            setting.lose("annotations by others", f"{other.annotator}/{article.document.id}")
    return Article(article.document, (best,) if best is not None else ())

"""From one format to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from goldwire.corpus.formats import Setting, format_named
from goldwire.corpus.ids import read_ids, unify_ids
from goldwire.model import Article


@dataclass(frozen=True)
class Conversion:
    """What went over, and what did not.

    `written` counts what the target counts (lines, files that changed), `lost` holds for each kind of thing
    that one of the two formats could not hold the places where it was.
    """

    articles: list[Article]
    written: int
    lost: dict[str, list[str]]

    @property
    def counts(self) -> dict[str, int]:
        """Documents, annotations, spans and relations."""
        annotations = [a for article in self.articles for a in article.annotations]
        return {
            "documents": len(self.articles),
            "annotations": len(annotations),
            "spans": sum(len(a.spans) for a in annotations),
            "relations": sum(len(a.relations) for a in annotations),
        }


def convert(
    src: Path, dst: Path, *, source: str, target: str, setting: Setting, ids: Path | None = None
) -> Conversion:
    """Read `src` in the format `source`, write it to `dst` in `target`; nothing where a part fails.

    `ids` names a file of ids that annotators coined and of those that stand for them.
    """
    reader, writer = format_named(source), format_named(target)
    writer.check_writable()
    articles = reader.read(src, setting)
    if ids is not None:
        articles = unify_ids(articles, read_ids(ids), setting.schema)
    written = writer.write(dst, articles, setting)
    return Conversion(articles, written, setting.lost)

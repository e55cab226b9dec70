"""What the model says of an annotation beyond its spans, where a format has no place for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from goldwire.formats.options import LAYER, ConversionOptions
from goldwire.model import Article, Provenance

#: What of an article a plain format may have no place for.
BEYOND = ("meta", "status", "provenance", "marked_by", "origin", "score")


def lose_beyond(article: Article, setting: ConversionOptions, keeps: Collection[str] = ()) -> None:
    """Put down what an article holds of `BEYOND`, but for what the format `keeps`.

    A status is lost unless it is the one that readers give to what names none.
    """
    document = article.document
    lost = [name for name in BEYOND if name not in keeps]
    if "meta" in lost and document.meta:
        setting.lose("document meta", document.id)
    for annotation in article.annotations:
        where = f"{annotation.annotator}/{document.id}"
        if "status" in lost and annotation.status != ConversionOptions.status:
            setting.lose(f"status {annotation.status}", where)
        if "provenance" in lost and annotation.provenance != Provenance():
            setting.lose("provenance", where)
        for name in ("marked_by", "origin", "score"):
            if name not in lost:
                continue
            for each in (*annotation.spans, *annotation.relations):
                if getattr(each, name, None) not in (None, ()):
                    setting.lose(name, f"{where} {getattr(each, 'id', '') or getattr(each, 'label', '')}")


def lose_rest(articles: Iterable[Article], setting: ConversionOptions, keeps: Collection[str]) -> None:
    """Put down, for tools that know labels alone, layers, attributes, and what of `BEYOND` is not kept.

    The layer that readers give is none.
    """
    for article in articles:
        lose_beyond(article, setting, keeps)
        for annotation in article.annotations:
            place = f"{annotation.annotator}/{article.document.id}"
            for span in annotation.spans:
                if span.layer != LAYER:
                    setting.lose(f"layer {span.layer}", f"{place} {span.id}")
                for name in span.attributes:
                    setting.lose(f"attribute {name}", f"{place} {span.id}")

"""What the model says of spans that tools with labels alone have no place for."""

from __future__ import annotations

from collections.abc import Iterable

from goldwire.formats._beyond import lose_beyond
from goldwire.formats.options import Setting
from goldwire.formats.others._marks import LAYER
from goldwire.model import Article


def lose_rest(articles: Iterable[Article], setting: Setting, keeps: tuple[str, ...]) -> None:
    """Put down layers, attributes, and what of `BEYOND` is not kept; the layer that readers give is none."""
    for article in articles:
        lose_beyond(article, setting, keeps)
        for annotation in article.annotations:
            place = f"{annotation.annotator}/{article.document.id}"
            for span in annotation.spans:
                if span.layer != LAYER:
                    setting.lose(f"layer {span.layer}", f"{place} {span.id}")
                for name in span.attributes:
                    setting.lose(f"attribute {name}", f"{place} {span.id}")

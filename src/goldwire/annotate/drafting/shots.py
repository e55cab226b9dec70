"""Examples from articles that people reviewed: passages that show most labels, never of the same story."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from goldwire.annotate.drafting.passages import passages
from goldwire.annotate.drafting.prompt import Shot
from goldwire.annotate.records.gold_checks import answer
from goldwire.model import Article, Document
from goldwire.near_duplicates import SIMILAR, near_duplicates

#: Code points of an example's passage.
_SIZE = 600


def reviewed(articles: Sequence[Article]) -> list[Article]:
    """The articles whose most trusted annotation is a person's, reviewed or adjudicated: with it alone."""
    return [
        Article(article.document, (best,))
        for article in articles
        if (best := answer(article.annotations)) is not None
    ]


def shot_chooser(
    articles: Sequence[Article], count: int
) -> Callable[[Document, Sequence[str]], dict[str, list[Shot]]]:
    """What gives the examples for a document, layer by layer: `count` passages at most of each, from reviewed
    articles.

    None is of the document itself, of its story, or of a near-duplicate of it. The first shows most labels,
    each next one most that were not shown yet; ties go to the earlier passage.
    """
    pool = reviewed(articles) if count else []

    def choose(document: Document, layers: Sequence[str]) -> dict[str, list[Shot]]:
        others = [article for article in pool if not _tied(article.document, document)]
        if others:
            texts = [document.text, *(article.document.text for article in others)]
            near = {pair.second - 1 for pair in near_duplicates(texts, threshold=SIMILAR) if pair.first == 0}
            others = [article for number, article in enumerate(others) if number not in near]
        shots = [
            Shot(article.document, window, article.annotations[0])
            for article in sorted(others, key=lambda article: article.document.id)
            for window in passages(article.document.text, _SIZE, 0)
        ]
        return {layer: _telling(shots, layer, count) for layer in layers}

    return choose


def _telling(shots: Sequence[Shot], layer: str, count: int) -> list[Shot]:
    """The `count` that show most labels of a layer between them."""
    waiting = [(shot, labels) for shot in shots if (labels := _labels(shot, layer))]
    chosen: list[Shot] = []
    shown: set[str] = set()
    while waiting and len(chosen) < count:
        best = max(waiting, key=lambda each: (len(each[1] - shown), len(each[1])))
        waiting.remove(best)
        chosen.append(best[0])
        shown |= best[1]
    return chosen


def _tied(one: Document, other: Document) -> bool:
    """Whether two documents are one, or of one story."""
    story = one.meta.get("story")
    return one.id == other.id or (bool(story) and story == other.meta.get("story"))


def _labels(shot: Shot, layer: str) -> set[str]:
    return {
        span.label
        for span in shot.annotation.layer(layer)
        if span.start >= shot.window.start and span.end <= shot.window.end
    }

"""Examples from articles that people reviewed: passages that show most labels, never of the same story."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from goldwire.annotate.drafting.passages import passages
from goldwire.annotate.drafting.prompt import Shot
from goldwire.model import Article, Document, by_machine, curated
from goldwire.near_duplicates import SIMILAR, near_duplicates

#: Code points of an example's passage.
_SIZE = 600


def reviewed(articles: Sequence[Article]) -> list[Article]:
    """The articles whose most trusted annotation is a person's, reviewed or adjudicated: with it alone."""
    chosen = [(article, curated(article.annotations)) for article in articles]
    return [
        Article(article.document, (annotation,))
        for article, annotation in chosen
        if annotation is not None
        and annotation.status in ("reviewed", "adjudicated")
        and not by_machine(annotation)
    ]


def shot_chooser(articles: Sequence[Article], count: int) -> Callable[[Document, str], list[Shot]]:
    """What gives the examples for a document and a layer: `count` passages at most, from reviewed articles.

    None is of the document itself, of its story, or of a near-duplicate of it. The first shows most labels,
    each next one most that were not shown yet; ties go to the earlier passage.
    """
    pool = reviewed(articles) if count else []

    def choose(document: Document, layer: str) -> list[Shot]:
        others = [article for article in pool if not _tied(article.document, document)]
        if others:
            texts = [document.text, *(article.document.text for article in others)]
            near = {pair.second - 1 for pair in near_duplicates(texts, threshold=SIMILAR) if pair.first == 0}
            others = [article for number, article in enumerate(others) if number not in near]
        waiting = [
            Shot(article.document, window, article.annotations[0])
            for article in sorted(others, key=lambda article: article.document.id)
            for window in passages(article.document.text, _SIZE, 0)
        ]
        chosen: list[Shot] = []
        shown: set[str] = set()
        while waiting and len(chosen) < count:
            best = max(
                waiting, key=lambda shot: (len(_labels(shot, layer) - shown), len(_labels(shot, layer)))
            )
            if not _labels(best, layer):
                break
            waiting.remove(best)
            chosen.append(best)
            shown |= _labels(best, layer)
        return chosen

    return choose


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

"""Articles that lie on disk are those that were put there, and all that is found in them is the same."""

from __future__ import annotations

import gc
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotations.spool import ArticleSelection, ArticleSpool
from goldwire.annotations.stats import count_annotations
from goldwire.corpus.quality.checks import check_articles
from goldwire.corpus.quality.consistency import inconsistencies
from goldwire.corpus.split.groups import Rule, find_ties
from goldwire.errors import GoldwireError
from goldwire.model import Article, Document
from tests.corpus.mini import mini_schema
from tests.strategies import articles as any_articles

_LISTS = st.lists(any_articles(), max_size=5, unique_by=lambda article: article.document.id)


@given(_LISTS, st.data())
def test_what_is_read_is_what_was_put_in(articles: list[Article], data: st.DataObject) -> None:
    """In order, by place, by id, in part and again, also while it is written and by two at a time."""
    spool = ArticleSpool()
    for number, article in enumerate(articles, start=1):
        spool.append(Article(article.document))
        assert spool[-1] == Article(article.document) and len(spool) == number
    for place, article in enumerate(articles):
        for annotation in article.annotations:
            spool.annotate(place, annotation)
    assert list(zip(spool, spool, strict=True)) == [(article, article) for article in articles]
    assert spool.ids == [article.document.id for article in articles]
    assert list(spool.documents()) == [article.document for article in articles]
    assert [spool.place(name) for name in spool.ids] == list(range(len(articles)))
    assert list(spool[1:]) == articles[1:] and spool.place("nobody's id") is None
    chosen = data.draw(st.lists(st.sampled_from(range(len(articles))))) if articles else []
    assert list(ArticleSelection(spool, chosen)) == [articles[place] for place in chosen]


@given(_LISTS)
def test_counts_faults_and_ties_are_those_of_articles_in_memory(articles: list[Article]) -> None:
    """To the last figure and in the same order, whether all annotations count or the curated ones."""
    spool, schema = ArticleSpool(articles), mini_schema()
    for only_curated in (False, True):
        assert count_annotations(spool, schema, only_curated=only_curated) == count_annotations(
            articles, schema, only_curated=only_curated
        )
        assert check_articles(spool, schema, only_curated=only_curated) == check_articles(
            articles, schema, only_curated=only_curated
        )
    assert inconsistencies(spool, schema) == inconsistencies(articles, schema)
    assert find_ties(spool, schema, Rule(0.3)) == find_ties(articles, schema, Rule(0.3))


def test_numbers_beyond_64_bits_stay() -> None:
    """Metadata hold what JSON holds."""
    document = Document("a", "Text.", {"id": 2**70, "share": 0.1, "list": [None, {"a": True}]})
    assert ArticleSpool([Article(document)])[0].document == document
    with pytest.raises(IndexError):
        ArticleSpool()[0]


@pytest.mark.filterwarnings("error")
def test_a_disk_without_room_is_one_plain_error() -> None:
    """Met while articles are put down, when they are read, or when nobody wants them any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        for words in (100, 1_000_000):
            with pytest.raises(GoldwireError, match="GW904"):
                ArticleSpool([Article(Document("a", "word " * words))])[0]
            gc.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

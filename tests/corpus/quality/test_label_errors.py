"""Suspected errors: labels that were swapped on purpose come before the rest."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import msgspec
import pytest
from threadpoolctl import threadpool_info

from goldwire.annotations.spool import ArticleSpool
from goldwire.corpus.corpus import load_corpus
from goldwire.corpus.quality.label_errors import LabelErrors, find_label_errors
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Article, Document, Span, curated
from goldwire.project import example_root, load_project

FOODS = ("pain", "beurre", "oignon", "poivron", "soupe", "pomme")
TOOLS = ("couteau", "poêle", "casserole", "four", "fouet", "moule")


def recipes(number: int = 12) -> list[Article]:
    """Articles in which words alone tell the label."""
    found = []
    for place in range(number):
        pick = random.Random(place)
        food, other, tool = pick.choice(FOODS), pick.choice(FOODS), pick.choice(TOOLS)
        text = f"Prenez le {food} avec un {tool}. Ajoutez du {other} puis servez dans le {tool} chaud."
        spans: list[Span] = []
        at = 0
        for word, label in ((food, "FOOD"), (tool, "TOOL"), (other, "FOOD"), (tool, "TOOL")):
            at = text.index(word, at)
            spans.append(Span(f"s{len(spans)}", "thing", label, at, at + len(word)))
            at += len(word)
        annotation = Annotation(f"d{place}", "anna", "mini@0.1", "reviewed", spans=tuple(spans))
        found.append(Article(Document(f"d{place}", text), (annotation,)))
    return found


def changed(articles: list[Article], document: str, span: str, **fields: str) -> list[Article]:
    """The articles with one span changed, or taken out where nothing is given."""
    made = []
    for article in articles:
        annotations = article.annotations
        if article.document.id == document:
            spans = tuple(
                msgspec.structs.replace(s, **fields) if s.id == span else s
                for s in annotations[0].spans
                if s.id != span or fields
            )
            annotations = (msgspec.structs.replace(annotations[0], spans=spans),)
        made.append(Article(article.document, annotations))
    return made


def planted(
    articles: Sequence[Article], layer: str, share: float, seed: int
) -> tuple[list[Article], set[tuple[str, str]]]:
    """The chosen readings with the labels of that share of a layer's spans swapped, and which these are."""
    pick = random.Random(seed)
    readings = [(one.document, c) for one in articles if (c := curated(one.annotations)) is not None]
    labels = sorted({span.label for _, reading in readings for span in reading.layer(layer)})
    every = [(document.id, span.id) for document, reading in readings for span in reading.layer(layer)]
    swapped = set(pick.sample(every, round(len(every) * share)))
    made = []
    for document, reading in readings:
        spans = tuple(
            msgspec.structs.replace(s, label=pick.choice([one for one in labels if one != s.label]))
            if (document.id, s.id) in swapped
            else s
            for s in reading.spans
        )
        made.append(Article(document, (msgspec.structs.replace(reading, spans=spans),)))
    return made, swapped


@pytest.mark.slow
def test_swapped_labels_come_before_the_rest() -> None:
    """Of the example's entities 5 % get another label: at the head of the list they are at least six times
    as frequent as in the corpus, and a swapped one stands before another one at least four times in five;
    with three models in place of ten, each of which has learned from fewer articles."""
    articles, swapped = planted(load_corpus(load_project(example_root())).articles, "entity", 0.05, 0)
    found = find_label_errors(articles, "fr", layers=["entity"], folds=3)
    ranked = [(one.document, one.span) for one in found.errors if one.kind == "label"]
    hits = [key in swapped for key in ranked]
    k = len(swapped)
    precision = sum(hits[:k]) / k
    assert precision >= 0.3, f"precision@{k} is {precision:.2f}"
    total = found.judged["entity"]
    unranked = len(ranked) + (total - len(ranked)) / 2
    places = {key: place for place, key in enumerate(ranked)}
    mean = sum(places.get(key, unranked) for key in swapped) / k
    auc = 1 - (mean - (k - 1) / 2) / (total - k)
    assert auc >= 0.8


def test_one_swapped_label_is_the_first() -> None:
    """Where words tell the label, a swapped one is found, and its own label suggested."""
    found = find_label_errors(changed(recipes(), "d3", "s1", label="FOOD"), "fr").errors
    assert (found[0].document, found[0].span, found[0].kind) == ("d3", "s1", "label")
    assert (found[0].given, found[0].suggested) == ("FOOD", "TOOL")
    assert found[0].quality < 0.5


def test_of_a_large_corpus_models_learn_from_a_part_and_parts_are_judged() -> None:
    """However few tokens are learned from and judged at once, each span is judged once, and a swapped label
    found; all at once is what is found without bounds."""
    articles = changed(recipes(), "d3", "s1", label="FOOD")
    bounded = find_label_errors(ArticleSpool(articles), "fr", folds=3, learned=60, judged=40)
    assert bounded.judged["thing"] + bounded.alone + bounded.hidden == 12 * 4
    assert ("d3", "s1") in {(error.document, error.span) for error in bounded.errors}
    assert bounded == find_label_errors(articles, "fr", folds=3, learned=60, judged=40)
    assert find_label_errors(articles, "fr", folds=3, learned=999, judged=999) == find_label_errors(
        articles, "fr", folds=3
    )


def test_models_are_trained_in_one_thread() -> None:
    """While they learn no thread of numpy's or scipy's libraries waits for work; afterwards there are as many
    as before."""

    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    seen: list[list[int]] = []
    find_label_errors(recipes(4), "fr", folds=2)  # what it imports
    before = threads()
    find_label_errors(recipes(4), "fr", folds=2, advance=lambda _: seen.append(threads()))
    assert {1} == set(seen[-1])
    assert threads() == before


def test_a_span_left_out_is_suspected() -> None:
    """A word that is marked everywhere else is told where it is not, with its extent."""
    articles = recipes()
    gone = articles[5].annotations[0].spans[3]
    result = find_label_errors(changed(articles, "d5", "s3"), "fr")
    missing = [one for one in result.errors if one.kind == "missing"]
    assert [(one.document, one.start, one.end, one.suggested) for one in missing] == [
        ("d5", gone.start, gone.end, "TOOL")
    ]


def test_inner_spans_are_judged_too() -> None:
    """A span inside another one is judged by the second, innermost reading: none is passed over."""
    articles = []
    for one in recipes():
        reading = one.annotations[0]
        first = reading.spans[0]
        outer = Span("whole", "thing", "DISH", first.start - 3, first.end + 5)
        reading = msgspec.structs.replace(reading, spans=(outer, *reading.spans))
        articles.append(Article(one.document, (reading,)))
    result = find_label_errors(articles, "fr")
    assert (result.judged["thing"], result.alone, result.hidden) == (12 * 5, 0, 0)


def test_a_label_that_no_other_article_has_is_not_judged() -> None:
    """A model can't doubt what it never saw: such spans are counted, and none is listed."""
    result = find_label_errors(changed(recipes(), "d3", "s1", label="RARE"), "fr")
    assert result.alone == 1
    assert not any((one.document, one.span) == ("d3", "s1") for one in result.errors)


def test_articles_of_one_group_are_left_out_together() -> None:
    """Copies of an article in one group can't vouch for its error; apart from one another they do."""
    articles = recipes(6)
    wrong = changed(articles, "d0", "s1", label="FOOD")
    copies = [
        Article(
            Document(f"copy{number}", wrong[0].document.text),
            (msgspec.structs.replace(wrong[0].annotations[0], document=f"copy{number}"),),
        )
        for number in range(4)
    ]

    def quality(found: LabelErrors) -> float:
        return min(
            (one.quality for one in found.errors if (one.document, one.span) == ("d0", "s1")), default=1.0
        )

    story = dict.fromkeys(("d0", "copy0", "copy1", "copy2", "copy3"), "story")
    together = find_label_errors([*wrong, *copies], "fr", groups=story, folds=5)
    apart = find_label_errors([*wrong, *copies], "fr", folds=10)
    assert quality(together) < quality(apart)


def test_the_order_is_the_same_each_time() -> None:
    """Two runs give the same label errors with the same figures."""
    articles = changed(recipes(), "d3", "s1", label="FOOD")
    assert find_label_errors(articles, "fr").errors == find_label_errors(articles, "fr").errors


def test_one_article_alone_can_not_be_judged() -> None:
    """Without a second group there is nothing to train on (GW218)."""
    with pytest.raises(GoldwireError, match="GW218"):
        find_label_errors(recipes(1), "fr")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cleanlab one line says what to install (GW217)."""
    for name in [name for name in sys.modules if name.split(".")[0] == "cleanlab"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(GoldwireError, match="GW217"):
        find_label_errors(recipes(2), "fr")

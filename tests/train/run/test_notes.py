"""What a run says of its figures: no more than the tests bear."""

from __future__ import annotations

import pytest

from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Document, Relation, Span
from goldwire.train.run.notes import (
    attribute_gains,
    between_entities,
    difference,
    gain,
    gain_in_words,
    other_way,
    usual_values,
)
from goldwire.train.training_data import Reference


def scores(documents: int, *, right: bool) -> Scores:
    """Scores of a model that finds the one span of each document, or marks another place."""
    pairs = []
    for number in range(documents):
        gold = Annotation(f"d{number}", "gold", "m@1", spans=(Span("s", "thing", "A", 0, 1),))
        start = 0 if right else 5
        spans = (Span("s", "thing", "A", start, start + 1),)
        pairs.append((gold, Annotation(f"d{number}", "model", "m@1", spans=spans)))
    return score(pairs, resamples=200)


@pytest.mark.parametrize(
    ("documents", "model", "other", "said"),
    [
        (5, True, False, "which may be chance"),
        (6, True, False, "the model beats the lexicon baseline"),
        (6, False, True, "does NOT beat"),
        (6, True, True, "does NOT beat"),
    ],
)
def test_the_verdict_says_no_more_than_the_test_bears(
    documents: int, model: bool, other: bool, said: str
) -> None:
    """Five documents can't show anything, however clear; six can; a tie beats nothing."""
    found = difference(scores(documents, right=model), scores(documents, right=other), "thing", None)
    assert said in gain_in_words("lexicon", found)
    if documents == 5:
        assert ".0625" in gain_in_words("lexicon", found)


def told(number: int, *, value: str, drawn: bool) -> Annotation:
    """An act that is `value`, with an argument where that is `drawn`."""
    spans = (Span("a", "act", "A", 0, 1, {"how": value}), Span("t", "thing", "B", 2, 3))
    relations = (Relation("agent", "a", "t"),) if drawn else ()
    return Annotation(f"d{number}", "gold", "m@1", spans=spans, relations=relations)


@pytest.mark.parametrize(("documents", "said"), [(5, "which may be chance"), (12, "the model beats the")])
def test_relations_and_attributes_are_judged_by_the_same_test_as_spans(documents: int, said: str) -> None:
    """A relation or an attribute told right more often than by a rule is better only where the paired test
    bears it out: an advantage in five documents may be chance, the same in twelve is not."""
    gold = [told(n, value="fast" if n % 2 else "slow", drawn=True) for n in range(documents)]
    rule = [told(n, value="fast", drawn=False) for n in range(documents)]
    model = score(list(zip(gold, gold, strict=True)), resamples=200)
    other = score(list(zip(gold, rule, strict=True)), resamples=200)
    assert model.relations is not None
    assert other.relations is not None
    assert said in gain_in_words("nearest-span", gain(model.relations, other.relations, 0, None))
    usual = usual_values(gold, None, ["act"])
    found = attribute_gains(model, gold, None, usual, None)["act"]["how"]
    share = usual["act"]["how"].share
    assert found["accuracy"] == pytest.approx(1 - share)
    assert said in gain_in_words("same-value", found)
    story = ["one"] * documents
    assert "beats" not in gain_in_words(
        "same-value", attribute_gains(model, gold, None, usual, story)["act"]["how"]
    )


def test_what_is_said_always_is_scored_as_it_is_counted() -> None:
    """Against one who always says the most frequent value a model that does just that has no advantage."""
    gold = [told(n, value=value, drawn=False) for n, value in enumerate(["fast", "fast", "slow", ""])]
    same = [told(n, value="fast", drawn=False) for n in range(4)]
    scores = score(list(zip(gold, same, strict=True)), resamples=0)
    usual = usual_values(gold, None, ["act"])
    assert usual["act"]["how"] == (0.5, "fast")
    found = attribute_gains(scores, gold, None, usual, None)["act"]["how"]
    assert (found["accuracy"], found["p"]) == (0, 1)
    assert "does NOT beat the same-value baseline: accuracy ±.000" in gain_in_words("same-value", found)


@pytest.mark.parametrize(
    ("found_by", "labels", "spans", "articles", "said"),
    [
        (("ner", "ner"), 25, 60, 320, "--goldwire.extents crf"),
        (("ner", "ner"), 10, 750, 320, "--goldwire.labels document"),
        (("ner", "ner"), 9, 60, 320, ""),
        (("ner", "ner"), 25, 60, 28, ""),
        (("crf", "document"), 25, 60, 320, ""),
        (("ner", "document"), 25, 60, 320, ""),
    ],
)
def test_what_did_better_on_such_data_is_said(
    found_by: tuple[str, str], labels: int, spans: int, articles: int, said: str
) -> None:
    """Hundreds of articles with many labels, where a recogniser does all: by how many spans a label has it is
    told of a CRF or of labels by document; no other run is told anything."""
    way = dict(zip(("extents", "labels"), found_by, strict=True))
    note = other_way("event", way, {f"L{n}": spans for n in range(labels)}, articles)
    assert bool(note) == bool(said)
    assert said in note


@pytest.mark.parametrize(
    ("articles", "kinds", "named", "said"),
    [
        (100, 10, "t{}", "10 relations in 100 articles, and `who` says"),
        (99, 10, "t{}", ""),
        (100, 9, "t{}", ""),
        (100, 10, "", ""),
        (100, 10, "same", ""),
    ],
)
def test_entities_are_recommended_where_they_are_named(
    articles: int, kinds: int, named: str, said: str
) -> None:
    """Many articles and kinds of relations, and an attribute that makes several spans one: not one of few
    values, which says what spans are like."""
    references = []
    for number in range(articles):
        value = named.format(number)
        spans = [Span(f"s{n}", "thing", "A", n, n + 1, {"who": value} if value else {}) for n in range(3)]
        drawn = (Relation(f"r{number % kinds}", "s0", "s1"),)
        annotation = Annotation(f"d{number}", "anna", "m@1", spans=tuple(spans), relations=drawn)
        references.append(Reference(Document(f"d{number}", "abc"), annotation))
    note = between_entities(references)
    assert note.startswith(said)
    assert bool(note) == bool(said)

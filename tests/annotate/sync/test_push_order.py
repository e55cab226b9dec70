"""Which articles are pushed first: those that a model is least sure of."""

from __future__ import annotations

import pytest

from goldwire.annotate.sync.push_order import PushCandidates, by_uncertainty
from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Span


def _predicted(name: str, *scores: float | None) -> Annotation:
    spans = tuple(Span(f"e{n}", "thing", "FOOD", n, n + 1, score=score) for n, score in enumerate(scores))
    return Annotation(name, "m", "every@1.0", spans=spans)


def test_candidates_come_by_uncertainty_with_those_without_a_score_in_the_middle() -> None:
    """Without diversity the least confident first; an article in which nothing was found counts as median."""
    documents = [Document(name, f"texte {name}") for name in ("sure", "empty", "unsure", "mid")]
    found = PushCandidates(documents, [], [])
    predicted = [
        _predicted("sure", 0.9),
        _predicted("empty"),
        _predicted("unsure", 0.2),
        _predicted("mid", 0.6),
    ]
    ranked = by_uncertainty(found, predicted, diversity=0)
    assert [document.id for document in ranked.documents] == ["unsure", "empty", "mid", "sure"]
    assert ranked.empty == ["empty"]
    two = by_uncertainty(found, predicted, diversity=0, count=2)
    assert [annotation.document for annotation in two.predictions] == ["unsure", "empty"]


def test_articles_without_a_prediction_and_predictions_without_confidence_are_named() -> None:
    """Each has its own error: there is no order to make up."""
    found = PushCandidates([Document("a", "x"), Document("b", "y")], [], [])
    with pytest.raises(GoldwireError, match=r"GW384 .*1 articles have no prediction: b"):
        by_uncertainty(found, [_predicted("a", 0.5)])
    with pytest.raises(GoldwireError, match=r"GW385 .*`b` have no confidence"):
        by_uncertainty(found, [_predicted("a", 0.5), _predicted("b", None)])

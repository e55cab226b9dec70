"""What a run says of its figures: no more than the tests bear."""

from __future__ import annotations

import pytest

from goldwire.eval.scores import Scores, score
from goldwire.model import Annotation, Span
from goldwire.train.findings import difference, verdict


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
    assert said in verdict("lexicon", found)
    if documents == 5:
        assert ".0625" in verdict("lexicon", found)

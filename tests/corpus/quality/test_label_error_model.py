"""The features that label errors are found with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpus.quality.label_error_model import Features, Reader, TokenizedReading
from goldwire.model import Annotation, Article, Document
from tests.examples import at_most

NLP = spacy.blank("fr")
WORDS = st.lists(st.sampled_from(["Anna", "anna", "42", ".", "gare", "la", "l'eau", "X\u00e9n"]), max_size=8)


def by_name(reader: Reader, reading: TokenizedReading) -> Iterator[dict[str, Any]]:
    """The features of each token as a dictionary: all of its own and its neighbours', the words beside."""
    lexical = [reader.lexical[word] for word in reading.words]
    for index in range(len(lexical)):
        combined: dict[str, Any] = {}
        for step in (-2, -1, 0, 1, 2):
            place = index + step
            near = lexical[place] if 0 <= place < len(lexical) else {"norm": "<edge>"}
            wanted = near if abs(step) < 2 else {"norm": near["norm"]}
            combined |= {f"{step}:{name}": value for name, value in wanted.items()}
        yield combined


@settings(max_examples=at_most(40), deadline=None)
@given(learned=st.lists(WORDS, min_size=1, max_size=4), judged=st.lists(WORDS, min_size=1, max_size=4))
def test_features_are_those_of_a_vectorizer(learned: list[list[str]], judged: list[list[str]]) -> None:
    """Columns, order and values are scikit-learn's, of unknown words too, whatever is looked up together."""
    from sklearn.feature_extraction import DictVectorizer

    if not any(learned):
        return
    reader = Reader(NLP)
    known, others = (
        [
            reader.read(Article(Document(f"{n}", " ".join(words))), Annotation(f"{n}", "a", "s@1"))
            for n, words in enumerate(texts)
        ]
        for texts in (learned, judged)
    )
    features, vectorizer = Features(reader, known), DictVectorizer(sparse=True)
    expected = vectorizer.fit_transform(each for reading in known for each in by_name(reader, reading))
    found = features.matrix(known)
    for part in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(found, part), getattr(expected, part))
    rows = [each for reading in others for each in by_name(reader, reading)]
    if rows:
        assert np.array_equal(features.matrix(others).toarray(), vectorizer.transform(rows).toarray())

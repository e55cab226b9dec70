"""Learning what spans are from the whole document: a logistic regression, in which labels weigh alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.train.pipeline.linear import feature_matrix, fit_for_steps
from goldwire.train.pipeline.span_components import DocumentLabels, log_of, subject
from goldwire.train.pipeline.span_features import (
    content,
    head,
    label_features,
    lemma,
    span_vectors,
    vectors,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

Floats: TypeAlias = NDArray[np.float64]
#: Inverse strength of the regularisation, and steps at most.
STRENGTH, STEPS = 5.0, 200
#: How much the document is heeded: its words (TF-IDF), the heads of its spans, its mean vector. The one with
#: the better macro F1 on parts held out is taken.
SUBJECTS = (
    {"vectors": 3.0, "words": 3.0, "heads": 0.0, "mean": 0.0},
    {"vectors": 3.0, "words": 6.0, "heads": 6.0, "mean": 4.0},
)
PARTS = 4
#: What is added to the log probability of the label that a recogniser gave: chosen on one fold of POPCORN,
#: where 1 to 3 do as well.
TRUST = 2.0
BIASES = np.arange(-2.0, 2.01, 0.25)
#: How often each label's bias is chosen anew.
ROUNDS = 2
#: What one unit of bias must gain: without it, chance moves the labels that have few examples.
COST = 0.002


def fit_labels(docs: Sequence[Doc], groups: Sequence[str]) -> DocumentLabels:
    """Learn the labels of `doc.ents` in analysed documents.

    What is added to each label's log probability for the best macro F1, and how much the document is heeded,
    is chosen on parts of the documents held out in turn, those of a group together.
    """
    spans = [span for doc in docs for span in doc.ents]
    targets = [span.label_ for span in spans]
    of_docs = [list(doc.ents) for doc in docs]
    labels = sorted(set(targets))
    features = [label_features(span) for span in spans]
    names = sorted({name for row in features for name in row})
    words, words_idf = _idf(
        [[lemma(token) for token in content(doc)] for doc in docs], seen=min(2, len(docs))
    )
    heads, heads_idf = _idf([[lemma(head(span)) for span in of] for of in of_docs], seen=1)
    idf = {"words": words_idf, "heads": heads_idf}
    lists: dict[str, Any] = {"labels": labels, "features": names, "words": words, "heads": heads}
    own = feature_matrix(features, names)
    of_spans = np.concatenate([span_vectors(of, vectors(doc)) for doc, of in zip(docs, of_docs, strict=True)])
    told: list[tuple[float, int, Any, Floats]] = []
    parts = [group for group, of in zip(groups, of_docs, strict=True) for _ in of]
    for number, weigh in enumerate(SUBJECTS):
        matrix = _matrix(docs, of_docs, own, of_spans, lists, idf, weigh)
        sure = held_out(matrix, targets, parts)
        added, macro = biases(targets, sure)
        told.append((macro, -number, matrix, added))
    _, number, matrix, added = max(told, key=lambda one: one[:2])
    weights, bias = _fitted(matrix, targets)
    fitted = DocumentLabels()
    arrays = {"weights": weights, "bias": bias, "added": added, **idf}
    fitted.set(arrays, {**lists, "weigh": SUBJECTS[-number], "trust": TRUST})
    return fitted


def _idf(words: Sequence[Sequence[str]], *, seen: int) -> tuple[list[str], Floats]:
    """The words of at least `seen` documents; how rare each is: 1 + ln((1 + documents) / (1 + its own))."""
    counts = Counter(word for of in words for word in set(of))
    kept = sorted(word for word, count in counts.items() if count >= seen)
    return kept, np.array([1 + np.log((1 + len(words)) / (1 + counts[word])) for word in kept])


def _matrix(
    docs: Sequence[Doc],
    of_docs: Sequence[Sequence[Span]],
    own: Any,
    of_spans: Any,
    lists: dict[str, Any],
    idf: dict[str, Floats],
    weigh: dict[str, float],
) -> Any:
    from scipy.sparse import csr_matrix, hstack, vstack

    words, heads = ({name: n for n, name in enumerate(lists[of])} for of in ("words", "heads"))
    rows = [
        csr_matrix(subject(doc, of, words, heads, idf, weigh)[None])
        for doc, of in zip(docs, of_docs, strict=True)
    ]
    place = np.repeat(np.arange(len(docs)), [len(of) for of in of_docs])
    return hstack([own, csr_matrix(weigh["vectors"] * of_spans), vstack(rows).tocsr()[place]]).tocsr()


def _fitted(matrix: Any, targets: Sequence[str]) -> tuple[Any, Any]:
    """Weights (features × sorted labels) and biases; zeros for a single label."""
    from sklearn.linear_model import LogisticRegression

    labels = sorted(set(targets))
    if len(labels) < 2:
        return np.zeros((matrix.shape[1], len(labels)), dtype=np.float32), np.zeros(len(labels))
    model = LogisticRegression(C=STRENGTH, max_iter=STEPS, class_weight="balanced")
    fit_for_steps(model, matrix, np.array(targets))
    weights, bias = model.coef_.T, model.intercept_
    if len(labels) == 2:
        # One column for the second label: as two columns the softmax gives the same chances.
        weights, bias = np.hstack((-weights / 2, weights / 2)), np.array((-bias[0] / 2, bias[0] / 2))
    return weights.astype(np.float32), bias.astype(np.float32)


def held_out(matrix: Any, targets: Sequence[str], groups: Sequence[str]) -> Floats:
    """The probability of each label (rows × sorted labels) by models that have not seen the row's group; how
    often each label occurs, where there are no parts or the others are all of one label."""
    from sklearn.model_selection import GroupKFold

    names = np.asarray(targets)
    labels, codes = np.unique(names, return_inverse=True)
    out = np.tile(np.bincount(codes) / len(codes), (len(codes), 1))
    parts = min(PARTS, len(set(groups)))
    if parts < 2 or len(labels) < 2:
        return out
    for known, rest in GroupKFold(parts).split(codes, groups=np.asarray(groups)):
        if len(set(codes[known])) < 2:
            continue
        weights, bias = _fitted(matrix[known], list(names[known]))
        logits = matrix[rest] @ weights + bias
        raised = np.exp(logits - logits.max(1, keepdims=True))
        out[rest] = 0.0
        out[np.ix_(rest, np.unique(codes[known]))] = raised / raised.sum(1, keepdims=True)
    return out


def biases(targets: Sequence[str], sure: Floats) -> tuple[Floats, float]:
    """What to add to each label's log probability for the best macro F1, one label after the other; and that
    F1, less `COST` for what is added."""
    codes = np.unique(targets, return_inverse=True)[1]
    size = sure.shape[1]
    many = np.bincount(codes, minlength=size)
    scores = log_of(sure)

    def gain(bias: Floats) -> float:
        chosen = (scores + bias).argmax(1)
        right = np.bincount(codes[chosen == codes], minlength=size)
        f1 = 2 * right / np.maximum(1, many + np.bincount(chosen, minlength=size))
        return float(f1.mean() - COST * np.abs(bias).mean())

    bias = np.zeros(size)
    for _ in range(ROUNDS):
        for place in range(size):
            tried = np.tile(bias, (len(BIASES) + 1, 1))
            tried[1:, place] = BIASES
            bias = tried[int(np.argmax([gain(row) for row in tried]))]
    return bias, gain(bias)

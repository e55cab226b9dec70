"""Choices that raise F1, made from training reports alone: the thresholds of relations.

They come from probabilities of a model that has not seen what it judges: the training reports are dealt into
parts once more, near copies together, and each part is judged by a model of the others.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
PARTS = 4
#: Examples that weigh as much as the default threshold.
PRIOR = 40
THRESHOLDS = np.arange(0.10, 0.81, 0.02)


def held_out(model: Any, matrix: Any, labels: Any, groups: Any) -> Floats:
    """The probability of each class (rows × sorted classes) by models that have not seen the row's group.

    A part whose others are all of one class is given how often each class occurs.
    """
    from sklearn.base import clone
    from sklearn.model_selection import GroupKFold

    labels = np.asarray(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    out = np.tile(np.bincount(codes) / len(codes), (len(codes), 1))
    groups = np.asarray(groups)
    parts = min(PARTS, len(np.unique(groups)))
    if parts < 2 or len(classes) < 2:
        return out
    for known, rest in GroupKFold(parts).split(codes, groups=groups):
        if len(set(codes[known])) < 2:
            continue
        fitted = clone(model).fit(matrix[known], labels[known])
        out[rest] = 0.0
        out[np.ix_(rest, np.searchsorted(classes, fitted.classes_))] = fitted.predict_proba(matrix[rest])
    return out


def threshold(right: Any, sure: Floats, default: float) -> float:
    """The probability from which on F1 is best, drawn to `default` where few are right."""
    f1 = [2 * (right & (sure >= at)).sum() / max(1, right.sum() + (sure >= at).sum()) for at in THRESHOLDS]
    weight = right.sum() / (right.sum() + PRIOR)
    return float(weight * THRESHOLDS[int(np.argmax(f1))] + (1 - weight) * default)

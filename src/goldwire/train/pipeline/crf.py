"""Learning where spans are: a conditional random field over word features, trained with CRFsuite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goldwire.leftovers import scratch
from goldwire.train.pipeline.span_components import TAGS, Crf, neighbours
from goldwire.train.pipeline.span_features import vectors, word_features

if TYPE_CHECKING:
    from spacy.tokens import Doc

#: Weight of the squared weights, steps of L-BFGS at most, and how often a feature must be seen.
L2, STEPS, SEEN = 0.5, 80, 2
#: Principal components of the words' vectors, and their standard deviation among features that are 0 or 1.
AXES, SCALE = 100, 0.3
#: What is taken from the score of "outside": as many are then missed as are found wrongly, nearly.
BIAS = 0.5


def tags_of(doc: Doc) -> list[str]:
    """The tag of each word, by `doc.ents`."""
    tags = ["O"] * len(doc)
    for span in doc.ents:
        tags[span.start : span.end] = ["B"] + ["I"] * (len(span) - 1)
    return tags


def fit_crf(docs: Sequence[Doc], label: str, *, seed: int = 0) -> Crf:
    """Learn where the spans of `doc.ents` are in analysed documents. All of what it finds gets `label`."""
    from pycrfsuite import ItemSequence, Trainer

    counts = Counter(name for doc in docs for row in word_features(doc) for name in set(row))
    # Rare features are most of all, and tell nothing of other texts.
    names = sorted(name for name, count in counts.items() if count >= SEEN)
    index = {name: str(number) for number, name in enumerate(names)}
    centre, axes = principal_axes([vectors(doc) for doc in docs], seed=seed)
    trainer = Trainer(
        algorithm="lbfgs",
        params={"c1": 0.0, "c2": L2, "max_iterations": STEPS, "feature.possible_transitions": True},
        verbose=False,
    )
    for doc in docs:
        if not len(doc):
            continue
        near = neighbours((vectors(doc) - centre) @ axes)
        items = [
            dict.fromkeys((index[name] for name in row if name in index), 1.0)
            | {f"v{place}": float(value) for place, value in enumerate(numbers)}
            for row, numbers in zip(word_features(doc), near, strict=True)
        ]
        trainer.append(ItemSequence(items), tags_of(doc))
    with scratch("crf") as folder:
        states, moves = _trained(trainer, folder / "model")
    weights = np.zeros((len(names), len(TAGS)), dtype=np.float32)
    numbers = np.zeros((3 * axes.shape[1], len(TAGS)), dtype=np.float32)
    for (name, tag), value in states.items():
        if name.startswith("v"):
            numbers[int(name[1:]), TAGS.index(tag)] = value
        else:
            weights[int(name), TAGS.index(tag)] = value
    steps = np.zeros((len(TAGS), len(TAGS)))
    for (before, after), value in moves.items():
        steps[TAGS.index(before), TAGS.index(after)] = value
    crf = Crf()
    crf.set(
        {"weights": weights, "numbers": numbers, "moves": steps, "centre": centre, "axes": axes},
        {"features": names, "label": label, "bias": BIAS},
    )
    return crf


def _trained(trainer: Any, path: Path) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """The weights of features and of transitions, by name and tag."""
    from pycrfsuite import Tagger

    trainer.train(str(path))
    tagger = Tagger()
    tagger.open(str(path))
    try:
        info = tagger.info()
        return dict(info.state_features), dict(info.transitions)
    finally:
        tagger.close()


def principal_axes(of_docs: Sequence[Any], *, seed: int) -> tuple[Any, Any]:
    """Centre (width) and axes (width × at most `AXES`) of the vectors of all different words; what is reduced
    to them varies by `SCALE`. Without vectors, or without two different ones, there are no axes."""
    from sklearn.decomposition import PCA

    width = of_docs[0].shape[1] if of_docs else 0
    different = (
        np.unique(np.concatenate([*of_docs, np.zeros((1, width))]), axis=0) if width else np.zeros((0, 0))
    )
    kept = min(AXES, width, len(different) - 1)
    if kept < 1:
        return np.zeros(width, dtype=np.float32), np.zeros((width, 0), dtype=np.float32)
    components = PCA(kept, random_state=seed).fit(different)
    axes = components.components_.T * (
        SCALE / max(1e-9, float(np.sqrt(components.explained_variance_.mean())))
    )
    return components.mean_.astype(np.float32), axes.astype(np.float32)

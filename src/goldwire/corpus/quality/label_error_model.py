"""The small token classifier that label errors are found with, and cleanlab's word on its disagreements."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldwire.errors import GoldwireError, install_hint
from goldwire.model import Annotation, Article, Span, outermost

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token

#: Steps of the solver. The order of what it finds no longer changes long before it has converged.
_STEPS = 40


@dataclass
class Reading:
    """One article's tokens with their features."""

    article: Article
    annotation: Annotation
    group: str
    starts: list[int]
    ends: list[int]
    features: list[dict[str, Any]]


def read_tokens(
    article: Article, annotation: Annotation, nlp: Language, groups: Mapping[str, str]
) -> Reading:
    """An article's tokens, white space left out, with the features of each and of its neighbours."""
    doc = nlp.make_doc(article.document.text)
    tokens = [token for token in doc if not token.is_space]
    plain = [_lexical(token) for token in tokens]
    features = []
    for index, lexical in enumerate(plain):
        combined: dict[str, Any] = {f"0:{name}": value for name, value in lexical.items()}
        for step in (-2, -1, 1, 2):
            near = plain[index + step] if 0 <= index + step < len(plain) else {"norm": "<edge>"}
            wanted = near if abs(step) == 1 else {"norm": near["norm"]}
            combined.update((f"{step}:{name}", value) for name, value in wanted.items())
        features.append(combined)
    return Reading(
        article=article,
        annotation=annotation,
        group=groups.get(article.document.id, article.document.id),
        starts=[token.idx for token in tokens],
        ends=[token.idx + len(token) for token in tokens],
        features=features,
    )


def _lexical(token: Token) -> dict[str, Any]:
    """spaCy's lexical attributes of a token: they need no model."""
    return {
        "norm": token.norm_,
        "prefix": token.norm_[:3],
        "suffix": token.norm_[-3:],
        "shape": token.shape_,
        "title": token.is_title,
        "number": token.like_num,
        "punct": token.is_punct,
    }


def owners_of(reading: Reading, layer: str, *, inner: bool) -> list[Span | None]:
    """For each token the span that it belongs to: the outermost one, or the innermost."""
    spans = reading.annotation.layer(layer)
    if not inner:
        spans = outermost(spans)[0]
    owners: list[Span | None] = [None] * len(reading.starts)
    # Longer ones first, so that shorter ones overwrite them.
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, s.id)):
        for index, (start, end) in enumerate(zip(reading.starts, reading.ends, strict=True)):
            if start < span.end and span.start < end:
                owners[index] = span
    return owners


def out_of_fold(
    readings: list[Reading],
    tags: list[list[int]],
    classes: int,
    folds: int,
    seed: int,
    advance: Callable[[int], None],
) -> tuple[list[Any], list[list[bool]]]:
    """For each reading an array (tokens, classes) of probabilities by a model that did not see its group.

    Where the training articles lack a token's label there is nothing to compare: its row says that the label
    is certain, and the second list False.
    """
    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    probabilities: list[Any] = [None] * len(readings)
    known: list[list[bool]] = [[] for _ in readings]
    groups = [reading.group for reading in readings]
    splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    for train, test in splitter.split(readings, groups=groups):
        vectorizer = DictVectorizer(sparse=True)
        x = vectorizer.fit_transform([f for number in train for f in readings[number].features])
        y = np.array([tag for number in train for tag in tags[number]])
        trained_on = sorted(set(y.tolist()))
        model = LogisticRegression(C=5.0, max_iter=_STEPS) if len(trained_on) > 1 else None
        if model is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(x, y)
        for number in test:
            row = np.zeros((len(tags[number]), classes))
            if model is not None and tags[number]:
                row[:, trained_on] = model.predict_proba(vectorizer.transform(readings[number].features))
            elif tags[number]:
                row[:, trained_on[0]] = 1.0
            known[number] = [tag in trained_on for tag in tags[number]]
            for index, (tag, sure) in enumerate(zip(tags[number], known[number], strict=True)):
                if not sure:
                    row[index] = np.eye(classes)[tag]
            probabilities[number] = row
        advance(1)
    return probabilities, known


def issues_of(tags: list[list[int]], probabilities: list[Any]) -> set[tuple[int, int]]:
    """The tokens that confident learning takes for errors: (reading, token)."""
    try:
        from cleanlab.token_classification.filter import find_label_issues
    except ImportError:
        hint = f"{install_hint('review')}; or: --no-label-errors"
        raise GoldwireError.of(
            "GW217", "label errors are found with cleanlab, which is missing", hint=hint
        ) from None
    judged = [number for number, row in enumerate(tags) if row]
    if len({tag for number in judged for tag in tags[number]}) < 2:
        return set()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # labels with few examples; these are ranked all the same
        issues = find_label_issues(
            [tags[number] for number in judged], [probabilities[number] for number in judged], n_jobs=1
        )
    return {(judged[number], index) for number, index in issues}

"""The small token classifier that label errors are found with, and cleanlab's word on its disagreements."""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldwire.errors import GoldwireError, install_hint
from goldwire.model import Annotation, Article, Span, outermost

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token

#: Steps of the solver. The order of what it finds no longer changes long before it has converged.
_STEPS = 40


@dataclass(frozen=True)
class Reading:
    """One article's annotation and tokens, white space left out; `lexical` are their own attributes."""

    document: str
    annotation: Annotation
    starts: list[int]
    ends: list[int]
    lexical: list[dict[str, Any]]

    def features(self) -> Iterator[dict[str, Any]]:
        """The features of each token and of its neighbours."""
        for index, own in enumerate(self.lexical):
            combined: dict[str, Any] = {f"0:{name}": value for name, value in own.items()}
            for step in (-2, -1, 1, 2):
                near = self.lexical[index + step] if 0 <= index + step < len(self.lexical) else _EDGE
                wanted = near if abs(step) == 1 else {"norm": near["norm"]}
                combined.update((f"{step}:{name}", value) for name, value in wanted.items())
            yield combined


_EDGE: dict[str, Any] = {"norm": "<edge>"}


class Reader:
    """Reads articles into tokens; what it knows of a word is kept."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._known: dict[tuple[int, int], dict[str, Any]] = {}

    def read(self, article: Article, annotation: Annotation) -> Reading:
        """An article with one annotation of it."""
        tokens = [token for token in self._nlp.make_doc(article.document.text) if not token.is_space]
        return Reading(
            document=article.document.id,
            annotation=annotation,
            starts=[token.idx for token in tokens],
            ends=[token.idx + len(token) for token in tokens],
            lexical=[self._lexical(token) for token in tokens],
        )

    def _lexical(self, token: Token) -> dict[str, Any]:
        """spaCy's lexical attributes of a token: they need no model."""
        key = token.orth, token.norm
        if key not in self._known:
            norm = token.norm_
            self._known[key] = {
                "norm": norm,
                "prefix": norm[:3],
                "suffix": norm[-3:],
                "shape": token.shape_,
                "title": token.is_title,
                "number": token.like_num,
                "punct": token.is_punct,
            }
        return self._known[key]


def owners_of(reading: Reading, layer: str, *, inner: bool) -> list[Span | None]:
    """For each token the span that it belongs to: the outermost one, or the innermost."""
    spans = reading.annotation.layer(layer)
    if not inner:
        spans = outermost(spans)[0]
    owners: list[Span | None] = [None] * len(reading.starts)
    # Longer ones first, so that shorter ones overwrite them.
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, s.id)):
        first, last = bisect_right(reading.ends, span.start), bisect_left(reading.starts, span.end)
        owners[first:last] = [span] * (last - first)
    return owners


@dataclass(frozen=True)
class View:
    """A layer read flat, by its outermost or its `inner`most spans; `classes` begin with that of no span."""

    layer: str
    inner: bool
    classes: list[str]

    def tags(self, owners: Iterable[Span | None]) -> list[int]:
        """The class of each token, by its number."""
        return [0 if span is None else self.classes.index(span.label) for span in owners]


class FoldModel:
    """What was learned of some articles: of each view how likely a token is of each class."""

    def __init__(
        self, readings: Iterable[Reading], views: Sequence[View], advance: Callable[[int], None]
    ) -> None:
        import numpy as np
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.linear_model import LogisticRegression

        tags: list[list[int]] = [[] for _ in views]

        def features() -> Iterator[dict[str, Any]]:
            for reading in readings:
                for view, known in zip(views, tags, strict=True):
                    known += view.tags(owners_of(reading, view.layer, inner=view.inner))
                yield from reading.features()

        self._vectorizer = DictVectorizer(sparse=True)
        x = self._vectorizer.fit_transform(features())
        self._models: list[tuple[list[int], Any]] = []
        for known in tags:
            trained_on = sorted(set(known))
            model = LogisticRegression(C=5.0, max_iter=_STEPS) if len(trained_on) > 1 else None
            if model is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    model.fit(x, np.array(known))
            self._models.append((trained_on, model))
            advance(1)

    def vectors(self, reading: Reading) -> Any:
        """The tokens of an article as rows of a matrix, for `judge`."""
        return self._vectorizer.transform(reading.features()) if reading.starts else None

    def judge(self, vectors: Any, number: int, tags: list[int], classes: int) -> tuple[Any, list[bool]]:
        """An array (tokens, classes) of probabilities by the model of the view with this `number`.

        Where the training articles lack a token's label there is nothing to compare: its row says that the
        label is certain, and the list False.
        """
        import numpy as np

        trained_on, model = self._models[number]
        row = np.zeros((len(tags), classes))
        if model is not None and tags:
            row[:, trained_on] = model.predict_proba(vectors)
        elif tags:
            row[:, trained_on[0]] = 1.0
        known = [tag in trained_on for tag in tags]
        for index, (tag, sure) in enumerate(zip(tags, known, strict=True)):
            if not sure:
                row[index] = np.eye(classes)[tag]
        return row, known


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

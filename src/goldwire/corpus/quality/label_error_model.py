"""The small token classifier that label errors are found with, and cleanlab's word on its disagreements."""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.errors import GoldwireError, install_hint
from goldwire.model import Annotation, Article, Span, outermost

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token

IntArray: TypeAlias = NDArray[np.int64]
#: Steps of the solver. The order of what it finds no longer changes long before it has converged.
_STEPS = 40


@dataclass(frozen=True)
class TokenizedReading:
    """One article's annotation and tokens, white space left out; `words` are numbers that the reader gave."""

    document: str
    annotation: Annotation
    starts: list[int]
    ends: list[int]
    words: IntArray


class Reader:
    """Reads articles into tokens; what it knows of a word is kept, under a number."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._numbers: dict[tuple[int, int], int] = {}
        #: spaCy's lexical attributes of each word: they need no model. The first is no word, but the edge.
        self.lexical: list[dict[str, Any]] = [{"norm": "<edge>"}]

    def read(self, article: Article, annotation: Annotation) -> TokenizedReading:
        """An article with one annotation of it."""
        tokens = [token for token in self._nlp.make_doc(article.document.text) if not token.is_space]
        return TokenizedReading(
            document=article.document.id,
            annotation=annotation,
            starts=[token.idx for token in tokens],
            ends=[token.idx + len(token) for token in tokens],
            words=np.array([self._number(token) for token in tokens], dtype=np.int64),
        )

    def _number(self, token: Token) -> int:
        key = token.orth, token.norm
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.lexical)
            norm = token.norm_
            self.lexical.append(
                {
                    "norm": norm,
                    "prefix": norm[:3],
                    "suffix": norm[-3:],
                    "shape": token.shape_,
                    "title": token.is_title,
                    "number": token.like_num,
                    "punct": token.is_punct,
                }
            )
        return number


class Features:
    """The features of a token: its own lexical attributes, those of its neighbours, the words beside these.

    Columns are those of the `readings` that are learned from, in the order of their names; a word is looked
    up once, not at each of its places. The same matrix as scikit-learn's DictVectorizer makes.
    """

    def __init__(self, reader: Reader, readings: Sequence[TokenizedReading]) -> None:
        self._reader = reader
        around = [_around(reading.words) for reading in readings]
        seen = [np.unique(np.concatenate([each[n] for each in around])) for n in range(len(_STEPS_AWAY))]
        names = {
            name
            for step, words in zip(_STEPS_AWAY, seen, strict=True)
            for word in words.tolist()
            for name, _ in self._of(step, word)
        }
        self._columns = {name: column for column, name in enumerate(sorted(names))}

    def matrix(self, readings: Sequence[TokenizedReading]) -> Any:
        """A row for each token of some articles, sparse."""
        from scipy.sparse import csr_matrix

        around = [_around(reading.words) for reading in readings]
        columns, values = [], []
        for n, step in enumerate(_STEPS_AWAY):
            words, place = np.unique(np.concatenate([each[n] for each in around]), return_inverse=True)
            width = len(_LEXICAL) if abs(step) < 2 else 1
            table, held = np.full((len(words), width), -1, dtype=np.int32), np.zeros((len(words), width))
            for row, word in enumerate(words.tolist()):
                known = sorted(
                    (self._columns[name], value)
                    for name, value in self._of(step, word)
                    if name in self._columns
                )
                for column, (number, value) in enumerate(known):
                    table[row, column], held[row, column] = number, value
            columns.append(table[place])
            values.append(held[place])
        every = np.concatenate(columns, axis=1)
        present = every >= 0
        ends = np.concatenate(([0], np.cumsum(present.sum(axis=1))))
        data = np.concatenate(values, axis=1)[present]
        return csr_matrix((data, every[present], ends), shape=(len(every), len(self._columns)))

    def _of(self, step: int, word: int) -> Iterator[tuple[str, float]]:
        """The names and values of what a word that stands so many tokens away adds."""
        for name, value in self._reader.lexical[word].items():
            if abs(step) < 2 or name == "norm":
                yield (f"{step}:{name}={value}", 1.0) if isinstance(value, str) else (f"{step}:{name}", value)


_LEXICAL = ("norm", "prefix", "suffix", "shape", "title", "number", "punct")
#: In the order of the columns, which are sorted by name.
_STEPS_AWAY = (-1, -2, 0, 1, 2)


def _around(words: IntArray) -> list[IntArray]:
    """The words so many steps away from each of some tokens; 0 over the edge."""
    padded = np.concatenate(([0, 0], words, [0, 0]))
    return [padded[2 + step : 2 + step + len(words)] for step in _STEPS_AWAY]


def owners_of(reading: TokenizedReading, layer: str, *, inner: bool) -> list[Span | None]:
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
        self,
        reader: Reader,
        readings: Sequence[TokenizedReading],
        views: Sequence[View],
        advance: Callable[[int], None],
    ) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        self._features = Features(reader, readings)
        x = self._features.matrix(readings)
        self._models: list[tuple[list[int], Any]] = []
        for view in views:
            known = [
                tag for each in readings for tag in view.tags(owners_of(each, view.layer, inner=view.inner))
            ]
            trained_on = sorted(set(known))
            model = LogisticRegression(C=5.0, max_iter=_STEPS) if len(trained_on) > 1 else None
            if model is not None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    model.fit(x, np.array(known))
            self._models.append((trained_on, model))
            advance(1)

    def vectors(self, readings: Sequence[TokenizedReading]) -> Any:
        """The tokens of some articles as rows of a matrix, for `judge`."""
        return self._features.matrix(readings)

    def judge(self, vectors: Any, number: int, tags: list[int], classes: int) -> tuple[Any, list[bool]]:
        """An array (tokens, classes) of probabilities by the model of the view with this `number`.

        Where the training articles lack a token's label there is nothing to compare: its row says that the
        label is certain, and the list False.
        """
        trained_on, model = self._models[number]
        row = np.zeros((len(tags), classes))
        if model is not None and tags:
            row[:, trained_on] = model.predict_proba(vectors)
        elif tags:
            row[:, trained_on[0]] = 1.0
        learned = set(trained_on)
        known = [tag in learned for tag in tags]
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

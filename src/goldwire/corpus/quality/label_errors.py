"""Suspected annotation errors: where a model that never saw the article disagrees with its labels.

A small token classifier (logistic regression over spaCy's lexical attributes of a token and its neighbours)
is trained on all other articles, article by article or in groups of them; its probabilities for the article
left out are compared with the labels by confident learning (Northcutt, Jiang & Chuang 2021, JAIR 70;
cleanlab's token classification). What it finds strange need not be wrong: it is a list to look through.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Literal

from goldwire.annotations.tokens import tokenizer
from goldwire.corpus.quality.label_error_model import (
    FoldModel,
    Reader,
    TokenizedReading,
    View,
    issues_of,
    owners_of,
)
from goldwire.errors import GoldwireError
from goldwire.model import Article, Span, curated
from goldwire.processes import one_thread

#: The tag of a token outside every span.
OUT = "O"
_FOLDS = 10
#: Tokens that a model learns from, and those that are judged together, at most.
LEARNED, JUDGED = 60_000, 200_000
#: How sure a model must be that nothing stands where a span of its own label does.
_SURE = 0.9
Kind = Literal["label", "extra", "missing"]
KINDS: dict[Kind, str] = {
    "label": "the model expects another label",
    "extra": "the model expects nothing here",
    "missing": "the model expects a span here",
}


@dataclass(frozen=True)
class LabelError:
    """One place that the model reads otherwise.

    `given` is the label there (empty where nothing is marked), `suggested` the model's (empty where it
    expects nothing). `quality` in [0, 1] is the probability that the model leaves to what is given, the mean
    over the tokens; the list begins with the smallest. `issue` says whether confident learning counts it as
    an error, too.
    """

    document: str
    annotator: str
    layer: str
    span: str
    start: int
    end: int
    given: str
    suggested: str
    quality: float
    issue: bool

    @property
    def kind(self) -> Kind:
        """What the model would change."""
        return "missing" if not self.given else "label" if self.suggested else "extra"


@dataclass
class LabelErrors:
    """All of them, the most suspicious first, and what could not be judged.

    `judged` counts spans by layer. `alone` counts those whose label no other article has: the model can't
    know it. `hidden` counts those that lie inside and around others, so that no token is theirs in a flat
    reading, and those that hold no token. `accuracy` is the share of tokens that the model reads as they are
    marked, by layer: low figures say that its suspicions are weak.
    """

    errors: list[LabelError] = field(default_factory=list)
    judged: dict[str, int] = field(default_factory=dict)
    alone: int = 0
    hidden: int = 0
    accuracy: dict[str, float] = field(default_factory=dict)
    folds: int = 0


def find_label_errors(
    articles: Sequence[Article],
    language: str,
    *,
    layers: Sequence[str] | None = None,
    groups: Mapping[str, str] | None = None,
    folds: int = _FOLDS,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
    learned: int = LEARNED,
    judged: int = JUDGED,
) -> LabelErrors:
    """Rank the spans of the most trusted readings, and the words between them, by how little a model agrees.

    `groups` maps a document's id to its group; documents of one group are left out together. A layer is read
    flat twice, by its outermost spans and by its innermost, so that both levels of a nest are judged.
    However large the corpus, a model learns from at most so many tokens, `learned`, of articles drawn from
    all others, and articles are judged so many tokens at a time, `judged`: what a part of them has in common
    is what confident learning counts by.
    `advance` is called once for each of `folds` times layers times 2 trainings, fewer where there are fewer
    groups. Raises GW217 where cleanlab is missing, GW218 where there are not two groups to train and judge.
    """
    told = advance or (lambda _: None)
    survey = _Survey(articles, Reader(tokenizer(language)), groups or {})
    if len(survey.groups) < 2:
        reason = "there is no other" if len(survey.places) < 2 else "all are copies or of one story"
        message = f"label errors are found by a model trained on other articles: {reason}"
        raise GoldwireError.of("GW218", message, hint="annotate two articles at least, or: --no-label-errors")
    result = LabelErrors(folds=min(folds, len(survey.groups)))
    views = survey.views(layers)
    told(result.folds * sum((view.layer, True) not in survey.fresh for view in views))
    import sklearn.linear_model  # noqa: F401 - so that `one_thread` knows the libraries that it loads

    with one_thread():
        models, fold_of = survey.learn(views, result.folds, seed, learned, told)
        right: Counter[str] = Counter()
        for batch in survey.batches(judged):
            for layer in dict.fromkeys(view.layer for view in views):
                result.judged.setdefault(layer, 0)
            _judge_batch(batch, views, models, fold_of, result, right)
    for layer in result.judged:
        result.accuracy[layer] = right[layer] / survey.tokens if survey.tokens else 0.0
    result.errors.sort(key=lambda s: (s.quality, s.document, s.start, s.end, s.layer))
    return result


class _Survey:
    """The articles that have an annotation, looked at once: their groups and sizes, the labels of each view.

    `fresh` are the views, as (layer, inner), in which spans have a token that had none in the one before.
    """

    def __init__(self, articles: Sequence[Article], reader: Reader, groups: Mapping[str, str]) -> None:
        self._articles, self._reader = articles, reader
        self.places: list[int] = []
        self._group_of: list[str] = []
        self._sizes: list[int] = []
        self._labels: dict[tuple[str, bool], set[str]] = {}
        self.fresh: set[tuple[str, bool]] = set()
        for place, article in enumerate(articles):
            annotation = curated(article.annotations)
            if annotation is None:
                continue
            reading = reader.read(article, annotation)
            self.places.append(place)
            self._group_of.append(groups.get(reading.document, reading.document))
            self._sizes.append(len(reading.starts))
            for layer in {span.layer for span in annotation.spans}:
                seen: set[str] = set()
                for inner in (False, True):
                    owners = owners_of(reading, layer, inner=inner)
                    owned = {span.id: span.label for span in owners if span is not None}
                    self._labels.setdefault((layer, inner), set()).update(owned.values())
                    if not owned.keys() <= seen:
                        self.fresh.add((layer, inner))
                    seen |= owned.keys()
        self.groups, self.tokens = set(self._group_of), sum(self._sizes)

    def views(self, layers: Sequence[str] | None) -> list[View]:
        """What is judged: each layer that has a token, by its outermost and, where that shows more, by its
        innermost spans."""
        wanted = layers or sorted({layer for layer, _ in self._labels})
        return [
            View(layer, inner, [OUT, *sorted(self._labels[layer, inner])])
            for layer in wanted
            for inner in (False, True)
            if self._labels.get((layer, inner)) and (layer, inner) in self.fresh
        ]

    def learn(
        self, views: Sequence[View], folds: int, seed: int, most: int, advance: Callable[[int], None]
    ) -> tuple[list[FoldModel], list[int]]:
        """A model for each fold, and for each article the one that has not seen its group."""
        import numpy as np
        from sklearn.model_selection import GroupKFold

        models: list[FoldModel] = []
        fold_of = [0] * len(self.places)
        splitter = GroupKFold(n_splits=folds, shuffle=True, random_state=seed)
        for fold, (train, test) in enumerate(
            splitter.split(np.zeros(len(self.places)), groups=self._group_of)
        ):
            for number in test.tolist():
                fold_of[number] = fold
            chosen = self._some(train.tolist(), most, seed + fold)
            models.append(FoldModel(self._reader, [self._read(number) for number in chosen], views, advance))
        return models, fold_of

    def _some(self, numbers: list[int], most: int, seed: int) -> list[int]:
        """As many of the articles as hold at most so many tokens, drawn at random; in their order."""
        drawn: list[int] = []
        size = 0
        order = numbers
        if sum(self._sizes[number] for number in numbers) > most:
            order = random.Random(seed).sample(numbers, len(numbers))
        for number in order:
            size += self._sizes[number]
            if drawn and size > most:
                break
            drawn.append(number)
        return sorted(drawn)

    def _read(self, number: int) -> TokenizedReading:
        article = self._articles[self.places[number]]
        annotation = curated(article.annotations)
        if annotation is None:
            raise ValueError("an article without an annotation")
        return self._reader.read(article, annotation)

    def batches(self, most: int) -> Iterator[list[tuple[int, TokenizedReading]]]:
        """The articles with their numbers, about so many tokens at a time."""
        batch: list[tuple[int, TokenizedReading]] = []
        size = 0
        for number in range(len(self.places)):
            batch.append((number, self._read(number)))
            size += self._sizes[number]
            if size >= most:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def _judge_batch(
    batch: Sequence[tuple[int, TokenizedReading]],
    views: Sequence[View],
    models: Sequence[FoldModel],
    fold_of: Sequence[int],
    result: LabelErrors,
    right: Counter[str],
) -> None:
    """Judge the spans of some articles in all views, and count the tokens that are `right`."""
    readings = [reading for _, reading in batch]
    owners = [[owners_of(each, view.layer, inner=view.inner) for each in readings] for view in views]
    tags = [[view.tags(row) for row in rows] for view, rows in zip(views, owners, strict=True)]
    probabilities: list[list[Any]] = [[None] * len(batch) for _ in views]
    known: list[list[list[bool]]] = [[[] for _ in batch] for _ in views]
    for fold in sorted({fold_of[number] for number, _ in batch}):
        places = [at for at, (number, _) in enumerate(batch) if fold_of[number] == fold]
        vectors = models[fold].vectors([readings[at] for at in places])
        ends = list(accumulate(len(readings[at].starts) for at in places))
        for n, view in enumerate(views):
            together = [tag for at in places for tag in tags[n][at]]
            rows, sure = models[fold].judge(vectors, n, together, len(view.classes))
            for at, end in zip(places, ends, strict=True):
                begin = end - len(readings[at].starts)
                probabilities[n][at], known[n][at] = rows[begin:end], sure[begin:end]
    judged: dict[str, dict[tuple[int, str], LabelError | None]] = {}
    missing: dict[str, list[LabelError]] = {}
    for n, view in enumerate(views):
        issues = issues_of(tags[n], probabilities[n])
        of_layer = judged.setdefault(view.layer, {})
        if not view.inner:
            right[view.layer] += sum(
                int(row[index].argmax() == tag)
                for row, reading_tags in zip(probabilities[n], tags[n], strict=True)
                for index, tag in enumerate(reading_tags)
            )
            missing[view.layer] = _missing(
                view.layer, readings, tags[n], probabilities[n], view.classes, issues
            )
        # What both views hold is judged once: the second looks at what the first did not see.
        before = set(of_layer)
        for at, (reading, row) in enumerate(zip(readings, owners[n], strict=True)):
            mine: dict[str, list[int]] = {}
            for index, span in enumerate(row):
                if span is not None and (at, span.id) not in before:
                    mine.setdefault(span.id, []).append(index)
            spans = {span.id: span for span in row if span is not None}
            for name, indexes in mine.items():
                if not all(known[n][at][index] for index in indexes):
                    of_layer[at, name] = None
                    result.alone += 1
                    continue
                suspicious = any((at, index) in issues for index in indexes)
                mean = probabilities[n][at][indexes].mean(axis=0)
                of_layer[at, name] = _judge(reading, spans[name], mean, view.classes, suspicious)
    for layer, doubts in judged.items():
        result.errors += [e for e in doubts.values() if e is not None and e.suggested != e.given]
        result.errors += missing[layer]
        result.hidden += sum(len(reading.annotation.layer(layer)) for reading in readings) - len(doubts)
        result.judged[layer] += sum(error is not None for error in doubts.values())


def _judge(reading: TokenizedReading, span: Span, mean: Any, classes: list[str], issue: bool) -> LabelError:
    """A span with what the model would call it."""
    # That something stands there is one question, what it is another: label against label, without O.
    inside = mean.copy()
    inside[classes.index(OUT)] = 0.0
    total = float(inside.sum())
    label = classes[int(inside.argmax())]
    share = float(inside[classes.index(span.label)]) / total if total else 1.0
    nothing = label == span.label and float(mean[classes.index(OUT)]) >= _SURE
    return LabelError(
        document=reading.document,
        annotator=reading.annotation.annotator,
        layer=span.layer,
        span=span.id,
        start=span.start,
        end=span.end,
        given=span.label,
        suggested=label if label != span.label or not nothing else "",
        quality=round(share if not nothing else max(1.0 - float(mean[classes.index(OUT)]), 0.0), 4),
        issue=issue,
    )


def _missing(
    layer: str,
    readings: list[TokenizedReading],
    tags: list[list[int]],
    probabilities: list[Any],
    classes: list[str],
    issues: set[tuple[int, int]],
) -> list[LabelError]:
    """Runs of unmarked tokens that the model gives one label."""
    errors: list[LabelError] = []
    for number, (reading, reading_tags) in enumerate(zip(readings, tags, strict=True)):
        run: list[int] = []
        for index in [*range(len(reading_tags)), -1]:
            best = int(probabilities[number][index].argmax()) if index >= 0 and not reading_tags[index] else 0
            if run and (index < 0 or best != int(probabilities[number][run[-1]].argmax())):
                rows = probabilities[number][run]
                errors.append(
                    LabelError(
                        document=reading.document,
                        annotator=reading.annotation.annotator,
                        layer=layer,
                        span="",
                        start=reading.starts[run[0]],
                        end=reading.ends[run[-1]],
                        given="",
                        suggested=classes[int(rows[0].argmax())],
                        quality=round(float(rows[:, 0].mean()), 4),
                        issue=any((number, token) in issues for token in run),
                    )
                )
                run = []
            if best:
                run.append(index)
    return errors


def counts(errors: Iterable[LabelError]) -> dict[str, int]:
    """How many of each kind there are."""
    kinds = Counter(error.kind for error in errors)
    return {kind: kinds[kind] for kind in KINDS}

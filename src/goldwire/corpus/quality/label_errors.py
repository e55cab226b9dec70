"""Suspected annotation errors: where a model that never saw the article disagrees with its labels.

A small token classifier (logistic regression over spaCy's lexical attributes of a token and its neighbours)
is trained on all other articles, article by article or in groups of them; its probabilities for the article
left out are compared with the labels by confident learning (Northcutt, Jiang & Chuang 2021, JAIR 70;
cleanlab's token classification). What it finds strange need not be wrong: it is a list to look through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from goldwire.annotations.tokens import tokenizer
from goldwire.corpus.quality.label_error_model import Reading, issues_of, out_of_fold, owners_of, read_tokens
from goldwire.errors import GoldwireError
from goldwire.model import Article, Span, curated

#: The tag of a token outside every span.
OUT = "O"
_FOLDS = 10
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
    articles: Iterable[Article],
    language: str,
    *,
    layers: Sequence[str] | None = None,
    groups: Mapping[str, str] | None = None,
    folds: int = _FOLDS,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> LabelErrors:
    """Rank the spans of the most trusted readings, and the words between them, by how little a model agrees.

    `groups` maps a document's id to its group; documents of one group are left out together. A layer is read
    flat twice, by its outermost spans and by its innermost, so that both levels of a nest are judged.
    `advance` is called once for each of `folds` times layers times 2 trainings, fewer where there are fewer
    groups. Raises GW217 where cleanlab is missing, GW218 where there are not two groups to train and judge.
    """
    nlp = tokenizer(language)
    readings = [
        read_tokens(article, annotation, nlp, groups or {})
        for article in articles
        if (annotation := curated(article.annotations)) is not None
    ]
    names = sorted({reading.group for reading in readings})
    if len(names) < 2:
        reason = "there is no other" if len(readings) < 2 else "all are copies or of one story"
        message = f"label errors are found by a model trained on other articles: {reason}"
        raise GoldwireError.of("GW218", message, hint="annotate two articles at least, or: --no-label-errors")
    result = LabelErrors(folds=min(folds, len(names)))
    wanted = layers or sorted({span.layer for reading in readings for span in reading.annotation.spans})
    for layer in wanted:
        _layer(layer, readings, result, seed, advance or (lambda _: None))
    result.errors.sort(key=lambda s: (s.quality, s.document, s.start, s.end, s.layer))
    return result


def _layer(
    layer: str, readings: list[Reading], result: LabelErrors, seed: int, advance: Callable[[int], None]
) -> None:
    """Judge one layer, by its outermost and then by its innermost spans."""
    judged: dict[tuple[int, str], LabelError | None] = {}
    missing: list[LabelError] = []
    right = total = 0
    for inner in (False, True):
        owners = [owners_of(reading, layer, inner=inner) for reading in readings]
        labels = sorted({span.label for row in owners for span in row if span is not None})
        if not labels:
            return
        # What both views hold is judged once: the second looks at what the first did not see.
        fresh = {
            (number, span.id)
            for number, row in enumerate(owners)
            for span in row
            if span is not None and (number, span.id) not in judged
        }
        if inner and not fresh:
            advance(result.folds)
            continue
        classes = [OUT, *labels]
        tags = [[classes.index(span.label if span else OUT) for span in row] for row in owners]
        probabilities, known = out_of_fold(readings, tags, len(classes), result.folds, seed, advance)
        issues = issues_of(tags, probabilities)
        if not inner:
            right = sum(
                int(row[index].argmax() == tag)
                for row, reading_tags in zip(probabilities, tags, strict=True)
                for index, tag in enumerate(reading_tags)
            )
            total = sum(map(len, tags))
            missing = _missing(layer, readings, tags, probabilities, classes, issues)
        for number, (reading, row) in enumerate(zip(readings, owners, strict=True)):
            mine: dict[str, list[int]] = {}
            for index, span in enumerate(row):
                if span is not None and (number, span.id) in fresh:
                    mine.setdefault(span.id, []).append(index)
            spans = {span.id: span for span in row if span is not None}
            for name, indexes in mine.items():
                if not all(known[number][index] for index in indexes):
                    judged[number, name] = None
                    result.alone += 1
                    continue
                suspicious = any((number, index) in issues for index in indexes)
                mean = probabilities[number][indexes].mean(axis=0)
                judged[number, name] = _judge(reading, spans[name], mean, classes, suspicious)
    result.errors += [
        error for error in judged.values() if error is not None and error.suggested != error.given
    ]
    result.errors += missing
    everything = sum(len(reading.annotation.layer(layer)) for reading in readings)
    result.hidden += everything - len(judged)
    result.judged[layer] = sum(error is not None for error in judged.values())
    result.accuracy[layer] = right / total if total else 0.0


def _judge(reading: Reading, span: Span, mean: Any, classes: list[str], issue: bool) -> LabelError:
    """A span with what the model would call it."""
    # That something stands there is one question, what it is another: label against label, without O.
    inside = mean.copy()
    inside[classes.index(OUT)] = 0.0
    total = float(inside.sum())
    label = classes[int(inside.argmax())]
    share = float(inside[classes.index(span.label)]) / total if total else 1.0
    nothing = label == span.label and float(mean[classes.index(OUT)]) >= _SURE
    return LabelError(
        document=reading.article.document.id,
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
    readings: list[Reading],
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
                        document=reading.article.document.id,
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

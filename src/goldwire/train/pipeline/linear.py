"""Linear classifiers for what spans are and how they are related, learned with scikit-learn."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from goldwire.eval.scoring.pairing import stories
from goldwire.model import Annotation, Span, pairs
from goldwire.schemas import Schema
from goldwire.train.pipeline.components import Linear
from goldwire.train.pipeline.features import attribute_features, candidates, gap, pair_features
from goldwire.train.training_data import Reference, on_tokens

if TYPE_CHECKING:
    from spacy.tokens import Doc

T = TypeVar("T")
#: A pair of spans: its features, its relation or "", the relations that it may have.
_Pair: TypeAlias = tuple[list[str], str, frozenset[str]]
#: Inverse strength of the regularisation, and how many held-out parts thresholds are chosen on.
STRENGTH, PARTS = 1.0, 5
#: Level of the one-sided tests of whether an attribute's classifier helps.
LEVEL = 0.05
#: Values of an attribute without a schema: more than this are no choice.
CHOICES = 20
#: Tokens that a pair's ends may be apart, at most; less where the pairs learned from are closer.
WINDOW = 150


@dataclass(frozen=True)
class MarkedDoc:
    """A document with its marked spans on tokens, and where each span went: its id to layer and index.

    `story` is that of the document, or its id: one story is never learned and held out.
    """

    doc: Doc
    places: dict[str, tuple[str, int]]
    reference: Annotation
    story: str

    def related(self) -> Iterator[tuple[str, tuple[str, int], tuple[str, int]]]:
        """The relations whose ends are on tokens: the label, where the head went, where the tail."""
        for relation in self.reference.relations:
            if {relation.head, relation.tail} <= self.places.keys():
                yield relation.label, self.places[relation.head], self.places[relation.tail]


def marked(read: Callable[[str], Doc], reference: Reference, layers: Sequence[str]) -> MarkedDoc:
    """The reference's spans of `layers`, nested ones too, in `doc.spans`; what cuts a token is widened."""
    text = reference.document.text
    doc = read(text)
    places: dict[str, tuple[str, int]] = {}
    for layer in layers:
        placed = []
        for span in reference.full.layer(layer):
            if (wide := on_tokens(doc, text, span, widen=True)) is not None:
                placed.append((wide, span.id))
        placed.sort(key=lambda item: (item[0].start, item[0].end))
        doc.spans[layer] = [wide for wide, _ in placed]
        places.update({name: (layer, index) for index, (_, name) in enumerate(placed)})
    (story,) = stories([reference.document]) or [reference.document.id]
    return MarkedDoc(doc, places, reference.full, story)


def relation_types(
    schema: Schema | None, references: Iterable[Reference], layers: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What relations there are between `layers`, which ends each allows, how many of each a head has.

    From the schema; without one from the ends that were seen, in any number.
    """
    types: dict[str, dict[str, Any]] = {}
    if schema is not None:
        for name, relation_type in schema.relations.items():
            ends = {
                side: [
                    [e.layer, list(e.labels) if e.labels is not None else None]
                    for e in layer_ends
                    if e.layer in layers
                ]
                for side, layer_ends in (("head", relation_type.head), ("tail", relation_type.tail))
            }
            if ends["head"] and ends["tail"]:
                types[name] = {**ends, "min": relation_type.min, "max": relation_type.max}
        return types
    ends_seen: dict[str, tuple[dict[str, set[str]], dict[str, set[str]]]] = {}
    for reference in references:
        for relation, head, tail in pairs(reference.full):
            if head.layer in layers and tail.layer in layers:
                sides = ends_seen.setdefault(relation.label, ({}, {}))
                for side, span in zip(sides, (head, tail), strict=True):
                    side.setdefault(span.layer, set()).add(span.label)
    for name, both in sorted(ends_seen.items()):
        heads, tails = (
            [[layer, sorted(labels)] for layer, labels in sorted(labels_by_layer.items())]
            for labels_by_layer in both
        )
        types[name] = {"head": heads, "tail": tails, "min": 0, "max": None}
    return types


def feature_matrix(rows: Sequence[Sequence[str]], names: Sequence[str]) -> Any:
    """Which of the features `names` each row has, as a sparse matrix (rows × names) of ones."""
    from scipy.sparse import csr_matrix

    index = {name: number for number, name in enumerate(names)}
    places = [sorted({index[name] for name in row if name in index}) for row in rows]
    columns = np.array([column for row in places for column in row], dtype=np.int64)
    ends = np.cumsum([0, *map(len, places)])
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), len(names)))


def fit_for_steps(model: Any, matrix: Any, targets: Any) -> None:
    """Fit a model that is stopped on purpose: that it has not converged is not warned of."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(matrix, targets)


def fit_linear(rows: Sequence[Sequence[str]], targets: Sequence[str]) -> Linear:
    """Logistic regression over features that at least two rows have; where there is none, or a single class,
    how often each class is seen."""
    from sklearn.linear_model import LogisticRegression

    counts = Counter(name for row in rows for name in set(row))
    names = sorted(name for name, count in counts.items() if count > 1)
    classes = sorted(set(targets))
    if len(classes) < 2 or not names:
        times = Counter(targets)
        shares = [np.log(times[name] / len(targets)) for name in classes]
        return Linear(classes, [], np.zeros((len(classes), 0)), shares)
    learner = LogisticRegression(C=STRENGTH, max_iter=1000)
    learner.fit(feature_matrix(rows, names), np.array(targets))
    weights, bias = learner.coef_, learner.intercept_
    if len(classes) == 2:
        # One row for the second class: as two rows the softmax gives the same chances.
        weights, bias = np.vstack((-weights / 2, weights / 2)), np.array((-bias[0] / 2, bias[0] / 2))
    return Linear(classes, names, weights, bias)


def _fit(examples: Sequence[tuple[Any, ...]]) -> Linear:
    """A classifier of examples, which begin with features and what they are of."""
    return fit_linear([row for row, *_ in examples], [target for _, target, *_ in examples])


def fit_attribute(
    documents: Sequence[MarkedDoc], layer: str, labels: Sequence[str] | None, value: Callable[[Span], str]
) -> tuple[Linear | None, bool]:
    """A classifier of an attribute's `value`, "" for none, and whether it was learned.

    Where, on stories held out in turn, it does not help (see `helps`), it says what more than half of the
    spans have, always; None where that is nothing.
    """
    examples = _by_story(
        documents,
        [
            [
                (attribute_features(document.doc.spans[layer][document.places[span.id][1]]), value(span))
                for span in document.reference.layer(layer)
                if span.id in document.places and (labels is None or span.label in labels)
            ]
            for document in documents
        ],
    )
    pooled = [row for story in examples for row in story]
    targets = [target for _, target in pooled]
    alone: list[tuple[int, int]] = []
    for learned, held_out in _parts(examples):
        common = Counter(target for _, target in learned)
        if not common:
            continue
        model = _fit(learned)
        usual = max(common, key=lambda name: (common[name], name))
        for story in held_out:
            ours = [model.classes[int(model.chances(row).argmax())] == target for row, target in story]
            theirs = [usual == target for _, target in story]
            pairs = list(zip(ours, theirs, strict=True))
            alone.append((sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)))
    if helps(alone):
        return _fit(pooled), True
    most, times = max(Counter(targets).items(), key=lambda item: item[1], default=("", 0))
    always = fit_linear([[] for _ in targets], targets) if most and 2 * times > len(targets) else None
    return always, False


def helps(alone: Sequence[tuple[int, int]]) -> bool:
    """Whether a classifier is surely right more often than the most frequent value, given on how many spans
    of each story either alone is right, the classifier's first.

    Two one-sided tests must both say so at `LEVEL`: over spans the exact test of McNemar (1947), which few
    spans do not pass by chance; over stories that of Durkalski et al. (2003), sum of differences by root of
    the sum of their squares, which no single story can pass, whatever its length, nor two.
    """
    from scipy.stats import binomtest, norm

    ours, theirs = (sum(side) for side in zip(*alone, strict=True)) if alone else (0, 0)
    if ours <= theirs:
        return False
    over_spans = binomtest(ours, ours + theirs, alternative="greater").pvalue
    over_stories = norm.sf((ours - theirs) / sum((a - b) ** 2 for a, b in alone) ** 0.5)
    return bool(max(over_spans, over_stories) < LEVEL)


def _by_story(documents: Sequence[MarkedDoc], examples: Sequence[list[T]]) -> list[list[T]]:
    """The documents' examples, those of one story together."""
    by_story: dict[str, list[T]] = {}
    for document, rows in zip(documents, examples, strict=True):
        by_story.setdefault(document.story, []).extend(rows)
    return list(by_story.values())


def _parts(examples: Sequence[list[T]]) -> Iterator[tuple[list[T], Sequence[list[T]]]]:
    """What is learned, and the stories held out, in turn; none for one story."""
    parts = min(PARTS, len(examples))
    for part in range(parts if parts > 1 else 0):
        learned = [row for index, story in enumerate(examples) if index % parts != part for row in story]
        yield learned, examples[part::parts]


def types_by_head(types: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The relations that go out from each layer."""
    outgoing: dict[str, dict[str, Any]] = {}
    for layer in (end[0] for ends in types.values() for end in ends["head"]):
        outgoing[layer] = {
            kind: ends for kind, ends in types.items() if any(end[0] == layer for end in ends["head"])
        }
    return outgoing


def fit_relations(
    documents: Sequence[MarkedDoc], types: dict[str, dict[str, Any]], heads: Collection[str]
) -> tuple[dict[str, Linear], dict[str, Any]]:
    """One classifier for each layer of `heads` that relations go out from, and the settings of the component.

    Every allowed pair is an example: of the relation that joins it, or of none. The threshold of each
    relation is the one with the best F1 on documents held out in turn.
    """
    models: dict[str, Linear] = {}
    settings: dict[str, Any] = {"relations": types, "windows": {}, "thresholds": {}}
    for layer, outgoing in types_by_head(types).items():
        if layer not in heads:
            continue
        window = _window(documents, layer)
        examples = [_pairs_of(document, layer, outgoing, window) for document in documents]
        pooled = [pair for document_pairs in examples for pair in document_pairs]
        if not any(target for _, target, *_ in pooled):
            continue
        settings["windows"][layer] = window
        models[layer] = _fit(pooled)
        settings["thresholds"][layer] = _thresholds(_by_story(documents, examples))
    return models, settings


def _window(documents: Sequence[MarkedDoc], layer: str) -> int:
    apart = [
        gap(document.doc.spans[head][i], document.doc.spans[tail][j])
        for document in documents
        for _, (head, i), (tail, j) in document.related()
        if head == layer
    ]
    return min(WINDOW, int(np.quantile(apart, 0.98))) if apart else 0


def _pairs_of(document: MarkedDoc, layer: str, types: dict[str, dict[str, Any]], window: int) -> list[_Pair]:
    """Each allowed pair of a document: features, relation or "", allowed relations."""
    by_place = {(head, tail): label for label, head, tail in document.related() if label in types}
    spans = {name: list(group) for name, group in document.doc.spans.items()}
    listed = []
    for head, ends in candidates(document.doc, spans, layer, types, window):
        for end in ends:
            label = by_place.get(((layer, head), end.end), "")
            listed.append((pair_features(document.doc, end), label if label in end.kinds else "", end.kinds))
    return listed


def _thresholds(examples: Sequence[list[_Pair]]) -> dict[str, float]:
    """For each relation the chance from which it is drawn, by F1 on held-out stories; .5 with one."""
    judged: list[tuple[str, frozenset[str], dict[str, float]]] = []
    for learned, held_out in _parts(examples):
        if not any(target for _, target, *_ in learned):
            continue
        model = _fit(learned)
        for row, target, kinds in (pair for story in held_out for pair in story):
            chances = dict(zip(model.classes, model.chances(row).tolist(), strict=True))
            judged.append((target, kinds, chances))
    return {kind: _best(judged, kind) for kind in sorted({t for story in examples for _, t, _ in story if t})}


def _best(judged: Sequence[tuple[str, frozenset[str], dict[str, float]]], kind: str) -> float:
    ranked = sorted(
        ((chances.get(kind, 0.0), target == kind) for target, allowed, chances in judged if kind in allowed),
        reverse=True,
    )
    wanted = sum(right for _, right in ranked)
    best, bar, right = 0.0, 0.5, 0
    for number, (chance, hit) in enumerate(ranked, start=1):
        right += hit
        f1 = 2 * right / (number + wanted) if wanted else 0.0
        if f1 > best:
            best, bar = f1, chance
    return round(min(0.9, max(0.1, bar)), 4)

"""Two models on the same reference: which is better, by how much, how sure that is, and where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from goldwire.errors import GoldwireError
from goldwire.eval.ci.compare_results import Compared, Disagreement, Model, What, better_of
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.significance import compare_labels, power_warning
from goldwire.eval.file_scores import Batch
from goldwire.eval.matching.context import sentences
from goldwire.eval.matching.spans import Kind
from goldwire.eval.scoring.document_counts import BATCH, DocumentCounts
from goldwire.eval.scoring.notes import known_layers, unknown_words
from goldwire.eval.scoring.pairing import Paired
from goldwire.eval.scoring.scores import check_pairs
from goldwire.model import Annotation, Document, Span

#: A span that one model has alone: start, end, label, the model, and what it did.
_Place: TypeAlias = tuple[int, int, str, Model, What]


def compare_models(
    first: Sequence[Paired],
    second: Sequence[Paired],
    *,
    layers: Sequence[str] | None = None,
    kind: Kind = "exact",
    rounds: int = 10_000,
    seed: int = 0,
    groups: Sequence[str] | None = None,
    names: tuple[str, str] = ("A", "B"),
    places: int | None = None,
) -> Compared:
    """Compare two predictions of the same gold documents, `first` and `second` as `pair_up` gives them.

    `groups` as in `score`; of the places where they differ at most so many, `places`, that speak for each
    are kept (None: all), and all are counted. Raises GW531 where the two were not paired with the same
    documents, and what `score` raises.
    """
    if [pairing.document.id for pairing in first] != [pairing.document.id for pairing in second]:
        message = "the two predictions are of different documents"
        raise GoldwireError.of("GW531", message, hint="compare predictions of one gold file")
    for side in (first, second):
        check_pairs((pairing.gold, pairing.pred) for pairing in side)
    comparison = ModelComparison(layers=layers, kind=kind, names=names, places=places)
    for start in range(0, len(first), BATCH):
        parts = [side[start : start + BATCH] for side in (first, second)]
        golds, documents = [pair.gold for pair in parts[0]], [pair.document for pair in parts[0]]
        comparison.add((golds, [[pairing.pred for pairing in part] for part in parts], documents))
    return comparison.result(rounds=rounds, seed=seed, groups=groups)


class ModelComparison:
    """Two models compared a batch of documents at a time; counts stay, and places where they differ.

    `layers`, `kind`, `names` and `places` as in `compare_models`.
    """

    def __init__(
        self,
        *,
        layers: Sequence[str] | None = None,
        kind: Kind = "exact",
        names: tuple[str, str] = ("A", "B"),
        places: int | None = None,
    ) -> None:
        self._layers, self._kind, self._names, self._places = layers, kind, names, places
        self._counts = [DocumentCounts(layers=layers) for _ in names]
        self._present: set[str] = set()
        #: How many places of each layer and label speak for a model.
        self._speaking: dict[tuple[str, str], Counter[Model]] = {}
        #: By layer and the model they speak for the places that are kept, with their documents' numbers.
        self._kept: dict[tuple[str, Model], list[tuple[int, Disagreement]]] = {}
        self._documents = 0

    def add(self, batch: Batch) -> None:
        """Count a batch: gold and both predictions of each document."""
        golds, predictions, documents = batch
        for counts, preds in zip(self._counts, predictions, strict=True):
            counts.add(golds, preds)
        for gold, first, second, document in zip(golds, *predictions, documents, strict=True):
            layers = {span.layer for each in (gold, first, second) for span in each.spans}
            self._present |= layers
            for layer in layers if self._layers is None else layers.intersection(self._layers):
                self._differ(document, layer, _alone(gold, (first, second), layer))
            self._documents += 1

    def _differ(self, document: Document, layer: str, alone: Sequence[_Place]) -> None:
        """Count the places where only one model has a span of this layer, and keep some of them."""
        bounds: list[tuple[int, int]] | None = None
        for start, end, label, by, what in alone:
            better = better_of(by, what)
            self._speaking.setdefault((layer, label), Counter())[better] += 1
            kept = self._kept.setdefault((layer, better), [])
            if self._places is None or len(kept) < self._places:
                if bounds is None:
                    bounds = sentences(document.text)
                place = _disagreement(document, layer, (start, end, label, by, what), bounds)
                kept.append((self._documents, place))

    def result(self, *, rounds: int = 10_000, seed: int = 0, groups: Sequence[str] | None = None) -> Compared:
        """The comparison of all that was added; raises what `score` raises."""
        wanted = list(self._layers) if self._layers is not None else sorted(self._present)
        known_layers(wanted, self._present)
        scores = [
            counts.scores(resamples=0, seed=seed, groups=groups, layers=wanted) for counts in self._counts
        ]
        options: dict[str, Any] = {"rounds": rounds, "seed": seed, "groups": groups}
        tests = {
            layer: compare_labels(
                scores[0].layers[layer][self._kind], scores[1].layers[layer][self._kind], **options
            )
            for layer in wanted
        }
        relations = None
        if any(side_scores.relations for side_scores in scores):
            none = np.zeros((self._documents, 0, 3))
            first, second = (side.relations or LabelCounts((), none, none) for side in scores)
            relations = compare_labels(first, second, **options)
        units = len(set(groups)) if groups is not None else self._documents
        weak = power_warning(units, rounds, grouped=groups is not None)
        unknown = unknown_words(scores[0].unknown, self._documents)
        # What `score` says of intervals is not about this; of the reference the line above the tables tells.
        notes = [
            f"{name}: {warning}"
            for name, side_scores in zip(self._names, scores, strict=True)
            for warning in side_scores.warnings
            if "fewer than" not in warning and "no interval" not in warning and warning != unknown
        ]
        ranks = {layer: rank for rank, layer in enumerate(wanted)}
        placed = sorted(
            (number, ranks[place.layer], place.start, place.end, place.label, place.by, place)
            for kept in self._kept.values()
            for number, place in kept
        )
        speaking = Counter[Model]()
        disagreements = []
        for *_, place in placed:
            speaking[place.better] += 1
            if self._places is None or speaking[place.better] <= self._places:
                disagreements.append(place)
        return Compared(
            kind=self._kind,
            scores=(scores[0], scores[1]),
            layers=tests,
            relations=relations,
            disagreements=tuple(disagreements),
            speaking=self._speaking,
            warnings=tuple(filter(None, [weak, *notes])),
            names=self._names,
        )


def _alone(reference: Annotation, predictions: Sequence[Annotation], layer: str) -> list[_Place]:
    """The spans that only one model has, exact ones, in text order; with the model, and what it did."""
    gold = {_key(span) for span in reference.layer(layer)}
    sides = [{_key(span) for span in prediction.layer(layer)} for prediction in predictions]
    models: tuple[tuple[Model, int, int], ...] = (("A", 0, 1), ("B", 1, 0))
    return sorted(
        (*key, by, "found" if key in gold else "spurious")
        for by, index, other_index in models
        for key in sides[index] - sides[other_index]
    )


def _disagreement(
    document: Document, layer: str, place: _Place, bounds: Sequence[tuple[int, int]]
) -> Disagreement:
    """A place with its words and its sentence, of the document's sentences."""
    start, end, label, by, what = place
    first = max((a for a, _ in bounds if a <= start), default=0)
    last = min((b for _, b in bounds if b >= end), default=len(document.text))
    return Disagreement(
        document=document.id,
        layer=layer,
        label=label,
        start=start,
        end=end,
        by=by,
        what=what,
        text=document.text[start:end],
        sentence=document.text[first:last],
        sentence_start=first,
    )


def _key(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label

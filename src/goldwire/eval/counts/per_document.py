"""Counts per document of everything that `score` reports, and their sums over resamples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from goldwire.eval.counts.bootstrap import Sampling, grouped, resampled, resampled_exactly
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.packed import Numbers, packed_counts
from goldwire.eval.matching.relations import (
    RELATION_KINDS,
    NamedBy,
    RelationKind,
    entity_keys,
    keys,
    relation_counts,
)
from goldwire.eval.matching.span_heads import head_spans, language_of
from goldwire.eval.matching.spans import Alignment, FloatArray, Kind, Spans, align_spans, tabulate
from goldwire.model import Annotation, Document, Span

#: The labels, and counts (documents × labels × tp, fp, fn).
Labelled: TypeAlias = tuple[tuple[str, ...], Numbers]
#: The same by layer and kind.
Parts: TypeAlias = dict[tuple[str, str], Labelled]


def span_counts(
    gold: Spans, pred: Spans, alignment: Alignment, kind: Kind, documents: int, labels: int
) -> FloatArray:
    """Counts (documents × labels × tp, fp, fn) of an alignment.

    Each pair's credit counts as tp under gold's label; what a gold span lacks of 1 is fn under its label,
    what a predicted one lacks is fp under its own: tp + fn is gold's count whatever the kind.
    """
    credit = alignment.credit(kind)
    gold_credit, pred_credit = np.zeros(len(gold)), np.zeros(len(pred))
    gold_credit[alignment.gold] = credit
    pred_credit[alignment.pred] = credit

    def added(side: Spans, weights: FloatArray) -> FloatArray:
        places = side.document * labels + side.label
        sums = np.bincount(places, weights=weights, minlength=documents * labels)
        return np.asarray(sums, dtype=np.float64).reshape(documents, labels)

    if not labels:
        return np.zeros((documents, 0, 3))
    return np.stack(
        [added(gold, gold_credit), added(pred, 1 - pred_credit), added(gold, 1 - gold_credit)], axis=-1
    )


def assemble_counts(parts: Parts, sampling: Sampling) -> dict[tuple[str, str], LabelCounts]:
    """Counts with their sums over resamples: all parts see the same draws, made once."""
    if not parts:
        return {}
    documents = len(next(iter(parts.values()))[1])
    if sampling.resamples == 0:
        return in_parts(parts, sampling)
    flat = np.concatenate(
        [counts.reshape(documents, -1) for _, counts in parts.values()], axis=1, dtype=np.float64
    )
    sums = resampled(flat, sampling)
    units = grouped(flat, sampling.groups)
    counted: dict[tuple[str, str], LabelCounts] = {}
    first = 0
    for place, (labels, counts) in parts.items():
        columns = slice(first, first + len(labels) * 3)
        first = columns.stop
        counted[place] = LabelCounts(
            labels,
            counts,
            units[:, columns].reshape(len(units), len(labels), 3),
            None if sums is None else sums[:, columns].reshape(len(sums), len(labels), 3),
        )
    return counted


def in_parts(parts: Parts, sampling: Sampling) -> dict[tuple[str, str], LabelCounts]:
    """The same of counts that are whole numbers or quarters, in as little memory as they are kept in."""
    flat = [counts.reshape(len(counts), -1) for _, counts in parts.values()]
    units = [packed_counts(grouped(counts, sampling.groups)) for counts in flat]
    sums = resampled_exactly(units, sampling)
    return {
        place: LabelCounts(
            labels,
            counts,
            units[number].reshape(len(units[number]), len(labels), 3),
            None if sums is None else sums[number].reshape(len(sums[number]), len(labels), 3),
        )
        for number, (place, (labels, counts)) in enumerate(parts.items())
    }


def head_counts(
    golds: Sequence[Annotation],
    preds: Sequence[Annotation],
    documents: Sequence[Document],
    layer: str,
    labels: Sequence[str],
) -> FloatArray:
    """Counts of spans with the same head and label."""
    codes = {label: code for code, label in enumerate(labels)}
    gold, pred = (
        tabulate(
            [
                [
                    Span("", layer, *head)
                    for head in head_spans(document.text, annotation.layer(layer), language_of(document))
                ]
                for annotation, document in zip(side, documents, strict=True)
            ],
            codes,
        )
        for side in (golds, preds)
    )
    return span_counts(gold, pred, align_spans(gold, pred), "exact", len(documents), len(labels))


def relation_parts(
    golds: Sequence[Annotation], preds: Sequence[Annotation], limit: set[str] | None
) -> tuple[dict[RelationKind, Labelled], int]:
    """Counts of relations by kind, none where there are no relations; and how many stood twice."""
    keyed = [[keys(annotation, limit) for annotation in side] for side in (golds, preds)]
    gold, pred = ([relations for relations, _ in side] for side in keyed)
    names = tuple(sorted({key[0] for side in (gold, pred) for relations in side for key in relations}))
    if not names:
        return {}, 0
    counted = {kind: (names, relation_counts(gold, pred, names, kind)) for kind in RELATION_KINDS}
    return counted, sum(count for side in keyed for _, count in side)


def entity_relation_part(
    golds: Sequence[Annotation], preds: Sequence[Annotation], named_by: NamedBy, limit: set[str] | None
) -> Labelled:
    """Counts of relations between gold's entities, whichever mention stands for one: see `entity_keys`."""
    both = [entity_keys(gold, pred, named_by, limit) for gold, pred in zip(golds, preds, strict=True)]
    gold, pred = ([sides[side] for sides in both] for side in (0, 1))
    names = tuple(sorted({key[0] for side in (gold, pred) for relations in side for key in relations}))
    return names, relation_counts(gold, pred, names)

"""Matching the spans of two readings of the same text, whatever the order that they come in.

The policy, once for all figures:

- *Stages.* Pairs of the same extent and label first, then of the same extent, then the rest by overlap: the
  one-to-one assignment with the largest sum of Jaccard overlaps; among several of those, the one with the
  most pairs, then with the most equal labels. Jaccard distance is a metric, so that taking equal extents
  first costs the sum nothing. Both sides are sorted before: no order of input changes anything.
- *Nested, crossing, equal extents* are ordinary spans. Each span has at most one partner.
- *Touching* spans, `[0, 3)` and `[3, 5)`, share no character: they do not overlap.
- *Duplicates*, the same extent and label twice on one side, count once; how many there were is reported.
- *Empties*: a document where both sides are empty adds nothing; where one side is, all of the other's spans
  are missed or spurious.
- *Labels that gold never has* count as spurious, as every wrong prediction does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.model import Span

IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["exact", "partial", "boundary", "type", "overlap", "jaccard"]
Outcome: TypeAlias = Literal["correct", "label", "extent", "label+extent", "missed", "spurious"]

#: What a pair is worth at each stage: same extent and label, same extent, overlap (SemEval-2013 task 9.1:
#: our `exact` is its strict, our `boundary` its exact). `type` has an alignment of its own; for `jaccard` an
#: overlap counts as much of 1 as the two extents share of their union.
CREDIT: dict[Kind, tuple[float, float, float]] = {
    "exact": (1.0, 0.0, 0.0),
    "partial": (1.0, 1.0, 0.5),
    "boundary": (1.0, 1.0, 0.0),
    "overlap": (1.0, 1.0, 1.0),
    "type": (1.0, 0.0, 1.0),
    "jaccard": (1.0, 1.0, 0.0),
}
SAME, EXTENT, OVERLAP = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Spans:
    """The spans of one layer and one side, a row each, sorted and without duplicates.

    `document` and `label` are codes, `start` and `end` code points; `row` is a span's place in the input,
    `dropped` holds the places of the duplicates that were left out.
    """

    document: IntArray
    start: IntArray
    end: IntArray
    label: IntArray
    row: IntArray
    dropped: IntArray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class Alignment:
    """Pairs of rows of two `Spans`, each with the stage that found it (SAME, EXTENT or OVERLAP).

    `shared` is the Jaccard overlap of the pairs of stage OVERLAP, which stand last.
    """

    gold: IntArray
    pred: IntArray
    stage: IntArray
    shared: FloatArray

    def credit(self, kind: Kind) -> FloatArray:
        """What each pair is worth in a matching kind."""
        worth = np.asarray(CREDIT[kind])[self.stage]
        if kind == "jaccard" and len(self.shared):
            worth[-len(self.shared) :] = self.shared
        return worth


@dataclass(frozen=True)
class Pair:
    """Two spans that were matched, or one that has no partner."""

    gold: Span | None
    pred: Span | None
    outcome: Outcome

    @property
    def span(self) -> Span:
        """The gold span, where there is none the predicted one."""
        span = self.gold or self.pred
        if span is None:
            raise ValueError("a pair without spans")
        return span


def codes_of(*sides: Iterable[Span]) -> dict[str, int]:
    """The labels that spans bear, sorted, each with its code."""
    return {label: code for code, label in enumerate(sorted({span.label for side in sides for span in side}))}


def tabulate(documents: Sequence[Collection[Span]], codes: Mapping[str, int]) -> Spans:
    """The spans of some documents, labels coded by `codes`, sorted and freed of duplicates."""
    spans = list(chain.from_iterable(documents))
    size = len(spans)
    document = np.repeat(np.arange(len(documents)), np.array(list(map(len, documents)), dtype=np.int64))
    start = np.fromiter(map(attrgetter("start"), spans), np.int64, size)
    end = np.fromiter(map(attrgetter("end"), spans), np.int64, size)
    label = np.fromiter(map(codes.__getitem__, map(attrgetter("label"), spans)), np.int64, size)
    order = np.lexsort((label, -end, start, document))
    document, start, end, label = document[order], start[order], end[order], label[order]
    new = np.ones(size, dtype=bool)
    new[1:] = (
        (document[1:] != document[:-1])
        | (start[1:] != start[:-1])
        | (end[1:] != end[:-1])
        | (label[1:] != label[:-1])
    )
    return Spans(document[new], start[new], end[new], label[new], order[new], order[~new])


def align_spans(gold: Spans, pred: Spans, *, by_label: bool = False) -> Alignment:
    """Match two sides by the policy above; `by_label` matches only spans of the same label."""
    if not len(gold) or not len(pred):
        none = np.empty(0, dtype=np.int64)
        return Alignment(none, none, none, np.empty(0))
    labels = int(max(gold.label.max(), pred.label.max())) + 1
    # One line for all documents: each gets a stretch of its own (each label too, where labels must agree).
    stretch = int(max(gold.end.max(), pred.end.max())) + 1
    lines = [side.document * labels + side.label if by_label else side.document for side in (gold, pred)]
    starts = [line * stretch + side.start for line, side in zip(lines, (gold, pred), strict=True)]
    ends = [line * stretch + side.end for line, side in zip(lines, (gold, pred), strict=True)]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    longest = int(max(lengths[0].max(), lengths[1].max())) + 1
    keys = np.concatenate([start * longest + length for start, length in zip(starts, lengths, strict=True)])
    extents = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    gold_extent, pred_extent = extents[: len(gold)], extents[len(gold) :]

    _, same_gold, same_pred = np.intersect1d(
        gold_extent * labels + gold.label,
        pred_extent * labels + pred.label,
        assume_unique=True,
        return_indices=True,
    )
    stages = [(same_gold, same_pred)]
    left_gold, left_pred = _unmatched(len(gold), same_gold), _unmatched(len(pred), same_pred)

    # The first left at an extent goes with the first left there on the other side, and so on.
    gold_rank, pred_rank = _ranks(gold_extent[left_gold]), _ranks(pred_extent[left_pred])
    most = int(max(gold_rank.max(initial=0), pred_rank.max(initial=0))) + 1
    _, gold_at, pred_at = np.intersect1d(
        gold_extent[left_gold] * most + gold_rank,
        pred_extent[left_pred] * most + pred_rank,
        assume_unique=True,
        return_indices=True,
    )
    stages.append((left_gold[gold_at], left_pred[pred_at]))
    left_gold, left_pred = np.delete(left_gold, gold_at), np.delete(left_pred, pred_at)

    pairs = list(
        _overlapping(
            (starts[0][left_gold], ends[0][left_gold], gold.label[left_gold]),
            (starts[1][left_pred], ends[1][left_pred], pred.label[left_pred]),
        )
    )
    gold_at = np.concatenate([pair[0] for pair in pairs]) if pairs else np.empty(0, np.int64)
    pred_at = np.concatenate([pair[1] for pair in pairs]) if pairs else np.empty(0, np.int64)
    gold_rows, pred_rows = left_gold[gold_at], left_pred[pred_at]
    stages.append((gold_rows, pred_rows))
    shared = np.minimum(gold.end[gold_rows], pred.end[pred_rows]) - np.maximum(
        gold.start[gold_rows], pred.start[pred_rows]
    )
    union = gold.end[gold_rows] - gold.start[gold_rows] + pred.end[pred_rows] - pred.start[pred_rows] - shared
    return Alignment(
        np.concatenate([pair[0] for pair in stages]),
        np.concatenate([pair[1] for pair in stages]),
        np.repeat([SAME, EXTENT, OVERLAP], [len(pair[0]) for pair in stages]),
        shared / union,
    )


def _unmatched(size: int, taken: IntArray) -> IntArray:
    mask = np.ones(size, dtype=bool)
    mask[taken] = False
    return np.flatnonzero(mask)


def _ranks(values: IntArray) -> IntArray:
    """How often each value stood before it in the array."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.ones(len(values), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    places = np.arange(len(values))
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = places - np.maximum.accumulate(np.where(new, places, 0)) if len(values) else places
    return ranks


_Side: TypeAlias = tuple[IntArray, IntArray, IntArray]


def _overlapping(gold: _Side, pred: _Side) -> Iterator[tuple[IntArray, IntArray]]:
    """Assign overlapping spans (start, end, label) one to one, each run of overlaps by itself."""
    sizes = len(gold[0]), len(pred[0])
    if not all(sizes):
        return
    start, end = np.concatenate((gold[0], pred[0])), np.concatenate((gold[1], pred[1]))
    order = np.argsort(start, kind="stable")
    new = np.ones(len(order), dtype=bool)
    new[1:] = start[order][1:] >= np.maximum.accumulate(end[order])[:-1]
    run = np.empty(len(order), dtype=np.int64)
    run[order] = np.cumsum(new) - 1
    gold_run, pred_run = run[: sizes[0]], run[sizes[0] :]
    runs = int(run.max()) + 1
    golds, preds = np.bincount(gold_run, minlength=runs), np.bincount(pred_run, minlength=runs)

    alone = (golds == 1) & (preds == 1)
    gold_at, pred_at = np.flatnonzero(alone[gold_run]), np.flatnonzero(alone[pred_run])
    # In a run of one and one the two overlap; both lists are brought into the order of the runs.
    yield gold_at[np.argsort(gold_run[gold_at])], pred_at[np.argsort(pred_run[pred_at])]

    crowded = np.flatnonzero((golds > 0) & (preds > 0) & ~alone)
    if not len(crowded):
        return
    gold_order, pred_order = np.argsort(gold_run, kind="stable"), np.argsort(pred_run, kind="stable")
    gold_first, pred_first = np.cumsum(golds) - golds, np.cumsum(preds) - preds
    for number in crowded:
        rows = gold_order[gold_first[number] : gold_first[number] + golds[number]]
        cols = pred_order[pred_first[number] : pred_first[number] + preds[number]]
        gold_at, pred_at = _assign(
            (gold[0][rows], gold[1][rows], gold[2][rows]), (pred[0][cols], pred[1][cols], pred[2][cols])
        )
        yield rows[gold_at], cols[pred_at]


def _assign(gold: _Side, pred: _Side) -> tuple[IntArray, IntArray]:
    """The best assignment inside one run of overlaps."""
    shared = np.minimum(gold[1][:, None], pred[1]) - np.maximum(gold[0][:, None], pred[0])
    shared = np.maximum(shared, 0)
    union = (gold[1] - gold[0])[:, None] + (pred[1] - pred[0]) - shared
    # Whole numbers, so that ties are ties: overlap in 1/65536, then the pair itself, then its label.
    overlap = np.rint(shared / union * 65536)
    same = gold[2][:, None] == pred[2]
    weight: FloatArray = np.where(shared > 0, overlap * 2.0**24 + 2.0**12 + same, 0.0)
    if min(weight.shape) == 1:
        best = int(np.argmax(weight))
        gold_at, pred_at = np.array([best // weight.shape[1]]), np.array([best % weight.shape[1]])
    else:
        from scipy.optimize import linear_sum_assignment

        gold_at, pred_at = linear_sum_assignment(weight, maximize=True)
    overlaps = weight[gold_at, pred_at] > 0
    return gold_at[overlaps].astype(np.int64), pred_at[overlaps].astype(np.int64)


def match(gold: Sequence[Span], pred: Sequence[Span]) -> list[Pair]:
    """Every span of two readings of one document and layer: in a pair, missed or spurious; in text order.

    Spans pair by extent and overlap, whatever their labels; the outcome says what the pair has in common.
    Duplicates are left out.
    """
    codes = codes_of(gold, pred)
    gold_table, pred_table = tabulate([gold], codes), tabulate([pred], codes)
    alignment = align_spans(gold_table, pred_table)
    pairs: list[Pair] = []
    for gold_row, pred_row, stage in zip(alignment.gold, alignment.pred, alignment.stage, strict=True):
        a, b = gold[gold_table.row[gold_row]], pred[pred_table.row[pred_row]]
        if stage == SAME:
            outcome: Outcome = "correct"
        elif stage == EXTENT:
            outcome = "label"
        else:
            outcome = "extent" if a.label == b.label else "label+extent"
        pairs.append(Pair(a, b, outcome))
    pairs += [
        Pair(gold[gold_table.row[row]], None, "missed") for row in _unmatched(len(gold_table), alignment.gold)
    ]
    pairs += [
        Pair(None, pred[pred_table.row[row]], "spurious")
        for row in _unmatched(len(pred_table), alignment.pred)
    ]
    return sorted(pairs, key=lambda p: (p.span.start, -p.span.end, p.span.label, p.gold is None))

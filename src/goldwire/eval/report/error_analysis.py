"""The confusion matrix, and every error in its sentence: what a page shows of what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from goldwire.eval.matching.context import extract, sentences
from goldwire.eval.matching.spans import Outcome, Pair
from goldwire.eval.scoring.pairing import Paired

#: Errors of one kind that a page shows; how many more there are is said.
MOST = 400
MISTAKES: dict[Outcome, tuple[str, str]] = {
    "missed": ("Missed", "in the reference, without a partner in the prediction"),
    "spurious": ("Spurious", "predicted, without a partner in the reference"),
    "label": ("Wrong label", "the extent is right, the label is not"),
    "extent": ("Wrong extent", "the label is right, the extent overlaps"),
    "label+extent": ("Wrong label and extent", "the two overlap, and that is all"),
}
NONE_PREDICTED, NONE_IN_GOLD = "missed", "spurious"


def confusion(pairs: Sequence[Pair], labels: Sequence[str]) -> dict[str, Any]:
    """Rows: gold labels, then what was spurious; columns: predicted labels, then what was missed."""
    if not pairs:
        return {"columns": [], "rows": []}
    # Counted here: scikit-learn's matrix is the same numbers, and takes a second to import.
    matrix = Counter(
        (pair.gold.label if pair.gold else None, pair.pred.label if pair.pred else None) for pair in pairs
    )
    known = [*labels, None]
    rows = []
    for row, gold in enumerate(known):
        counts = [matrix[gold, pred] for pred in known]
        total = sum(counts)
        cells = [
            {
                "count": count,
                # The square root: a rare confusion must be seen too.
                "shade": (count / total) ** 0.5 if total else 0.0,
                "right": row == column and row < len(labels),
                "empty": row == column == len(labels),
            }
            for column, count in enumerate(counts)
        ]
        rows.append({"name": NONE_IN_GOLD if gold is None else gold, "cells": cells, "total": total})
    return {"columns": [*labels, NONE_PREDICTED], "rows": rows}


def errors(matched: Sequence[tuple[Paired, Pair]]) -> list[dict[str, Any]]:
    """Every wrong span in its sentence, grouped by what is wrong with it."""
    bounds: dict[str, list[tuple[int, int]]] = {}
    groups: dict[str, list[dict[str, Any]]] = {outcome: [] for outcome in MISTAKES}
    sizes: Counter[str] = Counter()
    for pairing, pair in matched:
        if pair.outcome == "correct":
            continue
        sizes[pair.outcome] += 1
        if len(groups[pair.outcome]) >= MOST:
            continue
        document = pairing.document
        if document.id not in bounds:
            bounds[document.id] = sentences(document.text)
        labels = {span.label for span in (pair.gold, pair.pred) if span is not None}
        groups[pair.outcome].append(
            {
                "document": document.id,
                "start": pair.span.start,
                "gold": pair.gold.label if pair.gold else "",
                "pred": pair.pred.label if pair.pred else "",
                "labels": sorted(labels),
                "extract": extract(document.text, bounds[document.id], pair),
            }
        )
    return [
        {"outcome": outcome, "name": name, "what": meaning, "count": sizes[outcome], "items": groups[outcome]}
        for outcome, (name, meaning) in MISTAKES.items()
    ]

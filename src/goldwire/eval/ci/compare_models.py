"""Two models on the same reference: which is better, by how much, how sure that is, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from goldwire.errors import GoldwireError
from goldwire.eval.ci.compare_results import Compared, Disagreement
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.significance import compare_labels, power_warning
from goldwire.eval.matching.context import sentences
from goldwire.eval.matching.spans import Kind
from goldwire.eval.scoring.notes import known_layers, unknown_note
from goldwire.eval.scoring.pairing import Paired
from goldwire.eval.scoring.scores import score
from goldwire.model import Span


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
) -> Compared:
    """Compare two predictions of the same gold documents, `first` and `second` as `pair_up` gives them.

    `groups` as in `score`. Raises GW531 where the two were not paired with the same documents, and what
    `score` raises.
    """
    if [pairing.document.id for pairing in first] != [pairing.document.id for pairing in second]:
        message = "the two predictions are of different documents"
        raise GoldwireError.of("GW531", message, hint="compare predictions of one gold file")
    present = sorted(
        {
            s.layer
            for side in (first, second)
            for pairing in side
            for a in (pairing.gold, pairing.pred)
            for s in a.spans
        }
    )
    wanted = list(layers) if layers is not None else present
    known_layers(wanted, present)
    scores = [
        score(
            [(pairing.gold, pairing.pred) for pairing in side],
            layers=wanted,
            resamples=0,
            seed=seed,
            groups=groups,
        )
        for side in (first, second)
    ]
    options: dict[str, Any] = {"rounds": rounds, "seed": seed, "groups": groups}
    tests = {
        layer: compare_labels(scores[0].layers[layer][kind], scores[1].layers[layer][kind], **options)
        for layer in wanted
    }
    relations = None
    if any(side_scores.relations is not None for side_scores in scores):
        none = np.zeros((len(first), 0, 3))
        empty = LabelCounts((), none, none)
        relation_counts = [
            side_scores.relations if side_scores.relations is not None else empty for side_scores in scores
        ]
        relations = compare_labels(relation_counts[0], relation_counts[1], **options)
    units = len(set(groups)) if groups is not None else len(first)
    weak = power_warning(units, rounds, grouped=groups is not None)
    unknown = unknown_note([pair.gold for pair in first])
    # What `score` says of intervals is not about this; of the reference the line above the tables tells.
    notes = [
        f"{name}: {warning}"
        for name, side_scores in zip(names, scores, strict=True)
        for warning in side_scores.warnings
        if "fewer than" not in warning and "no interval" not in warning and warning != unknown
    ]
    disagreements = [
        disagreement
        for pair in zip(first, second, strict=True)
        for layer in wanted
        for disagreement in _disagreements(pair, layer)
    ]

    return Compared(
        kind=kind,
        scores=(scores[0], scores[1]),
        layers=tests,
        relations=relations,
        disagreements=tuple(disagreements),
        warnings=tuple(filter(None, [weak, *notes])),
        names=names,
    )


def _disagreements(pair: tuple[Paired, Paired], layer: str) -> list[Disagreement]:
    """The places of one document that only one model has, exact ones; in text order."""
    document = pair[0].document
    gold = {_key(span) for span in pair[0].gold.layer(layer)}
    sides = [{_key(span) for span in pairing.pred.layer(layer)} for pairing in pair]
    alone = [
        (key, by)
        for by, index, other_index in (("A", 0, 1), ("B", 1, 0))
        for key in sides[index] - sides[other_index]
    ]
    if not alone:
        return []
    bounds = sentences(document.text)
    disagreements = []
    for (start, end, label), by in sorted(alone):
        first = max((a for a, _ in bounds if a <= start), default=0)
        last = min((b for _, b in bounds if b >= end), default=len(document.text))
        disagreements.append(
            Disagreement(
                document=document.id,
                layer=layer,
                label=label,
                start=start,
                end=end,
                by="A" if by == "A" else "B",
                what="found" if (start, end, label) in gold else "spurious",
                text=document.text[start:end],
                sentence=document.text[first:last],
                sentence_start=first,
            )
        )
    return disagreements


def _key(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label

"""Two models on the same reference: which is better, by how much, how sure that is, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from goldwire.errors import GoldwireError
from goldwire.eval.ci.compare_results import Compared as Compared
from goldwire.eval.ci.compare_results import Place as Place
from goldwire.eval.ci.compare_results import tally as tally
from goldwire.eval.ci.compare_results import verdict as verdict
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.significance import compare_labels, power_warning
from goldwire.eval.matching.context import sentences
from goldwire.eval.matching.spans import Kind
from goldwire.eval.scoring.pairing import Paired
from goldwire.eval.scoring.scores import known_layers, score, unknown_note
from goldwire.model import Span


def compare(
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
    if [one.document.id for one in first] != [one.document.id for one in second]:
        message = "the two predictions are of different documents"
        raise GoldwireError.of("GW531", message, hint="compare predictions of one gold file")
    present = sorted(
        {s.layer for side in (first, second) for one in side for a in (one.gold, one.pred) for s in a.spans}
    )
    wanted = list(layers) if layers is not None else present
    known_layers(wanted, present)
    scores = [
        score(
            [(one.gold, one.pred) for one in side],
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
    if any(one.relations is not None for one in scores):
        none = np.zeros((len(first), 0, 3))
        empty = LabelCounts((), none, none)
        made = [one.relations if one.relations is not None else empty for one in scores]
        relations = compare_labels(made[0], made[1], **options)
    units = len(set(groups)) if groups is not None else len(first)
    weak = power_warning(units, rounds, grouped=groups is not None)
    unknown = unknown_note([pair.gold for pair in first])
    # What `score` says of intervals is not about this; of the reference the line above the tables tells.
    notes = [
        f"{name}: {warning}"
        for name, one in zip(names, scores, strict=True)
        for warning in one.warnings
        if "fewer than" not in warning and "no interval" not in warning and warning != unknown
    ]
    places = [
        place
        for pair in zip(first, second, strict=True)
        for layer in wanted
        for place in _places(pair, layer)
    ]
    warnings = (*filter(None, [weak]), *notes)
    return Compared(kind, (scores[0], scores[1]), tests, relations, tuple(places), warnings, names)


def _places(pair: tuple[Paired, Paired], layer: str) -> list[Place]:
    """The places of one document that only one model has, exact ones; in text order."""
    document = pair[0].document
    gold = {_key(span) for span in pair[0].gold.layer(layer)}
    sides = [{_key(span) for span in one.pred.layer(layer)} for one in pair]
    alone = [
        (key, by) for by, here, there in (("A", 0, 1), ("B", 1, 0)) for key in sides[here] - sides[there]
    ]
    if not alone:
        return []
    bounds = sentences(document.text)
    found = []
    for (start, end, label), by in sorted(alone):
        first = max((a for a, _ in bounds if a <= start), default=0)
        last = min((b for _, b in bounds if b >= end), default=len(document.text))
        found.append(
            Place(
                document.id,
                layer,
                label,
                start,
                end,
                "A" if by == "A" else "B",
                "found" if (start, end, label) in gold else "spurious",
                document.text[start:end],
                document.text[first:last],
                first,
            )
        )
    return found


def _key(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label

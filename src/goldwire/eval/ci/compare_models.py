"""Two models on the same reference: which is better, by how much, how sure that is, and where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from goldwire.errors import GoldwireError
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.significance import ALPHA, Difference, Tested, compare_labels, power_warning
from goldwire.eval.matching.context import sentences
from goldwire.eval.matching.spans import Kind
from goldwire.eval.scoring.pairing import Paired
from goldwire.eval.scoring.scores import Scores, known_layers, score, unknown_note
from goldwire.figures import amount, number, p_in_words, signed_interval
from goldwire.model import Span

#: What a model did with a place: found a span that the other missed, or marked one that gold has not.
What: TypeAlias = Literal["found", "spurious"]


@dataclass(frozen=True)
class Place:
    """A span that only one model (`by`: `A` or `B`) has, rightly (`found`) or wrongly (`spurious`)."""

    document: str
    layer: str
    label: str
    start: int
    end: int
    by: Literal["A", "B"]
    what: What
    text: str
    sentence: str
    sentence_start: int

    @property
    def better(self) -> Literal["A", "B"]:
        """The model that this place speaks for."""
        if self.what == "found":
            return self.by
        return "B" if self.by == "A" else "A"

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        names = ("document", "layer", "label", "start", "end", "by", "what", "better", "text", "sentence")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Compared:
    """Both models' scores, the tests by layer, and the places where they differ."""

    kind: Kind
    scores: tuple[Scores, Scores]
    layers: dict[str, Tested]
    relations: Tested | None
    places: tuple[Place, ...]
    warnings: tuple[str, ...]
    names: tuple[str, str] = ("A", "B")

    def verdict(self, layer: str) -> str:
        """Which is better, by how much, and how sure that is; one sentence."""
        return verdict(self.layers[layer].micro, *self.names)

    def as_json(self) -> dict[str, Any]:
        """Verdicts, tests, places."""
        figures: dict[str, Any] = {
            "first": self.names[0],
            "second": self.names[1],
            "kind": self.kind,
            "layers": {
                layer: {"verdict": self.verdict(layer), **tested.as_json()}
                for layer, tested in self.layers.items()
            },
        }
        if self.relations is not None:
            figures["relations"] = {
                "verdict": verdict(self.relations.micro, *self.names),
                **self.relations.as_json(),
            }
        return figures | {
            "differences": [place.as_json() for place in self.places],
            "documents": len(self.scores[0].documents),
            "reference": self.scores[0].reference,
            "seed": self.scores[0].seed,
            "warnings": list(self.warnings),
        }


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


def verdict(found: Difference, first: str, second: str) -> str:
    """Which of two is better, by how much, and how sure that is."""
    gap = found.value
    if gap is None:
        silent, other, wrong = (
            (first, second, found.second) if found.first.f1 is None else (second, first, found.first)
        )
        if wrong.f1 is not None:
            marked = amount(wrong.predicted)
            return f"nothing to find here: {other} marks {marked} wrongly, {silent} marks nothing"
        return "nothing to compare: neither the reference nor a prediction has a span here"
    if gap == 0:
        return f"{first} and {second} have the same F1, {number(found.first.f1)}"
    better, worse = (second, first) if gap > 0 else (first, second)
    size = f"{number(abs(gap))} F1"
    if found.ci95:
        low, high = sorted(bound if gap > 0 else -bound for bound in found.ci95)
        size += f" (95 % interval {signed_interval((low, high))})"
    if found.p is not None and found.p < ALPHA:
        return f"{better} is better than {worse} by {size}, {p_in_words(found.p)}"
    chance = p_in_words(found.p)
    return f"{better} is ahead of {worse} by {size}, but that may be chance: {chance}"


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


def tally(places: Sequence[Place]) -> dict[tuple[str, str], Counter[str]]:
    """How many places of each layer and label speak for `A` and for `B`."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for place in places:
        counts.setdefault((place.layer, place.label), Counter())[place.better] += 1
    return counts

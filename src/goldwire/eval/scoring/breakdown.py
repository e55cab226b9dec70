"""Where the errors lie: exact counts by seen and unseen wording, by length, and by what went wrong.

A right span has the same extent and label on both sides, so that both sides put it into the same class and
precision, recall and F1 of a class are what they are elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

import numpy as np

from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.per_document import assemble
from goldwire.eval.matching.spans import FloatArray, Outcome, Pair
from goldwire.eval.scoring.pairing import Paired, stories
from goldwire.model import Article, Span, curated

SEEN: tuple[str, ...] = ("seen with this label", "seen with other labels only", "unseen")
LENGTHS: tuple[str, ...] = ("1 word", "2 words", "3 to 4 words", "5 to 8 words", "9 words or more")
_LIMITS = (1, 2, 4, 8)
#: Errors of each label, as columns.
OUTCOMES: tuple[Outcome, ...] = ("correct", "label", "extent", "label+extent", "missed", "spurious")

#: For each document a function from (span, its text) to the place of its class.
Classes: TypeAlias = Sequence[Callable[[Span, str], int]]


def surface(text: str) -> str:
    """A wording as it is looked up: case folded, white space and apostrophes made alike."""
    return " ".join(text.casefold().replace("’", "'").split())


def seen_classes(paired: Sequence[Paired], layer: str, train: Sequence[Article] | None = None) -> Classes:
    """Whether the training data has a wording: `train`, else gold's other documents (or other stories)."""
    if train is not None:
        known: dict[str, set[str]] = defaultdict(set)
        for article in train:
            annotation = curated(article.annotations)
            for span in annotation.layer(layer) if annotation else ():
                known[surface(article.document.text[span.start : span.end])].add(span.label)
        return [_place(dict(known)) for _ in paired]
    groups: Sequence[Hashable] = stories(pairing.document for pairing in paired) or [
        pairing.document.id for pairing in paired
    ]
    where: dict[str, dict[Hashable, set[str]]] = defaultdict(lambda: defaultdict(set))
    for pairing, group in zip(paired, groups, strict=True):
        for span in pairing.gold.layer(layer):
            where[surface(pairing.document.text[span.start : span.end])][group].add(span.label)

    def elsewhere(group: Hashable) -> Callable[[Span, str], int]:
        def class_of(span: Span, text: str) -> int:
            by_group = where.get(surface(text), {})
            labels = set[str]().union(
                *(source_labels for source, source_labels in by_group.items() if source != group)
            )
            return _class(span.label, labels)

        return class_of

    return [elsewhere(group) for group in groups]


def _place(known: dict[str, set[str]]) -> Callable[[Span, str], int]:
    return lambda span, text: _class(span.label, known.get(surface(text), set()))


def _class(label: str, labels: set[str]) -> int:
    return 2 if not labels else 0 if label in labels else 1


def length_class(_span: Span, text: str) -> int:
    """The place in `LENGTHS` of a span's number of words."""
    words = len(text.split())
    return next((index for index, limit in enumerate(_LIMITS) if words <= limit), len(_LIMITS))


def break_down(
    paired: Sequence[Paired],
    pairs: Sequence[Sequence[Pair]],
    layer: str,
    sampling: Sampling,
    train: Sequence[Article] | None = None,
) -> dict[str, LabelCounts]:
    """Exact counts by class, `seen` and `length`, with intervals; `pairs` are matched spans by document."""
    seen = seen_classes(paired, layer, train)
    classes: dict[str, tuple[tuple[str, ...], Classes]] = {
        "seen": (SEEN, seen),
        "length": (LENGTHS, [length_class] * len(paired)),
    }
    parts: dict[tuple[str, str], tuple[tuple[str, ...], FloatArray]] = {}
    for name, (names, class_functions) in classes.items():
        counts = np.zeros((len(paired), len(names), 3))
        for number, (pairing, matched, class_of) in enumerate(
            zip(paired, pairs, class_functions, strict=True)
        ):
            text = pairing.document.text
            for pair in matched:
                if pair.outcome == "correct":
                    span = pair.span
                    counts[number, class_of(span, text[span.start : span.end]), 0] += 1
                    continue
                for column, side in ((2, pair.gold), (1, pair.pred)):
                    if side is not None:
                        counts[number, class_of(side, text[side.start : side.end]), column] += 1
        parts["", name] = names, counts
    counted = assemble(parts, sampling)
    return {name: counted["", name] for name in classes}


def by_label(pairs: Sequence[Sequence[Pair]]) -> list[tuple[str, dict[Outcome, int]]]:
    """How often each outcome befell each label: gold's, for spurious spans the predicted one."""
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for document_pairs in pairs:
        for pair in document_pairs:
            counts[pair.span.label][pair.outcome] += 1
    return [(label, {name: counts[label][name] for name in OUTCOMES}) for label in sorted(counts)]

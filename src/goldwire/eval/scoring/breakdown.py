"""Where the errors lie: exact counts by seen and unseen wording, by length, and by what went wrong.

A right span has the same extent and label on both sides, so that both sides put it into the same class and
precision, recall and F1 of a class are what they are elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeAlias

import numpy as np

from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.counts.counts import LabelCounts
from goldwire.eval.counts.per_document import assemble_counts
from goldwire.eval.matching.spans import Outcome, Pair
from goldwire.eval.scoring.pairing import Paired, stories
from goldwire.model import Annotation, Article, Document, curated

SEEN: tuple[str, ...] = ("seen with this label", "seen with other labels only", "unseen")
LENGTHS: tuple[str, ...] = ("1 word", "2 words", "3 to 4 words", "5 to 8 words", "9 words or more")
_LIMITS = (1, 2, 4, 8)
_CLASSES = {"seen": SEEN, "length": LENGTHS}
#: Errors of each label, as columns.
OUTCOMES: tuple[Outcome, ...] = ("correct", "label", "extent", "label+extent", "missed", "spurious")

#: The labels of a wording by the group of documents that marks it so.
Marked: TypeAlias = dict[str, dict[Hashable, set[str]]]


def surface(text: str) -> str:
    """A wording as it is looked up: case folded, white space and apostrophes made alike."""
    return " ".join(text.casefold().replace("’", "'").split())


def _marked(sources: Iterable[tuple[Hashable, Document, Annotation]], layer: str) -> Marked:
    """The labels that each wording bears in some annotations, by the group that each is of."""
    marked: Marked = defaultdict(lambda: defaultdict(set))
    for group, document, annotation in sources:
        for span in annotation.layer(layer):
            marked[surface(document.text[span.start : span.end])][group].add(span.label)
    return marked


def seen_class(label: str, text: str, marked: Marked, group: Hashable) -> int:
    """The place in `SEEN` of a wording in a document of a group, by what other groups mark it as."""
    elsewhere = [labels for other, labels in marked.get(surface(text), {}).items() if other != group]
    if not elsewhere:
        return 2
    return 0 if any(label in labels for labels in elsewhere) else 1


def length_class(text: str) -> int:
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
    """Exact counts by class, `seen` and `length`, with intervals; `pairs` are matched spans by document.

    A wording is seen where `train` has it, else where gold's other documents (or other stories) have.
    """
    documents = [pairing.document for pairing in paired]
    groups = stories(documents) or [document.id for document in documents]
    if train is None:
        marked = _marked(zip(groups, documents, (pairing.gold for pairing in paired), strict=True), layer)
    else:
        learned = [(article.document, curated(article.annotations)) for article in train]
        marked = _marked(((None, document, each) for document, each in learned if each), layer)
    counts = {name: np.zeros((len(paired), len(names), 3)) for name, names in _CLASSES.items()}
    for number, (document, group, matched) in enumerate(zip(documents, groups, pairs, strict=True)):
        for pair in matched:
            right = pair.outcome == "correct"
            for column, span in ((0, pair.gold),) if right else ((2, pair.gold), (1, pair.pred)):
                if span is not None:
                    text = document.text[span.start : span.end]
                    counts["seen"][number, seen_class(span.label, text, marked, group), column] += 1
                    counts["length"][number, length_class(text), column] += 1
    counted = assemble_counts({("", name): (_CLASSES[name], each) for name, each in counts.items()}, sampling)
    return {name: counted["", name] for name in counts}


def by_label(pairs: Sequence[Sequence[Pair]]) -> list[tuple[str, dict[Outcome, int]]]:
    """How often each outcome befell each label: gold's, for spurious spans the predicted one."""
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for document_pairs in pairs:
        for pair in document_pairs:
            counts[pair.span.label][pair.outcome] += 1
    return [(label, {name: counts[label][name] for name in OUTCOMES}) for label in sorted(counts)]

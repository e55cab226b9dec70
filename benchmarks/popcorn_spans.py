"""Spans as `goldwire train` finds and labels them with `[goldwire] extents = "crf"`, on documents analysed
once for all folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from goldwire.train.pipeline.crf import fit_crf
from goldwire.train.pipeline.document_labels import fit_labels

if TYPE_CHECKING:
    from spacy.tokens import Doc

#: Code points [start, end) and a label.
Mark: TypeAlias = tuple[int, int, str]
#: A layer of the pipeline, for no one to see.
LAYER = "found"


class Finder:
    """Finds and labels the spans of one flat layer of analysed documents."""

    def fit(
        self, docs: Sequence[Doc], marks: Sequence[Sequence[Mark]], stories: Sequence[str] | None = None
    ) -> Finder:
        """Learn from what is marked in documents; spans that cut tokens are widened. Documents of one story
        are never learned and judged in turn while the labels are weighed."""
        known = []
        for doc, marked in zip(docs, marks, strict=True):
            taken: set[int] = set()
            spans = []
            for start, end, label in sorted(marked, key=lambda mark: mark[0] - mark[1]):
                span = doc.char_span(start, end, label=label, alignment_mode="expand")
                if span is not None and taken.isdisjoint(range(span.start, span.end)):
                    taken.update(range(span.start, span.end))
                    spans.append(span)
            known.append(doc.copy())
            known[-1].set_ents(spans, default="outside")
        self._crf = fit_crf(known, LAYER)
        self._labels = fit_labels(known, stories or [str(number) for number in range(len(docs))])
        self._labels.layer = LAYER
        return self

    def find(self, docs: Sequence[Doc]) -> list[list[tuple[Mark, float]]]:
        """The spans of each document, with a confidence in [0, 1]: of the extent, times of the label."""
        out = []
        for doc in docs:
            # A group of spans lasts no longer than its document.
            read = self._labels(self._crf(doc.copy()))
            found: Any = read.spans[LAYER]
            marks = [(span.start_char, span.end_char, span.label_) for span in found]
            out.append(list(zip(marks, found.attrs["scores"], strict=True)))
        return out

"""The spans of one side by layer, as matching wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from goldwire.eval.matching.spans import IntArray, Spans, columns
from goldwire.model import Annotation, Span


class SpanTable:
    """One side's spans by layer; `annotations` has one for each document."""

    def __init__(self, annotations: Sequence[Annotation]) -> None:
        self._flat: dict[str, list[Span]] = {}
        self._document: dict[str, IntArray] = {}
        sizes: dict[str, list[int]] = {}
        for number, annotation in enumerate(annotations):
            for span in annotation.spans:
                layer_spans = self._flat.get(span.layer)
                if layer_spans is None:
                    layer_spans = self._flat[span.layer] = []
                layer_spans.append(span)
            for layer, layer_spans in self._flat.items():
                # How many there are up to this document, from the first that has one.
                sizes.setdefault(layer, [0] * number).append(len(layer_spans))
        for layer, counts in sizes.items():
            self._document[layer] = np.repeat(np.arange(len(counts)), np.diff(counts, prepend=0))

    @classmethod
    def of_spans(cls, spans: Iterable[Span]) -> SpanTable:
        """Spans of one document as the layer `""`, whatever their own."""
        table = cls(())
        table._flat[""] = list(spans)
        table._document[""] = np.zeros(len(table._flat[""]), dtype=np.int64)
        return table

    @property
    def layers(self) -> set[str]:
        """The layers that have a span."""
        return set(self._flat)

    def labels(self, layer: str) -> set[str]:
        """The labels that a layer's spans bear."""
        return {span.label for span in self.flat(layer)}

    def flat(self, layer: str) -> list[Span]:
        """A layer's spans, document by document: what `Spans.row` points into."""
        return self._flat.get(layer, [])

    def spans(self, layer: str, labels: Sequence[str]) -> Spans:
        """A layer's spans as columns, labels coded by their place in `labels`."""
        codes = {label: code for code, label in enumerate(labels)}
        return columns(self._document.get(layer, np.empty(0, np.int64)), self.flat(layer), codes)

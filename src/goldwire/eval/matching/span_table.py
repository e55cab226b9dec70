"""The spans of one side by layer, as matching wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from goldwire.eval.matching.spans import IntArray, Spans, columns
from goldwire.model import Annotation, Span


class SpanTable:
    """One side's spans by layer; `annotations` has one for each document."""

    def __init__(self, annotations: Sequence[Annotation]) -> None:
        flat = list(chain.from_iterable(annotation.spans for annotation in annotations))
        document = np.repeat(
            np.arange(len(annotations)), np.array([len(a.spans) for a in annotations], dtype=np.int64)
        )
        names = [span.layer for span in flat]
        layers = dict.fromkeys(names)
        self._flat: dict[str, list[Span]] = {}
        self._document: dict[str, IntArray] = {}
        for layer in layers:
            if len(layers) == 1:
                self._flat[layer], self._document[layer] = flat, document
            else:
                rows = [row for row, name in enumerate(names) if name == layer]
                self._flat[layer], self._document[layer] = [flat[row] for row in rows], document[rows]

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

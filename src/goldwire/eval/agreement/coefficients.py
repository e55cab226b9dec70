"""The coefficients of one layer for all its readers at once: tokens, unitizing alpha, γ, same extents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goldwire.eval.agreement.gamma import Continuum, Gamma, gamma
from goldwire.eval.agreement.kappa import (
    ONE_VALUE,
    Share,
    alpha,
    cohen,
    comparisons,
    fleiss,
    items,
    nominal,
    paired,
    share,
)
from goldwire.eval.agreement.matched import attribute_coefficients, label_coefficients, same_places
from goldwire.eval.agreement.unitizing import Unitizing, unitizing
from goldwire.eval.agreement.unitizing_2004 import alpha_2004
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.matching.spans import IntArray
from goldwire.model import Annotation, Span, outermost
from goldwire.schemas import Attribute

#: A token is a run of letters and digits, or any other character by itself that is no white space.
TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Coefficients:
    """What κ, α, uα and γ say of one layer; `left_out` counts nested spans, which only γ has room for."""

    tokens: dict[str, Share]
    unitizing: Unitizing
    alpha_2004: Share
    labels: dict[str, Share]
    attributes: dict[str, dict[str, float | None]]
    left_out: int
    gamma: Gamma | None = None

    def as_json(self) -> dict[str, Any]:
        """The figures of tokens and continua; those of matched spans stand beside others of their kind."""
        figures: dict[str, Any] = {
            "tokens": {name: figure.as_json() for name, figure in self.tokens.items()},
            "unitizing": {name: figure.as_json() for name, figure in self.unitizing._asdict().items()}
            | {"alpha_2004": self.alpha_2004.as_json()},
        }
        if self.left_out:
            figures["nested_left_out"] = self.left_out
        return figures | (self.gamma.as_json() if self.gamma is not None else {})


def coefficients(
    texts: Sequence[str],
    readings: Sequence[Mapping[int, Annotation]],
    layer: str,
    attributes: Mapping[str, Attribute] | None,
    names: Sequence[str],
    sampling: Sampling,
    *,
    with_gamma: bool = True,
) -> Coefficients:
    """The coefficients of a layer over some documents, each with its readings by the reader's number.

    Tokens and unitizing alpha have room for one span at a place: of nested ones the outermost counts. γ
    takes all.
    """
    spans = [
        {r: annotation.layer(layer) for r, annotation in sorted(by_reader.items())} for by_reader in readings
    ]
    labels = sorted({span.label for by_reader in spans for marked in by_reader.values() for span in marked})
    codes = {label: code for code, label in enumerate(labels)}
    flat = [{r: outermost(marked)[0] for r, marked in by_reader.items()} for by_reader in spans]
    nested = sum(len(marked) for by_reader in spans for marked in by_reader.values())
    nested -= sum(len(marked) for by_reader in flat for marked in by_reader.values())
    # Label by label there is room for more: only spans nested in one of their own label are left out.
    apart = [{r: _flat_by_label(marked) for r, marked in by_reader.items()} for by_reader in spans]
    places = same_places(spans)
    return Coefficients(
        tokens=_tokens(texts, flat, codes, sampling),
        unitizing=unitizing(_continua(texts, flat, codes), len(labels), sampling),
        alpha_2004=alpha_2004(_continua(texts, apart, codes), len(labels)),
        labels=label_coefficients(places, labels, len(texts), sampling),
        attributes={
            name: attribute_coefficients(places, name, attributes[name] if attributes else None)
            for name in names
        },
        left_out=nested,
        gamma=gamma(_continua(texts, spans, codes), sampling=sampling) if with_gamma else None,
    )


def _flat_by_label(spans: Sequence[Span]) -> tuple[Span, ...]:
    by_label: dict[str, list[Span]] = {}
    for span in spans:
        by_label.setdefault(span.label, []).append(span)
    return tuple(span for same_label in by_label.values() for span in outermost(tuple(same_label))[0])


def _continua(
    texts: Sequence[str], spans: Sequence[Mapping[int, Sequence[Span]]], codes: Mapping[str, int]
) -> list[Continuum]:
    return [
        Continuum(
            tuple(tuple((s.start, s.end, codes[s.label]) for s in marked) for marked in by_reader.values()),
            len(text),
        )
        for text, by_reader in zip(texts, spans, strict=True)
    ]


def _tokens(
    texts: Sequence[str],
    spans: Sequence[Mapping[int, Sequence[Span]]],
    codes: Mapping[str, int],
    sampling: Sampling,
) -> dict[str, Share]:
    """κ and α over tokens, whose value is the label of the span that they touch, or none."""
    values, document = token_values(texts, spans, codes)
    size, count = len(codes) + 1, len(texts)
    two = paired(values, document, count, size)
    all_of_them = nominal(values, document, count, size)
    return {
        "kappa": share(two, cohen, sampling, lambda sums: float(comparisons(sums)), ONE_VALUE, "pairs"),
        "fleiss_kappa": share(all_of_them, fleiss, sampling, items, ONE_VALUE, "tokens"),
        "alpha": share(all_of_them, alpha, sampling, items, ONE_VALUE, "tokens"),
    }


def token_values(
    texts: Sequence[str], spans: Sequence[Mapping[int, Sequence[Span]]], codes: Mapping[str, int]
) -> tuple[IntArray, IntArray]:
    """Values (tokens of all texts × readers) and each token's document.

    0 is no span, else the label's code + 1; -1 where a reader did not read the document. A token that two
    spans touch goes to the later one.
    """
    readers = 1 + max((reader for by_reader in spans for reader in by_reader), default=0)
    tables, sizes = [], []
    for text, by_reader in zip(texts, spans, strict=True):
        extents = np.array([token.span() for token in TOKEN.finditer(text)], dtype=np.int64).reshape(-1, 2)
        values = np.full((len(extents), readers), -1, dtype=np.int64)
        for reader, marked in by_reader.items():
            values[:, reader] = 0
            for span in marked:
                first = np.searchsorted(extents[:, 1], span.start, side="right")
                last = np.searchsorted(extents[:, 0], span.end, side="left")
                values[first:last, reader] = codes[span.label] + 1
        tables.append(values)
        sizes.append(len(extents))
    document = np.repeat(np.arange(len(texts)), sizes)
    return np.concatenate(tables) if tables else np.empty((0, readers), np.int64), document

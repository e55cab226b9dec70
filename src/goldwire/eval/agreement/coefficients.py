"""The coefficients of one layer for all its readers at once: tokens, unitizing alpha, γ, same extents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goldwire.eval.agreement.gamma import Continuum, Gamma, gamma
from goldwire.eval.agreement.gathered import Continua, DocumentSums
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
from goldwire.eval.agreement.matched import SamePlaces, same_places
from goldwire.eval.agreement.unitizing import Unitizing, unitized, unitizing_columns
from goldwire.eval.agreement.unitizing_2004 import alpha_2004
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.matching.spans import IntArray
from goldwire.model import Span, outermost
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


class LayerReadings:
    """What κ, α, uα and γ need of one layer for all its readers at once, a batch of documents at a time.

    Tokens and unitizing alpha have room for one span at a place: of nested ones the outermost counts. γ
    takes all.
    """

    def __init__(
        self,
        labels: Sequence[str],
        readers: int,
        attributes: Mapping[str, Attribute | None],
        *,
        with_gamma: bool,
    ) -> None:
        self._codes = {label: code for code, label in enumerate(labels)}
        self._readers = readers
        size, pairs = len(labels) + 1, readers * (readers - 1) // 2
        self._two = DocumentSums(pairs, 1 + 2 * size)
        self._all = DocumentSums(3 + size)
        self._units = DocumentSums(5, size)
        self._apart = Continua()
        self._every = Continua() if with_gamma else None
        self._places = SamePlaces(labels, attributes)
        self._nested = 0

    def add(
        self, texts: Sequence[str], tokens: Sequence[IntArray], spans: Sequence[Mapping[int, Sequence[Span]]]
    ) -> None:
        """Take in some documents: text, tokens, and the layer's spans by the reader's number."""
        by_number = [dict(sorted(by_reader.items())) for by_reader in spans]
        flat = [{r: outermost(tuple(marked))[0] for r, marked in each.items()} for each in by_number]
        self._nested += sum(len(marked) for each in by_number for marked in each.values())
        self._nested -= sum(len(marked) for each in flat for marked in each.values())
        # Label by label there is room for more: only spans nested in one of their own label are left out.
        apart = [{r: _flat_by_label(marked) for r, marked in each.items()} for each in by_number]
        values, document = token_values(tokens, flat, self._codes, self._readers)
        size = len(self._codes) + 1
        self._two.add(paired(values, document, len(texts), size))
        self._all.add(nominal(values, document, len(texts), size))
        self._units.add(unitizing_columns(_continua(texts, flat, self._codes), len(self._codes)))
        for kept, chosen in ((self._apart, apart), (self._every, by_number)):
            if kept is not None:
                for continuum in _continua(texts, chosen, self._codes):
                    kept.append(continuum)
        self._places.add(same_places(by_number), len(texts))

    def coefficients(self, names: Sequence[str], sampling: Sampling) -> Coefficients:
        """The coefficients, of attributes those of these `names`."""
        two, every = self._two.joined(), self._all.joined()
        tokens = {
            "kappa": share(two, cohen, sampling, comparisons, ONE_VALUE, "pairs"),
            "fleiss_kappa": share(every, fleiss, sampling, items, ONE_VALUE, "tokens"),
            "alpha": share(every, alpha, sampling, items, ONE_VALUE, "tokens"),
        }
        return Coefficients(
            tokens=tokens,
            unitizing=unitized(self._units.joined(), sampling),
            alpha_2004=alpha_2004(self._apart, len(self._codes)),
            labels=self._places.labels(sampling),
            attributes={name: self._places.attribute(name) for name in names},
            left_out=self._nested,
            gamma=gamma(self._every, sampling=sampling) if self._every is not None else None,
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


def tokens_of(text: str) -> IntArray:
    """Where the tokens of a text begin and end, (tokens × 2), in code points."""
    return np.array([token.span() for token in TOKEN.finditer(text)], dtype=np.int64).reshape(-1, 2)


def token_values(
    tokens: Sequence[IntArray],
    spans: Sequence[Mapping[int, Sequence[Span]]],
    codes: Mapping[str, int],
    readers: int,
) -> tuple[IntArray, IntArray]:
    """Values (tokens of all texts × readers) and each token's document.

    0 is no span, else the label's code + 1; -1 where a reader did not read the document. A token that two
    spans touch goes to the later one.
    """
    tables = []
    for extents, by_reader in zip(tokens, spans, strict=True):
        values = np.full((len(extents), readers), -1, dtype=np.int64)
        for reader, marked in by_reader.items():
            values[:, reader] = 0
            if not marked:
                continue
            edges = np.array([(span.start, span.end) for span in marked], dtype=np.int64)
            first = np.searchsorted(extents[:, 1], edges[:, 0], side="right").tolist()
            last = np.searchsorted(extents[:, 0], edges[:, 1], side="left").tolist()
            for span, begin, end in zip(marked, first, last, strict=True):
                values[begin:end, reader] = codes[span.label] + 1
        tables.append(values)
    document = np.repeat(
        np.arange(len(tables)), np.array([len(extents) for extents in tokens], dtype=np.int64)
    )
    return np.concatenate(tables) if tables else np.empty((0, readers), np.int64), document

"""The figures of some annotators over the documents that they share, two readings at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from goldwire.eval.agreement.coefficients import coefficients
from goldwire.eval.agreement.identity import id_attributes, identity_agreement
from goldwire.eval.agreement.matched import Matched, attribute_agreement, label_agreement
from goldwire.eval.agreement.results import Comparison, LayerAgreement
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.counts.per_document import (
    Labelled,
    assemble,
    head_counts,
    relation_parts,
    span_counts,
    structure_parts,
)
from goldwire.eval.matching.relations import RELATION_KINDS
from goldwire.eval.matching.span_heads import BEFORE, language_of
from goldwire.eval.matching.spans import Kind, align, tabulate
from goldwire.eval.matching.structures import STRUCTURE_KINDS
from goldwire.model import Annotation, Document, Span
from goldwire.schemas import Schema

KINDS: tuple[Kind, ...] = ("exact", "boundary", "overlap", "type")
Extent: TypeAlias = Literal["matching", "coefficients", "all"]


class ReadingPair(NamedTuple):
    """Two readings of one document, in the order of the annotators' names."""

    document: Document
    first: Annotation
    second: Annotation

    @property
    def name(self) -> str:
        """The document's id."""
        return self.document.id

    @property
    def pair(self) -> tuple[str, str]:
        """The two annotators."""
        return self.first.annotator, self.second.annotator

    @property
    def sides(self) -> tuple[Annotation, Annotation]:
        """The two readings."""
        return self.first, self.second


class _Layer(NamedTuple):
    """What a layer's spans give before intervals: counts by kind, and the pairs that were matched."""

    parts: dict[str, Labelled]
    matched: list[Matched]
    labels: tuple[str, ...]


def compare_readings(
    rows: Sequence[ReadingPair],
    layers: Sequence[str],
    schema: Schema | None,
    story: Mapping[str, str],
    resamples: int,
    seed: int,
    extent: Extent,
) -> Comparison:
    """Compare the two readings of every row; `story` names the group that each document is redrawn with."""
    pairs = {pair: code for code, pair in enumerate(sorted({row.pair for row in rows}))}
    which = np.array([pairs[row.pair] for row in rows])
    documents = {row.name: row.document for row in rows}
    sampling = Sampling(resamples, seed, [story[row.name] for row in rows])
    readers = sorted({name for pair in pairs for name in pair})
    readings: dict[str, dict[int, Annotation]] = {name: {} for name in documents}
    for row in rows:
        for side in row.sides:
            readings[row.name][readers.index(side.annotator)] = side
    once = Sampling(resamples, seed, [story[name] for name in documents])
    head = extent != "matching" and all(language_of(document) in BEFORE for document in documents.values())
    firsts, seconds = [row.first for row in rows], [row.second for row in rows]
    parts: dict[tuple[str, str], Labelled] = {}
    figures: dict[str, dict[str, Any]] = {}
    for layer in layers:
        attributes = schema.layers[layer].attributes if schema and layer in schema.layers else None
        spans = _spans(rows, layer)
        parts |= {(layer, kind): counts for kind, counts in spans.parts.items()}
        if head:
            texts = [row.document for row in rows]
            parts[layer, "head"] = spans.labels, head_counts(firsts, seconds, texts, layer, spans.labels)
        layer_figures = figures[layer] = {
            "spans": _sizes(readings, readers, layer),
            "labels": label_agreement(spans.matched, spans.labels, which, sampling),
            "attributes": attribute_agreement(spans.matched, attributes, which, sampling),
        }
        if extent == "matching":
            continue
        layer_figures["identity"] = {
            name: identity_agreement(
                spans.matched, name, attributes[name] if attributes else None, which, sampling
            )
            for name in id_attributes(attributes, spans.matched)
        }
        more = layer_figures["coefficients"] = coefficients(
            [document.text for document in documents.values()],
            list(readings.values()),
            layer,
            attributes,
            list(layer_figures["attributes"]),
            once,
            with_gamma=extent == "all",
        )
        layer_figures["labels"]["same_extent"] |= more.labels
        for name, values in more.attributes.items():
            layer_figures["attributes"][name] |= values
    parts |= {("", kind): counts for kind, counts in relation_parts(firsts, seconds, set(layers))[0].items()}
    wholes = {} if extent == "matching" else structure_parts(firsts, seconds, set(layers))
    parts |= {(f"{layer} with arguments", kind): counts for (layer, kind), counts in wholes.items()}
    counted = assemble(parts, sampling)
    return Comparison(
        annotators=tuple(readers),
        documents=tuple(documents),
        layers={
            layer: LayerAgreement(
                counts={kind: counted[layer, kind] for kind in KINDS},
                head=counted.get((layer, "head")),
                **figures[layer],
            )
            for layer in layers
        },
        relations={kind: counted["", kind] for kind in RELATION_KINDS if ("", kind) in counted},
        structures={
            layer: {kind: counted[f"{layer} with arguments", kind] for kind in STRUCTURE_KINDS}
            for layer in dict.fromkeys(layer for layer, _ in wholes)
        },
    )


def _sizes(
    readings: Mapping[str, Mapping[int, Annotation]], readers: Sequence[str], layer: str
) -> dict[str, int]:
    """How many spans each reader marked."""
    sizes = dict.fromkeys(readers, 0)
    for by_reader in readings.values():
        for number, reading in by_reader.items():
            sizes[readers[number]] += len(reading.layer(layer))
    return sizes


def _spans(rows: Sequence[ReadingPair], layer: str) -> _Layer:
    sides: list[list[tuple[Span, ...]]] = [[], []]
    turned = []
    for row in rows:
        # Of several best assignments it is one side's order that picks: the spans' own, not the names'.
        pair_spans = [side.layer(layer) for side in row.sides]
        turned.append(_content(pair_spans[1]) < _content(pair_spans[0]))
        for side, spans in zip(sides, reversed(pair_spans) if turned[-1] else pair_spans, strict=True):
            side.append(spans)
    labels = tuple(sorted({span.label for side in sides for spans in side for span in spans}))
    codes = {label: code for code, label in enumerate(labels)}
    first_side, second_side = (tabulate(side, codes) for side in sides)
    blind, typed = align(first_side, second_side), align(first_side, second_side, by_label=True)
    parts: dict[str, Labelled] = {}
    for kind in KINDS:
        alignment = typed if kind == "type" else blind
        parts[kind] = labels, span_counts(first_side, second_side, alignment, kind, len(rows), len(labels))
    flat = [[span for spans in side for span in spans] for side in sides]
    matched: list[Matched] = []
    for a, b, stage in zip(blind.gold, blind.pred, blind.stage, strict=True):
        number = int(first_side.document[a])
        pair = flat[0][first_side.row[a]], flat[1][second_side.row[b]]
        first, second = reversed(pair) if turned[number] else pair
        matched.append((first, second, number, int(stage)))
    return _Layer(parts, matched, labels)


def _content(spans: Sequence[Span]) -> list[tuple[int, int, str]]:
    return sorted((span.start, span.end, span.label) for span in spans)

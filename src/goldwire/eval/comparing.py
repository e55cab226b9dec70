"""The figures of some annotators over the documents that they share, two readings at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from goldwire.eval.agreed import Comparison, LayerAgreement
from goldwire.eval.coefficients import coefficients
from goldwire.eval.given_match import Matched, attribute_agreement, label_agreement
from goldwire.eval.heads import BEFORE, head_spans
from goldwire.eval.identity_agreement import id_attributes, identity_agreement
from goldwire.eval.match import FloatArray, Kind, align, tabulate
from goldwire.eval.relations import RelationKind, keys, relation_counts
from goldwire.eval.resample import Sampling
from goldwire.eval.scores import assemble, span_counts
from goldwire.eval.structures import STRUCTURE_KINDS, StructureKind, head_layers, structure_counts, structures
from goldwire.model import Annotation, Document, Span
from goldwire.schemas import Schema

KINDS: tuple[Kind, ...] = ("exact", "boundary", "overlap", "type")
RELATION_KINDS: tuple[RelationKind, ...] = ("strict", "partial")
Extent: TypeAlias = Literal["matching", "coefficients", "all"]
_Counts: TypeAlias = tuple[tuple[str, ...], FloatArray]


class Row(NamedTuple):
    """Two readings of one document, in the order of the annotators' names."""

    document: Document
    one: Annotation
    other: Annotation

    @property
    def name(self) -> str:
        """The document's id."""
        return self.document.id

    @property
    def pair(self) -> tuple[str, str]:
        """The two annotators."""
        return self.one.annotator, self.other.annotator

    @property
    def sides(self) -> tuple[Annotation, Annotation]:
        """The two readings."""
        return self.one, self.other


class _Layer(NamedTuple):
    """What a layer's spans give before intervals: counts by kind, and the pairs that were matched."""

    parts: dict[str, _Counts]
    matched: list[Matched]
    labels: tuple[str, ...]


def compare(
    rows: Sequence[Row],
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
    head = extent != "matching" and all(_language(one) in BEFORE for one in documents.values())
    parts: dict[tuple[str, str], _Counts] = {}
    found: dict[str, dict[str, Any]] = {}
    for layer in layers:
        attributes = schema.layers[layer].attributes if schema and layer in schema.layers else None
        spans = _spans(rows, layer)
        parts |= {(layer, kind): counts for kind, counts in spans.parts.items()}
        if head:
            parts[layer, "head"] = spans.labels, _heads(rows, layer, spans.labels)
        one = found[layer] = {
            "spans": _sizes(readings, readers, layer),
            "labels": label_agreement(spans.matched, spans.labels, which, sampling),
            "attributes": attribute_agreement(spans.matched, attributes, which, sampling),
        }
        if extent == "matching":
            continue
        one["identity"] = {
            name: identity_agreement(
                spans.matched, name, attributes[name] if attributes else None, which, sampling
            )
            for name in id_attributes(attributes, spans.matched)
        }
        more = one["coefficients"] = coefficients(
            [document.text for document in documents.values()],
            list(readings.values()),
            layer,
            attributes,
            list(one["attributes"]),
            once,
            with_gamma=extent == "all",
        )
        one["labels"]["same_extent"] |= more.labels
        for name, values in more.attributes.items():
            one["attributes"][name] |= values
    parts |= {("", kind): counts for kind, counts in _relations(rows, layers).items()}
    wholes = {} if extent == "matching" else _structures(rows, layers)
    parts |= {(f"{layer} with arguments", kind): counts for (layer, kind), counts in wholes.items()}
    counted = assemble(parts, sampling)
    return Comparison(
        tuple(readers),
        tuple(documents),
        {
            layer: LayerAgreement(
                counts={kind: counted[layer, kind] for kind in KINDS},
                head=counted.get((layer, "head")),
                **found[layer],
            )
            for layer in layers
        },
        {kind: counted["", kind] for kind in RELATION_KINDS if ("", kind) in counted},
        {
            layer: {kind: counted[f"{layer} with arguments", kind] for kind in STRUCTURE_KINDS}
            for layer in dict.fromkeys(layer for layer, _ in wholes)
        },
    )


def _language(document: Document) -> str:
    """The first two letters of a document's language; French where it has none."""
    return str(document.meta.get("language") or "fr")[:2].lower()


def _sizes(
    readings: Mapping[str, Mapping[int, Annotation]], readers: Sequence[str], layer: str
) -> dict[str, int]:
    """How many spans each reader marked."""
    sizes = dict.fromkeys(readers, 0)
    for found in readings.values():
        for number, reading in found.items():
            sizes[readers[number]] += len(reading.layer(layer))
    return sizes


def _spans(rows: Sequence[Row], layer: str) -> _Layer:
    sides: list[list[tuple[Span, ...]]] = [[], []]
    turned = []
    for row in rows:
        # Of several best assignments it is one side's order that picks: the spans' own, not the names'.
        found = [side.layer(layer) for side in row.sides]
        turned.append(_content(found[1]) < _content(found[0]))
        for side, spans in zip(sides, reversed(found) if turned[-1] else found, strict=True):
            side.append(spans)
    labels = tuple(sorted({span.label for side in sides for spans in side for span in spans}))
    codes = {label: code for code, label in enumerate(labels)}
    one, other = (tabulate(side, codes) for side in sides)
    blind, typed = align(one, other), align(one, other, by_label=True)
    parts: dict[str, _Counts] = {}
    for kind in KINDS:
        alignment = typed if kind == "type" else blind
        parts[kind] = labels, span_counts(one, other, alignment, kind, len(rows), len(labels))
    flat = [[span for spans in side for span in spans] for side in sides]
    matched: list[Matched] = []
    for a, b, stage in zip(blind.gold, blind.pred, blind.stage, strict=True):
        number = int(one.document[a])
        pair = flat[0][one.row[a]], flat[1][other.row[b]]
        first, second = reversed(pair) if turned[number] else pair
        matched.append((first, second, number, int(stage)))
    return _Layer(parts, matched, labels)


def _content(spans: Sequence[Span]) -> list[tuple[int, int, str]]:
    return sorted((span.start, span.end, span.label) for span in spans)


def _heads(rows: Sequence[Row], layer: str, labels: tuple[str, ...]) -> FloatArray:
    """Counts of spans with the same head and label."""
    codes = {label: code for code, label in enumerate(labels)}
    one, other = (
        tabulate([_reduced(row.document, row.sides[side].layer(layer)) for row in rows], codes)
        for side in (0, 1)
    )
    return span_counts(one, other, align(one, other), "exact", len(rows), len(labels))


def _reduced(document: Document, spans: Sequence[Span]) -> list[Span]:
    heads = head_spans(document.text, spans, _language(document))
    return [Span("", "", label, start, end) for label, start, end in heads]


def _relations(rows: Sequence[Row], layers: Sequence[str]) -> dict[RelationKind, _Counts]:
    found = [[keys(row.sides[side], set(layers))[0] for row in rows] for side in (0, 1)]
    names = tuple(sorted({key[0] for side in found for relations in side for key in relations}))
    kinds = RELATION_KINDS if names else ()
    return {kind: (names, relation_counts(found[0], found[1], names, kind)) for kind in kinds}


def _structures(rows: Sequence[Row], layers: Sequence[str]) -> dict[tuple[str, StructureKind], _Counts]:
    """Counts of spans with all their arguments, in the layers that have some."""
    whole = [[structures(row.sides[side], set(layers)) for row in rows] for side in (0, 1)]
    counted: dict[tuple[str, StructureKind], _Counts] = {}
    for layer in head_layers(whole):
        found = [[one.get(layer, set()) for one in side] for side in whole]
        labels = tuple(sorted({one[0] for side in found for some in side for one in some}))
        for kind in STRUCTURE_KINDS:
            counted[layer, kind] = labels, structure_counts(found[0], found[1], labels, kind)
    return counted

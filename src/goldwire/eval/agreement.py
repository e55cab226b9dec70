"""Agreement between two or more readings of the same documents.

Detection and labelling are shown apart: whether the readings marked the same places, and, where they did,
whether they said the same of them. With more than two annotators counts are pooled over all pairs of them;
intervals resample documents, all pairs of a document together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from goldwire.errors import GoldwireError, one_of
from goldwire.eval.compared import describe, in_words, reading_warnings
from goldwire.eval.counts import NO_INTERVAL, Figure, LabelCounts
from goldwire.eval.given_match import Share, attribute_agreement, label_agreement
from goldwire.eval.match import Kind, align, tabulate
from goldwire.eval.relations import RelationKind, keys, relation_counts
from goldwire.eval.resample import Sampling
from goldwire.eval.scores import assemble, few_warnings, known_layers, span_counts
from goldwire.model import Annotation, Article
from goldwire.schemas import Schema

KINDS: tuple[Kind, ...] = ("exact", "boundary", "overlap", "type")
#: From this exact F1 on, over this many spans, two machine readings are suspiciously alike: people who
#: read apart rarely reach it in named entities, and never in events.
ALIKE, ENOUGH = 0.97, 30
RELATION_KINDS: tuple[RelationKind, ...] = ("strict", "partial")


class Row(NamedTuple):
    """Two readings of one document, in the order of the annotators' names."""

    document: str
    one: Annotation
    other: Annotation

    @property
    def pair(self) -> tuple[str, str]:
        """The two annotators."""
        return self.one.annotator, self.other.annotator

    @property
    def sides(self) -> tuple[Annotation, Annotation]:
        """The two readings."""
        return self.one, self.other


@dataclass(frozen=True)
class LayerAgreement:
    """One layer: span counts by matching kind, labels and attributes given a match."""

    spans: dict[str, int]
    counts: dict[Kind, LabelCounts]
    labels: dict[str, dict[str, Share]]
    attributes: dict[str, dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """Counts, detection, labels and attributes."""
        figures: dict[str, Any] = {"spans": self.spans}
        figures |= {kind: _f1(counts.micro()) for kind, counts in self.counts.items()}
        figures["labels"] = {label: _f1(found) for label, found in self.counts["exact"].figures().items()}
        figures["label_given_match"] = {
            where: {name: share.as_json() for name, share in shares.items()}
            for where, shares in self.labels.items()
        }
        figures["attributes_given_match"] = self.attributes
        return figures


@dataclass(frozen=True)
class Comparison:
    """The figures of some annotators over the documents that they share."""

    annotators: tuple[str, ...]
    documents: tuple[str, ...]
    layers: dict[str, LayerAgreement]
    relations: dict[RelationKind, LabelCounts]

    def as_json(self) -> dict[str, Any]:
        """The figures, relations only where there are any."""
        figures: dict[str, Any] = {
            "annotators": list(self.annotators),
            "documents": len(self.documents),
            "layers": {name: layer.as_json() for name, layer in self.layers.items()},
        }
        if self.relations:
            figures["relations"] = {
                kind: {
                    "micro": _f1(counts.micro()),
                    "labels": {label: _f1(found) for label, found in counts.figures().items()},
                }
                for kind, counts in self.relations.items()
            }
        return figures


@dataclass(frozen=True)
class Agreement:
    """All annotators pooled, and each pair of them where they are more than two."""

    what: str
    annotators: list[dict[str, Any]]
    pooled: Comparison
    between: list[Comparison] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What was compared, and the figures."""
        figures = {"what": self.what, **self.pooled.as_json(), "annotators": self.annotators}
        if self.between:
            figures["between"] = [comparison.as_json() for comparison in self.between]
        return figures | {"left_out": self.left_out, "warnings": self.warnings}


def agree(
    articles: Sequence[Article],
    *,
    annotators: Sequence[str] | None = None,
    layers: Sequence[str] | None = None,
    schema: Schema | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Compare the readings of each document by every two annotators.

    Adjudicated annotations rest on the others and are left out, as are skipped ones; naming `annotators`
    takes exactly those. With a `schema` an absent attribute means its default. Raises GW507 where no
    document has two readings, GW505 for a layer and GW509 for an annotator that does not occur.
    """
    chosen, left_out = _choose(articles, annotators)
    rows = [
        Row(article.document.id, one, other)
        for article, found in zip(articles, chosen, strict=True)
        for one, other in combinations(sorted(found, key=lambda a: a.annotator), 2)
    ]
    if not rows:
        counted = sorted({a.annotator for found in chosen for a in found})
        message = f"no document has two readings; annotators: {', '.join(counted) or 'none'}"
        raise GoldwireError.of("GW507", message, hint="agreement needs two annotators of one document")
    present = sorted({span.layer for row in rows for side in row.sides for span in side.spans})
    wanted = present if layers is None else list(dict.fromkeys(layers))
    known_layers(wanted, present)
    used = {(row.document, side.annotator): side for row in rows for side in row.sides}
    described = describe(list(used.values()))
    pairs = sorted({row.pair for row in rows})
    between = [
        _compare([row for row in rows if row.pair == pair], wanted, schema, resamples, seed)
        for pair in (pairs if len(pairs) > 1 else [])
    ]
    pooled = _compare(rows, wanted, schema, resamples, seed)
    return Agreement(
        in_words(described),
        described,
        pooled,
        between,
        left_out,
        few_warnings(len(pooled.documents)) + reading_warnings(described) + _too_close(pooled, described),
    )


def _choose(
    articles: Sequence[Article], annotators: Sequence[str] | None
) -> tuple[list[list[Annotation]], list[str]]:
    """The annotations of each article that are compared, and what was left out."""
    known = {annotation.annotator for article in articles for annotation in article.annotations}
    for name in annotators or ():
        if name not in known:
            raise GoldwireError.of("GW509", f"there is no annotator `{name}`", hint=one_of(known))
    out: dict[str, int] = {}
    chosen: list[list[Annotation]] = []
    for article in articles:
        kept = []
        for annotation in article.annotations:
            reason = ""
            if annotators is not None:
                reason = "" if annotation.annotator in annotators else "not asked for"
            elif annotation.status == "skipped":
                reason = "skipped"
            elif _rests_on_others(annotation):
                reason = "adjudicated, so it rests on the others"
            if reason:
                name = f"{annotation.annotator}: {reason}"
                out[name] = out.get(name, 0) + 1
            else:
                kept.append(annotation)
        chosen.append(kept)
    return chosen, [f"{name} ({count} document(s))" for name, count in sorted(out.items())]


def _rests_on_others(annotation: Annotation) -> bool:
    marks = {name for span in annotation.spans for name in span.marked_by}
    marks |= {name for relation in annotation.relations for name in relation.marked_by}
    marks |= set(annotation.provenance.based_on)
    return annotation.status == "adjudicated" or bool(marks - {annotation.annotator})


def _compare(
    rows: Sequence[Row], layers: Sequence[str], schema: Schema | None, resamples: int, seed: int
) -> Comparison:
    documents = [row.document for row in rows]
    pairs = {pair: code for code, pair in enumerate(sorted({row.pair for row in rows}))}
    which = np.array([pairs[row.pair] for row in rows])
    sampling = Sampling(resamples, seed, documents)
    parts: dict[tuple[str, str], Any] = {}
    rest: dict[str, tuple[dict[str, int], dict[str, dict[str, Share]], dict[str, dict[str, Any]]]] = {}
    for layer in layers:
        sides = [[row.sides[side].layer(layer) for row in rows] for side in (0, 1)]
        labels = tuple(sorted({span.label for side in sides for spans in side for span in spans}))
        codes = {label: code for code, label in enumerate(labels)}
        one, other = (tabulate(side, codes) for side in sides)
        blind, typed = align(one, other), align(one, other, by_label=True)
        for kind in KINDS:
            alignment = typed if kind == "type" else blind
            parts[layer, kind] = labels, span_counts(one, other, alignment, kind, len(rows), len(labels))
        flat = [[span for spans in side for span in spans] for side in sides]
        matched = [
            (flat[0][one.row[a]], flat[1][other.row[b]], int(one.document[a]), int(stage))
            for a, b, stage in zip(blind.gold, blind.pred, blind.stage, strict=True)
        ]
        counts: dict[str, int] = {}
        for row in {(r.document, a.annotator): a for r in rows for a in r.sides}.values():
            counts[row.annotator] = counts.get(row.annotator, 0) + len(row.layer(layer))
        attributes = schema.layers[layer].attributes if schema and layer in schema.layers else None
        rest[layer] = (
            dict(sorted(counts.items())),
            label_agreement(matched, labels, which, sampling),
            attribute_agreement(matched, attributes, which, sampling),
        )
    found = [[keys(row.sides[side], set(layers))[0] for row in rows] for side in (0, 1)]
    names = tuple(sorted({key[0] for side in found for relations in side for key in relations}))
    for relation_kind in RELATION_KINDS if names else ():
        parts["", relation_kind] = names, relation_counts(found[0], found[1], names, relation_kind)
    counted = assemble(parts, sampling)
    return Comparison(
        tuple(sorted({name for pair in pairs for name in pair})),
        tuple(dict.fromkeys(documents)),
        {
            layer: LayerAgreement(spans, {kind: counted[layer, kind] for kind in KINDS}, given, attributes)
            for layer, (spans, given, attributes) in rest.items()
        },
        {kind: counted["", kind] for kind in RELATION_KINDS if ("", kind) in counted},
    )


def _f1(found: Figure) -> dict[str, Any]:
    """F1 between two readings: the same whichever of them is called gold, so no precision and recall."""
    counts = found.counts
    figures: dict[str, Any] = {
        "f1": counts.f1,
        "ci95": list(found.ci95) if found.ci95 else None,
        "matched": counts.tp,
        "unmatched": counts.fp + counts.fn,
    }
    if why := agreement_why(found):
        figures["why"] = why
    return figures


def agreement_why(found: Figure) -> str:
    """Why F1 between two readings or its interval is undefined; empty where it is not."""
    if found.counts.f1 is None:
        return "no reading has one"
    if found.ci95 is None:
        return NO_INTERVAL if NO_INTERVAL in found.why else "no interval: in too few documents"
    return ""


def _too_close(pooled: Comparison, described: Sequence[dict[str, Any]]) -> list[str]:
    """A warning where machines agree more than people ever do: one may have seen the other, or one source."""
    if any("human" in a["kinds"] for a in described):
        return []
    close = []
    for name, layer in pooled.layers.items():
        counts = layer.counts["exact"].total()
        if counts.f1 is not None and counts.f1 >= ALIKE and min(counts.support, counts.predicted) >= ENOUGH:
            close.append(f"`{name}` {counts.f1:.3f}")
    if not close:
        return []
    listed = ", ".join(close)
    return [
        f"exact F1 of {listed}: people who read apart do not come so close; "
        "make sure that the readings are independent before taking this for reliability"
    ]

"""Scores of predictions against a reference, per layer, matching kind and label, with intervals."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.eval.counts import Counts, LabelCounts
from goldwire.eval.match import Alignment, FloatArray, Kind, Spans, align, columns
from goldwire.eval.relations import keys, relation_counts
from goldwire.eval.resample import FEW, Sampling, grouped, resampled
from goldwire.model import STATUSES, Annotation, Span, Status

#: The kinds that `score` reports.
KINDS: tuple[Kind, ...] = ("exact", "partial", "boundary", "type")


@dataclass(frozen=True, eq=False)
class Scores:
    """Counts per document of everything that was scored; all figures are derived from them.

    `layers` maps a layer to its counts by matching kind. `reference` is the least trusted status of the
    gold side (see `trust`). `warnings` says what to bear in mind when reading the figures.
    """

    documents: tuple[str, ...]
    layers: dict[str, dict[Kind, LabelCounts]]
    relations: LabelCounts | None
    reference: str
    warnings: tuple[str, ...]
    resamples: int
    seed: int

    def as_json(self) -> dict[str, Any]:
        """The figures in the form that `eval score --json` writes."""
        figures: dict[str, Any] = {
            "layers": {
                layer: {kind: counts.as_json() for kind, counts in kinds.items()}
                for layer, kinds in self.layers.items()
            }
        }
        if self.relations is not None:
            labels = self.relations.figures()
            named = {("micro (label)" if name == "micro" else name): one for name, one in labels.items()}
            figures["relations"] = {name: one.as_json() for name, one in named.items()}
            figures["relations"]["micro"] = self.relations.micro().as_json()
        return figures | {
            "documents": len(self.documents),
            "reference": self.reference,
            "resamples": self.resamples,
            "seed": self.seed,
            "warnings": list(self.warnings),
        }


def score(
    pairs: Sequence[tuple[Annotation, Annotation]],
    *,
    layers: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
    strict_layers: bool = False,
) -> Scores:
    """Score (gold, prediction) of each document.

    `layers` defaults to all that occur; one that is named and occurs nowhere has undefined figures, or is
    refused (GW505) with `strict_layers`.
    `groups` names a group for each document: those of one group are resampled together. Raises GW504
    without documents, GW506 where the two of a pair belong to different documents or texts.
    """
    _check(pairs)
    golds, preds = [gold for gold, _ in pairs], [pred for _, pred in pairs]
    present = {span.layer for side in (golds, preds) for annotation in side for span in annotation.spans}
    wanted = sorted(present) if layers is None else list(dict.fromkeys(layers))
    if strict_layers:
        known_layers(wanted, present)
    warnings: list[str] = []
    left, right = _Side(golds, set(wanted)), _Side(preds, set(wanted))

    parts: dict[tuple[str, str], tuple[tuple[str, ...], FloatArray]] = {}
    for layer in wanted:
        labels = tuple(sorted(left.labels(layer) | right.labels(layer)))
        gold, pred = left.spans(layer, labels), right.spans(layer, labels)
        warnings += _layer_warnings(layer, gold, pred)
        blind, typed = align(gold, pred), align(gold, pred, by_label=True)
        for kind in KINDS:
            alignment = typed if kind == "type" else blind
            parts[layer, kind] = labels, span_counts(gold, pred, alignment, kind, len(pairs), len(labels))

    limit = None if layers is None else set(wanted)
    gold_keys, pred_keys = [keys(a, limit) for a in golds], [keys(a, limit) for a in preds]
    names = tuple(sorted({key[0] for side in (gold_keys, pred_keys) for found, _ in side for key in found}))
    if names:
        found = relation_counts([f for f, _ in gold_keys], [f for f, _ in pred_keys], names)
        parts["", "relations"] = names, found
        twice = sum(count for side in (gold_keys, pred_keys) for _, count in side)
        warnings += [f"{twice} relation(s) with the same label and ends stood twice and count once"] * bool(
            twice
        )

    counted = assemble(parts, Sampling(resamples, seed, groups))
    units = len(set(groups)) if groups is not None else len(pairs)
    return Scores(
        tuple(gold.document for gold in golds),
        {layer: {kind: counted[layer, kind] for kind in KINDS} for layer in wanted},
        counted.get(("", "relations")),
        min((trust(gold) for gold in golds), key=STATUSES.index),
        (*few_warnings(units, grouped=groups is not None), *warnings),
        resamples,
        seed,
    )


def trust(annotation: Annotation) -> Status:
    """An annotation's status as far as people stand behind it: what a machine made is a draft."""
    if annotation.provenance.kind == "human" or annotation.status == "skipped":
        return annotation.status
    return "draft"


def count(gold: Iterable[Span], pred: Iterable[Span], kind: Kind = "exact") -> Counts:
    """The counts of one document's spans of one layer, all labels together."""
    left, right = _Side.of_spans(gold), _Side.of_spans(pred)
    labels = tuple(sorted(left.labels("") | right.labels("")))
    one, other = left.spans("", labels), right.spans("", labels)
    alignment = align(one, other, by_label=kind == "type")
    tp, fp, fn = span_counts(one, other, alignment, kind, 1, max(1, len(labels))).sum(axis=(0, 1))
    return Counts(float(tp), float(fp), float(fn))


def span_counts(
    gold: Spans, pred: Spans, alignment: Alignment, kind: Kind, documents: int, labels: int
) -> FloatArray:
    """Counts (documents × labels × tp, fp, fn) of an alignment.

    Each pair's credit counts as tp under gold's label; what a gold span lacks of 1 is fn under its label,
    what a predicted one lacks is fp under its own: tp + fn is gold's count whatever the kind.
    """
    credit = alignment.credit(kind)
    had, got = np.zeros(len(gold)), np.zeros(len(pred))
    had[alignment.gold] = credit
    got[alignment.pred] = credit

    def added(side: Spans, weights: FloatArray) -> FloatArray:
        places = side.document * labels + side.label
        sums = np.bincount(places, weights=weights, minlength=documents * labels)
        return np.asarray(sums, dtype=np.float64).reshape(documents, labels)

    if not labels:
        return np.zeros((documents, 0, 3))
    return np.stack([added(gold, had), added(pred, 1 - got), added(gold, 1 - had)], axis=-1)


def assemble(
    parts: dict[tuple[str, str], tuple[tuple[str, ...], FloatArray]], sampling: Sampling
) -> dict[tuple[str, str], LabelCounts]:
    """Counts with their sums over resamples: all parts see the same draws, made once."""
    if not parts:
        return {}
    documents = len(next(iter(parts.values()))[1])
    flat = np.concatenate([counts.reshape(documents, -1) for _, counts in parts.values()], axis=1)
    sums = resampled(flat, sampling)
    units = grouped(flat, sampling.groups)
    counted: dict[tuple[str, str], LabelCounts] = {}
    first = 0
    for name, (labels, counts) in parts.items():
        here = slice(first, first + len(labels) * 3)
        first = here.stop
        counted[name] = LabelCounts(
            labels,
            counts,
            units[:, here].reshape(len(units), len(labels), 3),
            None if sums is None else sums[:, here].reshape(len(sums), len(labels), 3),
        )
    return counted


def few_warnings(units: int, *, grouped: bool = False) -> list[str]:
    """A plain warning where there are too few documents to believe an interval."""
    name = "group" if grouped else "document"
    if units < 2:
        return [f"{units} {name}: no interval can be given"]
    if units < FEW:
        return [f"{units} {name}s, fewer than {FEW}: intervals are rough and tend to be too narrow"]
    return []


def known_layers(layers: Iterable[str], present: Iterable[str]) -> None:
    """Refuse the names of layers that no annotation has a span of (GW505)."""
    known = set(present)
    hint = one_of(known)
    raise_faults(
        Fault("GW505", f"no annotation has a span of layer `{name}`", "", hint)
        for name in layers
        if name not in known
    )


class _Side:
    """One side's spans as flat rows, by layer."""

    def __init__(self, annotations: Sequence[Annotation], layers: set[str]) -> None:
        self._rows: dict[str, array[int]] = {}
        self._codes: dict[str, dict[str, int]] = {}
        for number, annotation in enumerate(annotations):
            for span in annotation.spans:
                if span.layer in layers:
                    self._add(span.layer, number, span)

    @classmethod
    def of_spans(cls, spans: Iterable[Span]) -> _Side:
        """Spans of one document, whatever their layer."""
        side = cls((), set())
        for span in spans:
            side._add("", 0, span)
        return side

    def _add(self, layer: str, number: int, span: Span) -> None:
        codes = self._codes.get(layer)
        if codes is None:
            codes = self._codes[layer] = {}
            self._rows[layer] = array("q")
        self._rows[layer].extend((number, span.start, span.end, codes.setdefault(span.label, len(codes))))

    def labels(self, layer: str) -> set[str]:
        return set(self._codes.get(layer, ()))

    def spans(self, layer: str, labels: tuple[str, ...]) -> Spans:
        places = {label: place for place, label in enumerate(labels)}
        return columns(
            self._rows.get(layer, array("q")), [places[label] for label in self._codes.get(layer, {})]
        )


def _layer_warnings(layer: str, gold: Spans, pred: Spans) -> list[str]:
    warnings = []
    for name, side, other in (("gold", gold, pred), ("the prediction", pred, gold)):
        if len(other) and not len(side):
            warnings.append(
                f"{name} has no span at all of layer `{layer}`: every span of the other side is wrong"
            )
        if len(side.dropped):
            twice = len(side.dropped)
            warnings.append(f"layer `{layer}`: {twice} duplicate span(s) in {name} count once")
    if not len(gold) and not len(pred):
        warnings.append(f"layer `{layer}` is empty on both sides: its figures are undefined")
    return warnings


def _check(pairs: Sequence[tuple[Annotation, Annotation]]) -> None:
    if not pairs:
        raise GoldwireError.of("GW504", "there is no document to score", hint="give gold and predictions")
    faults = []
    for number, (gold, pred) in enumerate(pairs):
        place = f"$[{number}]"
        if gold.document != pred.document:
            message = f"gold is of `{gold.document}`, the prediction of `{pred.document}`"
            faults.append(Fault("GW506", message, place, "pair annotations of one document"))
        elif gold.text_sha256 and pred.text_sha256 and gold.text_sha256 != pred.text_sha256:
            message = f"gold and prediction of `{gold.document}` belong to different texts"
            faults.append(Fault("GW506", message, place, "predict on the text that was annotated"))
    raise_faults(faults)

"""Scores of predictions against a reference, per layer, matching kind and label, with intervals."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.eval.counts.attributes import (
    AttributeCounts,
    Identity,
    attribute_counts,
    attribute_names,
    exactly,
    identity,
)
from goldwire.eval.counts.bootstrap import FEW, Sampling
from goldwire.eval.counts.counts import Counts
from goldwire.eval.counts.per_document import (
    Parts,
    assemble,
    head_counts,
    relation_parts,
    span_counts,
    structure_parts,
)
from goldwire.eval.matching.clusters import Metric
from goldwire.eval.matching.span_heads import BEFORE, language_of
from goldwire.eval.matching.span_table import SpanTable
from goldwire.eval.matching.spans import Kind, Spans, align
from goldwire.eval.matching.structures import STRUCTURE_KINDS, required
from goldwire.eval.scoring.results import Scores
from goldwire.figures import counted
from goldwire.model import STATUSES, Annotation, Document, Span, Status, by_machine
from goldwire.schemas import Schema

#: The kinds that `score` reports.
KINDS: tuple[Kind, ...] = ("exact", "partial", "jaccard", "boundary", "type")


def score(
    pairs: Sequence[tuple[Annotation, Annotation]],
    *,
    layers: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
    strict_layers: bool = False,
    schema: Schema | None = None,
    documents: Sequence[Document] | None = None,
) -> Scores:
    """Score (gold, prediction) of each document.

    `layers` defaults to all that occur; one that is named and occurs nowhere has undefined figures, or is
    refused (GW505) with `strict_layers`.
    `groups` names a group for each document: those of one group are resampled together. With a `schema` an
    absent attribute means its default, and attributes of kind id are scored as identity. With the `documents`
    spans are matched by their heads too, where `heads` knows the language of all. Raises GW504 without
    documents, GW506 where the two of a pair belong to different documents or texts.
    """
    _check(pairs)
    golds, preds = [gold for gold, _ in pairs], [pred for _, pred in pairs]
    gold_table, pred_table = SpanTable(golds), SpanTable(preds)
    present = gold_table.layers | pred_table.layers
    wanted = sorted(present) if layers is None else list(dict.fromkeys(layers))
    if strict_layers:
        known_layers(wanted, present)
    warnings: list[str] = []
    sampling = Sampling(resamples, seed, groups)

    parts: Parts = {}
    absent: dict[str, dict[str, int]] = {}
    same: dict[str, dict[str, dict[Metric, Identity]]] = {}
    for layer in wanted:
        labels = tuple(sorted(gold_table.labels(layer) | pred_table.labels(layer)))
        gold, pred = gold_table.spans(layer, labels), pred_table.spans(layer, labels)
        warnings += _layer_warnings(layer, gold, pred)
        blind, typed = align(gold, pred), align(gold, pred, by_label=True)
        for kind in KINDS:
            alignment = typed if kind == "type" else blind
            parts[layer, kind] = labels, span_counts(gold, pred, alignment, kind, len(pairs), len(labels))
        sides = gold_table.flat(layer), pred_table.flat(layer)
        attributes = schema.layers[layer].attributes if schema and layer in schema.layers else None
        ids = [name for name, attribute in (attributes or {}).items() if attribute.kind == "id"]
        if sides[1] and not any(span.attributes for span in sides[1]):
            # A model that predicts spans only is not wrong about what it does not say.
            if any(span.attributes for span in sides[0]):
                warnings.append(
                    f"layer `{layer}`: the prediction bears no attribute, so attributes are not scored"
                )
            attributes, ids = {}, []
        names = tuple(name for name in attribute_names(sides, attributes) if name not in ids)
        if names:
            matched = exactly(blind, gold.document, sides, (gold.row, pred.row))
            counts, absent[layer] = attribute_counts(matched, len(pairs), names, attributes)
            parts[layer, "attributes"] = names, counts
        if documents is not None and all(language_of(document) in BEFORE for document in documents):
            parts[layer, "head"] = labels, head_counts(golds, preds, documents, layer, labels)
        for name in ids:
            attribute = attributes[name] if attributes else None
            same.setdefault(layer, {})[name] = identity(
                name, attribute, sides, (gold, pred), blind, len(pairs), sampling
            )

    limit = None if layers is None else set(wanted)
    relations, relation_warnings = relation_parts(golds, preds, limit)
    warnings += relation_warnings
    wholes = structure_parts(golds, preds, limit)
    parts |= {("", kind): counts for kind, counts in relations.items()}
    parts |= {(layer, kind): counts for (layer, kind), counts in wholes.items()}
    counted = assemble(parts, sampling)
    heads = list(dict.fromkeys(layer for layer, _ in wholes))
    units = len(set(groups)) if groups is not None else len(pairs)
    few = few_warnings(units, grouped=groups is not None)
    return Scores(
        documents=tuple(gold.document for gold in golds),
        layers={layer: {kind: counted[layer, kind] for kind in KINDS} for layer in wanted},
        relations=counted.get(("", "strict")),
        reference=min((trust(gold) for gold in golds), key=STATUSES.index),
        warnings=(*few, *filter(None, [unknown_note(golds)]), *warnings),
        resamples=resamples,
        seed=seed,
        relations_partial=counted.get(("", "partial")),
        attributes={layer: AttributeCounts(counted[layer, "attributes"], n) for layer, n in absent.items()},
        structures={layer: {kind: counted[layer, kind] for kind in STRUCTURE_KINDS} for layer in heads},
        required={layer: required(schema, layer) for layer in heads},
        identity=same,
        heads={layer: counted[layer, "head"] for layer in wanted if (layer, "head") in counted},
        unknown=sum(gold.provenance.kind == "unknown" for gold in golds),
    )


def trust(annotation: Annotation) -> Status:
    """An annotation's status as far as people stand behind it: what a machine made is a draft.

    Where it is unknown who made it the stated status stands; scores say so (`unknown_note`).
    """
    return "draft" if by_machine(annotation) and annotation.status != "skipped" else annotation.status


def unknown_note(golds: Sequence[Annotation]) -> str:
    """What to say of a reference that nobody is known to have made; empty where all makers are known."""
    unknown = sum(gold.provenance.kind == "unknown" for gold in golds)
    if not unknown:
        return ""
    return (
        f"who made the reference of {unknown} of {len(golds)} document(s) is unknown: a person or a machine"
    )


def count(gold: Iterable[Span], pred: Iterable[Span], kind: Kind = "exact") -> Counts:
    """The counts of one document's spans of one layer, all labels together."""
    gold_table, pred_table = SpanTable.of_spans(gold), SpanTable.of_spans(pred)
    labels = tuple(sorted(gold_table.labels("") | pred_table.labels("")))
    gold_spans, pred_spans = gold_table.spans("", labels), pred_table.spans("", labels)
    alignment = align(gold_spans, pred_spans, by_label=kind == "type")
    tp, fp, fn = span_counts(gold_spans, pred_spans, alignment, kind, 1, max(1, len(labels))).sum(axis=(0, 1))
    return Counts(float(tp), float(fp), float(fn))


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


def _layer_warnings(layer: str, gold: Spans, pred: Spans) -> list[str]:
    warnings = []
    for name, side, other in (("gold", gold, pred), ("the prediction", pred, gold)):
        if len(other) and not len(side):
            warnings.append(
                f"{name} has no span at all of layer `{layer}`: every span of the other side is wrong"
            )
        if len(side.dropped):
            twice = len(side.dropped)
            warnings.append(f"layer `{layer}`: {counted(twice, 'duplicate span')} in {name} left out")
    if not len(gold) and not len(pred):
        warnings.append(f"layer `{layer}` is empty on both sides: its figures are undefined")
    return warnings


def _check(pairs: Sequence[tuple[Annotation, Annotation]]) -> None:
    if not pairs:
        raise GoldwireError.of("GW504", "there is no document to score", hint="give gold and predictions")
    faults = []
    for number, (gold, pred) in enumerate(pairs):
        where = f"$[{number}]"
        if gold.document != pred.document:
            message = f"gold is of `{gold.document}`, the prediction of `{pred.document}`"
            faults.append(Fault("GW506", message, where, "pair annotations of one document"))
        elif gold.text_sha256 and pred.text_sha256 and gold.text_sha256 != pred.text_sha256:
            message = f"gold and prediction of `{gold.document}` belong to different texts"
            faults.append(Fault("GW506", message, where, "predict on the text that was annotated"))
    raise_faults(faults)

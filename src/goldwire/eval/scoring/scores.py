"""Scores of predictions against a reference, per layer, matching kind and label, with intervals."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from goldwire.errors import Fault, raise_faults
from goldwire.eval.counts.counts import MatchCounts
from goldwire.eval.counts.per_document import span_counts
from goldwire.eval.matching.relations import NamedBy
from goldwire.eval.matching.spans import Kind, align_spans, codes_of, tabulate
from goldwire.eval.scoring.document_counts import BATCH, DocumentCounts
from goldwire.eval.scoring.score_figures import Scores
from goldwire.model import Annotation, Document, Span
from goldwire.schemas import Schema


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
    entities: NamedBy | None = None,
) -> Scores:
    """Score (gold, prediction) of each document.

    `layers` defaults to all that occur; one that is named and occurs nowhere has undefined figures, or is
    refused (GW505) with `strict_layers`.
    `groups` names a group for each document: those of one group are resampled together. With a `schema` an
    absent attribute means its default, and attributes of kind id are scored as identity. With the `documents`
    spans are matched by their heads too, where `heads` knows the language of all. With `entities`, the
    attribute by which spans of the reference are one entity, of all layers or of each, relations are counted
    between entities too. Raises GW504 without
    documents, GW506 where the two of a pair belong to different documents or texts.
    """
    check_pairs(pairs)
    counts = DocumentCounts(layers=layers, schema=schema, entities=entities)
    for first in range(0, len(pairs), BATCH):
        batch = pairs[first : first + BATCH]
        texts = None if documents is None else documents[first : first + BATCH]
        counts.add([gold for gold, _ in batch], [pred for _, pred in batch], texts)
    return counts.scores(resamples=resamples, seed=seed, groups=groups, strict_layers=strict_layers)


def count(gold: Iterable[Span], pred: Iterable[Span], kind: Kind = "exact") -> MatchCounts:
    """The counts of one document's spans of one layer, all labels together."""
    sides = list(gold), list(pred)
    codes = codes_of(*sides)
    gold_spans, pred_spans = (tabulate([side], codes) for side in sides)
    alignment = align_spans(gold_spans, pred_spans, by_label=kind == "type")
    tp, fp, fn = span_counts(gold_spans, pred_spans, alignment, kind, 1, len(codes)).sum(axis=(0, 1))
    return MatchCounts(float(tp), float(fp), float(fn))


def check_pairs(pairs: Iterable[tuple[Annotation, Annotation]]) -> None:
    """Raise GW506 where the two of a pair belong to different documents or texts."""
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

"""How far the project's readers agree, for the figures of models to stand beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from goldwire.eval.agreement.agree import agree, layers_read_twice
from goldwire.eval.matching.relations import End, end_of
from goldwire.eval.scoring.score_figures import Scores
from goldwire.model import Annotation, Article, unfinished
from goldwire.number_format import with_interval


def related_agreement(readings: Sequence[Article], scores: Scores) -> dict[str, Any] | None:
    """Strict F1 of the relations that are scored between readers, where all of them marked both ends: what
    a model's relations between given spans are like. `documents` counts those read twice.

    None where there are no two readings, or they have no relation between such spans.
    """
    if scores.relations is None or not layers_read_twice(readings):
        return None
    readers = agree(readings, resamples=0).pooled.annotators
    known = set(scores.relations.labels)
    shared = [_shared(article, readers, known) for article in readings]
    if not layers_read_twice(shared):
        return None
    agreed = agree(shared, resamples=scores.resamples, seed=scores.seed).pooled
    related = agreed.relations.get("strict")
    if related is None:
        return None
    micro = related.micro()
    return {
        "f1": micro.counts.f1,
        "ci95": list(micro.ci95) if micro.ci95 else None,
        "documents": len(agreed.documents),
    }


def _shared(article: Article, readers: Sequence[str], labels: set[str]) -> Article:
    """The article with the spans that all its readers marked, and the relations between them."""
    compared = [
        annotation
        for annotation in article.annotations
        if annotation.annotator in readers
        and annotation.status not in ("adjudicated", "skipped")
        and not unfinished(annotation)
    ]
    places = [{end_of(span) for span in annotation.spans} for annotation in compared]
    common = set[End].intersection(*places) if places else set()
    return replace(
        article, annotations=tuple(_only(annotation, common, labels) for annotation in article.annotations)
    )


def _only(annotation: Annotation, places: set[End], labels: set[str]) -> Annotation:
    spans = tuple(span for span in annotation.spans if end_of(span) in places)
    ids = {span.id for span in spans}
    relations = tuple(
        relation
        for relation in annotation.relations
        if relation.label in labels and {relation.head, relation.tail} <= ids
    )
    return replace(annotation, spans=spans, relations=relations)


def agreement_note(figures: Mapping[str, Any]) -> str | None:
    """In words: how far the readers agree, layer by layer and on relations; None where there are no two."""
    agreement = figures.get("agreement")
    if agreement is None:
        return None
    parts = [
        f"`{layer}` {_figure(layer_agreement['agreement_f1'], layer_agreement['agreement_ci95'])}"
        for layer, layer_agreement in agreement["layers"].items()
        if layer_agreement["agreement_f1"] is not None
    ]
    if related := agreement.get("relations"):
        parts.append(f"relations {_figure(related['agreement_f1'], related['agreement_ci95'])}")
    if between_shared := figures.get("given_spans", {}).get("agreement"):
        parts.append(
            f"relations between spans that all marked {_figure(between_shared['f1'], between_shared['ci95'])}"
        )
    return f"{agreement['title']}, exact F1: {', '.join(parts)}" if parts else None


def _figure(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None:
        return "undefined"
    return with_interval(value, interval)

"""How far the project's readers agree, for the figures of models to stand beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from goldwire.eval.agreement.agree import agree, layers_read_twice
from goldwire.eval.scoring.results import Scores
from goldwire.figures import with_interval
from goldwire.model import Annotation, Article, Span, unfinished

#: Layer, extent and label: what makes two spans one.
Place = tuple[str, int, int, str]


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
    found = agree(shared, resamples=scores.resamples, seed=scores.seed).pooled
    related = found.relations.get("strict")
    if related is None:
        return None
    micro = related.micro()
    return {
        "f1": micro.counts.f1,
        "ci95": list(micro.ci95) if micro.ci95 else None,
        "documents": len(found.documents),
    }


def _shared(article: Article, readers: Sequence[str], labels: set[str]) -> Article:
    """The article with the spans that all its readers marked, and the relations between them."""
    read = [
        one
        for one in article.annotations
        if one.annotator in readers and one.status not in ("adjudicated", "skipped") and not unfinished(one)
    ]
    places = [{_place(span) for span in one.spans} for one in read]
    common = set[Place].intersection(*places) if places else set()
    return replace(article, annotations=tuple(_only(one, common, labels) for one in article.annotations))


def _only(annotation: Annotation, places: set[Place], labels: set[str]) -> Annotation:
    spans = tuple(span for span in annotation.spans if _place(span) in places)
    kept = {span.id for span in spans}
    relations = tuple(
        one for one in annotation.relations if one.label in labels and {one.head, one.tail} <= kept
    )
    return replace(annotation, spans=spans, relations=relations)


def _place(span: Span) -> Place:
    return span.layer, span.start, span.end, span.label


def agreement_note(figures: Mapping[str, Any]) -> str | None:
    """In words: how far the readers agree, layer by layer and on relations; None where there are no two."""
    found = figures.get("agreement")
    if found is None:
        return None
    said = [
        f"`{layer}` {_figure(one['agreement_f1'], one['agreement_ci95'])}"
        for layer, one in found["layers"].items()
        if one["agreement_f1"] is not None
    ]
    if related := found.get("relations"):
        said.append(f"relations {_figure(related['agreement_f1'], related['agreement_ci95'])}")
    if given := figures.get("given_spans", {}).get("agreement"):
        said.append(f"relations between spans that all marked {_figure(given['f1'], given['ci95'])}")
    return f"{found['title']}, exact F1: {', '.join(said)}" if said else None


def _figure(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None:
        return "undefined"
    return with_interval(value, interval)

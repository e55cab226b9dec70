"""What of a model's annotation fits the schema: the rest is left out and counted, never sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from goldwire.annotations.values import value_problem
from goldwire.model import Annotation, AttributeValue, Relation, Span
from goldwire.schemas import RelationType, Schema


class FittedAnnotation(NamedTuple):
    """An annotation that the schema bears, and how often each thing was left out, by reason."""

    annotation: Annotation
    left_out: Counter[str]


def fit_to_schema(annotation: Annotation, schema: Schema, text: str) -> FittedAnnotation:
    """Keep the spans, attributes and relations that the schema and the text bear.

    A relation goes with an end of it. What is asked for and missing (a required attribute, a holder) stays
    missing: that is for the annotator.
    """
    left_out: Counter[str] = Counter()
    spans = {span.id: span for span in _spans(annotation, schema, text, left_out)}
    relations = tuple(_relations(annotation, schema, spans, left_out))
    fitting = msgspec.structs.replace(
        annotation, schema=schema.id, spans=tuple(spans.values()), relations=relations
    )
    return FittedAnnotation(fitting, left_out)


def _spans(annotation: Annotation, schema: Schema, text: str, left_out: Counter[str]) -> Iterator[Span]:
    keys: set[tuple[str, str, int, int]] = set()
    ids: set[str] = set()
    for span in annotation.spans:
        key = (span.layer, span.label, span.start, span.end)
        layer = schema.layers.get(span.layer)
        if layer is None:
            left_out[f"spans of layer `{span.layer}`, which the schema does not have"] += 1
        elif span.label not in layer.labels:
            left_out[f"spans of label `{span.label}`, which layer `{span.layer}` does not have"] += 1
        elif not 0 <= span.start < span.end <= len(text) or not text[span.start : span.end].strip():
            left_out["spans outside the text, or of white space"] += 1
        elif key in keys or span.id in ids:
            left_out["spans that stand twice"] += 1
        else:
            keys.add(key)
            ids.add(span.id)
            attributes = dict(_attributes(span, schema, left_out))
            yield msgspec.structs.replace(span, attributes=attributes)


def _attributes(span: Span, schema: Schema, left_out: Counter[str]) -> Iterator[tuple[str, AttributeValue]]:
    known = schema.layers[span.layer].attributes
    for name, value in span.attributes.items():
        attribute = known.get(name)
        if attribute is None:
            left_out[f"values of `{name}`, which layer `{span.layer}` does not have"] += 1
        elif not attribute.applies_to(span.label):
            left_out[f"values of `{name}` on {span.label}, which may not bear it"] += 1
        elif value is False and attribute.kind == "flag":
            continue
        elif problem := value_problem(attribute, value, span.label):
            left_out[f"values of `{name}`: {problem[0]}"] += 1
        else:
            yield name, value


def _relations(
    annotation: Annotation, schema: Schema, spans: dict[str, Span], left_out: Counter[str]
) -> Iterator[Relation]:
    keys: set[tuple[str, str, str]] = set()
    for relation in annotation.relations:
        kind = schema.relations.get(relation.label)
        head, tail = spans.get(relation.head), spans.get(relation.tail)
        key = (relation.label, relation.head, relation.tail)
        if kind is None:
            left_out[f"relations `{relation.label}`, which the schema does not have"] += 1
        elif head is None or tail is None:
            left_out[f"relations `{relation.label}` with an end that was left out"] += 1
        elif head is tail:
            left_out[f"relations `{relation.label}` from a span to itself"] += 1
        elif key in keys:
            left_out[f"relations `{relation.label}` that stand twice"] += 1
        elif not joins(kind, head, tail):
            left_out[f"relations `{relation.label}` between labels that it may not join"] += 1
        else:
            keys.add(key)
            yield relation


def joins(kind: RelationType, head: Span, tail: Span) -> bool:
    """Whether a relation may join spans of these labels."""
    return any(end.admits(head.layer, head.label) for end in kind.head) and any(
        end.admits(tail.layer, tail.label) for end in kind.tail
    )

"""What a schema allows of values and relations' ends: one check for what is stored and for every writer."""

from __future__ import annotations

from collections.abc import Iterator

from goldwire.annotations import rules
from goldwire.annotations.values import value_problem
from goldwire.errors import Fault
from goldwire.model import AttributeValue, Relation, Span
from goldwire.schemas import Attribute, Schema


def value_faults(
    span: Span, name: str, value: AttributeValue, attribute: Attribute, where: str
) -> Iterator[Fault]:
    """What speaks against a value of the attribute `name`: its kind (GW236), or the span's label (GW234)."""
    bears = attribute.applies_to(span.label)
    if not bears:
        message = f"a span of label {span.label} bears no `{name}`"
        yield Fault(rules.BEARER, message, where, f"only on {', '.join(attribute.labels or [])}")
    if problem := value_problem(attribute, value, span.label if bears else ""):
        yield Fault(rules.VALUE, f"`{name}`: {problem[0]}", where, problem[1])


def end_faults(schema: Schema, relation: Relation, head: Span, tail: Span, where: str) -> Iterator[Fault]:
    """Ends whose labels a relation of the schema does not allow (GW238); unknown labels are passed over."""
    kind = schema.relations[relation.label]
    for side, span, ends in (("start from", head, kind.head), ("point to", tail, kind.tail)):
        if _known(schema, span) and not any(end.admits(span.layer, span.label) for end in ends):
            may = "; ".join(f"{end.layer}: {', '.join(end.labels or ['any label'])}" for end in ends)
            yield Fault(rules.ENDS, f"may not {side} {span.label}", where, f"it may {side} {may}")


def given_faults(schema: Schema, relation: Relation, head: Span, where: str) -> Iterator[Fault]:
    """A head without the values that the relation asks of it (GW238); unknown labels are passed over."""
    kind = schema.relations[relation.label]
    if kind.given and _known(schema, head):
        name, held = kind.unmet(schema.layers[head.layer], head.label, head.attributes)
        if name:
            hint = f"remove it, or set `{name}` to what is so"
            message = f"only where `{name}` is {' or '.join(kind.given[name])}, not `{held}`"
            yield Fault(rules.ENDS, message, where, hint)


def _known(schema: Schema, span: Span) -> bool:
    return span.layer in schema.layers and span.label in schema.layers[span.layer].labels

"""Two versions of a schema compared: what was added, removed, renamed, and what annotations would lose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from goldwire.model import Annotation, Relation, Span, pairs
from goldwire.schemas.schema import Attribute, Layer, RelationType, Schema


class SchemaChange(Struct, frozen=True):
    """One difference. `orphans`: annotations that are sound under the old schema may break under the new.

    `layer`, `label`, `attribute`, `value` and `relation` name what of an annotation it concerns (old names);
    `to` is the new name where a removed thing seems to live on under another.
    """

    change: str  # added, removed, renamed, narrowed, widened, changed
    what: str  # layer, label, attribute, value, relation, end, check, …
    name: str
    detail: str = ""
    orphans: bool = False
    to: str = ""
    layer: str = ""
    label: str = ""
    attribute: str = ""
    value: str = ""
    relation: str = ""


def diff(old: Schema, new: Schema) -> list[SchemaChange]:
    """All differences that annotations can feel, in the schema's order; wording and looks do not count."""
    return [*_layers(old, new), *_relations(old, new), *_checks(old, new)]


def count_hits(changes: Iterable[SchemaChange], new: Schema, annotations: Iterable[Annotation]) -> list[int]:
    """For each change the number of stored spans, or relations, that it would orphan or make invalid."""
    listed = list(changes)
    hits = [0] * len(listed)
    for annotation in annotations:
        for number, change in enumerate(listed):
            if change.orphans:
                hits[number] += _hits(change, new, annotation)
    return hits


def _layers(old: Schema, new: Schema) -> Iterator[SchemaChange]:
    renames = _renames(old.layers, new.layers, _layer_alike)
    for name, layer in old.layers.items():
        if name in new.layers:
            yield from _layer(name, layer, new.layers[name], new)
        else:
            yield _gone("layer", name, renames.get(name, ""), layer=name)
    for name in new.layers:
        if name not in old.layers and name not in renames.values():
            yield SchemaChange("added", "layer", name)


def _gone(what: str, name: str, to: str, detail: str = "", **where: str) -> SchemaChange:
    if to:
        return SchemaChange("renamed", what, name, detail or f"it seems to be `{to}` now", True, to, **where)
    return SchemaChange("removed", what, name, detail, True, **where)


def _renames(
    old: Mapping[str, Any], new: Mapping[str, Any], alike: Callable[[Any, Any], bool]
) -> dict[str, str]:
    """Which of the removed names seems to live on under which of the added ones."""
    added = [name for name in new if name not in old]
    renamed: dict[str, str] = {}
    for name in old:
        if name in new:
            continue
        for candidate in added:
            if candidate not in renamed.values() and alike(old[name], new[candidate]):
                renamed[name] = candidate
                break
    return renamed


def _layer_alike(old: Layer, new: Layer) -> bool:
    return bool(set(old.labels) & set(new.labels)) or old.title == new.title


def _label_alike(old: Any, new: Any) -> bool:
    """Same definition, or name; or same colour and hotkey, where there is one."""
    same_look = old.color.lower() == new.color.lower() and bool(old.hotkey) and old.hotkey == new.hotkey
    return bool(old.definition.split() == new.definition.split() or old.name == new.name or same_look)


def _attribute_alike(old: Attribute, new: Attribute) -> bool:
    if old.kind != new.kind:
        return False
    return old.title == new.title or (bool(old.values) and list(old.values) == list(new.values))


def _value_alike(old: Any, new: Any) -> bool:
    return bool(old.title == new.title or (old.definition and old.definition == new.definition))


def _relation_alike(old: RelationType, new: RelationType) -> bool:
    return old.name == new.name or old.definition.split() == new.definition.split()


def _layer(name: str, old: Layer, new: Layer, schema: Schema) -> Iterator[SchemaChange]:
    renames = _renames(old.labels, new.labels, _label_alike)
    for label in old.labels:
        if label not in new.labels:
            moved = next((other for other, held in schema.layers.items() if label in held.labels), "")
            detail = f"it belongs to layer `{moved}` now" if moved else ""
            to = "" if moved else renames.get(label, "")
            yield _gone("label", label, to, detail, layer=name, label=label)
    for label in new.labels:
        if label not in old.labels and label not in renames.values():
            yield SchemaChange("added", "label", label, layer=name, label=label)
    attributes = _renames(old.attributes, new.attributes, _attribute_alike)
    for key, attribute in old.attributes.items():
        where = {"layer": name, "attribute": key}
        if key in new.attributes:
            yield from _attribute(f"{name}.{key}", attribute, new.attributes[key], old, new, where)
        else:
            yield _gone("attribute", f"{name}.{key}", attributes.get(key, ""), **where)
    for key, attribute in new.attributes.items():
        if key not in old.attributes and key not in attributes.values():
            yield SchemaChange("added", "attribute", f"{name}.{key}", layer=name, attribute=key)
            for label in new.labels:
                if label in old.labels and attribute.required_for(label):
                    missing, detail = attribute.default_for(label) is None, f"{label} must bear it"
                    where = {"layer": name, "attribute": key, "label": label}
                    yield SchemaChange("added", "required", f"{name}.{key}", detail, missing, **where)


def _attribute(
    name: str, old: Attribute, new: Attribute, before: Layer, after: Layer, where: dict[str, str]
) -> Iterator[SchemaChange]:
    if old.kind != new.kind:
        # What is one text reads as text, and a whole number as a range.
        safe = new.kind == "text" and old.kind in ("choice", "date", "id", "integer", "range", "country")
        safe = safe or (old.kind, new.kind) == ("integer", "range")
        detail = f"{old.kind} → {new.kind}"
        yield SchemaChange("changed", "kind", name, detail, not safe, **where)
    elif old.values or new.values:
        renames = _renames(old.values, new.values, _value_alike)
        for value in old.values:
            if value not in new.values:
                yield _gone("value", f"{name}={value}", renames.get(value, ""), value=value, **where)
        for value in new.values:
            if value not in old.values and value not in renames.values():
                yield SchemaChange("added", "value", f"{name}={value}", "", False, value=value, **where)
        for value in old.values:
            if value in new.values:
                yield from _value(f"{name}={value}", value, (old, new), before, after, where)
    if old.taken_from != new.taken_from:
        detail = (
            f"absent means what the registry says of `{new.taken_from}`" if new.taken_from else "no longer"
        )
        yield SchemaChange("changed", "default", name, detail, True, **where)
    for label in before.labels:
        if label not in after.labels:
            continue
        here, default = {**where, "label": label}, new.default_for(label)
        if old.applies_to(label) != new.applies_to(label):
            yield _bearing("bearer", name, old.applies_to(label), here)
        if old.default_for(label) != default:
            detail = f"absent on {label} means `{default}`, no longer `{old.default_for(label)}`"
            yield SchemaChange("changed", "default", name, detail, True, **here)
        if new.required_for(label) and not old.required_for(label):
            yield SchemaChange("narrowed", "required", name, f"{label} must bear it", default is None, **here)


def _bearing(what: str, name: str, bore: bool, where: dict[str, str]) -> SchemaChange:
    """A label that may bear an attribute, or a value of it, and might not before; or the other way round."""
    detail = f"{where['label']} may {'no longer' if bore else 'now'} bear it"
    return SchemaChange("narrowed" if bore else "widened", what, name, detail, bore, **where)


def _value(
    name: str,
    value: str,
    attributes: tuple[Attribute, Attribute],
    before: Layer,
    after: Layer,
    where: dict[str, str],
) -> Iterator[SchemaChange]:
    """The labels that have come or gone for one value, apart from those of its attribute."""
    old, new = (attribute.values[value] for attribute in attributes)
    for label in before.labels:
        kept = label in after.labels and all(attribute.applies_to(label) for attribute in attributes)
        if kept and old.applies_to(label) != new.applies_to(label):
            yield _bearing("value", name, old.applies_to(label), {**where, "label": label, "value": value})


def _relations(old: Schema, new: Schema) -> Iterator[SchemaChange]:
    renames = _renames(old.relations, new.relations, _relation_alike)
    for name, relation in old.relations.items():
        if name not in new.relations:
            yield _gone("relation", name, renames.get(name, ""), relation=name)
            continue
        after = new.relations[name]
        if relation.given != after.given:
            told = "; ".join(f"{key} is {' or '.join(values)}" for key, values in after.given.items())
            change, detail = ("narrowed", f"only where {told}") if told else ("widened", "for any head")
            yield SchemaChange(change, "condition", name, detail, bool(told), relation=name)
        for side in ("head", "tail"):
            before, now = _ends(old, relation, side), _ends(new, after, side)
            # An end of a label that comes or goes is that label's change, not the relation's.
            lost = {end for end in before - now if _has(new, *end)}
            won = {end for end in now - before if _has(old, *end)}
            for layer, label in sorted(lost | won):
                gone = (layer, label) in lost
                detail = f"{side} may {'no longer' if gone else 'now'} be {label}"
                where = {"layer": layer, "label": label, "relation": name, "value": side}
                yield SchemaChange("narrowed" if gone else "widened", "end", name, detail, gone, **where)
        if (relation.min, relation.max) != (after.min, after.max):
            detail = f"{_number(relation)} → {_number(after)} for each head"
            fewer = after.max is not None and (relation.max is None or after.max < relation.max)
            less = fewer or after.min > relation.min
            yield SchemaChange("narrowed" if less else "widened", "number", name, detail, less, relation=name)
    for name in new.relations:
        if name not in old.relations and name not in renames.values():
            yield SchemaChange("added", "relation", name)


def _has(schema: Schema, layer: str, label: str) -> bool:
    return layer in schema.layers and label in schema.layers[layer].labels


def _number(relation: RelationType) -> str:
    return f"{relation.min} to {'any number' if relation.max is None else relation.max}"


def _ends(schema: Schema, relation: RelationType, side: str) -> set[tuple[str, str]]:
    ends = relation.head if side == "head" else relation.tail
    return {
        (layer, label)
        for layer, held in schema.layers.items()
        for label in held.labels
        if any(end.admits(layer, label) for end in ends)
    }


def _checks(old: Schema, new: Schema) -> Iterator[SchemaChange]:
    for check in old.checks:
        if check not in new.checks:
            yield SchemaChange("removed", "check", ", ".join(check.labels) or check.word_part)
    for check in new.checks:
        if check not in old.checks:
            yield SchemaChange("added", "check", ", ".join(check.labels) or check.word_part)


def _hits(change: SchemaChange, new: Schema, annotation: Annotation) -> int:
    if change.what == "condition":
        return _unmet(new, change.relation, annotation)
    if change.what == "relation":
        return sum(relation.label == change.relation for relation in annotation.relations)
    if change.what == "number":
        return _out_of_number(new, change.relation, annotation)
    if change.what == "end":
        return sum(_end_hit(change, relation, head, tail) for relation, head, tail in pairs(annotation))
    return sum(_span_hit(change, span) for span in annotation.spans)


def _unmet(new: Schema, name: str, annotation: Annotation) -> int:
    """Such relations whose head has not the values that the new schema asks for."""
    kind = new.relations[name]
    return sum(
        relation.label == name
        and head.layer in new.layers
        and kind.unmet(new.layers[head.layer], head.label, head.attributes) != ("", "")
        for relation, head, _ in pairs(annotation)
    )


def _out_of_number(new: Schema, name: str, annotation: Annotation) -> int:
    """Heads with fewer or more such relations than the new schema asks for."""
    relation = new.relations[name]
    heads = Counter(r.head for r in annotation.relations if r.label == name)
    may = [s.id for s in annotation.spans if any(end.admits(s.layer, s.label) for end in relation.head)]
    most = float("inf") if relation.max is None else relation.max
    return sum(not relation.min <= heads[head] <= most for head in may)


def _end_hit(change: SchemaChange, relation: Relation, head: Span, tail: Span) -> bool:
    span = head if change.value == "head" else tail
    return relation.label == change.relation and (span.layer, span.label) == (change.layer, change.label)


def _span_hit(change: SchemaChange, span: Span) -> bool:
    if span.layer != change.layer or (change.label and span.label != change.label):
        return False
    if not change.attribute:
        return True
    value = span.attributes.get(change.attribute)
    if change.what in ("default", "required"):
        return value is None
    if change.what == "value":
        return change.value in value if isinstance(value, list) else value == change.value
    return value is not None

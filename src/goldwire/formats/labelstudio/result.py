"""Label Studio's `result` lists, both ways. Shape only: files and HTTP are elsewhere.

A span is a region: a `labels` item, then one item a control for its attributes, with the same `id` and
extent (without the extent the region loses its offsets when it is next saved). A layer's labels are the
control named like the layer, an attribute's values the control `layer-attribute`. Label Studio keeps one
relation item for each ordered pair of regions, so several roles go into its `labels`. `value.text` is
never read: it comes back with its white space changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from goldwire.model import Annotation, AttributeValue, Relation, Span
from goldwire.schemas.label_config import FLAG, TEXT, control
from goldwire.schemas.schema import Attribute, Schema


class Quarantined(Struct, frozen=True):
    """Something of a result that the model does not take in: what it is, why not, and the thing itself."""

    kind: Literal["span", "attribute", "relation", "note", "result"]
    reason: str
    item: Any


class Trim(Struct, frozen=True):
    """A span whose edges lay in white space, with its extents before and after."""

    span: str
    before: tuple[int, int]
    after: tuple[int, int]


class Read(NamedTuple):
    """What `from_result` makes of a result; `doubles` are relations that stood there once more."""

    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]
    quarantined: tuple[Quarantined, ...]
    trims: tuple[Trim, ...]
    doubles: tuple[Relation, ...] = ()


def to_result(annotation: Annotation, schema: Schema, text: str | None = None) -> list[dict[str, Any]]:
    """An annotation as Label Studio regions; with `text`, each region shows what it marks.

    Default values that a span does not bear are not written. `marked_by` has no place in a result.
    """
    result: list[dict[str, Any]] = []
    for span in annotation.spans:
        extent: dict[str, Any] = {"start": span.start, "end": span.end}
        if text is not None:
            extent["text"] = text[span.start : span.end]
        shared: dict[str, Any] = {"id": span.id, "to_name": TEXT}
        if span.origin is not None:
            shared["origin"] = span.origin
        region = {**shared, "from_name": span.layer, "type": "labels"}
        region["value"] = {**extent, "labels": [span.label]}
        if span.score is not None:
            region["score"] = span.score
        result.append(region)
        for name, value in span.attributes.items():
            kind = schema.layers[span.layer].attributes[name].kind
            if value is False and kind == "flag":
                continue
            shape = "choices" if kind in ("choice", "choices", "flag") else "textarea"
            held = FLAG if kind == "flag" else value
            key = "choices" if shape == "choices" else "text"
            bare = {"start": span.start, "end": span.end, key: held if isinstance(held, list) else [held]}
            result.append({**shared, "from_name": control(span.layer, name), "type": shape, "value": bare})
    labels: dict[tuple[str, str], list[str]] = {}
    for relation in annotation.relations:
        roles = labels.setdefault((relation.head, relation.tail), [])
        if relation.label not in roles:
            roles.append(relation.label)
    result.extend(
        {"type": "relation", "from_id": head, "to_id": tail, "direction": "right", "labels": roles}
        for (head, tail), roles in labels.items()
    )
    return result


def from_result(result: Any, text: str, schema: Schema) -> Read:
    """The spans and relations of a result over `text`; all that the schema has no place for, with the reason.

    Of a region with several labels each makes a span: the first keeps the region's id, the others are
    `id+LABEL`; attributes go to those that may bear them, relations to those that may be their end.
    """
    return _Reader(text, schema).read(result)


class _Reader:
    """One pass over one result."""

    def __init__(self, text: str, schema: Schema) -> None:
        self.text = text
        self.schema = schema
        self.spans: dict[str, Span] = {}
        self.regions: dict[str, list[str]] = {}  # region id: ids of its spans
        self.relations: dict[Relation, None] = {}
        self.quarantined: list[Quarantined] = []
        self.trims: list[Trim] = []
        self.doubles: list[Relation] = []

    def read(self, result: Any) -> Read:
        if not isinstance(result, list):
            self.refuse("result", "not a list of regions", result)
            result = []
        controls: list[dict[str, Any]] = []
        arrows: list[dict[str, Any]] = []
        for number, item in enumerate(result):
            if not isinstance(item, dict):
                self.refuse("result", "not a region", item)
            elif item.get("type") == "relation":
                arrows.append(item)
            elif item.get("type") == "labels":
                self.region(item, number)
            elif str(item.get("type")).endswith("labels"):
                self.refuse("span", f"`{item['type']}` mark no plain text", item)
            else:
                controls.append(item)
        for item in controls:
            self.attribute(item)
        for item in arrows:
            self.arrow(item)
        spans, relations = tuple(self.spans.values()), tuple(self.relations)
        return Read(spans, relations, tuple(self.quarantined), tuple(self.trims), tuple(self.doubles))

    def refuse(self, kind: Any, reason: str, item: Any) -> None:
        self.quarantined.append(Quarantined(kind, reason, item))

    def region(self, item: dict[str, Any], number: int) -> None:
        value = item.get("value")
        value = value if isinstance(value, dict) else {}
        name = item.get("from_name")
        layer = self.schema.layers.get(name) if isinstance(name, str) else None
        if layer is None:
            return self.refuse("span", f"the schema has no layer `{name}`", item)
        start, end = value.get("start"), value.get("end")
        if type(start) is not int or type(end) is not int:
            return self.refuse("span", "start and end are no code points", item)
        if not 0 <= start < end <= len(self.text):
            return self.refuse(
                "span", f"[{start}, {end}) lies outside the text (0 to {len(self.text)})", item
            )
        marked = self.text[start:end]
        if not marked.strip():
            return self.refuse("span", "nothing but white space is marked", item)
        labels = value.get("labels")
        if not isinstance(labels, list) or not labels:
            return self.refuse("span", "the region has no label", item)
        trimmed = (start + len(marked) - len(marked.lstrip()), end - len(marked) + len(marked.rstrip()))
        region = item.get("id")
        region = region if isinstance(region, str) and region else f"region-{number}"
        for label in dict.fromkeys(str(label) for label in labels):
            if label not in layer.labels:
                self.refuse("span", f"layer `{name}` has no label `{label}`", item)
                continue
            span_id = self.free_id(region, label)
            if trimmed != (start, end):
                self.trims.append(Trim(span_id, (start, end), trimmed))
            origin, score = item.get("origin"), item.get("score")
            self.spans[span_id] = Span(
                span_id,
                str(name),
                label,
                *trimmed,
                origin=origin if isinstance(origin, str) else None,
                score=_number(score),
            )
            self.regions.setdefault(region, []).append(span_id)
        for key, what in (
            ("meta", "a note on the region"),
            ("parentID", "the region's place in a hierarchy"),
        ):
            if item.get(key):
                self.refuse("note", f"{what} has no place in the model", item)
        return None

    def free_id(self, region: str, label: str) -> str:
        if region not in self.spans:
            return region
        found, number = f"{region}+{label}", 2
        while found in self.spans:
            found, number = f"{region}+{label}+{number}", max(number + 1, len(self.spans))
        return found

    def attribute(self, item: dict[str, Any]) -> None:
        region, name = item.get("id"), item.get("from_name")
        spans = [self.spans[i] for i in self.regions.get(region, [])] if isinstance(region, str) else []
        if not spans:
            return self.refuse("attribute", f"no span has the id `{region}`", item)
        layer_name, _, key = name.partition("-") if isinstance(name, str) else ("", "", "")
        layer = self.schema.layers.get(layer_name)
        attribute = layer.attributes.get(key) if layer is not None else None
        if attribute is None:
            return self.refuse("attribute", f"the schema has no attribute `{name}`", item)
        bearers = [span for span in spans if span.layer == layer_name]
        if not bearers:
            return self.refuse("attribute", f"`{name}` on a span of layer `{spans[0].layer}`", item)
        fitting = [span for span in bearers if attribute.applies_to(span.label)] or bearers[:1]
        value = item.get("value")
        held = value.get("choices", value.get("text")) if isinstance(value, dict) else None
        held = [held] if isinstance(held, str) else held
        if not isinstance(held, list) or not all(isinstance(entry, str) for entry in held):
            return self.refuse("attribute", "neither choices nor text", item)
        if not held:
            return None  # an emptied control: the attribute is absent
        read = _value(attribute, held)
        if isinstance(read, _Reason):
            return self.refuse("attribute", read.text, item)
        for span in fitting:
            if key in span.attributes:
                self.refuse("attribute", f"`{name}` stands twice", item)
            else:
                span.attributes[key] = read
        return None

    def arrow(self, item: dict[str, Any]) -> None:
        ends = [
            self.regions.get(i, []) if isinstance(i := item.get(k), str) else [] for k in ("from_id", "to_id")
        ]
        if not all(ends):
            missing = item.get("to_id") if ends[0] else item.get("from_id")
            return self.refuse("relation", f"no span has the id `{missing}`", item)
        direction = item.get("direction", "right")
        if direction not in ("right", "left", "bi"):
            return self.refuse("relation", f"no direction `{direction}`", item)
        labels = item.get("labels")
        if not isinstance(labels, list) or not labels:
            return self.refuse("relation", "the relation has no label", item)
        ways = {"right": [ends], "left": [ends[::-1]], "bi": [ends, ends[::-1]]}[direction]
        for label in dict.fromkeys(str(label) for label in labels):
            if label not in self.schema.relations:
                self.refuse("relation", f"the schema has no relation `{label}`", item)
                continue
            for heads, tails in ways:
                for head, tail in self.pairs(label, heads, tails):
                    if (relation := Relation(label, head, tail)) in self.relations:
                        self.doubles.append(relation)
                    self.relations[relation] = None
        return None

    def pairs(self, label: str, heads: list[str], tails: list[str]) -> Iterator[tuple[str, str]]:
        """The ends that a relation has among the spans of two regions: those that the schema allows."""
        kind = self.schema.relations[label]

        def allowed(ids: list[str], ends: Any) -> list[str]:
            found = [self.spans[i] for i in ids]
            fit = [s.id for s in found if any(end.admits(s.layer, s.label) for end in ends)]
            return fit or ids[:1]

        for head in allowed(heads, kind.head):
            for tail in allowed(tails, kind.tail):
                yield head, tail


def _number(value: Any) -> float | None:
    """A score as JSON can say it again: no NaN, nothing beyond what a float holds."""
    if not isinstance(value, (int, float)) or not -1e300 < value < 1e300:
        return None
    return float(value)


class _Reason(NamedTuple):
    text: str


def attribute_value(attribute: Attribute, held: list[str]) -> AttributeValue | None:
    """An attribute's value from what its control holds; None where it can have none of that."""
    read = _value(attribute, held)
    return None if isinstance(read, _Reason) else read


def _value(attribute: Attribute, held: list[str]) -> AttributeValue | _Reason:
    """An attribute's value from what its control holds, or the reason why it has none."""
    kind = attribute.kind
    if kind == "flag":
        return True if held == [FLAG] else _Reason(f"a flag holds `{FLAG}` only")
    if kind in ("choice", "choices"):
        if unknown := [entry for entry in held if entry not in attribute.values]:
            return _Reason(f"the schema has no value `{unknown[0]}`")
        if kind == "choices":
            return held
        return held[0] if len(held) == 1 else _Reason("several values where one is asked for")
    if kind == "text":
        return "\n".join(held)
    return held[0].strip() if len(held) == 1 else _Reason("several values where one is asked for")

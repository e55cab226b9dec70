"""Results of the usual form, read without a detour; `labelstudio.from_result` reads all others.

In an export nearly every result is as Label Studio itself writes it. Decoded straight into types it takes a
fraction of the time. Whatever is odd - an unknown label, an extent outside the text, a note, a second region
of one id - makes `RegionReader.read` answer None, and nothing is decided here.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from goldwire.formats.labelstudio.result import Read, Trim, attribute_value
from goldwire.model import AttributeValue, Relation, Span
from goldwire.schemas.label_config import control
from goldwire.schemas.schema import Attribute, Layer, Schema


class _Value(Struct, gc=False):
    start: int = -1
    end: int = -1
    labels: tuple[str, ...] = ()
    choices: tuple[str, ...] | None = None
    text: Raw = Raw()


class Item(Struct, gc=False):
    """One item of a result."""

    type: str = ""
    id: str = ""
    from_name: str = ""
    value: _Value | None = None
    origin: str | None = None
    score: float | None = None
    meta: Raw = Raw()
    parentID: Raw = Raw()
    from_id: str = ""
    to_id: str = ""
    direction: str = "right"
    labels: tuple[str, ...] = ()


_text = msgspec.json.Decoder(list[str] | str).decode


class RegionReader:
    """Reads usual results by one schema."""

    def __init__(self, schema: Schema) -> None:
        self.layers: dict[str, Layer] = dict(schema.layers)
        self.relations = schema.relations
        self.controls: dict[str, tuple[str, str, Attribute]] = {
            control(layer, name): (layer, name, attribute)
            for layer, one in schema.layers.items()
            for name, attribute in one.attributes.items()
        }

    def read(self, items: list[Item], text: str) -> Read | None:
        """What `from_result` makes of the same items; None where any of them is odd."""
        spans: dict[str, Span] = {}
        relations: dict[Relation, None] = {}
        trims: list[Trim] = []
        doubles: list[Relation] = []
        later: list[Item] = []
        length, layers = len(text), self.layers
        for item in items:
            if item.type != "labels":
                later.append(item)
                continue
            value, name, number = item.value, item.from_name, item.id
            layer = layers.get(name)
            if value is None or layer is None or len(value.labels) != 1 or not number or number in spans:
                return None
            [label] = value.labels
            start, end = value.start, value.end
            if label not in layer.labels or not 0 <= start < end <= length or item.meta or item.parentID:
                return None
            if text[start].isspace() or text[end - 1].isspace():
                marked = text[start:end]
                if not marked.strip():
                    return None
                trimmed = (end - len(marked.lstrip()), start + len(marked.rstrip()))
                trims.append(Trim(number, (start, end), trimmed))
                start, end = trimmed
            score = item.score
            if score is not None and not -1e300 < score < 1e300:
                return None
            spans[number] = Span(number, name, label, start, end, {}, (), item.origin, score)
        for item in later:
            if item.type == "relation":
                continue
            span, known, value = spans.get(item.id), self.controls.get(item.from_name), item.value
            if item.type.endswith("labels") or span is None or known is None or value is None:
                return None
            layer_name, key, attribute = known
            read = _attribute(attribute, value)
            if (
                read is None
                or span.layer != layer_name
                or key in span.attributes
                or not attribute.applies_to(span.label)
            ):
                return None
            span.attributes[key] = read
        for item in later:
            if item.type != "relation":
                continue
            head, tail = item.from_id, item.to_id
            if head not in spans or tail not in spans or not item.labels:
                return None
            if item.direction == "left":
                head, tail = tail, head
            elif item.direction not in ("right", "bi"):
                return None
            for label in dict.fromkeys(item.labels):
                if label not in self.relations:
                    return None
                made = [Relation(label, head, tail)]
                if item.direction == "bi":
                    made.append(Relation(label, tail, head))
                for relation in made:
                    if relation in relations:
                        doubles.append(relation)
                    relations[relation] = None
        return Read(tuple(spans.values()), tuple(relations), (), tuple(trims), tuple(doubles))


def _attribute(attribute: Attribute, value: _Value) -> AttributeValue | None:
    held: Any = value.choices
    if held is None:
        try:
            held = _text(value.text)
        except msgspec.DecodeError:
            return None
    entries = [held] if isinstance(held, str) else list(held)
    return attribute_value(attribute, entries) if entries else None

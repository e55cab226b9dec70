"""Label Studio's `result` lists: what reading one gives, and how one is written. Shape only.

A span is a region: a `labels` item, then one item a control for its attributes, with the same `id` and
extent (without the extent the region loses its offsets when it is next saved). A layer's labels are the
control named like the layer, an attribute's values the control `layer-attribute`. Label Studio keeps one
relation item for each ordered pair of regions, so several roles go into its `labels`. `value.text` comes
back with its white space changed: it is compared, never taken.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from goldwire.formats.account import ConversionAccount
from goldwire.model import Annotation, AttributeValue, Relation, Span
from goldwire.schemas.numbers import bounds, tidy
from goldwire.schemas.rendering.label_config import FLAG, TEXT, control
from goldwire.schemas.rendering.picks import any_control, pick_control
from goldwire.schemas.schema import Attribute, Schema


class Quarantined(Struct, frozen=True):
    """Something of a result that the model does not take in: what it is, why not, and the thing itself.

    `count` says how many spans (or attributes, or relations) it stands for: a region has one for each label.
    `cause` is the reason without what only this one has, where that is another: it sums up many of a kind.
    """

    kind: Literal["span", "attribute", "relation", "note", "result"]
    reason: str
    item: Any
    count: int = 1
    cause: str = ""


class Trim(Struct, frozen=True):
    """A span whose edges lay in white space, with its extents before and after."""

    span: str
    before: tuple[int, int]
    after: tuple[int, int]


class Census(NamedTuple):
    """What a result held: a span for each label of a region, a relation for each label, an attribute an item.

    `attributes_kept` counts the items of which a span bears the value; the rest follows from what was read.
    """

    spans: int = 0
    relations: int = 0
    attributes: int = 0
    attributes_kept: int = 0

    def enter(self, account: ConversionAccount) -> None:
        """Put down what there was."""
        account.spans.found += self.spans
        account.relations.found += self.relations
        account.attributes.found += self.attributes


class ReadResult(NamedTuple):
    """What the reader makes of a result; `doubles` are relations that stood there once more.

    `disagrees` says that a region's own text, or the text's length, speaks against how offsets were counted;
    `moved` that spans lie at other offsets than were given. `filled` arrows bore no role and could only mean
    one; `turned` are relations whose arrow pointed the other way.
    """

    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]
    quarantined: tuple[Quarantined, ...]
    trims: tuple[Trim, ...]
    doubles: tuple[Relation, ...] = ()
    census: Census = Census()
    disagrees: bool = False
    moved: bool = False
    filled: int = 0
    turned: tuple[Relation, ...] = ()

    def enter(self, account: ConversionAccount) -> None:
        """Put down what there was, and what of it is kept."""
        self.census.enter(account)
        account.spans.kept += len(self.spans)
        account.spans.trimmed += len(self.trims)
        account.spans.moved += len(self.spans) if self.moved else 0
        lost = sum(part.count for part in self.quarantined if part.kind == "relation")
        account.relations.kept += self.census.relations - lost
        account.attributes.kept += self.census.attributes_kept


def to_result(
    annotation: Annotation,
    schema: Schema,
    text: str | None = None,
    picks: Mapping[str, Collection[str]] | None = None,
) -> list[dict[str, Any]]:
    """An annotation as Label Studio regions; with `text`, each region shows what it marks.

    `picks` are the ids that each picker offers: those are picked, others stand as typed.

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
            picker = next((p for p in pickers(span, name) if value in (picks or {}).get(p, ())), "")
            shape = "choices" if picker or kind in ("choice", "choices", "flag") else "textarea"
            held = FLAG if kind == "flag" else value
            key = "choices" if shape == "choices" else "text"
            bare = {"start": span.start, "end": span.end, key: held if isinstance(held, list) else [held]}
            named = picker or control(span.layer, name)
            result.append({**shared, "from_name": named, "type": shape, "value": bare})
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


def pickers(span: Span, attribute: str) -> tuple[str, str]:
    """The controls in which the id of a span may be picked."""
    return pick_control(span.layer, attribute, span.label), any_control(span.layer, attribute)


class Unread(NamedTuple):
    """Why a control's content is no value of an attribute."""

    text: str


def attribute_value(attribute: Attribute, held: list[str]) -> AttributeValue | Unread:
    """An attribute's value from what its control holds (at least one text), or the reason why it has none."""
    kind = attribute.kind
    if kind == "flag":
        return True if held == [FLAG] else Unread(f"a flag holds `{FLAG}` only")
    if kind in ("choice", "choices"):
        if unknown := [entry for entry in held if entry not in attribute.values]:
            return Unread(f"the schema has no value `{unknown[0]}`")
        if kind == "choices":
            return held
        return held[0] if len(held) == 1 else Unread("several values where one is asked for")
    if kind == "text":
        return "\n".join(held)
    if len(held) != 1:
        return Unread("several values where one is asked for")
    value = held[0].strip()
    return tidy(value) if kind in ("integer", "range") and bounds(tidy(value)) is not None else value

"""The items of a result, typed: what Label Studio writes for regions, their attributes and relations.

Decoded straight into these, a result costs a fraction of what dictionaries cost. Fields are loosely typed on
purpose: whatever stands in them is judged by the reader, which can say what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

_NAMES = {"global_offsets": "globalOffsets", "start_offset": "startOffset", "end_offset": "endOffset"}


class ItemValue(Struct, gc=False, omit_defaults=True, rename=_NAMES):
    """What an item holds: an extent, and what its control says of it under the control's own name."""

    start: Any = None
    end: Any = None
    text: Any = None
    labels: Any = None
    choices: Any = None
    hypertextlabels: Any = None
    paragraphlabels: Any = None
    rating: Any = None
    number: Any = None
    datetime: Any = None
    taxonomy: Any = None
    start_offset: Any = None
    end_offset: Any = None
    global_offsets: Any = None


class Item(Struct, gc=False, omit_defaults=True, rename={"parent_id": "parentID"}):
    """One item of a result."""

    type: str | None = None
    id: Any = None
    from_name: str | None = None
    to_name: str | None = None
    value: ItemValue | None = None
    origin: Any = None
    score: Any = None
    meta: Any = None
    parent_id: Any = None
    from_id: Any = None
    to_id: Any = None
    direction: Any = None
    labels: Any = None


#: Items of these types mark an extent of a text; their labels stand under the type's name, else `labels`.
REGIONS = frozenset({"labels", "hypertextlabels", "paragraphlabels"})
#: Stands in a result for an item that belongs to another text of the task.
ELSEWHERE = Item()


#: Fields that are of one form, or taken for missing.
_FORMS: dict[Any, type] = {"type": str, "from_name": str, "to_name": str, "value": dict}


def items_of(result: Any) -> list[Item | None]:
    """The items of a result in Python's form; None for each that is none."""
    if not isinstance(result, list):
        return []
    try:
        return msgspec.convert(result, list[Item | None])
    except (msgspec.ValidationError, UnicodeEncodeError):
        return [_item(entry) for entry in result]


def _item(entry: Any) -> Item | None:
    if not isinstance(entry, dict):
        return None
    try:
        return msgspec.convert(entry, Item)
    except (msgspec.ValidationError, UnicodeEncodeError):  # its value is no object, or names are no texts
        named: dict[str, Any] = {
            key: value for key, value in _named(entry) if isinstance(value, _FORMS.get(key, object))
        }
        return msgspec.convert({**named, "value": dict(_named(named.get("value") or {}))}, Item)


def _named(entry: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    """What stands under names that a field can have."""
    return ((key, value) for key, value in entry.items() if isinstance(key, str) and key.isascii())


def labels_of(item: Item) -> list[str]:
    """A region's labels (or choices, where these mark it), each once."""
    value = item.value
    if value is None or item.type is None:
        return []
    held = value.choices if item.type == "choices" else getattr(value, item.type) or value.labels
    if not isinstance(held, list):
        return []
    return held if len(held) == 1 and isinstance(held[0], str) else list(dict.fromkeys(map(str, held)))


def held_of(item: Item) -> list[str] | None:
    """What an attribute's control holds, as texts; None where it is of no form that an attribute can have."""
    value = item.value
    if value is None:
        return None
    held: Any = value.choices
    if held.__class__ is list and len(held) == 1 and held[0].__class__ is str:
        return held
    if held is None and isinstance(value.taxonomy, list):
        held = [" / ".join(map(str, path)) if isinstance(path, list) else path for path in value.taxonomy]
    for figure in (value.rating, value.number, value.datetime):
        if held is None and isinstance(figure, (int, float, str)) and not isinstance(figure, bool):
            held = [str(figure)]
    if held is None:
        held = value.text
    held = [held] if isinstance(held, str) else held
    return held if isinstance(held, list) and all(isinstance(entry, str) for entry in held) else None


def directed(direction: Any, start: T, end: T) -> list[tuple[T, T]]:
    """The ends of an arrow, head first: two pairs where it is two-way, none for an unknown direction."""
    if direction in ("right", None):
        return [(start, end)]
    if direction == "left":
        return [(end, start)]
    return [(start, end), (end, start)] if direction == "bi" else []


def free_id(region: str, label: str, taken: Collection[str]) -> str:
    """An id for a further span of a region: `REGION+LABEL`, with a number where that is taken."""
    free, number = f"{region}+{label}", 2
    while free in taken:
        # After the first try beyond all that there are, else a label that stands often costs its square.
        free, number = f"{region}+{label}+{number}", max(number + 1, len(taken))
    return free


def no_offsets(item: Item) -> str:
    """Why a region that states no extent states none."""
    if item.type == "hypertextlabels" or (
        item.value is not None and isinstance(item.value.start, str) and item.value.start.startswith("/")
    ):
        return "a place in a page (XPath) without offsets over its text (globalOffsets)"
    if item.type == "paragraphlabels":
        return "the dialogue has no such turns"
    return "start and end are no code points"


def score_of(item: Item) -> float | None:
    """A score as JSON can say it again: no NaN, nothing beyond what a float holds."""
    if not isinstance(item.score, (int, float)) or not -1e300 < item.score < 1e300:
        return None
    return float(item.score)

"""Disagreements as regions of a task: each at its place in the text, with both versions and one choice.

They are a layer of their own beside the schema's. What the adjudicator chooses decides an item; an item that
nothing was chosen for stays open, whatever is marked around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

import msgspec

from goldwire.annotate.adjudication.decisions import AdjudicationCase
from goldwire.annotate.adjudication.merge import AdjudicationOutcome, Decision
from goldwire.annotate.adjudication.pairing import pair_key, span_name, span_pairs
from goldwire.files import sha256
from goldwire.messages import Messages, messages_in
from goldwire.model import Annotation, AttributeValue, Span
from goldwire.schemas import Attribute, Label, Layer, Schema
from goldwire.schemas.rendering.keys import NO_KEY, free_keys, taken_keys
from goldwire.schemas.rendering.label_config import control
from goldwire.schemas.rendering.picks import joined_entries
from goldwire.schemas.schema import Value

LAYER = "disagreement"
#: The one label of that layer.
MARK = "≠"
VERSIONS, DECISION = "versions", "decision"
#: The adjudicator decides by what is marked in the text.
OTHER = "other"
_ANSWERS = ("a", "b", "neither", OTHER)
_COLOR = "#C00000"


class ItemChoice(NamedTuple):
    """What was chosen for one item: an answer, or the id that a span is to bear; empty where nothing was."""

    answer: str = ""
    id: str = ""


class ItemAnswer(NamedTuple):
    """How an item is decided, with the value of an attribute that neither version has."""

    decide: Literal["a", "b", "neither", "value"]
    value: str | None = None


class IdItem(NamedTuple):
    """Which items ask for an id: those of an attribute of a layer. They are marked as `mark`, and the id is
    the attribute `key` of their region."""

    layer: str
    attribute: str
    mark: str
    key: str


def id_items(schema: Schema) -> list[IdItem]:
    """The items that ask for ids, for each attribute that holds any."""
    names = [
        (layer, name)
        for layer, about in schema.layers.items()
        for name, attribute in about.attributes.items()
        if attribute.kind == "id"
    ]
    alone = {name for _, name in names if [other for _, other in names].count(name) == 1}
    return [
        IdItem(
            layer,
            name,
            f"{MARK} {name if name in alone else f'{layer} {name}'}",
            joined_entries(layer, name, schema),
        )
        for layer, name in names
    ]


def id_item(key: str, schema: Schema) -> IdItem | None:
    """What an item asks for, where that is an id."""
    if not key.startswith("attribute "):
        return None
    span, _, attribute = key.removeprefix("attribute ").rpartition(" ")
    layer = span.partition(" ")[0]
    return next(
        (each for each in id_items(schema) if (each.layer, each.attribute) == (layer, attribute)), None
    )


def with_items(schema: Schema) -> Schema:
    """The schema with the layer of disagreements before its own."""
    say = messages_in(schema.language)
    titles = {"a": "A", "b": "B", "neither": say("adjudication.neither"), OTHER: say("adjudication.other")}
    keys = answer_keys(schema)
    values = {
        answer: Value(titles[answer] if key == NO_KEY else f"{titles[answer]} [{key}]")
        for answer, key in keys.items()
    }
    title = say("adjudication.disagreements")
    label = Label(say("adjudication.disagreement"), say("adjudication.how"), _COLOR, NO_KEY)
    attributes = {
        VERSIONS: Attribute(title, "text"),
        DECISION: Attribute(say("adjudication.decision"), "choice", values=values),
    }
    for each in id_items(schema):
        about = schema.layers[each.layer].attributes[each.attribute]
        attributes[each.key] = Attribute(
            say("adjudication.other_id"), "id", labels=[each.mark], registry=about.registry
        )
    labels = dict.fromkeys([MARK, *(each.mark for each in id_items(schema))], label)
    layer = Layer(title, labels, attributes=attributes)
    return msgspec.structs.replace(schema, layers={LAYER: layer, **schema.layers})


def answer_keys(schema: Schema) -> dict[str, str]:
    """The key of each answer: four digits side by side that no label has, else what is free; `NO_KEY` for
    those for which none is left."""
    taken = taken_keys(schema)
    rows = ("1234", "5678", "7890", "qwer", "asdf", "zxcv")
    free = free_keys(taken, "1234567890qwertyuiopasdfghjklzxcvbnm")
    keys = next((row for row in rows if not taken & set(row)), free)
    return dict(zip(_ANSWERS, [*keys, *([NO_KEY] * len(_ANSWERS))], strict=False))


def with_keys(config: ET.Element, schema: Schema) -> None:
    """Give the answers their keys, which set nothing but the selected disagreement."""
    keys = answer_keys(schema)
    for choices in config.iter("Choices"):
        if choices.get("name") == control(LAYER, DECISION):
            for option in choices.iter("Choice"):
                option.set("hotkey", keys[str(option.get("alias"))])


def region_id(key: str) -> str:
    """The id of the region that stands for an item, or a span: the same at every push."""
    return f"gw-{sha256(key)[:12]}"


def open_spans(case: AdjudicationCase, outcome: AdjudicationOutcome, schema: Schema) -> set[str]:
    """The names of the spans of which it is open whether they stand."""
    opened = {item.key for item in outcome.open}
    return {
        span_name(span)
        for a, b in span_pairs(case.readings, schema)
        if pair_key(a, b) in opened
        for span in (a, b)
        if span is not None
    }


def listed(case: AdjudicationCase, outcome: AdjudicationOutcome, schema: Schema) -> Iterator[Decision]:
    """The items to show: a span's attributes come with its version, arguments wait for their ends."""
    waiting = open_spans(case, outcome, schema)
    for item in outcome.items:
        of_span = item.key.startswith(("attribute ", "relation "))
        later = of_span and any(f" {name} " in f"{item.key} " for name in waiting)
        shown = item.decide in ("", "a", "b", "neither")
        if not later and (shown or (item.decide == "value" and id_item(item.key, schema))):
            yield item


def regions(case: AdjudicationCase, outcome: AdjudicationOutcome, schema: Schema) -> Iterator[Span]:
    """The items as spans of their layer, decided ones with what was decided."""
    say = messages_in(schema.language)
    names = [reading.annotator for reading in case.readings]
    for item in listed(case, outcome, schema):
        place = outcome.asked[item.key].span
        attributes: dict[str, AttributeValue] = {VERSIONS: _versions(item, names, say)}
        asked = id_item(item.key, schema)
        if asked is not None and isinstance(item.value, str):
            attributes[asked.key] = item.value
        elif item.decide:
            attributes[DECISION] = item.decide
        mark = MARK if asked is None else asked.mark
        yield Span(region_id(item.key), LAYER, mark, place.start, place.end, attributes)


def _versions(item: Decision, names: list[str], say: Messages) -> str:
    attribute = item.key.rpartition(" ")[2] if item.key.startswith("attribute ") else ""
    kind = f"{say(f'adjudication.{item.kind}')} {attribute}".strip()
    sides = [
        say("config.line", title=f"{letter} ({name})", text=words if words not in ("", "None") else "—")
        for letter, name, words in zip("AB", names, (item.a, item.b), strict=True)
    ]
    return "\n".join([kind, *sides])


def split_choices(marks: Annotation) -> tuple[Annotation, dict[str, ItemChoice]]:
    """An annotation without the disagreements, and what was chosen for them by their regions' ids."""
    chosen = {s.id: _choice(s) for s in marks.spans if s.layer == LAYER and s.attributes.keys() - {VERSIONS}}
    spans = tuple(span for span in marks.spans if span.layer != LAYER)
    ids = {span.id for span in spans}
    relations = tuple(r for r in marks.relations if {r.head, r.tail} <= ids)
    return msgspec.structs.replace(marks, spans=spans, relations=relations), chosen


def _choice(region: Span) -> ItemChoice:
    ids = [str(v) for name, v in region.attributes.items() if name not in (VERSIONS, DECISION)]
    return ItemChoice(str(region.attributes.get(DECISION, "")), *ids[:1])


class Answered(NamedTuple):
    """What was chosen, by item; the items that the marks answer; those for which a version and another id
    were chosen, which says nothing; and how many choices stand for no item."""

    decided: dict[str, ItemAnswer]
    marked: set[str]
    torn: list[str]
    strange: int


def answered(outcome: AdjudicationOutcome, chosen: Mapping[str, ItemChoice]) -> Answered:
    """What was chosen, as decisions by item, a chosen version's attributes with it."""
    decided: dict[str, ItemAnswer] = {}
    marked: set[str] = set()
    torn: list[str] = []
    by_id = {region_id(item.key): item for item in outcome.items}
    for region, choice in chosen.items():
        item = by_id.get(region)
        if item is None:
            continue
        picked = ItemAnswer("a" if choice.id == item.a else "b") if choice.id in (item.a, item.b) else None
        picked = picked or ItemAnswer("value", choice.id)
        if choice.id and choice.answer in ("", OTHER, picked.decide):
            decided[item.key] = picked
        elif choice.id:
            torn.append(item.key)
        elif choice.answer == OTHER:
            marked.add(item.key)
        else:
            # The version that did not mark it: it does not stand.
            version: Literal["a", "b", "neither"] = "a" if choice.answer == "a" else "b"
            allowed = choice.answer != "neither" and version in outcome.asked[item.key].allowed
            decided[item.key] = ItemAnswer(version if allowed else "neither")
    return Answered(decided, marked, torn, len(chosen.keys() - by_id.keys()))


def with_their_spans(
    case: AdjudicationCase, outcome: AdjudicationOutcome, schema: Schema, decided: Iterable[str]
) -> dict[str, ItemAnswer]:
    """The open attributes of spans of which one version was chosen, decided as that version has them."""
    keys = set(decided)
    chosen = {item.key: item.decide for item in outcome.items if item.key in keys}
    names: dict[str, ItemAnswer] = {}
    for a, b in span_pairs(case.readings, schema):
        decide = chosen.get(pair_key(a, b))
        if decide == "a" and a is not None:
            names[span_name(a)] = ItemAnswer("a")
        elif decide == "b" and b is not None:
            names[span_name(b)] = ItemAnswer("b")
    return {
        item.key: names[name]
        for item in outcome.open
        if item.key.startswith("attribute ")
        and (name := item.key.removeprefix("attribute ").rpartition(" ")[0]) in names
    }

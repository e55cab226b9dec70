"""One pass over one result: spans, then what is said of them, and all that has no place, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from goldwire.formats.counting import same_words
from goldwire.formats.labelstudio.items import (
    ELSEWHERE,
    REGIONS,
    Item,
    directed,
    free_id,
    held_of,
    labels_of,
    no_offsets,
    score_of,
)
from goldwire.formats.labelstudio.naming import AttributeNames, Naming
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.formats.labelstudio.result import Census, Quarantined, ReadResult, Trim, Unread, attribute_value
from goldwire.model import Relation, Span
from goldwire.schemas.schema import End


def is_of(item: Item, naming: Naming) -> bool:
    """Whether an item is of the text that is read, or names none."""
    return not naming.texts or not item.to_name or item.to_name in naming.texts


class ResultReader:
    """One pass over one result; a region as Label Studio itself writes it goes a quick way.

    `original` gives an item as it came, by its number.
    """

    def __init__(self, text: RegionText, naming: Naming, original: Callable[[int], Any] | None) -> None:
        self.counted, self.text, self.naming = text, text.text, naming
        self.spans: dict[str, Span] = {}
        # A region's id is that of its span. Where it is not, or there are several: the region's spans, and
        # all ids that are not to be taken for each other.
        self.regions: dict[str, list[str]] = {}
        self.mixed: set[str] = set()
        self.relations: dict[Relation, None] = {}
        self.doubles: list[Relation] = []
        self.quarantined: list[Quarantined] = []
        self.trims: list[Trim] = []
        self.disagrees = False
        self.spans_given = self.relations_given = self.attributes_given = self.attributes_kept = 0
        self.original = original
        self.filled = 0
        self.turned: list[Relation] = []

    def read(self, items: Sequence[Item | None]) -> ReadResult:
        """All that a result holds, the attributes and relations after the spans that bear them."""
        attributes: list[tuple[int, Item]] = []
        arrows: list[tuple[int, Item]] = []
        usual = self.counted.plain and not self.counted.turns
        for number, item in self.usual_regions(items) if usual else enumerate(items):
            if item is None:
                self.refuse("result", "not a region", number)
            elif item.type in REGIONS:
                self.region(number, item)
            elif item.type == "relation":
                arrows.append((number, item))
            elif item.type == "choices" and item.from_name in self.naming.layers:
                self.region(number, item)
            elif item.type is not None and item.type.endswith("labels"):
                self.spans_given += 1
                self.refuse("span", f"`{item.type}` mark no plain text", number)
            elif item is not ELSEWHERE:
                attributes.append((number, item))
        if self.naming.picks:
            attributes.sort(key=lambda each: self.rank(each[1]))
        self.attributes_given += len(attributes)
        for number, item in attributes:
            if not self.usual_choice(item):
                self.attribute(number, item)
        for number, item in arrows:
            if not self.usual_arrow(item):
                self.arrow(number, item)
        return ReadResult(
            spans=tuple(self.spans.values()),
            relations=tuple(self.relations),
            quarantined=tuple(self.quarantined),
            trims=tuple(self.trims),
            doubles=tuple(self.doubles),
            census=Census(
                self.spans_given, self.relations_given, self.attributes_given, self.attributes_kept
            ),
            disagrees=self.disagrees,
            moved=not self.counted.plain,
            filled=self.filled,
            turned=tuple(self.turned),
        )

    def refuse(self, kind: Any, reason: str, number: int, count: int = 1, cause: str = "") -> None:
        """Put an item aside, for `count` spans, attributes or relations; `cause` as `Quarantined` has it."""
        item = self.original(number) if self.original is not None else None
        self.quarantined.append(Quarantined(kind, reason, item, count, cause))

    def usual_regions(self, items: Sequence[Item | None]) -> Iterator[tuple[int, Item | None]]:
        """Take in the regions that are as Label Studio itself writes them, and give all others, numbered.

        In the order of the items: ids that regions share go to the first of them.
        """
        text, size, texts = self.text, len(self.text), self.naming.texts
        spans, layers = self.spans, self.naming.layers
        new_spans = 0
        for number, item in enumerate(items):
            if item is None or item.type != "labels":
                yield number, item
                continue
            value, region, names = item.value, item.id, layers.get(item.from_name or "")
            if value is not None and names is not None and type(region) is str and region not in spans:
                labels, start, end, said = value.labels, value.start, value.end, value.text
                one = labels[0] if type(labels) is list and len(labels) == 1 else None
                label = names.labels.get(one) if type(one) is str else None
                if label and region and type(start) is int and type(end) is int and 0 <= start < end <= size:
                    marked = text[start:end]
                    if (
                        (marked == said or type(said) is not str)
                        and marked.strip() == marked
                        and (not texts or item.to_name in texts)
                        and not (item.meta or item.parent_id)
                    ):
                        origin = item.origin if type(item.origin) is str else None
                        score = None if item.score is None else score_of(item)
                        spans[region] = Span(region, names.layer, label, start, end, {}, (), origin, score)
                        new_spans += 1
                        continue
            yield number, item
        self.spans_given += new_spans

    def region(self, number: int, item: Item) -> None:
        """One region's spans: one for each of its labels."""
        labels = labels_of(item)
        count = len(labels) or 1
        self.spans_given += count
        if not is_of(item, self.naming):
            return self.refuse(
                "span", f"it marks `{item.to_name}`, another object of the task", number, count
            )
        names = self.naming.layers.get(item.from_name) if item.from_name is not None else None
        if names is None:
            return self.refuse("span", f"the schema has no layer `{item.from_name}`", number, count)
        value = item.value
        if value is None or (stated := self.counted.stated(value)) is None:
            return self.refuse("span", no_offsets(item), number, count)
        start, end = stated
        extent = self.counted.extent(start, end)
        if extent is None:
            self.disagrees = True
            cause = "cuts a character that normalising joins"
            return self.refuse("span", f"[{start}, {end}) {cause}", number, count, cause)
        first, last = extent
        if not 0 <= first < last <= len(self.text):
            self.disagrees = True
            where = f"[{start}, {end}) lies outside the text (0 to {len(self.counted.raw)})"
            return self.refuse("span", where, number, count, "outside the text")
        marked = self.text[first:last]
        said = value.text
        if said.__class__ is str and said != marked and not same_words(marked, said):
            self.disagrees = True
            reason = f"[{start}, {end}) is {marked[:60]!r}, and the region says {said[:60]!r}"
            return self.refuse("span", reason, number, count, "not what the region says")
        if marked[0].isspace() or marked[-1].isspace():
            if not marked.strip():
                return self.refuse("span", "nothing but white space is marked", number, count)
            trimmed = last - len(marked.lstrip()), first + len(marked.rstrip())
        else:
            trimmed = extent
        if not labels:
            return self.refuse("span", "the region has no label", number, count)
        region = item.id if isinstance(item.id, str) and item.id else f"region-{number}"
        origin = item.origin if isinstance(item.origin, str) else None
        for stored in labels:
            label = names.labels.get(stored)
            if label is None:
                self.refuse("span", f"layer `{item.from_name}` has no label `{stored}`", number)
                continue
            span_id = region
            if region in self.spans:
                span_id = free_id(region, label, self.spans)
                self.regions[region] = [*self.ids_of(region), span_id]
                self.mixed |= {region, span_id}
            if trimmed != extent:
                self.trims.append(Trim(span_id, extent, trimmed))
            self.spans[span_id] = Span(span_id, names.layer, label, *trimmed, {}, (), origin, score_of(item))
        if item.meta:
            self.refuse("note", "a note on the region has no place in the model", number)
        if item.parent_id:
            self.refuse("note", "the region's place in a hierarchy has no place in the model", number)
        return None

    def ids_of(self, region: Any) -> Sequence[str]:
        """The ids of a region's spans."""
        if not isinstance(region, str):
            return ()
        if region in self.mixed:
            return self.regions.get(region, ())
        return (region,) if region in self.spans else ()

    def rank(self, item: Item) -> int:
        """Which of several values of an attribute stands: the typed one, then that of the span's label."""
        label = self.naming.picks.get(item.from_name or "")
        if label is None:
            return 0
        ids = self.ids_of(item.id)
        return 1 if not label or any(self.spans[each].label == label for each in ids) else 2

    def attribute(self, number: int, item: Item) -> None:
        """What a control says of a region, as an attribute of its spans that may bear it."""
        ids = self.ids_of(item.id)
        known = self.naming.attributes.get(item.from_name) if item.from_name is not None else None
        if not ids:
            return self.refuse("attribute", self._without_span(item), number)
        if known is None:
            return self.refuse("attribute", f"the schema has no attribute `{item.from_name}`", number)
        spans = [self.spans[span_id] for span_id in ids]
        bearers = [span for span in spans if span.layer in known]
        if not bearers:
            return self.refuse(
                "attribute", f"`{item.from_name}` on a span of layer `{spans[0].layer}`", number
            )
        held = held_of(item)
        if held is None:
            return self.refuse("attribute", "neither choices nor text", number)
        if not held:
            self.attributes_given -= 1
            return None  # an emptied control: the attribute is absent
        fitting = [span for span in bearers if known[span.layer].attribute.applies_to(span.label)] or bearers[
            :1
        ]
        is_kept = False
        for span in fitting:
            names = known[span.layer]
            read = attribute_value(names.attribute, _mapped(held, names))
            if isinstance(read, Unread):
                return self.refuse("attribute", read.text, number)
            if names.name in span.attributes and item.from_name in self.naming.picks:
                is_kept = is_kept or span.attributes[names.name] == read
                if not is_kept:
                    told = f"`{read}` is picked too, and `{span.attributes[names.name]}` stands"
                    self.refuse("attribute", told, number, 1, "another id is picked too")
            elif names.name in span.attributes:
                self.refuse("attribute", f"`{item.from_name}` stands twice", number)
            else:
                span.attributes[names.name] = read
                is_kept = True
        self.attributes_kept += is_kept
        return None

    def usual_choice(self, item: Item) -> bool:
        """Take in one choice of a span, as most attributes are; False, and nothing done, for any other."""
        region, value = item.id, item.value
        span = self.spans.get(region) if type(region) is str and region not in self.mixed else None
        known = self.naming.attributes.get(item.from_name or "")
        held = value.choices if value is not None else None
        if span is None or known is None or type(held) is not list or len(held) != 1:
            return False
        names = known.get(span.layer)
        if names is None or names.name in span.attributes or type(held[0]) is not str:
            return False
        attribute, choice = names.attribute, names.values.get(held[0], held[0])
        if attribute.kind != "choice" or choice not in attribute.values:
            return False
        if not attribute.applies_to(span.label):
            return False
        span.attributes[names.name] = choice
        self.attributes_kept += 1
        return True

    def _without_span(self, item: Item) -> str:
        if item.value is None or (item.value.start is None and item.value.end is None):
            return f"`{item.from_name}` is asked of the whole text; attributes belong to spans"
        return f"no span has the id `{item.id}`"

    def arrow(self, number: int, item: Item) -> None:
        """A relation of each label between the spans of two regions; two where it is two-way."""
        labels = item.labels if isinstance(item.labels, list) else []
        if not labels and self.naming.unnamed is not None:
            labels = [None]
        count = len(dict.fromkeys(map(str, labels))) or 1
        self.relations_given += count
        heads, tails = self.ids_of(item.from_id), self.ids_of(item.to_id)
        if not heads or not tails:
            missing = item.to_id if heads else item.from_id
            whose = "no span of this text" if self.naming.texts else "no span"
            return self.refuse("relation", f"{whose} has the id `{missing}`", number, count)
        ways = directed(item.direction, heads, tails)
        if not ways:
            return self.refuse("relation", f"no direction `{item.direction}`", number, count)
        if not labels:
            return self.unlabelled(number, *ways[0])
        for stored in {str(label): label for label in labels}.values():
            label = self.naming.unnamed if stored is None else self.naming.relations.get(str(stored))
            if label is None:
                self.refuse("relation", f"the schema has no relation `{stored}`", number)
                continue
            for start, end in ways:
                wrong = len(ways) == 1 and self.naming.own and self.is_reversed(label, start, end)
                for head, tail in self.pairs(label, *((end, start) if wrong else (start, end))):
                    self.relate(Relation(label, head, tail))
                    if wrong and self.naming.schema.relations[label].drawn == "from_head":
                        self.turned.append(Relation(label, head, tail))
        return None

    def unlabelled(self, number: int, start: Sequence[str], end: Sequence[str]) -> None:
        """An arrow without a role: the one that the schema allows it to be, else none.

        First as it was drawn, then the other way.
        """
        kinds = self.naming.schema.relations.items() if self.naming.own else ()
        ways = {"from_head": (start, end), "from_tail": (end, start)}
        for turned in (False, True):
            possible = [
                Relation(name, head, tail)
                for name, kind in kinds
                if kind.drawn != "named"
                for heads, tails in [ways[kind.drawn][::-1] if turned else ways[kind.drawn]]
                for head in heads
                for tail in tails
                if kind.admits(self.kind_of(head), self.kind_of(tail))
            ]
            if len(possible) == 1:
                self.relate(possible[0])
                self.filled += 1
                self.turned += possible if turned else []
                return None
            if possible:
                roles = ", ".join(sorted({relation.label for relation in possible}))
                reason = f"the relation has no label, and may be {roles}"
                return self.refuse("relation", reason, number, 1, "a relation without label")
        return self.refuse("relation", "the relation has no label", number)

    def kind_of(self, span_id: str) -> tuple[str, str]:
        """The layer and label of a span."""
        span = self.spans[span_id]
        return span.layer, span.label

    def is_reversed(self, label: str, start: Sequence[str], end: Sequence[str]) -> bool:
        """Whether the schema allows this relation from the arrow's end to its start only."""
        kind = self.naming.schema.relations[label]

        def allowed(heads: Sequence[str], tails: Sequence[str]) -> bool:
            return any(kind.admits(self.kind_of(h), self.kind_of(t)) for h in heads for t in tails)

        return not allowed(start, end) and allowed(end, start)

    def usual_arrow(self, item: Item) -> bool:
        """Take in a relation between two regions of a span each; False, and nothing done, for any other."""
        head, tail, labels, spans = item.from_id, item.to_id, item.labels, self.spans
        if type(head) is not str or type(tail) is not str or head not in spans or tail not in spans:
            return False
        if type(labels) is not list or len(labels) != 1 or item.direction not in ("right", None):
            return False
        label = self.naming.relations.get(labels[0]) if type(labels[0]) is str else None
        if label is None or (self.mixed and not self.mixed.isdisjoint((head, tail))):
            return False
        if self.naming.own and not self.naming.schema.relations[label].admits(
            self.kind_of(head), self.kind_of(tail)
        ):
            return False
        self.relations_given += 1
        self.relate(Relation(label, head, tail))
        return True

    def relate(self, relation: Relation) -> None:
        """Keep a relation, once."""
        if relation in self.relations:
            self.doubles.append(relation)
        self.relations[relation] = None

    def pairs(self, label: str, heads: Sequence[str], tails: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The ends that a relation has among the spans of two regions: those that the schema allows."""
        kind = self.naming.schema.relations[label]

        def allowed(ids: Sequence[str], ends: Sequence[End]) -> Sequence[str]:
            if len(ids) == 1:
                return ids
            spans = [self.spans[span_id] for span_id in ids]
            fit = [span.id for span in spans if any(end.admits(span.layer, span.label) for end in ends)]
            return fit or ids[:1]

        for head in allowed(heads, kind.head):
            for tail in allowed(tails, kind.tail):
                yield head, tail


def _mapped(held: list[str], names: AttributeNames) -> list[str]:
    return [names.values.get(entry, entry) for entry in held] if names.values else held

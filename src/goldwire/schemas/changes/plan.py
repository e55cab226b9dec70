"""A plan of how annotations get from one version of a schema to the next, as it is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_text
from goldwire.model import AttributeValue
from goldwire.schemas.load import typed_data
from goldwire.schemas.yaml_lines import parse_yaml

KINDS = ("rename", "merge", "split", "remove", "move", "add", "set")


class SpanName(Struct, frozen=True, forbid_unknown_fields=True):
    """A span by its article (the id or how it begins) and the words that hold it, itself in [brackets]."""

    document: str
    quote: str
    label: str = ""

    def is_of(self, document: str) -> bool:
        """Whether it may lie in the article of this id; an unknown one is empty."""
        return not document or document.startswith(self.document)

    def extent(self, text: str) -> tuple[int, int] | None:
        """Its start and end in the article's text; None where the quote does not stand there just once."""
        return _extent(self.quote, text)


class Arrow(Struct, frozen=True, forbid_unknown_fields=True):
    """A relation by its ends."""

    head: SpanName
    tail: SpanName


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """What a span must meet, all of it: an attribute's value (or its absence), a pattern in what it marks, or
    to be one of those that are named."""

    attribute: str = ""
    values: list[str] = field(default_factory=list)
    matches: str = ""
    absent: bool = False
    surface: str = ""
    spans: list[SpanName] = field(default_factory=list)


class SplitRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Spans that meet `when` become `to`."""

    when: When
    to: str


class Operation(Struct, frozen=True, forbid_unknown_fields=True):
    """One step: one of `rename`, `merge`, `split`, `remove`, `move`, `add`, `set`.

    `labels` narrows it to spans (or relations from spans) of these labels, `spans` to those that it names (or
    relations from them), `arrows` to the relations that it names. With an `attribute`, `merge` and `split`
    are of that attribute's values, as of ids; without, of labels, or where `to` is a relation `merge` is of
    relations. `reason` goes into the record.
    """

    rename: Literal["label", "layer", "attribute", "value", "relation"] | None = None
    merge: list[str] | None = None
    split: str | None = None
    remove: Literal["label", "attribute", "value", "relation", "span"] | None = None
    move: str | None = None
    add: Literal["attribute", "relation"] | None = None
    set: str | None = None
    name: str = ""
    to: str = ""
    layer: str = ""
    attribute: str = ""
    value: AttributeValue | None = None
    labels: list[str] | None = None
    spans: list[SpanName] | None = None
    arrows: list[Arrow] | None = None
    rules: list[SplitRule] = field(default_factory=list)
    otherwise: str = ""
    reason: str = ""

    @property
    def kinds(self) -> list[str]:
        """Which steps it is: a plan that is in order says one."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]

    @property
    def told(self) -> str:
        """The step in a few words."""
        of = f"{self.layer}.{self.attribute} " if self.attribute and (self.merge or self.split) else ""
        if self.merge is not None:
            return f"merge {of}{', '.join(self.merge)} → {self.to}"
        if self.split is not None:
            return f"split {of}{self.split}"
        if self.move is not None:
            return f"move {self.move} → {self.to}"
        if self.set is not None:
            return f"set {self.layer}.{self.set} = {self.value}"
        where = ".".join(filter(None, (self.layer, self.attribute, self.name)))
        if self.add is not None:
            return f"add {self.add} {where}" + ("" if self.value is None else f" = {self.value}")
        told = f"rename {self.rename} {where} → {self.to}" if self.rename else f"remove {self.remove} {where}"
        return told.rstrip()

    def names(self) -> Iterator[tuple[str, SpanName]]:
        """Every span that it names, with its place in the step."""
        for number, name in enumerate(self.spans or ()):
            yield f"spans[{number}]", name
        for number, arrow in enumerate(self.arrows or ()):
            yield f"arrows[{number}].head", arrow.head
            yield f"arrows[{number}].tail", arrow.tail
        for rule, held in enumerate(self.rules):
            for number, name in enumerate(held.when.spans):
                yield f"rules[{rule}].when.spans[{number}]", name


class Plan(Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """A migration from the schema id `source` (in the file: `from`) to that of `to`."""

    source: str
    to: str
    operations: list[Operation]


@lru_cache(maxsize=4096)
def _extent(quote: str, text: str) -> tuple[int, int] | None:
    before, _, rest = quote.partition("[")
    inside, _, after = rest.partition("]")
    whole = before + inside + after
    at = text.find(whole)
    if at < 0 or text.find(whole, at + 1) >= 0:
        return None
    return at + len(before), at + len(before) + len(inside)


def load_plan(path: Path) -> Plan:
    """The plan in a YAML file. Raises one error with all its faults (GW101 to GW103, GW130)."""
    data, lines = parse_yaml(read_text(path), str(path))
    plan, faults = typed_data(data, Plan, lines, str(path))
    if plan is None:
        raise GoldwireError(*faults)
    raise_faults(_plan_faults(plan, lines, str(path)))
    return plan


def span_name_faults(plan: Plan, texts: Mapping[str, str]) -> Iterator[Fault]:
    """The spans that a plan names and no article holds just once (GW131); `texts` are by article."""
    for number, operation in enumerate(plan.operations):
        for part, name in operation.names():
            place = f"$.operations[{number}].{part}"
            articles = [key for key in texts if name.is_of(key)]
            if len(articles) != 1:
                message = f"{len(articles) or 'no'} articles begin with `{name.document}`"
                yield Fault("GW131", message, place, one_of(articles or texts))
            elif name.extent(texts[articles[0]]) is None:
                hint = "quote it to the letter, with as many words around the [span] as make it unique"
                message = f"{articles[0]} does not hold «{name.quote}» just once"
                yield Fault("GW131", message, place, hint)


_NEEDED = {
    "rename": ("name", "to"),
    "merge": ("to",),
    "split": ("rules",),
    "remove": ("name",),
    "move": ("to", "spans"),
    "add": ("name",),
    "set": ("layer",),
}
_INSIDE = {"attribute": ("layer",), "value": ("layer", "attribute")}


def _plan_faults(plan: Plan, lines: dict[str, int], source: str) -> Iterator[Fault]:
    if plan.source == plan.to:
        hint = "give the schema a new version: annotations tell by it whether they are migrated"
        yield Fault("GW130", f"`from` and `to` are both {plan.to}", source, hint)
    for number, step in enumerate(plan.operations):
        at = f"$.operations[{number}]"
        place = f"{source}:{lines.get(at, 1)} {at}"
        if len(step.kinds) != 1:
            yield Fault("GW130", f"not exactly one of {', '.join(KINDS)}", place, "one a step")
            continue
        (kind,) = step.kinds
        needed = [*_NEEDED[kind], *_INSIDE.get(str(step.rename or step.remove or step.add), ())]
        if step.remove == "span":
            needed = ["spans"]
        elif step.add == "relation":
            needed.append("arrows")
        elif step.attribute and kind in ("merge", "split"):
            needed.append("layer")
        for key in needed:
            if not getattr(step, key):
                yield Fault("GW130", f"{kind} lacks `{key}`", place, "add it")
        if (step.set is not None or step.add == "attribute") and step.value in (None, "", []):
            yield Fault("GW130", f"{kind} lacks `value`", place, "add it; to take one out: remove")
        for key in ("merge", "labels", "spans", "arrows"):
            if getattr(step, key) == []:
                yield Fault("GW130", f"`{key}` names nothing: {kind} would reach nothing", place, "name some")
        for part, name in step.names():
            if not re.fullmatch(r"[^\[\]]*\[[^\[\]]+\][^\[\]]*", name.quote):
                hint = "the words around it, the span itself in [brackets]"
                yield Fault("GW130", f"{part}: «{name.quote}» shows no span", place, hint)
        for rule in step.rules:
            if not rule.to:
                yield Fault("GW130", "a rule without `to`", place, "name what it makes of a span")
            yield from _when_faults(rule.when, place)


def _when_faults(when: When, place: str) -> Iterator[Fault]:
    if not (when.surface or when.attribute or when.spans):
        yield Fault("GW130", "a rule without condition", place, "name `attribute`, `surface` or `spans`")
    if when.attribute and not (when.values or when.matches or when.absent):
        hint = "give `values`, `matches` or `absent: true`"
        yield Fault("GW130", f"nothing is asked of `{when.attribute}`", place, hint)
    for pattern in (when.surface, when.matches):
        try:
            re.compile(pattern)
        except re.error as error:
            yield Fault("GW130", f"`{pattern}` is no pattern: {error}", place, "a regular expression")

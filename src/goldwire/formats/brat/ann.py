"""One `.ann` file of brat's: its lines as spans and relations, its faults with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import msgspec

from goldwire import strict_json
from goldwire.errors import Fault, one_of
from goldwire.formats._escape import unescape
from goldwire.formats.brat.conf import Conf
from goldwire.formats.brat.roles import RoleNames, in_order
from goldwire.formats.brat.write import REST
from goldwire.formats.counting import CountedText, same_words
from goldwire.model import AttributeValue, Relation, Span
from goldwire.schemas.schema import Schema

_FORMS = {
    "T": re.compile(r"(T\S*)\t(\S+) ([0-9]{1,12} [0-9]{1,12}(?:;[0-9]{1,12} [0-9]{1,12})*)(?:\t(.*))?"),
    "E": re.compile(r"(E\S*)\t(\S+:\S+(?: +\S+:\S+)*) *()()"),
    "R": re.compile(r"(R\S*)\t(\S+) +([^\s:]+:\S+) +([^\s:]+:\S+)\s*"),
    "A": re.compile(r"([AM]\S*)\t(\S+) +(\S+)(?: +(.*\S))? *"),
    "N": re.compile(r"(N\S*)\t\S+ +(\S+) +([^\s:]+:\S+)(?:\t(.*))?"),
    "#": re.compile(r"(#\S*)\t(\S+) +(\S+)(?:\t(.*))?"),
    "*": re.compile(r"(\*)\t(\S+) +(\S+(?: +\S+)+)() *"),
}
_SHAPES = {
    "T": "T1<tab>TYPE 0 5<tab>text",
    "E": "E1<tab>TYPE:T1 Role:T2",
    "R": "R1<tab>TYPE Arg1:T1 Arg2:T2",
    "A": "A1<tab>NAME T1 value",
    "N": "N1<tab>Reference T1 DB:ID<tab>text",
    "#": "#1<tab>TYPE T1<tab>note",
    "*": "*<tab>Equiv T1 T2",
}


class Line(NamedTuple):
    """A line's parts, with its number."""

    number: int
    id: str
    one: str
    two: str
    three: str | None
    written: str


class Aside(NamedTuple):
    """A line that was put aside, and why."""

    number: int
    reason: str
    written: str


#: The extents of a span, and the words beside them.
Wording = tuple[list[tuple[int, int]], str]


def agrees(text: CountedText, wording: Wording) -> bool:
    """Whether the extents mark the words beside them."""
    marked = [text.marked(start, end) for start, end in wording[0]]
    return None not in marked and same_words(" ".join(filter(None, marked)), wording[1])


class Ann:
    """Reads one file: `lines` takes it apart, `build` makes spans of it once it is known how offsets are
    counted and what roles are called. `schema` gives labels their layers where the conf does not; lines that
    are wrong are faults, or put `aside` where `lenient`.
    """

    def __init__(self, source: str, conf: Conf, schema: Schema | None, *, lenient: bool = False) -> None:
        self.source, self.conf, self.schema, self.lenient = source, conf, schema, lenient
        self.faults: list[Fault] = []
        self.aside: list[Aside] = []
        self.lost: dict[str, list[str]] = {}
        self.found: dict[str, list[Line]] = {kind: [] for kind in _FORMS}
        self.ends: dict[str, str] = {}  # T and E ids, with the id of the span that they stand for
        self.made: dict[str, Span] = {}
        self.headed: set[str] = set()  # triggers that an event's span is

    def fault(self, code: str, number: int, written: str, message: str, hint: str = "") -> None:
        """Put down a fault of a line, or put the line aside."""
        if self.lenient:
            self.aside.append(Aside(number, message, written))
        else:
            self.faults.append(Fault(code, message, f"{self.source}:{number}", hint))

    def refuse(self, code: str, line: Line, message: str, hint: str = "") -> None:
        """Put down a fault of a line whose parts are known."""
        self.fault(code, line.number, line.written, message, hint)

    def lines(self, content: str) -> None:
        """Take all lines apart; what is no line of standoff stands in `faults`."""
        seen: dict[str, int] = {}
        for number, line in enumerate(content.split("\n"), start=1):
            line = line.removesuffix("\r")
            if not line.strip():
                continue
            kind = "A" if line[0] == "M" else line[0]
            match = _FORMS[kind].fullmatch(line) if kind in _FORMS else None
            if match is None:
                shape = _SHAPES.get(kind, "a line begins with T, E, R, A, M, N, # or *")
                self.fault("GW273", number, line, f"not a line of standoff: «{line[:60]}»", shape)
                continue
            parts = Line(number, match[1], match[2], match[3], match[4], line)
            if parts.id != "*" and parts.id in seen:
                self.refuse("GW273", parts, f"id `{parts.id}` stands twice", f"line {seen[parts.id]} has it")
                continue
            seen[parts.id] = number
            self.found[kind].append(parts)

    def wordings(self) -> list[Wording]:
        """What the spans say that they mark, where they do."""
        return [(extents_of(line), line.three) for line in self.found["T"] if line.three is not None]

    def extents(self) -> list[tuple[int, int]]:
        """All extents, as they were counted."""
        return [extent for line in self.found["T"] for extent in extents_of(line)]

    def roles(self) -> Iterator[str]:
        """The roles of all events, as they stand."""
        for line in self.found["E"]:
            yield from (part.partition(":")[0] for part in line.one.split()[1:])

    def build(self, text: CountedText) -> None:
        """Make the spans; what is wrong with them stands in `faults`, what the model can't hold in `lost`."""
        triggers = {each.one.split(" ")[0].partition(":")[2] for each in self.found["E"]}
        for line in self.found["T"]:
            self.mark(line, line.id in triggers, text)
        for line in self.found["E"]:
            self.event(line)
        for line in self.found["A"]:
            self.attribute(line)
        for line in self.found["N"]:
            self.reference(line)
        for line in self.found["#"]:
            self.note(line)

    def spans(self) -> Iterator[Span]:
        """The spans, in the order of their lines."""
        yield from self.made.values()

    def kind(self, line: Line, trigger: bool) -> tuple[str, str] | None:
        """The layer and label of a line's type; None, with a fault, where the schema has none."""
        if line.one in self.conf.types:
            return self.conf.types[line.one]
        label = unescape(line.one) if self.conf.own else line.one
        if self.schema is None:
            return ("event" if trigger else "entity"), label
        layers = [key for key, layer in self.schema.layers.items() if label in layer.labels]
        if not layers:
            labels = [each for layer in self.schema.layers.values() for each in layer.labels]
            self.refuse("GW273", line, f"{self.schema.stamp} has no label `{label}`", one_of(labels))
            return None
        return layers[0], label

    def mark(self, line: Line, trigger: bool, text: CountedText) -> None:
        """A T line."""
        stated = extents_of(line)
        extents = [text.extent(start, end) for start, end in stated]
        length = len(text.raw)
        if any(
            start >= end or (extent is not None and not 0 <= extent[0] < extent[1] <= len(text.text))
            for (start, end), extent in zip(stated, extents, strict=True)
        ):
            hint = f"0 <= start < end <= {length}, in {text.counting.units}"
            return self.refuse("GW274", line, f"extent {line.two} lies outside the text", hint)
        known = sorted(extent for extent in extents if extent is not None)
        if len(known) < len(extents):
            message = f"{line.id} begins or ends inside a character that normalising (NFC) joins"
            return self.refuse("GW274", line, message, "move its edge")
        if line.three is not None and not agrees(text, (stated, line.three)):
            marked = " ".join(text.text[start:end] for start, end in known)
            message = f"{line.id} says «{line.three[:40]}», the text has «{marked[:40]}»"
            way = f" (counted: {text.counting})" if str(text.counting) else ""
            hint = f"offsets count characters of the .txt file{way}"
            return self.refuse("GW274", line, message, hint)
        if any(text.text[a[1] : b[0]].strip("\n") for a, b in pairwise(known)):
            self.lost.setdefault("gaps of discontinuous spans", []).append(line.id)
        kind = self.kind(line, trigger)
        if kind is not None:
            start, end = known[0][0], max(extent[1] for extent in known)
            self.made[line.id] = Span(line.id, *kind, start, end)
            self.ends[line.id] = line.id
        return None

    def event(self, line: Line) -> None:
        """An E line: its trigger's span stands for it; a second event of one trigger gets its own."""
        trigger = line.one.split(" ")[0].partition(":")[2]
        span = self.made.get(trigger)
        if span is None:
            return self.refuse("GW273", line, f"{line.id} has no trigger `{trigger}`", "a T line")
        if trigger in self.headed:
            self.made[line.id] = Span(line.id, span.layer, span.label, span.start, span.end)
            self.ends[line.id] = line.id
        else:
            self.headed.add(trigger)
            self.ends[line.id] = trigger
        return None

    def relations(self, names: RoleNames) -> Iterator[Relation]:
        """Roles of events, then relations, then equivalences, each from the first to the others."""
        for line in self.found["E"]:
            for part in line.one.split()[1:] if line.id in self.ends else ():
                role, _, tail = part.partition(":")
                yield from self.arrow(line, names.name(role, self.conf), line.id, tail)
        for line in self.found["R"]:
            yield from self.arrow(line, line.one, *in_order(line.one, line.two, line.three or "", self.conf))
        for line in self.found["*"]:
            first, *others = line.two.split()
            for other in others:
                yield from self.arrow(line, line.one, first, other)

    def arrow(self, line: Line, name: str, head: str, tail: str) -> Iterator[Relation]:
        """The relation between two ends, or a fault where one is missing."""
        for end in (head, tail):
            if end not in self.ends:
                self.refuse("GW273", line, f"{line.id}: there is no `{end}`", "a T or an E line")
                return
        label = unescape(name) if self.conf.own else name
        yield Relation(label, self.ends[head], self.ends[tail])

    def target(self, line: Line, name: str, what: str) -> Span | None:
        """The span that an attribute, a reference or a note is about; None where it is about none."""
        if name in self.ends:
            return self.made[self.ends[name]]
        if name[:1] in "RN" and any(each.id == name for each in self.found[name[:1]]):
            self.lost.setdefault(f"{what} of a relation", []).append(line.id)
        elif what == "note":
            self.lost.setdefault("note on the document", []).append(line.id)
        else:
            self.refuse("GW273", line, f"{line.id}: there is no `{name}`", "a T or an E line")
        return None

    def give(self, span: Span, key: str, value: AttributeValue) -> None:
        """Set an attribute; one that stands several times becomes a list."""
        held = span.attributes.get(key)
        if held is None:
            span.attributes[key] = value
        else:
            several = held if isinstance(held, list) else [str(held)]
            span.attributes[key] = [*several, str(value)]

    def attribute(self, line: Line) -> None:
        """An A or M line."""
        if (span := self.target(line, line.two, "attribute")) is not None:
            own = self.conf.own
            value = True if line.three is None else unescape(line.three) if own else line.three
            self.give(span, unescape(line.one) if own else line.one, value)

    def reference(self, line: Line) -> None:
        """An N line: the attribute that the conf names for the registry, else `reference` as it stands."""
        if (span := self.target(line, line.one, "reference")) is not None:
            registry, _, value = line.two.partition(":")
            key = self.conf.references.get(span.layer, {}).get(registry)
            self.give(span, key or "reference", value if key else line.two)

    def note(self, line: Line) -> None:
        """A # line: a text attribute named like the note's type."""
        if (span := self.target(line, line.two, "note")) is None:
            return
        said = line.three or ""
        if self.conf.own and line.one == REST:
            try:
                span.attributes.update(strict_json.decode(said, dict[str, AttributeValue]))
            except (msgspec.MsgspecError, UnicodeEncodeError):
                message = f"{line.id} is no JSON object of attributes"
                self.refuse("GW273", line, message, "remove the note")
        else:
            self.give(span, unescape(line.one) if self.conf.own else line.one, said)


def extents_of(line: Line) -> list[tuple[int, int]]:
    """The extents of a T line, as they were counted."""
    fragments = [part.split(" ") for part in line.two.split(";")]
    return [(int(start), int(end)) for start, end in fragments]

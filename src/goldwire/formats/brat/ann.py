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
from goldwire.formats._offsets import Text
from goldwire.formats.brat.conf import Conf
from goldwire.formats.brat.write import REST
from goldwire.model import AttributeValue, Relation, Span
from goldwire.schemas.schema import Schema
from goldwire.seeds import normalise

_FORMS = {
    "T": re.compile(r"(T\S*)\t(\S+) ([0-9]{1,12} [0-9]{1,12}(?:;[0-9]{1,12} [0-9]{1,12})*)(?:\t(.*))?"),
    "E": re.compile(r"(E\S*)\t(\S+:\S+(?: +\S+:\S+)*) *()()"),
    "R": re.compile(r"(R\S*)\t(\S+) +[^\s:]+:(\S+) +[^\s:]+:(\S+)\s*"),
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


class Ann:
    """Reads one file. `schema` gives labels their layers where the conf does not."""

    def __init__(self, source: str, text: Text, conf: Conf, schema: Schema | None) -> None:
        self.source, self.text, self.conf, self.schema = source, text, conf, schema
        self.faults: list[Fault] = []
        self.lost: dict[str, list[str]] = {}
        self.found: dict[str, list[Line]] = {kind: [] for kind in _FORMS}
        self.ends: dict[str, str] = {}  # T and E ids, with the id of the span that they stand for
        self.made: dict[str, Span] = {}

    def fault(self, code: str, number: int, message: str, hint: str = "") -> None:
        """Put down a fault of a line."""
        self.faults.append(Fault(code, message, f"{self.source}:{number}", hint))

    def lines(self, content: str) -> None:
        """Read all lines; what is wrong with them stands in `faults`, what the model can't hold in `lost`."""
        seen: dict[str, int] = {}
        for number, line in enumerate(content.split("\n"), start=1):
            line = line.removesuffix("\r")
            if not line.strip():
                continue
            kind = "A" if line[0] == "M" else line[0]
            match = _FORMS[kind].fullmatch(line) if kind in _FORMS else None
            if match is None:
                shape = _SHAPES.get(kind, "a line begins with T, E, R, A, M, N, # or *")
                self.fault("GW273", number, f"not a line of standoff: «{line[:60]}»", shape)
                continue
            parts = Line(number, match[1], match[2], match[3], match[4])
            if parts.id != "*" and parts.id in seen:
                hint = f"line {seen[parts.id]} has it"
                self.fault("GW273", number, f"id `{parts.id}` stands twice", hint)
                continue
            seen[parts.id] = number
            self.found[kind].append(parts)
        triggers = {each.one.split(" ")[0].partition(":")[2] for each in self.found["E"]}
        for line_ in self.found["T"]:
            self.mark(line_, line_.id in triggers)
        for line_ in self.found["E"]:
            self.event(line_)
        for line_ in self.found["A"]:
            self.attribute(line_)
        for line_ in self.found["N"]:
            self.reference(line_)
        for line_ in self.found["#"]:
            self.note(line_)

    def spans(self) -> Iterator[Span]:
        """The spans, in the order of their lines."""
        yield from self.made.values()

    def kind(self, name: str, trigger: bool, number: int) -> tuple[str, str]:
        """The layer and label of a type."""
        if name in self.conf.types:
            return self.conf.types[name]
        label = unescape(name) if self.conf.own else name
        if self.schema is None:
            return ("event" if trigger else "entity"), label
        layers = [key for key, layer in self.schema.layers.items() if label in layer.labels]
        if not layers:
            labels = [each for layer in self.schema.layers.values() for each in layer.labels]
            self.fault("GW273", number, f"{self.schema.stamp} has no label `{label}`", one_of(labels))
            return "", label
        return layers[0], label

    def mark(self, line: Line, trigger: bool) -> None:
        """A T line."""
        extents = [tuple(map(int, part.split(" "))) for part in line.two.split(";")]
        moved = [(self.text.at(start), self.text.at(end)) for start, end in extents]
        length = len(self.text.raw)
        if any(not 0 <= start < end <= length for start, end in extents):
            hint = f"0 <= start < end <= {length}, in code points"
            return self.fault("GW274", line.number, f"extent {line.two} lies outside the text", hint)
        said = " ".join(self.text.raw[start:end] for start, end in extents)
        if line.three is not None and _squeezed(line.three) != _squeezed(said):
            message = f"{line.id} says «{line.three[:40]}», the text has «{said[:40]}»"
            return self.fault("GW274", line.number, message, "offsets count characters of the .txt file")
        start, end = min(each[0] for each in extents), max(each[1] for each in extents)
        gaps = sorted(extents)
        if any(self.text.raw[a[1] : b[0]].strip("\r\n") for a, b in pairwise(gaps)):
            self.lost.setdefault("gaps of discontinuous spans", []).append(line.id)
        first, last = self.text.at(start), self.text.at(end)
        if first is None or last is None or (None, None) in moved:
            message = f"{line.id} begins or ends inside a character that normalising (NFC) joins"
            return self.fault("GW274", line.number, message, "move its edge")
        layer, label = self.kind(line.one, trigger, line.number)
        self.made[line.id] = Span(line.id, layer, label, first, last)
        self.ends[line.id] = line.id
        return None

    def event(self, line: Line) -> None:
        """An E line: its trigger's span stands for it; a second event of one trigger gets its own."""
        trigger = line.one.split(" ")[0].partition(":")[2]
        span = self.made.get(trigger)
        if span is None:
            return self.fault("GW273", line.number, f"{line.id} has no trigger `{trigger}`", "a T line")
        if trigger in self.ends.values() and any(
            end == trigger for key, end in self.ends.items() if key.startswith("E")
        ):
            self.made[line.id] = Span(line.id, span.layer, span.label, span.start, span.end)
            self.ends[line.id] = line.id
        else:
            self.ends[line.id] = trigger
        return None

    def relations(self) -> Iterator[Relation]:
        """Roles of events, then relations, then equivalences, each from the first to the others."""
        for line in self.found["E"]:
            roles = [part.partition(":")[::2] for part in line.one.split()[1:]]
            names = {name for name, _ in roles}
            for name, tail in roles:
                bare = name.rstrip("0123456789")
                # brat numbers a role that stands several times: Theme, Theme2.
                label = bare if bare and (self.conf.own or bare in names) else name
                yield from self.arrow(line, label, line.id, tail)
        for line in self.found["R"]:
            yield from self.arrow(line, line.one, line.two, line.three or "")
        for line in self.found["*"]:
            first, *others = line.two.split()
            for other in others:
                yield from self.arrow(line, line.one, first, other)

    def arrow(self, line: Line, name: str, head: str, tail: str) -> Iterator[Relation]:
        """The relation between two ends, or a fault where one is missing."""
        for end in (head, tail):
            if end not in self.ends:
                self.fault("GW273", line.number, f"{line.id}: there is no `{end}`", "a T or an E line")
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
            self.fault("GW273", line.number, f"{line.id}: there is no `{name}`", "a T or an E line")
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
                self.fault("GW273", line.number, message, "remove the note")
        else:
            self.give(span, unescape(line.one) if self.conf.own else line.one, said)


def _squeezed(text: str) -> str:
    return "".join(normalise(text).split())  # others leave out white space inside

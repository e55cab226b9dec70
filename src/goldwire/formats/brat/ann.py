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
from goldwire.formats.brat.conf import Conf, RoleNames, in_order
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


class AnnLine(NamedTuple):
    """A line's parts in their order after its id, with its number."""

    number: int
    id: str
    first: str
    second: str
    third: str | None
    written: str


#: The extents of a span, and the words beside them.
Wording = tuple[list[tuple[int, int]], str]


def wordings(text: CountedText, wording: Wording) -> tuple[str | None, str]:
    """What the extents mark, line ends as blanks as brat writes them, and the words beside them."""
    marked = [text.marked(start, end) for start, end in wording[0]]
    words = None if None in marked else " ".join(filter(None, marked)).replace("\n", " ")
    return words, wording[1]


class Ann:
    """Reads one file: `lines` takes it apart, `build` makes spans of it once it is known how offsets are
    counted and what roles are called. `schema` gives labels their layers where the conf does not; lines that
    are wrong are `faults`, each with the line as it stands there.
    """

    def __init__(self, source: str, conf: Conf, schema: Schema | None) -> None:
        self.source, self.conf, self.schema = source, conf, schema
        self.faults: list[tuple[str, Fault]] = []
        self.lost: dict[str, list[str]] = {}
        self.lines_of: dict[str, list[AnnLine]] = {kind: [] for kind in _FORMS}
        self.seen: dict[str, int] = {}  # ids with the numbers of their lines
        self.ends: dict[str, str] = {}  # T and E ids, with the id of the span that they stand for
        self.spans_by_id: dict[str, Span] = {}
        self.headed: set[str] = set()  # triggers that an event's span is

    def fault(self, code: str, number: int, written: str, message: str, hint: str = "") -> None:
        """Put down a fault of a line."""
        self.faults.append((written, Fault(code, message, f"{self.source}:{number}", hint)))

    def refuse(self, code: str, line: AnnLine, message: str, hint: str = "") -> None:
        """Put down a fault of a line whose parts are known."""
        self.fault(code, line.number, line.written, message, hint)

    def lines(self, content: str) -> None:
        """Take all lines apart; what is no line of standoff stands in `faults`."""
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
            parts = AnnLine(number, match[1], match[2], match[3], match[4], line)
            if parts.id != "*" and parts.id in self.seen:
                hint = f"line {self.seen[parts.id]} has it"
                self.refuse("GW273", parts, f"id `{parts.id}` stands twice", hint)
                continue
            self.seen[parts.id] = number
            self.lines_of[kind].append(parts)

    def wordings(self) -> list[Wording]:
        """What the spans say that they mark, where they do."""
        return [(extents_of(line), line.third) for line in self.lines_of["T"] if line.third is not None]

    def extents(self) -> list[tuple[int, int]]:
        """All extents, as they were counted."""
        return [extent for line in self.lines_of["T"] for extent in extents_of(line)]

    def roles(self) -> Iterator[str]:
        """The roles of all events, as they stand."""
        for line in self.lines_of["E"]:
            yield from (part.partition(":")[0] for part in line.first.split()[1:])

    def build(self, text: CountedText) -> None:
        """Make the spans; what is wrong with them stands in `faults`, what the model can't hold in `lost`."""
        triggers = {each.first.split(" ")[0].partition(":")[2] for each in self.lines_of["E"]}
        for line in self.lines_of["T"]:
            self.mark(line, line.id in triggers, text)
        for line in self.lines_of["E"]:
            self.event(line)
        for line in self.lines_of["A"]:
            self.attribute(line)
        for line in self.lines_of["N"]:
            self.reference(line)
        for line in self.lines_of["#"]:
            self.note(line)

    def spans(self) -> Iterator[Span]:
        """The spans, in the order of their lines."""
        yield from self.spans_by_id.values()

    def kind(self, line: AnnLine, trigger: bool) -> tuple[str, str] | None:
        """The layer and label of a line's type; None, with a fault, where the schema has none."""
        if line.first in self.conf.types:
            return self.conf.types[line.first]
        label = unescape(line.first) if self.conf.own else line.first
        if self.schema is None:
            return ("event" if trigger else "entity"), label
        layers = [key for key, layer in self.schema.layers.items() if label in layer.labels]
        if not layers:
            labels = [each for layer in self.schema.layers.values() for each in layer.labels]
            self.refuse("GW273", line, f"{self.schema.id} has no label `{label}`", one_of(labels))
            return None
        return layers[0], label

    def mark(self, line: AnnLine, trigger: bool, text: CountedText) -> None:
        """A T line."""
        stated = extents_of(line)
        extents = [text.extent(start, end) for start, end in stated]
        length = len(text.raw)
        if any(
            start >= end or (extent is not None and not 0 <= extent[0] < extent[1] <= len(text.text))
            for (start, end), extent in zip(stated, extents, strict=True)
        ):
            hint = f"0 <= start < end <= {length}, in {text.counting.units}"
            return self.refuse("GW274", line, f"extent {line.second} lies outside the text", hint)
        inside = sorted(extent for extent in extents if extent is not None)
        if len(inside) < len(extents):
            message = f"{line.id} begins or ends inside a character that normalising (NFC) joins"
            return self.refuse("GW274", line, message, "move its edge")
        if line.third is not None and not same_words(
            wordings(text, (stated, line.third))[0] or "", line.third
        ):
            marked = " ".join(text.text[start:end] for start, end in inside)
            message = f"{line.id} says «{line.third[:40]}», the text has «{marked[:40]}»"
            way = f" (counted: {text.counting})" if str(text.counting) else ""
            hint = f"offsets count characters of the .txt file{way}"
            return self.refuse("GW274", line, message, hint)
        if any(text.text[a[1] : b[0]].strip("\n") for a, b in pairwise(inside)):
            self.lost.setdefault("gaps of discontinuous spans", []).append(line.id)
        kind = self.kind(line, trigger)
        if kind is not None:
            start, end = inside[0][0], max(extent[1] for extent in inside)
            self.spans_by_id[line.id] = Span(line.id, *kind, start, end)
            self.ends[line.id] = line.id
        return None

    def event(self, line: AnnLine) -> None:
        """An E line: its trigger's span stands for it; a second event of one trigger gets its own."""
        trigger = line.first.split(" ")[0].partition(":")[2]
        span = self.spans_by_id.get(trigger)
        if span is None:
            return self.refuse("GW273", line, f"{line.id} has no trigger `{trigger}`", "a T line")
        if trigger in self.headed:
            self.spans_by_id[line.id] = Span(line.id, span.layer, span.label, span.start, span.end)
            self.ends[line.id] = line.id
        else:
            self.headed.add(trigger)
            self.ends[line.id] = trigger
        return None

    def relations(self, names: RoleNames) -> Iterator[Relation]:
        """Roles of events, then relations, then equivalences, each from the first to the others."""
        for line in self.lines_of["E"]:
            for part in line.first.split()[1:] if line.id in self.ends else ():
                role, _, tail = part.partition(":")
                yield from self.arrow(line, names.name(role, self.conf), line.id, tail)
        for line in self.lines_of["R"]:
            yield from self.arrow(
                line, line.first, *in_order(line.first, line.second, line.third or "", self.conf)
            )
        for line in self.lines_of["*"]:
            first, *others = line.second.split()
            for other in others:
                yield from self.arrow(line, line.first, first, other)

    def arrow(self, line: AnnLine, name: str, head: str, tail: str) -> Iterator[Relation]:
        """The relation between two ends, or a fault where one is missing."""
        for end in (head, tail):
            if end not in self.ends:
                self.refuse("GW273", line, f"{line.id}: there is no `{end}`", "a T or an E line")
                return
        label = unescape(name) if self.conf.own else name
        yield Relation(label, self.ends[head], self.ends[tail])

    def target(self, line: AnnLine, name: str, what: str) -> Span | None:
        """The span that an attribute, a reference or a note is about; None where it is about none."""
        if name in self.ends:
            return self.spans_by_id[self.ends[name]]
        if name[:1] in ("R", "N") and name in self.seen:
            self.lost.setdefault(f"{what} of a relation", []).append(line.id)
        elif what == "note":
            self.lost.setdefault("note on the document", []).append(line.id)
        else:
            self.refuse("GW273", line, f"{line.id}: there is no `{name}`", "a T or an E line")
        return None

    def give(self, span: Span, key: str, value: AttributeValue) -> None:
        """Set an attribute; one that stands several times becomes a list."""
        present = span.attributes.get(key)
        if present is None:
            span.attributes[key] = value
        else:
            values = present if isinstance(present, list) else [str(present)]
            span.attributes[key] = [*values, str(value)]

    def attribute(self, line: AnnLine) -> None:
        """An A or M line."""
        if (span := self.target(line, line.second, "attribute")) is not None:
            escaped = self.conf.own
            value = True if line.third is None else unescape(line.third) if escaped else line.third
            self.give(span, unescape(line.first) if escaped else line.first, value)

    def reference(self, line: AnnLine) -> None:
        """An N line: the attribute that the conf names for the registry, else `reference` as it stands."""
        if (span := self.target(line, line.first, "reference")) is not None:
            registry, _, value = line.second.partition(":")
            key = self.conf.references.get(span.layer, {}).get(registry)
            self.give(span, key or "reference", value if key else line.second)

    def note(self, line: AnnLine) -> None:
        """A # line: a text attribute named like the note's type."""
        if (span := self.target(line, line.second, "note")) is None:
            return
        note = line.third or ""
        if self.conf.own and line.first == REST:
            try:
                span.attributes.update(strict_json.decode(note, dict[str, AttributeValue]))
            except (msgspec.MsgspecError, UnicodeEncodeError):
                message = f"{line.id} is no JSON object of attributes"
                self.refuse("GW273", line, message, "remove the note")
        else:
            self.give(span, unescape(line.first) if self.conf.own else line.first, note)


def extents_of(line: AnnLine) -> list[tuple[int, int]]:
    """The extents of a T line, as they were counted."""
    fragments = [part.split(" ") for part in line.second.split(";")]
    return [(int(start), int(end)) for start, end in fragments]

"""Articles made of what rows mark: offsets counted as the words beside them prove, losses told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import to_builtins

from goldwire.errors import Fault
from goldwire.files import sha256
from goldwire.formats.counting import (
    PLAIN,
    SILENT,
    UNMARKED,
    CountedText,
    Counting,
    counted_by_edges,
    nearest_text,
    same_words,
)
from goldwire.formats.options import LAYER, ConversionOptions
from goldwire.model import Annotation, Article, AttributeValue, Document, Provenance, Relation, Span, Status

#: What rows that say nothing of their counting may have; a byte order mark is no part of them.
WAYS: tuple[Counting, ...] = (PLAIN, *(way for way in SILENT if not way.mark))


class FileMark(NamedTuple):
    """A span as a file has it: offsets as they are counted there, and the words beside them, if any."""

    label: str
    start: int
    end: int
    words: str | None = None
    id: str = ""
    layer: str = ""
    attributes: Mapping[str, AttributeValue] = {}
    score: float | None = None


@dataclass
class FileReading:
    """What one annotator marked in one text.

    `proofs` are extents with words that are no spans, such as tokens; `counting` says how offsets are
    counted, where the file says it.
    """

    place: str
    document: str
    text: str
    annotator: str
    status: Status
    marks: list[FileMark]
    links: list[Relation] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    counting: Counting | None = None
    proofs: list[FileMark] = field(default_factory=list)


class Collector:
    """Takes in readings and makes articles of them.

    `annotator` names who annotated where nothing does. `ways` are those in which the tool may count where no
    words stand beside offsets, the likeliest first; `equals` of them are as likely as each other, and `told`
    says for a message how they are told apart. With `merge`
    several readings of a document by one annotator are one annotation.
    """

    def __init__(
        self,
        setting: ConversionOptions,
        annotator: str,
        *,
        ways: Sequence[Counting] = WAYS,
        equals: int = 1,
        merge: bool = False,
        told: str = "as the edges of words tell",
    ) -> None:
        self.setting, self.annotator = setting, setting.annotator or annotator
        self.ways, self.equals, self.merge, self.told = ways, equals, merge, told
        self.readings: dict[str, list[FileReading]] = {}
        self.texts: dict[str, FileReading] = {}

    def add(self, reading: FileReading) -> None:
        """Take in a reading; one whose document has another text, or its annotator already, is a fault."""
        readings = self.readings.setdefault(reading.document, [])
        if not self._has_text_of(reading):
            return
        if not self.merge and any(each.annotator == reading.annotator for each in readings):
            message = f"`{reading.document}` stands twice for `{reading.annotator}`"
            self._refuse(reading, message, f"{readings[0].place} has it; keep one of them")
        else:
            readings.append(reading)

    def add_text(self, place: str, document: str, text: str, meta: dict[str, Any]) -> None:
        """Take in a text that nobody annotated."""
        self.readings.setdefault(document, [])
        self._has_text_of(FileReading(place, document, text, "", self.setting.status, [], meta=meta))

    def _has_text_of(self, reading: FileReading) -> bool:
        """Whether the document of a reading has its text; another one is a fault."""
        first = self.texts.setdefault(reading.document, reading)
        if first.text == reading.text:
            return True
        message = f"another text than `{reading.document}` has in {first.place}"
        self._refuse(reading, message, "give each text an id of its own")
        return False

    def _refuse(self, reading: FileReading, message: str, hint: str) -> None:
        item = {"id": reading.document, "text": reading.text, "spans": [m._asdict() for m in reading.marks]}
        self.setting.refuse(item, Fault("GW622", message, reading.place, hint))

    def articles(self) -> list[Article]:
        """All articles, as their texts came; spans that no way of counting explains are faults."""
        texts = {name: CountedText(first.text) for name, first in self.texts.items()}
        silent: dict[str, list[tuple[int, int]]] = {}
        for name, several in self.readings.items():
            marks = [mark for reading in several for mark in reading.marks]
            worded = [
                (mark.start, mark.end, mark.words)
                for reading in several
                for mark in (*reading.marks, *reading.proofs)
                if mark.words is not None
            ]
            stated = next((each.counting for each in several if each.counting is not None), None)
            if stated is not None:
                texts[name] = texts[name].counted(stated)
            elif worded:
                texts[name] = nearest_text(texts[name], worded, UNMARKED)
            elif marks and any(char > "\x7f" or char in "\r\n" for char in self.texts[name].text):
                silent[name] = [(mark.start, mark.end) for mark in marks]
        if silent:
            way = counted_by_edges(
                [(texts[name], extents) for name, extents in silent.items()], self.ways, equals=self.equals
            )
            texts |= {name: texts[name].counted(way) for name in silent}
        return [self._article(name, texts[name], guessed=name in silent) for name in self.readings]

    def _article(self, name: str, text: CountedText, *, guessed: bool) -> Article:
        readings = self.readings[name]
        document = Document(name, text.text, self.texts[name].meta)
        plain = CountedText(text.raw)
        marks = [mark for reading in readings for mark in reading.marks]
        moved = sum(text.extent(m.start, m.end) != plain.extent(m.start, m.end) for m in marks)
        if moved:
            how = f", {self.told}" if guessed else ""
            self.setting.change(f"offsets moved: counted with {text.counting}{how}", name, moved)
        elif text.raw != text.text:
            self.setting.normalised(name)
        by_annotator: dict[str, list[FileReading]] = {}
        for reading in readings:
            by_annotator.setdefault(reading.annotator, []).append(reading)
        annotations = (self._annotation(document, text, each) for each in by_annotator.values())
        return Article(document, tuple(annotations))

    def _annotation(self, document: Document, text: CountedText, readings: list[FileReading]) -> Annotation:
        if counted := [reading for reading in readings if reading.status != "skipped"]:
            for reading in readings:
                if reading.status == "skipped" and reading.marks:
                    items = [mark._asdict() for mark in reading.marks]
                    kind = "spans of answers that were rejected or ignored"
                    self.setting.put_aside(kind, reading.place, items, len(items))
            readings = counted
        spans: dict[str, Span] = {}
        relations: list[Relation] = []
        relations_seen: set[Relation] = set()
        extents: dict[tuple[Any, ...], str] = {}
        for reading in readings:
            ids: dict[str, str] = {}
            for mark in reading.marks:
                span = self._span(mark, text, reading.place, spans)
                if span is None:
                    continue
                key = (span.layer, span.label, span.start, span.end)
                if len(readings) > 1 and key in extents:  # the same answer, given twice
                    ids[mark.id or span.id] = extents[key]
                    continue
                extents[key] = ids[mark.id or span.id] = span.id
                spans[span.id] = span
            for link in reading.links:
                if link.head in ids and link.tail in ids:
                    relation = Relation(link.label, ids[link.head], ids[link.tail])
                    if len(readings) == 1 or relation not in relations_seen:
                        relations.append(relation)
                        relations_seen.add(relation)
                else:
                    end = link.head if link.head not in ids else link.tail
                    fault = Fault("GW624", f"relation {link.label}: there is no span `{end}`", reading.place)
                    self.setting.refuse(to_builtins(link), fault)
        last = readings[-1]
        return Annotation(
            document.id,
            last.annotator,
            self.setting.schema_id,
            last.status,
            last.provenance,
            tuple(spans.values()),
            tuple(relations),
            sha256(document.text),
        )

    def _span(self, mark: FileMark, text: CountedText, place: str, taken: Mapping[str, Span]) -> Span | None:
        extent = text.extent(mark.start, mark.end)
        problem = ""
        if mark.start >= mark.end or (
            extent is not None and not 0 <= extent[0] < extent[1] <= len(text.text)
        ):
            problem = f"[{mark.start}, {mark.end}) lies outside the text, or is empty"
            hint = f"0 <= start < end <= {len(text.raw)}, in {text.counting.units}"
        elif extent is None:
            problem, hint = f"[{mark.start}, {mark.end}) begins or ends within a character", "move its edge"
        elif mark.words is not None and not same_words(text.text[slice(*extent)], mark.words):
            marked = text.text[slice(*extent)]
            problem = f"[{mark.start}, {mark.end}) is «{marked[:40]}», and the file says «{mark.words[:40]}»"
            hint = "its offsets and its words must fit"
        if problem or extent is None:
            self.setting.refuse(mark._asdict(), Fault("GW623", f"{mark.label}: {problem}", place, hint))
            return None
        name, number = mark.id, len(taken) + 1
        while not name or name in taken:
            name, number = f"s{number}", number + 1
        layer = mark.layer or self._layer(mark.label)
        return Span(name, layer, mark.label, *extent, dict(mark.attributes), score=mark.score)

    def _layer(self, label: str) -> str:
        """The layer that the schema has for a label, where one was asked for."""
        schema = self.setting.named_schema
        layers = schema.layers.items() if schema is not None else ()
        return next((name for name, layer in layers if label in layer.labels), self.setting.layer or LAYER)


def lose_keys(
    setting: ConversionOptions, row: Mapping[str, Any], known: Iterable[str], what: str, place: str
) -> None:
    """Put down the keys of a row, but for the `known` ones, that hold anything."""
    for key in sorted(set(row) - set(known)):
        if row[key] not in (None, "", [], {}):
            setting.lose(f"{what} `{key}`", place)


def placed(
    words: Sequence[str], text: str | None, spaces: Sequence[bool] | None = None
) -> tuple[str, list[tuple[int, int]]]:
    """The text of tokens and the extent of each, in code points.

    The `text` that they were cut from, where it is at hand and holds them in their order; else the tokens
    with a space after each that `spaces` says has one, all of them by default.
    """
    if text is not None:
        extents: list[tuple[int, int]] = []
        at = 0
        for word in words:
            start = text.find(word, at)
            if start < 0 or text[at:start].strip():
                break
            at = start + len(word)
            extents.append((start, at))
        else:
            return text, extents
    parts: list[str] = []
    extents, at = [], 0
    for number, word in enumerate(words):
        extents.append((at, at + len(word)))
        spaced = number + 1 < len(words) and (spaces is None or spaces[number])
        parts.append(word + (" " if spaced else ""))
        at += len(parts[-1])
    return "".join(parts), extents

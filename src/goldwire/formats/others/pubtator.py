"""PubTator: title and abstract of an article, then a line of tabs for each mention, its concept at the end.

Offsets run over the title, one character, and the abstract; here that character is a line end. Relations
(ID, type, concept, concept) are between concepts: each is kept between the first mentions of both, which is
told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._concepts import KEPT, UNMENTIONED, Concepts
from goldwire.formats.others._marks import Collector, FileMark, FileReading
from goldwire.formats.others._rows import Content, contents, malformed_row
from goldwire.model import Article, Relation

ABOUT = "PubTator: ID|t|title, ID|a|abstract, a line of tabs for each mention and relation"

_PART = re.compile(r"([^|\t]*)\|([A-Za-z]+)\|(.*)")
_HINT = "ID|t|title, ID|a|abstract, then ID<tab>start<tab>end<tab>mention<tab>type<tab>concept"


def looks_like(head: Head) -> bool:
    """Whether it begins like PubTator's."""
    line = next((line for line in head.lines if line.strip()), "")
    match = _PART.fullmatch(line)
    return match is not None and match[2] in ("t", "a")


def read_pubtator(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a file; concepts are the attribute `concept`, relations join their first mentions.

    Raises one error with all faults: GW621 for lines that are none, GW623 for mentions that offsets miss.
    """
    collector = Collector(setting, "pubtator")
    for content in contents(path, (".pubtator", ".txt", ".tsv"), "PubTator's"):
        for first, lines in _blocks(content):
            _take(content.place, first, lines, collector)
    return collector.articles()


def _blocks(content: Content) -> Iterator[tuple[int, list[str]]]:
    """The lines of each article, with the number of the first: a blank line or the next title ends one."""
    first, lines = 1, list[str]()
    for number, line in enumerate(content.text.split("\n"), start=1):
        line = line.rstrip("\r")
        match = _PART.fullmatch(line)
        if not line.strip() or (match is not None and match[2] == "t" and lines):
            if lines:
                yield first, lines
            lines = []
        if line.strip():
            first = number if not lines else first
            lines.append(line)
    if lines:
        yield first, lines


def _take(source: str, first: int, lines: list[str], collector: Collector) -> None:
    setting = collector.setting
    parts: list[str] = []
    names: list[str] = []
    marks: list[FileMark] = []
    related: list[tuple[str, list[str]]] = []
    for number, line in enumerate(lines, start=first):
        place = f"{source}:{number}"
        part = _PART.fullmatch(line)
        if part is not None and not marks:
            names.append(part[1])
            parts.append(part[3])
            continue
        cells = line.split("\t")
        if len(cells) >= 4 and cells[1].isdecimal() and cells[2].isdecimal():
            label = cells[4] if len(cells) > 4 and cells[4] else "mention"
            concept = cells[5] if len(cells) > 5 else ""
            for extra in cells[6:]:
                if extra:
                    setting.lose("column of a mention beyond its concept", f"{place} {extra[:40]}")
            attributes = {"concept": concept} if concept and concept != "-1" else {}
            start, end, name = int(cells[1]), int(cells[2]), f"s{len(marks) + 1}"
            marks.append(FileMark(label, start, end, cells[3], name, attributes=attributes))
        elif len(cells) >= 4:
            related.append((place, cells))
        else:
            setting.refuse(line, malformed_row(place, f"no line of PubTator: «{line[:60]}»", _HINT))
    place = f"{source}:{first}"
    if not parts:
        setting.refuse("\n".join(lines), malformed_row(place, "no title and no abstract", _HINT))
        return
    text, links = "\n".join(parts), _links(related, marks, setting)
    collector.add(FileReading(place, names[0], text, collector.annotator, setting.status, marks, links))


def _links(
    related: list[tuple[str, list[str]]], marks: list[FileMark], setting: ConversionOptions
) -> list[Relation]:
    """The relations between concepts as relations between mentions; some have no two, and are put aside."""
    concepts = Concepts(
        (str(mark.attributes["concept"]), mark.start, mark.id) for mark in marks if mark.attributes
    )
    links: list[Relation] = []
    for place, cells in related:
        pair = concepts.pair(cells[2].strip(), cells[3].strip())
        if pair is None:
            setting.account.relations.found += 1
            setting.put_aside(UNMENTIONED, place, "\t".join(cells))
            continue
        setting.change(KEPT, place)
        links.append(Relation(cells[1], *pair))
        for extra in filter(None, cells[4:]):
            setting.lose("column of a relation beyond its concepts", f"{place} {extra[:40]}")
    return links

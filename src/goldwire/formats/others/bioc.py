"""BioC, XML and JSON: documents in passages (or sentences), each with its offset, annotations and relations.

Offsets run over the whole document, in characters or bytes as its passages and the words of annotations show.
Passages become one text, a line end between them where nothing else is said. A relation between concepts
(BC5CDR, BioRED, PubTator 3) is kept between the first mentions of both, which is told.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from goldwire import strict_xml
from goldwire.formats.counting import UNMARKED, CountedText, length, nearest_text
from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._concepts import KEPT, Concepts
from goldwire.formats.others._marks import Collector, FileMark, FileReading, lose_keys
from goldwire.formats.others._rows import Content, contents, json_file_rows, malformed_row
from goldwire.model import Article, AttributeValue, Relation

ABOUT = "BioC, XML or JSON"

#: What annotations call the concept that they mention.
_CONCEPTS = ("identifier", "identifiers", "id", "concept", "MESH", "normalized_id")
_HINT = "a collection of documents with passages, XML or JSON"
#: BioC names its DTD; without parts of its own it says nothing that a reader needs.
_DOCTYPE = re.compile(r"<!DOCTYPE\s+\w+(?:\s+(?:SYSTEM|PUBLIC)(?:\s+(?:\"[^\"]*\"|'[^']*'))+)?\s*>")


def looks_like(head: Head) -> bool:
    """Whether it begins like BioC."""
    if head.text.startswith("<"):
        return "BioC.dtd" in head.text or ("<collection>" in head.text and "<document>" in head.text)
    if "passages" in head.keys | head.outer or "PubTator3" in head.outer:
        return True
    documents = [each for row in head.rows if isinstance(row, dict) for each in row.get("documents") or ()]
    return any(isinstance(document, dict) and "passages" in document for document in documents)


def read_bioc(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a collection; infons but for the type are attributes.

    Raises one error with all faults: GW621 for what is no BioC, GW623 for annotations that offsets miss.
    """
    collector = Collector(setting, "bioc")
    for content in contents(path, (".xml", ".json", ".jsonl"), "BioC"):
        documents = (
            _of_xml(content, setting) if content.text.lstrip().startswith("<") else _of_json(content, setting)
        )
        for number, (place, record) in enumerate(documents, start=1):
            _take(place, record, f"{content.stem}-{number}", collector)
    return collector.articles()


def _of_json(content: Content, setting: ConversionOptions) -> Iterator[tuple[str, dict[str, Any]]]:
    for row in json_file_rows(content, setting, _HINT):
        record = row.value if isinstance(row.value, dict) else {}
        listed = next(
            (record[key] for key in ("documents", "PubTator3") if isinstance(record.get(key), list)), [record]
        )
        for index, document in enumerate(listed):
            place = row.place if listed == [record] else f"{row.place}.documents[{index}]"
            if isinstance(document, dict) and isinstance(document.get("passages"), list):
                yield place, document
            else:
                setting.refuse(document, malformed_row(place, "a document without passages", _HINT))


def _of_xml(content: Content, setting: ConversionOptions) -> Iterator[tuple[str, dict[str, Any]]]:
    text = _DOCTYPE.sub("", content.text.lstrip(), count=1)
    text = re.sub(r"^<\?xml[^>]*\?>", "", text)
    try:
        root = strict_xml.parse(text)
    except (ET.ParseError, strict_xml.NotStrict) as error:
        setting.refuse(content.text[:1000], malformed_row(content.place, f"no BioC: {error}", _HINT))
        return
    documents = root.findall("document")
    if not documents:
        setting.refuse(content.text[:1000], malformed_row(content.place, "no document", _HINT))
    for index, document in enumerate(documents):
        yield f"{content.place} document[{index}]", _part(document)


def _part(element: ET.Element) -> dict[str, Any]:
    """A document, passage, sentence, annotation or relation of XML as JSON has it."""
    record: dict[str, Any] = {
        "id": element.get("id") or element.findtext("id"),
        "infons": {infon.get("key", ""): infon.text or "" for infon in element.findall("infon")},
        "text": element.findtext("text"),
        "offset": element.findtext("offset"),
        "locations": [dict(location.attrib) for location in element.findall("location")],
        "nodes": [dict(node.attrib) for node in element.findall("node")],
    }
    for tag in ("passage", "sentence", "annotation", "relation"):
        record[f"{tag}s"] = [_part(each) for each in element.findall(tag)]
    element.clear()  # or a long document would be held twice
    return record


@dataclass
class _Passage:
    """A stretch of text: what it says of itself, where it begins in the file's count and in the article."""

    offset: int
    text: CountedText
    infons: dict[str, Any]
    start: int = 0
    annotations: list[dict[str, Any]] = field(default_factory=list)
    relations: list[Any] = field(default_factory=list)


def _take(place: str, record: dict[str, Any], name: str, collector: Collector) -> None:
    setting = collector.setting
    passages = list(_passages(record, place, setting))
    if not passages:
        setting.refuse(record, malformed_row(place, "no text", _HINT))
        return
    for passage in passages:
        passage.text = _counted(passage)
    proved = {passage.text.counting for passage in passages if passage.annotations}
    for passage in passages if len(proved) == 1 else ():
        passage.text = passage.text.counted(*proved)
    text = ""
    for number, passage in enumerate(passages):
        if number:
            before = passages[number - 1]
            gap = passage.offset - before.offset - length(before.text.raw, before.text.counting.units)
            text += "\n" * (2 if gap > 1 else 0 if gap == 0 else 1)
        passage.start = len(text)
        text += passage.text.text
    marks: list[FileMark] = []
    ids: dict[tuple[int, str], str] = {}  # by passage, and under -1 the first of all
    moved = 0
    for number, passage in enumerate(passages):
        for annotation in passage.annotations:
            mark = _mark(annotation, passage, place, setting)
            if mark is None:
                continue
            moved += str(passage.text.counting) != ""
            own = str(annotation.get("id") or f"s{len(marks) + 1}")
            unique = f"{number + 1}-{own}" if (-1, own) in ids else own
            ids[number, own] = unique
            ids.setdefault((-1, own), unique)
            marks.append(mark._replace(id=unique))
    ways = sorted({str(passage.text.counting) for passage in passages} - {""})
    setting.change(f"offsets moved: counted with {', '.join(ways)}", place, moved)
    concepts = Concepts(
        (str(concept), mark.start, mark.id)
        for mark in marks
        for key in _CONCEPTS
        if (stated := mark.attributes.get(key))
        for concept in (stated if isinstance(stated, list) else [stated])
    )
    links = [
        link
        for number, relation in [
            *((number, each) for number, passage in enumerate(passages) for each in passage.relations),
            *((-1, each) for each in record.get("relations") or ()),
        ]
        for link in _links(relation, number, ids, concepts, place, setting)
    ]
    infons = record.get("infons")
    meta = dict(infons) if isinstance(infons, dict) else {}
    described = [{"start": passage.start, **passage.infons} for passage in passages if passage.infons]
    if described:
        meta["passages"] = described
    name_stated = record.get("id")
    collector.add(
        FileReading(
            place,
            str(name_stated) if name_stated not in (None, "") else name,
            text,
            collector.annotator,
            setting.status,
            marks,
            links,
            meta,
        )
    )


def _passages(record: dict[str, Any], place: str, setting: ConversionOptions) -> Iterator[_Passage]:
    """The passages that have a text, or their sentences, with all annotations that begin in them."""
    for index, passage in enumerate(record["passages"]):
        if not isinstance(passage, dict):
            setting.refuse(passage, malformed_row(place, f"passages[{index}] is none", _HINT))
            continue
        sentences = [each for each in passage.get("sentences") or () if isinstance(each, dict)]
        whole = isinstance(passage.get("text"), str) and passage["text"]
        stretches_or_none = [_passage(each, passage) for each in ([passage] if whole else sentences)]
        if None in stretches_or_none:
            setting.refuse(passage, malformed_row(place, f"passages[{index}] has no offset", _HINT))
            continue
        stretches = [each for each in stretches_or_none if each is not None]
        if not stretches:
            continue
        inner = sentences if whole else [passage]
        stretches[0].relations += [each for part in inner for each in part.get("relations") or ()]
        offsets = list(accumulate((each.offset for each in stretches), max))
        for annotation in (each for part in inner for each in part.get("annotations") or ()):
            extent = _extent(annotation)
            number = bisect_right(offsets, extent[0]) if extent is not None else 0
            stretches[max(number - 1, 0)].annotations.append(annotation)
        yield from stretches


def _passage(part: dict[str, Any], passage: dict[str, Any]) -> _Passage | None:
    offset = _number(part.get("offset"))
    if offset is None:
        return None
    infons = part.get("infons") or passage.get("infons")
    text = part.get("text")
    return _Passage(
        offset,
        CountedText(text if isinstance(text, str) else ""),
        dict(infons) if isinstance(infons, dict) else {},
        annotations=[each for each in part.get("annotations") or () if isinstance(each, dict)],
        relations=list(part.get("relations") or ()),
    )


def _counted(passage: _Passage) -> CountedText:
    """The passage's text, counted as the words of its annotations prove."""
    claims = [
        (extent[0] - passage.offset, extent[1] - passage.offset, str(annotation["text"]))
        for annotation in passage.annotations
        if (extent := _extent(annotation)) is not None and isinstance(annotation.get("text"), str)
        and len(annotation.get("locations") or ()) == 1
    ]  # fmt: skip
    return nearest_text(passage.text, claims, UNMARKED)


def _extent(annotation: Any) -> tuple[int, int] | None:
    """From the first location to the last, as they are counted."""
    locations = annotation.get("locations") if isinstance(annotation, dict) else None
    extents: list[tuple[int, int]] = []
    for location in locations if isinstance(locations, list) else ():
        offset, length = (
            _number(location.get(key)) if isinstance(location, dict) else None for key in ("offset", "length")
        )
        if offset is None or length is None:
            return None
        extents.append((offset, offset + length))
    return (min(start for start, _ in extents), max(end for _, end in extents)) if extents else None


def _number(value: Any) -> int | None:
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _mark(
    annotation: dict[str, Any], passage: _Passage, place: str, setting: ConversionOptions
) -> FileMark | None:
    extent = _extent(annotation)
    infons = annotation.get("infons")
    infons = infons if isinstance(infons, dict) else {}
    label = next((str(infons[key]) for key in ("type", "label", "entity") if infons.get(key)), "")
    name = annotation.get("id")
    if extent is None or not label:
        what = "location" if extent is None else "type"
        setting.refuse(annotation, malformed_row(place, f"annotation {name} has no {what}", _HINT))
        return None
    inside = passage.text.extent(extent[0] - passage.offset, extent[1] - passage.offset)
    several = len(annotation["locations"]) > 1
    if several:
        setting.lose("gaps of discontinuous spans", f"{place} {name}")
    words = annotation.get("text")
    first, last = inside if inside is not None else (extent[0] - passage.offset, extent[1] - passage.offset)
    return FileMark(
        label,
        first + passage.start,
        last + passage.start,
        words if isinstance(words, str) and not several else None,
        attributes=dict(_attributes(infons)),
    )


def _attributes(infons: dict[str, Any]) -> Iterator[tuple[str, AttributeValue]]:
    for key, value in infons.items():
        if key == "type" or value in (None, "", [], {}):
            continue
        if isinstance(value, (str, bool, int, float)):
            yield key, value
        else:
            yield key, [str(each) for each in value] if isinstance(value, list) else str(value)


def _links(
    relation: Any,
    number: int,
    ids: dict[tuple[int, str], str],
    concepts: Concepts,
    place: str,
    setting: ConversionOptions,
) -> Iterator[Relation]:
    """A relation from its first node to each other; one of concepts is between their first mentions.

    Put aside are relations of relations, and of what stands nowhere in the text.
    """
    nodes = relation.get("nodes") if isinstance(relation, dict) else None
    nodes = nodes if isinstance(nodes, list) else []
    infons = relation.get("infons") if isinstance(relation, dict) else None
    infons = infons if isinstance(infons, dict) else {}
    key = next((each for each in ("type", "relation") if infons.get(each)), "")
    names = [str(node.get("refid")) if isinstance(node, dict) else "" for node in nodes]
    ends = [ids.get((number, name)) or ids.get((-1, name)) for name in names]
    used_infons = {key}
    if len(ends) < 2 or None in ends:
        stated = [*((name, "") for name in names), *((_concept(each), name) for name, each in infons.items())]
        related = [(concept, name) for concept, name in stated if concept in concepts]
        pair = concepts.pair(related[0][0], related[1][0]) if len(related) == 2 else None
        ends = list(pair or ())
        if pair is not None:
            setting.change(KEPT, place)
        used_infons |= {name for _, name in related}
    joined = [end for end in ends if end is not None]
    if not key or len(joined) < 2:
        setting.account.relations.found += 1
        setting.put_aside("relations that are not between annotations", place, relation)
        return
    for node in nodes:
        if isinstance(node, dict) and node.get("role"):
            setting.lose("roles in relations", f"{place} {node['role']}")
    lose_keys(setting, infons, used_infons, "infon of a relation", place)
    if len(joined) > 2:
        setting.change("relations of more than two, taken from the first to each other", place)
    yield from (Relation(str(infons[key]), joined[0], end) for end in joined[1:])


def _concept(value: Any) -> str:
    """The concept that an infon of a relation names: its id, or what a record calls so."""
    if isinstance(value, dict):
        value = next((value[key] for key in _CONCEPTS if value.get(key)), "")
    return str(value)

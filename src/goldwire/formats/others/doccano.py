"""doccano's JSON Lines: spans as `label` (old: `labels`) or as `entities`, with `relations` between these.

An export is one file, or a zip or folder with a file for each annotator, named after them (`all`: a project
that all annotate together). doccano's pages count UTF-16 units (its issues 2290 and 2484), where a
project asks for them grapheme clusters; scripts that write for it often count code points. The edges of words
tell which.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from goldwire.files import json_lines, write_text
from goldwire.formats._beyond import lose_rest
from goldwire.formats.counting import PLAIN, Counting, counts_otherwise, utf16_offsets
from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._marks import Collector, FileMark, FileReading
from goldwire.formats.others._rows import FileRow, called, contents, json_file_rows, malformed_row
from goldwire.model import Article, Relation

ABOUT = "doccano's JSON Lines of span projects: a file, or a zip or folder with one for each annotator"
LOSES = "layers, attributes, status, provenance, marked_by, origin, score"
UNIT = "lines"

#: As doccano counts, the second in projects that ask for it.
UNITS, CLUSTERS = Counting("UTF-16 units"), Counting("grapheme clusters")
_SPANS = ("entities", "label", "labels", "annotations")
_TEXT = ("text", "data")
_COMMENTS = ("Comments", "comments")
_OWN = ("id", "relations", "meta", "annotator", "offsets", *_SPANS, *_TEXT, *_COMMENTS)
#: Names of files that say nobody's name.
_TOGETHER = ("all", "unknown")
_TOLD = "as doccano counts, and the edges of words allow"
_HINT = 'a line is {"text": "…", "label": [[0, 4, "PER"]]} or has `entities`'


def looks_like(head: Head) -> bool:
    """Whether it begins like an export of doccano's."""
    rows = [row for row in head.rows if isinstance(row, dict)]
    if not rows or not (head.keys & set(_TEXT)) or head.keys & {"spans", "_input_hash", "tokens"}:
        return False
    if head.keys & set(_COMMENTS):
        return True
    return any(_marks_of(row) for row in rows) and all(
        isinstance(each, dict) and "start_offset" in each
        if key in ("entities", "annotations")
        else _is_tuple(each)
        for row in rows
        for key in _SPANS
        if isinstance(row.get(key), list)
        for each in row[key]
    )


def _is_tuple(value: Any) -> bool:
    return (isinstance(value, dict) and "start_offset" in value) or (
        isinstance(value, list) and len(value) == 3 and isinstance(value[2], str)
    )


def _marks_of(row: dict[str, Any]) -> list[Any]:
    return next((row[key] for key in _SPANS if isinstance(row.get(key), list) and row[key]), [])


def read_doccano(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of an export. Labels of whole documents and comments are counted in `setting.lost`.

    Raises one error with all faults: GW621 for lines that are none, GW623 for spans outside their text.
    """
    collector = Collector(setting, "doccano", ways=(UNITS, PLAIN, CLUSTERS), equals=3, told=_TOLD)
    files = list(contents(path, (".jsonl", ".json"), "doccano's"))
    for content in files:
        by_annotator = len(files) > 1 and content.stem not in _TOGETHER
        annotator = content.stem if by_annotator else collector.annotator
        for row in json_file_rows(content, setting, _HINT):
            _take(row, annotator, collector)
    return collector.articles()


def _take(row: FileRow, annotator: str, collector: Collector) -> None:
    """Take in a line: one reading, or in old exports one for each user."""
    setting, place = collector.setting, row.place
    value = row.value if isinstance(row.value, dict) else {}
    text = next((value[key] for key in _TEXT if isinstance(value.get(key), str)), None)
    if text is None:
        setting.refuse(row.value, malformed_row(place, "no text under `text`", _HINT))
        return
    marks: dict[str, list[FileMark]] = {}
    for key in _SPANS:
        listed = value.get(key)
        for index, item in enumerate(listed if isinstance(listed, list) else [listed] if listed else []):
            if isinstance(item, str):
                setting.lose("labels of whole documents", f"{place} {item}")
                continue
            mark = _mark(item)
            if mark is None:
                message = f"$.{key}[{index}] is no span: {json.dumps(item, ensure_ascii=False)[:60]}"
                setting.refuse(item, malformed_row(place, message, _HINT))
                continue
            who = item.get("user") if isinstance(item, dict) else None
            marks.setdefault(annotator if who is None else f"user-{who}", []).append(mark)
    for key in _COMMENTS:
        for comment in value.get(key) or ():
            setting.lose("comments", f"{place} {str(comment)[:40]}")
    stated_meta = value.get("meta")
    meta = stated_meta if isinstance(stated_meta, dict) else {}
    meta = {**meta, **{key: each for key, each in value.items() if key not in _OWN and each is not None}}
    document = called(value.get("id"), f"{row.stem}-{row.number}")
    if not any(key in value for key in _SPANS):
        collector.add_text(place, document, text, meta)
        return
    links = list(_links(value.get("relations"), place, setting))
    stated = value.get("annotator")
    for who, theirs in (marks or {annotator: []}).items():
        ids = {mark.id for mark in theirs}
        collector.add(
            FileReading(
                place,
                document,
                text,
                annotator=stated if isinstance(stated, str) and stated else who,
                status="reviewed" if value.get("annotation_approver") else setting.status,
                marks=theirs,
                links=links if len(marks) < 2 else [link for link in links if link.head in ids],
                meta=meta,
                counting=next((way for way in (UNITS, CLUSTERS) if value.get("offsets") == way.units), None),
            )
        )


def _mark(item: Any) -> FileMark | None:
    if isinstance(item, list) and len(item) == 3 and type(item[0]) is int and type(item[1]) is int:
        return FileMark(str(item[2]), item[0], item[1]) if isinstance(item[2], (str, int)) else None
    if not isinstance(item, dict) or not isinstance(item.get("label"), (str, int)):
        return None
    start, end = item.get("start_offset"), item.get("end_offset")
    if type(start) is not int or type(end) is not int:
        return None
    name = item.get("id")
    return FileMark(str(item["label"]), start, end, id="" if name is None else str(name))


def _links(listed: Any, place: str, setting: ConversionOptions) -> Iterator[Relation]:
    for item in listed if isinstance(listed, list) else ():
        ends = (item.get("from_id"), item.get("to_id")) if isinstance(item, dict) else (None, None)
        if None in ends or not isinstance(item.get("type"), (str, int)):
            setting.refuse(item, malformed_row(place, "no relation", "`from_id`, `to_id` and `type`"))
        else:
            yield Relation(str(item["type"]), str(ends[0]), str(ends[1]))


def write_doccano(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Articles for doccano, a line for each annotation; the number of lines.

    Without relations spans stand as `label`, which every span project imports, else as `entities`. Offsets
    count UTF-16 units, as doccano's pages do, and the line says so where that makes a difference.
    """
    articles = list(articles)
    related = any(a.relations for article in articles for a in article.annotations)
    lines: list[dict[str, Any]] = []
    lose_rest(articles, setting, ("meta",))
    for article in articles:
        document = article.document
        meta = {key: value for key, value in document.meta.items() if key not in _OWN}
        for key in set(document.meta) - set(meta):
            setting.lose(f"document meta `{key}`", document.id)
        wide = counts_otherwise(document.text, UNITS.units)
        if wide:
            setting.change("offsets counted in UTF-16 units, as doccano does", document.id)
        if wide or counts_otherwise(document.text, CLUSTERS.units):
            meta["offsets"] = UNITS.units
        units = utf16_offsets(document.text)
        for annotation in article.annotations or (None,):
            line: dict[str, Any] = {"id": document.id, "text": document.text}
            if annotation is None:
                lines.append({**line, **meta})
                continue
            numbers = {span.id: number for number, span in enumerate(annotation.spans, start=1)}
            extents = {span.id: (units(span.start), units(span.end)) for span in annotation.spans}
            if related:
                line["entities"] = [
                    {
                        "id": numbers[span.id],
                        "label": span.label,
                        "start_offset": extents[span.id][0],
                        "end_offset": extents[span.id][1],
                    }
                    for span in annotation.spans
                ]
                line["relations"] = [
                    {"id": number, "from_id": numbers[r.head], "to_id": numbers[r.tail], "type": r.label}
                    for number, r in enumerate(annotation.relations, start=1)
                ]
            else:
                line["label"] = [[*extents[span.id], span.label] for span in annotation.spans]
            lines.append({**line, "annotator": annotation.annotator, **meta})
    setting.check()
    write_text(path, json_lines(lines))
    return len(lines)

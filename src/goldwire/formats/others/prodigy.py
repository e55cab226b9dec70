"""Prodigy's JSON Lines, as `prodigy db-out` writes them: spans, relations between tokens or spans, answers.

An answer `accept` is a submitted annotation, `ignore` a skipped one, `reject` a skipped one too, told. Each
session is an annotator; answers of one session to one text are one annotation.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from goldwire.annotations.tokens import tokenizer
from goldwire.files import json_lines, write_text
from goldwire.formats._beyond import lose_rest
from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._marks import Collector, FileMark, FileReading, lose_keys
from goldwire.formats.others._rows import FileRow, called, contents, json_file_rows, malformed_row
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Status

ABOUT = "Prodigy's JSON Lines (prodigy db-out), a line for each answer"
LOSES = "span ids, layers, attributes, statuses but skipped, provenance, marked_by, origin"
UNIT = "lines"

_HINT = 'a line is {"text": "…", "spans": [{"start": 0, "end": 4, "label": "PER"}], "answer": "accept"}'
_PEOPLE = ("_annotator_id", "_session_id")
_OWN = (
    *("text", "spans", "relations", "tokens", "answer", "meta", "id", *_PEOPLE),
    *("_input_hash", "_task_hash", "_timestamp", "_view_id", "_is_binary"),
)
_OF_SPAN = ("start", "end", "label", "text", "token_start", "token_end", "score", "id", "type", "input_hash")
_ANSWERS: dict[Any, Status] = {"accept": "submitted", "ignore": "skipped", "reject": "skipped"}
#: The name of a session that nobody named: when it began.
_UNNAMED = re.compile(r"\d{4}-\d\d-\d\d(?:[_T ]\d\d-\d\d-\d\d)?")


def looks_like(head: Head) -> bool:
    """Whether it begins like answers from Prodigy's database, or like a task for it."""
    rows = [row for row in head.rows if isinstance(row, dict) and "text" in row]
    if any({"answer", "spans"} <= set(row) or set(row) & {"_input_hash", "_task_hash"} for row in rows):
        return True
    listed = [row["spans"] for row in rows if isinstance(row.get("spans"), list)]
    spans = [span for each in listed for span in each if isinstance(span, dict)]
    task_keys = {"text", "spans", "tokens", "meta", "id", "relations", *_PEOPLE, "answer"}
    return (
        bool(spans)
        and len(rows) == len(head.rows)
        and all(set(row) <= task_keys for row in rows)
        and all({"start", "end", "label"} <= set(span) and "layer" not in span for span in spans)
    )


def read_prodigy(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a database's answers, those with one text and `_input_hash` a document.

    Raises one error with all faults: GW621 for lines that are none, GW623 for spans outside their text.
    """
    collector = Collector(setting, "prodigy", merge=True)
    names: dict[str, str] = {}
    for content in contents(path, (".jsonl", ".json"), "Prodigy's"):
        for row in json_file_rows(content, setting, _HINT):
            if isinstance(row.value, dict) and isinstance(row.value.get("text"), str):
                collector.add(_reading(row, _name(row, names), collector))
            else:
                setting.refuse(row.value, malformed_row(row.place, "no text under `text`", _HINT))
    return collector.articles()


def _name(row: FileRow, names: dict[str, str]) -> str:
    """A document's name: its `id`, of the line or its `meta`, else one for each text."""
    meta = row.value.get("meta")
    stated = row.value.get("id", meta.get("id") if isinstance(meta, dict) else None)
    return called(stated, "") or names.setdefault(row.value["text"], f"{row.stem}-{len(names) + 1}")


def _reading(row: FileRow, name: str, collector: Collector) -> FileReading:
    value, place, setting = row.value, row.place, collector.setting
    answer = value.get("answer")
    status = _ANSWERS.get(answer, setting.status)
    if answer == "reject":
        setting.change("rejected answers, kept as skipped annotations", place)
    lose_keys(setting, value, _OWN, "key", place)
    marks: list[FileMark] = []
    proofs = dict(_tokens(value))
    tokens = {number: (token.start, token.end) for number, token in proofs.items()}
    for index, span in enumerate(value.get("spans") or ()):
        mark = _mark(span, tokens, f"s{index + 1}")
        if mark is None:
            message = f"$.spans[{index}] is no span: {json.dumps(span, ensure_ascii=False)[:60]}"
            setting.refuse(span, malformed_row(place, message, _HINT))
            continue
        lose_keys(setting, span, _OF_SPAN, "key of a span", place)
        marks.append(mark)
    named = (value.get(key) for key in _PEOPLE)
    who = next((str(each) for each in named if each and not _UNNAMED.fullmatch(str(each))), "")
    when = value.get("_timestamp")
    updated = (
        datetime.fromtimestamp(when, UTC).isoformat()
        if isinstance(when, (int, float)) and not isinstance(when, bool) and 0 <= when < 1e11
        else ""
    )
    meta = value.get("meta")
    return FileReading(
        place,
        name,
        value["text"],
        annotator=who or collector.annotator,
        status=status,
        marks=marks,
        links=list(_links(value, marks, tokens, place, setting)),
        meta={key: each for key, each in meta.items() if key != "id"} if isinstance(meta, dict) else {},
        provenance=Provenance("human" if answer in _ANSWERS else "unknown", updated=updated),
        proofs=[token for token in proofs.values() if token.words is not None],
    )


def _mark(span: Any, tokens: Mapping[int, tuple[int, int]], name: str) -> FileMark | None:
    """A span, its extent its own or that of its tokens; None where it is none."""
    if not isinstance(span, dict) or not isinstance(span.get("label"), str):
        return None
    start, end = span.get("start"), span.get("end")
    if type(start) is not int or type(end) is not int:
        first, last = tokens.get(_index(span, "token_start")), tokens.get(_index(span, "token_end"))
        if first is None or last is None:
            return None
        start, end = first[0], last[1]
    words, score = span.get("text"), span.get("score")
    return FileMark(
        span["label"],
        start,
        end,
        words if isinstance(words, str) else None,
        id=name,
        score=float(score) if isinstance(score, (int, float)) and not isinstance(score, bool) else None,
    )


def _index(record: Mapping[str, Any], key: str) -> int:
    value = record.get(key)
    return value if type(value) is int else -1


def _tokens(value: Mapping[str, Any]) -> Iterator[tuple[int, FileMark]]:
    """The tokens by number, with their words, which prove how offsets are counted."""
    listed = value.get("tokens")
    for number, token in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(token, dict) and type(token.get("start")) is int and type(token.get("end")) is int:
            words = token.get("text")
            place = token.get("id")
            mark = FileMark("", token["start"], token["end"], words if isinstance(words, str) else None)
            yield place if type(place) is int else number, mark


def _links(
    value: Mapping[str, Any],
    marks: Iterable[FileMark],
    tokens: Mapping[int, tuple[int, int]],
    place: str,
    setting: ConversionOptions,
) -> Iterator[Relation]:
    """The relations between spans; those of tokens that are no span are put aside."""
    marked = list(marks)
    whole = {(mark.start, mark.end, mark.label): mark.id for mark in reversed(marked)}
    extents = {(mark.start, mark.end): mark.id for mark in reversed(marked)}
    over = _over(marked, tokens) if value.get("relations") else {}

    def end_of(relation: Mapping[str, Any], key: str) -> str | None:
        span = relation.get(f"{key}_span")
        if isinstance(span, dict) and type(span.get("start")) is int and type(span.get("end")) is int:
            start, end = span["start"], span["end"]
            return whole.get((start, end, str(span.get("label")))) or extents.get((start, end))
        return over.get(_index(relation, key))

    listed = value.get("relations")
    for relation in listed if isinstance(listed, list) else ():
        head, tail = (
            (end_of(relation, "head"), end_of(relation, "child"))
            if isinstance(relation, dict)
            else (None, None)
        )
        if head is None or tail is None or not isinstance(relation.get("label"), str):
            setting.put_aside("relations between tokens that are no span", place, relation)
        else:
            yield Relation(relation["label"], head, tail)


def _over(marks: Iterable[FileMark], tokens: Mapping[int, tuple[int, int]]) -> dict[int, str]:
    """For each token the span that it lies in."""
    order = sorted(tokens, key=tokens.__getitem__)
    starts = [tokens[number][0] for number in order]
    over: dict[int, str] = {}
    for mark in marks:
        for place in range(bisect_left(starts, mark.start), bisect_left(starts, mark.end)):
            over.setdefault(order[place], mark.id)
    return over


def write_prodigy(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Articles as answers for `prodigy db-in`, a line for each annotation; the number of lines.

    Relations are between tokens there: with any, each line has its tokens, by spaCy's rules for the language.
    Prodigy makes the hashes itself.
    """
    articles = list(articles)
    related = any(a.relations for article in articles for a in article.annotations)
    lose_rest(articles, setting, ("meta", "score"))
    lines: list[dict[str, Any]] = []
    for article in articles:
        tokens = _cut(article.document, setting) if related else []
        for annotation in article.annotations:
            if annotation.status not in ("draft", "skipped", "submitted"):
                setting.lose(f"status {annotation.status}", f"{annotation.annotator}/{article.document.id}")
            lines.append(_line(article.document, annotation, tokens))
        if not article.annotations:
            lines.append(
                {"id": article.document.id, "text": article.document.text, "meta": article.document.meta}
            )
    setting.check()
    write_text(path, json_lines(lines))
    return len(lines)


def _cut(document: Document, setting: ConversionOptions) -> list[dict[str, Any]]:
    doc = tokenizer(setting.language_of(document)).make_doc(document.text)
    return [
        {"text": token.text, "start": token.idx, "end": token.idx + len(token), "id": token.i,
         "ws": bool(token.whitespace_)}
        for token in doc
    ]  # fmt: skip


def _line(document: Document, annotation: Annotation, tokens: list[dict[str, Any]]) -> dict[str, Any]:
    starts, ends = ([token[key] for token in tokens] for key in ("start", "end"))
    shown: dict[str, dict[str, Any]] = {}
    for span in annotation.spans:
        shown_span: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
        first, last = bisect_right(ends, span.start), bisect_left(starts, span.end) - 1
        if first <= last:
            shown_span |= {"token_start": first, "token_end": last}
        if span.score is not None:
            shown_span["score"] = span.score
        shown[span.id] = shown_span
    line: dict[str, Any] = {"id": document.id, "text": document.text, "meta": document.meta}
    line["spans"] = list(shown.values())
    if tokens:
        line["tokens"] = tokens
        line["relations"] = [
            {
                "head": shown[r.head].get("token_end", 0),
                "child": shown[r.tail].get("token_end", 0),
                "head_span": shown[r.head],
                "child_span": shown[r.tail],
                "label": r.label,
            }
            for r in annotation.relations
        ]
    answer = "ignore" if annotation.status == "skipped" else "accept"
    if annotation.status != "draft":
        line["answer"] = answer
    return {**line, "_session_id": annotation.annotator, "_annotator_id": annotation.annotator}

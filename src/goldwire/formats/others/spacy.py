"""spaCy's training data as JSON: offset tuples, the training format of spaCy 2, Docs as `doc.to_json()`.

`[["text", {"entities": [[0, 4, "PER"]]}], …]` as JSON or a tuple a line; also under `annotations`, beside
`classes`, as browser tools write it. The training format of spaCy 2 is a list of documents with `paragraphs`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from goldwire.formats.conll.tags import decode_tags, split_tag
from goldwire.formats.head import Head, is_pair
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._marks import Collector, FileMark, FileReading, lose_keys, placed
from goldwire.formats.others._rows import FileRow, called, contents, json_file_rows, malformed_row
from goldwire.model import Article

ABOUT = "spaCy's JSON: offset tuples, spaCy 2's training format, doc.to_json()"

_HINT = '["text", {"entities": [[0, 4, "PER"]]}], or a document of spaCy'
_TUPLE = ("entities", "spans", "ents")
#: What `doc.to_json()` has of a text beside its spans, and tokens say without being annotated.
_OF_DOC = ("text", "tokens", "sents", "ents", "spans", "entities", "id", "meta")


def looks_like(head: Head) -> bool:
    """Whether it begins like one of spaCy's JSON files."""
    if any(is_pair(row) and isinstance(row[1], dict) and set(row[1]) & set(_TUPLE) for row in head.rows):
        return True
    if {"classes", "annotations"} <= head.outer or {"paragraphs"} <= head.keys:
        return True
    return "text" in head.keys and (
        {"ents", "tokens"} <= head.keys
        or any(_is_triple(each) for row in head.rows for each in row.get("entities") or ())
    )


def _is_triple(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) in (3, 4) and type(value[0]) is int and type(value[1]) is int
    )


def read_spacy(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a file. Categories, heads, tags and knowledge-base ids are counted in `setting.lost`.

    Raises one error with all faults: GW621 for what is none of these, GW623 for spans outside their text.
    """
    collector = Collector(setting, "spacy")
    for content in contents(path, (".json", ".jsonl"), "spaCy's JSON"):
        number = 0
        for row in json_file_rows(content, setting, _HINT):
            for place, value in _documents(row):
                number += 1
                _take(place, f"{row.stem}-{number}", value, collector)
    return collector.articles()


def _documents(row: FileRow) -> Iterator[tuple[str, Any]]:
    """The documents of a row: itself, the tuples under `annotations`, the paragraphs of a document."""
    value = row.value
    if isinstance(value, dict) and isinstance(value.get("annotations"), list) and "text" not in value:
        for index, each in enumerate(value["annotations"]):
            if each is not None:  # a line that the tool left out
                yield f"{row.place}.annotations[{index}]", each
    elif isinstance(value, dict) and isinstance(value.get("paragraphs"), list):
        for index, each in enumerate(value["paragraphs"]):
            yield f"{row.place}.paragraphs[{index}]", each
    else:
        yield row.place, value


def _take(place: str, name: str, value: Any, collector: Collector) -> None:
    setting = collector.setting
    if is_pair(value) and isinstance(value[1], dict):
        text, stated = value
        keys: tuple[str, ...] = _TUPLE
    elif isinstance(value, dict) and ("sentences" in value or "raw" in value):
        return _paragraph(place, name, value, collector)
    elif isinstance(value, dict) and isinstance(value.get("text"), str):
        text, stated, keys = value["text"], value, _OF_DOC
        lose_tokens(value.get("tokens"), setting, place)
    else:
        setting.refuse(
            value, malformed_row(place, "neither a tuple of text and entities nor a document", _HINT)
        )
        return None
    lose_keys(setting, stated, keys, "key", place)
    marks: list[FileMark] = []
    for path, layer, item in _listed(stated):
        mark = _mark(item, layer)
        if mark is None:
            shown = json.dumps(item, ensure_ascii=False)[:60]
            setting.refuse(item, malformed_row(place, f"${path} is no entity: {shown}", _HINT))
            continue
        if _knowledge(item):
            setting.lose("kb_id of a span", f"{place} {_knowledge(item)}")
        marks.append(mark)
    meta = stated.get("meta")
    collector.add(
        FileReading(
            place,
            called(stated.get("id"), name),
            text,
            annotator=collector.annotator,
            status=setting.status,
            marks=marks,
            meta=meta if isinstance(meta, dict) else {},
        )
    )
    return None


def _listed(stated: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """What is marked: its path, its layer where it stands in a group of spans, the item."""
    for key in ("entities", "ents"):
        listed = stated.get(key)
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            yield f".{key}[{index}]", "", item
    groups = stated.get("spans")
    for group, listed in groups.items() if isinstance(groups, dict) else ():
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            yield f".spans.{group}[{index}]", str(group), item


def _mark(item: Any, layer: str) -> FileMark | None:
    if _is_triple(item):
        return (
            FileMark(str(item[2]), item[0], item[1], layer=layer) if isinstance(item[2], (str, int)) else None
        )
    if not isinstance(item, dict) or not isinstance(item.get("label"), str):
        return None
    start, end, words = item.get("start"), item.get("end"), item.get("text")
    if type(start) is not int or type(end) is not int:
        return None
    return FileMark(item["label"], start, end, words if isinstance(words, str) else None, layer=layer)


def _knowledge(item: Any) -> str:
    value = item[3] if isinstance(item, list) and len(item) == 4 else None
    value = item.get("kb_id") if isinstance(item, dict) else value
    return str(value) if value else ""


def lose_tokens(tokens: Any, setting: ConversionOptions, place: str) -> None:
    """Put down what is said of tokens beside where they are."""
    keys = {key for token in tokens or () if isinstance(token, dict) for key in token if token[key] != ""}
    for key in sorted(keys - {"id", "start", "end"}):
        setting.lose(f"token.{key}", place)


def _paragraph(place: str, name: str, value: Mapping[str, Any], collector: Collector) -> None:
    """A paragraph of spaCy 2's training format: tokens with tags in BILUO, over `raw` if it is there."""
    setting = collector.setting
    tokens: list[Mapping[str, Any]] = [
        token
        for sentence in value.get("sentences") or ()
        for token in (sentence.get("tokens") or () if isinstance(sentence, dict) else ())
        if isinstance(token, dict)
    ]
    raw = value.get("raw")
    words = [str(token.get("orth", "")) for token in tokens]
    text, extents = placed(
        words, raw if isinstance(raw, str) else None, [t.get("space") != "" for t in tokens]
    )
    lose_keys(setting, value, ("raw", "sentences", "entities"), "key", place)
    lose_tokens(
        [{k: v for k, v in t.items() if k not in ("orth", "ner", "space")} for t in tokens], setting, place
    )
    tags = []
    for index, token in enumerate(tokens):
        tag = split_tag(str(token.get("ner") or "O"))
        if tag is None:
            message = f"token {index}: `{token.get('ner')}` is no tag"
            setting.refuse(dict(token), malformed_row(place, message, "O, B-PER, I-PER, L-PER, U-PER"))
        tags.append(tag or ("O", ""))
    marks = [FileMark(label, extents[a][0], extents[b][1]) for a, b, label in decode_tags(tags)]
    marks += [mark for each in value.get("entities") or () if (mark := _mark(each, "")) is not None]
    reading = FileReading(place, name, text, collector.annotator, setting.status, marks)
    collector.add(reading)

"""What articles a file holds: one in a text or a saved page, one a row in a table."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldwire.errors import Fault, GoldwireError
from goldwire.files import decoded, read_bytes
from goldwire.seeds.columns import columns_beside, field_columns, fields_of
from goldwire.seeds.ingest import check_plain, kind_of
from goldwire.seeds.rows import Row, check_named_once, csv_rows, delimiter_of, json_list, json_rows
from goldwire.seeds.sources import PAGES, TABLES, Source
from goldwire.text import normalise

# UTF-32's mark begins like UTF-16's.
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
_MARKS |= {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
#: Our own names, which what a table's row holds besides can't have.
_TAKEN = ("id", "text", "file", "sha256", "made_from", "origin")


@dataclass(frozen=True)
class FoundArticle:
    """An article as it was found: its normalised text, what is known of it, and what its id is made of.

    `id` is the one that it came with. `path` is the file that it came from, None for an archive's; where
    `is_whole` that file is this text, in UTF-8.
    """

    text: str
    place: str
    name: str
    id: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    is_whole: bool = False


@dataclass
class ReadSources:
    """What was read of all files; `columns` says of each table what was taken from where."""

    candidates: list[FoundArticle] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    annotated: Counter[str] = field(default_factory=Counter)


def read_source(read: ReadSources, source: Source, *, columns: Mapping[str, str], encoding: str = "") -> None:
    """Put down the articles of a file, or why they can't be had."""
    try:
        if source.suffix in TABLES:
            _table(read, source, columns, encoding)
        elif source.suffix in PAGES or kind_of(source.data, source.suffix) == "HTML":
            _put(read, _page(source, encoding))
        else:
            _put(read, _text(source, encoding))
    except GoldwireError as error:
        read.faults.extend(error.faults)


def _put(read: ReadSources, candidate: FoundArticle) -> None:
    """Put down an article; one without text, or with what no text holds, is refused."""
    if not candidate.text.strip():
        read.faults.append(Fault("GW705", "holds no text", candidate.place, "leave it out"))
    elif "\0" in candidate.text:
        message = "holds the character U+0000: this is no text"
        read.faults.append(Fault("GW705", message, candidate.place, "leave it out, or say its --encoding"))
    else:
        read.candidates.append(candidate)


def _text(source: Source, encoding: str) -> FoundArticle:
    text = _decoded(source.data, source.place, encoding)
    check_plain(text[:1024].encode() if encoding else source.data, source.place, source.suffix)
    return FoundArticle(
        normalise(text),
        source.place,
        source.name,
        meta={"origin": source.name},
        path=source.path,
        is_whole=source.data.removeprefix(codecs.BOM_UTF8) == text.encode(),
    )


def _decoded(data: bytes, place: str, encoding: str) -> str:
    """A file's text: in the encoding that its first bytes say, or that was named, else UTF-8 (GW903)."""
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "")
    return decoded(data, place, marked or encoding or "utf-8")


def _page(source: Source, encoding: str) -> FoundArticle:
    """The article of a saved web page, by trafilatura; raises GW706 where it finds none."""
    import trafilatura

    declared = _CHARSET.search(source.data[:4096])
    named = declared[1].decode("ascii", "replace") if declared else ""
    try:
        codecs.lookup(named or "utf-8")
    except LookupError:
        named = ""
    html = _decoded(source.data, source.place, encoding or named)
    # Sites repeat their paragraphs in places that are no article; what is a comment is not the article.
    page = trafilatura.bare_extraction(html, include_comments=False, with_metadata=True)
    text = normalise(str(page.text or "")).strip() if page is not None else ""
    if page is None or not text:
        hint = "copy the article's text into a .txt file"
        raise GoldwireError.of("GW706", "no article was found in this page", where=source.place, hint=hint)
    stated = {
        "title": page.title,
        "published": page.date,
        "author": page.author,
        "source": page.sitename or page.hostname,
        "url": page.url,
        "language": page.language,
    }
    meta = {name: str(value) for name, value in stated.items() if value}
    meta |= {"origin": source.name, "extracted_by": f"trafilatura {trafilatura.__version__}"}
    return FoundArticle(text, source.place, source.name, meta=meta, path=source.path)


def _table(read: ReadSources, source: Source, named_columns: Mapping[str, str], encoding: str) -> None:
    """An article a row: its columns by name; what is none of the fields becomes metadata."""
    text = _decoded(source.data, source.place, encoding)
    faults: list[Fault] = []
    if source.suffix in (".csv", ".tsv"):
        delimiter = "\t" if source.suffix == ".tsv" else delimiter_of(text)
        rows = list(csv_rows(text, source.place, faults, delimiter=delimiter))
    elif source.suffix == ".json":
        rows = list(json_list(text, source.place))
    else:
        rows = list(json_rows(text.split("\n"), source.place, faults))
    read.faults += faults
    if not rows:
        if not faults:
            read.faults.append(Fault("GW705", "holds no article", source.place, "leave it out"))
        return
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    columns = field_columns(names, [row for _, row in rows], named_columns, source.place)
    read.columns[source.place] = columns
    for number, (place, row) in enumerate(rows, start=1):
        try:
            _put(read, _row(read, source, place, row, columns, f"{source.stem}-{number}"))
        except GoldwireError as error:
            read.faults.extend(error.faults)


def _row(
    read: ReadSources, source: Source, place: str, row: Row, columns: Mapping[str, str], name: str
) -> FoundArticle:
    """A row's article; raises GW707 where it has none."""
    check_named_once(row, place, "GW707")
    values, more, annotated = fields_of(row, columns)
    if annotated:
        read.annotated[source.place] += 1
    stated_id = values.pop("id", "")
    if (
        isinstance(stated_id, bool)
        or not isinstance(stated_id, str | int)
        or not str(stated_id).isprintable()
    ):
        hint = "a name or a number, or no id at all"
        raise GoldwireError.of("GW707", "its id is no name", where=place, hint=hint)
    text = values.pop("text", None)
    if text is None and isinstance(more.get("file"), str):
        text = _beside(source, str(more.pop("file")), place)
    if not isinstance(text, str):
        message = f"`{columns.get('text', 'text')}` holds no text"
        raise GoldwireError.of("GW707", message, where=place, hint="a text in each row, or leave the row out")
    check_plain(text[:1024].encode("utf-8", "surrogatepass"), place)
    meta = {**columns_beside(values, more, _TAKEN), "origin": source.name}
    return FoundArticle(normalise(text), place, name, str(stated_id).strip(), meta, source.path)


def _beside(source: Source, file: str, place: str) -> str:
    """The text of a file that a listing names, beside it or below; GW707 for any other."""
    if source.path is not None and "\0" not in file:
        folder = source.path.resolve().parent
        target = (folder / file).resolve()
        if target.is_relative_to(folder):
            data = read_bytes(target)
            check_plain(data, str(target), target.suffix.lower())
            return _decoded(data, str(target), "")
    hint = "give the folder of texts, or a table with the texts in it"
    raise GoldwireError.of("GW707", f"`{file}` is not to be had from here", where=place, hint=hint)

"""Read articles from text files, JSON Lines or CSV.

Every way in ends in the same normalised text: NFC, `\\n` line ends, nothing else changed. From then on
offsets count code points of that text, and it is never touched again. `meta.sha256` is the hash of the raw
file (of the raw text where many articles share a file).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from goldwire import strict_json
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import decoded, read_bytes, read_text, sha256, text_lines
from goldwire.model import Document
from goldwire.number_format import counted
from goldwire.project import Project
from goldwire.seeds.rows import Row, check_named_once, csv_rows, json_rows
from goldwire.text import first_of, normalise

SUFFIXES = (".txt", ".jsonl", ".csv")
LISTING = "articles.jsonl"
#: How files in `seeds/` that nobody reads come to be read.
WAY_IN = "goldwire seeds add lists them"
#: Kinds of files that may hold an article and are no text, by suffix.
DOCUMENTS = {".xml": "XML", ".pdf": "PDF", ".rtf": "RTF"}
DOCUMENTS |= dict.fromkeys(
    (".doc", ".docx", ".odt", ".pages", ".epub", ".pptx", ".xlsx"), "an office document"
)
#: What such a file is called is no article.
NO_ARTICLES = ("README", "LICENSE", "LICENCE", "NOTICE")
_KINDS = dict.fromkeys((".html", ".htm", ".xhtml"), "HTML") | DOCUMENTS
_LOG = logging.getLogger(__name__)
_HEADS = {b"<!doctype html": "HTML", b"<html": "HTML", b"<?xml": "XML", b"%pdf-": "PDF", b"{\\rtf": "RTF"}
_HEADS |= dict.fromkeys((b"pk\x03\x04", b"\xd0\xcf\x11\xe0"), "an office document")
# Two ends of blocks: somebody saved a page, or a part of one.
_BLOCK = re.compile(rb"</(?:p|div|body|article|section|h[1-6])\s*>", re.IGNORECASE)


def load_seeds(project: Project) -> list[Document]:
    """The project's articles in memory; see `stream_seeds`."""
    return list(stream_seeds(project))


def stream_seeds(project: Project) -> Iterator[Document]:
    """The project's articles, one at a time: those that `seeds/articles.jsonl` lists, in its order.

    Each line has an `id`, and either `file` (a text under `seeds/`) or `text`; all else becomes `meta`. Files
    in `seeds/` that are not listed are named in a warning of the log `goldwire.seeds.ingest`, which the
    command line shows; where none is listed, GW288 is raised.
    """
    listing = project.seeds / LISTING
    waiting = unlisted(project)
    empty = True
    for document in stream_documents(listing) if listing.is_file() or not waiting else ():
        empty = False
        yield document
    if empty and waiting:
        message = f"lists none of the {counted(len(waiting), 'file')} here, {waiting[0]} the first"
        raise GoldwireError.of("GW288", message, where=str(listing), hint=WAY_IN)
    _warn(waiting)


def warn_of_unlisted(project: Project, listed: Collection[str] = ()) -> None:
    """Name in a warning what lies unlisted in `seeds/`, but for what is about to be `listed`."""
    _warn([name for name in unlisted(project) if name not in listed])


def _warn(waiting: Sequence[str]) -> None:
    if waiting:
        message = "not in seeds/articles.jsonl, so not read: %s (%s); %s"
        _LOG.warning(message, counted(len(waiting), "file"), first_of(waiting), WAY_IN)


def unlisted(project: Project) -> list[str]:
    """Files in `seeds/` that look like articles and that the listing does not name: nobody reads them.

    Paths from `seeds/`, in their order. What is called README, LICENSE or NOTICE is none. A line's
    `made_from` names the file in `seeds/` that its text was taken out of.
    """
    listing, listed = project.seeds / LISTING, set()
    for line in text_lines(listing) if listing.is_file() else ():
        try:
            row = strict_json.loads(line)
        except ValueError:
            continue  # said by whoever reads the articles
        for key in ("file", "made_from") if isinstance(row, dict) else ():
            if isinstance(row.get(key), str) and "\0" not in row[key]:
                listed.add((project.seeds / row[key]).resolve())
    return [
        path.relative_to(project.seeds).as_posix()
        for path in sorted(project.seeds.rglob("*"))
        if path.suffix.lower() in (*SUFFIXES, ".json", ".md", *_KINDS)
        and not path.name.startswith(".")
        and path.stem.upper() not in NO_ARTICLES
        and path.is_file()
        and path != listing
        and path.resolve() not in listed
    ]


def read_documents(*paths: Path) -> list[Document]:
    """The articles of text, JSON Lines and CSV files and of folders of texts; see `stream_documents`."""
    return list(stream_documents(*paths))


def stream_documents(*paths: Path) -> Iterator[Document]:
    """The same, one at a time; what was given before an error is raised is not to be kept.

    Raises at the end one error that lists every file that is not UTF-8, every empty article and every
    duplicate (the same id, or the same normalised text), each by name.
    """
    faults: list[Fault] = []
    ids: dict[str, str] = {}
    texts: dict[bytes, str] = {}
    for path in paths:
        doubtful: list[Fault] = []
        try:
            for place, document in _read(path):
                digest = hashlib.sha256(document.text.encode()).digest()
                if not document.text.strip():
                    doubtful.append(Fault("GW220", f"article `{document.id}` is empty", place, "remove it"))
                elif document.id in ids:
                    hint = f"{ids[document.id]} has it; ids are unique"
                    doubtful.append(Fault("GW221", f"id `{document.id}` stands twice", place, hint))
                elif digest in texts:
                    hint = f"same text as {texts[digest]}; remove one of them"
                    doubtful.append(Fault("GW222", f"article `{document.id}` is a duplicate", place, hint))
                ids.setdefault(document.id, place)
                texts.setdefault(digest, place)
                yield document
        except GoldwireError as error:
            faults.extend(error.faults)
        else:
            faults.extend(doubtful)
    raise_faults(faults)


def _read(path: Path) -> Iterator[tuple[str, Document]]:
    """The documents of a file or folder with their places; what is wrong is raised at the end."""
    faults: list[Fault] = []
    suffix = path.suffix.lower()
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in (".txt", *_KINDS))
        if not any(file.suffix.lower() == ".txt" for file in files):
            raise GoldwireError.of("GW223", "no .txt file in this folder", where=str(path))
        readers: Iterable[Callable[[], tuple[str, Document]]] = (partial(_read_text, f, {}) for f in files)
    elif suffix in (".txt", *_KINDS):
        readers = [partial(_read_text, path, {})]
    elif suffix == ".jsonl":
        rows = json_rows(text_lines(path), str(path), faults)
        readers = (partial(_from_row, row, path, place) for place, row in rows)
    elif suffix == ".csv":
        rows = csv_rows(read_text(path), str(path), faults)
        readers = (partial(_from_row, row, path, place) for place, row in rows)
    else:
        hint = f"give a folder or a file that ends in {', '.join(SUFFIXES)}"
        raise GoldwireError.of("GW223", f"can't tell what `{path.name}` is", where=str(path), hint=hint)
    for read in readers:
        try:
            placed = read()
        except GoldwireError as error:
            faults.extend(error.faults)
        else:
            yield placed
    raise_faults(faults)


def _read_text(path: Path, meta: dict[str, Any], name: str | None = None) -> tuple[str, Document]:
    data = read_bytes(path)
    check_plain(data, str(path), path.suffix.lower())
    meta = {**meta, "sha256": sha256(data)}
    return str(path), Document(name or path.stem, normalise(decoded(data, str(path))), meta)


def kind_of(data: bytes, suffix: str = "") -> str:
    """What a file is that is no plain text (`HTML`, `XML`, `PDF` …), by its suffix or by how it begins."""
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    kind = _KINDS.get(suffix) or next((kind for begin, kind in _HEADS.items() if head.startswith(begin)), "")
    return "HTML" if not kind and suffix and len(_BLOCK.findall(data)) > 1 else kind


def check_plain(data: bytes, place: str, suffix: str = "") -> None:
    """Raise GW287 for what is no plain text: its tags or its bytes would become the article."""
    if kind := kind_of(data, suffix):
        markup = kind in ("HTML", "XML")
        message = f"{kind}, not plain text" + (": its tags would become text" if markup else "")
        tool = "trafilatura or pandoc -t plain" if markup else "pdftotext or pandoc -t plain"
        hint = f"extract its text first, for example with {tool}, and give the .txt"
        if kind == "HTML":
            hint = f"goldwire seeds add takes the article out of a page; or {hint}"
        raise GoldwireError.of("GW287", message, where=place, hint=hint)


def _from_row(row: Row, path: Path, place: str) -> tuple[str, Document]:
    """A row names its text in `text`, or the text's file, as a path from the listing, in `file`."""
    meta = {key: value for key, value in row.items() if key not in ("id", "text", "file", "meta")}
    more = row.get("meta", {})
    if not isinstance(more, dict):
        raise GoldwireError.of("GW226", "`meta` must be an object", where=place, hint="or leave it out")
    if twice := [key for key in meta.keys() & more.keys() if meta[key] != more[key]]:
        message = f"`{min(twice)}` stands in `meta` and beside it, not alike"
        raise GoldwireError.of("GW226", message, where=place, hint="keep one")
    meta |= more
    check_named_once(row, place, "GW226")
    name, text, file = row.get("id"), row.get("text"), row.get("file")
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise GoldwireError.of("GW226", "`id` must be a text", where=place)
    if isinstance(text, str) and file is None:
        check_plain(text[:1024].encode(), place)
        if name is None:
            raise GoldwireError.of("GW226", "lacks `id`", where=place, hint="give each article one")
        return place, Document(name, normalise(text), {**meta, "sha256": sha256(text)})
    if isinstance(file, str) and "\0" not in file and text is None:
        target = path.parent / file
        if not target.resolve().is_relative_to(path.parent.resolve()):
            raise GoldwireError.of("GW226", f"`{file}` lies outside the listing's folder", where=place)
        return _read_text(target, meta, name)
    raise GoldwireError.of("GW226", "needs either `text` or `file`, as text", where=place)

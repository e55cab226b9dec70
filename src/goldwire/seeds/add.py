"""Articles into a project: found, read, held against those that are there, then listed; or only shown."""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from goldwire.errors import Fault, GoldwireError
from goldwire.files import file_name, read_text, sha256, write_text
from goldwire.model import Document
from goldwire.near_duplicates import near_duplicates
from goldwire.project import Project, find_project
from goldwire.seeds.contents import FoundArticle, ReadSources, read_source
from goldwire.seeds.ingest import LISTING, read_documents, unlisted, warn_of_unlisted
from goldwire.seeds.sources import KINDS, collect
from goldwire.table import Column, Figures, Table

_FOLDER = "articles"
_LONGEST = 80  # code points of an id that is made of a name
_ORDER = ("title", "published", "author", "source", "url", "language")


@dataclass(frozen=True)
class Added:
    """An article to be listed: its id, its `file` in `seeds/`, the `place` that it came from, its size in
    code points; `is_new` where the file has yet to be written."""

    id: str
    file: str
    place: str
    characters: int
    title: str = ""
    published: str = ""
    is_new: bool = True


@dataclass(frozen=True)
class Same:
    """An article that is not taken: its text is that of `id`, which came from `of` or was there before."""

    place: str
    id: str
    of: str = ""


@dataclass(frozen=True)
class Near:
    """An article that is taken, and another one, new or there before, that is nearly the same text.

    `similarity` is the Jaccard similarity of their word shingles, from 0 to 1.
    """

    id: str
    other: str
    similarity: float


@dataclass(frozen=True)
class Addition(Figures):
    """What was added, or would be: `is_written` says which.

    `same` are left out as duplicates; `near` are near-duplicates, taken; `refused` says what can't be read,
    and why; `passed` are files of kinds that hold no articles, `columns` what was read from where in each
    table, `annotated` how many rows of each had annotations, which are not taken.
    """

    articles: tuple[Added, ...] = ()
    same: tuple[Same, ...] = ()
    near: tuple[Near, ...] = ()
    refused: tuple[Fault, ...] = ()
    passed: tuple[str, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    annotated: Mapping[str, int] = field(default_factory=dict)
    is_written: bool = False

    def __repr__(self) -> str:
        counts = {"same": self.same, "near": self.near, "refused": self.refused}
        more = "".join(f", {len(items)} {name}" for name, items in counts.items() if items)
        return f"<Addition: {len(self.articles)} articles{'' if self.is_written else ' (not written)'}{more}>"

    def tables(self) -> list[Table]:
        """`articles`, `same`, `near`, `refused`."""
        shape = (
            Column("id"),
            Column("from"),
            Column("title"),
            Column("published"),
            Column("characters", "amount"),
        )
        articles = [(a.id, a.place, a.title, a.published, a.characters) for a in self.articles]
        refused = [(fault.where, fault.message, fault.hint) for fault in self.refused]
        return [
            Table("articles", "articles", shape, articles, lesser=("published", "title", "from")),
            Table(
                "same",
                "the same text, left out",
                (Column("from"), Column("same as"), Column("which came from")),
                [(same.place, same.id, same.of) for same in self.same],
            ),
            Table(
                "near",
                "near-duplicates, taken",
                (Column("id"), Column("other"), Column("similarity", "number")),
                [(pair.id, pair.other, pair.similarity) for pair in self.near],
            ),
            Table("refused", "refused", (Column("where"), Column("what"), Column("instead")), refused),
        ]

    def as_json(self) -> dict[str, Any]:
        """All of it, as `goldwire seeds add --json` writes it."""
        return asdict(self)


def add_articles(
    project: str | Path | Project,
    *paths: str | Path,
    columns: Mapping[str, str] | None = None,
    encoding: str = "",
    lenient: bool = False,
    dry_run: bool = False,
) -> Addition:
    """Take articles into a project: texts, saved web pages, CSV, JSON Lines, folders and zips of them.

    Without `paths` the files in `seeds/` that are not listed yet. Texts are written to `seeds/articles/`,
    then all are listed in `seeds/articles.jsonl`, or nothing is. `columns` says which column of a table is
    what (`{"text": "body"}`), otherwise that is guessed; `encoding` how texts are written that are not UTF-8.
    Where anything is refused nothing is written and all reasons are raised, unless `lenient`; with `dry_run`
    nothing is written, nor raised for what is refused. Raises GW701 to GW707 for what is refused, GW703 and
    GW710 for a column and an encoding that there are not, GW711 for an id that another text has.

        >>> import goldwire
        >>> addition = goldwire.add_articles("my-project", "new-articles", dry_run=True)
        >>> addition
        <Addition: 2 articles (not written)>
        >>> addition.articles[0].id
        'bread'
    """
    home = find_project(project)
    if encoding:
        _check_encoding(encoding)
    listing = home.seeds / LISTING
    present = read_documents(listing) if listing.is_file() else []
    collected = collect([Path(path) for path in paths] or [home.seeds / name for name in unlisted(home)])
    read = ReadSources(faults=collected.faults)
    for source in collected.sources:
        read_source(read, source, columns=columns or {}, encoding=encoding)
    candidates, same = _without_duplicates(read.candidates, present)
    named = _with_ids(candidates, present, read.faults)
    if not read.candidates and not read.faults:
        where = ", ".join(map(str, paths)) or str(home.seeds)
        raise GoldwireError.of("GW708", "there is no article here", where=where, hint=f"give {KINDS}")
    if read.faults and not (lenient or dry_run):
        message = f"nothing was added: {len(read.faults)} refused, {len(named)} could be"
        raise GoldwireError(
            *read.faults, Fault("GW709", message, hint="mend them, or leave them out: --lenient")
        )
    paths_taken: set[Path] = set()
    articles = tuple(_added(home, name, candidate, paths_taken) for name, candidate in named)
    if articles and not dry_run:
        _write(home, listing, [(a, c) for a, (_, c) in zip(articles, named, strict=True)])
    warn_of_unlisted(home, {article.file for article in articles})
    return Addition(
        articles=articles,
        same=tuple(same),
        near=_near(articles, named, present),
        refused=tuple(read.faults),
        passed=tuple(collected.passed),
        columns=read.columns,
        annotated=dict(read.annotated),
        is_written=not dry_run,
    )


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
        b"".decode(encoding)
    except (LookupError, UnicodeError):
        hint = "a name such as windows-1252, iso-8859-15, gb18030, shift_jis"
        raise GoldwireError.of("GW710", f"there is no encoding `{encoding}`", hint=hint) from None


def _without_duplicates(
    candidates: Sequence[FoundArticle], present: Sequence[Document]
) -> tuple[list[FoundArticle], list[Same]]:
    """The articles whose text is not there yet, and those whose text is; of several the first is taken."""
    id_by_hash = {sha256(document.text): document.id for document in present}
    places: dict[str, str] = {}
    fresh: list[FoundArticle] = []
    same: list[Same] = []
    for candidate in candidates:
        digest = sha256(candidate.text)
        if digest in id_by_hash:
            same.append(Same(candidate.place, id_by_hash[digest]))
        elif digest in places:
            same.append(Same(candidate.place, "", places[digest]))
        else:
            places[digest] = candidate.place
            fresh.append(candidate)
    return fresh, same


def _with_ids(
    candidates: Sequence[FoundArticle], present: Sequence[Document], faults: list[Fault]
) -> list[tuple[str, FoundArticle]]:
    """Each article with its id: the one that it came with, else one made of its name.

    A given id that another text has is refused (GW711); one that is made gets a number where it is taken, in
    whatever case: to some file systems that is one name.
    """
    id_by_folded = {document.id.casefold(): document.id for document in present}
    names_present = set(id_by_folded.values())
    stems: dict[str, set[str]] = {}
    for candidate in candidates:
        stems.setdefault(_id_of(PurePosixPath(candidate.name).stem).casefold(), set()).add(candidate.name)
    named: list[tuple[str, FoundArticle]] = []
    for candidate in candidates:
        if candidate.id and candidate.id.casefold() in id_by_folded:
            other = id_by_folded[candidate.id.casefold()]
            message = f"id `{candidate.id}` stands already, with another text"
            hint = f"goldwire seeds remove {other}, or " if other in names_present else ""
            hint += "give each article an id of its own"
            faults.append(Fault("GW711", message, candidate.place, hint))
            continue
        name = candidate.id
        if not name:
            path = PurePosixPath(candidate.name)
            name = _id_of(path.stem)
            if len(stems[name.casefold()]) > 1:  # `2023/report.txt`, `2024/report.txt`
                name = _id_of("-".join((*path.parent.parts, path.stem)))
            name = _free(name, id_by_folded)
        id_by_folded[name.casefold()] = name
        named.append((name, candidate))
    return named


def _id_of(name: str) -> str:
    """A name as an id: letters and digits of any script, `.`, `_`, `-`; never empty, hidden or too long."""
    composed = unicodedata.normalize("NFC", name)
    return re.sub(r"[^\w.]+", "-", composed).strip("-._")[:_LONGEST].rstrip("-._") or "article"


def _free(name: str, taken: Mapping[str, str]) -> str:
    free, number = name, 1
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _added(home: Project, name: str, candidate: FoundArticle, taken_paths: set[Path]) -> Added:
    """An article with its place in `seeds/`: where its file lies already, else in `articles/`."""
    file, is_new = _in_seeds(home, candidate.path) if candidate.is_whole else "", False
    if not file:
        stem, number = file_name(name), 1
        path = home.seeds / _FOLDER / f"{stem}.txt"
        while path in taken_paths or (path.exists() and path.read_bytes() != candidate.text.encode()):
            number += 1  # somebody's file, which is not touched
            path = home.seeds / _FOLDER / f"{stem}-{number}.txt"
        file, is_new = path.relative_to(home.seeds).as_posix(), True
    taken_paths.add(home.seeds / file)
    title, published = (str(candidate.meta.get(key, "")) for key in ("title", "published"))
    return Added(name, file, candidate.place, len(candidate.text), title, published, is_new)


def _in_seeds(home: Project, path: Path | None) -> str:
    """A file's path from `seeds/`; empty for one that lies elsewhere."""
    seeds = home.seeds.resolve()
    if path is None or not path.resolve().is_relative_to(seeds):
        return ""
    return path.resolve().relative_to(seeds).as_posix()


def _near(
    articles: Sequence[Added], named: Sequence[tuple[str, FoundArticle]], present: Sequence[Document]
) -> tuple[Near, ...]:
    """The near-duplicates of what is new."""
    ids = [*(document.id for document in present), *(article.id for article in articles)]
    texts = [*(document.text for document in present), *(candidate.text for _, candidate in named)]
    return tuple(
        Near(ids[pair.second], ids[pair.first], round(pair.similarity, 4))
        for pair in (near_duplicates(texts) if articles else ())
        if pair.second >= len(present)
    )


def _write(home: Project, listing: Path, articles: Iterable[tuple[Added, FoundArticle]]) -> None:
    """The texts, then the listing that makes them articles: what fails before leaves nothing behind."""
    old = read_text(listing) if listing.is_file() else ""
    lines = [old if not old or old.endswith("\n") else f"{old}\n"]
    with ExitStack() as undo:
        for article, candidate in articles:
            path = home.seeds / article.file
            if article.is_new and not path.exists():
                undo.callback(path.unlink, missing_ok=True)
                write_text(path, candidate.text)
            lines.append(json.dumps(_line(home, article, candidate), ensure_ascii=False) + "\n")
        write_text(listing, "".join(lines))
        undo.pop_all()


def _line(home: Project, article: Added, candidate: FoundArticle) -> dict[str, Any]:
    """An article's line in the listing: what people look for comes first."""
    meta = dict(candidate.meta)
    first = {key: meta.pop(key) for key in _ORDER if key in meta}
    line = {"id": article.id, "file": article.file, **first, **meta}
    made_from = _in_seeds(home, candidate.path) if article.is_new else ""
    return {**line, "made_from": made_from} if made_from else line

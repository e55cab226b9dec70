"""What lies at given paths: files, those of folders and of zip archives, each with its bytes."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from goldwire.errors import Fault, GoldwireError
from goldwire.files import read_bytes
from goldwire.limits import inflated
from goldwire.seeds.ingest import DOCUMENTS, NO_ARTICLES
from goldwire.zips import UNREADABLE

TEXTS = (".txt", ".text", ".md")
PAGES = (".html", ".htm", ".xhtml")
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
ARCHIVES = (".zip",)
KINDS = f"text ({', '.join(TEXTS)}), pages ({', '.join(PAGES)}), tables ({', '.join(TABLES)}), folders, .zip"


@dataclass(frozen=True)
class Source:
    """A file that may hold articles.

    `place` names it to people, `name` is its path inside of what was given; `path` is the file itself, None
    where it lies in an archive.
    """

    name: str
    place: str
    data: bytes
    path: Path | None = None

    @property
    def suffix(self) -> str:
        """What its name ends in, in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def stem(self) -> str:
        """Its name without folders and suffix."""
        return PurePosixPath(self.name).stem


@dataclass
class Collected:
    """The files that were found, those of other kinds that were `passed` over, and what can't be read."""

    sources: list[Source] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def collect(paths: Iterable[Path]) -> Collected:
    """All files at `paths`, in their order, folders and archives in that of names; none is taken twice.

    In folders and archives hidden files are left alone, and files of kinds that hold no articles passed over;
    one that is named is refused (GW701).
    """
    collected = Collected()
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            for file in _files(path):
                if file.resolve() not in seen:
                    seen.add(file.resolve())
                    _file(collected, file, file.relative_to(path).as_posix(), named=False)
        elif path.resolve() not in seen:
            seen.add(path.resolve())
            _file(collected, path, path.name, named=True)
    return collected


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, in the order of their names; links to folders are not followed."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _hidden(name))
        yield from (Path(place, name) for name in sorted(names) if not _hidden(name))


def _hidden(name: str) -> bool:
    if name.strip(".") == "":
        return False  # `..` of an archive's path
    return name.startswith((".", "__MACOSX", "~$")) or name.lower() in ("thumbs.db", "desktop.ini")


def _file(collected: Collected, path: Path, name: str, *, named: bool) -> None:
    """Put down one file, or all of an archive."""
    suffix = path.suffix.lower()
    try:
        if suffix in ARCHIVES:
            collected.sources += _unpacked(collected, path)
        elif _taken(suffix, name, named=named):
            collected.sources.append(Source(name, str(path), read_bytes(path), path))
        elif named:
            hint = f"give {KINDS}"
            raise GoldwireError.of(
                "GW701", "no articles are read from this kind of file", where=str(path), hint=hint
            )
        else:
            collected.passed.append(str(path))
    except GoldwireError as error:
        collected.faults.extend(error.faults)


def _taken(suffix: str, name: str, *, named: bool) -> bool:
    """Whether a file is looked into; an article that can't be read is, to be refused by its name."""
    if not named and PurePosixPath(name).stem.upper() in NO_ARTICLES:
        return False
    return suffix in (*TEXTS, *PAGES, *TABLES, *DOCUMENTS) or (named and not suffix)


def _unpacked(collected: Collected, path: Path) -> Iterator[Source]:
    """The files in a zip archive. Nothing is unpacked onto the disk: names in it make no paths."""
    data = read_bytes(path)
    budget = inflated(len(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in sorted(archive.infolist(), key=_entry_name):
                name = _entry_name(entry)
                parts, place = PurePosixPath(name).parts, f"{path}!{name}"
                if entry.is_dir() or not parts or any(map(_hidden, parts)):
                    continue
                suffix = PurePosixPath(name).suffix.lower()
                if suffix in ARCHIVES:
                    hint = "unpack it, and give the folder"
                    collected.faults.append(Fault("GW702", "an archive inside an archive", place, hint))
                elif not _taken(suffix, name, named=False):
                    collected.passed.append(place)
                elif entry.flag_bits & 1:
                    hint = "unpack it with its password, and give the folder"
                    collected.faults.append(Fault("GW702", "needs a password", place, hint))
                else:
                    with archive.open(entry) as stream:
                        content = stream.read(budget + 1)
                    budget -= len(content)
                    if budget < 0:
                        hint = "unpack it, and give the folder"
                        message = "inflates beyond what its size allows"
                        raise GoldwireError.of("GW702", message, where=str(path), hint=hint)
                    yield Source(name, place, content)
    except UNREADABLE as error:
        hint = "make it anew, or give the folder"
        message = f"can't be unpacked: {error}"
        raise GoldwireError.of("GW702", message, where=str(path), hint=hint) from None


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """An entry's name; UTF-8 that is not marked as such, as many programs write it, is read as such."""
    if not entry.flag_bits & 0x800:
        try:
            return entry.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return entry.filename

"""The files of an export of INCEpTION or WebAnno: a project, a document or one file; zipped or unpacked.

A project is `exportedproject*.json` and, in `annotation/DOCUMENT/` and `curation/DOCUMENT/`, a file or a zip
for each annotator. The rest of it (sources, logs, Java's own `.ser`) says no more, or can't be read without
Java. Nothing is unpacked on disk.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from goldwire.errors import GoldwireError
from goldwire.files import read_bytes
from goldwire.folders import MANIFEST
from goldwire.formats.options import ConversionOptions
from goldwire.limits import ZIPS, inflated
from goldwire.zips import UNREADABLE

#: What INCEpTION calls a document that nobody has annotated yet, and who curates.
INITIAL, CURATOR = "INITIAL_CAS", "CURATION_USER"
_ANNOTATION, _CURATION = "annotation", "curation"
_SETTINGS = re.compile(r"exportedproject.*\.json")
#: What exports are called that nobody named: a document's folder has one for each annotator.
TEMPORARY = re.compile(r"webanno\d+export(\.zip)?")
_TYPE_SYSTEM = "typesystem.xml"
_APPLE = b"\x00\x05\x16\x07"

_Parts = tuple[str, ...]
_Read = Callable[[], bytes]
_Members = list[tuple[_Parts, _Read]]


@dataclass(frozen=True)
class ExportFile:
    """A file of an export, and whose it is by its path; `annotator` is empty where that does not say it."""

    place: str
    name: str
    data: bytes
    document: str
    annotator: str
    curated: bool
    type_system: bytes | None


class Export:
    """The files with one of `suffixes` in a file, a folder or a zip; `wanted` says what they are.

    What is passed over is noted in the setting. Raises GW650 for zips that can't be read, inflate too far or
    hold names that lead out of them, and where there is nothing to read.
    """

    def __init__(
        self, path: Path, suffixes: tuple[str, ...], wanted: str, setting: ConversionOptions
    ) -> None:
        self.path, self.suffixes, self.wanted, self.setting = path, suffixes, wanted, setting
        self._type_systems: dict[_Parts, _Read] = {}
        self._others: dict[str, None] = {}

    def __iter__(self) -> Iterator[ExportFile]:
        """The files by name, those of a zip in its place; one is held at a time."""
        empty = True
        for file in self._all():
            if file.data.startswith(_APPLE):  # macOS' own beside each file that it copies
                continue
            empty = False
            yield file
        if empty:
            others = ", ".join(sorted(self._others))
            message = f"no {self.wanted} here" + (f", but {others}" if others else "")
            hint = f"name the export; in INCEpTION choose {self.wanted} as its format"
            raise GoldwireError.of("GW650", message, where=str(self.path), hint=hint)

    def _all(self) -> Iterator[ExportFile]:
        if self.path.is_dir():
            paths = sorted(file for file in self.path.rglob("*") if file.is_file())
            members = [(file.relative_to(self.path).parts, _reader(file)) for file in paths]
            yield from self._files(members, (), (), None)
        elif zipfile.is_zipfile(self.path):
            yield from self._zip(self.path, (), (), _Budget(inflated(self.path.stat().st_size)))
        elif self.path.suffix.lower() == ".zip":
            raise _bad(str(self.path), "no zip, or cut off")
        else:
            for file in self.path.parent.iterdir():
                if file.name.lower() == _TYPE_SYSTEM:
                    self._type_systems[()] = _reader(file)
            yield self._file((self.path.name,), _reader(self.path), ())

    def _zip(
        self, source: Path | IO[bytes], folder: _Parts, project: _Parts, budget: _Budget
    ) -> Iterator[ExportFile]:
        """The files of a zip, which is `folder` of the export; zips in it draw on its budget."""
        place = self._place(folder)
        budget.depth += 1
        if budget.depth > ZIPS:
            raise _bad(place, f"more than {ZIPS} zips, one in the other")
        try:
            with zipfile.ZipFile(source) as archive:
                members = [
                    (_parts(info.filename, place), _unzipper(archive, info, budget, place))
                    for info in archive.infolist()
                    if not info.is_dir()
                ]
                members.sort(key=lambda member: member[0])
                yield from self._files(members, folder, project, budget)
        except UNREADABLE as error:
            raise _bad(place, f"no zip: {error}") from None
        budget.depth -= 1

    def _files(
        self, members: _Members, folder: _Parts, outer: _Parts, budget: _Budget | None
    ) -> Iterator[ExportFile]:
        """The files of a folder or zip, which is `folder` of the export and lies in the project `outer`."""
        projects = {parts[:-1] for parts, _ in members if _SETTINGS.fullmatch(parts[-1])}
        own = {
            folder + parts[:-1]: cache(read) for parts, read in members if parts[-1].lower() == _TYPE_SYSTEM
        }
        self._type_systems |= own
        for parts, read in members:
            suffix = PurePosixPath(parts[-1]).suffix.lower()
            if parts[0] == "__MACOSX" or parts[-1].lower() == _TYPE_SYSTEM or parts[-1] == MANIFEST:
                continue
            project = next((project for project in projects if parts[: len(project)] == project), None)
            if reason := self._passed_over(parts, suffix, project):
                self._others.setdefault(suffix or parts[-1])
                self.setting.note(f"files passed over: {reason}", "/".join(folder + parts))
                continue
            within = outer if project is None else folder + project
            if suffix == ".zip":
                data = read()
                inner = budget or _Budget(inflated(len(data)))
                yield from self._zip(BytesIO(data), folder + parts, within, inner)
            else:
                yield self._file(folder + parts, read, within)
        for key in own:
            del self._type_systems[key]

    def _passed_over(self, parts: _Parts, suffix: str, project: _Parts | None) -> str:
        """Why a file is not read; empty where it is."""
        if suffix == ".ser":
            return "Java's own (.ser)"
        if project is not None:
            if _SETTINGS.fullmatch(parts[-1]):
                return "the project's settings"
            if parts[len(project)] not in (_ANNOTATION, _CURATION):
                return "the project's sources, logs and the like"
        return "" if suffix in (".zip", *self.suffixes) else f"no {self.wanted}"

    def _file(self, parts: _Parts, read: _Read, project: _Parts) -> ExportFile:
        document, annotator, curated = self._owner(parts[len(project) :])
        folders = (parts[:depth] for depth in range(len(parts) - 1, -1, -1))
        system = next((self._type_systems[each] for each in folders if each in self._type_systems), None)
        place = str(self.path) if not self.path.is_dir() and len(parts) == 1 else self._place(parts)
        return ExportFile(
            place=place,
            name=parts[-1],
            data=read(),
            document=document,
            annotator=annotator,
            curated=curated,
            type_system=system() if system is not None else None,
        )

    def _owner(self, parts: _Parts) -> tuple[str, str, bool]:
        """The document and the annotator of a file by its path, and whether it was curated."""
        stem = PurePosixPath(parts[-1]).stem
        curated = self.path.name == _CURATION or stem == CURATOR
        folders = parts[:-1]
        if len(folders) > 0 and folders[0] in (_ANNOTATION, _CURATION):
            curated = curated or folders[0] == _CURATION
            folders = folders[1:]
        named = [each.removesuffix(".zip") for each in folders if not TEMPORARY.fullmatch(each)]
        if len(named) > 1 and named[-1] == stem:  # DOCUMENT/ANNOTATOR.zip/ANNOTATOR.xmi
            named.pop()
        if named:
            return "/".join(named), stem, curated
        if TEMPORARY.fullmatch(self.path.name):
            return self.path.resolve().parent.name, stem, curated
        if folders or curated:
            return self.path.resolve().name, stem, curated
        return stem, "", curated

    def _place(self, parts: _Parts) -> str:
        return "/".join((str(self.path), *parts))


@dataclass
class _Budget:
    """The bytes that may still come out of a zip, and how many zips are open, one in the other."""

    left: int
    depth: int = 0


def _reader(file: Path) -> _Read:
    return lambda: read_bytes(file)


def _unzipper(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget, place: str) -> _Read:
    def read() -> bytes:
        where = f"{place}/{info.filename}"
        try:
            with archive.open(info) as stream:
                data = stream.read(budget.left + 1)
        except UNREADABLE as error:
            raise _bad(where, f"can't be unpacked: {error}") from None  # damaged, or locked by a password
        if len(data) > budget.left:
            raise _bad(where, "the zip inflates beyond what an honest one of its size holds")
        budget.left -= len(data)
        return data

    return read


def _parts(name: str, place: str) -> _Parts:
    """The folders and the name of a file in a zip."""
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    if not parts or ".." in parts:
        raise _bad(place, f"`{name}` leads out of the zip")
    return parts


def _bad(place: str, message: str) -> GoldwireError:
    return GoldwireError.of("GW651", message, where=place, hint="export it again")

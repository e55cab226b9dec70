"""Folders of files written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goldwire.errors import GoldwireError
from goldwire.folders import MANIFEST, replacing
from goldwire.formats.options import ConversionOptions
from goldwire.text import first_of


@contextmanager
def writing_folder(path: Path, suffixes: tuple[str, ...], setting: ConversionOptions) -> Iterator[Path]:
    """A folder to write into, moved to `path` at the end; where a part fails `path` stays as it was.

    A folder that stands is filled, other files in it stay: see `folders.replacing`, whose manifest lists
    ours. A file of ours that was edited since is put aside, and noted. Raises GW271 where another's file is
    in the way, and where the folder holds files with one of `suffixes` that were not written now: a reader
    would take them for part of the corpus.
    """
    path = path.resolve()
    if path.exists() and not path.is_dir():
        raise GoldwireError.of("GW271", "is a file, not a folder", where=str(path), hint="another name")
    aside: list[Path] = []
    with replacing(path, MANIFEST, code="GW271", aside=aside) as new_folder:
        yield new_folder
        _refuse_others(new_folder, path, suffixes)
    for file in aside:
        setting.note("files that were edited since they were written, put aside", str(file))


def _refuse_others(new_folder: Path, path: Path, suffixes: tuple[str, ...]) -> None:
    written = {file.relative_to(new_folder) for file in new_folder.rglob("*") if file.is_file()}
    present = {
        file.relative_to(path)
        for file in path.rglob("*")
        if file.suffix in suffixes and file != path / MANIFEST
    }
    if stale := sorted(present - written):
        shown = first_of(list(map(str, stale)))
        message = f"{len(stale)} files of another conversion lie there ({shown})"
        raise GoldwireError.of("GW271", message, where=str(path), hint="remove them, or name a new folder")

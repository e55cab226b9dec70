"""Folders of files written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from goldwire.errors import GoldwireError
from goldwire.leftovers import part_folder


@contextmanager
def writing_folder(path: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """A folder to write into, moved to `path` at the end; where a part fails `path` stays as it was.

    A folder that stands is filled, other files in it stay. Raises GW271 where it holds files with one of
    `suffixes` that were not written now: a reader would take them for part of the corpus.
    """
    try:
        path = path.resolve()
        if path.exists() and not path.is_dir():
            raise GoldwireError.of("GW271", "is a file, not a folder", where=str(path), hint="another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(path) as made:
            yield made
            _move_in(made, path, suffixes)
    except OSError as error:
        message = f"can't be written: {error.strerror or error}"
        raise GoldwireError.of("GW904", message, where=str(path), hint="check space and rights") from None


def _move_in(folder: Path, path: Path, suffixes: tuple[str, ...]) -> None:
    written = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    present = {file.relative_to(path) for file in path.rglob("*") if file.suffix in suffixes}
    if stale := sorted(present - written):
        shown = ", ".join(map(str, stale[:3])) + (", …" if len(stale) > 3 else "")
        message = f"{len(stale)} files of another conversion lie there ({shown})"
        raise GoldwireError.of("GW271", message, where=str(path), hint="remove them, or name a new folder")
    for file in sorted(written):
        target = path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / file).replace(target)
    path.mkdir(exist_ok=True)

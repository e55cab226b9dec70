"""Folders that are written whole: new ones, and such as are ours file by file.

Of the latter what their manifest lists is replaced, all else in them stays. The manifest is a JSON file in
the folder whose `files` gives each file's `sha256` and `bytes`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from goldwire import __version__, strict_json
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_bytes, sha256_of, unwritable, write_json, write_text
from goldwire.leftovers import part_folder

#: The manifest of a folder that has none of its own kind.
MANIFEST = "goldwire-files.json"
#: What lists the files that are being moved in: with it, a run that is cut off there is finished by the next.
_MOVING = ".goldwire-moving.part"


def is_ours(folder: Path, manifest: str) -> bool:
    """Whether the folder has a manifest that lists files."""
    return _read(folder / manifest) is not None or _read(folder / _MOVING) is not None


def check_ours(folder: Path, manifest: str, *, code: str, content: str) -> None:
    """Refuse, with `code`, a folder that holds something and not `content` as a manifest lists it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not is_ours(folder, manifest):
        message = f"holds something else than {content} that goldwire wrote"
        hint = f"name a new folder; what this version of goldwire wrote has a {manifest} that lists its files"
        raise GoldwireError.of(code, message, where=str(folder), hint=hint)


@contextmanager
def replacing(
    folder: Path, manifest: str, *, code: str, keep: Collection[str] = (), aside: list[Path] | None = None
) -> Iterator[Path]:
    """A new folder to fill, whose files take the place of those that stand in `folder` and are listed there.

    The manifest gets its list of files at the end. `folder` stays as it was where anything fails. Files there
    that no manifest lists stay; where one is in the way nothing is written and an error with `code` names it,
    but for those in `keep`: such a file stays in place of the new one. One that is listed and was changed by
    hand is put aside, as `NAME.orig`; `aside` gets these. Raises GW904 where it can't be written.
    """
    folder = folder.resolve()
    with _beside(folder) as beside:
        new = beside / "new"
        yield new
        contents = _Contents(folder, manifest)
        for name in keep:
            if contents.foreign(name, ""):
                (new / name).unlink(missing_ok=True)
        listed = list_files(new, manifest)
        contents.check({**listed, manifest: ""}, code)
        if not folder.exists() or (contents.listed and not contents.others()):
            _swap(beside, folder)
        else:
            moved = contents.move_in(new, listed)
            if aside is not None:
                aside.extend(moved)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which appears under `target` whole or not at all; an empty one there is filled.

    Raises GW904 where it can't be written.
    """
    target = target.resolve()
    with _beside(target) as beside:
        new = beside / "new"
        yield new
        if target.exists():
            # Kept, not replaced: a shell may stand in it.
            for part in new.iterdir():
                part.rename(target / part.name)
        else:
            new.rename(target)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder for the time of a block, beside `folder`, with an empty `new` in it: see `part_folder`."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(folder) as beside:
            (beside / "new").mkdir()
            yield beside
    except OSError as error:
        raise unwritable(folder, error) from error


class _Contents:
    """What stands in a folder: which of its files are ours."""

    def __init__(self, folder: Path, manifest: str) -> None:
        self.folder, self.manifest = folder, manifest
        files, moving = _read(folder / manifest), _read(folder / _MOVING)
        self.listed: dict[str, set[str]] = {}
        for names in (files or {}, moving or {}):
            for name, digests in names.items():
                self.listed.setdefault(name, set()).update(digests)
        self.has_manifest = files is not None or moving is not None

    def ours(self, name: str) -> bool:
        """Whether the file is there as it was listed; never one outside of the folder, or behind a link."""
        path = self.folder / name
        if name in (self.manifest, _MOVING):
            return self.has_manifest and path.is_file()
        if name not in self.listed or path.is_symlink() or not path.is_file():
            return False
        inside = path.resolve().is_relative_to(self.folder)
        return inside and sha256_of(path) in self.listed[name]

    def foreign(self, name: str, digest: str) -> bool:
        """Whether something stands at `name` that was never ours, nor is what is to stand there."""
        path = self.folder / name
        above = [self.folder / parent for parent in Path(name).parents]
        if any((each.is_symlink() and not each.exists()) or each.is_file() for each in above):
            return True
        if not (path.exists() or path.is_symlink()) or self.ours(name) or self.changed(name):
            return False
        return not (path.is_file() and sha256_of(path) == digest)

    def changed(self, name: str) -> bool:
        """Whether a file of ours is no longer what was listed."""
        path = self.folder / name
        plain = name in self.listed and path.is_file() and not path.is_symlink()
        return plain and path.resolve().is_relative_to(self.folder) and not self.ours(name)

    def check(self, fresh: Mapping[str, str], code: str) -> None:
        """Refuse to overwrite what is not ours."""
        message, hint = "is in the way, and no manifest lists it", "move it away, or name another folder"
        raise_faults(
            Fault(code, message, str(self.folder / name), hint)
            for name, digest in fresh.items()
            if self.foreign(name, digest)
        )

    def others(self) -> list[Path]:
        """What stands there besides: files, links, and folders that hold none of ours."""
        ours = {self.folder / name for name in (*self.listed, self.manifest, _MOVING) if self.ours(name)}
        above = {parent for path in ours for parent in path.parents}
        return [path for path in self.folder.rglob("*") if path not in ours and path not in above]

    def move_in(self, new: Path, fresh: Mapping[str, str]) -> list[Path]:
        """Put the new files into their places, the manifest last; take away what was ours and is not new.

        What was changed by hand is put aside; returns where.
        """
        aside = []
        stale = [name for name in self.listed if name not in fresh and name != self.manifest]
        moving = {name: sorted(digests) for name, digests in self.listed.items()}
        for name, digest in fresh.items():
            moving[name] = sorted({*moving.get(name, ()), digest})
        write_text(self.folder / _MOVING, json.dumps({"files": moving}, ensure_ascii=False) + "\n")
        for name in (*fresh, self.manifest):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.changed(name) and sha256_of(target) != fresh.get(name):
                aside.append(put_aside(target))
            (new / name).replace(target)
        for name in stale:
            if self.ours(name):
                (self.folder / name).unlink()
                _remove_empty((self.folder / name).parent, self.folder)
        (self.folder / _MOVING).unlink(missing_ok=True)
        return aside


def put_aside(path: Path) -> Path:
    """Rename a file that another takes the place of: `NAME.orig`, or that with a number; its new path."""
    names = (path.with_name(f"{path.name}.orig{number or ''}") for number in count())
    aside = next(each for each in names if not each.exists())
    path.rename(aside)
    return aside


def _swap(beside: Path, folder: Path) -> None:
    """The new folder for the one that stands, in two moves: see `part_folder`."""
    if folder.exists():
        folder.rename(beside / "old")
    try:
        (beside / "new").rename(folder)
    except OSError:
        if (beside / "old").exists():
            (beside / "old").rename(folder)
        raise


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.is_relative_to(top) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def list_files(new: Path, manifest: str) -> dict[str, str]:
    """Put the list of its files into the manifest of a folder, and return it: SHA-256 by name."""
    path = new / manifest
    content = strict_json.loads(read_bytes(path)) if path.is_file() else {"goldwire": __version__}
    files = {
        file.relative_to(new).as_posix(): {"sha256": sha256_of(file), "bytes": file.stat().st_size}
        for file in sorted(each for each in new.rglob("*") if each.is_file() and each != path)
    }
    write_json(path, {**content, "files": files})
    return {name: str(facts["sha256"]) for name, facts in files.items()}


def _read(path: Path) -> dict[str, list[str]] | None:
    """The files that a manifest lists, each with the SHA-256s that it may have; None where it lists none."""
    try:
        files = strict_json.loads(path.read_bytes())["files"]
        return {
            str(name): [str(each) for each in (facts if isinstance(facts, list) else [facts["sha256"]])]
            for name, facts in files.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None

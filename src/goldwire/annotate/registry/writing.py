"""Many files changed as one: a run that fails leaves them as they were, one that is killed is finished."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from goldwire import strict_json
from goldwire.annotate.labelstudio.installation import make_cache
from goldwire.annotate.records.pulled import follow_hashes, key_of, local_hash
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, sha256, unchanged_on_failure, write_text
from goldwire.model import Annotation
from goldwire.project import Project


class _Planned(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be written: files with the hash of what they held, and annotations with their hashes before
    and after."""

    files: dict[str, tuple[str, str]]
    followed: list[tuple[str, str, str]] = []


def write_all(
    project: Project, texts: Mapping[Path, str], followed: Sequence[tuple[Annotation, Annotation]]
) -> None:
    """Write all `texts`, or none; `followed` are stored annotations that goldwire itself changed."""
    make_cache(project)
    journal = _journal(project)
    planned = _Planned(
        {place_of(project, path): (_hash(path), text) for path, text in texts.items()},
        [(key_of(project, old), local_hash(old), local_hash(new)) for old, new in followed],
    )
    with unchanged_on_failure([journal, *texts]):
        write_text(journal, msgspec.json.encode(planned).decode())
        for path, text in texts.items():
            write_text(path, text)
    follow_hashes(project, planned.followed)
    journal.unlink()


def finish(project: Project) -> int:
    """Write what a run that was killed had begun to write; the number of files.

    Raises GW796 where its notes can't be read, or a file was changed since.
    """
    journal = _journal(project)
    if not journal.is_file():
        return 0
    try:
        planned = strict_json.decode(journal.read_bytes(), _Planned)
    except ValueError as error:
        raise _stuck(project, f"notes of a change that was cut off can't be read: {error}", journal) from None
    left: dict[Path, str] = {}
    for name, (before, text) in planned.files.items():
        path = project.root / name
        held = _hash(path)
        if not _is_ours(project, name) or held not in (before, sha256(text)):
            raise _stuck(project, f"`{name}` was changed since a change of ids was cut off", journal)
        if held != sha256(text):
            left[path] = text
    for path, text in left.items():
        write_text(path, text)
    follow_hashes(project, planned.followed)
    journal.unlink()
    return len(left)


def place_of(project: Project, path: Path) -> str:
    """A file by its way from the project; the schema and its registries may lie beside that."""
    return Path(os.path.relpath(path, project.root)).as_posix()


def _is_ours(project: Project, name: str) -> bool:
    """Whether a change of ids may write a file: one in the project, or in the folder of its schema."""
    path = Path(os.path.normpath(project.root / name))
    folders = (project.root, Path(os.path.normpath(project.schema_path.parent)))
    return any(path.is_relative_to(folder) for folder in folders)


def _stuck(project: Project, message: str, journal: Path) -> GoldwireError:
    hint = f"restore {project.annotate.name}/ and the registries from git, then remove this file"
    return GoldwireError.of("GW796", message, where=str(journal), hint=hint)


def _hash(path: Path) -> str:
    return sha256(read_bytes(path)) if path.is_file() else ""


def _journal(project: Project) -> Path:
    return project.cache / "registry-change.json"

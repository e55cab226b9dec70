"""What pulls, loads and adjudications left in the store, known by its hash: `.goldwire/pulled.json`.

With it a pull tells where an annotation was changed since: here, in its file, or on the server. Without it (a
fresh clone) that is not known, and nothing is taken for unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from goldwire.annotate.records.cached import read_cached, write_cached
from goldwire.annotations.meaning import content
from goldwire.annotations.store import (
    annotation_path,
    dumps_annotation,
    load_annotation,
    write_annotation,
)
from goldwire.files import file_name, read_bytes, read_text, sha256, write_text
from goldwire.model import Annotation
from goldwire.project import Project


class PulledAnnotation(Struct, frozen=True, omit_defaults=True):
    """One stored annotation after the last pull: `local` is the hash of its file, empty where not known.

    `source` is the Label Studio project that it came from, `remote` the hash of what each of them had,
    `former` the hashes of what they had before.
    """

    local: str = ""
    source: str = ""
    remote: dict[str, str] = {}
    former: tuple[str, ...] = ()

    def seen(self, source: str, remote: str) -> PulledAnnotation:
        """The same, with what a project has now."""
        held = self.remote.get(source)
        former = self.former if held in (None, remote, *self.former) else (*self.former, held)
        return msgspec.structs.replace(self, remote={**self.remote, source: remote}, former=former)

    def stored(self, annotation: Annotation, source: str, remote: str) -> PulledAnnotation:
        """The same, where `annotation` is what is stored of what a project has now."""
        return msgspec.structs.replace(self.seen(source, remote), local=local_hash(annotation), source=source)


def source_of(server: str, number: int) -> str:
    """The name of a Label Studio project in the record."""
    return f"{server} {number}"


def read_pulled(project: Project) -> dict[str, PulledAnnotation]:
    """What is known, by file below `annotate/annotations`; nothing where it can't be read."""
    return read_cached(_path(project), dict[str, PulledAnnotation]) or {}


def write_pulled(project: Project, pulled: dict[str, PulledAnnotation]) -> None:
    """Keep what is known."""
    if pulled or _path(project).is_file():
        write_cached(_path(project), dict(sorted(pulled.items())))


def key_of(project: Project, annotation: Annotation, folder: Path | None = None) -> str:
    """What an annotation is called in the record; where it is kept in another `folder`, that stands first."""
    below = annotation_path(project, annotation).relative_to(project.annotations).as_posix()
    return below if folder in (None, project.annotations) else f"{folder.name}/{below}"


def local_hash(annotation: Annotation) -> str:
    """The hash of a stored annotation, however its file is laid out."""
    return sha256(dumps_annotation(annotation))[:16]


def remote_hash(annotation: Annotation) -> str:
    """The hash of what a server's annotation says, whatever its ids, order and times."""
    spans, relations = content(annotation)
    parts = [annotation.status, *sorted(map(repr, spans.items())), *sorted(map(repr, relations.items()))]
    # One that a draft began has no time yet.
    parts += sorted(f"{name}{'' if time else '?'}" for name, time in annotation.provenance.passes.items())
    return sha256(msgspec.json.encode(parts))[:16]


def follow(
    project: Project,
    changes: Iterable[tuple[Annotation, Annotation]],
    folders: Mapping[tuple[str, str], Path] | None = None,
) -> None:
    """Note what goldwire itself made of annotations (`old`, `new`): that is nobody's edit.

    `folders` says, by annotator and document, which are kept elsewhere than in the store.
    """
    pulled = read_pulled(project)
    for old, new in changes:
        folder = (folders or {}).get((old.annotator, old.document))
        known = pulled.pop(key_of(project, old, folder), None)
        if known is not None:
            unedited = known.local == local_hash(old)
            local = local_hash(new) if unedited else known.local
            pulled[key_of(project, new, folder)] = msgspec.structs.replace(known, local=local)
    write_pulled(project, pulled)


def follow_hashes(project: Project, changes: Iterable[tuple[str, str, str]]) -> None:
    """The same of changes by their key in the record, with the hash before and after: noted twice is noted
    once."""
    pulled = read_pulled(project)
    for key, old, new in changes:
        if key in pulled and pulled[key].local == old:
            pulled[key] = msgspec.structs.replace(pulled[key], local=new)
    write_pulled(project, pulled)


def put_into_conflicts(project: Project, annotation: Annotation) -> Path:
    """Keep a local version in `annotate/conflicts/`, which no other stage reads; a former one stays too."""
    folder = project.annotate / "conflicts" / file_name(annotation.annotator)
    text = dumps_annotation(annotation)
    path = folder / f"{file_name(annotation.document)}.json"
    if path.is_file() and read_text(path) != text:
        path = folder / f"{file_name(annotation.document)}-{sha256(text)[:8]}.json"
    write_text(path, text)
    return path


def store_result(project: Project, annotation: Annotation) -> tuple[bool, str]:
    """Store what goldwire made of others' work. Where somebody changed its file since it last did so, or that
    is not known, and it says something else, the file is put aside first.

    Whether the file is another now, and where the former one lies, from the project; empty where nowhere.
    """
    path, key, aside = annotation_path(project, annotation), key_of(project, annotation), ""
    pulled = read_pulled(project)
    known = pulled.get(key, PulledAnnotation())
    if path.is_file():
        stored = load_annotation(read_bytes(path))
        if known.local != local_hash(stored) and content(stored) != content(annotation):
            aside = str(put_into_conflicts(project, stored).relative_to(project.root))
    written = write_annotation(project, annotation)
    if known.local != local_hash(annotation):
        pulled[key] = msgspec.structs.replace(known, local=local_hash(annotation))
        write_pulled(project, pulled)
    return written, aside


def _path(project: Project) -> Path:
    return project.cache / "pulled.json"

"""What the team's page and the rules need of each stored annotation, kept in `.goldwire/team.json`.

Ten thousand annotations take some ten seconds to be read and held against the rules; what is kept of them
takes one. It holds as long as the annotation's file, the articles, the schema and the registries stay.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from goldwire.annotations.store import (
    JoinedArticles,
    load_annotation,
    read_annotations,
    stored_files,
)
from goldwire.corpus.quality.checks import Registries, RuleBook, shared_ids
from goldwire.errors import raise_faults
from goldwire.files import file_name, read_bytes, sha256, write_text
from goldwire.model import Annotation, Document, finished_by_person
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.load import load_registries
from goldwire.seeds import load_seeds

#: A span as it is compared: layer, label, start, end (code points).
Marked = tuple[str, str, int, int]
_QUOTE = 40  # characters of a marked text
_FORM = "3"  # of the file: another one is read anew


class Broken(Struct, frozen=True, array_like=True):
    """A rule that is broken, as the fault has it; its words are kept as `Fault` lets them out."""

    code: str
    message: str
    where: str
    hint: str


class Summary(Struct, frozen=True, array_like=True):
    """One annotation in short. `seconds` is its lead time, `words` counts the article's, `passes` holds the
    lead times that are known.

    `kept` and `changed` are the spans that came from a prediction, as they were or changed. `broken` holds
    each rule that a person's finished work breaks by itself; of `ids` those that ask for one label family in
    all of an annotator's articles: the number of the span, the attribute, the id.
    """

    document: str
    annotator: str
    status: str
    human: bool
    merged: bool
    updated: str
    seconds: float
    words: int
    spans: list[Marked]
    kept: int
    changed: int
    broken: list[Broken]
    ids: list[tuple[int, str, str]]
    passes: dict[str, float] = {}

    @property
    def done(self) -> bool:
        """Whether a person has finished it by themselves."""
        return self.human and not self.merged and self.status not in ("draft", "skipped")


class _Kept(Struct, frozen=True):
    """What is known of the store: summaries by file, each with the file's time and size, and quoted words."""

    basis: str
    files: dict[str, tuple[int, int, Summary]]
    quotes: dict[str, str] = {}


@contextmanager
def store_index(
    project: Project, schema: Schema, documents: Sequence[Document] | None = None
) -> Iterator[StoreIndex]:
    """The store in short, kept for the next time; `documents` are the articles, where they were read."""
    index = StoreIndex(project, schema, documents)
    yield index
    index.keep()


class StoreIndex:
    """What is kept of the store, brought up to date by what is asked of it."""

    def __init__(self, project: Project, schema: Schema, documents: Sequence[Document] | None) -> None:
        self._project, self._schema, self._documents = project, schema, documents
        self._before = self._now = _read(project, _basis(project, schema))

    @property
    def documents(self) -> Sequence[Document]:
        """The articles, read once. Raises what `load_seeds` raises."""
        if self._documents is None:
            self._documents = load_seeds(self._project)
        return self._documents

    def summaries(self) -> list[Summary]:
        """All stored annotations in short, by file. Raises what `read_annotations` and `load_seeds` raise."""
        known = self._now.files
        stamps = dict(_stamps(self._project))
        fresh = {file for file, at in stamps.items() if known.get(file, (0, 0))[:2] != at}
        unchanged = {file: known[file] for file in stamps.keys() - fresh}
        if fresh:
            read = _annotations(self._project, fresh, len(stamps))
            registries = load_registries(self._schema, self._project.schema_path)
            for each, summary in zip(
                read, summarised(self._schema, registries, self.documents, read), strict=True
            ):
                file = _file(each)
                unchanged[file] = (*stamps[file], summary)
        if fresh or len(unchanged) < len(known):
            self._now = replace(self._now, files=dict(sorted(unchanged.items())))
        return [self._now.files[file][2] for file in self._now.files]

    def quotes(self, wanted: Iterable[tuple[str, int, int]]) -> dict[tuple[str, int, int], str]:
        """The words at these places (document, start, end), cut where they are long."""
        names = {place: msgspec.json.encode(place).decode() for place in wanted}
        known = self._now.quotes
        quotes = {name: known[name] for name in names.values() if name in known}
        if missing := [place for place, name in names.items() if name not in known]:
            texts = {document.id: document.text for document in self.documents}
            for document, start, end in missing:
                words = " ".join(texts.get(document, "")[start:end].split())
                name = names[document, start, end]
                quotes[name] = words if len(words) <= _QUOTE else words[:_QUOTE] + "…"
        if quotes != known:
            self._now = replace(self._now, quotes=quotes)
        return {place: quotes[name] for place, name in names.items()}

    def keep(self) -> None:
        """Write what was read anew, where anything was."""
        if self._now is not self._before:
            write_text(_path(self._project), msgspec.json.encode(self._now).decode() + "\n")
            self._before = self._now


def summarised(
    schema: Schema, registries: Registries, documents: Sequence[Document], annotations: Sequence[Annotation]
) -> Iterator[Summary]:
    """Annotations in short. Raises what `join` raises, for those that people have finished."""
    by_id = {document.id: document for document in documents}
    joined = JoinedArticles()
    for annotation in annotations:
        if finished_by_person(annotation):
            joined.add(annotation, by_id.get(annotation.document))
    raise_faults(joined.faults)
    texts = {document.id: document.text for document in documents}
    words = {document.id: len(document.text.split()) for document in documents}
    book = RuleBook(schema, registries)
    for annotation in annotations:
        provenance = annotation.provenance
        origins = [span.origin for span in annotation.spans]
        text = texts.get(annotation.document, "")
        finished = finished_by_person(annotation)
        faults = book.faults(annotation, text) if finished else []
        yield Summary(
            document=annotation.document,
            annotator=annotation.annotator,
            status=annotation.status,
            human=provenance.kind == "human",
            merged=bool(provenance.based_on),
            updated=provenance.updated or provenance.created,
            seconds=provenance.lead_time or 0.0,
            words=words.get(annotation.document, 0),
            spans=[(span.layer, span.label, span.start, span.end) for span in annotation.spans],
            kept=origins.count("prediction"),
            changed=origins.count("prediction-changed"),
            broken=[Broken(f.code, f.message, f.where, f.hint) for f in faults],
            ids=list(shared_ids(annotation, schema)) if finished else [],
            passes={name: seconds for name, seconds in provenance.passes.items() if seconds},
        )


def _annotations(project: Project, fresh: set[str], all_of_them: int) -> list[Annotation]:
    """The annotations of these files; where most are new all are read, so that all faults are told."""
    if 2 * len(fresh) < all_of_them:
        try:
            read = [load_annotation(read_bytes(project.annotations / file)) for file in sorted(fresh)]
        except (msgspec.DecodeError, UnicodeDecodeError):
            return read_annotations(project)  # says which, and what to do
        if {_file(each) for each in read} == fresh:
            return read
    return [each for each in read_annotations(project) if _file(each) in fresh]


def _stamps(project: Project) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each annotation's file below the store, with its time of change and its size."""
    folder = f"{project.annotations}{os.sep}"
    for path in stored_files(project.annotations):
        file = str(path).removeprefix(folder).replace(os.sep, "/")
        if file.count("/") != 1 or not file.endswith(".json"):
            read_annotations(project)  # says which, and what to do
        yield file, file_stamp(path)


def _file(annotation: Annotation) -> str:
    """Its file below the store; that a path is not made for each keeps ten thousand of them quick."""
    return f"{file_name(annotation.annotator)}/{file_name(annotation.document)}.json"


def _basis(project: Project, schema: Schema) -> str:
    """The hash of what decides whether a rule is broken, the annotations apart."""
    registries = (project.schema_path.parent / file for file in schema.registries.values())
    held = [read_bytes(path).hex() for path in registries if path.is_file()]
    return sha256(msgspec.json.encode([_FORM, schema, held, article_stamps(project)]))


def article_stamps(project: Project) -> list[tuple[str, int, int]]:
    """The files that articles are read from, the listing among them, with their times and sizes."""
    files = sorted(path for path in project.seeds.rglob("*") if path.is_file())
    return [(str(path.relative_to(project.seeds)), *file_stamp(path)) for path in files]


def file_stamp(path: Path) -> tuple[int, int]:
    """When a file was last changed, in nanoseconds, and its size; zeros where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


def _read(project: Project, basis: str) -> _Kept:
    path = _path(project)
    try:
        kept = msgspec.json.decode(read_bytes(path), type=_Kept) if path.is_file() else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        kept = None
    return kept if kept is not None and kept.basis == basis else _Kept(basis, {})


def _path(project: Project) -> Path:
    return project.cache / "team.json"

"""What the page needs of each stored annotation, kept in `.goldwire/team.json` as long as its file stays.

Ten thousand annotations take half a minute to be read and held against the rules; what is kept of them takes
a second.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from goldwire.annotations import rules
from goldwire.annotations.store import annotation_path, load_annotation, read_annotations
from goldwire.files import read_bytes, sha256, write_text
from goldwire.model import Annotation
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.seeds import load_seeds

#: A span as it is compared: layer, label, start, end (code points).
Marked = tuple[str, str, int, int]
_QUOTE = 40  # characters of a marked text
_FORM = "1"  # of the file: another one is read anew


class Summary(Struct, frozen=True, array_like=True):
    """One annotation in short. `seconds` is its lead time, `words` counts the article's.

    `kept` and `changed` are the spans that came from a prediction, as they were or changed; `broken` holds
    each rule that it breaks: its code, and where and how.
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
    broken: list[tuple[str, str]]

    @property
    def done(self) -> bool:
        """Whether a person has finished it by themselves."""
        return self.human and not self.merged and self.status not in ("draft", "skipped")


class _Kept(Struct, frozen=True):
    """What is known of the store: summaries by file, each with the file's time and size."""

    basis: str
    files: dict[str, tuple[int, int, Summary]]
    quotes: dict[str, str] = {}


def summaries(project: Project, schema: Schema) -> list[Summary]:
    """All stored annotations in short, by file. Raises what `read_annotations` and `load_seeds` raise."""
    basis = _basis(project, schema)
    known = _read(project, basis).files
    stamps = dict(_stamps(project.annotations))
    if not stamps.keys() - known.keys() and all(known[file][:2] == at for file, at in stamps.items()):
        kept = {file: known[file] for file in stamps}
    else:
        fresh = {file for file, at in stamps.items() if known.get(file, (0, 0))[:2] != at}
        kept = {file: known[file] for file in stamps.keys() - fresh}
        for file, summary in _summed(project, schema, _annotations(project, fresh, len(stamps))):
            kept[file] = (*stamps[file], summary)
        _write(project, _Kept(basis, dict(sorted(kept.items()))))
    return [kept[file][2] for file in sorted(kept)]


def quotes(
    project: Project, schema: Schema, wanted: Iterable[tuple[str, int, int]]
) -> dict[tuple[str, int, int], str]:
    """The words at these places (document, start, end), cut where they are long; kept for the next time."""
    kept = _read(project, _basis(project, schema))
    names = {place: msgspec.json.encode(place).decode() for place in wanted}
    if missing := [place for place, name in names.items() if name not in kept.quotes]:
        texts = {document.id: document.text for document in load_seeds(project)}
        for document, start, end in missing:
            words = " ".join(texts.get(document, "")[start:end].split())
            name = names[document, start, end]
            kept.quotes[name] = words if len(words) <= _QUOTE else words[:_QUOTE] + "…"
        _write(project, kept)
    return {place: kept.quotes[name] for place, name in names.items()}


def _annotations(project: Project, fresh: set[str], all_of_them: int) -> list[Annotation]:
    """The annotations of these files; where most are new all are read, so that all faults are told."""
    if 2 * len(fresh) >= all_of_them:
        stored = read_annotations(project)
        return [each for each in stored if _file(project, each) in fresh]
    try:
        return [load_annotation(read_bytes(project.annotations / file)) for file in sorted(fresh)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return read_annotations(project)  # says which, and what to do


def _summed(
    project: Project, schema: Schema, annotations: Sequence[Annotation]
) -> Iterator[tuple[str, Summary]]:
    from goldwire.annotate.team.feedback import broken_rules

    documents = load_seeds(project)
    words = {document.id: len(document.text.split()) for document in documents}
    broken: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for rule in broken_rules(project, schema, documents, annotations):
        if rule.code != rules.FAMILY:  # it is between articles, of which others may not be read now
            for place in rule.places:
                where = place.fault.where.partition(" $.")[2].partition(" ")[2]
                broken[rule.annotator, place.document].append(
                    (rule.code, f"{where} {place.fault.message}".strip())
                )
    for each in annotations:
        made = each.provenance
        origins = [span.origin for span in each.spans]
        yield (
            _file(project, each),
            Summary(
                each.document,
                each.annotator,
                each.status,
                made.kind == "human",
                bool(made.based_on),
                made.updated or made.created,
                made.lead_time or 0.0,
                words.get(each.document, 0),
                [(span.layer, span.label, span.start, span.end) for span in each.spans],
                origins.count("prediction"),
                origins.count("prediction-changed"),
                broken.get((each.annotator, each.document), []),
            ),
        )


def _stamps(folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each annotation's file below the store, with its time of change and its size."""
    for annotator in sorted(os.scandir(folder), key=lambda entry: entry.name) if folder.is_dir() else ():
        if annotator.is_dir():
            for entry in os.scandir(annotator.path):
                if entry.name.endswith(".json"):
                    stat = entry.stat()
                    yield f"{annotator.name}/{entry.name}", (stat.st_mtime_ns, stat.st_size)


def _file(project: Project, annotation: Annotation) -> str:
    return annotation_path(project, annotation).relative_to(project.annotations).as_posix()


def _basis(project: Project, schema: Schema) -> str:
    """The hash of what decides whether a rule is broken, the annotations apart."""
    paths: Iterable[Path] = (project.schema_path.parent / file for file in schema.registries.values())
    read = [read_bytes(path).hex() for path in paths if path.is_file()]
    articles = project.seeds / "articles.jsonl"
    listed = read_bytes(articles).hex() if articles.is_file() else ""
    return sha256(msgspec.json.encode([_FORM, schema, read, listed]))


def _read(project: Project, basis: str) -> _Kept:
    path = _path(project)
    try:
        kept = msgspec.json.decode(read_bytes(path), type=_Kept) if path.is_file() else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        kept = None
    return kept if kept is not None and kept.basis == basis else _Kept(basis, {})


def _write(project: Project, kept: _Kept) -> None:
    write_text(_path(project), msgspec.json.encode(kept).decode() + "\n")


def _path(project: Project) -> Path:
    return project.cache / "team.json"

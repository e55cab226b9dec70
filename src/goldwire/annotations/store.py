"""The project's stored annotations, `annotate/annotations/ANNOTATOR/DOCUMENT.json`: the source of truth."""

from __future__ import annotations

import json
import logging
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from goldwire import strict_json
from goldwire.annotations.integrity import annotation_faults, twice
from goldwire.annotations.spool import ArticleSpool
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import file_name, read_bytes, write_text, write_texts
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.project import Project
from goldwire.seeds import stream_seeds

_LOG = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(Annotation)
#: Gives a project's articles with their stored annotations.
Read = Callable[[], Sequence[Article]]
#: Fewer files are written one by one: asking for all would wait for whatever else is written on the machine.
_FEW = 20


def annotation_path(project: Project, annotation: Annotation, folder: Path | None = None) -> Path:
    """Where an annotation is kept, below `folder` (default: the store): a folder an annotator, a file a
    document."""
    return (folder or project.annotations) / stored_name(annotation)


def stored_name(annotation: Annotation) -> str:
    """Where an annotation is kept below its folder: a text, since a path for each of thousands takes long."""
    return f"{file_name(annotation.annotator)}{os.sep}{file_name(annotation.document)}.json"


def dumps_annotation(annotation: Annotation) -> str:
    """JSON that reads well in a diff: a span a line, a relation a line, keys in the model's order."""
    record: dict[str, Any] = msgspec.to_builtins(annotation)
    if "provenance" in record:
        # In words, unknown too: older files leave it out for a person.
        record["provenance"] = {"kind": annotation.provenance.kind, **record["provenance"]}

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    parts = []
    for key, value in record.items():
        if isinstance(value, (list, tuple)) and value:
            rows = ",\n".join(f"    {line(item)}" for item in value)
            parts.append(f'  "{key}": [\n{rows}\n  ]')
        else:
            parts.append(f'  "{key}": {line(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def load_annotation(data: bytes) -> Annotation:
    """A stored annotation. Raises msgspec.DecodeError and UnicodeDecodeError.

    Older files leave the kind out where a person made it: a provenance that says something, and no kind.
    """
    annotation = strict_json.decode(data, _decoder, _is_bare)
    provenance = annotation.provenance
    if (
        provenance.kind == "unknown"
        and provenance != Provenance()
        and "kind" not in json.loads(data)["provenance"]
    ):
        return replace(annotation, provenance=replace(provenance, kind="human"))
    return annotation


def _is_bare(annotation: Annotation) -> bool:
    """Whether an annotation is written without a default: structs within it are, though they say nothing."""
    provenance = annotation.provenance
    return provenance != Provenance() and provenance.drafting is None and not provenance.passes


def write_annotation(project: Project, annotation: Annotation, folder: Path | None = None) -> bool:
    """Keep an annotation below `folder` (default: the store); False where the file says so already, and is
    left as it is."""
    path = annotation_path(project, annotation, folder)
    text = dumps_annotation(annotation)
    if path.is_file() and read_bytes(path) == text.encode():
        return False
    write_text(path, text)
    return True


class AnnotationWriter:
    """Keeps annotations, of which the disk is asked so many at a time whether it has them, not one by one.

    What waits is as good as stored for whoever reads it here (`read`), and lost with the process: `flush`
    writes it, each file whole or not at all.
    """

    def __init__(self, project: Project, *, batch: int = 1000) -> None:
        self._project, self._batch = project, batch
        self._waiting: dict[Path, str] = {}

    def write(self, annotation: Annotation, folder: Path | None = None) -> bool:
        """Keep an annotation below `folder` (default: the store); False where it is kept so already."""
        path = annotation_path(self._project, annotation, folder)
        text = dumps_annotation(annotation)
        if self.read(path) == text.encode():
            return False
        self._waiting[path] = text
        if len(self._waiting) >= self._batch:
            self.flush()
        return True

    def read(self, path: Path) -> bytes | None:
        """What is kept under a path, written or not; None where nothing is."""
        if path in self._waiting:
            return self._waiting[path].encode()
        return read_bytes(path) if path.is_file() else None

    def flush(self) -> None:
        """Write what waits. Raises GW904 where a file can't be written; those before it are written."""
        waiting, self._waiting = self._waiting, {}
        if len(waiting) < _FEW:
            for path, text in waiting.items():
                write_text(path, text)
        else:
            write_texts(waiting.items(), batch=self._batch)


def read_annotations(project: Project, folder: Path | None = None) -> list[Annotation]:
    """All stored annotations in memory; see `stream_annotations`."""
    return list(stream_annotations(project, folder))


def stream_annotations(project: Project, folder: Path | None = None) -> Iterator[Annotation]:
    """All stored annotations, by annotator and document, one at a time; those in `folder` where one is named.

    Raises at the end one error with every file's fault: GW209 where it can't be read, GW286 where what lies
    in the store is no ANNOTATOR/DOCUMENT.json, or not that of the annotation which it holds. Nothing is
    passed over but hidden files that are no JSON.
    """
    faults: list[Fault] = []
    folder = folder or project.annotations
    below = len(str(folder)) + 1
    for path in stored_files(folder):
        if not _in_place(path, folder):
            faults.append(_out_of_place(path, str(path.relative_to(project.root)), project, folder))
            continue
        try:
            annotation = load_annotation(read_bytes(path))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message, where = strict_json.error_in_words(error)
            file = path.relative_to(project.root)
            faults.append(Fault("GW209", message, f"{file} {where}".rstrip(), _RESTORE))
            continue
        if str(path)[below:] != stored_name(annotation):
            named = annotation_path(project, annotation, folder)
            if _composed(named) != _composed(path):
                place, wanted = (str(each.relative_to(project.root)) for each in (path, named))
                faults.append(_misnamed(annotation, place, wanted, named.exists()))
        yield annotation
    raise_faults(faults)


_RESTORE = "restore it from git; where a merge left both sides in it, keep one"


def stored_files(folder: Path) -> list[Path]:
    """All files of a store's folder, links followed, but for hidden ones of other programs; raises GW209."""

    def unreadable(error: OSError) -> None:
        raise GoldwireError.of("GW209", f"can't be read: {error.strerror}", where=str(error.filename))

    files: list[Path] = []
    known: set[str] = set()
    if not folder.is_dir():
        return files
    for parent, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        known.add(os.path.realpath(parent))
        folders[:] = [name for name in folders if os.path.realpath(Path(parent, name)) not in known]
        files += [Path(parent, name) for name in names if name[:1] != "." or name.lower().endswith(".json")]
    return sorted(files, key=lambda path: path.parts)  # as paths stand, and quicker


def _in_place(path: Path, folder: Path) -> bool:
    return len(path.parts) == len(folder.parts) + 2 and path.suffix == ".json"


def _composed(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path))


def _out_of_place(path: Path, file: str, project: Project, folder: Path) -> Fault:
    """The fault of a file that is no annotation by its place or its name."""
    hint = "keep other files elsewhere: the store holds ANNOTATOR/DOCUMENT.json and nothing else"
    try:
        annotation = _decoder.decode(read_bytes(path))
    except (GoldwireError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault("GW286", "is no annotation", file, hint)
    named = annotation_path(project, annotation, folder)
    return _misnamed(annotation, file, str(named.relative_to(project.root)), named.exists())


def _misnamed(annotation: Annotation, file: str, named: str, taken: bool) -> Fault:
    whose = f"holds `{annotation.annotator}`'s annotation of `{annotation.document}`, which is kept elsewhere"
    hint = f"compare it with {named}, then remove one of them" if taken else f"move it to {named}"
    return Fault("GW286", whose, file, hint)


def read_all_annotations(project: Project) -> list[tuple[Path, Annotation]]:
    """What is stored, and after it gold checks and practice, each with the folder that it is kept below."""
    folders = (project.annotations, project.checks, project.practice)
    return [(folder, each) for folder in folders for each in read_annotations(project, folder)]


def warn_of_those_apart(project: Project) -> None:
    """Say how many annotations are gold checks or practice: they are no readings, nothing rests on them.

    What lies among them in no annotation's place is named.
    """
    for folder, what in ((project.checks, "gold checks"), (project.practice, "practice")):
        files = stored_files(folder)
        if count := sum(_in_place(path, folder) for path in files):
            _LOG.warning("left out: %s in %s", f"{count} × {what}", folder.relative_to(project.root))
        for path in files:
            if not _in_place(path, folder):
                message = "passed over: %s is no ANNOTATOR/DOCUMENT.json: move it, or keep it elsewhere"
                _LOG.warning(message, path.relative_to(project.root))


def project_articles(project: Project, documents: Iterable[Document] | None = None) -> ArticleSpool:
    """The project's articles with their stored annotations; raises what `join` and both readers raise.

    `documents` are all of them, where they are read already. Gold checks and practice are left out, which is
    logged as a warning.
    """
    warn_of_those_apart(project)

    def file_of(annotation: Annotation) -> str:
        return str(annotation_path(project, annotation).relative_to(project.root))

    documents = stream_seeds(project) if documents is None else documents
    return join(documents, stream_annotations(project), file_of)


def read_once(project: Project, documents: Iterable[Document] | None = None) -> Read:
    """What gives the articles of `project_articles`, read when it is first called, to all who need them."""
    return cache(partial(project_articles, project, documents))


def join(
    documents: Iterable[Document],
    annotations: Iterable[Annotation],
    place_of: Callable[[Annotation], str] = lambda a: f"{a.annotator}/{a.document}",
) -> ArticleSpool:
    """Documents with their annotations, in the documents' order; `place_of` says where one comes from.

    Each is looked at once and kept on disk. Raises one error where an annotation has no document, or another
    text than the one annotated.
    """
    articles = ArticleSpool(map(Article, documents))
    joined = JoinedArticles(place_of)
    for annotation in annotations:
        at = articles.place(annotation.document)
        if joined.add(annotation, None if at is None else articles.document(at)) and at is not None:
            articles.annotate(at, annotation)
    raise_faults(joined.faults)
    return articles


class JoinedArticles:
    """Annotations held against their documents, one after the other; what speaks against them is in `faults`.

    `place_of` says where an annotation comes from.
    """

    def __init__(
        self, place_of: Callable[[Annotation], str] = lambda a: f"{a.annotator}/{a.document}"
    ) -> None:
        self.faults: list[Fault] = []
        self._place_of = place_of
        self._annotators: set[tuple[str, str]] = set()

    def add(self, annotation: Annotation, document: Document | None) -> bool:
        """Look at an annotation; False where there is no document for it."""
        if document is None:
            hint = "add the article (goldwire seeds add), or remove the annotation"
            where = self._place_of(annotation)
            self.faults.append(Fault("GW210", f"no article `{annotation.document}`", where, hint))
            return False
        key = (annotation.document, annotation.annotator)
        if key in self._annotators:
            self.faults.append(twice(annotation.annotator, self._place_of(annotation)))
        self._annotators.add(key)
        self.faults.extend(annotation_faults(annotation, document, self._place_of(annotation)))
        return True

"""The project's stored annotations, `annotate/annotations/ANNOTATOR/DOCUMENT.json`: the source of truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpus.integrity import annotation_faults, twice
from goldwire.errors import Fault, raise_faults
from goldwire.files import file_name, read_bytes, write_text
from goldwire.model import Annotation, Article, Document
from goldwire.project import Project
from goldwire.seeds import load_seeds

_decoder = msgspec.json.Decoder(Annotation)


def annotation_path(project: Project, annotation: Annotation) -> Path:
    """Where an annotation is kept: a folder an annotator, a file a document."""
    annotator, document = file_name(annotation.annotator), file_name(annotation.document)
    return project.annotations / annotator / f"{document}.json"


def dumps_annotation(annotation: Annotation) -> str:
    """JSON that reads well in a diff: a span a line, a relation a line, keys in the model's order."""
    record: dict[str, Any] = msgspec.to_builtins(annotation)

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


def write_annotation(project: Project, annotation: Annotation) -> bool:
    """Keep an annotation; False where the file says so already, and is left as it is."""
    path = annotation_path(project, annotation)
    text = dumps_annotation(annotation)
    if path.is_file() and read_bytes(path) == text.encode():
        return False
    write_text(path, text)
    return True


def read_annotations(project: Project) -> list[Annotation]:
    """All stored annotations, by annotator and document. Raises one error with every file's fault."""
    annotations: list[Annotation] = []
    faults: list[Fault] = []
    for path in sorted(project.annotations.glob("*/*.json")):
        place = str(path.relative_to(project.root))
        try:
            annotations.append(_decoder.decode(read_bytes(path)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message, _, where = str(error).partition(" - at `")
            place = f"{place} {where.rstrip('`')}".rstrip()
            faults.append(Fault("GW209", message, place, "restore it from git"))
    raise_faults(faults)
    return annotations


def project_articles(project: Project) -> list[Article]:
    """The project's articles with their stored annotations; raises what `join` and both readers raise."""
    return join(load_seeds(project), read_annotations(project))


def join(documents: list[Document], annotations: list[Annotation]) -> list[Article]:
    """Documents with their annotations, in the documents' order.

    Raises one error where an annotation has no document, or another text than the one annotated.
    """
    by_id = {document.id: document for document in documents}
    grouped: dict[str, list[Annotation]] = {document.id: [] for document in documents}
    faults: list[Fault] = []
    for annotation in annotations:
        place = f"{annotation.annotator}/{annotation.document}"
        document = by_id.get(annotation.document)
        if document is None:
            hint = "add the article to seeds/articles.jsonl, or remove the annotation"
            faults.append(Fault("GW210", f"no article `{annotation.document}`", place, hint))
            continue
        if any(other.annotator == annotation.annotator for other in grouped[annotation.document]):
            faults.append(twice(annotation.annotator, place))
        faults.extend(annotation_faults(annotation, document, place))
        grouped[annotation.document].append(annotation)
    raise_faults(faults)
    return [Article(document, tuple(grouped[document.id])) for document in documents]

"""The readers and writers of formats whose own functions need more, or less, than a path and a setting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from goldwire.annotations.integrity import twice
from goldwire.annotations.meaning import content, later
from goldwire.annotations.store import (
    annotation_path,
    dumps_annotation,
    join,
    load_annotation,
    project_articles,
)
from goldwire.errors import Fault, raise_faults
from goldwire.files import read_bytes, sha256, write_texts
from goldwire.formats import jsonl, quotes
from goldwire.formats.options import ConversionOptions
from goldwire.model import STATUSES, Annotation, Article, Document
from goldwire.project import load_project
from goldwire.seeds import stream_seeds

read_jsonl = jsonl.stream_jsonl


def write_jsonl(path: Path, articles: Iterable[Article], _setting: ConversionOptions) -> int:
    """Articles to a JSON Lines file."""
    return jsonl.write_jsonl(path, articles)


def read_quotes(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of the project that a file of quotes, or a folder of them, annotates."""
    annotations = quotes.read_quotes_files(path, setting.documents, setting.schema, setting.guidelines)
    return [article for article in join(setting.documents, annotations) if article.annotations]


def read_store(path: Path, _setting: ConversionOptions) -> Iterator[Article]:
    """All articles of the project in the folder `path`, with their stored annotations, one at a time."""
    return iter(project_articles(load_project(path)))


def write_store(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Keep all annotations in the project in the folder `path`; the number of files that changed.

    The store keeps no articles: those without annotations that the project lacks are put down as lost.
    Annotators get the names that `setting.stored_names` has for them.

    Raises one error, and writes nothing, where an article is not the project's, its text is another, or an
    annotation would replace a more trusted or a later one of the same annotator (GW260).
    """
    project = load_project(path)
    texts: dict[str, str] = {}

    def documents() -> Iterator[Document]:
        for document in stream_seeds(project):
            texts[document.id] = sha256(document.text)
            yield document

    def annotations() -> Iterator[Annotation]:
        for article in articles:
            digest = sha256(article.document.text)
            if not article.annotations and texts.get(article.document.id) != digest:
                kind = "articles that the project lacks: add them with goldwire seeds add"
                setting.lose(kind, article.document.id)
            for annotation in article.annotations:
                yield msgspec.structs.replace(annotation, text_sha256=digest)
        setting.check()

    joined = join(documents(), annotations())
    faults: list[Fault] = []
    names = {} if setting.stored_names is None else setting.stored_names(_all(joined))
    for old, new in names.items():
        setting.note("annotators called as the project has them", f"{old} → {new}")
    called, unchanged, kept = set(names.values()), set[str](), set[str]()
    for annotation in _named(joined, names):
        place = f"{annotation.annotator}/{annotation.document}"
        if place in kept:
            faults.append(twice(annotation.annotator, place))
        kept.add(place)
        file = annotation_path(project, annotation)
        if not file.is_file():
            continue
        stored = load_annotation(read_bytes(file))
        if STATUSES.index(stored.status) > STATUSES.index(annotation.status):
            message = f"a {stored.status} annotation would be replaced by a {annotation.status} one"
        elif annotation.annotator in called and content(stored) == content(annotation):
            unchanged.add(place)  # what was pulled knows more of how it was made
            continue
        elif later(stored, annotation):
            message = "a later annotation would be replaced by an earlier one"
        elif annotation.annotator in called and not later(annotation, stored):
            message = "another annotation would be replaced, and nothing says that it is the earlier one"
        else:
            continue
        faults.append(Fault("GW260", message, place, f"remove {file} first if that is meant"))
    raise_faults(faults)
    return write_texts(
        (annotation_path(project, annotation), dumps_annotation(annotation))
        for annotation in _named(joined, names)
        if f"{annotation.annotator}/{annotation.document}" not in unchanged
    )


def _all(articles: Iterable[Article]) -> Iterator[Annotation]:
    return (annotation for article in articles for annotation in article.annotations)


def _named(articles: Iterable[Article], names: Mapping[str, str]) -> Iterator[Annotation]:
    """The annotations of articles, their annotators called by `names`, where these have them."""
    for annotation in _all(articles):
        name = names.get(annotation.annotator, annotation.annotator)
        yield msgspec.structs.replace(annotation, annotator=name)

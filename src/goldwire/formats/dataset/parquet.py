"""Parquet: the dataset as `corpus build` writes it (a folder), or one file with a row for each document.

The folder holds the configs `documents` (the curated annotation, a typed column for each layer) and
`annotations` (everything), and a README.md that tells `datasets` of them; both are needed to read it back.
The file `NAME.parquet` holds id, text, meta and annotations whole, with names as texts: it asks for no schema
and is written a batch at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from goldwire import __version__, strict_json
from goldwire.annotations.integrity import article_faults
from goldwire.annotations.line import to_record
from goldwire.errors import Fault
from goldwire.files import write_text, writing
from goldwire.folders import replacing
from goldwire.formats.dataset.arrow import (
    annotation_batch,
    annotation_of,
    annotations_of,
    batch,
    document_batch,
)
from goldwire.formats.dataset.columns import META, SchemaColumns
from goldwire.formats.dataset.files import (
    BATCH,
    MANIFEST,
    batched,
    config_fields,
    dataset_files,
    features_of,
    header_yaml,
    name_by_content,
    no_dataset,
)
from goldwire.formats.dataset.parquet_size import too_much
from goldwire.formats.inferred_schema import check_fit, spooled
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document
from goldwire.text import first_of

CONFIGS = ("documents", "annotations")
#: What a dataset's folder can't say of a prediction, and of work in several passes.
MARKS = ("trained_on", "drafting", "passes")


def write_parquet(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Articles to the file `NAME.parquet`, else to a folder; the number of documents.

    Each annotation gets the hash of its text. A folder asks for a schema: GW270 for what that one lacks.
    """
    if path.suffix == ".parquet":
        return _write_file(path, articles)
    articles = _unmarked(articles, setting)
    if setting.named_schema is not None:
        return _write_folder(path, articles, SchemaColumns(setting.named_schema))
    spool, schema = spooled(articles, setting)
    return _write_folder(path, spool, SchemaColumns(schema))


def _unmarked(articles: Iterable[Article], setting: ConversionOptions) -> Iterator[Article]:
    """The articles on their way; a dataset has no column for what is said of predictions alone: counted."""
    for article in articles:
        for annotation in article.annotations:
            for mark in MARKS:
                if getattr(annotation.provenance, mark):
                    setting.lose(f"provenance {mark}", f"{annotation.annotator}/{article.document.id}")
        yield article
    setting.check()


def _write_file(path: Path, articles: Iterable[Article]) -> int:
    import pyarrow.parquet as pq

    count = 0
    schema = batch([]).schema
    with writing(path) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for held in batched(articles):
            writer.write_batch(batch(held))
            count += len(held)
    return count


def _write_folder(path: Path, articles: Iterable[Article], columns: SchemaColumns) -> int:
    import pyarrow.parquet as pq

    count = 0
    with replacing(path, MANIFEST, code="GW213") as folder:
        schemas = {config: columns.arrow_schema(config) for config in CONFIGS}
        writers: dict[str, Any] = {}
        try:
            for config in CONFIGS:
                (folder / config).mkdir()
                file = folder / config / "train.parquet"
                writers[config] = pq.ParquetWriter(file, schemas[config], compression="zstd")
            for held in batched(articles):
                check_fit(held, columns.schema)
                writers["documents"].write_batch(document_batch(held, columns))
                writers["annotations"].write_batch(annotation_batch(annotations_of(held), columns))
                count += len(held)
        finally:
            for writer in writers.values():
                writer.close()
        paths = {config: {"train": name_by_content(folder / config / "train.parquet")} for config in CONFIGS}
        features = {config: columns.plain_features(config) for config in CONFIGS}
        # The header alone, which names the configs to `datasets`: a card is what `corpus build` writes.
        write_text(folder / MANIFEST, json.dumps({"goldwire": __version__, "configs": paths}) + "\n")
        write_text(folder / "README.md", f"---\n{header_yaml(config_fields(paths, features))}---\n")
    return count


def read_parquet(path: Path, setting: ConversionOptions) -> Iterator[Article]:
    """The articles of a file, or of a dataset's folder in the order of its documents, one at a time.

    Of a folder all annotations are held. Raises GW283 where it is no such dataset; refuses rows that are not
    the model's (GW284) or break its rules (GW201 to GW206).
    """
    files = _files(path, "documents") if path.is_dir() else [path]
    annotations = _annotations(path, setting) if path.is_dir() else {}
    needed = ("id", "text", "meta", *(() if path.is_dir() else ("annotations",)))
    seen: set[str] = set()
    for file in files:
        for number, row in _rows(file, needed):
            place = f"{file} row {number}"
            try:
                article = article_of(row, annotations.pop(row["id"], ()))
            except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
                message = f"not a document of goldwire's: {type(error).__name__} {error}"
                hint = "convert it to JSON Lines by hand"
                setting.refuse(str(row), Fault("GW284", message, place, hint))
                continue
            faults = list(article_faults(article, place))
            if article.document.id in seen:
                message = f"document `{article.document.id}` stands twice"
                faults.append(Fault("GW284", message, place, "remove one"))
            seen.add(article.document.id)
            if faults:
                setting.refuse(msgspec.to_builtins(to_record(article)), *faults)
            elif setting.lenient or not setting.faults:
                yield article
    for name, lone in annotations.items():
        fault = Fault("GW284", f"annotations of `{name}`, which is no document", str(path))
        setting.refuse(msgspec.to_builtins(lone), fault)


def _files(path: Path, config: str) -> list[Path]:
    return sorted(file for files in dataset_files(path, config).values() for file in files)


def _rows(file: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file with their numbers from 1, numbers of class labels turned into names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if message := too_much(file):
            raise no_dataset(file, message, hint="write it as several files")
        with pq.ParquetFile(file) as source:
            number = 0
            lacking = [name for name in needed if name not in source.schema_arrow.names]
            if lacking:
                message = f"no column `{lacking[0]}` (it has {first_of(source.schema_arrow.names, 9)})"
                raise no_dataset(file, message)
            for held in source.iter_batches(BATCH):
                for row in held.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        message = f"no parquet: {str(error).splitlines()[0]}"
        raise no_dataset(file, message) from None


def article_of(row: dict[str, Any], annotations: Iterable[Annotation] = ()) -> Article:
    """A row of ours as an article; raises what `msgspec` and Python raise where it is none."""
    if "annotations" in row:
        document = msgspec.convert(
            {"id": row["id"], "text": row["text"], "meta": strict_json.loads(row["meta"])}, Document
        )
        return Article(document, tuple(annotation_of(each, document.id) for each in row["annotations"]))
    meta = {key: row[key] for key in META if row.get(key) is not None}
    if row.get("oddities") is not None:
        meta["oddities"] = row["oddities"]
    meta |= strict_json.decode(row["meta"], dict[str, Any])
    document = msgspec.convert({"id": row["id"], "text": row["text"], "meta": meta}, Document)
    return Article(document, tuple(annotations))


def _annotations(path: Path, setting: ConversionOptions) -> dict[str, tuple[Annotation, ...]]:
    """The annotations of a folder by document."""
    by_document: dict[str, tuple[Annotation, ...]] = {}
    for file in _files(path, "annotations"):
        names: dict[str, Any] = {}
        for number, row in _rows(file, ("document", "spans", "relations", "provenance")):
            if not names:
                names = features_of(file)
            try:
                _name(row, names)
                annotation = annotation_of(row, row["document"])
            except (KeyError, IndexError, TypeError, ValueError, msgspec.MsgspecError) as error:
                message = f"not an annotation of goldwire's: {type(error).__name__} {error}"
                setting.refuse(str(row), Fault("GW284", message, f"{file} row {number}"))
                continue
            earlier = by_document.get(annotation.document, ())
            by_document[annotation.document] = (*earlier, annotation)
    return by_document


def _name(row: dict[str, Any], features: dict[str, Any]) -> None:
    """Numbers of class labels become their names, in place."""
    for column, keys in (("spans", ("layer", "label")), ("relations", ("label",))):
        for key in keys:
            names = features.get(column, {}).get("feature", {}).get(key, {}).get("names")
            for each in row[column] if names else ():
                if each[key] < 0:
                    raise IndexError(f"{key} {each[key]}")
                each[key] = names[each[key]]

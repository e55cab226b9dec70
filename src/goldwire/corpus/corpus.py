"""A project's corpus: articles with their stored annotations, schema and registries."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from goldwire.annotations.store import Read, dumps_annotation, project_articles
from goldwire.corpus.quality.checks import Registries
from goldwire.files import read_bytes, sha256
from goldwire.model import Article
from goldwire.project import Project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.load import load_registries


@dataclass
class Corpus:
    """Everything that a dataset is made of; the articles lie on disk, and are read one at a time."""

    project: Project
    schema: Schema
    registries: Registries
    articles: Sequence[Article]
    sources: dict[str, str] = field(
        default_factory=dict
    )  # registries and guidelines: name, SHA-256 of the file

    @property
    def version(self) -> str:
        """The dataset's version, from goldwire.toml."""
        return str(self.project.setting("corpus", "version", "0.0.0"))

    def content_hash(self) -> str:
        """The SHA-256 of all that a reader of the dataset depends on, whatever its order.

        Texts and annotations as the store writes them, schema, registries, guidelines.
        """
        digest = hashlib.sha256(sha256(msgspec.json.encode(_of_readers(self.schema))).encode())
        for name, source in sorted(self.sources.items()):
            digest.update(f"\n{name} {source}".encode())
        articles = []
        for article in self.articles:
            document = sha256(msgspec.json.encode(article.document))
            annotations = sorted(sha256(dumps_annotation(a)) for a in article.annotations)
            articles.append((article.document.id, "\n".join((document, *annotations))))
        for name, digests in sorted(articles, key=lambda each: each[0]):
            digest.update(f"\n{name} {digests}".encode())
        return digest.hexdigest()


def load_corpus(project: Project, read: Read | None = None) -> Corpus:
    """The project's articles with their stored annotations, its schema and registries.

    `read` gives the articles where more than this needs them, so that they are read once.
    """
    schema = load_schema(project.schema_path)
    articles = read() if read is not None else project_articles(project)
    files = {name: project.schema_path.parent / file for name, file in schema.registries.items()}
    files["guidelines"] = project.annotate / "guidelines.md"
    sources = {name: sha256(read_bytes(path)) for name, path in files.items() if path.is_file()}
    return Corpus(project, schema, load_registries(schema, project.schema_path), articles, sources)


def _of_readers(schema: Schema) -> dict[str, Any]:
    """The schema without the names of a label config: no reader of the dataset depends on them.

    Nor is there a word of labels where a value is for all of them, of conditions or of registries where there
    are none: so the hash of a schema without them is what it was before there were any.
    """
    record: dict[str, Any] = msgspec.to_builtins(schema)
    del record["label_studio"]
    for relation in record["relations"].values():
        del relation["drawn"]  # how annotators draw it
        if not relation["given"]:
            del relation["given"]
    for layer in record["layers"].values():
        for attribute in layer["attributes"].values():
            del attribute["by_id"]  # the registries' own hashes say it
            if not attribute["taken_from"]:
                del attribute["taken_from"]
            for value in attribute["values"].values():
                if value["labels"] is None:
                    del value["labels"]
    return record

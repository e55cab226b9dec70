"""Annotate articles with a pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from goldwire.corpus.formats.jsonl import read_jsonl
from goldwire.files import read_bytes, sha256
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.seeds import read_documents
from goldwire.train.data import from_doc
from goldwire.train.pipelines import load_pipeline, quiet

#: The layer of a pipeline that does not say which one it learned.
LAYER = "entity"
_INTERCHANGE = {"id", "text", "meta", "annotations"}


def read_for_prediction(path: Path) -> list[Document]:
    """The articles of a file or folder.

    goldwire's own JSON Lines keep text and metadata as they are, all else is read as `read_documents` does.

    Raises what the readers raise: every fault at its place.
    """
    if path.suffix == ".jsonl":
        first = next((line for line in read_bytes(path).split(b"\n") if line.strip()), b"{}")
        try:
            keys = set(json.loads(first))
        except (ValueError, TypeError):
            keys = _INTERCHANGE
        if keys <= _INTERCHANGE:
            return [article.document for article in read_jsonl(path)]
    return read_documents(path)


def predict(
    model: str,
    documents: Sequence[Document],
    *,
    layer: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> list[Article]:
    """Each document with one annotation, the model's: a draft whose provenance names model and version.

    `layer` defaults to the one that the model was trained on. Raises GW410 where there is no such model,
    GW411 where it can't be loaded.
    """
    nlp = load_pipeline(model)
    own = nlp.meta.get("goldwire")
    known = own if isinstance(own, dict) else {}
    name = f"{nlp.meta.get('lang', nlp.lang)}_{nlp.meta.get('name', 'pipeline')}"
    version = str(nlp.meta.get("version", ""))
    schemas = known.get("schema") or []
    stamp = str(schemas[0]) if schemas else f"{name}@{version}"
    wanted = layer or str(known.get("layer") or LAYER)
    provenance = Provenance(kind="model", name=name, version=version)
    nlp.max_length = max([nlp.max_length, *(len(document.text) + 1 for document in documents)])
    articles = []
    with quiet():
        for document, doc in zip(documents, nlp.pipe(d.text for d in documents), strict=True):
            annotation = Annotation(
                document.id,
                name,
                stamp,
                provenance=provenance,
                spans=from_doc(doc, document, wanted),
                text_sha256=sha256(document.text),
            )
            articles.append(Article(document, (annotation,)))
            if advance is not None:
                advance(1)
    return articles

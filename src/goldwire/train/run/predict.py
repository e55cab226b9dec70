"""Annotate articles with a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from goldwire import strict_json
from goldwire.files import read_bytes
from goldwire.formats.jsonl import read_jsonl
from goldwire.formats.spacy_doc import Pipeline, annotation_from
from goldwire.model import Article, Document
from goldwire.pipelines import load_pipeline, quiet
from goldwire.seeds import read_documents
from goldwire.train.learned_from import LearnedFrom

_INTERCHANGE = {"id", "text", "meta", "annotations"}


def read_for_prediction(path: Path) -> list[Document]:
    """The articles of a file or folder.

    goldwire's own JSON Lines keep text and metadata as they are, all else is read as `read_documents` does.

    Raises what the readers raise: every fault at its place.
    """
    if path.suffix == ".jsonl":
        first = next((line for line in read_bytes(path).split(b"\n") if line.strip()), b"{}")
        try:
            keys = set(strict_json.loads(first))
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
    """Each document with one annotation, the model's: a draft whose provenance names model and version, and
    says `trained_on` where the model had learned from the text or a near copy of it.

    `layer` defaults to those that the model was trained on. Raises GW410 where there is no such model,
    GW411 where it can't be loaded.
    """
    import goldwire.train.pipeline.components
    import goldwire.train.pipeline.features  # noqa: F401  models of several layers are made of these

    nlp = load_pipeline(model)
    pipeline = Pipeline.of(nlp.meta)
    learned = LearnedFrom(nlp.meta)
    if layer is not None:
        pipeline = replace(pipeline, layers=(layer,), flat=layer)
    nlp.max_length = max([nlp.max_length, *(len(document.text) + 1 for document in documents)])
    articles = []
    with quiet():
        for document, doc in zip(documents, nlp.pipe(d.text for d in documents), strict=True):
            annotation = annotation_from(doc, document, pipeline)
            if learned.holds(document.text):
                provenance = structs.replace(annotation.provenance, trained_on=True)
                annotation = structs.replace(annotation, provenance=provenance)
            articles.append(Article(document, (annotation,)))
            if advance is not None:
                advance(1)
    return articles

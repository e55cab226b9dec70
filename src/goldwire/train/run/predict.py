"""Annotate articles with a pipeline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from msgspec import structs

from goldwire import strict_json
from goldwire.archive.engine import Engine, LocalEngine
from goldwire.archive.run import Outcome, run_over
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes
from goldwire.formats.jsonl import read_jsonl
from goldwire.formats.spacy_doc import Pipeline, annotation_from
from goldwire.model import Article, Document
from goldwire.pipelines import load_pipeline, pipeline_path, quiet
from goldwire.processes import cores
from goldwire.seeds import read_documents
from goldwire.train.learned_from import LearnedFrom

#: What worker processes import before they are forked.
_IMPORTED = ("goldwire.train.run.predict", "goldwire.train.pipeline.components", "spacy")
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


class Predictor:
    """A pipeline that is loaded once. Raises GW410 where there is no such model, GW411 where it can't be
    loaded."""

    def __init__(self, model: str, layer: str | None = None) -> None:
        # Models of several layers are made of these.
        import goldwire.train.pipeline.components
        import goldwire.train.pipeline.entity_pairs
        import goldwire.train.pipeline.features
        import goldwire.train.pipeline.span_components
        import goldwire.train.pipeline.span_features  # noqa: F401

        self.nlp = load_pipeline(model)
        self.pipeline = Pipeline.of(self.nlp.meta)
        self.learned = LearnedFrom(self.nlp.meta)
        if layer is not None:
            self.pipeline = replace(self.pipeline, layers=(layer,), flat=layer)

    def articles(self, documents: Sequence[Document]) -> Iterator[Article]:
        """Each document with the model's annotation, in their order."""
        nlp = self.nlp
        nlp.max_length = max([nlp.max_length, *(len(document.text) + 1 for document in documents)])
        with quiet():
            for document, doc in zip(documents, nlp.pipe(d.text for d in documents), strict=True):
                annotation = annotation_from(doc, document, self.pipeline)
                if self.learned.holds(document.text):
                    provenance = structs.replace(annotation.provenance, trained_on=True)
                    annotation = structs.replace(annotation, provenance=provenance)
                yield Article(document, (annotation,))


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
    articles = []
    for article in Predictor(model, layer).articles(documents):
        articles.append(article)
        if advance is not None:
            advance(1)
    return articles


@dataclass(frozen=True)
class Annotating:
    """Loads a model where it is to work, and annotates batches of articles by it.

    `sha256` is the hash that the model is to have there; raises GW834 where it is another.
    """

    model: str
    layer: str | None = None
    sha256: str = ""

    def __call__(self) -> Callable[[list[Article]], list[Article]]:
        """The function that annotates; what the articles bring of annotations is left aside."""
        if self.sha256 and _folder_hash(pipeline_path(self.model)) != self.sha256:
            hint = "the same files under the same name on all nodes, and none changed while a run is at work"
            raise GoldwireError.of("GW834", "a worker finds another model", where=self.model, hint=hint)
        predictor = Predictor(self.model, self.layer)
        return lambda articles: list(predictor.articles([article.document for article in articles]))


def predict_archive(
    model: str,
    addresses: Sequence[str],
    folder: Path | str,
    *,
    layer: str | None = None,
    workers: int | None = None,
    engine: Engine | None = None,
    **options: Any,
) -> Outcome:
    """The articles of an archive annotated by a model, in shards: as `goldwire.archive.run.run_over` does,
    whose `options` these are.

    The model is loaded once in each of the `workers`, processes on this machine (default: one a core), or in
    those of another `engine`, which must reach it under its name: a folder at the same path, or a package.
    Raises what `run_over` raises, GW410 and GW411 as `predict` does, and GW834 where a worker finds another
    model.
    """
    from spacy.about import __version__ as spacy_version

    path = pipeline_path(model)
    digest = _folder_hash(path)
    settings = {
        "command": "predict",
        "model": {"name": path.name, "sha256": digest},
        "layer": layer or "",
        "spacy": spacy_version,
    }
    engine = engine or LocalEngine(workers or cores(), imported=_IMPORTED)
    # A worker elsewhere stands in another folder.
    model_path = str(path.resolve()) if Path(model).is_dir() else model
    annotating = Annotating(model_path, layer, digest)
    return run_over(addresses, folder, annotating, engine=engine, settings=settings, **options)


def _folder_hash(folder: Path) -> str:
    """One hash of all files of a model, and of their names."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()

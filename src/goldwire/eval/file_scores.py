"""Files of JSON Lines read side by side: what stays in memory of a document are its counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from goldwire.annotations.spool import ArticleSpool
from goldwire.errors import GoldwireError
from goldwire.eval.project_scores import schema_here, with_agreement
from goldwire.eval.scoring.document_counts import BATCH, DocumentCounts
from goldwire.eval.scoring.pairing import stories, trained_note
from goldwire.eval.scoring.score_figures import Scores
from goldwire.formats.articles import Articles
from goldwire.formats.edges import trimmed_note
from goldwire.formats.guess import stream_as
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import few_collections
from goldwire.model import Annotation, Article, Document, curated
from goldwire.schemas import Schema

#: Of so many documents the reference, each side's predictions, and the documents.
Batch: TypeAlias = tuple[Sequence[Annotation], Sequence[Sequence[Annotation]], Sequence[Document]]


class Otherwise(Exception):
    """The files can't be scored side by side: the usual way says what is the matter, or does it."""


class _OtherSchema(Otherwise):
    """Not all of gold follows the schema of the project here."""


def score_files(
    gold: Path,
    pred: Path,
    *,
    schema: Schema | None = None,
    agreement_path: Path | None = None,
    layers: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    trained_on: bool = False,
    entities: str | None = None,
) -> tuple[Scores, tuple[Articles, Articles]] | None:
    """What `score_articles` gives of two files, and what was not kept of each, in lists without articles.

    The documents may stand in another order. None where the files must be read whole: a document has another
    id in the other file, gold holds several readings of one, the layers are called differently, or something
    is wrong. Raises GW505 and GW543 as `score_articles`.
    """
    here = schema_here() if schema is None else None

    def counted(schema: Schema | None, schema_id: str = "") -> tuple[SideBySide, DocumentCounts]:
        counts = DocumentCounts(layers=layers, schema=schema, entities=entities)

        def add(batch: Batch) -> None:
            references, (predictions,), documents = batch
            counts.add(references, predictions, documents)

        run = SideBySide(add, trained_on=trained_on)
        run.read(gold, (pred,), layers, readings=agreement_path is None, schema_id=schema_id)
        return run, counts

    try:
        try:
            run, counts = counted(schema) if here is None else counted(here, here.id)
        except _OtherSchema:
            run, counts = counted(None)
    except (Otherwise, GoldwireError, OSError):
        return None
    note = trained_note(run.learned, run.every, trained_on=trained_on)
    scores = counts.scores(resamples=resamples, seed=seed, groups=stories(run.documents), strict_layers=True)
    kept = run.as_read[0], run.as_read[1]
    white = (trimmed_note(kept[0].lost, "the reference"), trimmed_note(kept[1].lost, "the predictions"))
    scores = dataclasses.replace(scores, warnings=(*filter(None, (note, *white)), *scores.warnings))
    return with_agreement(scores, (), (), agreement_path), kept


def read_side_by_side(
    paths: Sequence[Path],
    add: Callable[[Batch], None],
    *,
    layers: Sequence[str] | None = None,
    trained_on: bool = False,
) -> SideBySide | None:
    """Gold and predictions in files of JSON Lines, a batch at a time to `add`; None where they must be read
    whole."""
    run = SideBySide(add, trained_on=trained_on)
    try:
        run.read(paths[0], paths[1:], layers)
    except (Otherwise, GoldwireError, OSError):
        return None
    return run


class SideBySide:
    """Gold and one prediction or several in files of JSON Lines, read document by document.

    Predictions lie in a temporary file meanwhile, from which each is taken when its document comes. What is
    to be counted goes to `add`, a batch at a time. Afterwards `documents` are those that count, each with its
    story alone, of `every` one, and `learned` says how many of these a model was trained on; `as_read` is
    what is known of each file.
    """

    def __init__(self, add: Callable[[Batch], None], *, trained_on: bool) -> None:
        self._add, self._trained_on = add, trained_on
        self.documents: list[Document] = []
        self.every = self.learned = 0
        self.as_read: list[Articles] = []

    def read(
        self,
        gold: Path,
        preds: Sequence[Path],
        layers: Sequence[str] | None,
        *,
        readings: bool = False,
        schema_id: str = "",
    ) -> None:
        """Count all documents.

        Raises Otherwise where they can't be counted so, or gold has several `readings` of one and they are
        wanted; _OtherSchema where not all of it follows the schema `schema_id`, unless that is empty; what is
        wrong with a file as reading it does.
        """
        settings = [(path, ConversionOptions()) for path in (gold, *preds)]
        with few_collections():
            first, *others = (stream_as("jsonl", *each) for each in settings)
            self._count(
                first, list(map(ArticleSpool, others)), layers, readings=readings, schema_id=schema_id
            )
        self.as_read = [Articles.as_read((), setting, "jsonl", path) for path, setting in settings]

    def _count(
        self,
        gold: Iterable[Article],
        preds: Sequence[ArticleSpool],
        layers: Sequence[str] | None,
        *,
        readings: bool,
        schema_id: str,
    ) -> None:
        present: list[set[str]] = [set() for _ in (gold, *preds)]
        batch: list[tuple[Annotation, tuple[Annotation, ...], Document]] = []
        for article in gold:
            document = article.document
            articles = [article, *(_same(document, pred) for pred in preds)]
            for names, each in zip(present, articles, strict=True):
                names.update(span.layer for annotation in each.annotations for span in annotation.spans)
            reference = curated(article.annotations)
            if reference is None or (readings and len(article.annotations) > 1):
                raise Otherwise
            predicted = tuple(map(_last, articles[1:]))
            self.every += 1
            learned = any(each.provenance.trained_on for each in predicted)
            self.learned += learned
            if learned and not self._trained_on:
                continue
            if schema_id and reference.schema != schema_id:
                raise _OtherSchema
            story = document.meta.get("story")
            self.documents.append(Document(document.id, "", {"story": story} if story else {}))
            batch.append((reference, predicted, document))
            if len(batch) == BATCH:
                self._hand_over(batch)
                batch = []
        self._hand_over(batch)
        if not self.every or not all(present) or any(len(pred) != self.every for pred in preds):
            raise Otherwise
        if layers is None and all(len(names) == 1 for names in present) and len(set().union(*present)) > 1:
            raise Otherwise

    def _hand_over(self, batch: Sequence[tuple[Annotation, tuple[Annotation, ...], Document]]) -> None:
        if batch:
            golds, predicted, documents = zip(*batch, strict=True)
            self._add((golds, tuple(zip(*predicted, strict=True)), documents))


def _same(document: Document, pred: ArticleSpool) -> Article:
    """The prediction's article of a document."""
    place = pred.place(document.id)
    if place is None or (article := pred[place]).document.text != document.text:
        raise Otherwise
    return article


def _last(article: Article) -> Annotation:
    """The annotation of a prediction that counts: the last one."""
    usable = [each for each in article.annotations if each.status != "skipped"]
    if not usable:
        raise Otherwise
    return usable[-1]

"""Files of JSON Lines read side by side: what stays in memory of a document are its counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from goldwire.annotations.line import loads
from goldwire.errors import GoldwireError
from goldwire.eval.project_scores import project_here, with_agreement
from goldwire.eval.scoring.document_counts import BATCH, DocumentCounts
from goldwire.eval.scoring.pairing import stories, trained_note
from goldwire.eval.scoring.results import Scores
from goldwire.formats.articles import Articles
from goldwire.formats.edges import any_padded, trimmed, trimmed_note
from goldwire.formats.options import Setting
from goldwire.formats.registry import few_collections
from goldwire.model import Annotation, Article, Document, curated
from goldwire.schemas import Schema, load_schema

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

    The documents may stand in another order: where those of `pred` lie in the file is kept then. None where
    the files must be read whole: a document has another id in the other file, gold holds several readings of
    one, the layers are called differently, or something is wrong. Raises GW505 and GW543 as `score_articles`.
    """
    here = _schema_here() if schema is None else None
    stamp = "" if here is None else here.stamp

    def counted(schema: Schema | None, stamp: str) -> tuple[SideBySide, DocumentCounts]:
        counts = DocumentCounts(layers=layers, schema=schema, entities=entities)

        def add(batch: Batch) -> None:
            references, (predictions,), documents = batch
            counts.add(references, predictions, documents)

        run = SideBySide(add, trained_on=trained_on)
        run.read(gold, (pred,), layers, readings=agreement_path is None, stamp=stamp)
        return run, counts

    try:
        try:
            run, counts = counted(here if schema is None else schema, stamp)
        except _OtherSchema:
            run, counts = counted(None, "")
    except (Otherwise, OSError):
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
    except (Otherwise, OSError):
        return None
    return run


def _schema_here() -> Schema | None:
    project = project_here()
    return load_schema(project.schema_path) if project is not None and project.schema_path.is_file() else None


class _Name(msgspec.Struct):
    """The id of a line, which is read without the rest."""

    id: str


_name_of = msgspec.json.Decoder(_Name)


class _File:
    """One of the two files, read an article at a time, and what was met in it."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path, self._stream = path, stream
        self.layers: set[str] = set()
        self._at = 0
        #: Where lines begin, by id; known once the order is another.
        self._places: dict[str, int] | None = None
        #: What was not kept, by where its line begins.
        self._lost: dict[int, dict[str, list[str]]] = {}

    def next(self) -> Article | None:
        """The next article; None at the end."""
        while line := self._stream.readline():
            start, self._at = self._at, self._at + len(line)
            if line.strip():
                return self._article(line, start)
        return None

    def find(self, name: str) -> Article:
        """The article of a document: the next one, as long as both files have one order."""
        if self._places is None:
            article = self.next()
            if article is not None and article.document.id == name:
                return article
            self._places = self._index()
        if name not in self._places:
            raise Otherwise
        self._at = self._places[name]
        self._stream.seek(self._at)
        article = self.next()
        if article is None:
            raise Otherwise
        return article

    def holds(self, documents: int) -> bool:
        """Whether it has no more than these documents."""
        return self.next() is None if self._places is None else len(self._places) == documents

    def as_read(self) -> Articles:
        """What is known of it, without its articles."""
        lost: dict[str, list[str]] = {}
        for _, kinds in sorted(self._lost.items()):
            for kind, places in kinds.items():
                lost.setdefault(kind, []).extend(places)
        return Articles((), lost, format="jsonl", path=str(self.path))

    def _article(self, line: bytes, start: int) -> Article:
        try:
            article = loads(line, str(self.path))
        except GoldwireError:
            raise Otherwise from None
        if any_padded(article):
            setting = Setting()
            article = trimmed(article, setting)
            self._lost[start] = setting.lost
        for annotation in article.annotations:
            self.layers.update([span.layer for span in annotation.spans])
        return article

    def _index(self) -> dict[str, int]:
        """Where the line of each document begins."""
        places: dict[str, int] = {}
        at = 0
        self._stream.seek(0)
        while line := self._stream.readline():
            if line.strip():
                try:
                    name = _name_of.decode(line).id
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    raise Otherwise from None
                if name in places:
                    raise Otherwise
                places[name] = at
            at += len(line)
        return places


class SideBySide:
    """Gold and one prediction or several in files of JSON Lines, read document by document.

    What is to be counted goes to `add`, a batch at a time. Afterwards `documents` are those that count, each
    with its story alone, of `every` one, and `learned` says how many of these a model was trained on;
    `as_read` is what is known of each file.
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
        stamp: str = "",
    ) -> None:
        """Count all documents.

        Raises Otherwise where they can't be counted so, or gold has several `readings` of one and they are
        wanted; _OtherSchema where not all of it follows the schema `stamp`, unless that is empty.
        """
        with ExitStack() as opened, few_collections():
            sides = [_File(path, opened.enter_context(path.open("rb"))) for path in (gold, *preds)]
            self._count(sides[0], sides[1:], layers, readings=readings, stamp=stamp)
            self.as_read = [side.as_read() for side in sides]

    def _count(
        self, gold: _File, preds: Sequence[_File], layers: Sequence[str] | None, *, readings: bool, stamp: str
    ) -> None:
        names: set[str] = set()
        batch: list[tuple[Annotation, tuple[Annotation, ...], Document]] = []
        while (article := gold.next()) is not None:
            document, annotations = article.document, article.annotations
            if document.id in names or (readings and len(annotations) > 1):
                raise Otherwise
            reference = curated(annotations)
            predicted = tuple(_last(pred.find(document.id), document) for pred in preds)
            if reference is None:
                raise Otherwise
            names.add(document.id)
            learned = any(each.provenance.trained_on for each in predicted)
            self.learned += learned
            if learned and not self._trained_on:
                continue
            if stamp and reference.schema != stamp:
                raise _OtherSchema
            story = document.meta.get("story")
            self.documents.append(Document(document.id, "", {"story": story} if story else {}))
            batch.append((reference, predicted, document))
            if len(batch) == BATCH:
                self._hand_over(batch)
                batch = []
        self._hand_over(batch)
        self.every = len(names)
        found = [side.layers for side in (gold, *preds)]
        if not (names and all(found) and all(pred.holds(len(names)) for pred in preds)):
            raise Otherwise
        if layers is None and all(len(each) == 1 for each in found) and len(set().union(*found)) > 1:
            raise Otherwise

    def _hand_over(self, batch: Sequence[tuple[Annotation, tuple[Annotation, ...], Document]]) -> None:
        if batch:
            golds, predicted, documents = zip(*batch, strict=True)
            self._add((golds, tuple(zip(*predicted, strict=True)), documents))


def _last(article: Article, document: Document) -> Annotation:
    """The annotation of a prediction that counts: the last one."""
    usable = [each for each in article.annotations if each.status != "skipped"]
    if article.document.text != document.text or not usable:
        raise Otherwise
    return usable[-1]

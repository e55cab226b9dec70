"""Two files of JSON Lines scored side by side: what stays in memory of a document are its counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from goldwire.errors import GoldwireError
from goldwire.eval.project_scores import project_here, with_agreement
from goldwire.eval.scoring.document_counts import BATCH, DocumentCounts
from goldwire.eval.scoring.pairing import stories, trained_note
from goldwire.eval.scoring.results import Scores
from goldwire.formats.articles import Articles
from goldwire.formats.edges import any_padded, trimmed, trimmed_note
from goldwire.formats.jsonl import loads
from goldwire.formats.options import Setting
from goldwire.formats.registry import few_collections
from goldwire.model import Annotation, Article, Document, curated
from goldwire.schemas import Schema, load_schema


class _Otherwise(Exception):
    """The files can't be scored side by side: the usual way says what is the matter, or does it."""


class _OtherSchema(_Otherwise):
    """Not all of gold follows the schema of the project here."""


def score_files(
    gold: Path,
    pred: Path,
    *,
    schema_path: Path | None = None,
    agreement_path: Path | None = None,
    layers: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    trained_on: bool = False,
) -> tuple[Scores, tuple[Articles, Articles]] | None:
    """What `score_articles` gives of two files, and what was not kept of each, in lists without articles.

    The documents may stand in another order: where those of `pred` lie in the file is kept then. None where
    the files must be read whole: a document has another id in the other file, gold holds several readings of
    one, the layers are called differently, or something is wrong. Raises GW505 and GW543 as `score_articles`.
    """
    schema = load_schema(schema_path) if schema_path else _schema_here()
    stamp = schema.stamp if schema is not None and not schema_path else ""

    def counted(schema: Schema | None, stamp: str) -> _Run:
        with few_collections(), gold.open("rb") as mine, pred.open("rb") as theirs:
            counts = DocumentCounts(layers=layers, schema=schema)
            run = _Run(_File(gold, mine), _File(pred, theirs), counts, trained_on=trained_on)
            run.count(layers, readings=agreement_path is None, stamp=stamp)
        return run

    try:
        try:
            run = counted(schema, stamp)
        except _OtherSchema:
            run = counted(None, "")
    except (_Otherwise, OSError):
        return None
    note = trained_note(run.learned, run.every, trained_on=trained_on)
    scores = run.counts.scores(
        resamples=resamples, seed=seed, groups=stories(run.documents), strict_layers=True
    )
    kept = run.gold.as_read(), run.pred.as_read()
    white = (trimmed_note(kept[0].lost, "the reference"), trimmed_note(kept[1].lost, "the predictions"))
    scores = dataclasses.replace(scores, warnings=(*filter(None, (note, *white)), *scores.warnings))
    return with_agreement(scores, (), (), agreement_path), kept


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
            raise _Otherwise
        self._at = self._places[name]
        self._stream.seek(self._at)
        article = self.next()
        if article is None:
            raise _Otherwise
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
            raise _Otherwise from None
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
                    raise _Otherwise from None
                if name in places:
                    raise _Otherwise
                places[name] = at
            at += len(line)
        return places


class _Run:
    """A count of both files, document by document."""

    def __init__(self, gold: _File, pred: _File, counts: DocumentCounts, *, trained_on: bool) -> None:
        self.gold, self.pred, self.counts = gold, pred, counts
        self._trained_on = trained_on
        #: The documents that count, each with its story alone; and how many there are, and were learned from.
        self.documents: list[Document] = []
        self.every = self.learned = 0

    def count(self, layers: Sequence[str] | None, *, readings: bool, stamp: str) -> None:
        """Count all documents.

        Raises _Otherwise where gold has several `readings` of one and they are wanted, _OtherSchema where not
        all of it follows the schema `stamp`, unless that is empty.
        """
        names: set[str] = set()
        batch: list[tuple[Annotation, Annotation, Document]] = []
        while (article := self.gold.next()) is not None:
            document, annotations = article.document, article.annotations
            predicted = self.pred.find(document.id)
            reference = curated(annotations)
            usable = [each for each in predicted.annotations if each.status != "skipped"]
            if (
                document.id in names
                or document.text != predicted.document.text
                or (readings and len(annotations) > 1)
                or reference is None
                or not usable
            ):
                raise _Otherwise
            names.add(document.id)
            learned = usable[-1].provenance.trained_on
            self.learned += learned
            if learned and not self._trained_on:
                continue
            if stamp and reference.schema != stamp:
                raise _OtherSchema
            story = document.meta.get("story")
            self.documents.append(Document(document.id, "", {"story": story} if story else {}))
            batch.append((reference, usable[-1], document))
            if len(batch) == BATCH:
                self._add(batch)
                batch = []
        self._add(batch)
        self.every = len(names)
        found = self.gold.layers, self.pred.layers
        if not (names and all(found) and self.pred.holds(len(names))):
            raise _Otherwise
        if layers is None and all(len(each) == 1 for each in found) and found[0] != found[1]:
            raise _Otherwise

    def _add(self, batch: Sequence[tuple[Annotation, Annotation, Document]]) -> None:
        if batch:
            golds, preds, documents = zip(*batch, strict=True)
            self.counts.add(golds, preds, documents)

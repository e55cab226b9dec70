"""What is told of a dataset: facts of its articles, one after the other, and all that was counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goldwire import __version__
from goldwire.annotations.stats import Counts
from goldwire.annotations.tokens import TagLoss
from goldwire.corpus.dataset.registries import DatasetRegistry
from goldwire.corpus.quality.checks import CheckResult
from goldwire.corpus.redistribution import licence_of
from goldwire.formats.dataset.columns import META
from goldwire.model import Annotation, Article, Status, by_machine, curated

if TYPE_CHECKING:
    from goldwire.corpus.corpus import Corpus

#: How the curated annotations came about, in the order of the card's table.
WAYS = (
    "machine-drafted, reviewed by nobody",
    "made by unknown annotators",
    "marked by people, reviewed by nobody",
    "reviewed by people",
    "adjudicated by people",
    "made with predictions in view",
)


@dataclass
class Maker:
    """Who an annotator is: the kinds and names of provenance, and what the work was based on."""

    kinds: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    bases: set[str] = field(default_factory=set)

    def add(self, annotation: Annotation) -> None:
        """Take in one annotation of the annotator's."""
        provenance = annotation.provenance
        self.kinds.add(provenance.kind)
        self.names.add(f"{provenance.name} {provenance.version}".strip())
        self.bases |= set(provenance.based_on)


@dataclass
class CardFacts:
    """Counts over documents and annotations; `curated` ones are each document's most trusted annotation.

    `ways` and `way_spans` count curated annotations and their spans by how they came about (`WAYS`); `dates`
    are the first and the last date of publication as they are written, in alphabetical order; `licences`
    counts texts by what is said of them, the empty one where nothing is, `sources` holds whose those are.
    Notes and oddities stand as in the metadata, with the documents that have them.
    """

    documents: int = 0
    annotations: int = 0
    curated: int = 0
    curated_spans: int = 0
    trained_on: int = 0
    trusted: int = 0
    by_machine: int = 0
    unknown: int = 0
    status: Counter[Status] = field(default_factory=Counter)
    curated_status: Counter[Status] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    way_spans: Counter[str] = field(default_factory=Counter)
    makers: dict[str, Maker] = field(default_factory=dict)
    dates: tuple[str, str] | None = None
    licences: Counter[str] = field(default_factory=Counter)
    sources: dict[str, dict[str, None]] = field(default_factory=dict)
    notes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    oddities: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, articles: Iterable[Article]) -> CardFacts:
        """Those of articles, which are looked at once."""
        facts = cls()
        for article in articles:
            facts._add_document(article)
            facts._add_annotations(article)
        return facts

    @property
    def kinds(self) -> set[str]:
        """Who made annotations: kinds of provenance."""
        return {kind for maker in self.makers.values() for kind in maker.kinds}

    def _add_document(self, article: Article) -> None:
        name, meta = article.document.id, article.document.meta
        self.documents += 1
        self.licences[licence_of(article.document)] += 1
        self.sources.setdefault(licence_of(article.document), {})[str(meta.get("source") or "")] = None
        if meta.get("published"):
            dates = (*(self.dates or ()), str(meta["published"]))
            self.dates = min(dates), max(dates)
        for key in META:
            for suffix in ("by", "basis"):
                if note := meta.get(f"{key}_{suffix}"):
                    self.notes.setdefault((key, " ".join(str(note).split())), []).append(name)
        listed = meta.get("oddities") or []
        for text in listed if isinstance(listed, list) else [listed]:
            self.oddities.append((name, " ".join(str(text).split())))

    def _add_annotations(self, article: Article) -> None:
        for annotation in article.annotations:
            self.annotations += 1
            self.trained_on += annotation.provenance.trained_on
            self.status[annotation.status] += 1
            self.makers.setdefault(annotation.annotator, Maker()).add(annotation)
        chosen = curated(article.annotations)
        if chosen is None:
            return
        spans = len(chosen.spans)
        self.curated += 1
        self.curated_spans += spans
        self.curated_status[chosen.status] += 1
        self.by_machine += by_machine(chosen)
        self.unknown += chosen.provenance.kind == "unknown"
        self.trusted += chosen.status in ("reviewed", "adjudicated") and chosen.provenance.kind == "human"
        for way in _ways(chosen):
            self.ways[way] += 1
            self.way_spans[way] += spans


def _ways(annotation: Annotation) -> Iterable[str]:
    """How an annotation came about.

    An adjudication by a model is machine-drafted: only what people did counts as reviewed or adjudicated.
    """
    drafted, unknown, marked, reviewed, adjudicated, seen = WAYS
    if by_machine(annotation):
        yield drafted
    if annotation.provenance.kind == "unknown":
        yield unknown
    if annotation.provenance.kind == "human":
        by_status = {"draft": marked, "submitted": marked, "reviewed": reviewed, "adjudicated": adjudicated}
        if way := by_status.get(annotation.status):
            yield way
    if annotation.provenance.seen_predictions:
        yield seen


@dataclass(frozen=True)
class Contents:
    """A dataset that was written, as card, Croissant description and manifest tell of it.

    `losses` are what `tokens` can't hold, by layer; `sides` its splits with their documents, `paths` the
    files of each config by split. `held` are the documents whose texts the dataset has, where it was made to
    be passed on: of the others nothing is quoted. Else (None) it has all.
    """

    corpus: Corpus
    facts: CardFacts
    counts: Counts
    checks: CheckResult
    losses: Mapping[str, TagLoss]
    content_hash: str
    sides: Mapping[str, int]
    paths: Mapping[str, Mapping[str, str]]
    registries: Sequence[DatasetRegistry]
    held: Collection[str] | None = None

    @property
    def has_texts(self) -> bool:
        """Whether there is any text in it."""
        return self.held is None or bool(self.held)

    def identity(self) -> dict[str, object]:
        """What a manifest begins with: which dataset this is, and what made it."""
        return {
            "name": self.corpus.project.name,
            "version": self.corpus.version,
            "content_hash": self.content_hash,
            "schema": self.corpus.schema.id,
            "goldwire": __version__,
        }

"""Two versions of a corpus compared: documents, spans, attributes, relations, schema, guidelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import msgspec

from goldwire.corpus.versions.spans import KINDS, AnnotationChanges, compare_annotations, placing
from goldwire.model import Annotation, Article, Span, curated
from goldwire.schemas import Schema
from goldwire.schemas.changes.diff import SchemaChange
from goldwire.schemas.changes.diff import diff as schema_diff
from goldwire.text import Snippet, snippet

#: An article of a side: the side's articles, and where it stands among them.
Place: TypeAlias = tuple[Sequence[Article], int]
#: Characters shown on each side of a span.
AROUND = 40


@dataclass(frozen=True)
class CorpusVersion:
    """One version: its articles, and what is known of it besides. `name` is what the user called it.

    `sources` are the SHA-256 of guidelines and registries, by name; `schema` is None where only its id is at
    hand.
    """

    name: str
    articles: Sequence[Article]
    schema: Schema | None = None
    version: str = ""
    content_hash: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def schema_ids(self) -> set[str]:
        """The schemas that annotations name, or the schema's own id."""
        if self.schema is not None:
            return {self.schema.id}
        return {a.schema for article in self.articles for a in article.annotations}

    def in_words(self) -> str:
        """Name, version and the beginning of the content hash, as far as they are known."""
        hashed = f" ({self.content_hash[:12]})" if self.content_hash else ""
        return f"{self.name}{' ' + self.version if self.version else ''}{hashed}"


@dataclass(frozen=True)
class DocumentDiff:
    """What became of one document; `places` say where it stands in the articles of both sides."""

    id: str
    kind: Literal["added", "removed", "text", "annotation", "meta"]
    places: tuple[Place | None, Place | None]
    compared: AnnotationChanges
    meta: tuple[str, ...] = ()
    status: tuple[str, str] | None = None

    @property
    def before(self) -> Article | None:
        """The article as it was; read each time."""
        return _read(self.places[0])

    @property
    def after(self) -> Article | None:
        """The article as it is; read each time."""
        return _read(self.places[1])

    def context(self, span: Span, *, old: bool) -> Snippet:
        """A span in its surroundings, in the old text or the new."""
        article = self.before if old else self.after
        return snippet(article.document.text if article is not None else "", span.start, span.end, AROUND)


def _read(place: Place | None) -> Article | None:
    return None if place is None else place[0][place[1]]


@dataclass(frozen=True)
class Diff:
    """The whole comparison. Counts are of the annotations that were compared (see `diff`)."""

    before: CorpusVersion
    after: CorpusVersion
    documents: list[DocumentDiff]
    schema: list[SchemaChange]
    spans: dict[str, dict[str, int]]
    relations: dict[str, dict[str, int]]
    annotations: dict[str, int]

    @property
    def kinds(self) -> dict[str, int]:
        """The number of documents that were added, removed, changed in text, annotation or metadata."""
        counts = Counter(document.kind for document in self.documents)
        return {kind: counts[kind] for kind in ("added", "removed", "text", "annotation", "meta")}

    @property
    def sources(self) -> list[str]:
        """Guidelines and registries that differ, where both sides name theirs."""
        old, new = self.before.sources, self.after.sources
        return sorted(k for k in {*old, *new} if old.get(k) != new.get(k)) if old and new else []

    @property
    def wording(self) -> bool:
        """Whether both schemas are at hand and differ in words or looks only."""
        old, new = self.before.schema, self.after.schema
        return old is not None and new is not None and old != new and not self.schema

    @property
    def empty(self) -> bool:
        """Whether nothing that a reader of the corpus depends on differs."""
        schema_ids = (
            bool(self.before.schema_ids and self.after.schema_ids)
            and self.before.schema_ids != self.after.schema_ids
        )
        other = any(self.annotations[kind] for kind in ("added", "removed", "changed"))
        return not (self.documents or self.schema or self.sources or self.wording or schema_ids or other)

    def as_dict(self) -> dict[str, Any]:
        """Counts and every change, for JSON."""
        return {
            "before": _side(self.before),
            "after": _side(self.after),
            "documents": {
                "before": len(self.before.articles),
                "after": len(self.after.articles),
                **self.kinds,
            },
            "annotations": self.annotations,
            "spans": self.spans,
            "relations": self.relations,
            "schema": msgspec.to_builtins(self.schema),
            "sources": self.sources,
            "changes": [
                {
                    "document": document.id,
                    "kind": document.kind,
                    "meta": list(document.meta),
                    "status": list(document.status) if document.status else None,
                    **(
                        {}
                        if document.kind in ("added", "removed")
                        else dict(msgspec.to_builtins(document.compared))
                    ),
                }
                for document in self.documents
            ],
        }


def diff(
    before: CorpusVersion,
    after: CorpusVersion,
    *,
    annotator: str = "",
    advance: Callable[[int], None] | None = None,
) -> Diff:
    """Compare two versions, document by document, by the id; `advance` counts documents of both.

    Spans and relations are those of the curated annotation of each document, or of one annotator. `spans` and
    `relations` count by layer and by label: before, after, and each kind of change; those of documents that
    came or went count as added or removed, so that before - removed + added = after. `annotations` counts
    what each annotator has in each document, whatever was compared.
    """
    new = {article.document.id: place for place, article in enumerate(after.articles)}
    spans: dict[str, Counter[str]] = {}
    relations: dict[str, Counter[str]] = {}
    documents: list[DocumentDiff] = []
    annotations = Counter[str](before=0, after=0, added=0, removed=0, changed=0)
    for places in _pairs(before.articles, new):
        old_place = None if places[0] is None else (before.articles, places[0])
        new_place = None if places[1] is None else (after.articles, places[1])
        old_article, new_article = _read(old_place), _read(new_place)
        _count_annotations(annotations, old_article, new_article)
        chosen = _chosen(old_article, annotator), _chosen(new_article, annotator)
        for side, annotation in zip(("before", "after"), chosen, strict=True):
            _count(spans, side, (s.layer for s in annotation.spans) if annotation else ())
            _count(relations, side, (r.label for r in annotation.relations) if annotation else ())
        document_diff = _document((old_place, new_place), old_article, new_article, *chosen)
        if document_diff is not None:
            documents.append(document_diff)
            for change in document_diff.compared.spans:
                spans[change.span.layer][change.kind] += 1
            for relation in document_diff.compared.relations:
                relations[relation.label][relation.kind] += 1
        if advance is not None:
            advance((old_article is not None) + (new_article is not None))
    changes = (
        schema_diff(before.schema, after.schema)
        if before.schema is not None and after.schema is not None and before.schema != after.schema
        else []
    )
    columns = ("before", "after", *KINDS)
    return Diff(
        before=before,
        after=after,
        documents=documents,
        schema=changes,
        spans={layer: {column: counts[column] for column in columns} for layer, counts in spans.items()},
        relations={
            label: {column: counts[column] for column in columns[:4]} for label, counts in relations.items()
        },
        annotations=dict(annotations),
    )


def _pairs(old: Sequence[Article], new: Mapping[str, int]) -> Iterator[tuple[int | None, int | None]]:
    """Where each document stands on both sides: those of the old side, then those that came."""
    known = set()
    for place, article in enumerate(old):
        known.add(article.document.id)
        yield place, new.get(article.document.id)
    yield from ((None, place) for name, place in new.items() if name not in known)


def _side(side: CorpusVersion) -> dict[str, str]:
    return {"name": side.name, "version": side.version, "content_hash": side.content_hash}


def _chosen(article: Article | None, annotator: str) -> Annotation | None:
    if article is None:
        return None
    if annotator:
        return next((a for a in article.annotations if a.annotator == annotator), None)
    return curated(article.annotations)


def _count(counts: dict[str, Counter[str]], side: str, names: Iterable[str]) -> None:
    for name, number in Counter(names).items():
        counts.setdefault(name, Counter())[side] += number


def _count_annotations(
    counts: Counter[str], old_article: Article | None, new_article: Article | None
) -> None:
    old = {a.annotator: a for a in old_article.annotations} if old_article is not None else {}
    new = {a.annotator: a for a in new_article.annotations} if new_article is not None else {}
    counts["before"] += len(old)
    counts["after"] += len(new)
    counts["added"] += len(new.keys() - old.keys())
    counts["removed"] += len(old.keys() - new.keys())
    counts["changed"] += sum(old[name] != new[name] for name in old.keys() & new.keys())


def _document(
    places: tuple[Place | None, Place | None],
    old_article: Article | None,
    new_article: Article | None,
    old: Annotation | None,
    new: Annotation | None,
) -> DocumentDiff | None:
    if old_article is None or new_article is None:
        present = new_article if old_article is None else old_article
        if present is None:
            return None
        kind: Literal["added", "removed"] = "added" if old_article is None else "removed"
        return DocumentDiff(present.document.id, kind, places, compare_annotations(old, new))
    if old_article == new_article:
        return None
    text = old_article.document.text != new_article.document.text
    new_offset = placing(old_article.document.text, new_article.document.text) if text else None
    compared = compare_annotations(old, new, new_offset)
    old_meta, new_meta = old_article.document.meta, new_article.document.meta
    meta = (
        ()
        if old_meta == new_meta
        else tuple(sorted(k for k in {*old_meta, *new_meta} if old_meta.get(k) != new_meta.get(k)))
    )
    status = tuple((a.status if a is not None else "none") for a in (old, new))
    changed_status = (status[0], status[1]) if status[0] != status[1] else None
    if not (text or compared.spans or compared.relations or meta or changed_status):
        return None
    annotation = bool(compared.spans or compared.relations or changed_status)
    named: Literal["text", "annotation", "meta"] = "text" if text else "annotation" if annotation else "meta"
    return DocumentDiff(old_article.document.id, named, places, compared, meta, changed_status)

"""Two versions of a corpus compared: documents, spans, attributes, relations, schema, guidelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from goldwire.corpus.versions.spans import KINDS, Compared, compare, placing
from goldwire.model import Annotation, Article, Span, curated
from goldwire.schemas import Schema
from goldwire.schemas.diff import Change
from goldwire.schemas.diff import diff as schema_diff

#: Characters shown on each side of a span.
AROUND = 40


@dataclass(frozen=True)
class Side:
    """One version: its articles, and what is known of it besides. `name` is what the user called it.

    `sources` are the SHA-256 of guidelines and registries, by name; `schema` is None where only its stamps
    are at hand.
    """

    name: str
    articles: list[Article]
    schema: Schema | None = None
    version: str = ""
    content_hash: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def stamps(self) -> set[str]:
        """The schemas that annotations name, or the schema's own stamp."""
        if self.schema is not None:
            return {self.schema.stamp}
        return {a.schema for article in self.articles for a in article.annotations}

    def in_words(self) -> str:
        """Name, version and the beginning of the content hash, as far as they are known."""
        hashed = f" ({self.content_hash[:12]})" if self.content_hash else ""
        return f"{self.name}{' ' + self.version if self.version else ''}{hashed}"


@dataclass(frozen=True)
class DocumentDiff:
    """What became of one document."""

    id: str
    kind: Literal["added", "removed", "text", "annotation", "meta"]
    before: Article | None
    after: Article | None
    compared: Compared
    meta: tuple[str, ...] = ()
    status: tuple[str, str] | None = None

    def context(self, span: Span, *, old: bool) -> tuple[str, str, str]:
        """The words before a span, its own, and those after it, in the old text or the new."""
        article = self.before if old else self.after
        text = article.document.text if article is not None else ""
        start, end = max(span.start - AROUND, 0), span.end + AROUND
        before = ("…" if start else "") + text[start : span.start]
        return before, text[span.start : span.end], text[span.end : end] + ("…" if end < len(text) else "")


@dataclass(frozen=True)
class Diff:
    """The whole comparison. Counts are of the annotations that were compared (see `diff`)."""

    before: Side
    after: Side
    documents: list[DocumentDiff]
    schema: list[Change]
    spans: dict[str, dict[str, int]]
    relations: dict[str, dict[str, int]]
    annotations: dict[str, int]

    @property
    def kinds(self) -> dict[str, int]:
        """The number of documents that were added, removed, changed in text, annotation or metadata."""
        found = Counter(document.kind for document in self.documents)
        return {kind: found[kind] for kind in ("added", "removed", "text", "annotation", "meta")}

    @property
    def sources(self) -> list[str]:
        """Guidelines and registries that differ, where both sides name theirs."""
        one, other = self.before.sources, self.after.sources
        return sorted(k for k in {*one, *other} if one.get(k) != other.get(k)) if one and other else []

    @property
    def wording(self) -> bool:
        """Whether both schemas are at hand and differ in words or looks only."""
        one, other = self.before.schema, self.after.schema
        return one is not None and other is not None and one != other and not self.schema

    @property
    def empty(self) -> bool:
        """Whether nothing that a reader of the corpus depends on differs."""
        stamps = bool(self.before.stamps and self.after.stamps) and self.before.stamps != self.after.stamps
        other = any(self.annotations[kind] for kind in ("added", "removed", "changed"))
        return not (self.documents or self.schema or self.sources or self.wording or stamps or other)

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
    before: Side,
    after: Side,
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
    new = {article.document.id: article for article in after.articles}
    spans: dict[str, Counter[str]] = {}
    relations: dict[str, Counter[str]] = {}
    documents: list[DocumentDiff] = []
    annotations = Counter[str](before=0, after=0, added=0, removed=0, changed=0)
    old_ids = set()
    pairs: list[tuple[Article | None, Article | None]] = []
    for article in before.articles:
        old_ids.add(article.document.id)
        pairs.append((article, new.get(article.document.id)))
    pairs.extend((None, article) for article in after.articles if article.document.id not in old_ids)
    for one, other in pairs:
        _count_annotations(annotations, one, other)
        chosen = _chosen(one, annotator), _chosen(other, annotator)
        for side, annotation in zip(("before", "after"), chosen, strict=True):
            _count(spans, side, (s.layer for s in annotation.spans) if annotation else ())
            _count(relations, side, (r.label for r in annotation.relations) if annotation else ())
        found = _document(one, other, *chosen)
        if found is not None:
            documents.append(found)
            for change in found.compared.spans:
                spans[change.span.layer][change.kind] += 1
            for relation in found.compared.relations:
                relations[relation.label][relation.kind] += 1
        if advance is not None:
            advance((one is not None) + (other is not None))
    changes = (
        schema_diff(before.schema, after.schema)
        if before.schema is not None and after.schema is not None and before.schema != after.schema
        else []
    )
    columns = ("before", "after", *KINDS)
    return Diff(
        before,
        after,
        documents,
        changes,
        {layer: {column: found[column] for column in columns} for layer, found in spans.items()},
        {label: {column: found[column] for column in columns[:4]} for label, found in relations.items()},
        dict(annotations),
    )


def _side(side: Side) -> dict[str, str]:
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


def _count_annotations(counts: Counter[str], one: Article | None, other: Article | None) -> None:
    old = {a.annotator: a for a in one.annotations} if one is not None else {}
    new = {a.annotator: a for a in other.annotations} if other is not None else {}
    counts["before"] += len(old)
    counts["after"] += len(new)
    counts["added"] += len(new.keys() - old.keys())
    counts["removed"] += len(old.keys() - new.keys())
    counts["changed"] += sum(old[name] != new[name] for name in old.keys() & new.keys())


def _document(
    one: Article | None, other: Article | None, old: Annotation | None, new: Annotation | None
) -> DocumentDiff | None:
    if one is None or other is None:
        present = other if one is None else one
        if present is None:
            return None
        kind: Literal["added", "removed"] = "added" if one is None else "removed"
        return DocumentDiff(present.document.id, kind, one, other, compare(old, new))
    if one is other:
        return None
    text = one.document.text != other.document.text
    place = placing(one.document.text, other.document.text) if text else None
    compared = compare(old, new, place)
    here, there = one.document.meta, other.document.meta
    meta = () if here == there else tuple(sorted(k for k in {*here, *there} if here.get(k) != there.get(k)))
    status = tuple((a.status if a is not None else "none") for a in (old, new))
    changed_status = (status[0], status[1]) if status[0] != status[1] else None
    if not (text or compared.spans or compared.relations or meta or changed_status):
        return None
    annotation = bool(compared.spans or compared.relations or changed_status)
    named: Literal["text", "annotation", "meta"] = "text" if text else "annotation" if annotation else "meta"
    return DocumentDiff(one.document.id, named, one, other, compared, meta, changed_status)

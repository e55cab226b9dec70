"""What a corpus holds, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from goldwire.model import Annotation, Article, curated, outermost
from goldwire.number_format import amount
from goldwire.schemas import Schema
from goldwire.table import Cell, Column, Figures, Table


@dataclass(repr=False)
class Counts(Figures):
    """Counts over a set of annotations. Labels stand in the schema's order, those it lacks after them.

    `nested` counts, by layer, the spans that lie inside or across a longer one of their layer: what a flat
    reading of the layer leaves out.
    """

    documents: int = 0
    annotations: int = 0
    characters: int = 0
    words: int = 0
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    relations: dict[str, int] = field(default_factory=dict)
    nested: dict[str, int] = field(default_factory=dict)
    by_document: dict[str, dict[str, int]] = field(default_factory=dict)
    by_annotator: dict[str, dict[str, int]] = field(default_factory=dict)
    by_status: dict[str, int] = field(default_factory=dict)
    by_kind: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Counts: {self.sizes}, {amount(self.spans)} spans>"

    @property
    def sizes(self) -> str:
        """The whole in words."""
        sizes = {"documents": self.documents, "annotations": self.annotations, "words": self.words}
        return ", ".join(f"{amount(size)} {unit}" for unit, size in sizes.items())

    @property
    def layers(self) -> dict[str, int]:
        """The number of spans in each layer."""
        return {layer: sum(labels.values()) for layer, labels in self.labels.items()}

    @property
    def spans(self) -> int:
        """The number of all spans."""
        return sum(self.layers.values())

    def nested_share(self, layer: str) -> float:
        """The share of a layer's spans that are nested, in [0, 1]."""
        total = self.layers.get(layer, 0)
        return self.nested.get(layer, 0) / total if total else 0.0

    def as_dict(self) -> dict[str, Any]:
        """All counts, for JSON."""
        shares = {layer: round(self.nested_share(layer), 4) for layer in self.layers}
        return {**asdict(self), "spans": self.spans, "layers": self.layers, "nested_share": shares}

    def as_json(self) -> dict[str, Any]:
        """All counts, as `corpus stats --json` writes them."""
        return self.as_dict()

    def tables(self) -> list[Table]:
        """`layers`, the labels of each, `relations`, `documents`, `annotators`, `status`, `made by`."""
        layers = [
            (layer, number, self.nested[layer], self.nested_share(layer))
            for layer, number in self.layers.items()
        ]
        shape = (Column("layer"), *_amounts("spans", "nested"), Column("share", "percent"))
        tables = [Table("layers", self.sizes, shape, layers)]
        shape = (Column("label"), *_amounts("spans"))
        tables += [
            Table(layer, f"{layer}: spans by label", shape, list(counts.items()))
            for layer, counts in self.labels.items()
        ]
        if self.relations:
            tables.append(_counted("relation", "relations", "count", self.relations))
        for kind, counts in (("document", self.by_document), ("annotator", self.by_annotator)):
            columns = [*(["documents"] if kind == "annotator" else []), *self.layers]
            rows: list[tuple[Cell, ...]] = [
                (name, *(row.get(key, 0) for key in columns)) for name, row in counts.items()
            ]
            tables.append(Table(f"{kind}s", f"spans by {kind}", (Column(kind), *_amounts(*columns)), rows))
        tables.append(_counted("status", "annotations by status", "annotations", self.by_status))
        tables.append(_counted("made by", "annotations by who made them", "annotations", self.by_kind))
        return tables


def _amounts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "amount") for name in names)


def _counted(kind: str, title: str, unit: str, counts: Mapping[str, int]) -> Table:
    return Table(kind, title, (Column(kind), Column(unit, "amount")), list(counts.items()))


def count(articles: Iterable[Article], schema: Schema | None = None, *, only_curated: bool = False) -> Counts:
    """Count all annotations of `articles`, or of each document the curated one only.

    A word is what stands between white space.
    """
    counts = Counts()
    labels: dict[str, Counter[str]] = {}
    relations: Counter[str] = Counter()
    if schema is not None:
        labels = {name: Counter(dict.fromkeys(layer.labels, 0)) for name, layer in schema.layers.items()}
        relations = Counter(dict.fromkeys(schema.relations, 0))
    nested: Counter[str] = Counter(dict.fromkeys(labels, 0))
    statuses: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for article in articles:
        counts.documents += 1
        counts.characters += len(article.document.text)
        counts.words += len(article.document.text.split())
        row = counts.by_document.setdefault(article.document.id, Counter(dict.fromkeys(labels, 0)))
        for annotation in _chosen(article, only_curated):
            counts.annotations += 1
            statuses[annotation.status] += 1
            kinds[annotation.provenance.kind] += 1
            mine = counts.by_annotator.setdefault(
                annotation.annotator, Counter({"documents": 0, **dict.fromkeys(labels, 0)})
            )
            mine["documents"] += 1
            for span in annotation.spans:
                labels.setdefault(span.layer, Counter())[span.label] += 1
                row[span.layer] = row.get(span.layer, 0) + 1
                mine[span.layer] = mine.get(span.layer, 0) + 1
            for layer in {span.layer for span in annotation.spans}:
                nested[layer] += len(outermost(annotation.layer(layer))[1])
            relations.update(relation.label for relation in annotation.relations)
    counts.labels = {layer: dict(label_counts) for layer, label_counts in labels.items()}
    counts.relations, counts.nested = dict(relations), dict(nested)
    counts.by_document = {name: dict(row) for name, row in counts.by_document.items()}
    counts.by_annotator = {name: dict(row) for name, row in sorted(counts.by_annotator.items())}
    counts.by_status, counts.by_kind = dict(sorted(statuses.items())), dict(sorted(kinds.items()))
    return counts


def _chosen(article: Article, only_curated: bool) -> tuple[Annotation, ...]:
    if not only_curated:
        return article.annotations
    annotation = curated(article.annotations)
    return (annotation,) if annotation is not None else ()

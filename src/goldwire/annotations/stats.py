"""What a corpus holds, counted."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from goldwire.model import Annotation, Article, curated, outermost
from goldwire.number_format import amount
from goldwire.schemas import Schema
from goldwire.table import Cell, Column, Figures, Table


class SpanCounts(Mapping[str, dict[str, int]]):
    """The spans of each document by layer, in some 20 bytes beside its id."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        #: The layers of a row, in order, and the numbers of such as occur.
        self._layers: list[tuple[str, ...]] = []
        self._numbers: dict[tuple[str, ...], int] = {}
        self._kinds, self._starts, self._spans = array("I"), array("Q"), array("I")

    def put(self, name: str, row: Mapping[str, int]) -> None:
        """The counts of a document, in place of any that it had."""
        layers = tuple(row)
        if layers not in self._numbers:
            self._numbers[layers] = len(self._layers)
            self._layers.append(layers)
        self._rows[name] = len(self._kinds)
        self._kinds.append(self._numbers[layers])
        self._starts.append(len(self._spans))
        self._spans.extend(row.values())

    def __getitem__(self, name: str) -> dict[str, int]:
        row = self._rows[name]
        layers, start = self._layers[self._kinds[row]], self._starts[row]
        return dict(zip(layers, self._spans[start : start + len(layers)], strict=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return repr(dict(self))


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
    by_document: Mapping[str, dict[str, int]] = field(default_factory=SpanCounts)
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

    def as_json(self) -> dict[str, Any]:
        """All counts, as `corpus stats --json` writes them."""
        counts = {each.name: getattr(self, each.name) for each in fields(self)}
        counts["by_document"] = dict(self.by_document)
        shares = {layer: round(self.nested_share(layer), 4) for layer in self.layers}
        return {**counts, "spans": self.spans, "layers": self.layers, "nested_share": shares}

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


def count_annotations(
    articles: Iterable[Article],
    schema: Schema | None = None,
    *,
    only_curated: bool = False,
    by_document: bool = True,
) -> Counts:
    """Count all annotations of `articles`, or of each document the curated one only.

    A word is what stands between white space. Without `by_document` there is no row for each.
    """
    counts = Counts()
    rows = SpanCounts()
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
        name = article.document.id
        row = rows.get(name) or dict.fromkeys(labels, 0)
        for annotation in readings(article, only_curated=only_curated):
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
        if by_document:
            rows.put(name, row)
    counts.labels = {layer: dict(label_counts) for layer, label_counts in labels.items()}
    counts.relations, counts.nested = dict(relations), dict(nested)
    counts.by_document = rows
    counts.by_annotator = {name: dict(row) for name, row in sorted(counts.by_annotator.items())}
    counts.by_status, counts.by_kind = dict(sorted(statuses.items())), dict(sorted(kinds.items()))
    return counts


def readings(article: Article, *, only_curated: bool) -> tuple[Annotation, ...]:
    """An article's annotations, or the most trusted of them alone."""
    if not only_curated:
        return article.annotations
    annotation = curated(article.annotations)
    return (annotation,) if annotation is not None else ()

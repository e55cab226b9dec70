"""The figures of some annotators over the documents that they share, two readings at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from goldwire.eval.agreement.agreement_figures import Comparison, LayerAgreement
from goldwire.eval.agreement.coefficients import LayerReadings
from goldwire.eval.agreement.gathered import DocumentSums
from goldwire.eval.agreement.identity import MatchedIds
from goldwire.eval.agreement.matched import Matched, MatchedLabels, MatchedValues
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.counts.per_document import head_counts, in_parts, span_counts
from goldwire.eval.matching.relations import RELATION_KINDS, keys, relation_counts
from goldwire.eval.matching.span_heads import BEFORE, language_of
from goldwire.eval.matching.spans import IntArray, Kind, align_spans, tabulate
from goldwire.eval.matching.structures import STRUCTURE_KINDS, structure_counts, structures
from goldwire.model import Annotation, Document, Span, pairs
from goldwire.schemas import Attribute, Schema

KINDS: tuple[Kind, ...] = ("exact", "boundary", "overlap", "type")
Extent: TypeAlias = Literal["matching", "coefficients", "all"]


class ReadingPair(NamedTuple):
    """Two readings of one document, in the order of the annotators' names."""

    document: Document
    first: Annotation
    second: Annotation

    @property
    def name(self) -> str:
        """The document's id."""
        return self.document.id

    @property
    def pair(self) -> tuple[str, str]:
        """The two annotators."""
        return self.first.annotator, self.second.annotator

    @property
    def sides(self) -> tuple[Annotation, Annotation]:
        """The two readings."""
        return self.first, self.second


class ComparedReadings:
    """Some readings of documents, known before any is counted: who read what, which labels occur.

    `rows` are named by their documents; `documents` hold each once; `labels` and names of `attributes` are by
    layer, `relations` the labels with the layers of both ends.
    """

    def __init__(self) -> None:
        self.labels: dict[str, set[str]] = defaultdict(set)
        self.attributes: dict[str, set[str]] = defaultdict(set)
        self.relations: set[tuple[str, str, str]] = set()
        self.rows: list[str] = []
        self.documents: dict[str, None] = {}
        self.has_heads = True
        self._pairs: set[tuple[str, str]] = set()

    def add(self, rows: Iterable[ReadingPair]) -> None:
        """Take in some pairs of readings."""
        for row in rows:
            self.rows.append(row.name)
            self._pairs.add(row.pair)
            if row.name not in self.documents:
                self.documents[row.name] = None
                self.has_heads = self.has_heads and language_of(row.document) in BEFORE
            for side in row.sides:
                for span in side.spans:
                    self.labels[span.layer].add(span.label)
                    self.attributes[span.layer].update(span.attributes)
                for relation, start, end in pairs(side):
                    self.relations.add((relation.label, start.layer, end.layer))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every two annotators that are compared."""
        return sorted(self._pairs)

    @property
    def readers(self) -> list[str]:
        """The annotators."""
        return sorted({name for pair in self._pairs for name in pair})


class _Layer:
    """What is counted of one layer.

    Its attributes are the schema's, else those that some matched span bears; ids are those of kind `id`,
    without a schema those named `…_id`, and of them only those that some matched span bears are compared.
    """

    def __init__(
        self,
        compared: ComparedReadings,
        name: str,
        attributes: Mapping[str, Attribute] | None,
        extent: Extent,
    ) -> None:
        readers, couples = compared.readers, len(compared.pairs)
        self.labels = tuple(sorted(compared.labels.get(name, ())))
        self._name = name
        self.sizes = dict.fromkeys(readers, 0)
        kinds = (*KINDS, "head") if extent != "matching" and compared.has_heads else KINDS
        self.counts = {kind: DocumentSums(len(self.labels), 3) for kind in kinds}
        self._labelled = MatchedLabels(self.labels, couples)
        self._by_schema = attributes is not None
        named: Mapping[str, Attribute | None] = (
            attributes if attributes is not None else dict.fromkeys(sorted(compared.attributes.get(name, ())))
        )
        self._values = {key: MatchedValues(key, attribute, couples) for key, attribute in named.items()}
        self._ids = {
            key: MatchedIds(key, attribute)
            for key, attribute in named.items()
            if extent != "matching" and (attribute.kind == "id" if attribute else key.endswith("_id"))
        }
        #: The attributes that some matched span bears.
        self._borne: set[str] = set()
        self._readings = (
            LayerReadings(self.labels, len(readers), named, with_gamma=extent == "all")
            if extent != "matching"
            else None
        )

    def add(
        self,
        rows: Sequence[ReadingPair],
        which: IntArray,
        first: int,
        readings: Mapping[str, Mapping[int, Annotation]],
        texts: Sequence[str],
        tokens: Sequence[IntArray],
    ) -> None:
        """Take in some documents: pairs of readings, the first of which is the row `first` of all; and, by
        document, the readings by the reader's number, texts and tokens."""
        matched = self._match(rows)
        if "head" in self.counts:
            golds, preds = [row.first for row in rows], [row.second for row in rows]
            documents = [row.document for row in rows]
            self.counts["head"].add(head_counts(golds, preds, documents, self._name, self.labels))
        self._labelled.add(matched, which)
        self._borne |= {name for a, b, *_ in matched for span in (a, b) for name in span.attributes}
        for values in self._values.values():
            values.add(matched, which)
        for ids in self._ids.values():
            ids.add(matched, first)
        spans = [
            {r: each.layer(self._name) for r, each in by_reader.items()} for by_reader in readings.values()
        ]
        names = list(self.sizes)
        for by_reader in spans:
            for reader, marked in by_reader.items():
                self.sizes[names[reader]] += len(marked)
        if self._readings is not None:
            self._readings.add(texts, tokens, spans)

    def _match(self, rows: Sequence[ReadingPair]) -> list[Matched]:
        """Count the spans of some rows by kind; the pairs that were matched."""
        sides: list[list[tuple[Span, ...]]] = [[], []]
        turned = []
        for row in rows:
            # Of several best assignments it is one side's order that picks: the spans' own, not the names'.
            pair_spans = [side.layer(self._name) for side in row.sides]
            turned.append(_content(pair_spans[1]) < _content(pair_spans[0]))
            for side, spans in zip(sides, reversed(pair_spans) if turned[-1] else pair_spans, strict=True):
                side.append(spans)
        codes = {label: code for code, label in enumerate(self.labels)}
        first_side, second_side = (tabulate(side, codes) for side in sides)
        blind, typed = (
            align_spans(first_side, second_side),
            align_spans(first_side, second_side, by_label=True),
        )
        for kind in KINDS:
            alignment = typed if kind == "type" else blind
            counts = span_counts(first_side, second_side, alignment, kind, len(rows), len(codes))
            self.counts[kind].add(counts)
        flat = [[span for spans in side for span in spans] for side in sides]
        matched: list[Matched] = []
        for a, b, stage in zip(blind.gold, blind.pred, blind.stage, strict=True):
            number = int(first_side.document[a])
            pair = flat[0][first_side.row[a]], flat[1][second_side.row[b]]
            first, second = reversed(pair) if turned[number] else pair
            matched.append((first, second, number, int(stage)))
        return matched

    def figures(self, which: IntArray, sampling: Sampling, once: Sampling) -> dict[str, Any]:
        """All but the counts by kind; `sampling` redraws rows, `once` documents."""
        figures: dict[str, Any] = {
            "spans": self.sizes,
            "labels": self._labelled.shares(sampling),
            "attributes": {
                name: values.figures(sampling)
                for name, values in self._values.items()
                if self._by_schema or name in self._borne
            },
            "identity": {
                name: ids.figures(which, sampling) for name, ids in self._ids.items() if name in self._borne
            },
        }
        if self._readings is not None:
            more = figures["coefficients"] = self._readings.coefficients(list(figures["attributes"]), once)
            figures["labels"]["same_extent"] |= more.labels
            for name, values in more.attributes.items():
                figures["attributes"][name] |= values
        return figures


class ReadingCounts:
    """The figures of some annotators over the documents that they share, a batch of documents at a time.

    What they are does not depend on how the documents are divided.
    """

    def __init__(
        self, compared: ComparedReadings, layers: Sequence[str], schema: Schema | None, extent: Extent
    ) -> None:
        self._compared, self._limit, self._extent = compared, set(layers), extent
        self._readers = {name: number for number, name in enumerate(compared.readers)}
        self._pairs = {pair: code for code, pair in enumerate(compared.pairs)}
        self._which: list[int] = []
        self._layers = {}
        for name in layers:
            attributes = schema.layers[name].attributes if schema and name in schema.layers else None
            self._layers[name] = _Layer(compared, name, attributes, extent)
        links = [each for each in compared.relations if {each[1], each[2]} <= self._limit]
        self._relation_labels = tuple(sorted({label for label, *_ in links}))
        self._relations = {
            kind: DocumentSums(len(self._relation_labels), 3) for kind in RELATION_KINDS if links
        }
        heads = sorted({head for _, head, _ in links}) if extent != "matching" else []
        self._structures = {
            head: {kind: DocumentSums(len(self._layers[head].labels), 3) for kind in STRUCTURE_KINDS}
            for head in heads
        }

    def add(self, rows: Sequence[ReadingPair], tokens: Mapping[str, IntArray]) -> None:
        """Count the readings of some documents, each of which comes in one batch; `tokens` by document."""
        if not rows:
            return
        which = [self._pairs[row.pair] for row in rows]
        documents = {row.name: row.document for row in rows}
        readings: dict[str, dict[int, Annotation]] = {name: {} for name in documents}
        for row in rows:
            for side in row.sides:
                readings[row.name][self._readers[side.annotator]] = side
        texts = [document.text for document in documents.values()]
        cut = [tokens[name] for name in documents] if self._extent != "matching" else []
        for layer in self._layers.values():
            layer.add(rows, np.array(which, dtype=np.int64), len(self._which), readings, texts, cut)
        sides = [row.first for row in rows], [row.second for row in rows]
        if self._relations:
            first, second = ([keys(each, self._limit)[0] for each in side] for side in sides)
            for kind, columns in self._relations.items():
                columns.add(relation_counts(first, second, self._relation_labels, kind))
        if self._structures:
            wholes = [[structures(each, self._limit) for each in side] for side in sides]
            for head, kinds in self._structures.items():
                firsts, seconds = ([each.get(head, set()) for each in side] for side in wholes)
                for whole, columns in kinds.items():
                    columns.add(structure_counts(firsts, seconds, self._layers[head].labels, whole))
        self._which += which

    def comparison(self, story: Mapping[str, str], resamples: int, seed: int) -> Comparison:
        """The figures of all that was added; `story` names the group that each document is redrawn with."""
        which = np.array(self._which, dtype=np.int64)
        sampling = Sampling(resamples, seed, [story[name] for name in self._compared.rows])
        once = Sampling(resamples, seed, [story[name] for name in self._compared.documents])
        figures = {name: layer.figures(which, sampling, once) for name, layer in self._layers.items()}
        parts: dict[tuple[str, str], tuple[tuple[str, ...], DocumentSums]] = {}
        for name, layer in self._layers.items():
            parts |= {(name, kind): (layer.labels, columns) for kind, columns in layer.counts.items()}
        parts |= {("", kind): (self._relation_labels, columns) for kind, columns in self._relations.items()}
        for head, kinds in self._structures.items():
            labels = self._layers[head].labels
            parts |= {(f"{head} with arguments", kind): (labels, columns) for kind, columns in kinds.items()}
        counted = in_parts(
            {place: (labels, each.kept()) for place, (labels, each) in parts.items()}, sampling
        )
        return Comparison(
            annotators=tuple(self._readers),
            documents=tuple(self._compared.documents),
            layers={
                name: LayerAgreement(
                    counts={kind: counted[name, kind] for kind in KINDS},
                    head=counted.get((name, "head")),
                    **figures[name],
                )
                for name in self._layers
            },
            relations={kind: counted["", kind] for kind in self._relations},
            structures={
                head: {kind: counted[f"{head} with arguments", kind] for kind in kinds}
                for head, kinds in self._structures.items()
            },
        )


def _content(spans: Sequence[Span]) -> list[tuple[int, int, str]]:
    return sorted((span.start, span.end, span.label) for span in spans)

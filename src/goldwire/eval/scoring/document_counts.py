"""Counts gathered a batch of documents at a time: what stays of each are its counts, not its spans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.errors import GoldwireError
from goldwire.eval.counts.attributes import (
    AttributeCounts,
    Identity,
    Mentions,
    attribute_counts,
    attribute_names,
    exactly,
)
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.counts.packed import Numbers, packed_counts
from goldwire.eval.counts.per_document import (
    Labelled,
    Parts,
    assemble_counts,
    entity_relation_part,
    head_counts,
    relation_parts,
    span_counts,
)
from goldwire.eval.matching.clusters import Metric
from goldwire.eval.matching.relations import NamedBy, entity_name
from goldwire.eval.matching.span_heads import BEFORE, language_of
from goldwire.eval.matching.spans import SAME, Kind, Spans, align_spans, codes_of, tabulate
from goldwire.eval.matching.structures import (
    STRUCTURE_KINDS,
    Structure,
    head_layers,
    required,
    structure_counts,
    structures,
)
from goldwire.eval.scoring.notes import few_warnings, known_layers, layer_warnings, trust, unknown_words
from goldwire.eval.scoring.score_figures import Scores
from goldwire.model import STATUSES, Annotation, Document, Status
from goldwire.number_format import counted as in_words
from goldwire.schemas import Attribute, Schema

#: So many documents are counted at a time.
BATCH = 200
#: The kinds that are reported.
KINDS: tuple[Kind, ...] = ("exact", "partial", "jaccard", "boundary", "type")


#: Document, start, end and label of spans, a column each.
_Bare: TypeAlias = NDArray[np.int32]


@dataclass
class _Pieces:
    """Counts of some batches, each with its first document and its own labels; in the smallest numbers that
    hold them: most are whole and small."""

    found: list[tuple[int, tuple[str, ...], Numbers]] = field(default_factory=list)

    def add(self, first: int, labelled: Labelled) -> None:
        labels, counts = labelled
        self.found.append((first, labels, packed_counts(counts)))

    def joined(self, documents: int, labels: Sequence[str] | None = None) -> Labelled:
        """All of them, with zeros for documents and labels that a batch lacks."""
        if labels is None:
            labels = sorted({label for _, names, _ in self.found for label in names})
        places = {label: place for place, label in enumerate(labels)}
        kept = np.result_type(*(part.dtype for *_, part in self.found)) if self.found else np.uint8
        counts: Numbers = np.zeros((documents, len(labels), 3), dtype=kept)
        for first, names, part in self.found:
            columns = np.array([places[name] for name in names], dtype=np.int64)
            counts[first : first + len(part), columns] = part
        return tuple(labels), counts


@dataclass
class _Layer:
    """What is known of a layer so far."""

    attributes: Mapping[str, Attribute] | None
    spans: list[int] = field(default_factory=lambda: [0, 0])
    twice: list[int] = field(default_factory=lambda: [0, 0])
    bears: list[bool] = field(default_factory=lambda: [False, False])
    kinds: dict[str, _Pieces] = field(default_factory=lambda: defaultdict(_Pieces))
    absent: list[tuple[int, dict[str, int]]] = field(default_factory=list)
    mentions: dict[str, Mentions] = field(default_factory=dict)
    wholes: dict[str, _Pieces] = field(default_factory=lambda: defaultdict(_Pieces))
    #: Spans from which no relation goes out: structures where the layer turns out to have some.
    plain: list[tuple[int, int, tuple[str, ...], tuple[_Bare, _Bare]]] = field(default_factory=list)
    is_head: bool = False

    def __post_init__(self) -> None:
        for name, attribute in (self.attributes or {}).items():
            if attribute.kind == "id":
                self.mentions[name] = Mentions(name, attribute)

    @property
    def scored(self) -> list[str] | None:
        """The attributes to score by the schema; None: those that occur."""
        return None if self.attributes is None else [n for n in self.attributes if n not in self.mentions]


class DocumentCounts:
    """Scores of documents that come in batches: the same, however they are divided.

    `layers` and `entities` as in `score`; with a `schema` an absent attribute means its default.
    """

    def __init__(
        self,
        *,
        layers: Sequence[str] | None = None,
        schema: Schema | None = None,
        entities: NamedBy | None = None,
    ) -> None:
        self._wanted = None if layers is None else list(dict.fromkeys(layers))
        self._limit = None if self._wanted is None else set(self._wanted)
        self._schema = schema
        self._named_by, self._named = entities, False
        self._layers: dict[str, _Layer] = {}
        self._present: set[str] = set()
        self._documents: list[str] = []
        self._heads = True
        self._relations: dict[str, _Pieces] = defaultdict(_Pieces)
        self._twice = 0
        self._trust: set[Status] = set()
        self._unknown = 0

    def add(
        self,
        golds: Sequence[Annotation],
        preds: Sequence[Annotation],
        documents: Sequence[Document] | None = None,
    ) -> None:
        """Count a batch: gold and prediction of each document.

        With the `documents` of all batches spans are matched by their heads too, where the language of all is
        known.
        """
        first = len(self._documents)
        self._documents += [gold.document for gold in golds]
        self._trust |= {trust(gold) for gold in golds}
        self._unknown += sum(gold.provenance.kind == "unknown" for gold in golds)
        self._heads &= documents is not None and all(language_of(each) in BEFORE for each in documents)
        present = {span.layer for side in (golds, preds) for annotation in side for span in annotation.spans}
        self._present |= present
        wholes = (
            [[structures(annotation, self._limit) for annotation in side] for side in (golds, preds)]
            if any(annotation.relations for side in (golds, preds) for annotation in side)
            else None
        )
        heads = set(head_layers(wholes)) if wholes is not None else set()
        for name in sorted(present if self._limit is None else present & self._limit):
            layer = self._layer(name)
            by_document = [[annotation.layer(name) for annotation in side] for side in (golds, preds)]
            gold_spans, pred_spans = (list(chain.from_iterable(side)) for side in by_document)
            sides = gold_spans, pred_spans
            codes = codes_of(*sides)
            labels = tuple(codes)
            gold, pred = (tabulate(side, codes) for side in by_document)
            blind, typed = align_spans(gold, pred), align_spans(gold, pred, by_label=True)
            for kind in KINDS:
                alignment = typed if kind == "type" else blind
                counts = span_counts(gold, pred, alignment, kind, len(golds), len(labels))
                layer.kinds[kind].add(first, (labels, counts))
            if self._heads and documents is not None:
                layer.kinds["head"].add(first, (labels, head_counts(golds, preds, documents, name, labels)))
            for number, (side, columns) in enumerate(zip(sides, (gold, pred), strict=True)):
                layer.spans[number] += len(columns)
                layer.twice[number] += len(columns.dropped)
                layer.bears[number] |= any(span.attributes for span in side)
            names = tuple(
                each for each in attribute_names(sides, layer.attributes) if each not in layer.mentions
            )
            absent: dict[str, int] = {}
            if names:
                matched = exactly(blind, gold.document, sides, (gold.row, pred.row))
                counts, absent = attribute_counts(matched, len(golds), names, layer.attributes)
                layer.kinds["attributes"].add(first, (names, counts))
            layer.absent.append((int((blind.stage == SAME).sum()), absent))
            for mentions in layer.mentions.values():
                mentions.add(sides, (gold, pred), blind, first)
            if wholes is not None and name in heads:
                layer.is_head = True
                mine, others = ([each.get(name, set()) for each in side] for side in wholes)
                _add_wholes(layer, first, mine, others)
            else:
                layer.plain.append((first, len(golds), labels, (_bare(gold), _bare(pred))))
        relations, twice = relation_parts(golds, preds, self._limit)
        self._twice += twice
        for relation_kind, labelled in relations.items():
            self._relations[relation_kind].add(first, labelled)
        if self._named_by is not None:
            named_by = self._named_by
            self._named |= any(entity_name(span, named_by) for gold in golds for span in gold.spans)
            if relations:
                between = entity_relation_part(golds, preds, named_by, self._limit)
                self._relations["entities"].add(first, between)

    def _layer(self, name: str) -> _Layer:
        if name not in self._layers:
            known = self._schema.layers.get(name) if self._schema is not None else None
            self._layers[name] = _Layer(None if known is None else known.attributes)
        return self._layers[name]

    def scores(
        self,
        *,
        resamples: int = 1000,
        seed: int = 0,
        groups: Sequence[Hashable] | None = None,
        strict_layers: bool = False,
        layers: Sequence[str] | None = None,
    ) -> Scores:
        """The scores of all that was added, as `score` gives them.

        `layers` are what is reported where none were asked for (default: those that occur). Raises GW504
        where nothing was added.
        """
        documents = len(self._documents)
        if not documents:
            raise GoldwireError.of("GW504", "there is no document to score", hint="give gold and predictions")
        wanted = list(layers or sorted(self._present)) if self._wanted is None else self._wanted
        if strict_layers:
            known_layers(wanted, self._present)
        sampling = Sampling(resamples, seed, groups)
        warnings: list[str] = []
        parts: Parts = {}
        absent: dict[str, dict[str, int]] = {}
        same: dict[str, dict[str, dict[Metric, Identity]]] = {}
        for name in wanted:
            layer = self._layer(name)
            warnings += layer_warnings(name, layer.spans, layer.twice)
            for kind in KINDS:
                parts[name, kind] = layer.kinds[kind].joined(documents)
            if layer.spans[1] and not layer.bears[1]:
                # A model that predicts spans only is not wrong about what it does not say.
                if layer.bears[0]:
                    warnings.append(
                        f"layer `{name}`: the prediction bears no attribute, so attributes are not scored"
                    )
            else:
                names, counts = layer.kinds["attributes"].joined(documents, layer.scored)
                if names:
                    parts[name, "attributes"] = names, counts
                    absent[name] = {
                        each: sum(found.get(each, matched) for matched, found in layer.absent)
                        for each in names
                    }
                if layer.mentions:
                    same[name] = {
                        each: mentions.identity(documents, sampling)
                        for each, mentions in layer.mentions.items()
                    }
            if self._heads:
                parts[name, "head"] = layer.kinds["head"].joined(documents)
        if self._twice:
            relations = in_words(self._twice, "relation")
            warnings.append(f"{relations} with the same label and ends stood twice: counted once")
        if self._named_by is not None and not self._named:
            warnings.append(f"no span of the reference has `{self._named_by}`: each counts as an entity")
        parts |= {("", kind): pieces.joined(documents) for kind, pieces in self._relations.items()}
        heads = [name for name in sorted(self._layers) if self._layers[name].is_head]
        for name in heads:
            layer = self._layers[name]
            for first, size, labels, sides in layer.plain:
                gold, pred = (_as_structures(side, size, labels) for side in sides)
                _add_wholes(layer, first, gold, pred)
            parts |= {(name, kind): layer.wholes[kind].joined(documents) for kind in STRUCTURE_KINDS}
        counted = assemble_counts(parts, sampling)
        units = len(set(groups)) if groups is not None else documents
        notes = [*few_warnings(units, grouped=groups is not None), unknown_words(self._unknown, documents)]
        return Scores(
            documents=tuple(self._documents),
            layers={name: {kind: counted[name, kind] for kind in KINDS} for name in wanted},
            relations=counted.get(("", "strict")),
            reference=min(self._trust, key=STATUSES.index),
            warnings=(*filter(None, notes), *warnings),
            resamples=resamples,
            seed=seed,
            relations_partial=counted.get(("", "partial")),
            relations_between_entities=counted.get(("", "entities")),
            attributes={n: AttributeCounts(counted[n, "attributes"], each) for n, each in absent.items()},
            structures={name: {kind: counted[name, kind] for kind in STRUCTURE_KINDS} for name in heads},
            required={name: required(self._schema, name) for name in heads},
            identity=same,
            heads={name: counted[name, "head"] for name in wanted if (name, "head") in counted},
            unknown=self._unknown,
        )


def _add_wholes(
    layer: _Layer, first: int, gold: Sequence[set[Structure]], pred: Sequence[set[Structure]]
) -> None:
    labels = tuple(sorted({whole[0] for side in (gold, pred) for each in side for whole in each}))
    for kind in STRUCTURE_KINDS:
        layer.wholes[kind].add(first, (labels, structure_counts(gold, pred, labels, kind)))


def _bare(spans: Spans) -> _Bare:
    return np.stack([spans.document, spans.start, spans.end, spans.label], axis=1).astype(np.int32)


def _as_structures(bare: _Bare, size: int, labels: Sequence[str]) -> list[set[Structure]]:
    """The spans of each document as structures without arguments."""
    wholes: list[set[Structure]] = [set() for _ in range(size)]
    for document, start, end, label in bare.tolist():
        wholes[document].add((labels[label], start, end, frozenset()))
    return wholes

"""What people changed of what they were shown: an edit rate, by layer, label and kind of change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from goldwire.eval.matching.spans import Outcome, Pair, match
from goldwire.model import Annotation, AttributeValue, Relation, Span
from goldwire.number_format import counted
from goldwire.schemas import Schema
from goldwire.table import Column, Figures, Table

#: What may become of a span that was shown, and of one that was not.
KEPT, ATTRIBUTES, LABEL, EXTENT, BOTH, REMOVED, ADDED = (
    "kept", "attributes", "other label", "other extent", "both", "removed", "added",
)  # fmt: skip
#: The changes of a span that was shown.
CHANGES = (ATTRIBUTES, LABEL, EXTENT, BOTH, REMOVED)
_OUTCOMES: dict[Outcome, str] = {"label": LABEL, "extent": EXTENT, "label+extent": BOTH}
_COLUMNS = (
    Column("layer"),
    Column("label"),
    Column("shown", "amount"),
    Column("edit rate", "percent"),
    *(Column(kind, "amount") for kind in (KEPT, *CHANGES, ADDED)),
)


@dataclass(frozen=True, eq=False, repr=False)
class Edits(Figures):
    """Counts of what became of each span, by layer and label: the one shown, of what was added the one given.

    `relations` are by relation, with `kept`, `removed` and `added`; `documents` how many were looked at.
    """

    documents: int = 0
    spans: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    relations: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def tables(self) -> list[Table]:
        """`edits`: the edit rate by layer and label, and of relations."""
        rows = []
        for layer in dict.fromkeys(layer for layer, _ in self.spans):
            mine = {label: counts for (name, label), counts in self.spans.items() if name == layer}
            total = sum(mine.values(), Counter[str]())
            rows.append(_row(layer, "all", total))
            rows += [_row(layer, label, mine[label]) for label in sorted(mine)]
        rows += [_row("relations", label, self.relations[label]) for label in sorted(self.relations)]
        title = f"What was changed of what was shown, in {counted(self.documents, 'document')}"
        return [Table("edits", title, _COLUMNS, rows, ((LABEL, EXTENT, BOTH), ATTRIBUTES))]

    def as_json(self) -> dict[str, Any]:
        """The counts and rates."""
        return {
            "documents": self.documents,
            "spans": [
                {"layer": layer, "label": label, "edit_rate": rate(counts), **counts}
                for (layer, label), counts in self.spans.items()
            ],
            "relations": {
                name: {"edit_rate": rate(counts), **counts} for name, counts in self.relations.items()
            },
        }


def rate(counts: Counter[str]) -> float | None:
    """The share of what was shown that was changed or removed, in [0, 1]; None where nothing was shown."""
    changed = sum(counts[kind] for kind in CHANGES)
    shown = changed + counts[KEPT]
    return changed / shown if shown else None


def count_edits(
    pairs: Iterable[tuple[Annotation, Annotation]],
    schema: Schema | None = None,
    layers: Iterable[str] | None = None,
) -> Edits:
    """The edits between what was shown (first) and what was made of it, of the layers that were shown.

    With a schema an attribute that is absent counts as its default, and ids are left aside: drafts have none.
    Spans are matched as for scores (`goldwire.eval.matching.spans`).
    """
    spans: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    relations: dict[str, Counter[str]] = defaultdict(Counter)
    documents = 0
    for shown, final in pairs:
        documents += 1
        wanted = list(layers or dict.fromkeys(span.layer for span in (*shown.spans, *final.spans)))
        partner: dict[str, str] = {}
        for layer in wanted:
            for pair in match(final.layer(layer), shown.layer(layer)):
                spans[layer, (pair.pred or pair.span).label][edit_kind(pair, schema)] += 1
                if pair.gold and pair.pred:
                    partner[pair.pred.id] = pair.gold.id
        for kind, them in zip(
            (KEPT, REMOVED, ADDED), relation_edits(shown, final, partner, set(wanted)), strict=True
        ):
            for relation in them:
                relations[relation.label][kind] += 1
    order = sorted(spans, key=lambda key: _place(schema, *key))
    return Edits(documents, {key: spans[key] for key in order}, dict(relations))


def edit_kind(pair: Pair, schema: Schema | None) -> str:
    """What became of a span: `pred` was shown, `gold` is what was made of it."""
    if pair.gold is None:
        return REMOVED
    if pair.pred is None:
        return ADDED
    if pair.outcome != "correct":
        return _OUTCOMES[pair.outcome]
    return KEPT if _attributes(pair.gold, schema) == _attributes(pair.pred, schema) else ATTRIBUTES


def _attributes(span: Span, schema: Schema | None) -> dict[str, AttributeValue]:
    """A span's attributes but for ids, absent ones by their defaults."""
    layer = schema.layers.get(span.layer) if schema is not None else None
    if layer is None:
        return dict(span.attributes)
    defaults = {name: attribute.default_for(span.label) for name, attribute in layer.attributes.items()}
    stated = {name: value for name, value in defaults.items() if value is not None} | span.attributes
    ids = {name for name, attribute in layer.attributes.items() if attribute.kind == "id"}
    return {name: value for name, value in stated.items() if name not in ids}


def relation_edits(
    shown: Annotation, final: Annotation, partner: Mapping[str, str], layers: Collection[str]
) -> tuple[list[Relation], list[Relation], list[Relation]]:
    """The relations shown that were kept, those removed, those added; of heads in the layers.

    One is kept where both ends became the ends of one that was made; `partner` says what became of a span.
    """
    head = {span.id: span.layer for side in (shown, final) for span in side.spans}
    theirs = {(r.label, r.head, r.tail): r for r in final.relations if head.get(r.head) in layers}
    kept: list[Relation] = []
    removed: list[Relation] = []
    for relation in shown.relations:
        if head.get(relation.head) in layers:
            became = (relation.label, partner.get(relation.head, ""), partner.get(relation.tail, ""))
            (kept if became in theirs else removed).append(relation)
            theirs.pop(became, None)
    return kept, removed, list(theirs.values())


def _row(layer: str, label: str, counts: Counter[str]) -> tuple[Any, ...]:
    shown = counts[KEPT] + sum(counts[kind] for kind in CHANGES)
    return (layer, label, shown, rate(counts), *(counts[kind] for kind in (KEPT, *CHANGES, ADDED)))


def _place(schema: Schema | None, layer: str, label: str) -> tuple[int, str, str]:
    layers = list(schema.layers) if schema is not None else []
    return (layers.index(layer) if layer in layers else len(layers), layer, label)

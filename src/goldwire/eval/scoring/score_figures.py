"""What `score` finds: counts, and all figures derived from them, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from goldwire.eval.counts.attributes import AttributeCounts, Identity
from goldwire.eval.counts.counts import Figure, LabelCounts
from goldwire.eval.matching.clusters import Metric
from goldwire.eval.matching.spans import Kind
from goldwire.eval.matching.structures import StructureKind
from goldwire.html import charts
from goldwire.number_format import amount, counted, number
from goldwire.table import Cell, Column, Figures, Table

if TYPE_CHECKING:
    from goldwire.eval.scoring.ceiling import Beside, Ceiling

Row = tuple[Cell, ...]
SCORE_COLUMNS = (
    Column("layer"),
    Column("label"),
    Column("P", "number"),
    Column("R", "number"),
    Column("F1", "number"),
    Column("95 % interval", "interval"),
    Column("support", "amount"),
)
DETAIL_COLUMNS = (
    Column("layer"),
    Column("what"),
    Column("value", "number"),
    Column("95 % interval", "interval"),
    Column("n"),
    Column("note"),
)


@dataclass(frozen=True, eq=False, repr=False)
class Scores(Figures):
    """Counts per document of everything that was scored; all figures are derived from them.

    `layers` maps a layer to its counts by matching kind; so do `structures` for the layers that relations go
    out from, where `required` names the relations that a schema demands. `attributes` and `identity` are of
    spans that were found. `reference` is the least trusted status of the gold side, `warnings` says what to
    bear in mind when reading the figures, `relations_between_entities` counts relations whichever mention
    stands for an entity, where that was asked for, `agreement` says how far readers agree, `unknown` of how
    many documents nobody knows who made the reference, `corpus` what the gold side is of.
    """

    documents: tuple[str, ...]
    layers: dict[str, dict[Kind, LabelCounts]]
    relations: LabelCounts | None
    reference: str
    warnings: tuple[str, ...]
    resamples: int
    seed: int
    relations_partial: LabelCounts | None = None
    attributes: dict[str, AttributeCounts] = field(default_factory=dict)
    structures: dict[str, dict[StructureKind, LabelCounts]] = field(default_factory=dict)
    required: dict[str, tuple[str, ...]] = field(default_factory=dict)
    identity: dict[str, dict[str, dict[Metric, Identity]]] = field(default_factory=dict)
    heads: dict[str, LabelCounts] = field(default_factory=dict)
    agreement: Ceiling | None = None
    unknown: int = 0
    corpus: dict[str, str] | None = None
    relations_between_entities: LabelCounts | None = None

    def __repr__(self) -> str:
        exact = {name: number(kinds["exact"].micro().counts.f1) for name, kinds in self.layers.items()}
        figures = ", ".join(f"{name} {f1}" for name, f1 in exact.items())
        documents = f"{amount(len(self.documents))} documents"
        return f"<Scores: exact micro F1 {figures}; {documents}, {self.reference_in_words}>"

    def tables(self) -> list[Table]:
        """`scores`: P, R, F1 by layer and label; `details`: attributes, identity, the readers' agreement."""
        about = f"{counted(len(self.documents), 'document')}, reference: {self.reference_in_words}"
        scores = Table(
            "scores", f"Scores: {about}", SCORE_COLUMNS, list(score_rows(self)), ("support", ("P", "R"))
        )
        rows = list(detail_rows(self))
        details = Table(
            "details", f"Attributes, identity, agreement: {about}", DETAIL_COLUMNS, rows, ("note", "n")
        )
        return [scores, details] if rows else [scores]

    def plot(self) -> charts.Drawing:
        """F1 of each label with its interval, exact, layer by layer: an SVG, which a notebook shows.

        As text it is what a file takes: `Path("f1.svg").write_text(scores.plot())`.
        """
        points: list[charts.Point | str] = []
        for layer, kinds in self.layers.items():
            exact = kinds["exact"]
            if len(self.layers) > 1:
                points.append(layer)
            for name, figure in [("all", exact.micro()), *exact.figures().items()]:
                low, high = figure.ci95 or (None, None)
                support = amount(figure.counts.support)
                points.append(charts.Point(f"{name} ({support})", figure.counts.f1, low, high))
        return charts.Drawing(charts.rows(points, f"F1 by label; reference: {self.reference_in_words}"))

    @property
    def reference_in_words(self) -> str:
        """The reference's status, and whether it is unknown who made it."""
        if not self.unknown:
            return self.reference
        every = self.unknown == len(self.documents)
        of = "" if every else f" in {self.unknown} of {len(self.documents)}"
        return f"{self.reference}, unknown annotators{of}"

    def as_json(self) -> dict[str, Any]:
        """The figures in the form that `eval score --json` writes."""
        figures: dict[str, Any] = {
            "layers": {
                layer: {kind: counts.as_json() for kind, counts in kinds.items()}
                | ({"head": self.heads[layer].as_json()} if layer in self.heads else {})
                for layer, kinds in self.layers.items()
            }
        }
        for name, counts in (("relations", self.relations), ("relations_partial", self.relations_partial)):
            if counts is not None:
                figures[name] = _with_micro(counts)
        if self.relations_between_entities is not None:
            figures["relations_between_entities"] = self.relations_between_entities.as_json()
        if self.attributes:
            figures["attributes"] = {layer: counts.as_json() for layer, counts in self.attributes.items()}
        if self.structures:
            figures["structures"] = {
                layer: {kind: counts.as_json() for kind, counts in kinds.items()}
                | ({"required": list(self.required[layer])} if self.required.get(layer) else {})
                for layer, kinds in self.structures.items()
            }
        if self.identity:
            figures["identity"] = {
                layer: {
                    name: {metric: score.as_json() for metric, score in metrics.items()}
                    for name, metrics in names.items()
                }
                for layer, names in self.identity.items()
            }
        if self.agreement is not None:
            figures["agreement"] = self.agreement.as_json()
        return figures | {
            "documents": len(self.documents),
            "reference": self.reference,
            "resamples": self.resamples,
            "seed": self.seed,
            "warnings": list(self.warnings),
            **({"reference_unknown": self.unknown} if self.unknown else {}),
            **({"corpus": self.corpus} if self.corpus else {}),
        }


def score_rows(scores: Scores) -> Iterator[Row]:
    """Layer, label, P, R, F1, interval, support: exact by label, the other kinds in one line each."""
    for layer, kinds in scores.layers.items():
        exact = kinds["exact"]
        for label, figure in exact.figures().items():
            yield _row(layer, label, figure)
        yield _row(layer, "micro, exact", exact.micro())
        macro = exact.macro()
        yield layer, "macro, exact", None, None, macro.f1, macro.ci95, ""
        for kind, counts in kinds.items():
            if kind != "exact":
                yield _row(layer, f"micro, {kind}", counts.micro())
        if layer in scores.heads:
            yield _row(layer, "micro, head", scores.heads[layer].micro())
    if scores.relations is not None:
        for label, figure in scores.relations.figures().items():
            yield _row("relations", label, figure)
        yield _row("relations", "micro, strict", scores.relations.micro())
    if scores.relations_partial is not None:
        yield _row("relations", "micro, partial", scores.relations_partial.micro())
    if scores.relations_between_entities is not None:
        yield _row("relations", "micro, between entities", scores.relations_between_entities.micro())
        macro = scores.relations_between_entities.macro()
        yield "relations", "macro, between entities", None, None, macro.f1, macro.ci95, ""
    for layer, wholes in scores.structures.items():
        for whole, counts in wholes.items():
            yield _row(layer, f"{structure_name(scores, layer, whole)}, micro", counts.micro())


def structure_name(scores: Scores, layer: str, kind: str) -> str:
    """What a kind of whole structure is called: tuples by the relations that the schema demands."""
    if kind != "tuples":
        return f"whole, {kind}"
    ends = scores.required.get(layer) or ("arguments",)
    return f"tuples ({', '.join((*ends, 'label'))})"


def detail_rows(scores: Scores) -> Iterator[Row]:
    """Layer, what, value, interval, n, note: attributes of right spans, identity, the readers' agreement."""
    for layer, counts in scores.attributes.items():
        for name, figure in counts.figures().items():
            n = f"{amount(figure.counts.support)} spans"
            yield layer, f"{name}, accuracy", figure.counts.f1, figure.ci95, n, figure.why
    for layer, names in scores.identity.items():
        for name, metrics in names.items():
            for metric, same in metrics.items():
                yield layer, f"{name}, {_METRICS[metric]} F1", same.f1, same.ci95, "", same.why
    if scores.agreement is not None:
        ceiling = scores.agreement
        for layer, beside in ceiling.layers.items():
            yield from _beside(layer, "exact", beside, scores.layers[layer]["exact"], ceiling)
        if ceiling.relations is not None and scores.relations is not None:
            yield from _beside("relations", "strict", ceiling.relations, scores.relations, ceiling)


_METRICS: dict[Metric, str] = {"b_cubed": "B³", "ceaf_e": "CEAF", "lea": "LEA"}


def _beside(name: str, kind: str, beside: Beside, counts: LabelCounts, ceiling: Ceiling) -> Iterator[Row]:
    """The model's F1, the readers', and their ratio."""
    n = f"{amount(ceiling.documents)} documents"
    yield name, f"model, {kind} F1", beside.model, counts.micro().ci95, n, ""
    yield name, f"readers, {kind} F1", beside.readers, beside.ci95, n, ceiling.title
    yield name, "model / readers", beside.share, beside.share_ci95, "", ""


def _row(layer: str, label: str, figure: Figure) -> Row:
    counts = figure.counts
    return layer, label, counts.precision, counts.recall, counts.f1, figure.ci95, counts.support


def _with_micro(counts: LabelCounts) -> dict[str, Any]:
    """The figures by label, and `micro` beside them."""
    named = {
        ("micro (label)" if name == "micro" else name): figure for name, figure in counts.figures().items()
    }
    return {name: figure.as_json() for name, figure in named.items()} | {"micro": counts.micro().as_json()}

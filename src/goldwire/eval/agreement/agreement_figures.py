"""What `agree` finds, as JSON and as tables: what was found, what it was called, both at once, told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from goldwire.eval.agreement.coefficients import Coefficients
from goldwire.eval.agreement.kappa import Share
from goldwire.eval.counts.bootstrap import NO_INTERVAL
from goldwire.eval.counts.counts import Figure, LabelCounts
from goldwire.eval.matching.clusters import Metric
from goldwire.eval.matching.relations import RelationKind
from goldwire.eval.matching.spans import Kind
from goldwire.eval.matching.structures import StructureKind
from goldwire.number_format import amount, counted, number, percent
from goldwire.table import Cell, Column, Figures, Table

Row = tuple[Cell, ...]
#: `asks` says whether a figure is about where the readings mark, what they call it, or both at once.
AGREEMENT_COLUMNS = (
    Column("layer"),
    Column("asks"),
    Column("what"),
    Column("value", "number"),
    Column("95 % interval", "interval"),
    Column("n"),
    Column("note"),
)
WHERE, WHAT, BOTH, SAME = "where", "what", "both", "who"
#: Rows of a layer that `eval agree` opens with; the others, and pairs of annotators, stand behind --all.
MOST = 12
HEADLINES = {
    *("F1, overlap", "F1, exact", "label accuracy, same extent", "κ, same extent", "α, tokens"),
    *("uα", "cuα", "γ", "γ-cat", "F1, strict", "F1, partial"),
}
_METRICS = {"b_cubed": "B³", "ceaf_e": "CEAF-e", "lea": "LEA"}
#: Of an attribute that holds ids: inside each document and across them, by metric.
Identities = Mapping[str, Mapping[Metric, Share]]


@dataclass(frozen=True)
class LayerAgreement:
    """One layer: span counts by matching kind, labels, attributes and identity given a match, coefficients.

    `head` is None where the texts' language has no rule for heads; it, `identity` and `coefficients` are
    left out where they were not asked for.
    """

    spans: dict[str, int]
    counts: dict[Kind, LabelCounts]
    labels: dict[str, dict[str, Share]]
    attributes: dict[str, dict[str, Any]]
    head: LabelCounts | None = None
    identity: dict[str, Identities] = field(default_factory=dict)
    coefficients: Coefficients | None = None

    def as_json(self) -> dict[str, Any]:
        """Counts, detection, labels, attributes, identity, coefficients."""
        figures: dict[str, Any] = {"spans": self.spans}
        figures |= {kind: _f1(counts.micro()) for kind, counts in self.counts.items()}
        if self.head is not None:
            figures["head"] = _f1(self.head.micro())
        figures["labels"] = {label: _f1(figure) for label, figure in self.counts["exact"].figures().items()}
        figures["label_given_match"] = {
            where: {name: share.as_json() for name, share in shares.items()}
            for where, shares in self.labels.items()
        }
        figures["attributes_given_match"] = self.attributes
        if self.identity:
            figures["identity_given_match"] = {
                name: {
                    scope: {metric: share.as_json() for metric, share in metrics.items()}
                    for scope, metrics in scopes.items()
                }
                for name, scopes in self.identity.items()
            }
        return figures | (self.coefficients.as_json() if self.coefficients is not None else {})


@dataclass(frozen=True, repr=False)
class Comparison(Figures):
    """The figures of some annotators over the documents that they share."""

    annotators: tuple[str, ...]
    documents: tuple[str, ...]
    layers: dict[str, LayerAgreement]
    relations: dict[RelationKind, LabelCounts]
    structures: dict[str, dict[StructureKind, LabelCounts]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Comparison: {self.title}>"

    @property
    def title(self) -> str:
        """Who is compared, on how many documents."""
        return f"{self._who} · {counted(len(self.documents), 'document')}"

    @property
    def _who(self) -> str:
        return " and ".join(self.annotators) if len(self.annotators) < 3 else "all pairs"

    def tables(self) -> list[Table]:
        """One, named by the annotators: every figure."""
        return [Table(self._who, self.title, AGREEMENT_COLUMNS, list(_rows(self)), ("note", "n"))]

    def as_json(self) -> dict[str, Any]:
        """The figures; relations, and spans with their arguments, only where there are any."""
        figures: dict[str, Any] = {
            "annotators": list(self.annotators),
            "documents": len(self.documents),
            "layers": {name: layer.as_json() for name, layer in self.layers.items()},
        }
        if self.relations:
            figures["relations"] = {kind: _by_label(counts) for kind, counts in self.relations.items()}
        if self.structures:
            figures["structures"] = {
                layer: {kind: _by_label(counts) for kind, counts in wholes.items()}
                for layer, wholes in self.structures.items()
            }
        return figures


@dataclass(frozen=True, repr=False)
class Agreement(Figures):
    """All annotators pooled, and each pair of them where they are more than two."""

    what: str
    annotators: list[dict[str, Any]]
    pooled: Comparison
    between: list[Comparison] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        exact = {name: layer.counts["exact"].micro().counts.f1 for name, layer in self.pooled.layers.items()}
        figures = ", ".join(f"{name} {number(f1)}" for name, f1 in exact.items())
        return f"<Agreement: exact F1 {figures}; {self.pooled.title}>"

    def under(self, floor: float) -> list[str]:
        """The layers, and the relations, whose exact F1 is under the floor or not known, each with it."""
        exact = {name: layer.counts["exact"] for name, layer in self.pooled.layers.items()}
        exact |= {"relations": self.pooled.relations["strict"]} if "strict" in self.pooled.relations else {}
        f1 = {name: counts.micro().counts.f1 for name, counts in exact.items()}
        return [f"{name} {number(value)}" for name, value in f1.items() if value is None or value < floor]

    def tables(self) -> list[Table]:
        """All annotators pooled, then each pair where they are more than two."""
        return [table for comparison in (self.pooled, *self.between) for table in comparison.tables()]

    def headlines(self) -> Table:
        """Of all annotators pooled the rows that tell most, at most a dozen a layer."""
        (pooled,) = self.pooled.tables()
        return replace(pooled, rows=opening(pooled.rows))

    @property
    def notes(self) -> list[str]:
        """What the figures leave out, how sampled ones were sampled, and what to bear in mind."""
        notes = []
        for name, layer in self.pooled.layers.items():
            more = layer.coefficients
            if more is None:
                continue
            if more.left_out:
                nested = counted(more.left_out, "nested interval")
                notes.append(f"`{name}`: κ and α on tokens and uα leave out {nested}")
            gamma = more.gamma
            if gamma is not None and gamma.precision is not None:
                documents = counted(gamma.documents, "document")
                drawn = f"{counted(gamma.samples, 'sample')} of each of {documents}"
                error = f"± {percent(gamma.precision, 1)}"
                notes.append(f"`{name}`: chance for γ is sampled: {drawn}, expected disorder {error}")
        return [*notes, *self.warnings]

    def as_json(self) -> dict[str, Any]:
        """What was compared, and the figures."""
        figures = {"what": self.what, **self.pooled.as_json(), "annotators": self.annotators}
        figures["document_ids"] = list(self.pooled.documents)
        if self.between:
            figures["between"] = [comparison.as_json() for comparison in self.between]
        return figures | {"left_out": self.left_out, "warnings": self.warnings}


def _f1(figure: Figure) -> dict[str, Any]:
    """F1 between two readings: the same whichever of them is called gold, so no precision and recall."""
    counts = figure.counts
    figures: dict[str, Any] = {
        "f1": counts.f1,
        "ci95": list(figure.ci95) if figure.ci95 else None,
        "matched": counts.tp,
        "unmatched": counts.fp + counts.fn,
    }
    if why := _why(figure):
        figures["why"] = why
    return figures


def _by_label(counts: LabelCounts) -> dict[str, Any]:
    return {
        "micro": _f1(counts.micro()),
        "labels": {label: _f1(figure) for label, figure in counts.figures().items()},
    }


def _why(figure: Figure) -> str:
    """Why F1 between two readings or its interval is undefined; empty where it is not."""
    if figure.counts.f1 is None:
        return "no reading has one"
    if figure.ci95 is None:
        return NO_INTERVAL if NO_INTERVAL in figure.why else "no interval: in too few documents"
    return ""


def _rows(comparison: Comparison) -> Iterator[Row]:
    """Layer, asks, what, value, interval, n, note: detection, labels, attributes, identity, relations."""
    for layer, layer_agreement in comparison.layers.items():
        for row in _layer_rows(layer_agreement):
            yield (layer, *row)
    for kind, counts in comparison.relations.items():
        micro = counts.micro()
        yield ("relations", *_agreed(BOTH, f"F1, {kind}", micro, f"{_size(micro)} relations"))
    if "strict" in comparison.relations:
        for label, figure in comparison.relations["strict"].figures().items():
            yield ("relations", *_agreed(BOTH, f"F1, strict, {label}", figure, f"{_size(figure)} relations"))
    for layer, wholes in comparison.structures.items():
        for whole, counts in wholes.items():
            micro = counts.micro()
            yield (layer, *_agreed(BOTH, f"F1, with arguments, {whole}", micro, f"{_size(micro)} spans"))


def opening(rows: Iterable[Row]) -> list[Row]:
    """The headlines of each layer, at most `MOST`: matching, labels, agreement beyond chance, attributes."""
    headlines: list[Row] = []
    taken: Counter[str] = Counter()
    for row in rows:
        layer, _, name, *_ = map(str, row)
        telling = name in HEADLINES or name.startswith("F1, with arguments") or name.endswith(", equal")
        if telling and taken[layer] < MOST:
            taken[layer] += 1
            headlines.append(row)
    return headlines


def _layer_rows(layer: LayerAgreement) -> Iterator[Row]:
    counts = layer.spans.values()
    sizes = " and ".join(map(amount, counts)) if len(counts) <= 2 else amount(sum(counts))
    more = layer.coefficients
    yield _agreed(WHERE, "F1, overlap", layer.counts["overlap"].micro(), f"{sizes} spans")
    yield _agreed(WHERE, "F1, boundary", layer.counts["boundary"].micro(), f"{sizes} spans")
    if more is not None:
        yield _shared(WHERE, "uα, units alone", more.unitizing.binary)
    yield from _label_rows(layer, more)
    yield _agreed(BOTH, "F1, exact", layer.counts["exact"].micro(), f"{sizes} spans")
    if layer.head is not None:
        yield _agreed(BOTH, "F1, head", layer.head.micro(), f"{sizes} spans")
    if more is not None:
        for name, title in (("kappa", "κ"), ("fleiss_kappa", "Fleiss’ κ"), ("alpha", "α")):
            yield _shared(BOTH, f"{title}, tokens", more.tokens[name])
        yield _shared(BOTH, "uα", more.unitizing.u_alpha)
        if (gamma := more.gamma) is not None:
            n = f"{amount(gamma.documents)} × {amount(gamma.samples)} samples"
            yield BOTH, "γ", gamma.value, gamma.ci95, n, gamma.why
    for label, figure in layer.counts["exact"].figures().items():
        yield _agreed(BOTH, f"F1, exact, {label}", figure, f"{_size(figure)} spans")
    for name, entry in layer.attributes.items():
        yield from _attribute_rows(name, entry)
    for name, scopes in layer.identity.items():
        for scope, metrics in scopes.items():
            for metric, share in metrics.items():
                yield _shared(SAME, f"{name}, {scope} documents, {_METRICS[metric]}", share)


def _label_rows(layer: LayerAgreement, more: Coefficients | None) -> Iterator[Row]:
    titles = {"accuracy": "label accuracy", "kappa": "κ", "fleiss_kappa": "Fleiss’ κ", "alpha": "α"}
    for where, shares in layer.labels.items():
        for name, share in shares.items():
            yield _shared(WHAT, f"{titles[name]}, {where.replace('_', ' ')}", share)
    if more is not None:
        yield _shared(WHAT, "cuα", more.unitizing.cu_alpha)
        if (gamma := more.gamma) is not None:
            yield WHAT, "γ-cat", gamma.cat, gamma.cat_ci95, "", gamma.cat_why


def _attribute_rows(name: str, entry: dict[str, Any]) -> Iterator[Row]:
    n = f"{amount(entry['pairs'])} pairs"
    if not entry["pairs"]:
        yield WHAT, f"{name}, equal", None, None, n, "no matched span bears it"
        return
    ci95 = (entry["ci95"][0], entry["ci95"][1]) if entry["ci95"] else None
    # The JSON has one place for the reasons of both.
    why, _, why_no_kappa = entry.get("why", "").partition("kappa: ")
    yield WHAT, f"{name}, equal", entry["equal"], ci95, n, "" if ci95 else why.removesuffix("; ")
    yield WHAT, f"{name}, κ", entry["kappa"], "", n, why_no_kappa
    for key, title in (("fleiss_kappa", "Fleiss’ κ"), ("alpha", "α")):
        if key in entry:
            why = "only one value on equal extents" if entry[key] is None else ""
            yield WHAT, f"{name}, {title}", entry[key], "", "", why


def _agreed(asks: str, name: str, figure: Figure, n: str) -> Row:
    return asks, name, figure.counts.f1, figure.ci95, n, _why(figure)


def _shared(asks: str, name: str, share: Share) -> Row:
    n = f"{amount(share.pairs)} {share.unit.replace('_', ' ')}"
    return asks, name, share.value, share.ci95, n, share.why


def _size(figure: Figure) -> str:
    return amount(figure.counts.predicted + figure.counts.support)

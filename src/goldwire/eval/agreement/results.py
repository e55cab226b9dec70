"""What `agree` finds, and how it is written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from goldwire.eval.agreement.coefficients import Coefficients
from goldwire.eval.agreement.kappa import Share
from goldwire.eval.counts.counts import NO_INTERVAL, Figure, LabelCounts
from goldwire.eval.matching.clusters import Metric
from goldwire.eval.matching.relations import RelationKind
from goldwire.eval.matching.spans import Kind
from goldwire.eval.matching.structures import StructureKind

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
        figures["labels"] = {label: _f1(found) for label, found in self.counts["exact"].figures().items()}
        figures["label_given_match"] = {
            where: {name: share.as_json() for name, share in shares.items()}
            for where, shares in self.labels.items()
        }
        figures["attributes_given_match"] = self.attributes
        if self.identity:
            figures["identity_given_match"] = {
                name: {
                    scope: {metric: one.as_json() for metric, one in metrics.items()}
                    for scope, metrics in scopes.items()
                }
                for name, scopes in self.identity.items()
            }
        return figures | (self.coefficients.as_json() if self.coefficients is not None else {})


@dataclass(frozen=True)
class Comparison:
    """The figures of some annotators over the documents that they share."""

    annotators: tuple[str, ...]
    documents: tuple[str, ...]
    layers: dict[str, LayerAgreement]
    relations: dict[RelationKind, LabelCounts]
    structures: dict[str, dict[StructureKind, LabelCounts]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The figures; relations, and spans with their arguments, only where there are any."""
        figures: dict[str, Any] = {
            "annotators": list(self.annotators),
            "documents": len(self.documents),
            "layers": {name: layer.as_json() for name, layer in self.layers.items()},
        }
        if self.relations:
            figures["relations"] = {
                kind: {
                    "micro": _f1(counts.micro()),
                    "labels": {label: _f1(found) for label, found in counts.figures().items()},
                }
                for kind, counts in self.relations.items()
            }
        if self.structures:
            figures["structures"] = {
                layer: {
                    kind: {
                        "micro": _f1(counts.micro()),
                        "labels": {label: _f1(found) for label, found in counts.figures().items()},
                    }
                    for kind, counts in wholes.items()
                }
                for layer, wholes in self.structures.items()
            }
        return figures


@dataclass(frozen=True)
class Agreement:
    """All annotators pooled, and each pair of them where they are more than two."""

    what: str
    annotators: list[dict[str, Any]]
    pooled: Comparison
    between: list[Comparison] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """What was compared, and the figures."""
        figures = {"what": self.what, **self.pooled.as_json(), "annotators": self.annotators}
        figures["document_ids"] = list(self.pooled.documents)
        if self.between:
            figures["between"] = [comparison.as_json() for comparison in self.between]
        return figures | {"left_out": self.left_out, "warnings": self.warnings}


def _f1(found: Figure) -> dict[str, Any]:
    """F1 between two readings: the same whichever of them is called gold, so no precision and recall."""
    counts = found.counts
    figures: dict[str, Any] = {
        "f1": counts.f1,
        "ci95": list(found.ci95) if found.ci95 else None,
        "matched": counts.tp,
        "unmatched": counts.fp + counts.fn,
    }
    if why := agreement_why(found):
        figures["why"] = why
    return figures


def agreement_why(found: Figure) -> str:
    """Why F1 between two readings or its interval is undefined; empty where it is not."""
    if found.counts.f1 is None:
        return "no reading has one"
    if found.ci95 is None:
        return NO_INTERVAL if NO_INTERVAL in found.why else "no interval: in too few documents"
    return ""

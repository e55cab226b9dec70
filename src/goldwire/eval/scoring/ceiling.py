"""How far annotators agree on what a model is scored on, as it stands beside the model's own F1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from goldwire.eval.counts.bootstrap import Interval

Readers: TypeAlias = Literal["people", "machines", "mixed", "unknown"]
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True)
class Beside:
    """One layer, or all relations: exact (strict) micro F1 of the model, the same between the readers, and
    their ratio."""

    model: float | None
    readers: float | None
    ci95: Interval | None
    share_ci95: Interval | None = None

    @property
    def share(self) -> float | None:
        """How much of the readers' F1 the model reaches; None where either is undefined or theirs is 0."""
        return self.model / self.readers if self.model is not None and self.readers else None

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "model_f1": self.model,
            "agreement_f1": self.readers,
            "agreement_ci95": list(self.ci95) if self.ci95 else None,
            "share": self.share,
            "share_ci95": list(self.share_ci95) if self.share_ci95 else None,
        }


@dataclass(frozen=True)
class Ceiling:
    """Agreement by layer, over `documents` of those that the model was scored on.

    `what` says in a sentence who was compared, `notes` what keeps the two figures from being like for like.
    `relations` is of the relations that are scored, between spans that a reader marked: strict, both ends
    right. None where none are scored.
    """

    readers: Readers
    number: int
    what: str
    documents: int
    layers: dict[str, Beside]
    notes: tuple[str, ...] = ()
    relations: Beside | None = None

    @property
    def title(self) -> str:
        """What the figure may be called."""
        number = _NUMBERS.get(self.number, str(self.number))
        if self.readers == "people":
            return f"human ceiling: agreement of {number} annotators"
        if self.readers == "unknown":
            return f"agreement of {number} readings, by whom is in part or wholly unknown"
        if self.readers == "machines":
            return f"agreement of {number} machine-drafted readings"
        return "agreement between people and machines"

    def as_json(self) -> dict[str, Any]:
        """The figures, and who agreed."""
        figures: dict[str, Any] = {
            "title": self.title,
            "what": self.what,
            "readers": self.readers,
            "documents": self.documents,
            "layers": {layer: beside.as_json() for layer, beside in self.layers.items()},
        }
        if self.relations is not None:
            figures["relations"] = self.relations.as_json()
        return figures | ({"notes": list(self.notes)} if self.notes else {})

"""The layers of a run as they are shown: the model beside its baselines and the readers' agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LayerFigures:
    """One layer: how many examples of each label were learned from, and what every system came to.

    `exact` has the exact scores of each system, the model first, in the form of `scores.json`; `gains` how
    far the model is ahead of each baseline; `agreement` how far readers agree, where that is known.
    """

    layer: str
    examples: Mapping[str, int]
    exact: Mapping[str, Mapping[str, Any]]
    gains: Mapping[str, Mapping[str, Any]]
    agreement: Mapping[str, Any] | None

    @property
    def labels(self) -> dict[str, int]:
        """From how many examples each label was learned: the learned ones, then those that only the articles
        that are scored on have (0)."""
        return {
            **self.examples,
            **{label: 0 for label in self.exact["model"]["labels"] if label not in self.examples},
        }

    def scored(self, label: str) -> int:
        """How many spans of a label the articles have that are scored on: of a test set others than were
        learned from."""
        ours = self.of_label(label)[0]
        return int(ours.get("tp", 0)) + int(ours.get("fn", 0))

    def of_label(self, label: str) -> list[Mapping[str, Any]]:
        """The scores of each system on one label; empty where a system's scores lack it."""
        return [scores["labels"].get(label, {}) for scores in self.exact.values()]


def layers_of(figures: Mapping[str, Any]) -> list[LayerFigures]:
    """The layers that a run's figures hold, the one that it was asked for first."""
    own = {"labels": figures["data"]["labels"], "differences": figures["differences"]}
    agreement = figures.get("agreement", {}).get("layers", {})
    layers = []
    for layer, learned in {figures["layer"]: own, **figures.get("others", {})}.items():
        gains = learned["differences"]
        baselines = {name: system for name, system in figures["baselines"].items() if name in gains}
        systems = {"model": figures, **baselines}
        layers.append(
            LayerFigures(
                layer=layer,
                examples=learned["labels"],
                exact={name: system["layers"][layer]["exact"] for name, system in systems.items()},
                gains=gains,
                agreement=agreement.get(layer),
            )
        )
    return layers

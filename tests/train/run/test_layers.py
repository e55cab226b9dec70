"""A run's layers as they are shown."""

from __future__ import annotations

from typing import Any

from goldwire.train.run.layers import layers_of


def system(**f1: float) -> dict[str, Any]:
    """A system's scores: exact F1 of one label a layer."""
    return {
        "layers": {
            layer: {"exact": {"micro": {"f1": value}, "macro": {"f1": value}, "labels": {"A": {"f1": value}}}}
            for layer, value in f1.items()
        }
    }


def test_the_model_stands_first_beside_the_baselines_it_was_compared_with() -> None:
    """Each layer has its own examples, baselines and gains; a label that a system lacks has no scores."""
    figures = {
        **system(actor=0.5, act=0.4),
        "layer": "actor",
        "data": {"labels": {"A": 3, "B": 1}},
        "differences": {"stock": {"f1": 0.2}},
        "others": {"act": {"labels": {"A": 2}, "differences": {}}},
        "baselines": {"stock": system(actor=0.3), "lexicon": system(act=0.1)},
        "agreement": {"layers": {"act": {"agreement_f1": 0.8}}},
    }
    actor, act = layers_of(figures)
    assert (actor.layer, list(actor.exact), actor.agreement) == ("actor", ["model", "stock"], None)
    assert [scores.get("f1") for scores in actor.of_label("A")] == [0.5, 0.3]
    assert actor.of_label("B") == [{}, {}]
    assert (act.layer, list(act.exact), act.examples) == ("act", ["model"], {"A": 2})
    assert act.agreement == {"agreement_f1": 0.8}

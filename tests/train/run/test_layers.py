"""A run's layers as they are shown."""

from __future__ import annotations

from typing import Any

from goldwire.train.run.card import label_plot
from goldwire.train.run.layers import layers_of
from goldwire.train.run.report import page_tables


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


def test_a_label_of_the_test_set_alone_is_shown_as_learned_from_none() -> None:
    """The learned labels come first; what is scored of the others counts too."""
    exact = {
        "micro": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "ci95": None},
        "macro": {"f1": 0.5},
        "labels": {"C": {"f1": 0.0, "tp": 0, "fn": 7}, "A": {"f1": 1.0, "tp": 2, "fn": 1}},
    }
    figures: dict[str, Any] = {
        "layers": {"actor": {"exact": exact}},
        "layer": "actor",
        "data": {"labels": {"A": 3, "B": 1}},
        "differences": {},
        "baselines": {},
        "notes": [],
    }
    (actor,) = layers_of(figures)
    assert list(actor.labels.items()) == [("A", 3), ("B", 1), ("C", 0)]
    plot = label_plot(figures)
    assert "all (10)" in plot and "C (7)" in plot
    by_label = page_tables(figures)[2]
    assert by_label["rows"] == [["A", 3, 1.0], ["B", 1, None], ["C", 0, 0.0]]

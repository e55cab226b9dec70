"""A model says what it is, what it learned from, and how good it is."""

from __future__ import annotations

import json

from goldwire.formats.jsonl import read_jsonl
from tests.train.conftest import Trained


def test_the_model_says_what_it_is(trained: Trained) -> None:
    """Meta and card name layers, hashes, seed, scores and the reference's status; a plot shows F1."""
    meta = json.loads((trained.model / "meta.json").read_text())
    own = meta["goldwire"]
    assert (own["layer"], sorted(own["layers"]), own["run"]) == ("thing", ["act", "thing"], "all")
    assert own["corpus"]["sha256"]
    assert list(own["learned_from"]) == [one.document.id for one in trained.articles]
    kept = read_jsonl(trained.run.reports / "predictions.jsonl")
    assert not any(a.provenance.trained_on for one in kept for a in one.annotations)
    assert own["config"]["parts"]["act"]["sha256"]
    assert own["scores"]["layers"]["act"]["f1"] == trained.figures["layers"]["act"]["exact"]["micro"]["f1"]
    card = (trained.model / "README.md").read_text(encoding="utf-8")
    for part in ("Reference: **draft**", "| LIVE | 18 |", own["data"]["sha256"], "f1.svg", "doc._.acts"):
        assert part in card
    plot = (trained.model / "f1.svg").read_text(encoding="utf-8")
    assert plot.startswith("<svg")
    assert all(f">{label}" in plot for label in ("WHO", "WHERE", "LIVE"))

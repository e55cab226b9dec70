"""Answers for the two recipes of `tests/data/mini`, as a model gives them that does well."""

from __future__ import annotations

import json
from typing import Any

from tests.annotate.drafting.stand_in import Reply, layer_of, passage_of

GOOD: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("Hachez", "thing"): [
        {"label": "FOOD", "quote": "oignon cru", "state": "raw"},
        {"label": "FOOD", "quote": "poivron rouge"},
        {"label": "FOOD", "quote": "beurre"},
        {"label": "FOOD", "quote": "oignon", "n": 2},
        {"label": "TOOL", "quote": "casserole"},
        {"label": "FOOD", "quote": "soupe à l’oignon", "state": "cooked"},
    ],
    ("Hachez", "step"): [
        {"label": "CUT", "quote": "Hachez", "object": ["thing-1", "thing-2"]},
        {"label": "HEAT", "quote": "fondre", "object": ["thing-3"]},
        {"label": "HEAT", "quote": "revenir", "object": ["thing-4"], "with": ["thing-5"]},
        {"label": "HEAT", "quote": "mijote", "object": ["thing-6"]},
    ],
    ("Épluchez", "thing"): [
        {"label": "FOOD", "quote": "pommes de terre", "n": 1},
        {"label": "TOOL", "quote": "couteau à légumes"},
        {"label": "FOOD", "quote": "huile d’olive"},
        {"label": "TOOL", "quote": "poêle"},
        {"label": "FOOD", "quote": "pommes de terre", "context": "Ajoutez les pommes de terre"},
    ],
    ("Épluchez", "step"): [
        {"label": "CUT", "quote": "Épluchez", "object": ["thing-1"]},
        {"label": "CUT", "quote": "coupez", "object": ["thing-1"], "with": ["thing-2"]},
        {"label": "HEAT", "quote": "Faites chauffer", "object": ["thing-3"]},
        {"label": "HEAT", "quote": "dorer", "object": ["thing-5"]},
    ],
}


def good(body: dict[str, Any]) -> Reply:
    """The good answer to a request."""
    layer, passage = layer_of(body), passage_of(body)
    return Reply(json.dumps({layer: GOOD[passage.split()[0], layer]}, ensure_ascii=False))

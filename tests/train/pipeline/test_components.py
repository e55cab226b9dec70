"""Layers, attributes and relations in a pipeline: what the schema allows, in the place that readers know."""

from __future__ import annotations

import tomllib
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import catalogue  # type: ignore[import-untyped]
import numpy as np
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

import goldwire.train.pipeline.entity_pairs
import goldwire.train.pipeline.span_components
import goldwire.train.pipeline.span_features  # noqa: F401  they enter what they have
from goldwire.train.pipeline.components import (
    KEY,
    Attributes,
    Linear,
    Relations,
    as_dicts,
    pack,
    plural,
    show_layers,
    unpack,
)
from goldwire.train.pipeline.features import candidates, pair_features
from goldwire.train.pipeline.linear import fit_linear
from tests.examples import at_most

NLP = spacy.blank("fr")
WORDS = "Anna coupe le pain . Bruno chauffe la soupe avec la cuiller ."
#: Layer, label and token of each span.
MARKS = (
    ("thing", "FOOD", 3),
    ("thing", "FOOD", 8),
    ("thing", "TOOL", 11),
    ("step", "CUT", 1),
    ("step", "HEAT", 6),
)
TYPES: dict[str, Any] = {
    "object": {"head": [["step", None]], "tail": [["thing", ["FOOD"]]], "min": 1, "max": None},
    "with": {"head": [["step", ["HEAT"]]], "tail": [["thing", ["TOOL"]]], "min": 0, "max": 1},
}


def marked_doc() -> spacy.tokens.Doc:
    """Two steps with their things; the things in `doc.ents`."""
    doc = NLP(WORDS)
    spans = {layer: [doc[i : i + 1] for name, _, i in MARKS if name == layer] for layer in ("thing", "step")}
    for layer, held in spans.items():
        labels = [label for name, label, _ in MARKS if name == layer]
        for span, label in zip(held, labels, strict=True):
            span.label_ = label
    doc.ents = spans["thing"]
    doc.spans["step"] = spans["step"]
    return doc


def component(weights: Any, threshold: float = 0.5) -> Relations:
    """A component with these weights: three classes, one feature that each pair has."""
    made = Relations(NLP, "relations", "thing")
    rows = [[f"tail={label}/{side}/same" for label in ("FOOD", "TOOL") for side in ("before", "after")]]
    model = Linear(["", "object", "with"], rows[0], weights, np.zeros(3))
    thresholds = {"step": {"object": threshold, "with": threshold}}
    state = {
        "layers": ["thing", "step"],
        "relations": TYPES,
        "windows": {"step": 50},
        "thresholds": thresholds,
    }
    made.set({"step": model}, state)
    return made


@settings(max_examples=at_most(40))
@given(st.lists(st.floats(-9, 9, width=32), min_size=12, max_size=12), st.floats(0.05, 0.95))
def test_whatever_was_learned_relations_keep_to_the_schema(weights: list[float], threshold: float) -> None:
    """No weights make a relation to an end that is not allowed, nor more or fewer than a head may have."""
    doc = component(np.array(weights).reshape(3, 4), threshold)(marked_doc())
    things, steps = list(doc.ents), list(doc.spans["step"])
    drawn = doc.user_data[KEY]["relations"]
    for label, (head_layer, head), (tail_layer, tail) in drawn:
        assert (head_layer, tail_layer) == ("step", "thing")
        assert things[tail].label_ == {"object": "FOOD", "with": "TOOL"}[label]
        assert label == "object" or steps[head].label_ == "HEAT"
    for head in range(2):
        assert sum(1 for label, (_, one), _ in drawn if (label, one) == ("object", head)) >= 1
        assert sum(1 for label, (_, one), _ in drawn if (label, one) == ("with", head)) <= 1
    assert len({(label, tuple(head), tuple(tail)) for label, head, tail in drawn}) == len(drawn)


def test_a_document_without_spans_has_no_relation() -> None:
    """Nothing is drawn where nothing was found, and in an empty text."""
    for text in ("", "Rien ."):
        doc = component(np.zeros((3, 4)))(NLP(text))
        assert doc.user_data[KEY]["relations"] == []


def test_a_document_processed_twice_has_each_relation_once() -> None:
    """What a document brings from an earlier pass, or from a file, is replaced."""
    made = component(np.arange(12).reshape(3, 4) / 3)
    doc = made(marked_doc())
    once = list(doc.user_data[KEY]["relations"])
    assert once
    assert made(doc).user_data[KEY]["relations"] == once
    doc.ents = doc.ents[:1]
    assert all(tail[1] == 0 for _, _, tail in made(doc).user_data[KEY]["relations"])


def test_attributes_follow_the_spans_of_the_last_pass() -> None:
    """A document with attributes of other spans than it now has gets new ones, one row a span."""
    made = Attributes(NLP, "attributes", "thing")
    made.set({"thing\tkind": Linear(["", "x"], [], np.zeros((2, 0)), [0, 1])}, {"layers": [], "labels": {}})
    doc = marked_doc()
    doc.user_data[KEY] = {"flat": "thing", "attributes": {"thing": [{}]}}
    assert made(doc).user_data[KEY]["attributes"] == {"thing": [{"kind": "x"}] * 3}


def test_part_of_a_document_shows_the_relations_whose_ends_it_has() -> None:
    """A sentence taken out of a document brings all its relations along; those to spans outside are passed
    over, and a relation may say more than its label and ends."""
    show_layers(["step", "thing"])
    doc = marked_doc()
    relations = [["object", ["step", 0], ["thing", 0], 0.7], ["object", ["step", 1], ["thing", 1], 0.7]]
    doc.user_data[KEY] = {"flat": "thing", "relations": relations}
    assert [list(one["relations"]) for one in doc._.steps] == [["object"], ["object"]]
    part = doc[:5].as_doc(copy_user_data=True)
    part.spans["step"] = [part[1:2]]
    assert [list(one["relations"]) for one in part._.steps] == [["object"]]


def test_a_classifier_of_rows_without_a_common_feature_says_what_is_most_frequent() -> None:
    """Three rows that share nothing can be learned from; their classes are as likely as they are frequent."""
    model = fit_linear([["a"], ["b"], ["c"]], ["x", "y", "y"])
    assert np.allclose(model.chances(["a"]), [1 / 3, 2 / 3])


def test_what_was_learned_survives_as_bytes(tmp_path: Any) -> None:
    """Weights and settings come back from bytes and from a folder, without pickle, and draw the same."""
    weights = np.arange(12).reshape(3, 4) / 3
    made = component(weights)
    again = Relations(NLP, "again", "thing").from_bytes(made.to_bytes())
    made.to_disk(tmp_path / "relations")
    third = Relations(NLP, "third", "thing").from_disk(tmp_path / "relations")
    drawn = [one(marked_doc()).user_data[KEY]["relations"] for one in (made, again, third)]
    assert drawn[0] == drawn[1] == drawn[2]
    assert drawn[0]


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=6, unique=True))
def test_packed_features_come_back_in_order(names: list[str]) -> None:
    """Any feature names and their weights are stored and read back."""
    model = Linear(["a", "b"], names, np.ones((2, len(names))), [0.5, -0.5])
    models, state = unpack(pack({"x": model}, {"n": [1, None]}))
    assert models["x"].features == names
    assert models["x"].chances(names).tolist() == model.chances(names).tolist()
    assert state == {"n": [1, None]}


def test_layers_are_shown_by_readable_names() -> None:
    """`doc._.steps` gives a layer as dicts, with attributes and what relations point to."""
    assert [plural(name) for name in ("entity", "event", "stance", "day")] == [
        "entities",
        "events",
        "stances",
        "days",
    ]
    show_layers(["step", "thing"])
    doc = marked_doc()
    doc.user_data[KEY] = {
        "flat": "thing",
        "attributes": {"step": [{}, {"heat": "low"}]},
        "relations": [["object", ["step", 1], ["thing", 1]]],
    }
    first, second = doc._.steps
    assert first == {
        "text": "coupe",
        "label": "CUT",
        "start": 5,
        "end": 10,
        "attributes": {},
        "relations": {},
    }
    assert second["attributes"] == {"heat": "low"}
    assert second["relations"] == {
        "object": [{"text": "soupe", "label": "FOOD", "layer": "thing", "index": 1}]
    }
    assert [one["label"] for one in doc._.things] == ["FOOD", "FOOD", "TOOL"]
    assert as_dicts(doc, "nothing") == []


def test_candidates_know_their_place() -> None:
    """The nearest candidate on each side has rank 0, and the sentences between are counted."""
    doc = marked_doc()
    spans = {"thing": list(doc.ents), "step": list(doc.spans["step"])}
    (_, cut), (_, heat) = candidates(doc, spans, "step", TYPES, 50)
    assert [(one.tail.text, one.rank, one.sentences) for one in cut] == [("pain", 0, 0), ("soupe", 1, 1)]
    assert [(one.tail.text, one.rank, one.sentences) for one in heat] == [
        ("pain", 0, -1),
        ("soupe", 0, 0),
        ("cuiller", 1, 0),
    ]
    assert [one.tail.text for _, ends in candidates(doc, spans, "step", TYPES, 2) for one in ends] == [
        "pain",
        "pain",
        "soupe",
    ]
    assert "tail=FOOD/after/same" in pair_features(doc, cut[0])


def test_spacy_finds_by_itself_all_that_a_model_is_made_of() -> None:
    """What goldwire's modules enter into spaCy's registries, and no more, are the package's entry points."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    for group, registry in (("factories", "internal_factories"), ("misc", "misc")):
        named = project["project"]["entry-points"][f"spacy_{group}"]
        entered = {name for *kind, name in catalogue.REGISTRY if kind == ["spacy", registry]}
        assert set(named) == {name for name in entered if name.startswith("goldwire")}
        assert all(callable(resolve_name(where)) for where in named.values())

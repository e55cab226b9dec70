"""Relations learned each for itself: drawn as taught, kept in files, thresholds where few are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from goldwire.errors import GoldwireError
from goldwire.train.options import TrainingSetup, options_of
from goldwire.train.pipeline.assemble import assemble
from goldwire.train.pipeline.components import Linear, pack, unpack
from goldwire.train.pipeline.each_relation import THRESHOLD, THRESHOLDS, threshold
from goldwire.train.pipeline.features import mention_numbers
from goldwire.train.training_data import training_data
from tests.train.conftest import told

EACH = {"goldwire.relations": "each", "goldwire.extents": "crf"}


def test_relations_learned_each_for_itself_are_drawn(tiny_config: Path, tmp_path: Path) -> None:
    """A saved model draws what it was taught between the right spans of an article that it has not seen."""
    data = training_data([told(number) for number in range(6)], "act", others=["thing"], heads=["act"])
    parts = (("act", tiny_config), ("thing", tiny_config))
    made = assemble(data.references, TrainingSetup(tiny_config, EACH, parts=parts, heads=("act",)), "act")
    made.nlp.to_disk(tmp_path / "model")
    unseen = told(7)
    doc = spacy.load(tmp_path / "model")(unseen.document.text)
    things = [span.text for span in doc.spans["thing"]]
    for number, act in enumerate(doc._.acts):
        drawn = {label: [end["text"] for end in ends] for label, ends in act["relations"].items()}
        assert drawn == {"agent": [things[2 * number]], "place": [things[2 * number + 1]]}
    assert len(doc._.acts) == 6


def test_questions_asked_apart_come_back_apart() -> None:
    """Chances of classes that are asked for each need not sum to 1, from bytes either."""
    model = Linear(["a", "b"], ["x"], [[9.0], [9.0]], [0.0, 0.0], each=True)
    again = unpack(pack({"m": model}, {}))[0]["m"]
    assert model.chances(["x"]).tolist() == again.chances(["x"]).tolist()
    assert again.chances(["x"]).sum() > 1.9


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60))
def test_few_examples_move_a_threshold_little(pairs: list[tuple[bool, float]]) -> None:
    """With none joined it is the common one; n joined pairs move it by n of n + 40 of what they would."""
    joined = np.array([one for one, _ in pairs])
    bar = threshold(joined, np.array([chance for _, chance in pairs]))
    furthest = max(THRESHOLDS.max() - THRESHOLD, THRESHOLD - THRESHOLDS.min())
    assert abs(bar - THRESHOLD) <= furthest * joined.sum() / (joined.sum() + 40) + 1e-9


def test_mentions_know_their_place() -> None:
    """A second mention of the same words is not the first, whatever its case; labels are counted apart."""
    doc = spacy.blank("fr")("Rome et Anna ; rome")
    spans = {
        "thing": [
            spacy.tokens.Span(doc, 0, 1, "WHERE"),
            spacy.tokens.Span(doc, 2, 3, "WHO"),
            spacy.tokens.Span(doc, 4, 5, "WHERE"),
        ]
    }
    assert mention_numbers(spans) == {
        (0, 1, "WHERE"): (True, 1, 2),
        (2, 3, "WHO"): (True, 1, 1),
        (4, 5, "WHERE"): (False, 2, 2),
    }


def test_another_way_to_learn_relations_is_refused(tiny_config: Path) -> None:
    """What is neither yes nor no nor each is one plain error."""
    with pytest.raises(GoldwireError, match=r"GW403 .*relations is `some`.*each"):
        options_of(tiny_config, {"goldwire.relations": "some"})

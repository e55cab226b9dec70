"""Several recognisers that vote."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from goldwire.errors import GoldwireError
from goldwire.train.options import TrainingSetup, options_of, read_config
from goldwire.train.pipeline.assemble import assemble
from goldwire.train.pipeline.components import Vote
from goldwire.train.pipeline.fit_layer import fit
from goldwire.train.training_data import training_data
from tests.train.conftest import told

NLP = spacy.blank("fr")
WORDS = 6
Spans = list[tuple[int, int, str]]


@st.composite
def flat(draw: st.DrawFn) -> Spans:
    """What one recogniser may find in a text of six words: spans that do not overlap."""
    edges = sorted(draw(st.sets(st.integers(0, WORDS), max_size=5)))
    labels = st.sampled_from(["A", "B", ""])
    found = [(start, end, draw(labels)) for start, end in pairwise(edges)]
    return [one for one in found if one[2]]


@given(st.sampled_from([1, 3, 5]).flatmap(lambda count: st.lists(flat(), min_size=count, max_size=count)))
def test_what_more_than_half_have_is_kept(ballots: list[Spans]) -> None:
    """Exactly the spans of more than half of the recognisers stand in `doc.ents`, the second time too."""
    doc = Doc(NLP.vocab, ["mot"] * WORDS)
    counted = Counter(one for ballot in ballots for one in ballot)
    expected = {one for one, votes in counted.items() if votes > len(ballots) / 2}
    for _ in range(2):
        for place, ballot in enumerate(ballots, start=1):
            doc.set_ents([Span(doc, start, end, label=label) for start, end, label in ballot])
            Vote(NLP, "vote", place, len(ballots))(doc)
        assert {(ent.start, ent.end, ent.label_) for ent in doc.ents} == expected
    assert not doc.user_data


@pytest.mark.slow
def test_three_seeds_keep_what_two_of_them_find(tiny_config: Path, tmp_path: Path) -> None:
    """With seeds = 3 a saved model finds what recognisers of two of the seeds find, in any layer."""
    found = training_data([told(n) for n in range(3)], "act", others=["thing"])
    few = {"training.max_epochs": 3}
    config = tmp_path / "seeds.cfg"
    text = tiny_config.read_text(encoding="utf-8")
    config.write_text(f"{text}\n[goldwire]\nseeds = 3\n", encoding="utf-8")
    setup = TrainingSetup(config, few, seed=4, parts=(("act", config), ("thing", config)))
    assemble(found.references, setup, "act").nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    text = found.references[0].document.text
    doc = nlp(text)
    differ = False
    for layer, spans in (("thing", doc.ents), ("act", doc.spans["act"])):
        ballots = Counter[tuple[int, int, str]]()
        for seed in (4, 5, 6):
            one = fit(found.references, config_path=tiny_config, overrides=few, seed=seed, layer=layer)
            ballots.update((ent.start, ent.end, ent.label_) for ent in one.nlp(text).ents)
        shared = {key for key, votes in ballots.items() if votes >= 2}
        assert {(span.start, span.end, span.label_) for span in spans} == shared
        differ |= min(ballots.values()) < 3
    assert differ, "the seeds agree on everything: nothing was decided"


def test_a_vote_needs_recognisers(tiny_config: Path, tmp_path: Path) -> None:
    """A span categoriser, and two recognisers of nested spans, can't vote: each is named."""
    found = training_data([told(0)], "thing")
    text = tiny_config.read_text(encoding="utf-8")
    for name, changed in (
        ("no `ner`", text.replace('factory = "ner"', 'factory = "spancat"') + "\n[goldwire]\nseeds = 3\n"),
        ("both nested and seeds", text + "\n[goldwire]\nseeds = 3\nnested = true\n"),
    ):
        path = tmp_path / "wrong.cfg"
        path.write_text(changed, encoding="utf-8")
        with pytest.raises(GoldwireError, match=f"GW403 .*{name}"):
            assemble(found.references, TrainingSetup(path), "thing")


def test_an_option_needs_no_section(tiny_config: Path) -> None:
    """A run can set what stands in [goldwire] for a config that lacks the section; slips are named."""
    assert "[goldwire]" not in tiny_config.read_text(encoding="utf-8")
    assert options_of(tiny_config, {"goldwire.seeds": 3}).seeds == 3
    assert read_config(tiny_config, overrides={"goldwire.seeds": 3}, seed=0)["goldwire"] == {"seeds": 3}
    for slip in ("goldwire.seed", "goldwire.seeds.more"):
        with pytest.raises(GoldwireError, match=r"GW404 .*knows no `seed"):
            options_of(tiny_config, {slip: 3})

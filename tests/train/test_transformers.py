"""The CamemBERT config, run with a tiny random model: `make test-transformers` installs what it needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import spacy

from goldwire.model import Article
from goldwire.project import example_root
from goldwire.train.options import read_config
from goldwire.train.pipeline.fit_layer import fit
from goldwire.train.training_data import training_data

CONFIG = example_root() / "train/ner-camembert.cfg"


def test_the_config_is_read_without_the_extra() -> None:
    """The config names its encoder in one place, and is for French."""
    config = read_config(CONFIG, overrides={"paths.encoder": "elsewhere"}, seed=3, language="fr")
    assert (config["paths"]["encoder"], config["system"]["seed"]) == ("elsewhere", 3)
    assert config["nlp"]["pipeline"] == ["transformer", "ner"]


@pytest.fixture
def encoder(tmp_path: Path, articles: list[Article]) -> Path:
    """A CamemBERT of two layers with random weights, saved as the Hub would give it."""
    reason = "needs the extra `transformers`: make test-transformers"
    transformers = pytest.importorskip("transformers", reason=reason)
    pieces = pytest.importorskip("sentencepiece", reason=reason)
    pytest.importorskip("spacy_curated_transformers", reason=reason)
    folder = tmp_path / "encoder"
    folder.mkdir()
    text = folder / "text.txt"
    text.write_text("\n".join(one.document.text for one in articles), encoding="utf-8")
    model = str(folder / "sentencepiece.bpe")
    pieces.SentencePieceTrainer.train(
        input=str(text), model_prefix=model, vocab_size=80, hard_vocab_limit=False, minloglevel=2
    )
    transformers.set_seed(0)
    config = transformers.CamembertConfig(
        vocab_size=120,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
    )
    transformers.CamembertModel(config).save_pretrained(folder)
    transformers.CamembertTokenizer(vocab_file=f"{model}.model").save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_tiny_encoder_trains_and_loads(encoder: Path, articles: list[Article], tmp_path: Path) -> None:
    """The config trains with another encoder of its kind, offline, and the model loads and finds the same."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    model = "components.transformer.model"
    overrides = {
        "paths.encoder": str(encoder),
        "system.gpu_allocator": None,
        f"{model}.vocab_size": 120,
        f"{model}.hidden_width": 32,
        f"{model}.intermediate_width": 64,
        f"{model}.num_hidden_layers": 2,
        f"{model}.num_attention_heads": 2,
        "training.max_epochs": 40,
        "training.optimizer.learn_rate.initial_rate": 0.003,
    }
    found = training_data(articles, "thing")
    fitted = fit(found.references, config_path=CONFIG, overrides=overrides, seed=0)
    text = found.references[0].document.text
    once = [(ent.text, ent.label_) for ent in fitted.nlp(text).ents]
    fitted.nlp.to_disk(tmp_path / "model")
    again = [(ent.text, ent.label_) for ent in spacy.load(tmp_path / "model")(text).ents]
    assert once == again
    assert len(once) >= 6

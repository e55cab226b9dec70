"""One layer, one spaCy config: a trained pipeline comes out."""

from __future__ import annotations

import atexit
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.errors import GoldwireError
from goldwire.leftovers import scratch
from goldwire.pipelines import NO_LANGUAGE, blank_pipeline, load_pipeline, quiet
from goldwire.text import first_of
from goldwire.train.options import Overrides, config_error, config_fault, options_in, read_config
from goldwire.train.training_data import Cut, Reference, training_docs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

#: Code points of the longest text; spaCy's own limit is for parsers, which need far more memory.
LONG = 10_000_000


@dataclass(frozen=True)
class FittedPipeline:
    """A trained pipeline, the spans that cut a token, and the number of updates made.

    `too_long` counts the spans that are longer than any that the model looks at.
    """

    nlp: Language
    cuts: list[Cut]
    updates: int
    too_long: int = 0


def fit(
    references: Sequence[Reference],
    *,
    config_path: Path,
    overrides: Overrides,
    seed: int,
    language: str | None = None,
    layer: str | None = None,
    inner: bool = False,
    progress: Callable[[float], None] | None = None,
) -> FittedPipeline:
    """Train the config's pipeline on a layer, its outermost spans or the `inner`most: the same seed gives
    the same weights on one machine.

    A fixed number of epochs (`max_epochs`) or updates (`max_steps`), and the averaged weights at the end;
    with [goldwire] dev a share of the documents is held back, and the weights that do best on it are kept.
    `progress` gets the share done, in [0, 1]. Raises GW403 to GW406 for what is wrong with the config, GW407
    where nothing is marked.
    """
    from spacy.schemas import ConfigSchemaTraining
    from spacy.training.initialize import init_nlp
    from spacy.training.loop import (
        create_evaluation_callback,
        create_train_batches,
        train_while_improving,
    )
    from spacy.util import registry, resolve_dot_names

    import goldwire.train.pipeline.callbacks  # noqa: F401  configs name its functions

    if not any(_spans(reference, layer) for reference in references):
        raise nothing_marked(references)
    config = read_config(config_path, overrides=overrides, seed=seed, language=language)
    options = options_in(config, config_path)
    config.pop("goldwire", None)
    with quiet(), scratch("training") as folder:
        try:
            tokenizer = blank_pipeline(config["nlp"]["lang"])
        except GoldwireError as error:
            if error.faults[0].code == NO_LANGUAGE:
                raise config_error(config_path, error) from None
            raise
        tokenizer.max_length = LONG
        grouped = [
            name
            for name, component in config["components"].items()
            if "spancat" in str(component.get("factory"))
        ]
        train, dev = held_back(references, options.dev, seed)
        named = dict(config["paths"])
        cuts = []
        for side, chosen in (("train", train), ("dev", dev or train)):
            docs, cut = training_docs(tokenizer, chosen, layer, group=bool(grouped), inner=inner)
            cuts += cut if side == "train" or dev else []
            config["paths"][side] = _stored(docs, folder / f"{side}.spacy")
            if side == "train":
                too_long = sum(
                    fill_spancat(config["components"][name], layer or "sc", docs) for name in grouped
                )
        if named.get("vectors"):
            config["paths"]["vectors"] = _vectors(str(named["vectors"]))
        try:
            nlp = init_nlp(config)
            settings = nlp.config.interpolate()
            training = registry.resolve(settings["training"], schema=ConfigSchemaTraining)
            corpora = [training["train_corpus"], training["dev_corpus"]]
            corpus, unseen = resolve_dot_names(settings, corpora)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise config_error(config_path, error) from error
        epochs, limit = training["max_epochs"], training["max_steps"]
        if epochs < 1 and limit < 1:
            hint = "set one of them: nothing else ends the training"
            raise config_fault(config_path, "max_epochs and max_steps are both 0", hint)
        steps = train_while_improving(
            nlp,
            training["optimizer"],
            create_train_batches(nlp, corpus, training["batcher"], epochs),
            create_evaluation_callback(nlp, unseen, training["score_weights"]) if dev else lambda: (0.0, {}),
            dropout=training["dropout"],
            accumulate_gradient=training["accumulate_gradient"],
            patience=training["patience"] if dev else 0,
            max_steps=limit,
            eval_frequency=training["eval_frequency"] if dev else 10**9,
            exclude=training["frozen_components"],
            annotating_components=training["annotating_components"],
            before_update=training["before_update"],
        )
        updates, best = 0, b""
        for _, info, is_best in steps:
            updates += 1
            if dev and is_best:
                with nlp.use_params(training["optimizer"].averages or {}):
                    best = nlp.to_bytes(exclude=["vocab"])
            if progress is not None:
                by_epoch = info["epoch"] / epochs if epochs > 0 else 0.0
                progress(min(1.0, max(by_epoch, updates / limit if limit > 0 else 0.0)))
        if best:
            nlp.from_bytes(best, exclude=["vocab"])
        else:
            _keep_averages(nlp, training["optimizer"].averages)
        nlp.config["paths"].update(named)
        nlp.max_length = LONG
    return FittedPipeline(nlp, cuts, updates, too_long if grouped else 0)


def nothing_marked(references: Sequence[Reference]) -> GoldwireError:
    """Says that there is nothing to learn."""
    names = first_of([reference.document.id for reference in references], 5)
    hint = "mark some in a second article: each is scored by what was learned from the others"
    return GoldwireError.of("GW407", "nothing is marked in what is learned from", where=names, hint=hint)


def _spans(reference: Reference, layer: str | None) -> Sequence[Any]:
    return reference.annotation.spans if layer is None else reference.annotation.layer(layer)


def _stored(docs: Sequence[Doc], path: Path) -> str:
    from spacy.tokens import DocBin

    DocBin(docs=docs, store_user_data=False).to_disk(path)
    return str(path)


def held_back(
    references: Sequence[Reference], share: float, seed: int
) -> tuple[list[Reference], list[Reference]]:
    """References to learn from, and whole documents to stop by: `share` of them, chosen by seed, at least
    one and never all."""
    count = min(len(references) - 1, max(1, round(share * len(references)))) if share else 0
    chosen = set(random.Random(seed).sample(range(len(references)), count)) if count > 0 else set()
    learned = [reference for index, reference in enumerate(references) if index not in chosen]
    return learned, [reference for index, reference in enumerate(references) if index in chosen]


def fill_spancat(component: dict[str, Any], layer: str, docs: Sequence[Doc]) -> int:
    """Let a span categoriser write to `layer`, and look at all lengths that were seen: those that 99 % of the
    spans have. How many spans are longer, where its suggester takes sizes that are 0 in the config."""
    component["spans_key"] = layer
    suggester = component.get("suggester", {})
    sizes = sorted(len(span) for doc in docs for span in doc.spans.get(layer, ()))
    if suggester.get("max_size") == 0 and sizes:
        suggester["max_size"] = sizes[min(len(sizes) - 1, int(0.99 * len(sizes)))]
    longest = suggester.get("max_size") or (sizes[-1] if sizes else 0)
    return sum(size > longest for size in sizes)


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
    lasting = ExitStack()
    folder = lasting.enter_context(scratch("vectors"))
    atexit.register(lasting.close)
    bare.to_disk(folder)
    return str(folder)

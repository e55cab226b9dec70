"""One pipeline from several trainings: a model for each layer, then attributes and relations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from goldwire.pipelines import pipeline_path, quiet
from goldwire.train.options import options_of
from goldwire.train.pipeline.fit_layer import Fitted, fit
from goldwire.train.pipeline.relations_and_attributes import add_heads
from goldwire.train.training_data import Cut, Reference

if TYPE_CHECKING:
    from spacy.language import Language

    from goldwire.train.options import TrainingSetup


@dataclass(frozen=True)
class Assembled:
    """A pipeline, the spans that cut a token, the updates made, and what its heads are.

    `too_long` counts spans that no model looks at, `attributes` says of each attribute (layer, name) whether
    it was learned: not where a classifier does no better than the most frequent value; `types` are the
    relations.
    """

    nlp: Language
    cuts: list[Cut]
    updates: int
    too_long: int = 0
    attributes: dict[tuple[str, str], bool] = field(default_factory=dict)
    types: dict[str, Any] = field(default_factory=dict)


def assemble(
    references: Sequence[Reference],
    setup: TrainingSetup,
    layer: str,
    *,
    progress: Callable[[float], None] | None = None,
) -> Assembled:
    """Learn each layer of `setup` by its own config, put the models into one pipeline, and add what
    attributes and relations are told by. A layer other than `layer` without an example is left out.

    Raises what `fit` and `add_heads` raise.
    """
    parts = setup.parts or ((layer, setup.config),)
    flat = parts[-1][0]
    if setup.parts:
        parts = tuple(part for part in parts if part[0] == layer or _has(references, part[0]))
    fitted: dict[str, Fitted] = {}
    options = {name: options_of(config, setup.overrides, nested=setup.nested) for name, config in parts}
    for layer_options in options.values() if setup.heads else ():
        if layer_options.syntax:
            # Told before the training, not after.
            pipeline_path(layer_options.syntax)
    for number, (name, config) in enumerate(parts):
        learn = partial(
            fit,
            references,
            config_path=config,
            overrides=setup.overrides,
            seed=setup.seed,
            language=setup.language,
            layer=name,
        )
        share = _share(progress, number, len(parts))
        if options[name].nested:
            fitted[name] = _nested(learn, name, share)
        else:
            fitted[name] = _voting(learn, setup.seed, options[name].seeds, share)
    with quiet():
        nlp = _joined({name: model.nlp for name, model in fitted.items()}, flat)
    cuts = [cut for model in fitted.values() for cut in model.cuts]
    updates = sum(model.updates for model in fitted.values())
    too_long = sum(model.too_long for model in fitted.values())
    if not setup.heads:
        return Assembled(nlp, cuts, updates, too_long)
    with quiet():
        learned, types = add_heads(nlp, references, options, flat=flat, of=setup.heads, schema=setup.schema)
    return Assembled(nlp, cuts, updates, too_long=too_long, attributes=learned, types=types)


def _has(references: Sequence[Reference], layer: str) -> bool:
    return any(reference.annotation.layer(layer) for reference in references)


def _share(
    progress: Callable[[float], None] | None, number: int, count: int
) -> Callable[[float], None] | None:
    if progress is None:
        return None
    return lambda share: progress((number + share) / count)


def _nested(learn: Callable[..., Fitted], layer: str, progress: Callable[[float], None] | None) -> Fitted:
    """A pipeline of two recognisers: of the outermost spans, and of the innermost, kept inside the others."""
    outer, inner = (learn(inner=bool(n), progress=_share(progress, n, 2)) for n in (0, 1))
    nlp = _joined({layer: inner.nlp, "": outer.nlp}, "")
    with quiet():
        nlp.add_pipe("goldwire_nest", name="nest", config={"layer": layer})
    return Fitted(nlp, outer.cuts, outer.updates + inner.updates, outer.too_long)


def _voting(
    learn: Callable[..., Fitted], seed: int, count: int, progress: Callable[[float], None] | None
) -> Fitted:
    """A pipeline of `count` recognisers, from as many seeds, that keeps what more than half of them find."""
    every = [learn(seed=seed + n, progress=_share(progress, n, count)) for n in range(count)]
    first = every[0]
    if count == 1:
        return first
    recogniser = first.nlp.pipe_names[0]
    with quiet():
        for n, model in enumerate(every[1:], start=1):
            _put_before(first.nlp, recogniser, model.nlp, f"seed{n}")
            config = {"place": n, "of": count}
            first.nlp.add_pipe("goldwire_vote", name=f"seed{n}_vote", config=config, before=recogniser)
        first.nlp.add_pipe("goldwire_vote", name="vote", config={"place": count, "of": count})
    return Fitted(first.nlp, first.cuts, sum(model.updates for model in every), first.too_long)


def _joined(models: Mapping[str, Language], flat: str) -> Language:
    """The pipelines as one. What a recogniser finds is moved out of `doc.ents`, for the next one; that of the
    layer `flat` comes last and stays, where there is one."""
    last = flat if flat in models else list(models)[-1]
    base = models[last]
    recogniser = base.pipe_names[0]
    for layer, nlp in models.items():
        if nlp is base:
            continue
        _put_before(base, recogniser, nlp, layer)
        if _recognises(nlp):
            base.add_pipe("goldwire_layer", name=f"{layer}_layer", config={"layer": layer}, before=recogniser)
    if last != flat and _recognises(base, recogniser):
        # Readers take `doc.ents` for the flat layer's.
        base.add_pipe("goldwire_layer", name=f"{last}_last_layer", config={"layer": last})
    return base


def _put_before(base: Language, first: str, nlp: Language, prefix: str) -> None:
    """A pipeline's components, in their order, before the one called `first`; each brings its own weights."""
    for name in nlp.pipe_names:
        base.add_pipe(name, source=nlp, name=f"{prefix}_{name}", before=first)


def _recognises(nlp: Language, start: str = "") -> bool:
    """Whether it writes to `doc.ents`, by its components from `start` on."""
    names = nlp.pipe_names[nlp.pipe_names.index(start) :] if start else nlp.pipe_names
    return "ner" in {nlp.get_pipe_meta(name).factory for name in names}

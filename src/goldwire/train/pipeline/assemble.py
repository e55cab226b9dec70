"""One pipeline from several trainings: a model for each layer, then attributes and relations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from goldwire.errors import one_of
from goldwire.pipelines import pipeline_path, quiet
from goldwire.train.options import EACH, ENTITIES, ConfigOptions, config_fault, options_of
from goldwire.train.pipeline.analysis import add_analysis
from goldwire.train.pipeline.fit_spans import SpanLearner, joined_model, part_of
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
    options = {name: options_of(config, setup.overrides, nested=setup.nested) for name, config in parts}
    if setup.heads:
        # Told before the training, not after.
        for syntax in filter(None, (layer_options.syntax for layer_options in options.values())):
            pipeline_path(syntax)
        check_entities(references, options, setup)
    learners = [SpanLearner(references, name, config, options[name], setup) for name, config in parts]
    analyses = {learner.layer: analysis for learner in learners if (analysis := learner.analysis())}
    if len(sources := {analysis.source for analysis in analyses.values()}) > 1:
        message = f"layers are analysed by {one_of(map(str, sources))}"
        raise config_fault(setup.config, message, "name one pipeline for all: [goldwire] syntax")
    fitted = {
        learner.layer: learner.learn(part_of(progress, number, len(parts)))
        for number, learner in enumerate(learners)
    }
    with quiet():
        nlp = joined_model({name: model.nlp for name, model in fitted.items()}, flat)
        if analyses:
            add_analysis(nlp, *sources)
    cuts = [cut for model in fitted.values() for cut in model.cuts]
    updates = sum(model.updates for model in fitted.values())
    too_long = sum(model.too_long for model in fitted.values())
    if not setup.heads:
        return Assembled(nlp, cuts, updates, too_long)
    with quiet():
        learned, types = add_heads(
            nlp,
            references,
            options,
            flat=flat,
            of=setup.heads,
            schema=setup.schema,
            analysis=next(iter(analyses.values()), None),
        )
    return Assembled(nlp, cuts, updates, too_long=too_long, attributes=learned, types=types)


def check_entities(
    references: Sequence[Reference], options: Mapping[str, ConfigOptions], setup: TrainingSetup
) -> None:
    """Raise GW403 where the layers disagree on what relations stand between, or where no span says which
    entity it is."""
    if {EACH, ENTITIES} <= {layer_options.relations for layer_options in options.values()}:
        message = f"relations of one layer are learned by `{EACH}`, of another between `{ENTITIES}`"
        raise config_fault(setup.config, message, "one of them for all layers")
    named = {layer_options.entities for layer_options in options.values() if layer_options.entities}
    spans = [span for reference in references for span in reference.full.spans if span.layer in options]
    for name in sorted(named - {attribute for span in spans for attribute in span.attributes}):
        borne = sorted({attribute for span in spans for attribute in span.attributes})
        message = f"[goldwire] entities is `{name}`, and no span has such an attribute"
        raise config_fault(setup.config, message, one_of(borne) if borne else "leave it out: equal words")


def _has(references: Sequence[Reference], layer: str) -> bool:
    return any(reference.annotation.layer(layer) for reference in references)

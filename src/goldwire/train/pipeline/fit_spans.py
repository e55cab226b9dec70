"""One layer: what finds its spans, alone or by vote, and what tells their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import structs

from goldwire.corpus.split.groups import Rule
from goldwire.pipelines import blank_pipeline, quiet
from goldwire.train.groups import groups_of
from goldwire.train.learned_from import COPY
from goldwire.train.options import ConfigOptions, TrainingSetup, read_config
from goldwire.train.pipeline.analysis import Analysis, analysis_of
from goldwire.train.pipeline.crf import fit_crf
from goldwire.train.pipeline.document_labels import fit_labels
from goldwire.train.pipeline.fit_layer import LONG, FittedPipeline, fit, nothing_marked
from goldwire.train.training_data import Reference

if TYPE_CHECKING:
    from spacy.language import Language

Progress: TypeAlias = Callable[[float], None]


@dataclass(frozen=True)
class SpanLearner:
    """Learns the spans of one layer by its config, as its options say."""

    references: Sequence[Reference]
    layer: str
    config: Path
    options: ConfigOptions
    setup: TrainingSetup

    def learn(self, progress: Progress | None = None) -> FittedPipeline:
        """A pipeline that marks the layer: in `doc.ents`, or with nested ones in `doc.spans[layer]`.

        Raises what `fit` raises, and GW410, GW411 and GW418 for the pipeline that analyses.
        """
        if not self.options.nested:
            return self._one(progress, group=True)
        outer, inner = (self._one(part_of(progress, n, 2), inner=bool(n)) for n in (0, 1))
        nlp = joined_model({self.layer: inner.nlp, "": outer.nlp}, "")
        with quiet():
            nlp.add_pipe("goldwire_nest", name="nest", config={"layer": self.layer})
        return FittedPipeline(nlp, outer.cuts, outer.updates + inner.updates, outer.too_long)

    def analysis(self) -> Analysis | None:
        """What is looked at besides the text, where labels are told by the document."""
        if not self.options.by_document:
            return None
        setup = self.setup
        config = read_config(
            self.config, overrides=setup.overrides, seed=setup.seed, language=setup.language
        ).interpolate()
        source = self.options.syntax or config["paths"].get("source")
        return analysis_of(config["nlp"]["lang"], source, config["initialize"].get("vectors"))

    def _one(self, progress: Progress | None, *, inner: bool = False, group: bool = False) -> FittedPipeline:
        """Flat spans, the outermost or the `inner`most. In a `group` it is said how sure each is."""
        options, analysis = self.options, self.analysis()
        # A CRF knows no labels: where it votes, the others have none either.
        joint = options.extents == "both"
        known = one_label(self.references, self.layer) if joint else self.references
        learn = partial(
            fit,
            known,
            config_path=self.config,
            overrides=self.setup.overrides,
            language=self.setup.language,
            layer=self.layer,
            inner=inner,
        )
        recognisers = options.seeds if options.extents != "crf" else 0
        voters = [
            learn(seed=self.setup.seed + n, progress=part_of(progress, n, recognisers))
            for n in range(recognisers)
        ]
        if analysis is None:
            return voting(voters)
        docs, cuts = analysis.docs(self.references, self.layer, inner=inner)
        if not any(doc.ents for doc in docs):
            raise nothing_marked(self.references)
        if options.extents != "ner":
            voters.append(FittedPipeline(self._crf(analysis, docs), cuts, 0))
        voter = voting(voters)
        groups = groups_of([r.document for r in self.references], Rule(COPY))
        fitted = fit_labels(docs, groups or [r.document.id for r in self.references])
        config = {"layer": self.layer if group else ""}
        component: Any = voter.nlp.add_pipe("goldwire_labels", name="labels", config=config)
        component.set(fitted.arrays, fitted.lists)
        if progress is not None:
            progress(1.0)
        return replace(voter, cuts=cuts)

    def _crf(self, analysis: Analysis, docs: Sequence[Any]) -> Language:
        nlp = blank_pipeline(analysis.nlp.lang or "xx")
        nlp.max_length = LONG
        nlp.vocab.vectors = analysis.nlp.vocab.vectors
        fitted = fit_crf(docs, self.layer, seed=self.setup.seed)
        component: Any = nlp.add_pipe("goldwire_crf", name="crf")
        component.set(fitted.arrays, fitted.lists)
        return nlp


def one_label(references: Sequence[Reference], layer: str) -> list[Reference]:
    """The references with one label for all spans of a layer: its name."""

    def plain(spans: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(structs.replace(span, label=layer) if span.layer == layer else span for span in spans)

    return [
        replace(
            reference,
            annotation=structs.replace(reference.annotation, spans=plain(reference.annotation.spans)),
            nested=plain(reference.nested),
        )
        for reference in references
    ]


def part_of(progress: Progress | None, number: int, count: int) -> Progress | None:
    """What reports the progress of one of so many parts."""
    if progress is None:
        return None
    return lambda share: progress((number + share) / count)


def voting(every: Sequence[FittedPipeline]) -> FittedPipeline:
    """A pipeline that keeps what more than half of several recognisers find."""
    first = every[0]
    count = len(every)
    if count == 1:
        return first
    recogniser = first.nlp.pipe_names[0]
    with quiet():
        for n, model in enumerate(every[1:], start=1):
            put_before(first.nlp, recogniser, model.nlp, f"seed{n}")
            config = {"place": n, "of": count}
            first.nlp.add_pipe("goldwire_vote", name=f"seed{n}_vote", config=config, before=recogniser)
        first.nlp.add_pipe("goldwire_vote", name="vote", config={"place": count, "of": count})
    return FittedPipeline(first.nlp, first.cuts, sum(model.updates for model in every), first.too_long)


def joined_model(models: dict[str, Language], flat: str) -> Language:
    """The pipelines as one. What a recogniser finds is moved out of `doc.ents`, for the next one; that of the
    layer `flat` comes last and stays, where there is one."""
    last = flat if flat in models else list(models)[-1]
    base = models[last]
    recogniser = base.pipe_names[0]
    for layer, nlp in models.items():
        if nlp is base:
            continue
        put_before(base, recogniser, nlp, layer)
        if _recognises(nlp):
            base.add_pipe("goldwire_layer", name=f"{layer}_layer", config={"layer": layer}, before=recogniser)
    if last != flat and _recognises(base, recogniser):
        # Readers take `doc.ents` for the flat layer's.
        base.add_pipe("goldwire_layer", name=f"{last}_last_layer", config={"layer": last})
    return base


def put_before(base: Language, first: str, nlp: Language, prefix: str) -> None:
    """A pipeline's components, in their order, before the one called `first`; each brings its own weights."""
    for name in nlp.pipe_names:
        base.add_pipe(name, source=nlp, name=f"{prefix}_{name}", before=first)


def _recognises(nlp: Language, start: str = "") -> bool:
    """Whether it writes to `doc.ents`, by its components from `start` on."""
    names = nlp.pipe_names[nlp.pipe_names.index(start) :] if start else nlp.pipe_names
    return not {"ner", "goldwire_crf"}.isdisjoint(nlp.get_pipe_meta(name).factory for name in names)

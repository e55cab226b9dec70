"""Trainings side by side, a process each: what is learned, what is predicted then, how far they are."""

from __future__ import annotations

import queue
import resource
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document
from goldwire.pipelines import quiet
from goldwire.processes import worker_pool, workers_context
from goldwire.train.options import TrainingSetup, read_config
from goldwire.train.training_data import Cut, Reference

#: Progress is counted in hundredths of a training.
PARTS = 100
#: What training processes import; that takes them longer than many a training.
_IMPORTED = [
    "goldwire.train.run.jobs",
    "goldwire.formats.spacy_doc",
    "goldwire.train.pipeline.assemble",
    "goldwire.train.pipeline.relations_and_attributes",
    "goldwire.train.run.baselines",
]


@dataclass(frozen=True)
class Job:
    """One training: what is learned, what is predicted then, and where the model is saved, if anywhere.

    `given_spans` are the references of the documents predicted: their spans, for heads to be tried on.
    """

    setup: TrainingSetup
    layer: str
    train: tuple[Reference, ...]
    test: tuple[Document, ...]
    out: Path | None = None
    given_spans: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Done:
    """What a training came to: what model and lexicon find in the job's `test`, and what `fit` counts.

    `given_spans` and `nearest` are of the job's `given_spans`, `attributes` (layer, name) those that were
    learned, `cpu` in seconds.
    """

    predictions: list[Annotation]
    lexicon: list[Annotation]
    cuts: list[Cut]
    updates: int
    cpu: float
    given_spans: list[Annotation] = field(default_factory=list)
    nearest: list[Annotation] = field(default_factory=list)
    attributes: tuple[tuple[str, str], ...] = ()
    too_long: int = 0


def run_jobs(
    jobs: Sequence[Job],
    workers: int,
    *,
    beside: Callable[[], Any] | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[list[Done], Any]:
    """Do the jobs side by side in `workers` processes, none of which inherits another's state.

    The results come in the jobs' order, whatever the order of their end; second
    what `beside`, one more job that can be pickled, came to. `advance` gets hundredths of a training, `PARTS`
    for each job. Raises what training raises, and GW409 where a process dies.
    """
    reports = workers_context().Queue()
    imported = [*_IMPORTED, *_languages(jobs)]
    try:
        with worker_pool(workers, imported=imported, begin=_begin, given=(reports,)) as pool:
            futures: list[Future[Done]] = [pool.submit(_work, job) for job in jobs]
            extra: Future[Any] | None = None if beside is None else pool.submit(beside)
            waiting: set[Future[Any]] = {*futures, *([extra] if extra is not None else [])}
            left = PARTS * len(jobs)
            while waiting:
                finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
                left -= _drain(reports, advance)
                for future in finished:
                    future.result()
            # A result may overtake the last reports of its training.
            if advance is not None and left > 0:
                advance(left)
            return [future.result() for future in futures], extra.result() if extra is not None else None
    except BrokenProcessPool:
        hint = (
            "out of memory? Try with less text, or with the environment's OMP_NUM_THREADS=1 on a free machine"
        )
        raise GoldwireError.of("GW409", "a training process died", hint=hint) from None
    finally:
        reports.close()


def _languages(jobs: Sequence[Job]) -> set[str]:
    """The modules of the languages that the configs name: some, such as French, take seconds to import."""
    setups = {(job.setup.config, repr(job.setup.overrides)): job.setup for job in jobs}
    names = set()
    for setup in setups.values():
        # What is wrong with a config is told by the training itself.
        with suppress(GoldwireError):
            config = read_config(setup.config, overrides=setup.overrides, seed=setup.seed)
            names.add(f"spacy.lang.{config['nlp'].get('lang')}")
    return names


def _drain(reports: Any, advance: Callable[[int], None] | None) -> int:
    """Tell `advance` what was reported meanwhile; how much that is."""
    told = 0
    while True:
        try:
            parts = reports.get_nowait()
        except queue.Empty:
            return told
        told += parts
        if advance is not None:
            advance(parts)


_reports: Any = None


def _begin(reports: Any) -> None:
    global _reports
    _reports = reports


def _work(job: Job) -> Done:
    """One training in a worker process, then the prediction of its documents."""
    from goldwire.formats.spacy_doc import Pipeline, annotation_from
    from goldwire.train.pipeline.assemble import assemble
    from goldwire.train.pipeline.relations_and_attributes import given_spans, nearest_by_rule
    from goldwire.train.run.baselines import lexicon_annotations

    started = _cpu()
    reported = 0

    def report(share: float) -> None:
        nonlocal reported
        parts = min(PARTS, int(share * PARTS))
        if parts > reported and _reports is not None:
            _reports.put(parts - reported)
            reported = parts

    assembled = assemble(job.train, job.setup, job.layer, progress=report)
    if job.out is not None:
        assembled.nlp.to_disk(job.out)
    layers = tuple(layer for layer, _ in job.setup.parts) or (job.layer,)
    pipeline = Pipeline(name="", version="", schema="", layers=layers, flat=layers[-1])
    texts = [document.text for document in job.test]
    with quiet():
        predictions = [
            annotation_from(doc, document, pipeline)
            for document, doc in zip(job.test, assembled.nlp.pipe(texts), strict=True)
        ]
        predicted_given_spans = given_spans(assembled.nlp, job.given_spans, layers)
        nearest = nearest_by_rule(assembled.nlp, job.given_spans, layers, assembled.types)
    lexicon = lexicon_annotations(assembled.nlp, job.train, job.test, layers) if job.test else []
    report(1.0)
    return Done(
        predictions=predictions,
        lexicon=lexicon,
        cuts=assembled.cuts,
        updates=assembled.updates,
        cpu=_cpu() - started,
        given_spans=predicted_given_spans,
        nearest=nearest,
        attributes=tuple(name for name, learned in assembled.attributes.items() if learned),
        too_long=assembled.too_long,
    )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

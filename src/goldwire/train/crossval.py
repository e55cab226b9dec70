"""Every document is predicted by a model that has not seen it: the only honest score for few articles."""

from __future__ import annotations

import os
import queue
import random
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from goldwire.errors import GoldwireError
from goldwire.model import Annotation, Document, Provenance
from goldwire.schemas import Schema
from goldwire.train.data import Cut, Material, Reference
from goldwire.train.pipelines import quiet

#: Up to this many documents (or stories) each is left out in turn; more are dealt into `FOLDS` folds.
ALL_OUT = 10
FOLDS = 5
#: Progress is counted in hundredths of a training.
PARTS = 100


@dataclass(frozen=True)
class Fold:
    """Ids of the documents trained on and of those predicted; they have none in common."""

    train: tuple[str, ...]
    test: tuple[str, ...]


def folds(
    documents: Sequence[str], *, groups: Sequence[str] | None = None, count: int | None = None, seed: int = 0
) -> list[Fold]:
    """Split documents so that each is tested once, by a model that saw none of its group.

    `groups` names the story of each document (default: each its own). `count` folds, or by default one for
    each group where there are at most `ALL_OUT`, else `FOLDS`, the groups dealt by seed, large ones first.
    Raises GW408 where there are fewer than two groups or folds, or more folds than groups.
    """
    names = list(groups) if groups is not None else list(documents)
    members: dict[str, list[str]] = {}
    for document, group in zip(documents, names, strict=True):
        members.setdefault(group, []).append(document)
    if len(members) < 2:
        what = "one document" if len(documents) == 1 else f"{len(documents)} documents of one story"
        hint = "annotate a second article: each is scored by a model that has not seen it"
        raise GoldwireError.of("GW408", f"{what} can't be both learned from and scored on", hint=hint)
    wanted = count if count is not None else len(members) if len(members) <= ALL_OUT else FOLDS
    if not 2 <= wanted <= len(members):
        hint = f"from 2 to {len(members)}"
        raise GoldwireError.of("GW408", f"{wanted} folds of {len(members)} documents or stories", hint=hint)
    dealt = list(members)
    if wanted < len(members):
        random.Random(seed).shuffle(dealt)
        dealt.sort(key=lambda name: -len(members[name]))
    tests: list[set[str]] = [set() for _ in range(wanted)]
    for name in dealt:
        min(tests, key=len).update(members[name])
    return [
        Fold(tuple(d for d in documents if d not in test), tuple(d for d in documents if d in test))
        for test in tests
    ]


@dataclass(frozen=True)
class Setup:
    """How a model is trained; all that a worker needs besides the text.

    `parts` names a config for each layer where there are several, that of `doc.ents` last; of the layers in
    `heads` attributes and relations are learned too, by the `schema` where there is one.
    """

    config: Path
    overrides: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    language: str | None = None
    parts: tuple[tuple[str, Path], ...] = ()
    heads: tuple[str, ...] = ()
    schema: Schema | None = None


@dataclass(frozen=True)
class CrossValidated:
    """Out-of-fold annotations of model and lexicon by document, the folds, spans that cut a token, and time.

    `cpu` is in seconds of all processes, `wall` in seconds; `beside` is what the job done beside came to.
    Where heads are learned, `given` holds the reference's spans with the attributes and relations that the
    model gives them, `nearest` with the relations of a rule, `attributes` the number of trainings that
    learned each (layer, name). `apart` counts the documents of one story left out of a training since the
    test has another of them.
    """

    folds: list[Fold]
    predictions: dict[str, Annotation]
    lexicon: dict[str, Annotation]
    cuts: list[Cut]
    updates: int
    processes: int
    cpu: float
    wall: float
    beside: Any = None
    given: dict[str, Annotation] = field(default_factory=dict)
    nearest: dict[str, Annotation] = field(default_factory=dict)
    attributes: dict[tuple[str, str], int] = field(default_factory=dict)
    too_long: int = 0
    apart: int = 0


@dataclass(frozen=True)
class Job:
    """One training: what is learned, what is predicted then, and where the model is saved, if anywhere.

    `given` are the references of the documents predicted: their spans, for heads to be tried on.
    """

    setup: Setup
    layer: str
    train: tuple[Reference, ...]
    test: tuple[Document, ...]
    out: Path | None = None
    given: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class _Done:
    predictions: list[Annotation]
    lexicon: list[Annotation]
    cuts: list[Cut]
    updates: int
    cpu: float
    given: list[Annotation] = field(default_factory=list)
    nearest: list[Annotation] = field(default_factory=list)
    attributes: tuple[tuple[str, str], ...] = ()
    too_long: int = 0


def cross_validate(
    material: Material,
    setup: Setup,
    *,
    name: str = "ner",
    version: str = "",
    final: Path | None = None,
    groups: Sequence[str] | None = None,
    count: int | None = None,
    processes: int | None = None,
    beside: Callable[[], Any] | None = None,
    advance: Callable[[int], None] | None = None,
) -> CrossValidated:
    """Train a model for each fold and let it predict the fold's documents; with `final`, train one on all
    documents too and save it there. Trainings run side by side, a process a core, and with them `beside`, one
    more job that can be pickled.

    `advance` gets hundredths of a training, `total_parts` of them in all. Raises what `folds` and training
    raise, and GW409 where a process dies.
    """
    started = time.perf_counter()
    scored = [reference.document.id for reference in material.scored]
    story = dict(zip(material.documents, groups if groups is not None else material.documents, strict=True))
    plan = folds(scored, groups=[story[name] for name in scored], count=count, seed=setup.seed)
    by_id = {reference.document.id: reference for reference in material.references}
    plan = [with_unscored(fold, material, story) for fold in plan]
    jobs = [fold_job(material, setup, fold) for fold in plan]
    if final is not None:
        # The longest first, so that no core waits at the end.
        jobs.insert(0, Job(setup, material.layer, material.references, (), final))
    workers = min(processes or cores(), len(jobs))
    done, extra = _run(jobs, workers, beside, advance)
    model = Provenance(kind="model", name=name, version=version)
    rule = Provenance(kind="rule", name="lexicon", version=version)

    def gathered(found: Iterable[Annotation], provenance: Provenance) -> dict[str, Annotation]:
        stamped = {a.document: _stamped(a, by_id[a.document], provenance) for a in found}
        return {name: stamped[name] for name in scored if name in stamped}

    cuts = {(cut.document, cut.start, cut.end, cut.label): cut for result in done for cut in result.cuts}
    return CrossValidated(
        plan,
        gathered((a for one in done for a in one.predictions), model),
        gathered((a for one in done for a in one.lexicon), rule),
        [cuts[key] for key in sorted(cuts)],
        sum(result.updates for result in done),
        workers,
        sum(result.cpu for result in done),
        time.perf_counter() - started,
        extra,
        gathered((a for one in done for a in one.given), model),
        gathered((a for one in done for a in one.nearest), Provenance(kind="rule", name="nearest")),
        dict(Counter(name for one in done for name in one.attributes)),
        max(result.too_long for result in done),
        sum(len(material.references) - len(fold.train) - len(fold.test) for fold in plan),
    )


def with_unscored(fold: Fold, material: Material, story: Mapping[str, str]) -> Fold:
    """Documents that are not scored are learned from, but for those of a story that is tested."""
    tested = {story[name] for name in fold.test}
    more = {r.document.id for r in material.references if not r.scored and story[r.document.id] not in tested}
    return Fold(tuple(name for name in material.documents if name in more or name in fold.train), fold.test)


def fold_job(material: Material, setup: Setup, fold: Fold) -> Job:
    """The training of one fold: references of its training documents, bare texts of those it is tested on."""
    by_id = {reference.document.id: reference for reference in material.references}
    train = tuple(by_id[name] for name in fold.train)
    given = tuple(by_id[name] for name in fold.test)
    test = tuple(reference.document for reference in given)
    return Job(setup, material.layer, train, test, given=given if setup.heads else ())


def total_parts(groups: int, *, count: int | None = None, final: bool = True) -> int:
    """How many hundredths of a training `cross_validate` will report, for so many stories."""
    return PARTS * ((count or (groups if groups <= ALL_OUT else FOLDS)) + final)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _stamped(annotation: Annotation, reference: Reference, provenance: Provenance) -> Annotation:
    gold = reference.annotation
    return replace(
        annotation,
        annotator=provenance.name,
        schema=gold.schema,
        text_sha256=gold.text_sha256,
        provenance=provenance,
    )


def _run(
    jobs: list[Job],
    workers: int,
    beside: Callable[[], Any] | None,
    advance: Callable[[int], None] | None,
) -> tuple[list[_Done], Any]:
    """Do the jobs in processes of their own, started afresh so that none inherits another's state.

    The results come in the jobs' order, whatever the order of their end.
    """
    context = get_context("spawn")
    reports = context.Queue()
    # One thread a process: more would fight over the cores, and sums would depend on their number.
    caps = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    before = {name: os.environ.get(name) for name in caps}
    os.environ.update(caps)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(reports,))
    try:
        futures: list[Future[_Done]] = [pool.submit(_work, job) for job in jobs]
        extra: Future[Any] | None = None if beside is None else pool.submit(beside)
        waiting: set[Future[Any]] = {*futures, *([extra] if extra is not None else [])}
        while waiting:
            finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_EXCEPTION)
            _drain(reports, advance)
            for future in finished:
                future.result()
        _drain(reports, advance)
        return [future.result() for future in futures], extra.result() if extra is not None else None
    except BrokenProcessPool:
        hint = (
            "out of memory? Try with less text, or with the environment's OMP_NUM_THREADS=1 on a free machine"
        )
        raise GoldwireError.of("GW409", "a training process died", hint=hint) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        reports.close()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _drain(reports: Any, advance: Callable[[int], None] | None) -> None:
    while True:
        try:
            parts = reports.get_nowait()
        except queue.Empty:
            return
        if advance is not None:
            advance(parts)


_reports: Any = None


def _begin(reports: Any) -> None:
    global _reports
    _reports = reports
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _work(job: Job) -> _Done:
    """One training in a worker process, then the prediction of its documents."""
    from goldwire.corpus.formats.docs import Pipeline, annotation_from
    from goldwire.train.assemble import assemble
    from goldwire.train.baselines import lexicon_annotations
    from goldwire.train.heads import given_spans, nearest_by_rule

    started = _cpu()
    told = 0

    def report(share: float) -> None:
        nonlocal told
        parts = min(PARTS, int(share * PARTS))
        if parts > told and _reports is not None:
            _reports.put(parts - told)
            told = parts

    made = assemble(job.train, job.setup, job.layer, progress=report)
    if job.out is not None:
        made.nlp.to_disk(job.out)
    layers = tuple(layer for layer, _ in job.setup.parts) or (job.layer,)
    pipeline = Pipeline("", "", "", layers, layers[-1])
    texts = [document.text for document in job.test]
    with quiet():
        found = [
            annotation_from(doc, document, pipeline)
            for document, doc in zip(job.test, made.nlp.pipe(texts), strict=True)
        ]
        given = given_spans(made.nlp, job.given, layers)
        rule = nearest_by_rule(made.nlp, job.given, layers, made.types)
    lexicon = lexicon_annotations(made.nlp, job.train, job.test, layers) if job.test else []
    report(1.0)
    learned = tuple(name for name, was in made.attributes.items() if was)
    return _Done(
        found, lexicon, made.cuts, made.updates, _cpu() - started, given, rule, learned, made.too_long
    )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

"""Every document is predicted by a model that has not seen it: the only honest score for few articles."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replace_job
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.model import Annotation, Provenance
from goldwire.processes import cores
from goldwire.train.options import TrainingSetup
from goldwire.train.run.jobs import PARTS, Job, run_jobs
from goldwire.train.training_data import Cut, Reference, TrainingData

#: Up to this many documents (or stories) each is left out in turn; more are dealt into `FOLDS` folds.
ALL_OUT = 10
FOLDS = 5


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
        alone = len(documents) == 1
        corpus = "one document" if alone else f"{len(documents)} documents of one story (or near copies)"
        which = "a second article" if alone else "an article of another story"
        hint = f"annotate {which}: each is scored by a model that has not seen it"
        raise GoldwireError.of("GW408", f"{corpus} can't be both learned from and scored on", hint=hint)
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
class CrossValidated:
    """Out-of-fold annotations of model and lexicon by document, the folds, spans that cut a token, and time.

    `cpu` is in seconds of all processes, `wall` in seconds; `beside` is what the job done beside came to.
    Where heads are learned, `given_spans` holds the reference's spans with the attributes and relations that
    the model gives them, `nearest` with the relations of a rule, `attributes` the number of trainings that
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
    given_spans: dict[str, Annotation] = field(default_factory=dict)
    nearest: dict[str, Annotation] = field(default_factory=dict)
    attributes: dict[tuple[str, str], int] = field(default_factory=dict)
    too_long: int = 0
    apart: int = 0


def cross_validate(
    data: TrainingData,
    setup: TrainingSetup,
    *,
    name: str = "ner",
    version: str = "",
    final: Path | None = None,
    groups: Sequence[str] | None = None,
    count: int | None = None,
    dealt: Sequence[Fold] = (),
    processes: int | None = None,
    beside: Callable[[], Any] | None = None,
    advance: Callable[[int], None] | None = None,
) -> CrossValidated:
    """Train a model for each fold and let it predict the fold's documents; with `final`, train one on all
    documents too and save it there. Trainings run side by side, a process a core, and with them `beside`, one
    more job that can be pickled.

    The folds are those that are `dealt`, else `count` of them; none for a `count` of 0. Where the data has a
    test set, one model is trained, which predicts it and is saved. `advance` gets hundredths of a training,
    `total_parts` of them in all. Raises what `folds` and training raise, and GW409 where a process dies.
    """
    started = time.perf_counter()
    scored = [reference.document.id for reference in data.scored]
    by_id = {reference.document.id: reference for reference in (*data.references, *data.test)}
    if data.test:
        plan = [Fold(tuple(data.documents), tuple(scored))]
        jobs = [replace_job(fold_job(data, setup, plan[0]), out=final)]
    else:
        story = dict(zip(data.documents, groups if groups is not None else data.documents, strict=True))
        stories = [story[name] for name in scored]
        plan = _within(dealt, scored) or (
            [] if count == 0 else folds(scored, groups=stories, count=count, seed=setup.seed)
        )
        plan = [with_unscored(fold, data, story) for fold in plan]
        jobs = [fold_job(data, setup, fold) for fold in plan]
        if final is not None:
            # The longest first, so that no core waits at the end.
            jobs.insert(0, Job(setup, data.layer, train=data.references, test=(), out=final))
    workers = min(processes or cores(), len(jobs))
    done, extra = run_jobs(jobs, workers, beside=beside, advance=advance)
    model = Provenance(kind="model", name=name, version=version)
    rule = Provenance(kind="rule", name="lexicon", version=version)

    def gathered(annotations: Iterable[Annotation], provenance: Provenance) -> dict[str, Annotation]:
        stamped = {a.document: _stamped(a, by_id[a.document], provenance) for a in annotations}
        return {name: stamped[name] for name in scored if name in stamped}

    cuts = {(cut.document, cut.start, cut.end, cut.label): cut for result in done for cut in result.cuts}
    return CrossValidated(
        folds=plan,
        predictions=gathered((a for result in done for a in result.predictions), model),
        lexicon=gathered((a for result in done for a in result.lexicon), rule),
        cuts=[cuts[key] for key in sorted(cuts)],
        updates=sum(result.updates for result in done),
        processes=workers,
        cpu=sum(result.cpu for result in done),
        wall=time.perf_counter() - started,
        beside=extra,
        given_spans=gathered((a for result in done for a in result.given_spans), model),
        nearest=gathered(
            (a for result in done for a in result.nearest), Provenance(kind="rule", name="nearest")
        ),
        attributes=dict(Counter(name for result in done for name in result.attributes)),
        too_long=max(result.too_long for result in done),
        apart=0 if data.test else sum(len(data.references) - len(f.train) - len(f.test) for f in plan),
    )


def _within(dealt: Sequence[Fold], scored: Sequence[str]) -> list[Fold]:
    """The folds that a project keeps, cut down to the documents that are scored.

    Raises GW726 where a document is tested in none of them.
    """
    if not dealt:
        return []
    tested = {name for fold in dealt for name in fold.test}
    raise_faults(
        Fault("GW726", f"document `{name}` is in no fold", name, "deal them anew: goldwire corpus split")
        for name in scored
        if name not in tested
    )
    kept = [
        Fold(tuple(n for n in scored if n in fold.train), tuple(n for n in scored if n in fold.test))
        for fold in dealt
    ]
    return [fold for fold in kept if fold.test]


def with_unscored(fold: Fold, data: TrainingData, story: Mapping[str, str]) -> Fold:
    """Documents that are not scored are learned from, but for those of a story that is tested."""
    tested = {story[name] for name in fold.test}
    more = {r.document.id for r in data.references if not r.scored and story[r.document.id] not in tested}
    return Fold(tuple(name for name in data.documents if name in more or name in fold.train), fold.test)


def fold_job(data: TrainingData, setup: TrainingSetup, fold: Fold) -> Job:
    """The training of one fold: references of its training documents, bare texts of those it is tested on."""
    by_id = {reference.document.id: reference for reference in (*data.references, *data.test)}
    train = tuple(by_id[name] for name in fold.train)
    tested = tuple(by_id[name] for name in fold.test)
    test = tuple(reference.document for reference in tested)
    return Job(setup, data.layer, train, test, given_spans=tested if setup.heads else ())


def total_parts(groups: int, *, count: int | None = None) -> int:
    """How many hundredths of a training `cross_validate` will report, for so many stories or folds and the
    training on all."""
    return PARTS * ((count or (groups if groups <= ALL_OUT else FOLDS)) + 1)


def _stamped(annotation: Annotation, reference: Reference, provenance: Provenance) -> Annotation:
    gold = reference.annotation
    return replace(
        annotation,
        annotator=provenance.name,
        schema=gold.schema,
        text_sha256=gold.text_sha256,
        provenance=provenance,
    )

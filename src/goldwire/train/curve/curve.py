"""The learning curve: F1 over how much was learned from, and what more of it is likely to bring."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from goldwire.errors import GoldwireError
from goldwire.eval.counts.bootstrap import draw, percentile_interval
from goldwire.eval.counts.counts import rates
from goldwire.eval.scoring.notes import few_warnings, trust
from goldwire.eval.scoring.scores import count
from goldwire.model import STATUSES, Annotation
from goldwire.number_format import counted
from goldwire.pipelines import blank_pipeline
from goldwire.processes import cores
from goldwire.project import Project
from goldwire.train.curve.extrapolation import extrapolate
from goldwire.train.curve.results import Curve, Step
from goldwire.train.run.choice import Choice
from goldwire.train.run.crossval import Fold, folds
from goldwire.train.run.jobs import PARTS, Job, run_jobs
from goldwire.train.run.plan import RunPlan, plan
from goldwire.train.training_data import Reference

Floats: TypeAlias = NDArray[np.float64]
#: Sizes of the curve by default; test parts that repeats take in turn.
SIZES, PARTS_OF_ALL = 5, 5
#: Up to this many documents to learn from, every number of them is a size.
ALL_SIZES = 6
#: Sentences ahead that the curve is extrapolated to.
AHEAD = 100


@dataclass(frozen=True)
class _Cell:
    """One training: which size it is of, in which repeat, what it learns from and what it is tested on."""

    size: int
    repeat: int
    train: tuple[Reference, ...]
    test: tuple[Reference, ...]


@dataclass(frozen=True, repr=False)
class CurvePlan:
    """A curve before it is drawn: numbers of documents to learn from (`sizes`), `repeats` of each, where its
    `page` goes."""

    run: RunPlan
    cells: tuple[_Cell, ...]
    sizes: tuple[int, ...]
    repeats: int
    page: Path

    def __repr__(self) -> str:
        return f"<CurvePlan {self.run.data.layer}: {counted(self.trainings, 'training')} on {self.sizes}>"

    @property
    def trainings(self) -> int:
        """How many models will be trained."""
        return len(_jobs(self))

    @property
    def parts(self) -> int:
        """How many steps of progress the run will report."""
        return PARTS * self.trainings


def plan_curve(
    project: Project | Path | None = None,
    *,
    layer: str | None = None,
    steps: Sequence[int] | None = None,
    repeats: int = PARTS_OF_ALL,
    page: Path | None = None,
    **settings: Any,
) -> CurvePlan:
    """Deal the articles into what is learned from and what is tested on, for each size and repeat.

    The documents are dealt into up to five test parts, taken in turn by the repeats (dealt anew after each
    round). Of the others, in a random order, the first few are learned from, then more: a smaller size is
    part of a larger one. Documents of one story stay together. `steps` are numbers of documents, by default
    all up to 6, else five that double. `layer` is the first unless it is named. `page` is by default
    eval/reports/curve.html, or ./curve.html. `settings` are those of `plan`. Raises GW450 for steps that
    can't be, GW451 where there are fewer than three documents or stories, and what `plan` raises.
    """
    # A curve leaves a page and no model: the plan's place for one is never written.
    beside = page.parent if page is not None else Path()
    choice = Choice(None if layer is None else (layer,), spans=True)
    run = plan(project, choice, out=beside / "no-model", **settings)
    data = run.data
    if repeats < 1:
        raise GoldwireError.of("GW450", f"{repeats} repeats", hint="at least 1, better 5")
    tested = [reference.document.id for reference in data.scored]
    story = dict(zip(data.documents, run.stories or data.documents, strict=True))
    groups = [story[name] for name in tested]
    units = len(set(groups))
    if units < 3:
        kind = ("document", "documents") if run.stories is None else ("story", "stories")
        message = f"{units} {kind[units != 1]}: too few for a learning curve"
        hint = "it needs three at least: one to test on, one and two to learn from"
        raise GoldwireError.of("GW451", message, hint=hint)
    dealt: list[Fold] = []
    for turn in range(-(-repeats // min(PARTS_OF_ALL, units))):
        seed = run.setup.seed + turn
        dealt += folds(tested, groups=groups, count=min(PARTS_OF_ALL, units), seed=seed)
    dealt = dealt[:repeats]
    by_id = {reference.document.id: reference for reference in data.references}
    orders = [_order(fold, by_id, story, run.setup.seed + number) for number, fold in enumerate(dealt)]
    sizes = _sizes(steps, min(sum(map(len, order)) for order in orders))
    cells = [
        _Cell(at, repeat, _first(order, size), tuple(by_id[name] for name in fold.test))
        for repeat, (fold, order) in enumerate(zip(dealt, orders, strict=True))
        for at, size in enumerate(sizes)
    ]
    if page is None:
        page = run.project.reports / "curve.html" if run.project is not None else Path("curve.html")
    return CurvePlan(run, tuple(cells), sizes, repeats, page)


def _order(
    fold: Fold, by_id: dict[str, Reference], story: dict[str, str], seed: int
) -> list[list[Reference]]:
    """What may be learned from in a fold, story by story, in a random order."""
    tested = {story[name] for name in fold.test}
    by_story: dict[str, list[Reference]] = {}
    for name, reference in by_id.items():
        if story[name] not in tested:
            by_story.setdefault(story[name], []).append(reference)
    order = list(by_story.values())
    random.Random(seed).shuffle(order)
    return order


def _first(order: Sequence[Sequence[Reference]], size: int) -> tuple[Reference, ...]:
    """The first stories that have at least `size` documents between them."""
    taken: list[Reference] = []
    for story in order:
        if len(taken) >= size:
            break
        taken.extend(story)
    return tuple(taken)


def _sizes(steps: Sequence[int] | None, most: int) -> tuple[int, ...]:
    if steps is None:
        if most <= ALL_SIZES:
            return tuple(range(1, most + 1))
        return tuple(sorted({max(1, round(most / 2**power)) for power in range(SIZES)}))
    wanted = sorted(set(steps))
    if len(wanted) < 2 or wanted[0] < 1 or wanted[-1] > most:
        message = (
            f"--steps {','.join(map(str, steps))}: not two or more numbers of documents from 1 to {most}"
        )
        hint = f"for example --steps {max(1, most // 4)},{max(2, most // 2)},{most}"
        raise GoldwireError.of("GW450", message, hint=hint)
    return tuple(wanted)


def run_curve(
    planned: CurvePlan,
    *,
    resamples: int = 1000,
    processes: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> Curve:
    """Train for each size and repeat, side by side; score on the repeat's test part.

    F1 is pooled over repeats. Its interval redraws repeats, and within each the stories tested on, with
    replacement; the same draw serves all sizes, so that their differences are those of one set of texts.
    `advance` gets `planned.parts` in all. Raises what training raises.
    """
    started = time.perf_counter()
    jobs = _jobs(planned)
    workers = min(processes or cores(), max(1, len(jobs)))
    done, _ = run_jobs([job for _, job in jobs], workers, advance=advance)
    predicted: dict[int, dict[str, Annotation]] = {
        number: {a.document: a for a in result.predictions}
        for (number, _), result in zip(jobs, done, strict=True)
    }
    data = planned.run.data
    story = dict(zip(data.documents, planned.run.stories or data.documents, strict=True))
    counts = {
        (cell.size, cell.repeat): _counts(cell, predicted.get(number, {}), data.layer, story)
        for number, cell in enumerate(planned.cells)
    }
    sums = _redrawn(counts, len(planned.sizes), planned.repeats, resamples, planned.run.setup.seed)
    lengths = _sentences(planned)
    steps = []
    for size in range(len(planned.sizes)):
        cells = [cell for cell in planned.cells if cell.size == size]
        total = np.sum([counts[size, cell.repeat].sum(0) for cell in cells], 0)
        f1 = float(rates(total)[2])
        steps.append(
            Step(
                documents=float(np.mean([len(cell.train) for cell in cells])),
                sentences=float(np.mean([sum(lengths[r.document.id] for r in cell.train) for cell in cells])),
                spans=float(np.mean([sum(len(r.annotation.spans) for r in cell.train) for cell in cells])),
                f1=None if np.isnan(f1) else f1,
                ci95=percentile_interval(rates(sums[size])[2]) if sums is not None else None,
            )
        )
    samples = rates(sums)[2].T if sums is not None else None
    values = [step.f1 for step in steps]
    tested = {reference.document.id for cell in planned.cells for reference in cell.test}
    notes = few_warnings(len({story[name] for name in tested}), grouped=planned.run.stories is not None)
    if empty := len(planned.cells) - len(jobs):
        notes.append(
            f"{empty} of {len(planned.cells)} trainings had nothing marked to learn from: none is found"
        )
    return Curve(
        layer=data.layer,
        steps=tuple(steps),
        next=extrapolate([step.sentences for step in steps], values, samples, ahead=AHEAD),
        repeats=planned.repeats,
        documents=len(tested),
        reference=min((trust(r.annotation) for r in data.scored), key=STATUSES.index),
        notes=(*planned.run.notes, *notes),
        setting={
            "corpus": planned.run.corpus,
            "config": {"file": planned.run.setup.config.name, "overrides": planned.run.setup.overrides},
            "seed": planned.run.setup.seed,
            "resamples": resamples,
            "trainings": len(jobs),
            "seconds": round(time.perf_counter() - started, 1),
        },
    )


def _jobs(planned: CurvePlan) -> list[tuple[int, Job]]:
    """The trainings with their cells' numbers, the largest first; none where nothing is marked."""
    setup, layer = planned.run.setup, planned.run.data.layer
    jobs = [
        (number, Job(setup, layer, cell.train, tuple(r.document for r in cell.test)))
        for number, cell in enumerate(planned.cells)
        if any(reference.annotation.spans for reference in cell.train)
    ]
    return sorted(jobs, key=lambda job: -len(job[1].train))


def _counts(cell: _Cell, predicted: dict[str, Annotation], layer: str, story: dict[str, str]) -> Floats:
    """Counts of a test part (stories × tp, fp, fn)."""
    by_story: dict[str, Floats] = {}
    for reference in cell.test:
        name = reference.document.id
        spans = predicted[name].layer(layer) if name in predicted else ()
        story_counts = count(reference.annotation.spans, spans)
        row = by_story.setdefault(story[name], np.zeros(3))
        row += (story_counts.tp, story_counts.fp, story_counts.fn)
    return np.array(list(by_story.values()))


def _redrawn(
    counts: dict[tuple[int, int], Floats], sizes: int, repeats: int, resamples: int, seed: int
) -> Floats | None:
    """Sums of counts over resamples (sizes × resamples × 3); None where nothing varies."""
    units = sum(len(counts[0, repeat]) for repeat in range(repeats))
    if resamples < 1 or units < 2:
        return None
    rng = np.random.default_rng(seed)
    drawn = draw(repeats, resamples, rng)
    sums = np.zeros((sizes, resamples, 3))
    for repeat in range(repeats):
        weights = draw(len(counts[0, repeat]), resamples, rng) * drawn[:, [repeat]]
        for size in range(sizes):
            sums[size] += weights @ counts[size, repeat]
    return sums


def _sentences(planned: CurvePlan) -> dict[str, int]:
    """How many sentences each document has, by rule."""
    nlp = blank_pipeline(planned.run.setup.language or "xx")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 10_000_000
    return {
        r.document.id: sum(1 for s in nlp(r.document.text).sents if s.text.strip())
        for r in planned.run.data.references
    }

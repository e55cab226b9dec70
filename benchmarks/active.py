"""Labels saved by choosing what to annotate next: uncertainty and diversity against random order, on POPCORN.

`python -m benchmarks.active [--seeds 5] [--layer entity] [--quick]`. From 20 reports on, 20 more a round
are "annotated" (their gold is revealed), chosen at random or by `goldwire.archive.ranking.rank`,
with the uncertainty of a model trained on what is annotated so far. All seeds are scored on the same 80
reports; start and random order differ. Intervals: bootstrap over seeds and test reports together.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmarks.popcorn_data import DATA, read_popcorn
from goldwire.archive.ranking import document_uncertainty, rank
from goldwire.train.pipeline.crf import fit_crf
from goldwire.train.pipeline.document_labels import fit_labels
from goldwire.train.run.crossval import folds

if TYPE_CHECKING:
    from spacy.tokens import Doc

#: Code points [start, end) and a label.
Mark: TypeAlias = tuple[int, int, str]
#: A layer of the pipeline, for no one to see.
LAYER = "found"
START, STEP, LAST, TEST = 20, 20, 100, 80
RANDOM = "random"
#: Strategy: share of diversity in `rank`; random order has none.
STRATEGIES: dict[str, float | None] = {RANDOM: None, "uncertainty and diversity": 0.5}


@dataclass(frozen=True)
class Point:
    """One training: annotated reports and spans, and counts (test reports × tp, fp, fn)."""

    strategy: str
    seed: int
    reports: int
    spans: int
    counts: list[list[int]]

    @property
    def f1(self) -> float:
        """Micro F1, strict."""
        return f1(np.array(self.counts).sum(0))


def f1(counts: Any) -> float:
    """F1 of tp, fp, fn."""
    tp, fp, fn = counts
    return float(2 * tp / (2 * tp + fp + fn)) if tp else 0.0


class Finder:
    """Finds and labels the spans of a layer, flat, as `goldwire train` does where `extents` are "crf";
    documents are analysed once for all trainings."""

    def fit(self, docs: Sequence[Doc], marks: Sequence[Sequence[Mark]]) -> Finder:
        """Learn from what is marked in documents; spans that cut tokens are widened."""
        known = []
        for doc, marked in zip(docs, marks, strict=True):
            taken: set[int] = set()
            spans = []
            for start, end, label in sorted(marked, key=lambda mark: mark[0] - mark[1]):
                span = doc.char_span(start, end, label=label, alignment_mode="expand")
                if span is not None and taken.isdisjoint(range(span.start, span.end)):
                    taken.update(range(span.start, span.end))
                    spans.append(span)
            known.append(doc.copy())
            known[-1].set_ents(spans, default="outside")
        self._crf = fit_crf(known, LAYER)
        self._labels = fit_labels(known, [str(number) for number in range(len(docs))])
        self._labels.layer = LAYER
        return self

    def find(self, docs: Sequence[Doc]) -> list[list[tuple[Mark, float]]]:
        """The spans of each document, with a confidence in [0, 1]: of the extent, times of the label."""
        out = []
        for doc in docs:
            # A group of spans lasts no longer than its document.
            read = self._labels(self._crf(doc.copy()))
            found: Any = read.spans[LAYER]
            marks = [(span.start_char, span.end_char, span.label_) for span in found]
            out.append(list(zip(marks, found.attrs["scores"], strict=True)))
        return out


def simulate(layer: str, *, seeds: int, last: int, say: Any = print) -> list[Point]:
    """All strategies, each from the same start with the same seed."""
    from benchmarks.popcorn import parsed

    articles = read_popcorn()
    docs = parsed(articles)
    marks = [[(s.start, s.end, s.label) for s in a.annotations[0].layer(layer)] for a in articles]
    ids = [article.document.id for article in articles]
    names = set(folds(ids, count=len(ids) // TEST, seed=0)[0].test)
    test = [place for place, name in enumerate(ids) if name in names]
    pool = [place for place, name in enumerate(ids) if name not in names]

    def train(chosen: Sequence[int]) -> Finder:
        return Finder().fit([docs[i] for i in chosen], [marks[i] for i in chosen])

    points: list[Point] = []

    def note(finder: Finder, chosen: Sequence[int], strategy: str, seed: int) -> None:
        counts = []
        for place, found in zip(test, finder.find([docs[i] for i in test]), strict=True):
            gold, pred = set(marks[place]), {mark for mark, _ in found}
            counts.append([len(gold & pred), len(pred - gold), len(gold - pred)])
        spans = sum(len(marks[i]) for i in chosen)
        points.append(Point(strategy, seed, len(chosen), spans, counts))
        say(f"{strategy:26} seed {seed} {len(chosen):4} reports {spans:5} spans  F1 {points[-1].f1:.3f}")

    for seed in range(seeds):
        order = random.Random(seed).sample(pool, len(pool))
        first = train(order[:START])
        for strategy, diversity in STRATEGIES.items():
            chosen, finder = list(order[:START]), first
            note(finder, chosen, strategy, seed)
            while len(chosen) + STEP <= last:
                rest = [i for i in order if i not in set(chosen)]
                if diversity is None:
                    chosen += rest[:STEP]
                else:
                    found = finder.find([docs[i] for i in rest])
                    # A text in which nothing is found says nothing: as unsure as can be.
                    unsure = [document_uncertainty([c for _, c in one]) for one in found]
                    values = [1.0 if one is None else one for one in unsure]
                    texts = [articles[i].document.text for i in rest]
                    chosen += [rest[i] for i in rank(texts, values, count=STEP, diversity=diversity)]
                finder = train(chosen)
                note(finder, chosen, strategy, seed)
    return points


def saved(points: Sequence[Point], strategy: str, unit: str) -> tuple[float, float, float]:
    """By how much less `unit` (`reports` or `spans`) a strategy needs than random order, in per cent of all.

    Both are read off the curves averaged over seeds, linear in between, at the F1 that random order ends at,
    or at the strategy's own end where that is lower; below 0 it needs more. Returns the value and its central
    95 % over resamples of seeds and test reports.
    """
    seeds = sorted({point.seed for point in points})
    tests = len(points[0].counts)
    runs = {
        (name, s): sorted((p for p in points if p.strategy == name and p.seed == s), key=lambda p: p.reports)
        for name in (RANDOM, strategy)
        for s in seeds
    }
    sizes = {key: np.array([getattr(p, unit) for p in run], dtype=float) for key, run in runs.items()}
    counts = {key: np.array([p.counts for p in run]) for key, run in runs.items()}

    def share(drawn: Sequence[int], weights: Any) -> float:
        ends, curves = [], []
        for name in (RANDOM, strategy):
            size = np.mean([sizes[name, s] for s in drawn], 0)
            values = np.mean([[f1(weights @ one) for one in counts[name, s]] for s in drawn], 0)
            curves.append((size, values))
            ends.append(values[-1])
        needed = [first_reach(size, values, min(ends)) for size, values in curves]
        return float(100 * (needed[0] - needed[1]) / curves[0][0][-1])

    rng = np.random.default_rng(0)
    value = share(seeds, np.ones(tests))
    drawn = [
        share(
            list(rng.choice(seeds, len(seeds))), np.bincount(rng.integers(0, tests, tests), minlength=tests)
        )
        for _ in range(1000)
    ]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return value, float(low), float(high)


def first_reach(sizes: Any, values: Any, target: float) -> float:
    """The size at which a curve first reaches `target`, which it does."""
    at = int(np.argmax(values >= target))
    if at == 0:
        return float(sizes[0])
    part = (target - values[at - 1]) / (values[at] - values[at - 1])
    return float(sizes[at - 1] + part * (sizes[at] - sizes[at - 1]))


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--layer", default="entity")
    parser.add_argument("--quick", action="store_true", help="one seed, two rounds")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not DATA.is_file():
        print(f"no POPCORN data at {DATA}: see docs/research-notes/popcorn.md", file=sys.stderr)
        return 2
    seeds, last = (1, START + 2 * STEP) if options.quick else (options.seeds, LAST)
    points = simulate(options.layer, seeds=seeds, last=last, say=lambda line: print(line, file=sys.stderr))
    print(f"\nlayer `{options.layer}`: micro F1, strict, on {TEST} reports; {seeds} seed(s)")
    sizes = sorted({point.reports for point in points})
    print(f"{'':26}" + "".join(f"{size:>9}" for size in sizes))
    for strategy in STRATEGIES:
        means = [
            np.mean([p.f1 for p in points if p.strategy == strategy and p.reports == size]) for size in sizes
        ]
        print(f"{strategy:26}" + "".join(f"{mean:9.3f}" for mean in means))
    for strategy in STRATEGIES:
        if strategy == RANDOM:
            continue
        for unit in ("reports", "spans"):
            value, low, high = saved(points, strategy, unit)
            print(f"{strategy}: {value:+.0f} % {unit} saved, at the F1 of {sizes[-1]} random reports", end="")
            print(f" (95 % interval {low:+.0f} to {high:+.0f})")
    if options.json:
        options.json.write_text(json.dumps([asdict(point) for point in points]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

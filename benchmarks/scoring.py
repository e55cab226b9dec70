"""How long our scores take beside one nervaluate pass over the same spans, in the same run.

`python -m benchmarks.scoring [--documents 10000]`: each side runs in a process of its own. CPU is that of
the scoring alone; memory is by how much the process grew from its input in memory to its peak. Ours: all
matching kinds, over all and by label, with 1,000 resamples. Theirs: four schemes, over all and by label, no
interval. Neither reads a file, and each gets the spans in its own form.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SPANS, LABELS, WORDS = 40, 8, 600
#: How much of their CPU and how many megabytes ours may take.
SHARE, MEGABYTES = 0.25, 150

Mark = tuple[str, int, int]


def corpus(documents: int, seed: int = 1) -> tuple[list[list[Mark]], list[list[Mark]]]:
    """Gold and a prediction of about F1 .85: some spans missed, moved, relabelled, some invented."""
    rng = random.Random(seed)
    names = [f"L{number}" for number in range(LABELS)]
    gold: list[list[Mark]] = []
    pred: list[list[Mark]] = []
    for _ in range(documents):
        starts = sorted(rng.sample(range(0, WORDS - 4, 4), SPANS))
        marks = [(rng.choice(names), start, start + rng.randint(1, 3)) for start in starts]
        found: list[Mark] = []
        for label, start, end in marks:
            luck = rng.random()
            if luck < 0.05:
                continue
            if luck < 0.10:
                end += 1
            elif luck < 0.15:
                label = rng.choice(names)
            found.append((label, start, end))
            if luck > 0.95:
                found.append((rng.choice(names), start, start + 4))
        gold.append(marks)
        pred.append(found)
    return gold, pred


def ours(documents: int) -> dict[str, Any]:
    """CPU seconds and megabytes of `score`."""
    from goldwire.eval.scoring.scores import score
    from goldwire.model import Annotation, Span

    def side(found: list[list[Mark]]) -> list[Annotation]:
        return [
            Annotation(
                f"d{number}",
                "a",
                "bench@1",
                spans=tuple(Span(f"s{i}", "layer", *mark) for i, mark in enumerate(marks)),
            )
            for number, marks in enumerate(found)
        ]

    gold, pred = (side(found) for found in corpus(documents))
    pairs = list(zip(gold, pred, strict=True))
    score(pairs[:20], resamples=20)

    def work() -> float:
        figures = score(pairs, resamples=1000).as_json()
        f1: float = figures["layers"]["layer"]["exact"]["micro"]["f1"]
        return f1

    return measured(work)


def theirs(documents: int) -> dict[str, Any]:
    """CPU seconds and megabytes of nervaluate."""
    from nervaluate import Evaluator

    def side(found: list[list[Mark]]) -> list[list[dict[str, Any]]]:
        # Their ends are inclusive.
        return [[{"label": m[0], "start": m[1], "end": m[2] - 1} for m in marks] for marks in found]

    gold, pred = (side(found) for found in corpus(documents))
    tags = [f"L{number}" for number in range(LABELS)]
    Evaluator(gold[:20], pred[:20], tags=tags, loader="dict").evaluate()

    def work() -> float:
        found = Evaluator(gold, pred, tags=tags, loader="dict").evaluate()
        return float(found["overall"]["strict"].f1)

    return measured(work)


def measured(work: Any) -> dict[str, Any]:
    """The result of `work`, its CPU seconds, and by how many megabytes the peak rose over what was there."""
    import psutil

    before = psutil.Process().memory_info().rss
    start = time.process_time()
    f1 = work()
    cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"f1": f1, "cpu": cpu, "megabytes": max(0, peak - before) / 1e6}


def main() -> int:
    """Measure both and print the ratio; 1 where ours takes more than it may."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many runs counts")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--side", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps((ours if options.side == "ours" else theirs)(options.documents)))
        return 0
    figures: dict[str, Any] = {"documents": options.documents, "spans": SPANS, "labels": LABELS}
    for name in ("ours", "theirs"):
        command = [sys.executable, "-m", "benchmarks.scoring", "--side", name]
        command += ["--documents", str(options.documents)]
        runs = [
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            for _ in range(options.repeats)
        ]
        figures[name] = sorted(runs, key=lambda run: run["cpu"])[len(runs) // 2]
    ratio = figures["ours"]["cpu"] / figures["theirs"]["cpu"]
    figures["ratio"] = ratio
    grown = figures["ours"]["megabytes"]
    print(f"scoring, {options.documents} documents × {SPANS} spans × {LABELS} labels")
    for name, what in (("ours", "all kinds, 1,000 resamples"), ("theirs", "nervaluate, no interval")):
        one = figures[name]
        print(f"  {what:<28} {one['cpu']:6.2f} s CPU  {one['megabytes']:5.0f} MB  F1 {one['f1']:.4f}")
    print(f"  ratio {ratio:.3f} (at most {SHARE}), extra memory {grown:.0f} MB (at most {MEGABYTES})")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(ratio > SHARE or grown > MEGABYTES)


if __name__ == "__main__":
    raise SystemExit(main())

"""Time and memory of agreement: γ, unitizing alpha, a corpus; beside pygamma-agreement where it is installed.

`python -m benchmarks.agreement` prints a table; `--peer PYTHON` names an interpreter that has the peer.
CPU seconds, the median of three runs (one of the peer's); memory is the peak that Python and NumPy take on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from goldwire.eval.agreement.agree import agree
from goldwire.eval.agreement.gamma import Continuum, gamma
from goldwire.eval.agreement.unitizing import unitized, unitizing_columns
from goldwire.eval.agreement.unitizing_2004 import alpha_2004
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.model import Annotation, Article, Document, Span

LABELS = 8
#: Run by the peer's interpreter: units on standard input, figures on standard output. Its GLPK prints too.
PEER = """
import json, logging, sys, time
import numpy as np
from pyannote.core import Segment
from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum, ShuffleContinuumSampler
logging.disable(logging.CRITICAL)
asked = json.load(sys.stdin)
def made(readers):
    text = Continuum()
    for reader, units in enumerate(readers):
        for start, end, label in units:
            text.add(str(reader), Segment(start, end), str(label))
    return text
measure = CombinedCategoricalDissimilarity()
made(asked["readers"][:2]).compute_gamma(measure, n_samples=1)  # compiles
np.random.seed(0)
begin = time.process_time()
sampler = ShuffleContinuumSampler() if asked["shuffle"] else None
found = made(asked["readers"]).compute_gamma(measure, sampler=sampler, fast=asked["fast"])
print("PEER " + json.dumps([time.process_time() - begin, float(found.gamma), float(found.observed_disorder)]))
"""


def text(units: int, words: int, seed: int = 0) -> Continuum:
    """Three readers of a text of six code points a word, who miss, move and relabel some units."""
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.choice(words, units, replace=False)) * 6
    readers: list[tuple[tuple[int, int, int], ...]] = []
    for _ in range(3):
        found: list[tuple[int, int, int]] = []
        for s in starts:
            if rng.random() < 0.1:
                continue
            start = max(int(s + rng.choice([0, 0, 0, 0, -6, 6])), 0)
            length = int(rng.integers(4, 20))
            label = int(rng.integers(LABELS)) if rng.random() < 0.15 else int(s) % LABELS
            found.append((start, start + length, label))
        readers.append(tuple(found))
    return Continuum(tuple(readers), max(words * 6, *(end for units in readers for _, end, _ in units)))


def flat(length: int, units: int, seed: int) -> tuple[tuple[int, int, int], ...]:
    """One reader's flat units over a long text."""
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.choice(length // 12, units, replace=False)) * 12
    return tuple((int(s), int(s) + int(rng.integers(2, 12)), int(rng.integers(LABELS))) for s in starts)


def corpus(documents: int) -> list[Article]:
    """The same as annotations, a document each."""
    made = []
    for number in range(documents):
        one = text(40, 600, number)
        words = " ".join(["mots,"] * (one.length // 6 + 4))
        readings = tuple(
            Annotation(
                f"d{number}",
                name,
                "bench@1",
                spans=tuple(Span(f"s{i}", "thing", str(c), s, e) for i, (s, e, c) in enumerate(units)),
            )
            for name, units in zip("abc", one.readers, strict=True)
        )
        made.append(Article(Document(f"d{number}", words), readings))
    return made


def measured(run: Callable[[], Any], times: int = 3) -> tuple[float, float, Any]:
    """CPU seconds, peak megabytes (of a run by itself, as tracing slows it down), and what came out."""
    spent = []
    for _ in range(times):
        begin = time.process_time()
        found = run()
        spent.append(time.process_time() - begin)
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return statistics.median(spent), peak, found


def peer(python: str, continuum: Continuum, *, fast: bool, shuffle: bool) -> list[float] | None:
    """CPU seconds, γ and observed disorder by pygamma-agreement; None where it is not to be had."""
    asked = json.dumps({"readers": continuum.readers, "fast": fast, "shuffle": shuffle})
    try:
        done = subprocess.run([python, "-c", PEER], input=asked, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    lines = [line[5:] for line in done.stdout.splitlines() if line.startswith("PEER ")]
    found: list[float] | None = json.loads(lines[0]) if done.returncode == 0 and lines else None
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable, help="an interpreter that has pygamma-agreement")
    parser.add_argument("--documents", type=int, default=1000)
    asked = parser.parse_args(arguments)
    gamma([text(40, 600)])  # imports SciPy

    row("case", "CPU s", "peak MB", "result")
    for units, words in ((40, 600), (100, 600), (200, 600), (200, 3000)):
        one = text(units, words)
        seconds, peak, found = measured(partial(gamma, [one]))
        error = f"chance ± {100 * found.precision:.1f} %"
        row(f"γ, 3 readers × {units} units, {words} words", seconds, peak, f"γ {found.value:.3f}, {error}")
        for title, fast, shuffle in (
            ("default", False, False),
            ("fast", True, False),
            ("shuffle", False, True),
        ):
            theirs = peer(asked.peer, one, fast=fast, shuffle=shuffle)
            if theirs is None:
                row("  pygamma-agreement is not installed")
                break
            ratio = f"ours takes {seconds / theirs[0]:.4f} of it"
            row(f"  pygamma-agreement, {title}", theirs[0], "", f"γ {theirs[1]:.3f}, {ratio}")
    long = Continuum(tuple(flat(600_000, 15_000, seed) for seed in range(3)), 600_000)
    seconds, peak, _ = measured(lambda: unitized(unitizing_columns([long], LABELS), Sampling()))
    row("uα, |uα, cuα, 3 readers × 600,000 positions", seconds, peak)
    seconds, peak, _ = measured(partial(alpha_2004, [long], LABELS))
    row("α of 2004, the same", seconds, peak)
    count = asked.documents
    texts = [text(40, 600, seed) for seed in range(count)]
    seconds, peak, found = measured(partial(gamma, texts), 1)
    row(f"γ, {count} documents × 3 × 40, intervals", seconds, peak, f"γ {found.value:.3f}")
    articles = corpus(count)
    for extent in ("matching", "coefficients", "all"):
        seconds, peak, _ = measured(partial(agree, articles, extent=extent), 1)
        row(f"agree, {extent}, the same corpus", seconds, peak)


def row(name: str, seconds: float | str = "", peak: float | str = "", result: str = "") -> None:
    """One line of the table."""
    spent = f"{seconds:.2f}" if isinstance(seconds, float) else seconds
    took = f"{peak:.0f}" if isinstance(peak, float) else peak
    print(f"{name:46} {spent:>8} {took:>8}  {result}", flush=True)


if __name__ == "__main__":
    main()

"""How the time of reading grows with the length of one document, for each format.

`python -m benchmarks.growth [--formats conll brat] [--tokens 10000 100000 1000000] [--rounds 1]`: a
document of so many tokens, with a span at every thirteenth and relations between some, is written in each
format and read again. Each reading is the first of its kind in a process: a copy of one that has imported
what it needs and read a small file. In a round the longest document is read once and the others several
times, for their mean, so that whatever else the machine does slows all of them alike; of several rounds the
quickest is taken. One word has a decomposed letter where the format keeps the raw text, so that offsets
must be moved. Quotes are written by hand and are left out.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.growth_files import ENDINGS, write

#: How much longer a token may take in the longest document than in the shortest.
GROWTH = 1.3
TOKENS = (10_000, 100_000, 1_000_000)
#: What is read first, so that imports do not count.
WARM = 1000
#: How often a document is read in a round, at most.
TIMES = 20


def read(name: str, path: Path, warm: Path) -> tuple[float, float]:
    """The CPU seconds of reading a path in a copy of this process, and the most megabytes that it had."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.write(theirs, json.dumps(_read_once(name, path, warm)).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as answer:
        said = answer.read()
    if os.waitpid(child, 0)[1] or not said:
        raise SystemExit(f"{name}: {path.name} could not be read")
    cpu, megabytes = json.loads(said)
    return cpu, megabytes


def _read_once(name: str, path: Path, warm: Path) -> tuple[float, float]:
    from goldwire.formats.options import ConversionOptions
    from goldwire.formats.registry import FORMATS

    FORMATS[name].read(
        warm, ConversionOptions(language="xx")
    )  # the memory that this copy shares with the first
    start = time.process_time()
    articles = FORMATS[name].read(path, ConversionOptions(language="xx"))
    cpu = time.process_time() - start
    if len(articles) != 1 or not articles[0].annotations[0].spans:
        raise SystemExit(f"{name}: not what was written")
    return cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> int:
    """Measure, print a table, and say which formats grow by more than they may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--formats", nargs="+", choices=ENDINGS, default=list(ENDINGS))
    parser.add_argument("--tokens", nargs="+", type=int, default=list(TOKENS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        [name] = options.formats
        print(json.dumps(measured(Path(options.one), name, options.tokens, options.rounds)))
        return 0
    figures: dict[str, dict[str, dict[str, float]]] = {}
    over = []
    for name in options.formats:
        figures[name] = _in_a_process(name, options.tokens, options.rounds)
        each = [figures[name][str(tokens)]["cpu"] / tokens for tokens in options.tokens]
        shown = "".join(f"  {1e6 * seconds:7.2f}" for seconds in each)
        peak = figures[name][str(options.tokens[-1])]["megabytes"]
        growth = each[-1] / each[0]
        print(f"{name:<12}{shown} µs a token   × {growth:.2f}   {peak:6.0f} MB", flush=True)
        if growth > GROWTH:
            over.append(name)
    print(f"documents of {', '.join(f'{tokens:,}' for tokens in options.tokens)} tokens; at most × {GROWTH}")
    print(f"over: {', '.join(over) or 'none'}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def measured(folder: Path, name: str, sizes: list[int], rounds: int) -> dict[int, dict[str, float]]:
    """The figures of one format, by the number of tokens."""
    paths = {tokens: folder / f"{name}-{tokens}" / f"d{ENDINGS[name]}" for tokens in (WARM, *sizes)}
    for tokens, path in paths.items():
        path.parent.mkdir(exist_ok=True)
        if child := os.fork():  # so that the memory of writing is not this process's
            if os.waitpid(child, 0)[1]:
                raise SystemExit(f"{name}: {path.name} could not be written")
        else:
            code = 1
            try:
                write(path, name, tokens)
                code = 0
            finally:
                os._exit(code)
    _read_once(name, paths[WARM], paths[WARM])
    gc.collect()
    figures = {tokens: {"cpu": float("inf"), "megabytes": 0.0} for tokens in sizes}
    for _ in range(rounds):
        for tokens, figure in figures.items():
            times = min(TIMES, max(1, sizes[-1] // tokens // 3))
            readings = [read(name, paths[tokens], paths[WARM]) for _ in range(times)]
            figure["cpu"] = min(figure["cpu"], sum(cpu for cpu, _ in readings) / times)
            figure["megabytes"] = max(figure["megabytes"], *(most for _, most in readings))
    return figures


def _in_a_process(name: str, sizes: list[int], rounds: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.growth", "--one", folder, "--formats", name]
        command += ["--rounds", str(rounds), "--tokens", *map(str, sizes)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    figures: dict[str, dict[str, float]] = json.loads(answer)
    return figures


if __name__ == "__main__":
    raise SystemExit(main())

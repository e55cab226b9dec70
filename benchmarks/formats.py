"""JSON Lines to parquet through the validated model, beside a bare pyarrow write of the same dictionaries.

`python -m benchmarks.formats [--documents 10000]`: each side is a process of its own; CPU is all that the
process took, imports and all, memory its peak. Bare: `json.loads` a line, `pyarrow.Table.from_pylist`,
`pyarrow.parquet.write_table`. Ours: every line decoded and validated (types, offsets, ids, ends of
relations), as articles, a batch at a time, to one parquet file; beside it the dataset's folder with its typed
columns.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.score_files import measured

SPANS, WORDS, LABELS = 38.5, 600, 8
#: How much of the bare write's CPU ours may take; how far its peak may grow from a quarter of the documents
#: to all of them.
SHARE, GROWTH = 1.5, 1.25
#: What Label Studio's own CoNLL export kept of an earlier annotation of the five articles (SDK 2.1.2).
PEER = "for comparison: Label Studio's CoNLL kept 157 of 213 entities (74 %), no nested one, no relation"


def corpus(path: Path, documents: int, seed: int = 1) -> int:
    """Write `documents` lines of 600 words with 38 or 39 spans, many nested; the number of spans."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyzéà"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(5000)]
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for number in range(documents):
            text, starts = "", []
            chosen = rng.choices(words, k=WORDS)
            for word in chosen:
                starts.append(len(text))
                text += word + " "
            spans = []
            for index in range(int(SPANS) + number % 2):
                first = rng.randrange(WORDS - 10)
                last = first + rng.randint(0, 5)
                extent = {"start": starts[first], "end": starts[last] + len(chosen[last])}
                label = f"L{rng.randrange(LABELS)}"
                spans.append({"id": f"s{index}", "layer": "entity", "label": label, **extent,
                              "attributes": {"mention": rng.choice(["name", "nominal"])}})  # fmt: skip
            count += len(spans)
            annotation = {"annotator": "a", "schema": "bench@1", "status": "draft", "spans": spans}
            line = {"id": f"d{number}", "text": text.strip(), "meta": {"title": f"t{number}"}}
            stream.write(json.dumps({**line, "annotations": [annotation]}, ensure_ascii=False) + "\n")
    return count


def bare(source: Path, target: Path) -> None:
    """The dictionaries as they are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with source.open("rb") as stream:
        rows = [json.loads(line) for line in stream]
    pq.write_table(pa.Table.from_pylist(rows), target)


def ours(source: Path, target: Path, found: bool = False) -> None:
    """As `goldwire corpus convert` does it; a folder by a schema, or by the labels as `found`."""
    from goldwire.formats.convert import convert
    from goldwire.formats.options import ConversionOptions

    schema = source.with_suffix(".yaml")
    setting = ConversionOptions(schema_path=None if found or target.suffix == ".parquet" else schema)
    convert(source, target, source="jsonl", target="parquet", setting=setting)


def schema_file(path: Path) -> None:
    """A schema for the corpus, so that the folder's columns are typed."""
    labels = {f"L{n}": {"name": f"l{n}", "definition": "x", "color": f"#0000{n:02d}"} for n in range(LABELS)}
    values = {"name": {"title": "nom"}, "nominal": {"title": "groupe"}}
    mention = {"title": "Mention", "kind": "choice", "values": values}
    layer = {"title": "Entités", "labels": labels, "attributes": {"mention": mention}}
    schema = {
        "name": "bench",
        "version": "1",
        "language": "fr",
        "title": "Bench",
        "layers": {"entity": layer},
    }
    path.write_text(json.dumps(schema, ensure_ascii=False), encoding="utf-8")


def main() -> int:
    """Measure all sides and print the ratios; 1 where ours takes more than it may."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many runs counts")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        side, source, target = options.side
        if side == "bare":
            bare(Path(source), Path(target))
        else:
            ours(Path(source), Path(target), side == "found")
        return 0
    figures: dict[str, Any] = {"documents": options.documents}
    with tempfile.TemporaryDirectory() as folder:
        full, part = Path(folder) / "full.jsonl", Path(folder) / "part.jsonl"
        figures["spans"] = corpus(full, options.documents)
        corpus(part, options.documents // 4)
        for source in (full, part):
            schema_file(source.with_suffix(".yaml"))
        sides = {
            "bare": ("bare", full, Path(folder) / "bare.parquet"),
            "ours": ("ours", full, Path(folder) / "ours.parquet"),
            "quarter": ("ours", part, Path(folder) / "part.parquet"),
            "folder": ("ours", full, Path(folder) / "dataset"),
            "found": ("found", full, Path(folder) / "found"),
        }
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for _ in range(options.repeats):
            for name, (side, source, target) in sides.items():
                words = ["-m", "benchmarks.formats", "--side", side, str(source), str(target)]
                runs[name].append(measured([sys.executable, *words]))
        for name, several in runs.items():
            figures[name] = sorted(several, key=lambda run: run["cpu"])[len(several) // 2]
    figures["ratio"] = figures["ours"]["cpu"] / figures["bare"]["cpu"]
    figures["folder_ratio"] = figures["folder"]["cpu"] / figures["bare"]["cpu"]
    figures["growth"] = figures["ours"]["megabytes"] / figures["quarter"]["megabytes"]
    print(f"JSON Lines to parquet, {options.documents} documents, {figures['spans']} spans")
    shown = {
        "bare": "json + pyarrow, unchecked",
        "ours": "ours, validated, one file",
        "quarter": "ours, a quarter of them",
        "folder": "ours, the dataset's folder",
        "found": "the folder, labels as found",
    }
    for name, what in shown.items():
        one = figures[name]
        print(f"  {what:<28} {one['cpu']:6.2f} s CPU  {one['megabytes']:5.0f} MB")
    figures["found_ratio"] = figures["found"]["cpu"] / figures["bare"]["cpu"]
    folders = f"of the folder {figures['folder_ratio']:.2f}, as found {figures['found_ratio']:.2f}"
    print(f"  ratio {figures['ratio']:.2f} (at most {SHARE}), {folders}")
    print(f"  peak × {figures['growth']:.2f} from a quarter to all (at most {GROWTH})")
    print(f"  {PEER}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(figures["ratio"] > SHARE or figures["growth"] > GROWTH)


if __name__ == "__main__":
    raise SystemExit(main())

"""What commands over a corpus cost: whole processes, at two sizes, with the growth between them.

`python -m benchmarks.corpora [--articles 5000 20000] [--only check stats …]`: a project of so many articles
of about 300 words is made of the annotated sentences of the example project, which bring their spans,
attributes and relations, and of those of wikinews-fr where it lies beside the checkout. Printed are seconds
of the cores and the most megabytes of all of a command's processes together.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.archive import ROOT, WORDS, Cost, measured, sentences

#: The share of sentences that are annotated ones: some 22 spans an article.
ANNOTATED = 0.25
#: What is measured: the command, with the places of project and scratch folder to be filled in.
COMMANDS = {
    "check": "corpus check --project {project}",
    "stats": "corpus stats --project {project}",
    "build": "corpus build --project {project}",
    "split": "corpus split --project {project} --shared 0 --out {scratch}/split.json",
    "diff": "corpus diff {project} {other} --project {project}",
    "review": "corpus review --project {project} --out {scratch}/review.html",
    "browse": "corpus browse --project {project} --out {scratch}/site",
    "agree": "eval agree {a} {b} --no-gamma",
    "compare": "eval compare {gold} {a} {b} --layer entity --rounds 1000",
    "import": "corpus convert {gold} {empty} --to store --strict",
    "brat": "corpus convert {gold} {scratch}/brat --to brat",
}


def marked_sentences() -> list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """The example's sentences that hold spans, each with its spans and the relations between them."""
    parts = []
    for path in sorted((ROOT / "annotate/annotations/adjudicated").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        text = (ROOT / "seeds/articles" / f"{record['document']}.txt").read_text(encoding="utf-8")
        for match in re.finditer(r"[^.!?\n]+[.!?]?", text):
            spans = [s for s in record["spans"] if match.start() <= s["start"] and s["end"] <= match.end()]
            if not spans:
                continue
            ids = {span["id"] for span in spans}
            relations = [r for r in record.get("relations", []) if r["head"] in ids and r["tail"] in ids]
            moved = [
                span | {"start": span["start"] - match.start(), "end": span["end"] - match.start()}
                for span in spans
            ]
            # Whoever else marked it: such readings would rest on others.
            for each in (*moved, *relations):
                each.pop("marked_by", None)
            parts.append((match.group(), moved, relations))
    return parts


def articles(
    number: int, seed: int = 0
) -> Iterator[tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """So many articles: id, text, spans, relations."""
    chance, bare, marked = random.Random(seed), sentences(), marked_sentences()
    for n in range(number):
        text, size = "", 0
        spans: list[dict[str, Any]] = []
        relations: list[dict[str, Any]] = []
        while size < WORDS:
            part: tuple[str, list[dict[str, Any]], list[dict[str, Any]]] = (chance.choice(bare), [], [])
            if chance.random() < ANNOTATED:
                part = chance.choice(marked)
            names = {span["id"]: f"T{len(spans) + k}" for k, span in enumerate(part[1], start=1)}
            spans += [
                span
                | {
                    "id": names[span["id"]],
                    "start": span["start"] + len(text),
                    "end": span["end"] + len(text),
                }
                for span in part[1]
            ]
            relations += [r | {"head": names[r["head"]], "tail": names[r["tail"]]} for r in part[2]]
            text += part[0] + " "
            size += len(part[0].split())
        yield f"a{n:07}", text.rstrip() + f" {n}.", spans, relations


def make(folder: Path, number: int) -> dict[str, Path]:
    """A project of so many articles, another whose every hundredth annotation lacks a span, and files."""
    places = {"project": folder / "project", "other": folder / "other", "empty": folder / "empty"}
    for place in places.values():
        (place / "seeds").mkdir(parents=True)
        shutil.copytree(ROOT / "schemas", place / "schemas")
        shutil.copy(ROOT / "goldwire.toml", place)
        (place / "annotate/annotations/anna").mkdir(parents=True)
    places |= {name: folder / f"{name}.jsonl" for name in ("gold", "a", "b")}
    files = {name: places[name].open("w", encoding="utf-8") for name in ("gold", "a", "b")}
    listing = (places["project"] / "seeds/articles.jsonl").open("w", encoding="utf-8")
    stamp = json.loads(next((ROOT / "annotate/annotations/adjudicated").glob("*.json")).read_text())["schema"]
    chance = random.Random(1)
    for n, (name, text, spans, relations) in enumerate(articles(number)):
        meta = {"source": f"s{n % 7}", "published": f"{2000 + n % 25}-01-01", "language": "fr"}
        listing.write(json.dumps({"id": name, "text": text, **meta}, ensure_ascii=False) + "\n")
        record = {"document": name, "annotator": "anna", "schema": stamp, "status": "submitted"}
        record |= {"provenance": {"kind": "human"}, "spans": spans, "relations": relations}
        for which in ("project", "other"):
            lacking = which == "other" and not n % 100
            fewer = record | {"spans": spans[:-1], "relations": []} if lacking else record
            path = places[which] / f"annotate/annotations/anna/{name}.json"
            path.write_text(json.dumps(fewer, ensure_ascii=False), encoding="utf-8")
        for side, stream in files.items():
            kept = [span for span in spans if side == "gold" or chance.random() < 0.9]
            ids = {span["id"] for span in kept}
            row = record | {"annotator": side, "spans": kept}
            row["relations"] = [r for r in relations if r["head"] in ids and r["tail"] in ids]
            del row["document"]
            line = {"id": name, "text": text, "meta": meta, "annotations": [row]}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    for stream in (*files.values(), listing):
        stream.close()
    for which in ("other", "empty"):
        shutil.copy(places["project"] / "seeds/articles.jsonl", places[which] / "seeds")
    return places


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[5_000, 20_000])
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    options = parser.parse_args()
    before: dict[str, tuple[int, Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in options.articles:
            places = make(Path(folder) / str(size), size)
            for name in options.only:
                scratch = Path(tempfile.mkdtemp(dir=folder))
                words = COMMANDS[name].format(**places, scratch=scratch).split()
                cost = measured(*words, codes=(0, 1))  # 1: a check that found something
                growth = ""
                if name in before:
                    smaller, less = before[name]
                    more = (cost.cpu / size) / (less.cpu / smaller)
                    larger = cost.megabytes - less.megabytes
                    growth = f"; an article {more:.2f} of the core before, {larger:+,.0f} MB"
                print(
                    f"{name} {size:,}: {cost.cpu:.1f} s of cores, {cost.megabytes:,.0f} MB{growth}",
                    flush=True,
                )
                before[name] = size, cost


if __name__ == "__main__":
    main()

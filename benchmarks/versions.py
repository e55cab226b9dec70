"""Near-duplicates beside rensa alone, and `corpus diff`, on made-up corpora.

`python -m benchmarks.versions [--documents 100000] [--diff 10000]`. Rensa's own time is that of a signature
for each document, from shingles that lie ready, and of its LSH over them; shingling is the plain way in
Python. CPU seconds over all threads, the median of the runs. Documents have 60 words, drawn by Zipf's law;
each planted copy differs from its original by one to eight words.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORDS, PLANTED = 60, 0.02
#: How many times rensa's own time and shingling ours may take; the recall wanted; CPU seconds for the diff.
SHARE, RECALL, SECONDS = 2.0, 0.98, 5.0


def texts(documents: int, seed: int = 1) -> tuple[list[str], list[tuple[int, int]]]:
    """Texts, and the pairs of an original and its planted copy."""
    rng = random.Random(seed)
    vocabulary = [f"mot{number}" for number in range(30_000)]
    weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(vocabulary))))
    originals = documents - int(documents * PLANTED)
    flat = rng.choices(vocabulary, cum_weights=weights, k=originals * WORDS)
    made = [flat[i * WORDS : (i + 1) * WORDS] for i in range(originals)]
    planted = []
    for source in rng.sample(range(originals), documents - originals):
        copy = list(made[source])
        for place in rng.sample(range(WORDS), rng.randint(1, 8)):
            copy[place] = rng.choice(vocabulary)
        planted.append((source, len(made)))
        made.append(copy)
    return [" ".join(words) for words in made], planted


def shingled(listed: list[str]) -> list[list[str]]:
    """The plain way: every three words in a row."""
    found = []
    for text in listed:
        words = text.lower().split()
        found.append([" ".join(words[i : i + 3]) for i in range(len(words) - 2)])
    return found


def rensa_alone(sets: list[list[str]]) -> int:
    """Signatures and LSH flags."""
    from rensa import RMinHash, RMinHashLSH

    from goldwire.near_duplicates import SIMILAR, SLOTS, band_rows

    matrix = RMinHash.digest_matrix_from_token_sets(sets, SLOTS, 20)
    lsh = RMinHashLSH(SIMILAR, SLOTS, SLOTS // band_rows(SIMILAR))
    return sum(lsh.query_duplicate_flags_matrix_one_shot(matrix))


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of all threads, and the result."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def near(documents: int, repeats: int) -> dict[str, Any]:
    """Our time beside rensa's, recall on planted pairs, precision over all that is found."""
    from goldwire.near_duplicates import SIMILAR, near_duplicates

    listed, planted = texts(documents)
    rows = []
    near_duplicates(listed[:200])
    found: list[Any] = []
    for _ in range(repeats):
        plain, sets = cpu(lambda: shingled(listed))
        alone, _flagged = cpu(lambda sets=sets: rensa_alone(sets))  # type: ignore[misc]
        del sets
        ours, found = cpu(lambda: near_duplicates(listed))
        rows.append((plain, alone, ours))
    plain, alone, ours = (statistics.median(column) for column in zip(*rows, strict=True))

    def jaccard(pair: tuple[int, int]) -> float:
        one, two = (set(sets) for sets in shingled([listed[pair[0]], listed[pair[1]]]))
        return len(one & two) / len(one | two)

    got = {(pair.first, pair.second) for pair in found}
    wanted = [pair for pair in planted if jaccard(pair) >= SIMILAR]
    return {
        "documents": documents,
        "shingling": plain,
        "rensa": alone,
        "ours": ours,
        "ratio": ours / (plain + alone),
        "planted": len(planted),
        "planted_at_threshold": len(wanted),
        "recall": sum(pair in got for pair in wanted) / len(wanted),
        "recall_of_all_planted": sum(pair in got for pair in planted) / len(planted),
        "found": len(got),
        "precision": sum(jaccard(pair) >= SIMILAR for pair in got) / len(got),
        "precision_planted": len(got & set(planted)) / len(got),
    }


def write_versions(folder: Path, documents: int, seed: int = 2) -> None:
    """Two versions as JSON Lines: 38 nested spans and 8 relations a document, of which three in ten changed.

    One document in 200 is gone in the second, one in 50 has another word in its text.
    """
    from msgspec import structs

    from goldwire.formats.jsonl import write_jsonl
    from goldwire.model import Annotation, Article, Document, Relation, Span

    rng = random.Random(seed)
    vocabulary = [f"mot{number}" for number in range(5_000)]
    old, new = [], []
    for number in range(documents):
        name = f"d{number}"
        text = " ".join(rng.choices(vocabulary, k=300))
        starts = [rng.randrange(len(text) - 20) for _ in range(38)]
        spans = [
            Span(f"s{i}", "entity" if i % 3 else "event", rng.choice("ABCDEFGH"), s, s + rng.randint(3, 15))
            for i, s in enumerate(starts)
        ]
        relations = tuple(Relation("actor", f"s{3 * i}", f"s{3 * i + 1}") for i in range(8))
        annotation = Annotation(name, "a", "bench@1", spans=tuple(spans), relations=relations)
        old.append(Article(Document(name, text), (annotation,)))
        if number % 200 == 0:
            continue
        kind = number % 10
        if kind == 0:
            spans[3] = structs.replace(spans[3], end=spans[3].end + 2)
        elif kind == 1:
            spans[4] = structs.replace(spans[4], label="Z")
        elif kind == 2:
            spans.append(Span("new", "entity", "A", 0, 5))
        if number % 50 == 7:
            text = text.replace("mot1", "mot11")
        new.append(Article(Document(name, text), (structs.replace(annotation, spans=tuple(spans)),)))
    write_jsonl(folder / "old.jsonl", old)
    write_jsonl(folder / "new.jsonl", new)


def compared(documents: int, repeats: int) -> dict[str, Any]:
    """CPU seconds of `corpus diff` on two such files: reading, comparing, what is due."""
    from goldwire.corpus.versions.changelog import due
    from goldwire.corpus.versions.diff import diff
    from goldwire.corpus.versions.load import read_versions
    from goldwire.project import example_root, load_project

    project = load_project(example_root())
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_versions(folder, documents)
        for _ in range(repeats):
            names = str(folder / "old.jsonl"), str(folder / "new.jsonl")
            reading, sides = cpu(lambda names=names: read_versions(names[0], names[1], project))  # type: ignore[misc]
            comparing, found = cpu(lambda sides=sides: diff(*sides))  # type: ignore[misc]
            due(found)
            rows.append((reading, comparing))
    reading, comparing = (statistics.median(column) for column in zip(*rows, strict=True))
    totals = {kind: sum(counts[kind] for counts in found.spans.values()) for kind in ("before", "after")}
    return {
        "documents": documents,
        "spans": totals,
        "reading": reading,
        "comparing": comparing,
        "seconds": reading + comparing,
        "found": found.kinds,
    }


def main() -> int:
    """Measure, print; 1 where a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--diff", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many runs counts")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    one, other = near(options.documents, options.repeats), compared(options.diff, options.repeats)
    print(f"near-duplicates in {one['documents']:,} documents of {WORDS} words, CPU seconds")
    print(f"  shingling {one['shingling']:.2f}, rensa {one['rensa']:.2f}, ours in all {one['ours']:.2f}")
    print(
        f"  ours / (rensa + shingling) {one['ratio']:.2f} (at most {SHARE:g}); ours less shingling: ", end=""
    )
    print(f"{(one['ours'] - one['shingling']) / one['rensa']:.2f} of rensa's time")
    print(
        f"  recall {one['recall']:.4f} of {one['planted_at_threshold']} planted pairs (at least {RECALL:g})"
    )
    print(
        f"  precision {one['precision']:.4f} of {one['found']} found; planted: {one['precision_planted']:.4f}"
    )
    print(
        f"corpus diff of two versions of {other['documents']:,} documents, {other['spans']['before']:,} spans"
    )
    print(f"  reading {other['reading']:.2f}, comparing {other['comparing']:.2f} CPU seconds; ", end="")
    print(f"in all {other['seconds']:.2f} (under {SECONDS:g})")
    if options.json:
        Path(options.json).write_text(json.dumps({"near": one, "diff": other}, indent=1) + "\n")
    reached = one["ratio"] <= SHARE and one["recall"] >= RECALL and other["seconds"] < SECONDS
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Targets that hold something of a stranger's."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.fault_counts import FaultCounts, call, tree
from tests.corpus.mini import mini_project
from tests.train.conftest import TINY


def _foreign(folder: Path) -> dict[str, bytes]:
    """A stranger's folder: what our own folders have too, and what they don't."""
    for name in ("meta.json", "goldwire-site.json", "README.md", "config.cfg", "thesis.docx", "data/raw.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"theirs: {name}", encoding="utf-8")
    return tree(folder)


def strangers(place: Path) -> FaultCounts:
    """Targets that hold something: nothing of a stranger's is removed or written over without a word."""
    counts = FaultCounts("folders and files of strangers as targets")
    project = mini_project(place / "strangers")
    (project.root / "tiny.cfg").write_text(TINY, encoding="utf-8")
    training = ("train", "--layer", "thing", "--spans", "--config", "tiny.cfg", "--processes", "1")
    calls: list[tuple[str, tuple[str, ...]]] = [
        ("site", ("corpus", "browse", "--out", "{}")),
        ("model", (*training, "--out", "{}")),
        ("brat", ("corpus", "convert", ".", "{}", "--from", "store", "--to", "brat")),
        ("cas", ("corpus", "convert", ".", "{}", "--from", "store", "--to", "cas")),
        ("parquet", ("corpus", "convert", ".", "{}", "--from", "store", "--to", "parquet")),
        ("corpus", ("corpus", "build")),
    ]
    for name, words in calls:
        folder = project.root / name
        before = _foreign(folder)
        counts.faults += 1
        said = call(project.root, *(word.format(folder) for word in words))
        counts.ended(" ".join(words), said)
        after = tree(folder)
        for path, data in before.items():
            if after.get(path) != data:
                counts.fault(f"{' '.join(words)}: {path}", "lost")
    return counts

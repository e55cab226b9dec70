"""Files damaged, with keys doubled, misplaced: what the commands that read them make of it."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

from benchmarks.faults.fault_counts import FaultCounts, call, tree
from goldwire.annotations.store import read_annotations
from goldwire.project import load_project
from tests.corpus.mini import mini_project

GOLDEN = Path(__file__).parents[2] / "tests/formats/golden"
#: The commands that read a whole project, or that write one of its parts.
READING = (("corpus", "check"), ("corpus", "stats"), ("corpus", "build"))
SAMPLES = (
    *(("jsonl", "sample.jsonl"), ("labelstudio", "labelstudio.json"), ("conll", "sample.conll")),
    *(("brat", "brat"), ("cas", "cas")),
)
_ODD = (b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"[" * 3000)


def bytes_damaged(data: bytes, rng: random.Random) -> bytes:
    """Up to three changes: a bit, a cut, a piece twice, a piece gone, foreign bytes."""
    for _ in range(rng.randint(1, 3) if data else 0):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.randint(1, 40))
        data = rng.choice(
            (
                lambda d=data, at=at: d[:at] + bytes(b ^ 8 for b in d[at : at + 1]) + d[at + 1 :],
                lambda d=data, at=at: d[:at],
                lambda d=data, at=at, end=end: d[:end] + d[at:end] + d[end:],
                lambda d=data, at=at, end=end: d[:at] + d[end:],
                lambda d=data, at=at: d[:at] + rng.choice(_ODD) + d[at:],
            )
        )()  # fmt: skip
    return data


def mutated_projects(place: Path, number: int) -> FaultCounts:
    """A file of a project damaged, then every command that reads it."""
    counts, rng = FaultCounts("mutated files of a project"), random.Random(1)
    sound = mini_project(place / "sound").root
    files = [
        path
        for path in sorted(sound.rglob("*"))
        if path.is_file() and path.suffix in {".json", ".jsonl", ".yaml", ".toml", ".txt"}
    ]
    for seed in range(number):
        root = place / f"mutated{seed}"
        shutil.copytree(sound, root)
        path = root / rng.choice(files).relative_to(sound)
        path.write_bytes(bytes_damaged(path.read_bytes(), rng))
        counts.faults += 1
        for words in READING:
            before = tree(root)
            said = call(root, *words)
            case = f"seed {seed}, {path.relative_to(root)}, {' '.join(words)}"
            if counts.ended(case, said) == "refused" and tree(root) != before:
                counts.fault(f"{case}: refused, and something was written", "falsified")
        shutil.rmtree(root)
    return counts


def mutated_formats(place: Path, number: int) -> FaultCounts:
    """A file of each format damaged, then read."""
    counts, rng = FaultCounts("mutated files of formats"), random.Random(2)
    for seed in range(number):
        name, sample = SAMPLES[seed % len(SAMPLES)]
        source = place / f"format{seed}" / sample
        source.parent.mkdir(parents=True)
        if (GOLDEN / sample).is_dir():
            shutil.copytree(GOLDEN / sample, source)
            path = rng.choice([found for found in sorted(source.rglob("*")) if found.is_file()])
        else:
            shutil.copy(GOLDEN / sample, source)
            path = source
        path.write_bytes(bytes_damaged(path.read_bytes(), rng))
        counts.faults += 1
        target = source.parent / "out.jsonl"
        said = call(
            source.parent, "corpus", "convert", str(source), str(target), "--from", name, "--to", "jsonl"
        )
        case = f"seed {seed}, {name}, {path.name}"
        if counts.ended(case, said) == "refused" and target.exists():
            counts.fault(f"{case}: refused, and half of it was written", "falsified")
        shutil.rmtree(source.parent)
    return counts


def _key_doubled(text: str, rng: random.Random) -> str:
    """A key of an object stands a second time with another value, as a git merge that kept both leaves it."""
    keys = list(re.finditer(r'"(\w+)": ?(?=["\[{\d])', text))
    found = rng.choice(keys)
    return f"{text[: found.start()]}{found[0]}[], {text[found.start() :]}"


def doubled_keys(place: Path, number: int) -> FaultCounts:
    """A JSON key stands twice in the store or in the seeds: it is named, or nothing of it is passed over."""
    counts, rng = FaultCounts("JSON keys that stand twice"), random.Random(3)
    sound = mini_project(place / "sound-keys").root
    files = [*sorted(sound.rglob("annotations/**/*.json")), sound / "seeds/articles.jsonl"]
    for seed in range(number):
        root = place / f"keys{seed}"
        shutil.copytree(sound, root)
        path = root / rng.choice(files).relative_to(sound)
        path.write_text(_key_doubled(path.read_text("utf-8"), rng), encoding="utf-8")
        counts.faults += 1
        said = call(root, "corpus", "build")
        case = f"seed {seed}, {path.relative_to(root)}"
        end = counts.ended(case, said)
        if end == "taken":
            counts.fault(f"{case}: built from what was left", "falsified")
        elif end == "refused" and path.name not in said.text:
            counts.fault(f"{case}: refused without the file's name", "falsified")
        shutil.rmtree(root)
    return counts


def _places(path: Path, root: Path) -> list[Path]:
    """Where people's tools leave a file of the store."""
    store = root / "annotate/annotations"
    return [
        *(store / "team" / path.parent.name / path.name, store / path.name),
        *(path.with_suffix(".JSON"), path.with_suffix(".json.txt"), path.with_suffix("")),
        *(path.with_name(f"{path.stem} (1).json"), path.with_name(f"Copy of {path.name}")),
        *(path.with_name(path.name.upper()), path.with_name(f"{path.stem}.orig.json")),
        *(store / "other" / path.name, path.parent / "old" / path.name),
    ]


def misplaced(place: Path) -> FaultCounts:
    """A file of the store moved: its work is read, or the file is named."""
    counts = FaultCounts("files of the store moved or renamed")
    sound = mini_project(place / "sound-places").root
    [first, *_] = sorted(sound.rglob("annotations/**/*.json"))
    total = len(read_annotations(load_project(sound)))
    for number, target in enumerate(_places(first, sound)):
        root = place / f"places{number}"
        shutil.copytree(sound, root)
        moved = root / target.relative_to(sound)
        moved.parent.mkdir(parents=True, exist_ok=True)
        (root / first.relative_to(sound)).rename(moved)
        counts.faults += 1
        for words in (("corpus", "check"), ("corpus", "build")):
            said = call(root, *words)
            case = f"{moved.relative_to(root)}, {' '.join(words)}"
            named = moved.name in said.text
            end = counts.ended(case, said)
            if end == "refused" and not named:
                counts.fault(f"{case}: refused without the file's name", "falsified")
            elif end == "taken" and not named and len(read_annotations(load_project(root))) < total:
                counts.fault(case, "lost")
    return counts

"""goldwire broken on purpose: `python -m benchmarks.faults [--share 1.0] [--json FILE]`.

Files are damaged, doubled, misplaced; commands are killed half-way; folders of strangers are targets; bombs
are given to be read; articles of hostile text become pages. Then it is counted what was lost, doubled,
falsified without a word, and what ended in a traceback. Faults of the server are in `faults_server`, pages in
a browser in `faults_pages`. `--share` does so much of each.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.fault_tally import Tally, call, table, tree
from goldwire.annotations.store import read_annotations
from goldwire.project import Project, load_project
from tests.corpus.mini import mini_project
from tests.train.conftest import TINY

GOLDEN = Path(__file__).parents[1] / "tests/formats/golden"
#: The commands that read a whole project, or that write one of its parts.
READING = (("corpus", "check"), ("corpus", "stats"), ("corpus", "build"))
SAMPLES = (
    *(("jsonl", "sample.jsonl"), ("labelstudio", "labelstudio.json"), ("conll", "sample.conll")),
    *(("brat", "brat"), ("cas", "cas")),
)


_ODD = (b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"[" * 3000)


def _bytes_damaged(data: bytes, rng: random.Random) -> bytes:
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


def mutated_projects(place: Path, number: int) -> Tally:
    """A file of a project damaged, then every command that reads it."""
    tally, rng = Tally("mutated files of a project"), random.Random(1)
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
        path.write_bytes(_bytes_damaged(path.read_bytes(), rng))
        tally.faults += 1
        for words in READING:
            before = tree(root)
            said = call(root, *words)
            case = f"seed {seed}, {path.relative_to(root)}, {' '.join(words)}"
            if said.broke:
                tally.fault(f"{case}: {said.broke}", "tracebacks")
            elif said.code == 2:
                tally.refused += 1
                if tree(root) != before:
                    tally.fault(f"{case}: refused, and something was written", "falsified")
            else:
                tally.taken += 1
        shutil.rmtree(root)
    return tally


def mutated_formats(place: Path, number: int) -> Tally:
    """A file of each format damaged, then read."""
    tally, rng = Tally("mutated files of formats"), random.Random(2)
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
        path.write_bytes(_bytes_damaged(path.read_bytes(), rng))
        tally.faults += 1
        target = source.parent / "out.jsonl"
        said = call(
            source.parent, "corpus", "convert", str(source), str(target), "--from", name, "--to", "jsonl"
        )
        case = f"seed {seed}, {name}, {path.name}"
        if said.broke:
            tally.fault(f"{case}: {said.broke}", "tracebacks")
        elif said.code == 0:
            tally.taken += 1
        else:
            tally.refused += 1
            if target.exists():
                tally.fault(f"{case}: refused, and half of it was written", "falsified")
        shutil.rmtree(source.parent)
    return tally


def _key_doubled(text: str, rng: random.Random) -> str:
    """A key of an object stands a second time with another value, as a git merge that kept both leaves it."""
    keys = list(re.finditer(r'"(\w+)": ?(?=["\[{\d])', text))
    found = rng.choice(keys)
    return f"{text[: found.start()]}{found[0]}[], {text[found.start() :]}"


def doubled_keys(place: Path, number: int) -> Tally:
    """A JSON key stands twice in the store or in the seeds: it is named, or nothing of it is passed over."""
    tally, rng = Tally("JSON keys that stand twice"), random.Random(3)
    sound = mini_project(place / "sound-keys").root
    files = [*sorted(sound.rglob("annotations/**/*.json")), sound / "seeds/articles.jsonl"]
    for seed in range(number):
        root = place / f"keys{seed}"
        shutil.copytree(sound, root)
        path = root / rng.choice(files).relative_to(sound)
        path.write_text(_key_doubled(path.read_text("utf-8"), rng), encoding="utf-8")
        tally.faults += 1
        said = call(root, "corpus", "build")
        case = f"seed {seed}, {path.relative_to(root)}"
        if said.broke:
            tally.fault(f"{case}: {said.broke}", "tracebacks")
        elif said.code == 0:
            tally.taken += 1
            tally.fault(f"{case}: built from what was left", "falsified")
        else:
            tally.refused += 1
            if path.name not in said.text:
                tally.fault(f"{case}: refused without the file's name", "falsified")
        shutil.rmtree(root)
    return tally


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


def misplaced(place: Path) -> Tally:
    """A file of the store moved: its work is read, or the file is named."""
    tally = Tally("files of the store moved or renamed")
    sound = mini_project(place / "sound-places").root
    [first, *_] = sorted(sound.rglob("annotations/**/*.json"))
    total = len(read_annotations(load_project(sound)))
    for number, target in enumerate(_places(first, sound)):
        root = place / f"places{number}"
        shutil.copytree(sound, root)
        moved = root / target.relative_to(sound)
        moved.parent.mkdir(parents=True, exist_ok=True)
        (root / first.relative_to(sound)).rename(moved)
        tally.faults += 1
        for words in (("corpus", "check"), ("corpus", "build")):
            said = call(root, *words)
            case = f"{moved.relative_to(root)}, {' '.join(words)}"
            named = moved.name in said.text
            tally.refused += said.code != 0
            tally.taken += said.code == 0
            if said.broke:
                tally.fault(f"{case}: {said.broke}", "tracebacks")
            elif said.code != 0 and not named:
                tally.fault(f"{case}: refused without the file's name", "falsified")
            elif said.code == 0 and not named and _read(load_project(root)) < total:
                tally.fault(case, "lost")
    return tally


def _read(project: Project) -> int:
    return len(read_annotations(project))


def _foreign(folder: Path) -> dict[str, bytes]:
    """A stranger's folder: what our own folders have too, and what they don't."""
    for name in ("meta.json", "goldwire-site.json", "README.md", "config.cfg", "thesis.docx", "data/raw.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"theirs: {name}", encoding="utf-8")
    return tree(folder)


def strangers(place: Path) -> Tally:
    """Targets that hold something: nothing of a stranger's is removed or written over without a word."""
    tally = Tally("folders and files of strangers as targets")
    project = mini_project(place / "strangers")
    (project.root / "tiny.cfg").write_text(TINY, encoding="utf-8")
    calls: list[tuple[str, tuple[str, ...]]] = [
        ("site", ("corpus", "browse", "--out", "{}")),
        (
            "model",
            ("train", "ner", "--layer", "thing", "--config", "tiny.cfg", "--out", "{}", "--processes", "1"),
        ),
        ("brat", ("corpus", "convert", ".", "{}", "--from", "store", "--to", "brat")),
        ("cas", ("corpus", "convert", ".", "{}", "--from", "store", "--to", "cas")),
        ("parquet", ("corpus", "convert", ".", "{}", "--from", "store", "--to", "parquet")),
        ("corpus", ("corpus", "build")),
    ]
    for name, words in calls:
        folder = project.root / name
        before = _foreign(folder)
        tally.faults += 1
        said = call(project.root, *(word.format(folder) for word in words))
        tally.refused += said.code != 0
        tally.taken += said.code == 0
        if said.broke:
            tally.fault(f"{' '.join(words)}: {said.broke}", "tracebacks")
        after = tree(folder)
        for path, data in before.items():
            if after.get(path) != data:
                tally.fault(f"{' '.join(words)}: {path}", "lost")
    return tally


def bombs(place: Path) -> Tally:
    """Small files that grow when they are read: refused in a process of 4 GB within a minute."""
    tally = Tally("bombs")
    root = mini_project(place / "bombs").root
    aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    merges = "".join(f"k{n}: &k{n} {{<<: [*k{n - 1}, *k{n - 1}]}}\n" for n in range(1, 40))
    deep = 40_000
    files = {
        "alias.yaml": f"{aliases}name: *a8\n",
        "merge.yaml": f"k0: &k0 {{a: 1}}\n{merges}",
        "flow.yaml": "name: " + "[" * deep + "]" * deep,
        "maps.yaml": "name: " + "{a: " * deep + "}" * deep,
        "block.yaml": "".join(" " * n + "a:\n" for n in range(3000)),
        "deep.jsonl": '{"id": "a", "text": "b", "meta": {"x": ' + "[" * deep + "]" * deep + "}}\n",
        "objects.jsonl": '{"id": "a", "text": "b", "meta": ' + '{"x": ' * deep + "1" + "}" * deep + "}\n",
        "deep.json": "[" * deep + "]" * deep,
        "digits.jsonl": '{"id": "a", "text": "b", "meta": {"x": ' + "9" * 1_000_000 + "}}\n",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
        words = ["schema", "check", name]
        if name.endswith((".jsonl", ".json")):
            kind = "jsonl" if name.endswith("l") else "labelstudio"
            words = ["corpus", "convert", name, f"{name}.out.jsonl", "--from", kind, "--to", "jsonl"]
        _bomb(tally, root, name, words)
    config = root / "goldwire.toml"
    sound = config.read_text(encoding="utf-8")
    for name, value in (("toml", "[" * deep + "]" * deep), ("inline", "{a=" * deep + "1" + "}" * deep)):
        config.write_text(f"{sound}\n[deep]\nx = {value}\n", encoding="utf-8")
        _bomb(tally, root, name, ["corpus", "check"])
    return tally


def _bomb(tally: Tally, root: Path, name: str, words: Sequence[str]) -> None:
    tally.faults += 1
    limit = 'ulimit -v 4000000; exec timeout 60 "$@"'
    command = ["bash", "-c", limit, "-", sys.executable, "-m", "goldwire", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    tally.refused += done.returncode == 2
    tally.taken += done.returncode == 0
    if done.returncode not in (0, 2) or "Traceback" in done.stderr:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        tally.fault(f"{name}: exit {done.returncode} {last}", "tracebacks")


def killed(place: Path, number: int) -> Tally:
    """Writing commands killed at random points: the next run ends as if there had been none."""
    tally, rng = Tally("kills of build, convert and adjudicate, in time"), random.Random(4)
    sound = mini_project(place / "sound-kills").root
    for words in (
        ("corpus", "build"),
        ("corpus", "convert", ".", "out.parquet", "--from", "store", "--to", "parquet"),
        ("annotate", "adjudicate", "--by", "eve"),
    ):
        wanted = place / f"wanted-{words[1]}"
        shutil.copytree(sound, wanted)
        begun = time.monotonic()
        command = [sys.executable, "-m", "goldwire", *words]
        code = subprocess.run(command, cwd=wanted, capture_output=True, check=False).returncode
        whole = time.monotonic() - begun
        for seed in range(number):
            root = place / f"killed-{words[1]}-{seed}"
            shutil.copytree(sound, root)
            # Most of the time is imports; the later half is where things are written.
            with subprocess.Popen(
                command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                time.sleep(rng.uniform(0.5, 1.0) * whole)
                process.send_signal(signal.SIGKILL)
                cut = process.wait() == -signal.SIGKILL
            tally.faults += cut
            said = call(root, *words)
            case = f"{' '.join(words)}, seed {seed}"
            if said.broke or said.code != code:
                tally.fault(
                    f"{case}: {said.broke or said.text[-200:]}", "tracebacks" if said.broke else "falsified"
                )
            tally.taken += cut and said.code == code
            found, right = tree(root), tree(wanted)
            for name in sorted(found.keys() - right.keys()):
                tally.fault(f"{case}: {name} was left", "doubled")
            for name in sorted(right.keys() - found.keys()):
                tally.fault(f"{case}: {name} is missing", "lost")
            shutil.rmtree(root)
    return tally


def main() -> int:
    """Break and count; 1 where something was lost, doubled, falsified, or ended in a traceback."""
    from benchmarks.faults_pages import hostile_pages
    from benchmarks.faults_server import server_faults

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", action="append", help="one kind; may be repeated")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()

    def times(number: int) -> int:
        return max(1, round(number * float(options.share)))

    runs: dict[str, Callable[[Path], list[Tally]]] = {
        "projects": lambda place: [mutated_projects(place, times(400))],
        "formats": lambda place: [mutated_formats(place, times(600))],
        "keys": lambda place: [doubled_keys(place, times(100))],
        "places": lambda place: [misplaced(place)],
        "strangers": lambda place: [strangers(place)],
        "bombs": lambda place: [bombs(place)],
        "kills": lambda place: [killed(place, times(8))],
        "pages": lambda place: [hostile_pages(place)],
        "server": lambda place: server_faults(place, times(6)),
    }
    tallies: list[Tally] = []
    for name, run in runs.items():
        if options.only and name not in options.only:
            continue
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            tallies += (found := run(Path(place)))
        for tally in found:
            print("\n".join([tally.row(), *(f"  {line}" for line in tally.told[:12])]), file=sys.stderr)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(table(tallies))
    if options.json:
        rows = [tally.as_dict() for tally in tallies]
        Path(options.json).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(any(tally.wrong for tally in tallies))


if __name__ == "__main__":
    raise SystemExit(main())

"""Commands that write, killed at random points: the next run ends as if there had been none."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.faults.fault_counts import FaultCounts, call, tree
from goldwire.project import Project
from tests.corpus.mini import mini_project
from tests.train.conftest import TINY

PLAN = """
from: mini@0.1
to: mini@0.2
operations:
  - {rename: label, name: TOOL, to: UTENSIL}
  - {rename: value, layer: thing, attribute: state, name: raw, to: uncooked}
"""


def _as_it_is(_project: Project) -> None:
    pass


def _new_schema(project: Project) -> None:
    """The schema's next version, and the plan that leads there."""
    (project.root / "plan.yaml").write_text(PLAN, encoding="utf-8")
    path = project.schema_path
    text = path.read_text(encoding="utf-8")
    for old, new in (('version: "0.1"', 'version: "0.2"'), ("TOOL", "UTENSIL"), ("raw", "uncooked")):
        if old not in text:
            raise ValueError(f"the recipes' schema has no {old}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _small_config(project: Project) -> None:
    (project.root / "tiny.cfg").write_text(TINY, encoding="utf-8")


#: What is killed: words, and what its project needs besides.
COMMANDS: tuple[tuple[tuple[str, ...], Callable[[Project], None]], ...] = (
    (("corpus", "build"), _as_it_is),
    (("corpus", "convert", ".", "out.parquet", "--from", "store", "--to", "parquet"), _as_it_is),
    (("annotate", "adjudicate", "--by", "eve"), _as_it_is),
    (("schema", "migrate", "plan.yaml"), _new_schema),
    (("train", "--layer", "thing", "--spans", "--config", "tiny.cfg", "--processes", "1"), _small_config),
)


def killed(place: Path, number: int) -> list[FaultCounts]:
    """Each command killed `number` times, each at another point, and run once more."""
    rng = random.Random(4)
    return [_killed(place, words, prepare, number, rng) for words, prepare in COMMANDS]


def _killed(
    place: Path, words: tuple[str, ...], prepare: Callable[[Project], None], number: int, rng: random.Random
) -> FaultCounts:
    name = " ".join(words[:2])
    counts = FaultCounts(f"kills of `{name}`, in time")
    sound = mini_project(place / f"sound {name}")
    prepare(sound)
    wanted = place / f"wanted {name}"
    shutil.copytree(sound.root, wanted)
    command = [sys.executable, "-m", "goldwire", *words]
    begun = time.monotonic()
    code = subprocess.run(command, cwd=wanted, capture_output=True, check=False).returncode
    seconds = time.monotonic() - begun
    for seed in range(number):
        root = place / f"killed {name} {seed}"
        shutil.copytree(sound.root, root)
        # Most of the time is imports; the later half is where things are written.
        cut = _cut_off(command, root, rng.uniform(0.5, 1.0) * seconds)
        counts.faults += cut
        said = call(root, *words)
        case = f"{name}, seed {seed}"
        if said.broke or said.code != code:
            counts.fault(
                f"{case}: {said.broke or said.text[-200:]}", "tracebacks" if said.broke else "falsified"
            )
        counts.taken += cut and said.code == code
        left, right = tree(root), tree(wanted)
        for path in sorted(left.keys() - right.keys()):
            counts.fault(f"{case}: {path} was left", "doubled")
        for path in sorted(right.keys() - left.keys()):
            counts.fault(f"{case}: {path} is missing", "lost")
        for path in sorted(path for path in left.keys() & right.keys() if _comes_the_same(path)):
            if left[path] != right[path]:
                counts.fault(f"{case}: {path} is another one", "falsified")
        shutil.rmtree(root)
    return counts


def _cut_off(command: list[str], root: Path, delay: float) -> bool:
    """Whether the command still ran after so many seconds, and was killed with all that it had started."""
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=root, start_new_session=True, stdout=nowhere, stderr=nowhere
    ) as process:
        time.sleep(delay)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def _comes_the_same(path: str) -> bool:
    """Whether the same input gives the same bytes: not of what holds an instant or a duration."""
    return path.startswith(("annotate/annotations/", "corpus/")) or path.endswith(".parquet")

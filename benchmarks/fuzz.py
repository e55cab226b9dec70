"""Damaged exports through the importer: `python -m benchmarks.fuzz [NUMBER] [FIRST_SEED]`, default 5,000.

Each is a sound export of one of twelve projects with up to three things changed: bits, types, missing keys,
offsets, nesting. It must be refused in plain words, or taken in with every span of it kept, or put aside in
the quarantine file, or counted as an older annotation's. One of three is read without its config.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.fuzz_projects import PROJECTS, TEXT, FuzzProject
from goldwire.errors import GoldwireError
from goldwire.formats.convert import convert
from goldwire.formats.labelstudio.items import REGIONS
from goldwire.formats.labelstudio.shapes import as_task
from goldwire.formats.options import ConversionOptions

__all__ = ["PROJECTS", "TEXT", "FuzzProject", "mutated", "problem", "project_of", "sound"]

_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3, 0.5, 1e308, float("nan"), float("inf"), 10**400, 2**63, -(2**40)),
    *("", " ", "labels", "relation", "choices", "textarea", "x", "PER", "FOOD", "s1"),
    *("\ud800", "\x00", "yes"),
    *([], {}, [[]], [{}], [None], [1], ["FOOD"], ["FOOD", "TOOL", "FOOD"], {"id": 3}, {"email": "b@x"}),
)


def sound(project: FuzzProject = PROJECTS[0]) -> list[Any]:
    """The undamaged export of a project; goldwire's own has three tasks with all that a result can hold."""
    return copy.deepcopy(project.tasks)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """The places in a tree, each as its container and its key; nothing below 40 levels."""
    found: list[tuple[Any, Any]] = []
    level = [tree]
    for _ in range(40):
        pairs = [
            (node, key) for node in level for key in (node if isinstance(node, dict) else _indices(node))
        ]
        found.extend(pairs)
        level = [node[key] for node, key in pairs]
    return found


def _indices(node: Any) -> range:
    return range(len(node)) if isinstance(node, list) else range(0)


def _type(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = copy.deepcopy(rng.choice(_ODD))


def _missing(holder: Any, key: Any, _rng: random.Random) -> None:
    del holder[key]


def _nest(holder: Any, key: Any, rng: random.Random) -> None:
    node, way = holder[key], rng.randrange(5)
    if way == 0:
        holder[key] = [node]
    elif way == 1:
        holder[key] = {str(rng.choice(("value", "result", "x"))): node}
    elif way == 2:
        for _ in range(rng.randrange(1, 1200)):
            node = [node]
        holder[key] = node
    elif way == 3 and isinstance(holder, list):
        holder.insert(key, node)  # written twice, as two copies
    elif isinstance(node, dict):
        holder[key] = list(node.values())
    elif isinstance(node, list):
        holder[key] = dict(enumerate(node))


def _offset(tree: Any, rng: random.Random) -> None:
    places = [(h, k) for h, k in _places(tree) if k in ("start", "end")]
    if places:
        holder, key = rng.choice(places)
        old = holder[key] if isinstance(holder[key], int) else 0
        odd = (-1, len(TEXT), len(TEXT) + 1, old + rng.randrange(-30, 30), 2**70, str(old), float(old))
        holder[key] = rng.choice(odd)


_WAYS: tuple[Callable[[Any, Any, random.Random], None], ...] = (_type, _missing, _nest)


def project_of(seed: int) -> FuzzProject:
    """The project whose export a seed damages."""
    return PROJECTS[seed % len(PROJECTS)]


def mutated(seed: int, project: FuzzProject = PROJECTS[0]) -> bytes:
    """The damaged export of a seed."""
    rng = random.Random(seed)
    tree: Any = sound(project)
    for _ in range(rng.randrange(1, 4)):
        way = rng.randrange(4)
        places = _places(tree)
        if way == 3 or not places:
            _offset(tree, rng)
        else:
            _WAYS[way](*rng.choice(places), rng)
    if rng.random() < 0.02:
        tree = rng.choice(_ODD)
    try:
        data = bytearray(json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass"))
    except RecursionError:
        data = bytearray(b"[" * 100_000)
    if rng.random() < 0.25:
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.03:
        del data[rng.randrange(len(data)) :]
    if rng.random() < 0.01:
        data = data.replace(b"1.5", b"9" * 5000)
    return bytes(data)


def _results(task: Any) -> list[Any]:
    """The results of a task's annotations; where there are none, those of each model's last prediction."""
    if isinstance(task, dict) and "annotations" in task and not isinstance(task.get("data"), dict):
        task = {**task, "data": {}}  # its spans count, though it is no task
    shaped = as_task(task) or {}
    annotations = [each for each in _several(shaped.get("annotations")) if isinstance(each, dict)]
    if annotations:
        return [each.get("result") for each in annotations]
    predictions = [
        each
        for each in _several(shaped.get("predictions"))
        if isinstance(each, dict) and isinstance(each.get("result"), list)
    ]
    return list({str(each.get("model_version") or "model"): each["result"] for each in predictions}.values())


def _spans_in(task: Any, layers: set[str]) -> int:
    """The spans that a task holds: one for each label of a region, one for a region without."""
    count = 0
    for item in (item for result in _results(task) for item in _list(result) if isinstance(item, dict)):
        kind, value = item.get("type"), item.get("value")
        if isinstance(kind, str) and kind.endswith("labels"):
            labels = _list(value.get(kind)) or _list(value.get("labels")) if isinstance(value, dict) else []
            count += len(set(map(str, labels))) or 1 if kind in REGIONS else 1
        elif kind == "choices" and isinstance(item.get("from_name"), str) and item["from_name"] in layers:
            count += len(set(map(str, _list(value.get("choices") if isinstance(value, dict) else [])))) or 1
    return count


def problem(
    data: bytes, folder: Path, project: FuzzProject = PROJECTS[0], *, with_config: bool = True
) -> tuple[str, str]:
    """What became of an export (`refused` or `taken in`), and what is wrong with that, if anything."""
    source, out, config = folder / "export.json", folder / "out.jsonl", folder / "config.xml"
    source.write_bytes(data)
    setting = ConversionOptions()
    if with_config and project.schema is not None:
        setting.schema = setting.named_schema = project.schema
    elif with_config:
        config.write_text(project.config, encoding="utf-8")
        setting.config_path = config
    try:
        conversion = convert(source, out, source="labelstudio", target="jsonl", setting=setting)
    except GoldwireError as error:
        told = all(fault.message and fault.code.startswith("GW") for fault in error.faults)
        return "refused", "" if told and error.faults else "refused without a reason"
    except Exception as error:  # noqa: BLE001 - any other error is what is looked for
        return "failed", f"{type(error).__name__}: {error}"[:200]
    layers: set[str] = set()
    if with_config:
        layers = (
            set(project.schema.layers) if project.schema is not None else set(setting.inferred.names.layers)
        )
    aside = conversion.quarantine_file
    lines = list(_lines(aside)) if aside is not None else []
    spans, tasks_aside = (
        conversion.account.spans,
        [line for line in lines if line["kind"].startswith("tasks:")],
    )
    kept = sum(len(made.get("spans", ())) for line in _lines(out) for made in line.get("annotations", ()))
    put_aside = sum(line["count"] for line in lines if line["kind"].startswith("spans:"))
    put_aside += sum(_spans_in(line["item"], layers) for line in tasks_aside)
    if spans.kept != kept:
        return "taken in", f"{spans} told, {kept} in the output"
    older = "older annotations of one person" in conversion.lost
    if spans.found > kept + put_aside and not older:
        return "taken in", f"{spans} told, {put_aside} put aside"
    if spans.found < kept + put_aside and not tasks_aside:
        return "taken in", f"{spans} told, but {put_aside} put aside"
    try:
        tasks = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        return "taken in", ""  # a byte of one task that is no UTF-8: which spans it held can't be said
    if any(isinstance(line["item"], str) for line in tasks_aside):
        return "taken in", ""  # nested too deep to be read: neither
    # Without a config, choices are taken for labels where they are of a control that marks.
    if not with_config and b'"choices"' in data:
        return "taken in", ""
    held = sum(_spans_in(task, layers) for task in (tasks if isinstance(tasks, list) else [tasks]))
    return "taken in", f"{spans} told, {held} spans given" if spans.found != held else ""


def _lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as stream:
        yield from map(json.loads, stream)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def main(number: int = 5000, first: int = 0) -> int:
    """Print what became of `number` damaged exports; the number of faults found."""
    begun = time.process_time()
    outcomes: Counter[str] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + number):
            project = project_of(seed)
            outcome, wrong = problem(
                mutated(seed, project), Path(folder), project, with_config=bool(seed // len(PROJECTS) % 3)
            )
            outcomes[outcome] += 1
            if wrong:
                faults += 1
                print(f"seed {seed}, {project.name}: {outcome}: {wrong}")
    figures = ", ".join(f"{name}: {count}" for name, count in sorted(outcomes.items()))
    print(
        f"{number} damaged exports of {len(PROJECTS)} projects: {figures}; faults: {faults}; "
        f"{time.process_time() - begun:.1f} s CPU"
    )
    return faults


if __name__ == "__main__":
    sys.exit(min(1, main(*map(int, sys.argv[1:]))))

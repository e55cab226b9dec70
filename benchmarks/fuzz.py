"""Damaged exports through the importer: `python -m benchmarks.fuzz [NUMBER] [FIRST_SEED]`, default 5,000.

Each is a sound export with up to three things changed: bits, types, missing keys, offsets, nesting. It must
be refused in plain words, or taken in with every annotation and every span kept or told as lost.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from goldwire.errors import GoldwireError
from goldwire.formats.labelstudio.export import read_labelstudio
from goldwire.formats.labelstudio.items import REGIONS
from goldwire.formats.labelstudio.shapes import as_task
from goldwire.formats.options import Setting
from goldwire.schemas import Schema
from goldwire.text import normalise
from tests.annotate import helpers

TEXT = normalise(helpers.TEXT)
_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3, 0.5, 1e308, float("nan"), float("inf"), 10**400, 2**63, -(2**40)),
    *(
        "",
        " ",
        "labels",
        "relation",
        "choices",
        "textarea",
        "x",
        "PER",
        "FOOD",
        "s1",
        "\ud800",
        "\x00",
        "yes",
    ),
    *([], {}, [[]], [{}], [None], [1], ["FOOD"], ["FOOD", "TOOL", "FOOD"], {"id": 3}, {"email": "b@x"}),
)


def _region(name: str, layer: str, labels: list[str], start: int, end: int, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": TEXT[start:end], "labels": labels}
    return {"id": name, "from_name": layer, "to_name": "text", "type": "labels", "value": value, **more}


def _control(name: str, control: str, kind: str, key: str, held: list[str]) -> dict[str, Any]:
    value = {"start": 0, "end": 1, key: held}
    return {"id": name, "from_name": control, "to_name": "text", "type": kind, "value": value}


def sound() -> list[Any]:
    """An export of three tasks with all that a result can hold."""
    result = [
        _region("s1", "thing", ["FOOD"], 0, 1, score=0.5),
        _region("s2", "thing", ["TOOL", "FOOD"], 2, 11, origin="prediction"),
        _region("s3", "thing", ["FOOD"], 5, 9, parentID="s2"),
        _region("e1", "step", ["CUT"], 20, 27, meta={"text": ["?"]}),
        _region("w", "step", ["HEAT"], 11, 14),
        _control("s1", "thing-state", "choices", "choices", ["cooked"]),
        _control("s2", "thing-tastes", "choices", "choices", ["sweet", "sour"]),
        _control("s3", "thing-note", "textarea", "text", ["une", "note"]),
        _control("s3", "thing-word_part", "choices", "choices", ["yes"]),
        _control("e1", "step-how", "textarea", "text", ["vite"]),
        {
            "type": "relation",
            "from_id": "e1",
            "to_id": "s1",
            "direction": "right",
            "labels": ["object", "with"],
        },
        {"type": "relation", "from_id": "s2", "to_id": "e1", "direction": "left", "labels": ["with"]},
    ]
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z", "lead_time": 1.5}
    tasks = []
    for number in range(3):
        annotations = [
            {"id": 10 * number + 1, "completed_by": 1, "result": result, "was_cancelled": False, **times},
            {"id": 10 * number + 2, "completed_by": {"email": "b@x"}, "result": result[:6], **times},
            {"id": 10 * number + 3, "completed_by": 3, "result": [], "was_cancelled": True, **times},
        ]
        data = {"id": f"d{number}", "text": TEXT, "title": "Soupe", "published": "2026-01-01"}
        tasks.append(
            {"id": number, "data": data, "annotations": annotations[: 3 - number], "predictions": [4]}
        )
    return copy.deepcopy(tasks)


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


def mutated(seed: int) -> bytes:
    """The damaged export of a seed."""
    rng = random.Random(seed)
    tree: Any = sound()
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


def _spans_in(task: Any, schema: Schema) -> int:
    """The spans that a task holds: one for each label of a region, one for a region without."""
    shaped = as_task(task)
    results = [a.get("result") for a in _several((shaped or {}).get("annotations")) if isinstance(a, dict)]
    count = 0
    for item in (item for result in results for item in _list(result) if isinstance(item, dict)):
        kind, value = item.get("type"), item.get("value")
        if isinstance(kind, str) and kind.endswith("labels"):
            held = _list(value.get(kind)) or _list(value.get("labels")) if isinstance(value, dict) else []
            count += len(set(map(str, held))) or 1 if kind in REGIONS else 1
        elif kind == "choices" and item.get("from_name") in list(schema.layers):
            count += len(set(map(str, _list(value.get("choices") if isinstance(value, dict) else [])))) or 1
    return count


def problem(data: bytes, path: Path, schema: Schema) -> tuple[str, str]:
    """What became of an export (`refused` or `taken in`), and what is wrong with that, if anything."""
    path.write_bytes(data)
    setting = Setting()
    setting.schema = setting.named_schema = schema
    try:
        articles = read_labelstudio(path, setting)
    except GoldwireError as error:
        told = all(fault.message and fault.code.startswith("GW") for fault in error.faults)
        return "refused", "" if told and error.faults else "refused without a reason"
    except Exception as error:  # noqa: BLE001 - any other error is what is looked for
        return "failed", f"{type(error).__name__}: {error}"[:200]
    spans = setting.account.spans
    found = sum(len(made.spans) for article in articles for made in article.annotations)
    if spans.kept != found:
        return "taken in", f"{spans} told, {found} kept"
    try:
        tasks = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        tasks = []  # a byte of one task that is no UTF-8: which spans it held can't be said
    held = sum(_spans_in(task, schema) for task in (tasks if isinstance(tasks, list) else [tasks]))
    if tasks and spans.found != held:
        return "taken in", f"{spans} told, {held} spans given"
    try:
        msgspec.json.encode(articles)
    except Exception as error:  # noqa: BLE001
        return "failed", f"writing: {type(error).__name__}: {error}"[:200]
    return "taken in", ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def main(number: int = 5000, first: int = 0) -> int:
    """Print what became of `number` damaged exports; the number of faults found."""
    begun, schema = time.process_time(), helpers.make_schema()
    outcomes: Counter[str] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + number):
            outcome, wrong = problem(mutated(seed), Path(folder) / "export.json", schema)
            outcomes[outcome] += 1
            if wrong:
                faults += 1
                print(f"seed {seed}: {outcome}: {wrong}")
    figures = ", ".join(f"{name}: {count}" for name, count in sorted(outcomes.items()))
    print(f"{number} damaged exports: {figures}; faults: {faults}; {time.process_time() - begun:.1f} s CPU")
    return faults


if __name__ == "__main__":
    sys.exit(min(1, main(*map(int, sys.argv[1:]))))

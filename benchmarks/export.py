"""An export of 10,000 tasks to JSON Lines, beside Label Studio's own converter; and one long text.

`python -m benchmarks.export [--tasks 10000] [--own]`: the export is made first, always the same, shaped like
real ones: 46 spans, 10 relations and 8 or 9 choices a task, half of them begun from a prediction. Then each
of `goldwire corpus convert`, CONLL2003 and JSON_MIN works on it in a process of its own. CPU is that of the
whole process, imports included, and beside it that of the work alone; memory is by how much the peak rose
above what the imports took. "Nothing lost" is counted in what was written. The config is not goldwire's own
(other names of controls, another field for the text, labels with blanks) but with `--own`. The long text has
600 kB, line ends as `\\r\\n` and 1,000 spans; beside it one of twice the length with twice the spans.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from goldwire.schemas.rendering.label_config import label_config
from tests.annotate.helpers import make_schema

WORDS = (
    *("L’Élysée", "annonce", "des", "sanctions", "contre", "l’Iran", "et", "l’Irak", "après", "une"),
    *("frappe", "à", "Bagdad", "le", "ministre", "dément", "toute", "menace", "selon", "Reuters"),
    *("mardi", "Washington", "retire", "ses", "troupes", "de", "la", "région", "🇫🇷", "jusqu’ici"),
)
TIMES = {
    "created_at": "2026-03-17T16:08:33.231142Z",
    "updated_at": "2026-03-17T16:08:33.231154Z",
    "draft_created_at": "2026-03-17T13:14:29.499071Z",
}
#: Of CONLL2003's CPU, of JSON_MIN's, and megabytes above import.
WANTED = (0.1, 0.3, 150)
#: Characters and spans of the long text.
LONG = (600_000, 1_000)


#: What another project calls our controls and labels.
NAMES = {"thing": "Things seen", "step": "Step-1", "thing-state": "state of it", "text": "doc"}
LABELS = {
    "FOOD": "Food, raw",
    "TOOL": "kitchen tool",
    "CUT": "cut: fine",
    "object": "acts on",
    "cooked": "Cooked",
}
FOREIGN = """<View><Text name="doc" value="$body"/>
<Labels name="Things seen" toName="doc"><Label value="Food, raw"/><Label value="kitchen tool"/></Labels>
<Labels name="Step-1" toName="doc"><Label value="cut: fine"/></Labels>
<Choices name="state of it" toName="doc" perRegion="true" whenTagName="Things seen">
<Choice value="Cooked"/><Choice value="Raw"/></Choices>
<Relations><Relation value="acts on"/></Relations></View>"""


def renamed(made: dict[str, Any]) -> dict[str, Any]:
    """The task under the config of another project."""
    made["data"]["body"] = made["data"].pop("text")
    for item in made["annotations"][0]["result"]:
        for key in ("from_name", "to_name"):
            if key in item:
                item[key] = NAMES[item[key]]
        for holder, key in (
            (item, "labels"),
            (item.get("value", {}), "labels"),
            (item.get("value", {}), "choices"),
        ):
            if key in holder:
                holder[key] = [LABELS[label] for label in holder[key]]
    return made


def task(number: int, rng: random.Random) -> tuple[dict[str, Any], Counter[str]]:
    """One task as the server exports it, and what it holds."""
    words = [rng.choice(WORDS) for _ in range(600)]
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word) + 1
    text = " ".join(words)
    result: list[dict[str, Any]] = []
    spans = sorted(rng.sample(range(598), 46 + (number % 10 < 3)))
    events: list[str] = []
    things: list[str] = []
    for place, first in enumerate(spans):
        start = starts[first]
        end = starts[first + rng.randrange(1, 3)] - 1
        key = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", k=10))
        event = place % 4 == 0
        (events if event else things).append(key)
        layer, label = ("step", "CUT") if event else ("thing", ("FOOD", "TOOL")[place % 2])
        value = {"start": start, "end": end, "text": text[start:end]}
        shared = {"id": key, "to_name": "text", "origin": ("prediction", "manual")[place % 2]}
        result.append({"value": {**value, "labels": [label]}, **shared, "from_name": layer, "type": "labels"})
        if not event and len(things) <= 8 + number % 2:
            chosen = {**value, "choices": ["cooked"]}
            result.append({"value": chosen, **shared, "from_name": "thing-state", "type": "choices"})
    for index in range(10 + (number % 10 < 3)):
        ends = {"from_id": events[index], "to_id": things[index], "type": "relation"}
        result.append({**ends, "direction": "right", "labels": ["object"]})
    given: dict[str, Any] = {
        "id": number,
        "completed_by": 1 + number % 3,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        **TIMES,
        "lead_time": 445.803,
        "prediction": {},
        "result_count": len(spans),
        "unique_id": f"50b991e6-3db3-4108-a1ef-{number:012}",
        "import_id": None,
        "last_action": None,
        "bulk_created": False,
        "task": number,
        "project": 9,
        "updated_by": 2,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    }
    held = Counter(item["type"] for item in result)
    data = {"id": f"a{number:06}", "uid": f"a{number:06}@x", "text": text, "title": f"Dépêche {number}"}
    made = {"id": number, "annotations": [given], "file_upload": None, "drafts": [], "predictions": [number]}
    times = {key: TIMES[key] for key in ("created_at", "updated_at")}
    tail = {"meta": {}, **times, "inner_id": number, "total_annotations": 1, "cancelled_annotations": 0}
    tail |= {"total_predictions": 1, "comment_count": 0, "unresolved_comment_count": 0, "project": 9}
    return {**made, "data": data, **tail, "updated_by": 2, "comment_authors": []}, held


def write_export(path: Path, tasks: int, *, own: bool = True) -> Counter[str]:
    """An export of that many tasks; what it holds."""
    rng = random.Random(3)
    held: Counter[str] = Counter()
    with path.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for number in range(1, tasks + 1):
            made, counts = task(number, rng)
            held += counts
            stream.write("," if number > 1 else "")
            json.dump(made if own else renamed(made), stream, ensure_ascii=False, separators=(",", ":"))
        stream.write("]")
    return held


def write_long_text(path: Path, length: int, spans: int) -> int:
    """An export of one task, a text of so many characters with `\\r\\n` and its spans; their number."""
    line = "Le cafe\u0301 de L’Élysée, mardi : « non » 🇫🇷 à Bagdad.\r\n"
    text = line * (length // len(line))
    result = []
    for number in range(spans):
        start = text.index("Bagdad", number * (len(text) - len(line)) // spans)
        end = start + len("Bagdad")
        value = {"start": start, "end": end, "text": text[start:end], "labels": ["kitchen tool"]}
        shared = {"id": f"r{number}", "from_name": "Things seen", "to_name": "doc", "type": "labels"}
        result.append({**shared, "value": value})
    given = {"id": 1, "completed_by": 1, "result": result, **TIMES}
    path.write_text(json.dumps([{"id": 1, "data": {"body": text}, "annotations": [given]}]), encoding="utf-8")
    return spans


def ours(source: Path, folder: Path) -> None:
    """`goldwire corpus convert`."""
    from goldwire.cli.corpus import command

    words = ["convert", str(source), str(folder / "ours.jsonl"), "--from", "labelstudio", "--to", "jsonl"]
    schema = folder / "schema.yaml"
    named = ["--schema", str(schema)] if schema.is_file() else ["--config", str(folder / "config.xml")]
    command.main([*words, *named], standalone_mode=False)


def theirs(source: Path, folder: Path, form: str) -> None:
    """`label_studio_sdk.converter`."""
    from label_studio_sdk.converter import Converter

    out = folder / form
    out.mkdir()
    config = (folder / "config.xml").read_text(encoding="utf-8")
    converter = Converter(config, str(out))
    if form == "CONLL2003":
        converter.convert_to_conll2003(str(source), str(out), is_dir=False)
    else:
        converter.convert_to_json_min(str(source), str(out), is_dir=False)


def side(name: str, source: Path, folder: Path) -> dict[str, float]:
    """Import, then work: CPU seconds of both and of the work, megabytes above import."""
    import psutil

    if name == "ours":
        import goldwire.formats.convert
        import goldwire.formats.labelstudio.export  # noqa: F401

    else:
        import label_studio_sdk.converter  # noqa: F401
    process = psutil.Process()
    before, begun = process.memory_info().rss, time.process_time()
    ours(source, folder) if name == "ours" else theirs(source, folder, name)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    work = time.process_time() - begun
    return {"cpu": time.process_time(), "work": work, "megabytes": max(0, peak - before) / 1e6}


def measured(name: str, source: Path, folder: Path) -> dict[str, float]:
    """One side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.export", "--side", name, str(source), str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def kept(path: Path) -> Counter[str]:
    """What the written JSON Lines hold, by the names that an export has for it."""
    found: Counter[str] = Counter()
    with path.open("rb") as stream:
        for line in stream:
            for annotation in json.loads(line)["annotations"]:
                spans = annotation.get("spans", ())
                found["labels"] += len(spans)
                found["choices"] += sum(len(span.get("attributes", ())) for span in spans)
                found["relation"] += len(annotation.get("relations", ()))
    return found


def main() -> int:
    """Measure and print; 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--own", action="store_true", help="under goldwire's own config")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        name, source, folder = options.side
        print(json.dumps(side(name, Path(source), Path(folder))))
        return 0
    figures: dict[str, Any] = {"tasks": options.tasks}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        source = folder / "export.json"
        held = write_export(source, options.tasks, own=options.own)
        config = label_config(make_schema()) if options.own else FOREIGN
        (folder / "config.xml").write_text(config, encoding="utf-8")
        if options.own:
            (folder / "schema.yaml").write_text(schema_text(), encoding="utf-8")
        size = source.stat().st_size / 1e6
        print(f"an export of {options.tasks} tasks, {size:.0f} MB: " + told(held))
        for name in ("ours", "JSON_MIN", "CONLL2003"):
            figures[name] = one = measured(name, source, folder)
            title = "goldwire, to JSON Lines" if name == "ours" else f"label_studio_sdk, {name}"
            print(f"  {title:<28} {one['cpu']:6.1f} s CPU ({one['work']:.1f} s after import)", end="")
            print(f"  {one['megabytes']:5.0f} MB above import", flush=True)
        found = kept(folder / "ours.jsonl")
        for name, times in (("long text", 1), ("twice as long", 2)):
            long = folder / "long.json"
            spans = write_long_text(long, LONG[0] * times, LONG[1] * times)
            figures[name] = one = measured("ours", long, folder)
            came = kept(folder / "ours.jsonl")["labels"]
            print(f"  {name}: {one['work']:.2f} s after import, {came} of {spans} spans kept", flush=True)
    lost = held - found
    figures["lost"] = dict(lost)
    for name, wanted in (("CONLL2003", WANTED[0]), ("JSON_MIN", WANTED[1])):
        figures[f"of {name}"] = ratio = figures["ours"]["cpu"] / figures[name]["cpu"]
        print(f"  {ratio:.3f} of {name}'s CPU (wanted: at most {wanted})")
    print(f"  memory (wanted: at most {WANTED[2]} MB); lost: {told(lost) if lost else 'nothing'}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(bool(lost))


def told(counts: Counter[str]) -> str:
    """Counts in words."""
    return f"{counts['labels']} spans, {counts['relation']} relations, {counts['choices']} choices"


def schema_text() -> str:
    """The schema's file: JSON is YAML."""
    import msgspec

    return msgspec.json.encode(make_schema()).decode()


if __name__ == "__main__":
    raise SystemExit(main())

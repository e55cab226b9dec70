"""The shapes that Label Studio's files have, each brought to that of today's export: tasks with annotations.

A JSON export is a list of tasks. Others are told by what they hold: a single task, a task a line, JSON_MIN
and CSV (the controls' regions beside the data), exports before 1.0 (`completions`), files of a target storage
(an annotation with its task inside), tasks as they are imported (predictions, or the bare data).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from goldwire.errors import GoldwireError
from goldwire.files import read_bytes, read_text
from goldwire.formats.labelstudio.json_array import NotAnArray, elements
from goldwire.seeds.rows import named_twice

#: What JSON_MIN and CSV have beside the data and the controls.
_FLAT = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")
#: Types of items by the key under which their value stands, for exports that don't name the type.
_MARKS = ("labels", "hypertextlabels", "paragraphlabels", "choices", "taxonomy")
_TYPES = {kind: kind for kind in (*_MARKS, "rating", "number", "datetime")} | {"text": "textarea"}


def refused(message: str, where: str, hint: str = "") -> GoldwireError:
    """What is no export, or no task of one."""
    return GoldwireError.of("GW266", message, where=where, hint=hint)


def raw_tasks(path: Path) -> Iterator[tuple[str, bytes]]:
    """The tasks of a file or of a folder of files, each with its place, as JSON: it is not yet looked at.

    Raises GW266 for what is no such file, after the tasks before the fault.
    """
    if path.is_dir():
        yield from _folder(path)
    elif path.suffix.lower() in (".csv", ".tsv"):
        yield from _table(path)
    else:
        yield from _file(path)


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    """Files of a target storage (named by number, with or without a suffix) or several exports."""
    files = [
        file
        for file in sorted(path.iterdir(), key=lambda file: (len(file.stem), file.name))
        if file.is_file() and not file.name.startswith(".") and file.suffix.lower() in (".json", ".jsonl", "")
    ]
    project = (path / "goldwire.toml").is_file()
    if project or not files:
        what = "a goldwire project" if project else "a folder, not an export, and it holds none"
        hint = "name the .json file that Label Studio exported; a project's folder is read --from store"
        raise refused(what, str(path), hint)
    seen: set[bytes] = set()
    for file in files:
        content = read_bytes(file)
        if content not in seen:  # a storage may keep an annotation with and without the suffix
            seen.add(content)
            yield from _file(file)


def _file(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with path.open("rb") as stream:
            head = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
            stream.seek(0)
            if head.startswith(b"{"):
                yield from _objects(path)
                return
            for number, element in enumerate(elements(stream)):
                yield f"{path} $[{number}]", bytes(element)
    except NotAnArray as error:
        message = str(error) if error.began else "neither a list of tasks nor a task"
        hint = "export the project from Label Studio as JSON, JSON_MIN or CSV"
        raise refused(message, str(path), hint) from None
    except UnicodeDecodeError:
        read_text(path)  # names the first bad byte
        raise
    except OSError:
        read_bytes(path)  # says what is the matter
        raise


def _objects(path: Path) -> Iterator[tuple[str, bytes]]:
    """A single task, or a task a line."""
    text = read_text(path)
    if _is_json(text):
        yield f"{path} $", text.encode()
        return
    for number, line in enumerate(text.split("\n"), start=1):  # texts hold what else ends a line
        if line.strip():
            yield f"{path}:{number}", line.encode()


def _table(path: Path) -> Iterator[tuple[str, bytes]]:
    """A CSV or TSV export: cells of controls hold JSON, which goes on as it stands there."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    csv.field_size_limit(1 << 30)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), delimiter=delimiter)
    try:
        if twice := named_twice(reader.fieldnames or ()):
            raise refused(
                f"column `{twice}` stands twice", f"{path}:{reader.line_num}", "rename or remove one"
            )
        for row in reader:
            if row.get(None):
                raise refused("more cells than columns", f"{path}:{reader.line_num}", "export it anew")
            cells = {key: cell for key, cell in row.items() if key is not None and cell is not None}
            members = (f"{json.dumps(key)}: {_cell(key, cell)}" for key, cell in cells.items())
            yield f"{path}:{reader.line_num}", f"{{{', '.join(members)}}}".encode()
    except csv.Error as error:
        raise refused(f"no CSV: {error}", f"{path}:{reader.line_num}") from None


def _cell(column: str, cell: str) -> str:
    """A cell as JSON: what is none is a text."""
    holds_json = cell[:2] in ("[{", '["') or cell[:1] == "{"
    return cell if holds_json and column not in ("text", "id") and _is_json(cell) else json.dumps(cell)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def as_task(held: Any) -> dict[str, Any] | None:
    """A task of today's form from any shape, as a dictionary; None where it is none."""
    if not isinstance(held, dict):
        return None
    if isinstance(held.get("task"), dict) and "result" in held:
        inside = held["task"]
        annotation = {key: value for key, value in held.items() if key != "task"}
        return {**inside, "annotations": [annotation]} if isinstance(inside.get("data"), dict) else None
    if isinstance(held.get("data"), dict):
        if "completions" in held and "annotations" not in held:
            return {**held, "annotations": [_completion(each) for each in _list(held["completions"])]}
        return held
    if "annotations" in held or "data" in held:
        return None
    return _flat(held)


def _completion(held: Any) -> Any:
    """An annotation from before 1.0."""
    if not isinstance(held, dict):
        return held
    annotation = {**held, "was_cancelled": bool(held.get("was_cancelled") or held.get("skipped"))}
    annotation.setdefault("updated_at", held.get("created_at"))
    return annotation


def _flat(held: dict[str, Any]) -> dict[str, Any]:
    """A row of JSON_MIN or CSV, or the bare data of a task that is to be imported."""
    data: dict[str, Any] = {}
    result: list[dict[str, Any]] = []
    extents: dict[tuple[Any, Any], str] = {}
    for key, value in held.items():
        if key in _FLAT:
            continue
        entries = value if isinstance(value, list) else [value]
        if not entries or not all(isinstance(entry, dict) and _type(entry) for entry in entries):
            data[key] = value
            continue
        for entry in entries:
            extent = entry.get("start"), entry.get("end")
            region = extents.setdefault(extent, f"region-{len(extents)}") if None not in extent else ""
            result.append({"id": region, "from_name": key, "type": _type(entry), "value": entry})
    number = data.pop("id", None)
    task: dict[str, Any] = {"data": data} if number is None else {"id": number, "data": data}
    if result or any(key in held for key in ("annotation_id", "annotator")):
        times = {key: held[key] for key in ("created_at", "updated_at", "lead_time") if key in held}
        person = held.get("annotator")
        person = int(person) if isinstance(person, str) and person.isdigit() else person
        task["annotations"] = [{"completed_by": person, "result": result, **times}]
    return task


def _type(entry: dict[str, Any]) -> str:
    """The type of an item by the key of its value; empty where it is none."""
    if "start" not in entry and "end" not in entry and not ("taxonomy" in entry or "choices" in entry):
        return ""
    return next((kind for key, kind in _TYPES.items() if key in entry and key != "text"), "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

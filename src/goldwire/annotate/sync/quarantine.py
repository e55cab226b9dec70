"""`annotate/quarantine.jsonl`: what could not be taken in, a line each, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from goldwire.annotate.records.lines import read_objects
from goldwire.files import json_lines, read_text, write_text
from goldwire.project import Project

Line = dict[str, Any]


def quarantine_path(project: Project) -> Path:
    """Where what could not be taken in is kept, a line each, with the reason."""
    return project.annotate / "quarantine.jsonl"


def keep(project: Project, lines: list[Line], stays: Callable[[Line], bool]) -> int:
    """Put lines beside those of the file that stay; the number that it holds then. Without any it goes.

    Same content writes nothing. Raises GW332 where the file is not goldwire's.
    """
    path = quarantine_path(project)
    hint = "remove it and run: goldwire annotate pull --full"
    former = read_objects(path, ("task", "annotation"), "GW332", hint)
    numbered = [n for n in former if isinstance(n["task"], int) and isinstance(n["annotation"], int)]
    held = [line for line in numbered if stays(line)]
    whole = sorted(
        held + lines, key=lambda line: (line["task"], line["annotation"], str(line.get("server", "")))
    )
    if not whole:
        path.unlink(missing_ok=True)
        return 0
    text = json_lines(whole)
    if not path.is_file() or read_text(path) != text:
        write_text(path, text)
    return len(whole)

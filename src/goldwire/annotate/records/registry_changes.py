"""What was done to registries: `annotate/registry-changes.jsonl`, a line a change, the latest last."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from goldwire.annotate.records.lines import read_lines
from goldwire.files import json_lines, read_text
from goldwire.project import Project


class RegistryChange(Struct, frozen=True, omit_defaults=True):
    """Who did what to which id, and the spans whose id changed, by annotation.

    `entry` is what the registry said of an id that is no more; a split went by `documents` and `words`.
    """

    when: str
    who: str
    what: Literal["add", "merge", "split", "rename"]
    registry: str
    old: str
    new: str
    documents: list[str] = []
    words: list[str] = []
    entry: dict[str, Any] = {}
    spans: dict[str, list[str]] = {}


def record_path(project: Project) -> Path:
    """Where the record is kept."""
    return project.annotate / "registry-changes.jsonl"


def read_changes(project: Project) -> list[RegistryChange]:
    """All changes so far, in their order; raises GW795 for a line that is none."""
    hint = "restore it from git; where a merge left both sides in it, keep the lines of both"
    return list(read_lines(record_path(project), RegistryChange, "GW795", hint))


def with_change(project: Project, changes: list[RegistryChange]) -> str:
    """The record's text with further changes."""
    path = record_path(project)
    read_changes(project)
    text = read_text(path) if path.is_file() else ""
    text += "" if not text or text.endswith("\n") else "\n"
    return text + json_lines(map(msgspec.to_builtins, changes))


def now_to_the_second() -> str:
    """The time of a change, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def somebody(name: str) -> str:
    """Who makes a change: as named, else the system's user."""
    try:
        return name or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def retired(project: Project) -> dict[str, dict[str, str]]:
    """By registry, the ids that were merged or renamed, each with the id that stands for it now."""
    stands: dict[str, dict[str, str]] = {}
    for change in read_changes(project):
        ids = stands.setdefault(change.registry, {})
        if change.what in ("merge", "rename"):
            ids.update({old: change.new for old, new in ids.items() if new == change.old})
            ids[change.old] = change.new
        ids.pop(change.new, None)  # it is in use, perhaps again
    return stands

"""Who is to read what, `annotate/assignments.jsonl`, and the titles of annotators' Label Studio projects."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from goldwire.annotate.records.checks import read_checks
from goldwire.annotate.records.lines import read_lines
from goldwire.files import json_lines, write_text
from goldwire.project import Project

_TITLE = 50  # characters that Label Studio takes in a title


class Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    """An article that an annotator is to read."""

    article: str
    annotator: str


def assignments_path(project: Project) -> Path:
    """Where assignments are kept, a line each."""
    return project.annotate / "assignments.jsonl"


def write_assignments(path: Path, assignments: list[Assignment]) -> None:
    """Write assignments, a line each."""
    rows = map(msgspec.to_builtins, assignments)
    write_text(path, json_lines(rows))


def title_for(project: Project, annotator: str) -> str:
    """The title of an annotator's Label Studio project: `PROJECT · ANNOTATOR`.

    Label Studio takes 50 characters: a longer project name is cut and bears a hash, which keeps it apart.
    """
    title = f"{project.name} · {annotator}"
    if len(title) <= _TITLE:
        return title
    digest = sha256(project.name.encode()).hexdigest()[:6]
    return f"{project.name[: _TITLE - len(annotator) - 10]}…{digest} · {annotator}"


def read_assignments(project: Project) -> list[Assignment]:
    """The assignments that were made; raises GW340 for lines that are none."""
    hint = '{"article": "…", "annotator": "…"}'
    return list(dict.fromkeys(read_lines(assignments_path(project), Assignment, "GW340", hint)))


def practice_title(project: Project, annotator: str) -> str:
    """The title of the Label Studio project in which an annotator practises."""
    return title_for(project, f"{annotator} practice")


def owners(project: Project) -> dict[str, str]:
    """The annotator whose each Label Studio project is, by title: those of their tasks, those of practice."""
    assigned = {assignment.annotator for assignment in read_assignments(project)}
    practising = {check.annotator for check in read_checks(project, "practice")}
    titles = {title_for(project, name): name for name in sorted(assigned)}
    return titles | {practice_title(project, name): name for name in sorted(practising)}


def titles(project: Project) -> list[str]:
    """The titles of all Label Studio projects that readings of this project may be in, the main one first."""
    return [project.name, *owners(project)]

"""Who is to read what, `annotate/assignments.jsonl`, and the titles of annotators' Label Studio projects."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from goldwire.annotate.records.gold_checks import read_checks
from goldwire.annotate.records.lines import read_lines, write_lines
from goldwire.annotate.records.passes import Pass, project_passes
from goldwire.project import Project

_TITLE = 50  # characters that Label Studio takes in a title


class Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    """An article that an annotator is to read."""

    article: str
    annotator: str


def assignments_path(project: Project) -> Path:
    """Where assignments are kept, a line each."""
    return project.annotate / "assignments.jsonl"


def write_assignments(project: Project, assignments: Iterable[Assignment]) -> None:
    """Keep assignments, a line each."""
    write_lines(assignments_path(project), assignments)


def title_for(project: Project, annotator: str, this_pass: Pass | None = None) -> str:
    """The title of an annotator's Label Studio project: `PROJECT · ANNOTATOR`, `PROJECT` for the main one.

    That of a pass is `PROJECT · ANNOTATOR (1 PASS)`. Label Studio takes 50 characters: a longer project name
    is cut and bears a hash, which keeps it apart.
    """
    whose = f" · {annotator}" if annotator else ""
    if this_pass is None:
        title = f"{project.name}{whose}"
        if len(title) <= _TITLE or not annotator:
            return title
        digest = sha256(project.name.encode()).hexdigest()[:6]
        return f"{project.name[: _TITLE - len(annotator) - 10]}…{digest}{whose}"
    title, end = f"{project.name}{whose} ({this_pass})", f" ({this_pass})"
    if len(title) <= _TITLE:
        return title
    digest = sha256(f"{project.name}\n{annotator}".encode()).hexdigest()[:6]
    return f"{project.name}{whose}"[: _TITLE - len(end) - 7] + f"…{digest}{end}"


def read_assignments(project: Project) -> list[Assignment]:
    """The assignments that were made; raises GW340 for lines that are none."""
    hint = '{"article": "…", "annotator": "…"}'
    return list(dict.fromkeys(read_lines(assignments_path(project), Assignment, "GW340", hint)))


def practice_title(project: Project, annotator: str) -> str:
    """The title of the Label Studio project in which an annotator practises."""
    return title_for(project, f"{annotator} practice")


def assigned_to(project: Project) -> list[str]:
    """The annotators whom articles are assigned to, by name."""
    return sorted({assignment.annotator for assignment in read_assignments(project)})


def owners(project: Project) -> dict[str, str]:
    """The annotator whose each Label Studio project is, by title: those of their tasks, those of practice."""
    practising = {check.annotator for check in read_checks(project, "practice")}
    titles = {title_for(project, name): name for name in assigned_to(project)}
    return titles | {practice_title(project, name): name for name in sorted(practising)}


def titles(project: Project) -> list[str]:
    """The titles of all Label Studio projects that readings of this project may be in, the main one first."""
    screens: list[Pass | None] = [None, *project_passes(project)]
    parted = [title_for(project, name, each) for name in ("", *assigned_to(project)) for each in screens]
    return [*parted, *(title for title in owners(project) if title not in parted)]

"""Who is given which reviewed article, as a gold check or to practise: `annotate/checks.jsonl`, a line each.

The record is the lead's: nothing of it goes to Label Studio. What annotators marked in those articles lies
apart from the readings, in `annotate/checks/` and `annotate/practice/`, a file an annotator and article.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from goldwire.annotate.records.lines import read_lines, write_lines
from goldwire.annotations.store import load_annotation
from goldwire.files import file_name, read_bytes
from goldwire.model import Annotation, by_machine, curated
from goldwire.project import Project

Purpose: TypeAlias = Literal["check", "practice"]


class GoldCheck(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A reviewed article that an annotator is given.

    `place`, in [0, 1), says where it stands among the tasks that are sent with it.
    """

    article: str
    annotator: str
    purpose: Purpose = "check"
    place: float = 0.0


def checks_path(project: Project) -> Path:
    """Where they are kept."""
    return project.annotate / "checks.jsonl"


def read_checks(project: Project, purpose: Purpose | None = None) -> list[GoldCheck]:
    """All of them, or those of one purpose; raises GW782 for lines that are none."""
    hint = "restore it from git: it says which annotations are gold checks and no readings"
    read = read_lines(checks_path(project), GoldCheck, "GW782", hint)
    checks = {(check.annotator, check.article): check for check in read}
    return [check for check in checks.values() if purpose in (None, check.purpose)]


def write_checks(project: Project, checks: Iterable[GoldCheck]) -> None:
    """Keep them, a line each."""
    write_lines(checks_path(project), checks)


def folder_of(project: Project, purpose: Purpose) -> Path:
    """Where annotations of such articles lie."""
    return project.checks if purpose == "check" else project.practice


def answers(project: Project, documents: Collection[str]) -> dict[str, Annotation]:
    """The reviewed annotation of each of these articles that has one.

    That is the one which the dataset would take, where it is reviewed or adjudicated and no machine's.
    """
    folders = sorted(path for path in project.annotations.glob("*") if path.is_dir())
    checks: dict[str, Annotation] = {}
    for document in documents:
        paths = (folder / f"{file_name(document)}.json" for folder in folders)
        read = (load_annotation(read_bytes(path)) for path in paths if path.is_file())
        best = answer(tuple(annotation for annotation in read if annotation.document == document))
        if best is not None:
            checks[document] = best
    return checks


def answer(annotations: tuple[Annotation, ...]) -> Annotation | None:
    """Of one article's annotations the one to hold others against: reviewed or adjudicated, by people."""
    best = curated(annotations)
    if best is None or best.status not in ("reviewed", "adjudicated") or by_machine(best):
        return None
    return best

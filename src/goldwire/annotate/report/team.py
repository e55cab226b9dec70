"""From a project's folder to its team's page, without a server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from msgspec import to_builtins

from goldwire.annotate.records.assignments import assignments_path, read_assignments
from goldwire.annotate.records.checks import checks_path
from goldwire.annotate.records.notes import notes_path, places_path, read_notes, read_places
from goldwire.annotate.records.summary import article_stamps, file_stamp, store_index
from goldwire.annotate.report.checks import read_checked
from goldwire.annotate.report.figures import acceptances, agreement, confusions, paces, work
from goldwire.annotate.report.page import Team, quoted
from goldwire.project import Project
from goldwire.schemas import load_schema


def read_team(project: Project, *, watched: bool = False) -> Team:
    """All figures of the team, from the store and the records of pulls."""
    schema = load_schema(project.schema_path)
    with store_index(project, schema) as index:
        read = index.summaries()
        parted = confusions(read)
        quotes = index.quotes(quoted(parted))
    return Team(
        title=f"{project.name}: the team",
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        layers=tuple(schema.layers),
        work=work(read, read_assignments(project)),
        paces=paces(read),
        agreement=agreement(read, tuple(schema.layers)),
        confusions=parted,
        acceptances=acceptances(read),
        checked=read_checked(project, schema),
        summaries=read,
        notes=read_notes(project),
        places=read_places(project),
        quotes=quotes,
        watched=watched,
    )


def as_dict(team: Team) -> dict[str, Any]:
    """The figures, for JSON."""
    figures: dict[str, Any] = {
        "when": team.when,
        "annotators": [{**asdict(each), "spans": dict(each.spans)} for each in team.work],
        "time": [asdict(each) for each in team.paces],
        "agreement": [asdict(each) for each in team.agreement],
        "confusions": [asdict(each) for each in team.confusions],
        "checks": [each.as_dict() for each in team.checked],
        "predictions": [asdict(each) for each in team.acceptances],
        "notes": [to_builtins(note) for note in team.notes],
    }
    return figures


def changes(project: Project, every: float) -> Iterator[None]:
    """Once now, and again whenever what the page is made of has changed; looks every so many seconds."""
    last: object = None
    while True:
        if (state := _state(project)) != last:
            last = state
            yield
        time.sleep(every)


def _state(project: Project) -> list[tuple[str, int, int]]:
    records = (assignments_path(project), notes_path(project), places_path(project), checks_path(project))
    rules = (path for path in project.schema_path.parent.rglob("*") if path.is_file())
    work = [*project.annotations.glob("*/*.json"), *project.checks.glob("*/*.json")]
    paths = [*work, *records, project.schema_path, *rules]
    return [*sorted((str(path), *file_stamp(path)) for path in paths), *article_stamps(project)]

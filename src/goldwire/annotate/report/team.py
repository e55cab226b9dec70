"""From a project's folder to its team's page and figures, without a server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from goldwire.annotate.records.assignments import assignments_path, read_assignments
from goldwire.annotate.records.gold_checks import checks_path
from goldwire.annotate.records.notes import notes_path, places_path, read_notes, read_places
from goldwire.annotate.records.passes import passes_of
from goldwire.annotate.records.summary import article_stamps, file_stamp, store_index
from goldwire.annotate.report.figures import (
    acceptances,
    confusions,
    paces,
    pass_paces,
    weekly_agreement,
    work,
)
from goldwire.annotate.report.gold_checks import read_checked
from goldwire.annotate.report.page import Team, quoted_places, team_page
from goldwire.files import write_text
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import load_schema
from goldwire.table import Cell, Column, Figures, Table


def read_team(project: Project, *, watched: bool = False) -> Team:
    """All figures of the team, from the store and the records of pulls."""
    schema = load_schema(project.schema_path)
    with store_index(project, schema) as index:
        read = index.summaries()
        parted = confusions(read)
        quotes = index.quotes(quoted_places(parted))
    return Team(
        title=f"{project.name}: the team",
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        layers=tuple(schema.layers),
        work=work(read, read_assignments(project)),
        paces=paces(read),
        pass_paces=pass_paces(read, [each.name for each in passes_of(project, schema)]),
        agreement=weekly_agreement(read, tuple(schema.layers)),
        confusions=parted,
        acceptances=acceptances(read),
        checked=read_checked(project, schema),
        summaries=read,
        notes=read_notes(project),
        places=read_places(project),
        quotes=quotes,
        watched=watched,
    )


@dataclass(frozen=True, repr=False)
class TeamReport(Figures):
    """The figures of a `team`, and where its page was written."""

    team: Team
    path: Path

    def __repr__(self) -> str:
        return f"<TeamReport of {counted(len(self.team.work), 'annotator')}: {self.path}>"

    def tables(self) -> list[Table]:
        """`annotators`, `time`, `passes` (where there are any), `agreement`, `predictions`."""
        counts = tuple(Column(name, "amount") for name in ("assigned", "to do", "begun", "skipped", "done"))
        layers = tuple(Column(layer, "amount") for layer in self.team.layers)
        work_rows: list[tuple[Cell, ...]] = [
            (
                *(each.annotator, each.assigned, each.to_do, each.begun, each.skipped, each.done),
                *(each.spans.get(layer, 0) for layer in self.team.layers),
            )
            for each in self.team.work
        ]
        week = (Column("week"), Column("articles", "amount"))
        minutes = (Column("minutes an article", "number"), Column("minutes a hundred words", "number"))
        scores = (Column("F1", "number"), Column("95 %", "interval"))
        kinds = tuple(Column(name, "amount") for name in ("articles", "kept", "changed"))
        times = [astuple(pace) for pace in self.team.paces]
        agreed = [astuple(each) for each in self.team.agreement]
        parted = Table(
            "passes",
            "medians of minutes by pass",
            (Column("annotator"), Column("pass"), Column("articles", "amount"), *minutes),
            [
                (p.annotator, p.part or "all passes", p.articles, p.minutes, p.per_hundred_words)
                for p in self.team.pass_paces
            ],
        )
        return [
            Table("annotators", "done and to do", (Column("annotator"), *counts, *layers), work_rows),
            Table("time", "medians of minutes", (Column("annotator"), *week, *minutes), times),
            *([parted] if parted.rows else []),
            Table("agreement", "two readings of an article", (Column("layer"), *week, *scores), agreed),
            Table(
                "predictions",
                "predicted spans",
                (Column("annotator"), *kinds, Column("seconds a span", "number")),
                [(a.annotator, a.articles, a.kept, a.changed, a.seconds) for a in self.team.acceptances],
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate report --json` writes them."""
        team = self.team
        return {
            "when": team.when,
            "annotators": [{**asdict(each), "spans": dict(each.spans)} for each in team.work],
            "time": [asdict(each) for each in team.paces],
            "passes": [asdict(each) for each in team.pass_paces],
            "agreement": [asdict(each) for each in team.agreement],
            "confusions": [asdict(each) for each in team.confusions],
            "checks": [each.as_dict() for each in team.checked],
            "predictions": [asdict(each) for each in team.acceptances],
            "notes": [to_builtins(note) for note in team.notes],
        }


def team_report(
    project: str | Path | Project = ".", out: str | Path | None = None, *, watched: bool = False
) -> TeamReport:
    """Write the team's page, and return its figures: done and to do, minutes, agreement week by week, where
    readings part, predictions accepted, rules broken, notes.

    It is made of what was pulled, without a server, and written to `out`, or `eval/reports/team.html` in the
    project. A page that is `watched` loads itself anew. Raises GW910 where there is no project, GW1xx for its
    schema, GW2xx for stored annotations that can't be read.

        >>> import goldwire
        >>> report = goldwire.team_report("my-project", "team.html")
        >>> report
        <TeamReport of 0 annotators: team.html>
        >>> report.table("agreement").columns[0].name
        'layer'
    """
    home = find_project(project)
    path = Path(out) if out is not None else home.reports / "team.html"
    team = read_team(home, watched=watched)
    write_text(path, team_page(team))
    return TeamReport(team, path)


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

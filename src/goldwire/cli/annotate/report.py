"""`goldwire annotate report`: the team's page."""

from __future__ import annotations

from pathlib import Path

import click

from goldwire.cli.common import FILE, json_option, paper_options, project_option, say, write_figures
from goldwire.project import Project

#: Seconds between two looks of --watch.
_EVERY = 2.0


@click.command(name="report")
@click.option("--out", type=FILE, help="The page (default: eval/reports/team.html).")
@click.option("--watch", is_flag=True, help="Stay, and write it anew whenever what it is made of changes.")
@json_option
@paper_options
@project_option
def report_command(
    out: Path | None,
    watch: bool,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    project: Project,
) -> None:
    """Write the team's page: done and to do, time, agreement week by week, where readings part, predictions
    accepted, rules broken, notes.

    It is made of what was pulled, without a server; links to tasks are those of the last pull. With --watch
    a pull beside it is enough to have it fresh.
    """
    import goldwire
    from goldwire.annotate.report.team import changes

    try:
        for _ in changes(project, _EVERY):
            report = goldwire.team_report(project, out, watched=watch)
            write_figures(report, json_path, csv_path, latex_path)
            say(f"{report.path}: written, as of {report.team.when}")
            if not watch:
                return
    except KeyboardInterrupt:
        say("stopped")

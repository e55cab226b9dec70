"""`goldwire annotate`: Label Studio."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click

from goldwire.cli.annotate_team import adjudicate, assign, status, url_option
from goldwire.cli.common import json_option, progress, project_option, say, table, write_json
from goldwire.errors import GoldwireError
from goldwire.project import Project


@click.group()
def command() -> None:
    """Label Studio: serve one, push articles, pull annotations.

    The server is the one that --url, $GOLDWIRE_URL or `url` in goldwire.toml's [annotate] names, with its
    token in $GOLDWIRE_TOKEN; where none is named, the project's own that `serve` runs.
    """


@command.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port on loopback (default: a free one).")
@click.option("--detach", is_flag=True, help="Leave it running.")
@click.option("--stop", "stopping", is_flag=True, help="Stop the one that was left running.")
@project_option
def serve(port: int | None, detach: bool, stopping: bool, project: Project) -> None:
    """Run a Label Studio on this machine.

    Nobody else can reach it. Its data are in .goldwire/studio, its account in .goldwire/credentials.json.
    The very first start makes a database, which takes about a minute; later ones take seconds.
    """
    from goldwire.annotate import server

    if stopping:
        say("stopped" if server.stop(project) else "none was running")
        return
    if found := server.running(project):
        say(f"already running: {found.url} (stop it with: goldwire annotate serve --stop)")
        return

    def terminated(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # A closed terminal (SIGHUP) ends the server as Ctrl-C does.
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, terminated)
    made = server.start(project, port=port, notify=_notifier())
    keep = False
    try:
        if made.new:
            say(
                f"account   {made.username}\npassword  {made.password}   (kept in .goldwire/credentials.json)"
            )
        else:
            say(f"account   {made.username}   (password in .goldwire/credentials.json)")
        say(f"Label Studio: {made.url}")
        if detach:
            keep = True
            say("stop it with: goldwire annotate serve --stop")
            return
        say("stop it with Ctrl-C")
        server.wait(made)
        say("Label Studio has ended")
    except KeyboardInterrupt:
        say("stopping")
    finally:
        if not keep:
            server.stop(project)


@command.command()
@click.option(
    "--predictions",
    "files",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON Lines of articles with annotations to show as predictions. May be repeated.",
)
@click.option("--no-predictions", "bare", is_flag=True, help="Show none (the default).")
@url_option
@json_option
@project_option
def push(
    files: tuple[Path, ...], bare: bool, url: str | None, json_path: Path | None, project: Project
) -> None:
    """Send articles to Label Studio.

    Those that it does not have yet, each exactly once.
    """
    from goldwire.annotate.client import connect
    from goldwire.annotate.push import push as push_articles
    from goldwire.annotate.push import read_predictions
    from goldwire.schemas import load_schema
    from goldwire.seeds import load_seeds

    if files and bare:
        raise click.UsageError("--predictions and --no-predictions exclude each other")
    documents, schema = load_seeds(project), load_schema(project.schema_path)
    predictions = read_predictions(files)
    with connect(project, url=url) as client, progress("pushing", len(documents)) as advance:
        report = push_articles(client, project, schema, documents, predictions=predictions, advance=advance)
    rows = [
        ("articles sent", report.sent),
        ("articles there already", report.present),
        ("predictions sent", report.predictions_sent),
        ("predictions there already", report.predictions_present),
        ("tasks on the server", report.tasks),
    ]
    table(("push", ""), rows)
    if report.config_added and not report.created:
        say(f"the project's config gained: {', '.join(report.config_added)}")
    if report.duplicates_removed:
        say(f"{report.duplicates_removed} copies that nobody had worked on were removed")
    for name in report.outdated:
        say(f"`{name}`: its former text has a task too; annotations of that stay there")
    say(f"{'made' if report.created else 'in'} {report.url}")
    write_json(json_path, report.as_dict())


@command.command()
@click.option("--full", is_flag=True, help="Read every task again, not only those that changed.")
@url_option
@json_option
@project_option
def pull(full: bool, url: str | None, json_path: Path | None, project: Project) -> None:
    """Bring annotations from Label Studio.

    From the main project and those of the annotators (`assign`). They go into annotate/annotations/, a file
    an annotator and article; what the schema has no place for into annotate/quarantine.jsonl. Exit 1 where a
    task's text is not the article's.
    """
    from goldwire.annotate.assign import pull_projects
    from goldwire.annotate.client import connect
    from goldwire.schemas import load_schema
    from goldwire.seeds import load_seeds

    documents, schema = load_seeds(project), load_schema(project.schema_path)
    with connect(project, url=url) as client, progress("pulling") as advance:
        found = pull_projects(client, project, schema, documents, full=full, advance=advance)
    reports = [one.report for one in found]
    quarantined = reports[-1].quarantined  # what the file holds after the last
    rows = [
        ("tasks read", sum(report.tasks for report in reports)),
        ("annotations read", sum(report.annotations for report in reports)),
        ("  of them skipped", sum(report.skipped for report in reports)),
        ("files written", sum(report.written for report in reports)),
        ("spans", sum(report.spans for report in reports)),
        ("relations", sum(report.relations for report in reports)),
        ("spans trimmed", sum(len(report.trims) for report in reports)),
        ("in quarantine", quarantined),
    ]
    if len(found) > 1:
        rows.insert(0, ("projects", len(found)))
    table(("pull", ""), rows)
    if names := sorted({name for report in reports for name in report.annotators}):
        say(f"annotators: {', '.join(names)}")
    for one in found:
        if one.others:
            say(f"warning: in `{one.title}` {', '.join(one.others)} annotated, not only {one.annotator}")
    for trim in [trim for report in reports for trim in report.trims][:20]:
        say(f"trimmed  {trim}")
    if quarantined:
        say(f"what could not be taken in is in {reports[-1].quarantine_file}, with the reasons")
    if gone := sum(report.gone for report in reports):
        say(f"{gone} annotations are gone from the server; what was pulled of them stays")
    single = len(found) == 1 and not found[0].annotator
    write_json(json_path, reports[0].as_dict() if single else {"projects": [one.as_dict() for one in found]})
    if refused := [fault for report in reports for fault in report.refused]:
        for fault in refused:
            say(f"refused  {fault}")
        sys.exit(1)


@command.command()
@click.option("--annotator", "names", multiple=True, help="Only this one's. May be repeated.")
@url_option
@json_option
@project_option
def load(names: tuple[str, ...], url: str | None, json_path: Path | None, project: Project) -> None:
    """Send stored annotations to Label Studio.

    Each as its annotator's work; whose work is there already is passed over.
    """
    from goldwire.annotate.client import connect
    from goldwire.annotate.load import load_annotations
    from goldwire.annotate.push import find_project
    from goldwire.corpus.store import read_annotations
    from goldwire.schemas import load_schema

    stored = read_annotations(project)
    if unknown := set(names) - {annotation.annotator for annotation in stored}:
        message = f"no stored annotation of {', '.join(sorted(unknown))}"
        raise GoldwireError.of("GW333", message, where=str(project.annotations))
    chosen = [a for a in stored if not names or a.annotator in names]
    schema = load_schema(project.schema_path)
    with connect(project, url=url) as client, progress("loading", len(chosen)) as advance:
        found = find_project(client, project.name)
        sent = load_annotations(client, int(found["id"]), chosen, schema, advance=advance)
    figures = {"sent": sent, "present": len(chosen) - sent}
    table(("load", ""), [("annotations sent", sent), ("annotations there already", figures["present"])])
    write_json(json_path, figures)


def _notifier() -> Callable[[str], None]:
    """Messages a line each; on a terminal those that end in … are written over."""
    overwrite = sys.stderr.isatty()

    def notify(message: str) -> None:
        passing = message.endswith("…")
        start = "\r\x1b[K" if overwrite else ""
        click.echo(start + message, err=True, nl=not (passing and overwrite))

    return notify


for _team in (assign, status, adjudicate):
    command.add_command(_team)

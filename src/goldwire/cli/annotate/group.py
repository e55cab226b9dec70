"""`goldwire annotate`: Label Studio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from goldwire.cli.annotate.assist import assist, end_as_by_ctrl_c
from goldwire.cli.annotate.draft import draft
from goldwire.cli.annotate.feedback import show_broken, show_notes
from goldwire.cli.annotate.passes import show_composed
from goldwire.cli.annotate.practice import practice
from goldwire.cli.annotate.push import push
from goldwire.cli.annotate.report import report_command
from goldwire.cli.annotate.team import adjudicate, assign, rename, status, url_option
from goldwire.cli.common import (
    Group,
    confide,
    json_option,
    notifier,
    progress,
    project_option,
    say,
    show,
    write_json,
)
from goldwire.number_format import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.sync.importer import Prefer


@click.group(cls=Group)
def command() -> None:
    """Label Studio: serve one, push articles, pull annotations.

    The server is the one that --url, $GOLDWIRE_URL or `url` in goldwire.toml's [annotate] names, with its
    token in $GOLDWIRE_TOKEN; where none is named, the project's own that `serve` runs.
    """


@command.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port on loopback (default: a free one).")
@click.option(
    "--database",
    "database_url",
    metavar="URL",
    help="Keep the data in PostgreSQL, for teams: postgresql://user@host:5432/name. The password in "
    "$PGPASSWORD or ~/.pgpass.",
)
@click.option(
    "--public-url",
    default="",
    metavar="URL",
    help="The https:// address of the proxy in front of it: its name is let in, cookies need TLS.",
)
@click.option(
    "--assist/--no-assist",
    "assisted",
    default=None,
    help="Let it reach the one loopback address where `assist` listens (default: unless --public-url).",
)
@click.option("--detach", is_flag=True, help="Leave it running.")
@click.option("--stop", "stopping", is_flag=True, help="Stop the one that was left running.")
@project_option
def serve(
    port: int | None,
    database_url: str | None,
    public_url: str,
    assisted: bool | None,
    detach: bool,
    stopping: bool,
    project: Project,
) -> None:
    """Run a Label Studio on this machine.

    Nobody else can reach it: for a team, put a proxy with TLS in front (docs/server.md). Its data are in
    .goldwire/studio, or in the PostgreSQL that --database, $GOLDWIRE_DATABASE or `database` in
    goldwire.toml's [annotate] names; its account is in .goldwire/credentials.json. The very first start
    makes a database, which takes about a minute; later ones take seconds.
    """
    import goldwire
    from goldwire.annotate.labelstudio.database import hide_password

    if stopping:
        say("stopped" if goldwire.stop_server(project) else "none was running")
        return
    hide_password(database_url or "")  # a process's matter: it begins anew
    end_as_by_ctrl_c()
    studio = goldwire.serve(
        project,
        port=port,
        database=database_url,
        public_url=public_url,
        assist=assisted,
        notify=notifier(),
    )
    if studio.ran_before:
        say(f"already running: {studio.url} (stop it with: goldwire annotate serve --stop)")
        if port or public_url or assisted is not None:
            say("warning: it stays as it was started: stop it first, for other options to count")
        return
    server, keep = studio.server, False
    try:
        say(f"account   {studio.username}")
        where_kept = "password  in .goldwire/credentials.json, for its owner only"
        if server.new:
            confide(
                f"password  {server.password}   (kept in .goldwire/credentials.json)", otherwise=where_kept
            )
        else:
            say(where_kept)
        say(f"Label Studio: {studio.url}")
        if server.database:
            say(f"its data are in {server.database}")
        if detach:
            keep = True
            say("stop it with: goldwire annotate serve --stop")
            return
        say("stop it with Ctrl-C")
        studio.wait()
        say("Label Studio has ended")
    except KeyboardInterrupt:
        say("stopping")
    finally:
        if not keep:
            studio.stop()


@command.command()
@click.option("--full", is_flag=True, help="Read every task again, not only those that changed.")
@click.option("--drafts", is_flag=True, help="Unfinished work too, as drafts.")
@click.option(
    "--ours", "prefer", flag_value="ours", default="", help="Of what both sides changed, keep what is here."
)
@click.option(
    "--theirs",
    "prefer",
    flag_value="theirs",
    help="Of what both sides changed, keep the server's; bring back what was removed here.",
)
@url_option
@json_option
@project_option
def pull(
    full: bool, drafts: bool, prefer: Prefer, url: str | None, json_path: Path | None, project: Project
) -> None:
    """Bring annotations from Label Studio.

    From the main project and those of the annotators (`assign`). They go into annotate/annotations/, a file
    an annotator and article; what the schema has no place for into annotate/quarantine.jsonl. With --drafts
    what annotators have not submitted yet comes too; it never replaces what they have: such drafts go into
    annotate/drafts/. What was changed here only stays as it is. What was changed here and on the server is
    taken from the server, and the file that was here goes to annotate/conflicts/, unless --ours or --theirs
    says otherwise. Several passes become one annotation, a draft until all of them are done; where a pass
    and an earlier one that was reopened changed the same thing, the later one's is kept and it is told. Rules
    that an annotator's work breaks are told with their first places, and the tasks fill a tab of Label
    Studio; what annotators noted beside regions is listed, and kept in annotate/notes.jsonl.
    Exit 1 where there was a conflict, or a task's text is not the article's.
    """
    import goldwire

    with progress("pulling") as advance:
        found = goldwire.pull(project, full=full, drafts=drafts, prefer=prefer, url=url, advance=advance)
    projects, reports = found.projects, [pulled.report for pulled in found.projects]
    show(found.table("pull"))
    for why in sorted({report.why_all for report in reports} - {""}):
        say(f"everything was read again: {why}")
    if names := sorted({name for report in reports for name in report.annotators}):
        say(f"annotators: {', '.join(names)}")
    for pulled in projects:
        if pulled.others:
            others = ", ".join(pulled.others)
            say(f"warning: in `{pulled.title}` {others} annotated, not only {pulled.annotator}")
    for trim in [trim for report in reports for trim in report.trims][:20]:
        say(f"trimmed  {trim}")
    parted = [pulled.passes for pulled in projects if pulled.passes is not None]
    for counts in parted:
        show_composed(counts)
    for line in [line for report in reports for line in report.turned][:20]:
        say(f"turned round  {line}")
    for line in [line for report in reports for line in report.two_layers][:20]:
        say(f"warning: {line} (a label's key also marks the selected region: press Escape first)")
    for move in [line for report in reports for line in report.moved]:
        say(f"moved  {move}")
    for copy in [line for report in reports for line in report.copies]:
        say(f"warning: {copy}: remove one of them")
    if edited := [file for report in reports for file in report.edited_here]:
        say(f"changed here, and so left as they are: {_some(edited)}")
    if removed := [file for report in reports for file in report.removed_here]:
        say(f"removed here, and still on the server (pull --theirs brings them back): {_some(removed)}")
    if reports[-1].quarantined:
        say(f"what could not be taken in is in {reports[-1].quarantine_file}, with the reasons")
    if any(report.drafts_beside for report in reports):
        say("drafts beside finished work are in annotate/drafts/")
    if gone := sum(report.gone for report in reports):
        say(f"{amount(gone)} annotations are gone from the server; what was pulled of them stays")
    say(str(found.account))
    if found.broken:
        show(found.table("rules"))
    show_broken(found.broken, found.in_tabs)
    if found.practised:
        show(found.table("practice"))
    show_notes(found.notes)
    write_json(json_path, found.as_json())
    for line in [line for report in reports for line in report.conflicts]:
        say(f"conflict  {line}")
    for fault in found.refused:
        say(f"refused  {fault}")
    if found.refused or found.conflicts:
        sys.exit(1)


@command.command()
@click.option("--annotator", "names", multiple=True, help="Only this one's. May be repeated.")
@url_option
@json_option
@project_option
def load(names: tuple[str, ...], url: str | None, json_path: Path | None, project: Project) -> None:
    """Send stored annotations to Label Studio.

    Each as its annotator's work; whose work is there already is passed over. What is of an article that was
    assigned goes to its annotator's own project. Where [annotate] passes parts the work, each pass gets what
    its screen shows, and a later one the articles that it lacks.
    """
    import goldwire

    with progress("loading") as advance:
        loaded = goldwire.load(project, names, url=url, advance=advance)
    show(loaded.table())
    if loaded.edited_here:
        say(f"edited here, and left as the server has them: {_some(list(loaded.edited_here))}")
    write_json(json_path, loaded.as_json())


def _some(places: list[str]) -> str:
    return ", ".join(places[:10]) + (f" and {len(places) - 10} more" if len(places) > 10 else "")


for _other in (push, assign, practice, status, report_command, rename, adjudicate, assist, draft):
    command.add_command(_other)

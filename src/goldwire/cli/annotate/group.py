"""`goldwire annotate`: Label Studio."""

from __future__ import annotations

import click

from goldwire.cli.annotate.assist import assist, end_as_by_ctrl_c
from goldwire.cli.annotate.draft import draft
from goldwire.cli.annotate.practice import practice
from goldwire.cli.annotate.pull import load, pull
from goldwire.cli.annotate.push import push
from goldwire.cli.annotate.report import report_command
from goldwire.cli.annotate.team import adjudicate, assign, rename, status
from goldwire.cli.common import (
    CommandGroup,
    confide,
    notifier,
    project_option,
    say,
)
from goldwire.project import Project


@click.group(cls=CommandGroup)
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
    label_studio = goldwire.serve(
        project,
        port=port,
        database=database_url,
        public_url=public_url,
        assist=assisted,
        notify=notifier(),
    )
    if label_studio.ran_before:
        say(f"already running: {label_studio.url} (stop it with: goldwire annotate serve --stop)")
        if port or public_url or assisted is not None:
            say("warning: it stays as it was started: stop it first, for other options to count")
        return
    server, keep = label_studio.server, False
    try:
        say(f"account   {label_studio.username}")
        where_kept = "password  in .goldwire/credentials.json, for its owner only"
        if server.new:
            confide(
                f"password  {server.password}   (kept in .goldwire/credentials.json)", otherwise=where_kept
            )
        else:
            say(where_kept)
        say(f"Label Studio: {label_studio.url}")
        if server.database:
            say(f"its data are in {server.database}")
        if detach:
            keep = True
            say("stop it with: goldwire annotate serve --stop")
            return
        say("stop it with Ctrl-C")
        label_studio.wait()
        say("Label Studio has ended")
    except KeyboardInterrupt:
        say("stopping")
    finally:
        if not keep:
            label_studio.stop()


for _other in (push, pull, load, assign, practice, status, report_command, rename, adjudicate, assist, draft):
    command.add_command(_other)

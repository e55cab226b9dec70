"""`goldwire annotate assist`: a model's live predictions in Label Studio."""

from __future__ import annotations

import signal
import time
from types import FrameType

import click

from goldwire.cli.annotate.draft import llm_options
from goldwire.cli.annotate.team import url_option
from goldwire.cli.common import progress, project_option, say
from goldwire.number_format import amount
from goldwire.project import Project


@click.command()
@click.argument("model", required=False)
@click.option("--llm", is_flag=True, help="A language model's drafts, in place of MODEL's predictions.")
@llm_options
@click.option("--host", help="Address to listen on (default: 127.0.0.2, the one that `serve` lets through).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port there (default: a free one).")
@click.option("--connect", "connecting", is_flag=True, help="Connect it to the project while it runs.")
@click.option("--no-fetch", is_flag=True, help="With --connect: predict an article only when it is opened.")
@url_option
@project_option
def assist(
    model: str | None,
    llm: bool,
    host: str | None,
    port: int | None,
    connecting: bool,
    no_fetch: bool,
    url: str | None,
    project: Project,
    endpoint: str | None,
    llm_model: str | None,
) -> None:
    """Serve MODEL to Label Studio, until Ctrl-C.

    MODEL is a trained pipeline: a folder or an installed package. With --connect the project asks it for
    predictions, and has a tab with the articles in the order of the model's uncertainty; at the end it is
    taken out again, its predictions stay. Annotations made with them in sight say so. Where [annotate] passes
    parts the work, the project of each pass gets what its screen labels. With --llm the language model under
    [llm] in goldwire.toml drafts each article as it is asked for.
    """
    import goldwire

    if (model is None) != llm:
        raise click.UsageError("give either MODEL or --llm")
    options = {"url": endpoint, "model": llm_model}
    if not llm and any(options.values()):
        raise click.UsageError("--endpoint and --llm-model are of --llm")
    end_as_by_ctrl_c()
    served = goldwire.assist(
        model, project, llm=options if llm else False, host=host, port=port, connect=connecting, url=url
    )
    connections = served.connections
    try:
        with served:
            if served.texts_go_to:
                say(f"the articles' texts go to {served.texts_go_to}")
            say(f"{served.version} at {served.url}")
            if not connections:
                say("connect it in Label Studio under Settings > Model, or run with --connect")
            for connection in connections:
                say(f"connected to {connection.project_url}")
                if connection.turned_on:
                    say("the project hid predictions from annotators: it shows them from now on")
            if connections and not no_fetch:
                with progress("predicting") as advance:
                    have, none = served.fetch(advance=advance)
                say(
                    f"{amount(have)} articles have its predictions"
                    + (f", {amount(none)} have none" if none else "")
                )
            for connection in connections:
                say(f"in the order of uncertainty: {connection.view_url}")
            say("stop it with Ctrl-C")
            _wait()
    except KeyboardInterrupt:
        parted = [connection.parted for connection in connections]
        taken = ", and taken out of the project" if all(parted) else ": another has taken its place"
        say("stopped" + (taken if parted and None not in parted else ""))
    finally:
        for connection in connections:
            if connection.parted is None:
                say(f"still in the project: remove it in {connection.project_url}/settings/ml")
        counts = served.counts
        if counts != type(counts)():
            say(f"{amount(counts.predicted)} predictions")
        for what, why, number in served.table().shown()[1:]:
            say(f"{what}: {number} × {why}")


def end_as_by_ctrl_c() -> None:
    """SIGTERM and a closed terminal (SIGHUP) end this program as Ctrl-C does.

    Once: a closed terminal may say so twice, and the second must not break off the tidying up.
    """
    names = (signal.SIGTERM, signal.SIGHUP)

    def terminated(_signal: int, _frame: FrameType | None) -> None:
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    for name in names:
        signal.signal(name, terminated)


def _wait() -> None:
    """Until a signal comes."""
    # Not signal.pause(): a signal that comes just before it, or that another thread gets, would not end it.
    while True:
        time.sleep(0.2)

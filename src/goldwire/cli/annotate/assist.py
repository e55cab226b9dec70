"""`goldwire annotate assist`: a model's live predictions in Label Studio."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.annotate.draft import llm_options
from goldwire.cli.annotate.team import url_option
from goldwire.cli.common import progress, project_option, say
from goldwire.figures import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.ml_backend.predictor import Predictor


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
    taken out again, its predictions stay. Annotations made with them in sight say so. With --llm the
    language model under [llm] in goldwire.toml drafts each article as it is asked for.
    """
    from goldwire.annotate.addresses import is_loopback
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.annotate.labelstudio.ssrf import ADDRESS
    from goldwire.annotate.ml_backend.app import serving
    from goldwire.annotate.ml_backend.connect import connected, fetch_predictions
    from goldwire.annotate.ml_backend.handlers import Backend
    from goldwire.annotate.records.passes import refuse_passes
    from goldwire.schemas import load_schema

    if (model is None) != llm:
        raise click.UsageError("give either MODEL or --llm")
    options = {"url": endpoint, "model": llm_model}
    if not llm and any(options.values()):
        raise click.UsageError("--endpoint and --llm-model are of --llm")
    if connecting:
        hint = "predict with `annotate push --model`, which the first pass begins from"
        refuse_passes(project, load_schema(project.schema_path), "assist --connect", hint)
    end_as_by_ctrl_c()
    with _predictor(model, project, options) as assistant:
        backend = Backend(assistant)
        host = host or ADDRESS
        if not is_loopback(host):
            say(f"warning: whoever reaches {host} can ask for predictions: there is no password")
        connection = None
        try:
            with serving(backend, host, port or 0) as address:
                say(f"{assistant.version} at {address.url}")
                if not connecting:
                    say("connect it in Label Studio under Settings > Model, or run with --connect")
                    say("stop it with Ctrl-C")
                    _wait()
                with (
                    connect(project, url=url) as client,
                    connected(client, project.name, address.url, assistant) as connection,
                ):
                    say(f"connected to {connection.project_url}")
                    if connection.turned_on:
                        say("the project hid predictions from annotators: it shows them from now on")
                    if not no_fetch:
                        with progress("predicting") as advance:
                            have, none = fetch_predictions(
                                client, connection.project, assistant.version, advance=advance
                            )
                        say(
                            f"{amount(have)} articles have its predictions"
                            + (f", {amount(none)} have none" if none else "")
                        )
                    say(f"in the order of uncertainty: {connection.view_url}")
                    say("stop it with Ctrl-C")
                    _wait()
        except KeyboardInterrupt:
            parted = connection.parted if connection is not None else None
            taken = ", and taken out of the project" if parted else ": another has taken its place"
            say("stopped" + ("" if parted is None else taken))
        finally:
            if connection is not None and connection.parted is None:
                say(f"still in the project: remove it in {connection.project_url}/settings/ml")
            counts = backend.counts
            if counts != type(counts)():
                say(f"{amount(counts.predicted)} predictions")
            for title, reasons in (
                ("not predicted", counts.refused),
                ("failed", counts.failed),
                ("left out", counts.left_out),
                ("events", counts.events),
            ):
                for reason, number in reasons.most_common():
                    say(f"{title}: {amount(number)} × {reason}")


@contextmanager
def _predictor(model: str | None, project: Project, options: Mapping[str, Any]) -> Iterator[Predictor]:
    """What answers, for the time of a block: a trained pipeline, or the language model of the settings."""
    from goldwire.schemas import load_schema

    if model is not None:
        from goldwire.annotate.ml_backend.predictor import Assistant

        yield Assistant(model, load_schema(project.schema_path))
        return
    from goldwire.annotate.drafting.project_drafts import drafting
    from goldwire.annotate.drafting.settings import settings_of
    from goldwire.annotate.ml_backend.drafting_model import DraftingModel

    settings = settings_of(project, options)
    with drafting(project, settings) as drafter:
        drafts = DraftingModel(drafter)
        say(f"the articles' texts go to {settings.url}")
        try:
            yield drafts
        finally:
            drafts.close()


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

"""`goldwire train curve`: F1 over how much was learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goldwire.cli.common import FILE, progress, say, show, write_figures
from goldwire.cli.learning import learning_options


def _numbers(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[int] | None:
    if value is None:
        return None
    try:
        return [int(part) for part in value.split(",")]
    except ValueError:
        raise click.BadParameter(f"`{value}` is no list of numbers such as 5,10,20") from None


@click.command("curve")
@learning_options(
    click.option("--layer", help="The layer to learn, its outermost spans (default: the first)."),
    click.option("--config", type=FILE, help="The spaCy config (default: the project's train/ner.cfg)."),
    click.option(
        "--steps",
        callback=_numbers,
        metavar="N,N,…",
        help="Numbers of documents to learn from (default: all up to 6, else five that double).",
    ),
    click.option(
        "--repeats",
        type=click.IntRange(1),
        default=5,
        show_default=True,
        help="Other documents to learn from and to test on, each time.",
    ),
    click.option(
        "--out", "page", type=FILE, help="The page (default: eval/reports/curve.html, or ./curve.html)."
    ),
)
def command(
    steps: list[int] | None,
    repeats: int,
    page: Path | None,
    resamples: int,
    processes: int | None,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **settings: Any,
) -> None:
    """F1 over the number of documents and sentences learned from, and what the next 100 are likely to bring.

    Trains steps times repeats models and keeps none of them. OVERRIDES change values of the config for this
    run, after --: goldwire train curve -- --training.max_epochs 10
    """
    import goldwire

    planned = goldwire.plan_curve(steps=steps, repeats=repeats, page=page, **settings)
    sizes = ", ".join(map(str, planned.sizes))
    say(f"layer `{planned.run.data.layer}`: {planned.trainings} trainings on {sizes} documents …")
    with progress("training", planned.parts) as advance:
        curve = goldwire.learning_curve(planned, resamples=resamples, processes=processes, advance=advance)
    for shown in curve.tables():
        show(shown, title=shown.title)
    say(f"- {curve.next.in_words()}")
    for note in curve.notes:
        say(f"- {note}")
    say(f"page: {curve.page}")
    write_figures(curve, json_path, csv_path, latex_path)

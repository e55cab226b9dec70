"""`goldwire eval draft`: what a language model's drafts are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goldwire.cli.common import json_option, paper_options, project_option, say, show, write_figures
from goldwire.cli.eval_ci import LAYERS, RESAMPLES, SEED, SOURCE


@click.command()
@click.argument("drafts", type=SOURCE)
@click.argument("gold", required=False, type=SOURCE)
@click.option(
    "--trained",
    multiple=True,
    type=SOURCE,
    help="Predictions of a trained model for these documents, such as those in eval/reports/ner. May be "
    "repeated.",
)
@LAYERS
@RESAMPLES
@SEED
@json_option
@paper_options
@project_option
def draft(json_path: Path | None, csv_path: Path | None, latex_path: Path | None, **options: Any) -> None:
    """Score DRAFTS beside the lexicon, the stock model and trained ones, with minutes and cost.

    Against GOLD, or the project's annotations: those that people reviewed, where there are any. Of articles
    that were annotated with predictions in view a second table says what was changed of what was shown.
    """
    import goldwire

    assessed = goldwire.assess_drafts(**options)
    for table in assessed.tables():
        show(table, title=table.title)
    for note in assessed.notes:
        say(f"note: {note}")
    write_figures(assessed, json_path, csv_path, latex_path)

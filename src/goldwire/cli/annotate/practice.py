"""`goldwire annotate practice`: reviewed articles to learn on, with the answer after submitting."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from goldwire.cli.annotate.team import url_option
from goldwire.cli.common import json_option, project_option, say, show, write_json
from goldwire.number_format import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.assign_and_status import Practice

#: Seconds between two looks of --watch.
_EVERY = 5.0


@click.command()
@click.argument("annotator")
@click.option("--count", type=click.IntRange(1), default=3, show_default=True, help="How many articles.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, another draw.")
@click.option("--watch", is_flag=True, help="Stay, and show each answer soon after it is submitted.")
@url_option
@json_option
@project_option
def practice(
    annotator: str,
    count: int,
    seed: int,
    watch: bool,
    url: str | None,
    json_path: Path | None,
    project: Project,
) -> None:
    """Give a newcomer reviewed articles to practise on, in a Label Studio project of their own.

    Once one is submitted the reviewed annotation stands beside their own, with a page of each difference and
    what the guide says of it, in the project's language: with the next `pull`, the next run of this, or
    seconds later with --watch. What they mark goes into annotate/practice/, and counts in nothing else.
    """
    import goldwire

    def look(give: bool) -> Practice:
        return goldwire.practice(project, annotator=annotator, count=count, seed=seed, give=give, url=url)

    try:
        looked = look(give=True)
        if (given := looked.practised.given) < count:
            say(f"{amount(given)} of {amount(count)}: no other reviewed article is new to {annotator}")
        show(looked.table())
        write_json(json_path, looked.as_json())
        while watch and looked.practised.done < looked.practised.given:
            time.sleep(_EVERY)
            practised = (looked := look(give=False)).practised
            for name in practised.shown:
                say(f"answer shown: {name} ({amount(practised.done)} of {amount(practised.given)} done)")
            write_json(json_path, looked.as_json())
    except KeyboardInterrupt:
        say("stopped")

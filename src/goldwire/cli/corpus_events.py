"""`goldwire corpus events`: who does what to whom, as a table."""

from __future__ import annotations

from pathlib import Path

import click

from goldwire.cli.common import (
    FILE,
    in_mebibytes,
    json_option,
    progress,
    project_option,
    say,
    tell,
    write_json,
)
from goldwire.number_format import amount, counted
from goldwire.project import Project


@click.command()
@click.argument("sources", nargs=-1, metavar="[IN]…")
@click.argument("out", type=FILE)
@click.option(
    "--layer", default="", help="The layer whose spans are events (default: the first with relations)."
)
@click.option(
    "--ids", is_flag=True, help="Give mentions without an id that of the registry, where it is sure."
)
@project_option
@json_option
def events(
    sources: tuple[str, ...], out: Path, layer: str, ids: bool, project: Project, json_path: Path | None
) -> None:
    """Write who does what to whom, where and when to OUT, a parquet table.

    IN is an archive that `goldwire predict` annotated: folders of shards, patterns in quotes, addresses;
    without it the project's own articles. A row is one trigger with one source and one target; the columns
    follow from the project's schema. Rows that report the same (label, ends and day, or the event's id) are a
    story: `reports` counts its articles, `is_first` marks the first.
    """
    import goldwire

    with progress("Reading") as advance:
        counts = goldwire.write_events(
            out, sources, project, layer=layer, ids=ids, advance=in_mebibytes(advance)
        )
    tell(
        f"{counted(counts.articles, 'article')}, {counted(counts.rows, 'row')}, "
        f"{counted(counts.events, 'different event')}"
    )
    if counts.unmarked:
        say(f"without an annotation: {amount(counts.unmarked)}")
    if counts.other_schema:
        say(f"note: of another schema than the project's: the annotations of {amount(counts.other_schema)}")
    if ids:
        say(f"ids filled in: {amount(counts.filled)}")
    if counts.refused:
        say(f"no articles: {counted(counts.refused, 'row')}, put into {out}.quarantine.jsonl")
    say(f"written to {out}")
    write_json(json_path, counts.as_json())

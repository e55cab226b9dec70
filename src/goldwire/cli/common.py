"""What the command groups share: options, tables, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from goldwire.files import write_text
from goldwire.project import Project, find_project

F = TypeVar("F", bound=Callable[..., Any])


def project_option(function: F) -> F:
    """`--project DIR`, passed on as the `Project` that the folder lies in."""

    def find(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Project:
        return find_project(value)

    return click.option(
        "--project",
        type=click.Path(file_okay=False, path_type=Path),
        callback=find,
        help="The project's folder (default: the one that the working folder lies in).",
    )(function)


def json_option(function: F) -> F:
    """`--json FILE`: the figures that are printed, as JSON."""
    return click.option(
        "--json",
        "json_path",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the figures to this file too.",
    )(function)


def write_json(path: Path | None, figures: Any) -> None:
    """Write figures where a file was asked for."""
    if path is not None:
        write_text(path, json.dumps(figures, ensure_ascii=False, indent=1) + "\n")


def say(message: str) -> None:
    """A message for people: on standard error, so that standard output holds figures only."""
    click.echo(message, err=True)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", left: int = 1
) -> None:
    """Print a table on standard output; the first `left` columns to the left, the others to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for index, column in enumerate(columns):
        shown.add_column(column, justify="left" if index < left else "right", no_wrap=True)
    for row in rows:
        shown.add_row(*(str(cell) for cell in row))
    # Without a terminal rich would cut at 80 columns.
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False)
    console.print(shown)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error where that is a terminal, else nothing; yields `advance(steps)`."""
    if not sys.stderr.isatty():
        yield lambda _steps: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)


def unkept(ground_truth: int, commented: int) -> list[tuple[str, int]]:
    """Rows of what a server has and goldwire has no place for, where there is any."""
    rows = [("marks as ground truth, not kept", ground_truth), ("tasks with comments, not kept", commented)]
    return [row for row in rows if row[1]]

"""What the command groups share: options, and the one way in which anything is printed."""

from __future__ import annotations

import functools
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from goldwire.cli.streams import unguarded
from goldwire.files import write_text
from goldwire.leftovers import begin_command
from goldwire.number_format import amount
from goldwire.project import Project, find_project
from goldwire.redaction import redact
from goldwire.text import first_of
from goldwire.visible import on_a_line, visible

if TYPE_CHECKING:
    from goldwire.formats.articles import Articles
    from goldwire.schemas.inference.inferred import Left, Renamed
    from goldwire.table import Figures, Table

F = TypeVar("F", bound=Callable[..., Any])
#: A file, or a folder, to read or to write; whether it is there is for the reader to say.
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


class _Place(click.Path):
    """A path, or an address as it was written."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if isinstance(value, str) and "://" in value else super().convert(value, param, ctx)


#: A file or a folder, here (a `Path`) or at an address (a `str`).
PLACE = _Place(path_type=Path)


class CommandGroup(click.Group):
    """A group whose help says the whole first sentence of each command, which click would cut off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, wrapped where that is needed."""
        listed = [
            (name, command) for name in self.list_commands(ctx) if (command := self.get_command(ctx, name))
        ]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(1000)) for name, command in listed])


def project_option(function: F) -> F:
    """`--project DIR`, passed on as the `Project` that the folder lies in."""

    def find(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Project:
        begin_command()
        return find_project(value)

    return click.option(
        "--project",
        type=FOLDER,
        callback=find,
        help="The project's folder (default: the one that the working folder lies in).",
    )(function)


#: A file to write, `-` for standard output, which then holds nothing else.
_OUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
_ALONE = f"{__name__}.alone"


def _alone(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    """Put down that standard output is for what an option writes there, and nothing else."""
    if str(path) == "-" and ctx.meta.setdefault(_ALONE, param.name) != param.name:
        raise click.UsageError("standard output takes one of --json, --csv and --latex")
    return path


def _beside() -> bool:
    """Whether what is shown goes to standard error, since standard output is for something else."""
    context = click.get_current_context(silent=True)
    return context is not None and _ALONE in context.meta


def _write_out(path: Path, text: str) -> None:
    if str(path) == "-":
        click.echo(text, nl=False)
    else:
        write_text(path, text)


def json_option(function: F) -> F:
    """`--json FILE`: the figures that are printed, as JSON."""
    return click.option(
        "--json",
        "json_path",
        type=_OUT,
        callback=_alone,
        help="Write the figures to this file too; - for standard output.",
    )(function)


def engine_options(function: F) -> F:
    """`--workers N`, `--engine local|ray` and `--address`, passed on as `workers` and `engine`: the latter an
    `Engine`, None for the local one."""
    options = (
        click.option("--workers", type=click.IntRange(1), help="So many processes (default: one a core)."),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Where they work: on this machine, or on a Ray cluster.",
        ),
        click.option(
            "--address",
            metavar="HOST:PORT",
            help="The cluster: auto, HOST:PORT, ray://HOST:PORT (default: RAY_ADDRESS, else a Ray here).",
        ),
    )

    @functools.wraps(function)
    def with_engine(*arguments: Any, engine: str, address: str | None, **given: Any) -> Any:
        if engine == "local":
            if address:
                raise click.UsageError("--address is a Ray cluster's: add --engine ray")
            return function(*arguments, engine=None, **given)
        import goldwire

        cluster = address or os.environ.get("RAY_ADDRESS", "")
        return function(*arguments, engine=goldwire.RayEngine(given["workers"], cluster), **given)

    decorated: Any = with_engine
    for option in reversed(options):
        decorated = option(decorated)
    return cast("F", decorated)


def pairs(
    example: str = "", fits: Callable[[str], bool] = bool, value: Callable[[str], Any] = str
) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], dict[str, Any]]:
    """What makes a mapping of options such as `--column FIELD=NAME`: of each name the `value` that stands
    after it, which `fits`."""

    def split(_ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
        values = {}
        for pair in given:
            name, _, text = pair.partition("=")
            if not (name and fits(text)):
                form = f"{param.metavar}, for instance {example}" if example else param.metavar
                raise click.UsageError(f"{param.opts[0]} is {form}, and not {pair}")
            values[name] = value(text)
        return values

    return split


def columns_option(function: F) -> F:
    """`--column FIELD=NAME`, any number of times: which column of a table is which field, as `columns`."""
    return click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="FIELD=NAME",
        callback=pairs("text=body"),
        help="Which column of a table is what: text=body, id=…, title=…, published=…, author=…, url=….",
    )(function)


def write_json(path: Path | None, figures: Any) -> None:
    """Write figures where a file was asked for."""
    if path is not None:
        _write_out(path, json.dumps(figures, ensure_ascii=False, indent=1) + "\n")


def paper_options(function: F) -> F:
    """`--csv FILE` and `--latex FILE`: the tables with all their rows, as `csv_path` and `latex_path`."""
    for flag, form in (("latex", "as LaTeX (booktabs)"), ("csv", "as CSV, numbers not rounded")):
        function = click.option(
            f"--{flag}",
            f"{flag}_path",
            type=_OUT,
            callback=_alone,
            help=f"Write the tables to this file {form}; - for standard output.",
        )(function)
    return function


def write_figures(
    figures: Figures, json_path: Path | None, csv_path: Path | None = None, latex_path: Path | None = None
) -> None:
    """Write figures, and their tables, where files were asked for."""
    for path, form in ((csv_path, figures.to_csv), (latex_path, figures.to_latex)):
        if path is not None:
            _write_out(path, form())
    if json_path is not None:
        write_json(json_path, figures.as_json())


def show(figures: Table, *, title: str = "") -> None:
    """Print a table on standard output, as `table` does."""
    names = [column.name for column in figures.columns]
    table(names, figures.shown(), title=title, left=max(figures.left, 1), lesser=figures.lesser)


def say(*lines: str) -> None:
    """Messages for people, a line each: on standard error, so that standard output holds figures only."""
    _write(lines, err=True)


def tell(*lines: str) -> None:
    """Lines of what was asked for, on standard output."""
    _write(lines, err=_beside())


def _write(lines: Iterable[str], *, err: bool) -> None:
    for line in lines:
        click.echo(redact(on_a_line(line)), err=err)


def confide(line: str, *, otherwise: str) -> None:
    """Show a line with a secret to who sits at the terminal; a stream that is none gets `otherwise`.

    Standard error may be a file, a pipe or a service's journal, which others read and which is kept.
    """
    if sys.stderr.isatty():
        click.echo(visible(line), file=unguarded(sys.stderr))
    else:
        say(otherwise)


class _Told(logging.Handler):
    """What the rooms below warn of, said once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Say a message that was not said yet."""
        message = record.getMessage()
        if message not in self.told:
            self.told.add(message)
            say(message)


@contextmanager
def telling_warnings() -> Iterator[None]:
    """For the time of a command, what is warned of in the log `goldwire` is said, each thing once."""
    log, handler = logging.getLogger("goldwire"), _Told()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def say_language(language: str) -> None:
    """Say where the words around the labels are not in the schema's language."""
    from goldwire.messages import fallback_note

    if note := fallback_note(language):
        say(note)


def say_renamed(renamed: Iterable[Renamed], left: Iterable[Left] = ()) -> None:
    """What a schema made of a config calls otherwise than that does, and what it has no place for."""
    for change in renamed:
        became = f"renamed  {change.kind} `{change.old}` → `{change.new}`"
        say(became if change.new else f"left out  {change.kind} `{change.old}`")
    for omission in left:
        say(f"left out  {omission.tag} `{omission.name}`: {omission.why}")


def say_read(path: Path, articles: Articles, *, named: bool) -> None:
    """As what a file was read, unless it was named or is goldwire's own; and what was not kept of it."""
    if not named and articles.format != "jsonl":
        say(f"{path}: read as {articles.format}, which it looks like (--from names another)")
    for assumed in articles.assumed:
        say(f"{path}: assumed: {assumed}")
    say_kinds({"not kept": articles.lost, "changed": articles.changed}, start=f"{path}: ")


def say_kinds(kinds: Mapping[str, Mapping[str, Sequence[str]]], *, start: str = "") -> None:
    """What was not kept, or changed: how often of each kind, and the first places."""
    for what, places_of in kinds.items():
        for kind, places in places_of.items():
            say(f"{start}{what}: {amount(len(places))} × {kind} ({first_of(places)})")


def notifier() -> Callable[[str], None]:
    """Messages a line each, on standard error; on a terminal those that end in … are written over."""
    overwrite = sys.stderr.isatty()

    def notify(message: str) -> None:
        passing = message.endswith("…")
        start = "\r\x1b[K" if overwrite else ""
        click.echo(start + redact(on_a_line(message)), err=True, nl=not (passing and overwrite))

    return notify


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    left: int = 1,
    lesser: Sequence[str | tuple[str, ...]] = (),
) -> None:
    """Print a table on standard output; the first `left` columns to the left, the others to the right.

    On a terminal it is fitted to its width: words wrap, then columns give way, those named in `lesser`
    first; they are named. Elsewhere it is whole, a row a line. With `--json -` it goes to standard error.
    """
    from rich.console import Console
    from rich.text import Text

    from goldwire.cli.tables import columns_of, drawn, fit_table

    all_columns = columns_of(columns, list(rows), left)
    beside = _beside()
    terminal = (sys.stderr if beside else sys.stdout).isatty()
    width = shutil.get_terminal_size().columns if terminal else sys.maxsize
    fitted = fit_table(all_columns, width, lesser)
    # What can't be made to fit is left to the terminal to wrap; rich would cut it.
    wide = max(fitted.width, width if terminal else 0)
    console = Console(file=sys.stdout, width=wide, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        if title:
            # A table's own title would be wrapped to its width.
            console.print(Text(on_a_line(title), style="bold"), soft_wrap=True)
        console.print(drawn(fitted))
    for line in captured.get().splitlines():
        # A cell that was wrapped may begin a line anew.
        harmless = re.sub(r"^((?:\x1b\[[\d;]*m|\s)*):(?=:)", r"\1\\x3a", line.rstrip())
        click.echo(redact(harmless), err=beside)
    if fitted.left_out:
        names = ", ".join(fitted.left_out)
        tell(f"left out for want of width: {names} (shown by {_whole()})")
    click.echo(err=beside)


def _whole() -> str:
    """Where the rest of a table can be seen."""
    context = click.get_current_context(silent=True)
    options = {option.name for option in context.command.params} if context else set()
    return (
        "a wider terminal, `| less -S` or --json FILE"
        if "json_path" in options
        else "a wider terminal or `| less -S`"
    )


class ProgressBar:
    """A progress bar, or none: called with the steps that are done."""

    def __init__(self, update: Callable[..., None] = lambda **_state: None, label: str = "") -> None:
        self.update, self.label = update, label

    def __call__(self, steps: int, note: str = "") -> None:
        """So many steps more are done; `note` stands beside the label from then on."""
        shown = f"{self.label} ({note})" if note else self.label
        self.update(advance=steps, description=visible(shown))

    def total(self, steps: int) -> None:
        """There will be so many steps in all."""
        self.update(total=steps)


def in_mebibytes(advance: ProgressBar) -> Callable[[int], None]:
    """Counts bytes on a bar that counts MiB, which fit a terminal."""
    rest = 0

    def count(size: int) -> None:
        nonlocal rest
        rest += size
        advance(rest >> 20)
        rest &= (1 << 20) - 1

    return count


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[ProgressBar]:
    """A progress bar on standard error where that is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield ProgressBar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    described = TextColumn("{task.description}", markup=False)
    columns = (described, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(visible(label), total=total)
        yield ProgressBar(functools.partial(bar.update, task), label)

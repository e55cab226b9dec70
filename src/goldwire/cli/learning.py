"""The options that all commands which learn have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

from goldwire.cli.common import FOLDER, F, json_option, paper_options

Option: TypeAlias = Callable[[Any], Any]


class _Overrides(click.Argument):
    """Not a part of a subcommand's name: none are taken before it."""

    def get_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Empty where a subcommand's context asks for what its group takes."""
        return super().get_usage_pieces(ctx) if self in ctx.command.params else []


_FIRST: tuple[Option, ...] = (
    click.option(
        "--project",
        type=FOLDER,
        help="The project's folder (default: that of the working folder; with --data none is needed).",
    ),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Articles to learn from in place of the project's: a file or folder in any format that is read.",
    ),
    click.option(
        "--only",
        multiple=True,
        metavar="PATTERN",
        help="Learn from and score only articles whose ids match this shell pattern, in quotes: '2024-*'; "
        "repeat for more. Beside --test it limits what is learned from.",
    ),
)
_LAST: tuple[Option, ...] = (
    click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="The same seed gives the same result.",
    ),
    click.option(
        "--score-seen", is_flag=True, help="Score on articles whose annotators saw predictions, too."
    ),
    click.option(
        "--resamples",
        type=click.IntRange(0),
        default=1000,
        show_default=True,
        help="Of the bootstrap for the intervals.",
    ),
    click.option("--processes", type=click.IntRange(1), help="Trainings side by side (default: one a core)."),
    json_option,
    paper_options,
    click.argument("overrides", cls=_Overrides, nargs=-1, type=click.UNPROCESSED),
)


def learning_options(*own: Option) -> Callable[[F], F]:
    """What is learned from, the command's `own` options, how it is learned and scored, OVERRIDES."""

    def decorate(function: F) -> F:
        for option in reversed((*_FIRST, *own, *_LAST)):
            function = option(function)
        return function

    return decorate

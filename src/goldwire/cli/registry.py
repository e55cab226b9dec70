"""`goldwire registry`: the ids of things, settled and mended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.common import (
    FILE,
    CommandGroup,
    F,
    json_option,
    pairs,
    project_option,
    say,
    show,
    tell,
    write_json,
)
from goldwire.number_format import amount
from goldwire.text import first_of

if TYPE_CHECKING:
    from goldwire.annotate.registry.changes import RegistryReport

#: Items of Wikidata that are shown of each id.
_ITEMS = 5
_DONE = {"merge": "merged into", "split": "split, some of it now", "rename": "renamed to"}


@click.group(cls=CommandGroup)
def command() -> None:
    """The ids of things: settle new ones, merge, split, rename.

    Each change is made in the registry and in all annotations, drafts and decisions at once, and is written
    down in annotate/registry-changes.jsonl.
    """


def _changing(function: F) -> F:
    """The options of all that changes ids."""
    function = json_option(project_option(function))
    function = click.option("--dry-run", is_flag=True, help="Only count what would change.")(function)
    function = click.option("--by", default="", help="Who does it, for the record (default: the user).")(
        function
    )
    return click.option(
        "--registry", default="", metavar="NAME", help="Which registry, where an id is in several."
    )(function)


@command.command()
@click.option("--add", multiple=True, metavar="ID", help="Put a new id into its registry.")
@click.option("--add-all", is_flag=True, help="Put all that are left into their registries.")
@click.option(
    "--as",
    "known",
    multiple=True,
    metavar="NEW=KNOWN",
    callback=pairs(),
    help="A new id is what a known one is: merge them.",
)
@click.option(
    "--candidates",
    type=FILE,
    help="Items of Wikidata, JSON Lines or CSV: those that are called as a new id's.",
)
@click.option(
    "--wikidata",
    multiple=True,
    metavar="NEW=Q…",
    callback=pairs(),
    help="Put a new id into its registry as this item.",
)
@_changing
def review(candidates: Path | None, dry_run: bool, json_path: Path | None, **options: Any) -> None:
    """List the ids that annotators coined, and settle them.

    Each with the words that it stands on, its label, and where. With --candidates the items of Wikidata that
    bear one of these words as a name are listed below it; --wikidata NEW=Q42 takes one. No network is asked.
    """
    import goldwire

    review_result = goldwire.review_registry(candidates=candidates, dry_run=dry_run, **options)
    if review_result.new:
        show(review_result.table())
    for new_id in review_result.new:
        for example in new_id.examples:
            say(f"{new_id.id}  {example}")
        for item in new_id.items[:_ITEMS]:
            say(f"{new_id.id}  {item}")
        if len(new_id.items) > _ITEMS:
            say(f"{new_id.id}  and {amount(len(new_id.items) - _ITEMS)} more")
        if candidates is not None and not new_id.items:
            say(f"{new_id.id}  no item of this name in {candidates.name}")
    for name in review_result.added:
        say(f"{'would add' if dry_run else 'added'}  {name}")
    for report in review_result.settled:
        _tell(report)
    tell(f"{amount(len(review_result.new))} ids that no registry has")
    write_json(json_path, review_result.as_json())


@command.command()
@click.argument("old")
@click.argument("new")
@_changing
def merge(json_path: Path | None, **options: Any) -> None:
    """Let NEW stand for OLD as well: two ids of one thing become one.

    OLD's spellings go to NEW's entry.
    """
    import goldwire

    report = goldwire.merge_ids(**options)
    _tell(report)
    write_json(json_path, report.as_json())


@command.command()
@click.argument("old")
@click.argument("new")
@click.option("--document", "documents", multiple=True, metavar="ID", help="Mentions in this article.")
@click.option("--words", multiple=True, help="Mentions that mark these words, whatever their case.")
@_changing
def split(json_path: Path | None, **options: Any) -> None:
    """Give some mentions of OLD the id NEW: one id of two things becomes two.

    By article, by words, or by both at once. An id that the registry lacks is added.
    """
    import goldwire

    report = goldwire.split_id(**options)
    _tell(report)
    write_json(json_path, report.as_json())


@command.command()
@click.argument("old")
@click.argument("new")
@_changing
def rename(json_path: Path | None, **options: Any) -> None:
    """Call the id OLD otherwise, everywhere."""
    import goldwire

    report = goldwire.rename_id(**options)
    _tell(report)
    write_json(json_path, report.as_json())


def _tell(report: RegistryReport) -> None:
    show(report.table())
    if report.elsewhere:
        files = f"{amount(len(report.elsewhere))} other files say `{report.old}`"
        say(f"{files} and stay as they are: {first_of(report.elsewhere)}")
    done = f"{report.old} {_DONE[report.what]} {report.new} in {report.registry}"
    say(f"{done}; recorded in {report.record}" if report.written else f"nothing is written: {done}")

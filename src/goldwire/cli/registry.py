"""`goldwire registry`: the ids of things, settled and mended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from goldwire.cli.common import FILE, Group, json_option, project_option, say, show, tell, write_json
from goldwire.number_format import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.registry.changes import RegistryReport

F = TypeVar("F", bound=Callable[..., Any])
#: Places, and other names, that are shown of each id.
_SHOWN = 3
_ITEMS = 5  # of Wikidata, likewise
_DONE = {"merge": "merged into", "split": "split, some of it now", "rename": "renamed to"}


@click.group(cls=Group)
def command() -> None:
    """The ids of things: settle new ones, merge, split, rename.

    Each change is made in the registry and in all annotations, drafts and decisions at once, and is written
    down in annotate/registry-changes.jsonl.
    """


def _changing(function: F) -> F:
    """The options of all that changes ids."""
    function = click.option("--dry-run", is_flag=True, help="Only count what would change.")(function)
    function = click.option("--by", default="", help="Who does it, for the record (default: the user).")(
        function
    )
    return click.option(
        "--registry", default="", metavar="NAME", help="Which registry, where an id is in several."
    )(function)


@command.command()
@click.option("--add", "added", multiple=True, metavar="ID", help="Put a new id into its registry.")
@click.option("--add-all", is_flag=True, help="Put all that are left into their registries.")
@click.option(
    "--as", "known", multiple=True, metavar="NEW=KNOWN", help="A new id is what a known one is: merge them."
)
@click.option(
    "--candidates",
    type=FILE,
    help="Items of Wikidata, JSON Lines or CSV: those that are called as a new id's.",
)
@click.option(
    "--wikidata",
    "taken",
    multiple=True,
    metavar="NEW=Q…",
    help="Put a new id into its registry as this item.",
)
@_changing
@json_option
@project_option
def review(
    added: tuple[str, ...],
    add_all: bool,
    known: tuple[str, ...],
    candidates: Path | None,
    taken: tuple[str, ...],
    registry: str,
    by: str,
    dry_run: bool,
    json_path: Path | None,
    project: Project,
) -> None:
    """List the ids that annotators coined, and settle them.

    Each with the words that it stands on, its label, and where. With --candidates the items of Wikidata that
    bear one of these words as a name are listed below it; --wikidata NEW=Q42 takes one. No network is asked.
    """
    import goldwire

    found = goldwire.review_registry(
        project,
        add=added,
        known=_pairs(known, "--as is NEW=KNOWN"),
        wikidata=_pairs(taken, "--wikidata is NEW=Q…"),
        candidates=candidates,
        add_all=add_all,
        registry=registry,
        by=by,
        dry_run=dry_run,
    )
    if found.new:
        show(found.table())
    for each in found.new:
        for example in each.examples:
            say(f"{each.id}  {example}")
        for item in each.items[:_ITEMS]:
            say(f"{each.id}  {item}")
        if len(each.items) > _ITEMS:
            say(f"{each.id}  and {amount(len(each.items) - _ITEMS)} more")
        if candidates is not None and not each.items:
            say(f"{each.id}  no item of this name in {candidates.name}")
    for name in found.added:
        say(f"{'would add' if dry_run else 'added'}  {name}")
    for report in found.settled:
        _tell(report)
    tell(f"{amount(len(found.new))} ids that no registry has")
    write_json(json_path, found.as_json())


def _pairs(given: tuple[str, ...], form: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    if odd := [pair for pair, (new, _, old) in zip(given, pairs, strict=True) if not (new and old)]:
        raise click.UsageError(f"{form}, and not {odd[0]}")
    return {new: old for new, _, old in pairs}


@command.command()
@click.argument("old")
@click.argument("new")
@_changing
@json_option
@project_option
def merge(
    old: str, new: str, registry: str, by: str, dry_run: bool, json_path: Path | None, project: Project
) -> None:
    """Let NEW stand for OLD as well: two ids of one thing become one.

    OLD's spellings go to NEW's entry.
    """
    import goldwire

    report = goldwire.merge_ids(project, old, new, registry=registry, by=by, dry_run=dry_run)
    _tell(report)
    write_json(json_path, report.as_json())


@command.command()
@click.argument("old")
@click.argument("new")
@click.option("--document", "documents", multiple=True, metavar="ID", help="Mentions in this article.")
@click.option("--words", multiple=True, help="Mentions that mark these words, whatever their case.")
@_changing
@json_option
@project_option
def split(
    old: str,
    new: str,
    documents: tuple[str, ...],
    words: tuple[str, ...],
    registry: str,
    by: str,
    dry_run: bool,
    json_path: Path | None,
    project: Project,
) -> None:
    """Give some mentions of OLD the id NEW: one id of two things becomes two.

    By article, by words, or by both at once. An id that the registry lacks is added.
    """
    import goldwire

    report = goldwire.split_id(
        project, old, new, documents=documents, words=words, registry=registry, by=by, dry_run=dry_run
    )
    _tell(report)
    write_json(json_path, report.as_json())


@command.command()
@click.argument("old")
@click.argument("new")
@_changing
@json_option
@project_option
def rename(
    old: str, new: str, registry: str, by: str, dry_run: bool, json_path: Path | None, project: Project
) -> None:
    """Call the id OLD otherwise, everywhere."""
    import goldwire

    report = goldwire.rename_id(project, old, new, registry=registry, by=by, dry_run=dry_run)
    _tell(report)
    write_json(json_path, report.as_json())


def _tell(report: RegistryReport) -> None:
    show(report.table())
    if report.elsewhere:
        first = ", ".join(report.elsewhere[:_SHOWN]) + (", …" if len(report.elsewhere) > _SHOWN else "")
        say(f"{amount(len(report.elsewhere))} other files say `{report.old}` and stay as they are: {first}")
    done = f"{report.old} {_DONE[report.what]} {report.new} in {report.registry}"
    say(f"{done}; recorded in {report.record}" if report.written else f"nothing is written: {done}")

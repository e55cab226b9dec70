"""`goldwire annotate pull` and `load`: annotations from Label Studio, and back to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.annotate.team import some, url_option
from goldwire.cli.common import json_option, progress, project_option, say, show, table, write_json
from goldwire.number_format import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.passes.pull import PassCounts
    from goldwire.annotate.records.notes import Note
    from goldwire.annotate.team.feedback import BrokenRule

#: Lines of a kind, places of a rule, and notes that are shown: all are in the JSON.
_LINES, _PLACES, _NOTES = 20, 3, 20


@click.command()
@click.option("--full", is_flag=True, help="Read every task again, not only those that changed.")
@click.option("--drafts", is_flag=True, help="Unfinished work too, as drafts.")
@click.option(
    "--ours", "prefer", flag_value="ours", default="", help="Of what both sides changed, keep what is here."
)
@click.option(
    "--theirs",
    "prefer",
    flag_value="theirs",
    help="Of what both sides changed, keep the server's; bring back what was removed here.",
)
@url_option
@json_option
@project_option
def pull(json_path: Path | None, project: Project, **options: Any) -> None:
    """Bring annotations from Label Studio.

    From the main project and those of the annotators (`assign`). They go into annotate/annotations/, a file
    an annotator and article; what the schema has no place for into annotate/quarantine.jsonl. With --drafts
    what annotators have not submitted yet comes too; it never replaces what they have: such drafts go into
    annotate/drafts/. What was changed here only stays as it is. What was changed here and on the server is
    taken from the server, and the file that was here goes to annotate/conflicts/, unless --ours or --theirs
    says otherwise. Several passes become one annotation, a draft until all of them are done; where a pass
    and an earlier one that was reopened changed the same thing, the later one's is kept and it is told. Rules
    that an annotator's work breaks are told with their first places, and the tasks fill a tab of Label
    Studio; what annotators noted beside regions is listed, and kept in annotate/notes.jsonl.
    Exit 1 where there was a conflict, or a task's text is not the article's.
    """
    import goldwire

    with progress("pulling") as advance:
        result = goldwire.pull(project, advance=advance, **options)
    projects, reports = result.projects, [pulled.report for pulled in result.projects]

    def told(name: str) -> list[Any]:
        """What the reports of all projects list under a name."""
        return [line for report in reports for line in getattr(report, name)]

    show(result.table("pull"))
    for why in sorted({report.why_all for report in reports} - {""}):
        say(f"everything was read again: {why}")
    if names := sorted(set(told("annotators"))):
        say(f"annotators: {', '.join(names)}")
    for pulled in projects:
        if pulled.others:
            others = ", ".join(pulled.others)
            say(f"warning: in `{pulled.title}` {others} annotated, not only {pulled.annotator}")
    for trim in told("trims")[:_LINES]:
        say(f"trimmed  {trim}")
    for pulled in projects:
        if pulled.passes is not None:
            _show_composed(pulled.passes)
    for line in told("turned")[:_LINES]:
        say(f"turned round  {line}")
    for line in told("two_layers")[:_LINES]:
        say(f"warning: {line} (a label's key also marks the selected region: press Escape first)")
    for move in told("moved"):
        say(f"moved  {move}")
    for copy in told("copies"):
        say(f"warning: {copy}: remove one of them")
    if edited := told("edited_here"):
        say(f"changed here, and so left as they are: {some(edited)}")
    if removed := told("removed_here"):
        say(f"removed here, and still on the server (pull --theirs brings them back): {some(removed)}")
    if reports[-1].quarantined:
        say(f"what could not be taken in is in {reports[-1].quarantine_file}, with the reasons")
    if any(report.drafts_beside for report in reports):
        say("drafts beside finished work are in annotate/drafts/")
    if gone := sum(report.gone for report in reports):
        say(f"{amount(gone)} annotations are gone from the server; what was pulled of them stays")
    say(str(result.account))
    if result.broken:
        show(result.table("rules"))
    _show_broken(result.broken, result.in_tabs)
    if result.practised:
        show(result.table("practice"))
    _show_notes(result.notes)
    write_json(json_path, result.as_json())
    for line in told("conflicts"):
        say(f"conflict  {line}")
    for fault in result.refused:
        say(f"refused  {fault}")
    if result.refused or result.conflicts:
        sys.exit(1)


@click.command()
@click.option("--annotator", "names", multiple=True, help="Only this one's. May be repeated.")
@url_option
@json_option
@project_option
def load(names: tuple[str, ...], url: str | None, json_path: Path | None, project: Project) -> None:
    """Send stored annotations to Label Studio.

    Each as its annotator's work; whose work is there already is passed over. What is of an article that was
    assigned goes to its annotator's own project. Where [annotate] passes parts the work, each pass gets what
    its screen shows, and a later one the articles that it lacks.
    """
    import goldwire

    with progress("loading") as advance:
        loaded = goldwire.load(project, names, url=url, advance=advance)
    show(loaded.table())
    if loaded.edited_here:
        say(f"edited here, and left as the server has them: {some(loaded.edited_here)}")
    write_json(json_path, loaded.as_json())


def _show_composed(counts: PassCounts) -> None:
    """What became of the passes."""
    rows = [("annotations with all passes", counts.whole), ("annotations with passes to come", counts.begun)]
    table(("passes", ""), rows)
    for title, lines in (
        ("changed in an earlier pass, and taken", counts.taken),
        ("put aside", counts.skipped),
        ("note: begun from somebody else's work", counts.of_others),
    ):
        for line in lines[:_LINES]:
            say(f"{title}  {line}")
        if len(lines) > _LINES:
            say(f"and {amount(len(lines) - _LINES)} more")
    for line in counts.conflicts:
        say(f"conflict  {line}")
    if counts.conflicts:
        say(
            "the later pass's version is kept, what the earlier one says is in annotate/conflicts/: "
            "make both the same in Label Studio, and pull"
        )


def _show_broken(broken: Sequence[BrokenRule], in_tabs: int) -> None:
    """The first places of each rule that an annotator's work breaks."""
    for rule in broken:
        for place in rule.places[:_PLACES]:
            where = place.fault.where.partition(" $.")[2]
            link = f"  {place.url}" if place.url else ""
            say(f"{rule.code}  {rule.annotator}/{place.document} {where}: {place.fault.message}{link}")
    if in_tabs:
        say(f"{amount(in_tabs)} tasks with broken rules are in a tab of their Label Studio projects")


def _show_notes(notes: Sequence[Note]) -> None:
    """What annotators noted beside regions, the latest first."""
    for note in sorted(notes, key=lambda each: each.when, reverse=True)[:_NOTES]:
        link = f"  {note.url}" if note.url else ""
        say(f"note  {note.annotator}/{note.document} «{note.quote}»: {note.text} ({note.when[:10]}){link}")
    if len(notes) > _NOTES:
        say(f"and {amount(len(notes) - _NOTES)} older notes: annotate/notes.jsonl")

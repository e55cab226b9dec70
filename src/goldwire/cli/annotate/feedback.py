"""What `goldwire annotate pull` says of the annotators' work: rules broken, notes written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldwire.cli.common import say
from goldwire.number_format import amount

if TYPE_CHECKING:
    from goldwire.annotate.records.notes import Note
    from goldwire.annotate.team.feedback import BrokenRule

#: Places of a rule, and notes, that are shown: all are in the JSON and on the team's page.
_PLACES, _NOTES = 3, 20


def show_broken(broken: Sequence[BrokenRule], in_tabs: int) -> None:
    """The first places of each rule that an annotator's work breaks."""
    for rule in broken:
        for place in rule.places[:_PLACES]:
            where = place.fault.where.partition(" $.")[2]
            link = f"  {place.url}" if place.url else ""
            say(f"{rule.code}  {rule.annotator}/{place.document} {where}: {place.fault.message}{link}")
    if in_tabs:
        say(f"{amount(in_tabs)} tasks with broken rules are in a tab of their Label Studio projects")


def show_notes(notes: Sequence[Note]) -> None:
    """What annotators noted beside regions, the latest first."""
    for note in sorted(notes, key=lambda each: each.when, reverse=True)[:_NOTES]:
        link = f"  {note.url}" if note.url else ""
        say(f"note  {note.annotator}/{note.document} «{note.quote}»: {note.text} ({note.when[:10]}){link}")
    if len(notes) > _NOTES:
        say(f"and {amount(len(notes) - _NOTES)} older notes: annotate/notes.jsonl")

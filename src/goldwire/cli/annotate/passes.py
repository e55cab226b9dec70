"""What `goldwire annotate push`, `pull` and `status` say of work in passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goldwire.cli.common import say, table
from goldwire.number_format import amount

if TYPE_CHECKING:
    from goldwire.annotate.passes.pull import PassCounts
    from goldwire.annotate.passes.push import PassPush
    from goldwire.annotate.team.status import Progress

_LINES = 20  # of a kind that are shown: all are in the JSON


def show_passes(pushed: Sequence[PassPush]) -> None:
    """What a push did besides sending articles to each pass."""
    for each in pushed:
        if each.report.config_added and not each.report.created:
            say(f"the config of pass {each.name} gained: {', '.join(each.report.config_added)}")
        if each.report.ids_suggested:
            say(f"pass {each.name}: {amount(each.report.ids_suggested)} ids suggested in its predictions")
        if each.report.duplicates_removed:
            say(f"{amount(each.report.duplicates_removed)} copies that nobody had worked on were removed")
        for name in each.report.outdated:
            say(f"`{name}`: its former text has a task too; annotations of that stay there")
        if each.behind:
            names = _some(each.behind)
            say(f"pass {each.name} was begun before an earlier pass changed: {names} (pull composes both)")
        if each.shared:
            say(
                f"warning: several annotators did the pass before {each.name} of {_some(each.shared)}: from "
                "whose to go on is not known; give each a project of their own (goldwire annotate assign)"
            )


def show_composed(counts: PassCounts) -> None:
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


def show_ready(entries: Sequence[Progress]) -> None:
    """What can be sent on to the next pass."""
    ready = {entry.title: entry for entry in entries if entry.ready}
    for entry in ready.values():
        command = "goldwire annotate assign" if entry.owner else "goldwire annotate push"
        say(f"{amount(entry.ready)} articles are ready for `{entry.title}`: {command}")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {amount(len(names) - 10)} more" if len(names) > 10 else "")

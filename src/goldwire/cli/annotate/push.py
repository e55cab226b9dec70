"""`goldwire annotate push`: articles to Label Studio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.annotate.team import prediction_options, some, url_option
from goldwire.cli.common import (
    json_option,
    progress,
    project_option,
    say,
    say_language,
    show,
    write_json,
)
from goldwire.number_format import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.passes.push import PassPush
    from goldwire.annotate.sync.push import PushReport


@click.command()
@prediction_options
@click.option("--no-predictions", "bare", is_flag=True, help="Show none (the default); only order by them.")
@click.option(
    "--order",
    type=click.Choice(["given", "uncertainty"]),
    default="given",
    show_default=True,
    help="`uncertainty`: only unlabelled articles, those first that the model is least sure of.",
)
@click.option("--count", type=click.IntRange(1), help="With --order uncertainty: the first so many.")
@click.option(
    "--diversity",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="With --order uncertainty: how much it counts that articles differ.",
)
@click.option("--pass", "only_pass", help="Only this one of the passes in [annotate] passes.")
@url_option
@json_option
@project_option
def push(no_ids: bool, bare: bool, json_path: Path | None, project: Project, **options: Any) -> None:
    """Send articles to Label Studio.

    Those that it does not have yet, each exactly once. Where [annotate] passes parts the work, each pass has
    a project: the first gets all articles, a later one those of which the pass before was submitted, with
    what that made. Run it again as annotators go on.
    """
    import goldwire

    say_language(goldwire.load_schema(project).language)
    with progress("pushing") as advance:
        pushed = goldwire.push(
            project,
            suggest_ids=not no_ids,
            show=not bare,
            advance=advance,
            predicted=lambda steps: advance(steps, "predicting"),
            **options,
        )
    if pushed.is_one_pass:
        say("[annotate] passes makes no difference: the schema's layers are one pass")
    for reason, number in Counter(pushed.left_out).most_common():
        say(f"left out: {amount(number)} × {reason}")
    if (ranked := pushed.order) is not None:
        say(
            f"{amount(ranked.sent)} of {amount(ranked.articles)} articles, the least certain first; "
            f"{amount(ranked.labelled)} are labelled, {amount(ranked.present)} on the server already"
        )
        if ranked.empty:
            say(f"nothing was found in {amount(ranked.empty)} of them, which stand in the middle")
    show(pushed.table())
    _show_passes(pushed.passes)
    if (report := pushed.report) is not None:
        _show_report(report, "the project's config")
        say(f"{'made' if report.created else 'in'} {report.url}")
    write_json(json_path, pushed.as_json())


def _show_report(report: PushReport, config_of: str) -> None:
    """What a push did besides sending articles to a project."""
    if report.config_added and not report.created:
        say(f"{config_of} gained: {', '.join(report.config_added)}")
    if report.duplicates_removed:
        say(f"{amount(report.duplicates_removed)} copies that nobody had worked on were removed")
    for name in report.outdated:
        say(f"`{name}`: its former text has a task too; annotations of that stay there")


def _show_passes(pushed: Sequence[PassPush]) -> None:
    """What a push did besides sending articles to each pass."""
    for each in pushed:
        _show_report(each.report, f"the config of pass {each.name}")
        if each.report.ids_suggested:
            say(f"pass {each.name}: {amount(each.report.ids_suggested)} ids suggested in its predictions")
        if each.behind:
            names = some(each.behind)
            say(f"pass {each.name} was begun before an earlier pass changed: {names} (pull composes both)")
        if each.shared:
            say(
                f"warning: several annotators did the pass before {each.name} of {some(each.shared)}: from "
                "whose to go on is not known; give each a project of their own (goldwire annotate assign)"
            )

"""`goldwire annotate assign`, `status`, `adjudicate`: several annotators, and one text out of theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.common import (
    FILE,
    F,
    confide,
    json_option,
    progress,
    project_option,
    say,
    show,
    write_json,
)
from goldwire.number_format import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.adjudication.merge import AdjudicationOutcome
    from goldwire.annotate.team.status import Progress
    from goldwire.table import Figures

url_option = click.option("--url", help="Another Label Studio; its token is in $GOLDWIRE_TOKEN.")


def prediction_options(function: F) -> F:
    """What is shown to annotators: `predictions`, `drafts`, `model`, and `no_ids`."""
    for option in (
        click.option("--no-ids", is_flag=True, help="Fill no ids into predictions, not even the sure ones."),
        click.option(
            "--model", help="A trained pipeline whose predictions are made now, in place of --predictions."
        ),
        click.option(
            "--drafts",
            multiple=True,
            type=FILE,
            help="What `draft` wrote, to show as predictions. May be repeated.",
        ),
        click.option(
            "--predictions",
            multiple=True,
            type=FILE,
            help="JSON Lines of articles with annotations to show as predictions. May be repeated.",
        ),
    ):
        function = option(function)
    return function


def _names(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(dict.fromkeys(name.strip() for name in (value or "").split(",") if name.strip()))


def some(names: Sequence[str]) -> str:
    """The first ten of some names, and how many more there are."""
    return ", ".join(names[:10]) + (f" and {amount(len(names) - 10)} more" if len(names) > 10 else "")


@click.command()
@click.option("--annotators", callback=_names, help="Their names: anna,bruno (default: those of before).")
@click.option(
    "--per-article", type=click.IntRange(1), default=2, show_default=True, help="How many read one."
)
@click.option(
    "--checks",
    metavar="SHARE",
    help="Slip in gold checks: 5% of each annotator's articles are ones that have a reviewed annotation.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, another draw.")
@prediction_options
@url_option
@json_option
@project_option
def assign(no_ids: bool, json_path: Path | None, project: Project, **options: Any) -> None:
    """Give each article to some annotators, each of whom gets a Label Studio project.

    An annotator's name is what stands before the @ of their account. Loads differ by at most one article.
    What was assigned before stays; a second run sends only what is new. Kept in annotate/assignments.jsonl.

    Predictions are shown as `push` shows them, with the ids that are sure, in gold checks as in all others,
    and in the first of several passes. Readings that begin with them are not blind.

    Gold checks go among new articles only, in an order drawn anew, and nothing in Label Studio marks them.
    Which they are is kept in annotate/checks.jsonl; what annotators mark in them goes into annotate/checks/,
    and counts in no agreement, adjudication, training, evaluation or dataset. `status` and `report` score it.
    """
    import goldwire

    with progress("pushing") as advance:
        assigned = goldwire.assign(
            project,
            suggest_ids=not no_ids,
            advance=advance,
            predicted=lambda steps: advance(steps, "predicting"),
            **options,
        )
    for reason, number_of in Counter(assigned.left_out).most_common():
        say(f"left out: {amount(number_of)} × {reason}")
    show(assigned.table())
    if assigned.ids_suggested or assigned.ids_left:
        say(
            f"{amount(assigned.ids_suggested)} ids suggested in predictions, "
            f"{amount(assigned.ids_left)} left to pick"
        )
    for name, lacking in assigned.assigned.lacking.items():
        say(f"{name}: {amount(lacking)} checks fewer than asked: no other reviewed article is new to them")
    if assigned.assigned.held_back:
        say(f"{amount(assigned.assigned.held_back)} articles with a reviewed annotation serve as checks only")
    confide(
        f"invite annotators with: {assigned.invite}",
        otherwise="invite annotators with the link of Label Studio's page Organization (also in --json FILE)",
    )
    write_json(json_path, assigned.as_json())


@click.command()
@url_option
@json_option
@project_option
def status(url: str | None, json_path: Path | None, project: Project) -> None:
    """Show how far each annotator is: to do, done, skipped, begun, minutes.

    From the server, with a link to the next task; by pass where there are several, with the articles that
    wait for an earlier one. Of gold checks, which are among the tasks, what was pulled is scored against what
    was reviewed; `report` has all figures of them.
    """
    import goldwire

    team_status = goldwire.status(project, url=url)
    show(team_status.table("status"))
    for entry in team_status.progress:
        if entry.others and entry.owner:
            say(f"warning: in `{entry.title}` {amount(entry.others)} annotations are not {entry.annotator}'s")
    _show_ready(team_status.progress)
    if team_status.checked:
        show(team_status.table("checks"), title="Gold checks, as pulled")
    for note in team_status.notes:
        say(note)
    write_json(json_path, team_status.as_json()["projects"])


def _show_ready(entries: Sequence[Progress]) -> None:
    """What can be sent on to the next pass."""
    ready = {entry.title: entry for entry in entries if entry.ready}
    for entry in ready.values():
        command = "goldwire annotate assign" if entry.owner else "goldwire annotate push"
        say(f"{amount(entry.ready)} articles are ready for `{entry.title}`: {command}")


@click.command()
@click.argument("old")
@click.argument("new")
@url_option
@json_option
@project_option
def rename(old: str, new: str, url: str | None, json_path: Path | None, project: Project) -> None:
    """Call an annotator otherwise.

    In all files, in the record of accounts (annotate/accounts.jsonl), in assignments and, where work is
    assigned to them, on the server. Two annotators are never made one.
    """
    import goldwire

    report = goldwire.rename_annotator(project, old=old, new=new, url=url)
    counts = f"{report.files} files, {report.accounts} accounts, {report.assignments} assignments"
    say(f"{old} is now {new}: {counts}")
    write_json(json_path, report.as_json())


@click.command()
@click.option("--by", help="Who decides: the adjudicator's name; with --pull the account's.")
@click.option("--machine", is_flag=True, help="The decisions are a model's, not a person's.")
@click.option("--push", "pushing", is_flag=True, help="Send the disagreements to Label Studio.")
@click.option("--pull", "pulling", is_flag=True, help="Bring what was decided in Label Studio.")
@click.option("--between", callback=_names, help="The two annotators, where an article has more: anna,bruno.")
@url_option
@json_option
@project_option
def adjudicate(
    by: str | None,
    machine: bool,
    pushing: bool,
    pulling: bool,
    between: tuple[str, ...],
    url: str | None,
    json_path: Path | None,
    project: Project,
) -> None:
    """Merge the two stored readings of each article into one, by decisions.

    Each disagreement is an item in annotate/adjudication/DOCUMENT.yaml: fill in `decide` and `reason`, run
    again. Or decide in Label Studio: --push shows each article with both readings and what differs, --pull
    takes what was submitted there as decisions. Decisions that were made are kept. Where no item is open,
    the result is stored as the annotator `adjudicated`; one that was changed by hand since goes to
    annotate/conflicts/. Exit 1 while any item is open, and where a result was changed by hand.
    """
    if between and len(between) != 2:
        raise click.UsageError("--between names two annotators")
    if pushing and pulling:
        raise click.UsageError("--push and --pull exclude each other")
    if machine and (pushing or pulling):
        raise click.UsageError("--machine is for decisions in files")
    if pushing:
        _push_adjudication(url, between, json_path, project)
        return
    if pulling:
        _pull_adjudication(url, by, between, json_path, project)
        return
    if by is None:
        raise click.UsageError("Missing option '--by'.")
    import goldwire

    result = goldwire.adjudicate(project, by=by, machine=machine, between=between)
    _show_outcomes(result, result.outcomes)
    if result.waiting:
        say(f"passed over, with one reading: {', '.join(result.waiting)}")
    if result.drafts:
        say(f"left aside, drafts that nobody submitted: {', '.join(result.drafts)} (--between takes them in)")
    if result.unknown:
        say(
            f"note: whether a person or a machine made the readings of {', '.join(result.unknown)} is unknown"
        )
    write_json(json_path, result.as_json())
    for line in result.conflicts:
        say(f"conflict  {line}")
    if any(outcome.open for outcome in result.outcomes.values()):
        say("fill in `decide` and `reason` in annotate/adjudication/, then run again")
        raise SystemExit(1)
    if result.conflicts:
        raise SystemExit(1)


def _show_outcomes(result: Figures, outcomes: Mapping[str, AdjudicationOutcome]) -> None:
    """What stands in each article, what is open, and what was left out on the way."""
    for figures in result.tables():
        show(figures)
    for name, outcome in outcomes.items():
        for line in outcome.dropped:
            say(f"{name}: {line}")


def _push_adjudication(
    url: str | None, between: tuple[str, ...], json_path: Path | None, project: Project
) -> None:
    import goldwire

    with progress("pushing") as advance:
        report = goldwire.push_adjudication(project, between=between, url=url, advance=advance)
    show(report.table())
    say(f"in {report.url}; when it is submitted: goldwire annotate adjudicate --pull")
    write_json(json_path, report.as_json())


def _pull_adjudication(
    url: str | None, by: str | None, between: tuple[str, ...], json_path: Path | None, project: Project
) -> None:
    import goldwire

    with progress("pulling") as advance:
        report = goldwire.pull_adjudication(project, by=by, between=between, url=url, advance=advance)
    _show_outcomes(report, {n: outcome for n, outcome in report.outcomes.items() if n not in report.waiting})
    for note in report.notes:
        say(note)
    say(f"decided by {report.by}; files written: {amount(report.written)}")
    if report.waiting:
        say(f"waiting for a decision in Label Studio: {', '.join(report.waiting)}")
    for fault in report.refused:
        say(f"refused  {fault}")
    for line in report.conflicts:
        say(f"conflict  {line}")
    write_json(json_path, report.as_json())
    if report.waiting or report.refused or report.conflicts:
        raise SystemExit(1)

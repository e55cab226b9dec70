"""`goldwire annotate assign`, `status`, `adjudicate`: several annotators, and one text out of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from goldwire.cli.annotate.passes import show_ready
from goldwire.cli.common import confide, json_option, progress, project_option, say, show, table, write_json
from goldwire.figures import amount, interval, number
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.adjudication.merge import Outcome
    from goldwire.annotate.report.checks import Checked

url_option = click.option("--url", help="Another Label Studio; its token is in $GOLDWIRE_TOKEN.")


def _names(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(dict.fromkeys(name.strip() for name in (value or "").split(",") if name.strip()))


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
@url_option
@json_option
@project_option
def assign(
    annotators: tuple[str, ...],
    per_article: int,
    checks: str | None,
    seed: int,
    url: str | None,
    json_path: Path | None,
    project: Project,
) -> None:
    """Give each article to some annotators, each of whom gets a Label Studio project.

    An annotator's name is what stands before the @ of their account. Loads differ by at most one article.
    What was assigned before stays; a second run sends only what is new. Kept in annotate/assignments.jsonl.

    Gold checks go among new articles only, in an order drawn anew, and nothing in Label Studio marks them.
    Which they are is kept in annotate/checks.jsonl; what annotators mark in them goes into annotate/checks/,
    and counts in no agreement, adjudication, training, evaluation or dataset. `status` and `report` score it.
    """
    import goldwire

    with progress("pushing") as advance:
        work = goldwire.assign(
            project,
            annotators,
            per_article=per_article,
            checks=checks,
            seed=seed,
            url=url,
            advance=advance,
        )
    show(work.table())
    for name, lacking in work.assigned.lacking.items():
        say(f"{name}: {amount(lacking)} checks fewer than asked: no other reviewed article is new to them")
    if work.assigned.held_back:
        say(f"{amount(work.assigned.held_back)} articles with a reviewed annotation serve as checks only")
    confide(
        f"invite annotators with: {work.invite}",
        otherwise="invite annotators with the link of Label Studio's page Organization (also in --json FILE)",
    )
    write_json(json_path, work.as_json())


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

    found = goldwire.status(project, url=url)
    show(found.table("status"))
    for entry in found.progress:
        if entry.others and entry.owner:
            say(f"warning: in `{entry.title}` {amount(entry.others)} annotations are not {entry.annotator}'s")
    show_ready(found.progress)
    _show_checked(list(found.checked.values()))
    write_json(json_path, found.as_json()["projects"])


def _show_checked(checked: Sequence[Checked]) -> None:
    """Gold checks as they were pulled: F1, its interval, faults by kind; few checks say so."""
    if not checked:
        return
    from goldwire.annotate.report.checks import KINDS
    from goldwire.annotate.report.figures import FEW
    from goldwire.annotate.report.page import drift_hint

    rows = []
    for each in checked:
        whole = each.figures[0] if each.figures else None
        counts = {fault.kind: fault.count for fault in each.faults}
        shown = f"fewer than {FEW} checks" if each.few else interval(whole.ci95 if whole else None)
        rows.append(
            (
                each.annotator,
                f"{amount(each.done)} of {amount(each.given)}",
                number(whole.f1 if whole else None),
                shown,
                *(counts.get(kind, 0) for kind in KINDS),
            )
        )
    columns = ("annotator", "checks done", "F1", "95 %", *KINDS)
    table(columns, rows, title="Gold checks, as pulled", left=1, lesser=tuple(KINDS)[::-1])
    for each in checked:
        for reason in each.left_out:
            say(f"{each.annotator}, left out: {reason}")
        if hint := drift_hint(each):
            say(hint)


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
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.annotate.rename import rename as rename_annotator

    report = rename_annotator(project, old, new, lambda: connect(project, url=url))
    counts = f"{report.files} files, {report.accounts} accounts, {report.assignments} assignments"
    say(f"{old} is now {new}: {counts}")
    write_json(json_path, report.as_dict())


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
    the result is stored as the annotator `adjudicated`. Exit 1 while any is open.
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
    from goldwire.annotate.adjudication.project import adjudicate_project
    from goldwire.model import Provenance
    from goldwire.schemas import load_schema
    from goldwire.schemas.label_config import guidelines_hash

    schema = load_schema(project.schema_path)
    made_by = Provenance("model" if machine else "human", by, guidelines=guidelines_hash(schema))
    result = adjudicate_project(project, schema, made_by, between)
    _show_outcomes(result.outcomes)
    if result.waiting:
        say(f"passed over, with one reading: {', '.join(result.waiting)}")
    if result.drafts:
        say(f"left aside, drafts that nobody submitted: {', '.join(result.drafts)} (--between takes them in)")
    if result.unknown:
        say(
            f"note: whether a person or a machine made the readings of {', '.join(result.unknown)} is unknown"
        )
    write_json(json_path, result.as_dict())
    if any(outcome.open for outcome in result.outcomes.values()):
        say("fill in `decide` and `reason` in annotate/adjudication/, then run again")
        raise SystemExit(1)


def _show_outcomes(outcomes: Mapping[str, Outcome]) -> None:
    from goldwire.annotate.adjudication.project import counts_by_kind

    rows = [
        (
            name,
            len(outcome.annotation.spans),
            len(outcome.annotation.relations),
            len(outcome.items),
            len(outcome.open),
        )
        for name, outcome in outcomes.items()
    ]
    table(("article", "spans", "relations", "items", "open"), rows)
    table(
        ("kind", "a", "b", "both", "neither", "value", "open"),
        [(k, *v.values()) for k, v in counts_by_kind(outcomes).items()],
    )
    for name, outcome in outcomes.items():
        for line in outcome.dropped:
            say(f"{name}: {line}")


def _push_adjudication(
    url: str | None, between: tuple[str, ...], json_path: Path | None, project: Project
) -> None:
    from goldwire.annotate.adjudication.push import push_adjudication
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.schemas import load_schema
    from goldwire.seeds import load_seeds

    documents, schema = load_seeds(project), load_schema(project.schema_path)
    with connect(project, url=url) as client, progress("pushing") as advance:
        report = push_adjudication(client, project, schema, documents, between=between, advance=advance)
    rows = [
        ("articles sent", report.sent),
        ("articles refreshed", report.refreshed),
        ("tasks on the server", report.tasks),
        ("items open", report.open),
        ("items decided", report.decided),
        ("articles without disagreement", len(report.agreed)),
        ("articles with one reading", len(report.waiting)),
    ]
    table(("adjudication", ""), rows)
    say(f"in {report.url}; when it is submitted: goldwire annotate adjudicate --pull")
    write_json(json_path, report.as_dict())


def _pull_adjudication(
    url: str | None, by: str | None, between: tuple[str, ...], json_path: Path | None, project: Project
) -> None:
    from goldwire.annotate.adjudication.pull import pull_adjudication
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.schemas import load_schema
    from goldwire.seeds import load_seeds

    documents, schema = load_seeds(project), load_schema(project.schema_path)
    with connect(project, url=url) as client, progress("pulling") as advance:
        report = pull_adjudication(
            client, project, schema, documents, by=by, between=between, advance=advance
        )
    _show_outcomes({name: outcome for name, outcome in report.outcomes.items() if name not in report.waiting})
    for note in report.notes:
        say(note)
    say(f"decided by {report.by}; files written: {amount(report.written)}")
    if report.waiting:
        say(f"waiting for a decision in Label Studio: {', '.join(report.waiting)}")
    for fault in report.refused:
        say(f"refused  {fault}")
    write_json(json_path, report.as_dict())
    if report.waiting or report.refused:
        raise SystemExit(1)

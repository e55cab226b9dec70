"""How far each annotator is, as the server has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.assignments import assigned_to, owners, title_for
from goldwire.annotate.records.passes import Pass, project_passes
from goldwire.project import Project

_INCLUDE = ("annotations", "completed_by", "updated_at", "was_cancelled", "lead_time", "draft_exists")


@dataclass(frozen=True)
class Progress:
    """One annotator's work in one project.

    `owner` is whose project it is, `drafts` are tasks that were begun and not submitted, `minutes` the time
    that submitted and skipped tasks took, `others` what other accounts annotated there, `next` the address of
    the next task to do.

    Where articles are annotated in passes, each has its row: `part` is the pass, `waiting` counts the first
    pass's articles that are not in this one yet, `ready` those of them whose pass before is submitted.
    """

    title: str
    annotator: str
    to_do: int
    done: int
    skipped: int
    drafts: int
    minutes: float
    others: int
    url: str
    next: str
    owner: str = ""
    part: str = ""
    waiting: int = 0
    ready: int = 0


def team_status(client: Client, project: Project) -> list[Progress]:
    """The progress in each annotator's project, then in the main and the adjudication project, by account.

    By pass where there are several. Projects that the server does not have are passed over; raises GW325
    where it has none.
    """
    accounts = Accounts(client, project)
    passes = project_passes(project)
    rows: list[Progress] = []
    for owner in (*assigned_to(project), "") if passes else ():
        rows += _by_pass(client, project, passes, owner, accounts)
    titles = [*owners(project).items(), (project.name, ""), (title_for(project, "adjudication"), "")]
    for title, owner in titles:
        for remote in client.projects(title)[:1]:
            rows += _progress(client, int(remote["id"]), title, owner, accounts)
    if not rows:
        project_on_server(
            client, title_for(project, "", passes[0] if passes else None)
        )  # says what is missing
    return rows


def _by_pass(
    client: Client, project: Project, passes: Sequence[Pass], owner: str, accounts: Accounts
) -> Iterator[Progress]:
    """The rows of each pass."""
    first = done_before = 0
    for each in passes:
        title = title_for(project, owner, each)
        for remote in client.projects(title)[:1]:
            rows = list(_progress(client, int(remote["id"]), title, owner, accounts))
            total = rows[0].to_do + rows[0].done + rows[0].skipped  # of whomever: each row is of all tasks
            first = total if each.number == 1 else first
            ready = max(0, done_before - total) if each.earlier else 0
            for row in rows:
                yield replace(row, part=each.name, waiting=max(0, first - total), ready=ready)
            done_before = min(total, sum(row.done for row in rows))


def _progress(client: Client, number: int, title: str, owner: str, accounts: Accounts) -> Iterator[Progress]:
    """A row for the owner; where a project has none, one for each account that annotated in it."""
    tasks = list(client.tasks(number, _INCLUDE))
    by_annotator: dict[str, dict[int, list[dict[str, Any]]]] = {owner: {}} if owner else {}
    of_all = 0
    for task in tasks:
        for annotation in task.get("annotations") or ():
            of_all += 1
            name = accounts.of(annotation)
            by_annotator.setdefault(name, {}).setdefault(int(task["id"]), []).append(annotation)
    for name in [owner] if owner else sorted(by_annotator) or [""]:
        theirs = by_annotator.get(name, {})
        annotations_made = [annotation for annotations in theirs.values() for annotation in annotations]
        done = sum(not all(a.get("was_cancelled") for a in annotations) for annotations in theirs.values())
        to_do = [task for task in tasks if int(task["id"]) not in theirs]
        seconds = sum(float(annotation.get("lead_time") or 0) for annotation in annotations_made)
        yield Progress(
            title=title,
            annotator=name,
            owner=owner,
            to_do=len(to_do),
            done=done,
            skipped=len(theirs) - done,
            drafts=sum(bool(task.get("draft_exists")) for task in to_do),
            minutes=round(seconds / 60, 1),
            others=of_all - len(annotations_made),
            url=client.project_url(number),
            next=client.task_url(number, int(to_do[0]["id"]), labelling=True) if to_do else "",
        )

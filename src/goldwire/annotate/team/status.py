"""How far each annotator is, as the server has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.projects import find_project
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.assignments import owners, title_for
from goldwire.project import Project

_INCLUDE = ("annotations", "completed_by", "updated_at", "was_cancelled", "lead_time", "draft_exists")


@dataclass(frozen=True)
class Progress:
    """One annotator's work in one project.

    `drafts` are tasks that were begun and not submitted, `minutes` the time that submitted and skipped
    tasks took, `others` what other accounts annotated there, `next` the address of the next task to do.
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

    def as_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return asdict(self)


def status(client: Client, project: Project) -> list[Progress]:
    """The progress in each annotator's project, then in the main and the adjudication project, by account.

    Projects that the server does not have are passed over; raises GW325 where it has none.
    """
    accounts = Accounts(client, project)
    titles = list(owners(project).items())
    titles += [(project.name, ""), (title_for(project, "adjudication"), "")]
    rows: list[Progress] = []
    missing = True
    for title, owner in titles:
        for remote in client.projects(title)[:1]:
            missing = False
            rows.extend(_progress(client, int(remote["id"]), title, owner, accounts))
    if missing:
        find_project(client, project.name)  # says what is missing
    return rows


def _progress(client: Client, number: int, title: str, owner: str, accounts: Accounts) -> Iterator[Progress]:
    """A row for the owner; where a project has none, one for each account that annotated in it."""
    tasks = list(client.tasks(number, _INCLUDE))
    by_annotator: dict[str, dict[int, list[dict[str, Any]]]] = {owner: {}} if owner else {}
    for task in tasks:
        for annotation in task.get("annotations") or ():
            name = accounts.of(annotation)
            by_annotator.setdefault(name, {}).setdefault(int(task["id"]), []).append(annotation)
    for name in [owner] if owner else sorted(by_annotator) or [""]:
        theirs = by_annotator.get(name, {})
        done = {
            task
            for task, annotations in theirs.items()
            if any(not a.get("was_cancelled") for a in annotations)
        }
        to_do = [task for task in tasks if int(task["id"]) not in theirs]
        seconds = sum(float(a.get("lead_time") or 0) for annotations in theirs.values() for a in annotations)
        others = sum(
            len(annotations)
            for other, by_task in by_annotator.items()
            if other != name
            for annotations in by_task.values()
        )
        yield Progress(
            title=title,
            annotator=name,
            to_do=len(to_do),
            done=len(done),
            skipped=len(theirs) - len(done),
            drafts=sum(bool(task.get("draft_exists")) for task in to_do),
            minutes=round(seconds / 60, 1),
            others=others,
            url=client.project_url(number),
            next=client.task_url(number, int(to_do[0]["id"]), labelling=True) if to_do else "",
        )

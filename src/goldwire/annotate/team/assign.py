"""Who reads what: each article goes to some of the annotators, each of whom has a Label Studio project.

The community edition has no roles and no consensus: everyone may open everything. A project of one's own
shows an annotator nobody else's work while annotating; it is out of the way, not hidden.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import find_project
from goldwire.annotate.labelstudio.users import RESERVED
from goldwire.annotate.records.assignments import (
    Assignment,
    assignments_path,
    read_assignments,
    title_for,
    write_assignments,
)
from goldwire.annotate.sync.importer import Prefer
from goldwire.annotate.sync.pull import PullReport, pull
from goldwire.annotate.sync.push import PushReport, push
from goldwire.errors import GoldwireError
from goldwire.model import Document
from goldwire.project import Project
from goldwire.schemas import Schema

#: Characters of an annotator's name, which leave room for the project's in a title of 50.
_NAME = 36


@dataclass(frozen=True)
class PulledProject:
    """What was pulled of one project. `annotator` is whose it is, `others` who annotated in it besides."""

    title: str
    annotator: str
    report: PullReport
    others: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return asdict(self)


def assign(
    articles: Sequence[str],
    annotators: Sequence[str],
    per_article: int,
    *,
    former: Sequence[Assignment] = (),
    seed: int = 0,
) -> list[Assignment]:
    """All assignments: those `made` before, none of them moved, and those that are missing.

    Each article goes to `per_article` annotators, always to those who have the fewest; ties are settled by
    a hash of seed, article and annotator. From nothing, loads differ by at most one, also when articles come
    later. Who joins later gets what is new. Raises GW341 where there are fewer annotators than needed.
    """
    names = list(dict.fromkeys(annotators))
    if not 1 <= per_article <= len(names):
        message = f"{per_article} annotators an article, and there are {len(names)}"
        raise GoldwireError.of("GW341", message, hint="name more with --annotators, or lower --per-article")
    readers: dict[str, set[str]] = defaultdict(set)
    load: Counter[str] = Counter(dict.fromkeys(names, 0))
    for assignment in former:
        readers[assignment.article].add(assignment.annotator)
        load[assignment.annotator] += 1
    assignments = list(former)
    for article in dict.fromkeys(articles):

        def order(name: str, article: str = article) -> tuple[int, str]:
            return load[name], sha256(json.dumps([seed, article, name]).encode()).hexdigest()

        free = sorted((name for name in names if name not in readers[article]), key=order)
        for name in free[: max(0, per_article - len(readers[article]))]:
            readers[article].add(name)
            load[name] += 1
            assignments.append(Assignment(article, name))
    return assignments


def check_name(name: str, *, assigned: bool = True) -> None:
    """Raise GW341 for what can't be an annotator's name; where work is `assigned` it is part of a title."""
    bad = not name.strip() or name in RESERVED or any(mark in name for mark in "/\n")
    if bad or (assigned and len(name) > _NAME):
        hint = f"what stands before the @ of the annotator's account, at most {_NAME} characters"
        raise GoldwireError.of("GW341", f"`{name}` can't be an annotator's name", hint=hint)


def assign_project(
    project: Project,
    documents: Iterable[Document],
    annotators: Sequence[str],
    per_article: int,
    seed: int = 0,
) -> list[Assignment]:
    """Assign a project's articles and keep the result; without `annotators` to those of before."""
    with project_lock(project, "assign"):
        former = read_assignments(project)
        names = annotators or sorted({assignment.annotator for assignment in former})
        for name in names:
            check_name(name)
        assignments = assign([d.id for d in documents], names, per_article, former=former, seed=seed)
        if assignments != former:
            write_assignments(assignments_path(project), assignments)
        return assignments


def push_assigned(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    assignments: Sequence[Assignment],
    *,
    advance: Callable[[int], None] | None = None,
) -> dict[str, PushReport]:
    """Push to each annotator's project the articles assigned to them; by annotator.

    A second run sends nothing. Articles that are in `assignments` but no longer in the project are left out.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for assignment in assignments:
        wanted[assignment.annotator].add(assignment.article)
    return {
        name: push(
            client,
            project,
            schema,
            [document for document in documents if document.id in wanted[name]],
            title=title_for(project, name),
            advance=advance,
        )
        for name in sorted(wanted)
    }


def pull_projects(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    *,
    full: bool = False,
    drafts: bool = False,
    prefer: Prefer = "",
    advance: Callable[[int], None] | None = None,
) -> list[PulledProject]:
    """Pull the main project and each annotator's, as far as the server has them; options as `pull` has them.

    Work is recorded under the account that did it. Raises GW325 where the server has none of them.
    """
    owners = sorted({assignment.annotator for assignment in read_assignments(project)})
    pulled: list[PulledProject] = []
    for title, owner in ((project.name, ""), *((title_for(project, name), name) for name in owners)):
        if owners and not client.projects(title):
            continue
        report = pull(
            client,
            project,
            schema,
            documents,
            title=title,
            full=full,
            drafts=drafts,
            prefer=prefer,
            advance=advance,
        )
        others = tuple(name for name in report.annotators if owner and name != owner)
        pulled.append(PulledProject(title, owner, report, others))
    if not pulled:
        find_project(client, project.name)  # says what is missing
    return pulled

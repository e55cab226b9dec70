"""Who reads what: each article goes to some of the annotators, each of whom has a Label Studio project.

The community edition has no roles and no consensus: everyone may open everything. A project of one's own
shows an annotator nobody else's work while annotating; it is out of the way, not hidden.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.labelstudio.users import RESERVED
from goldwire.annotate.passes.pull import PassCounts, pull_passes
from goldwire.annotate.passes.push import push_passes
from goldwire.annotate.records.assignments import (
    Assignment,
    assigned_to,
    owners,
    read_assignments,
    title_for,
    write_assignments,
)
from goldwire.annotate.records.gold_checks import GoldCheck, read_checks, write_checks
from goldwire.annotate.records.passes import passes_of
from goldwire.annotate.sync.importer import Prefer
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import PushReport, push
from goldwire.annotate.sync.report import PullReport
from goldwire.annotate.team.gold_checks import check_alike, draw_checks, in_task_order, reviewed_answers
from goldwire.annotations.store import Read, read_annotations, read_once
from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.model import Annotation, Document
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
    #: Where there are passes, what became of all of them; with the first one's project.
    passes: PassCounts | None = None


def assign(
    articles: Sequence[str],
    annotators: Sequence[str],
    per_article: int,
    *,
    former: Sequence[Assignment] = (),
    checks: Iterable[GoldCheck] = (),
    seed: int = 0,
) -> list[Assignment]:
    """All assignments: those `former` ones, none of them moved, and those that are missing.

    Each article goes to `per_article` annotators, always to those who have the fewest; ties are settled by
    a hash of seed, article and annotator. From nothing, loads differ by at most one, also when articles come
    later. Who joins later gets what is new. Nobody gets what they had as one of the `checks`.
    Raises GW341 where there are fewer annotators than needed.
    """
    names = list(dict.fromkeys(annotators))
    if not 1 <= per_article <= len(names):
        message = f"{per_article} annotators an article, and there are {len(names)}"
        raise GoldwireError.of("GW341", message, hint="name more with --annotators, or lower --per-article")
    known = {(check.annotator, check.article) for check in checks}
    readers: dict[str, set[str]] = defaultdict(set)
    load: Counter[str] = Counter(dict.fromkeys(names, 0))
    for assignment in former:
        readers[assignment.article].add(assignment.annotator)
        load[assignment.annotator] += 1
    assignments = list(former)
    for article in dict.fromkeys(articles):
        free = [
            (load[name], sha256(json.dumps([seed, article, name])), name)
            for name in names
            if name not in readers[article] and (name, article) not in known
        ]
        for _, _, name in sorted(free)[: max(0, per_article - len(readers[article]))]:
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


@dataclass(frozen=True)
class Assigned:
    """Who reads what, all of it, and the gold checks among it.

    `lacking` says how many checks an annotator is short of for want of reviewed articles, `held_back` counts
    reviewed articles that were given to nobody, since checks are made of them.
    """

    assignments: list[Assignment]
    checks: list[GoldCheck] = field(default_factory=list)
    lacking: dict[str, int] = field(default_factory=dict)
    held_back: int = 0


def assign_project(
    project: Project,
    documents: Iterable[Document],
    annotators: Sequence[str],
    per_article: int,
    seed: int = 0,
    *,
    checks: Fraction | None = None,
    predictions: Mapping[str, Sequence[Annotation]] | None = None,
) -> Assigned:
    """Assign a project's articles and keep the result; without `annotators` to those of before.

    With `checks`, such a share of each annotator's articles is of those that have a reviewed annotation, and
    these are not given out to be read. Raises GW784 where there is none, GW788 where checks would be known by
    the `predictions`, by article, that are sent with them; nothing is kept then.
    """
    with project_lock(project, "assign"):
        former, checks_before = read_assignments(project), read_checks(project)
        names = annotators or sorted({assignment.annotator for assignment in former})
        for name in names:
            check_name(name)
        ids = [document.id for document in documents]
        known = set(ids)
        answered = {}
        if checks is not None:
            stored = reviewed_answers(read_annotations(project))
            answered = {article: theirs for article, theirs in stored.items() if article in known}
            if not answered:
                message = "no article has an annotation that people reviewed or adjudicated"
                hint = "adjudicate some first (goldwire annotate adjudicate): a draft is no gold"
                raise GoldwireError.of("GW784", message, where=str(project.annotations), hint=hint)
        assigned_before = {assignment.article for assignment in former}
        to_read = [article for article in ids if article not in answered]
        assignments = assign(to_read, names, per_article, former=former, checks=checks_before, seed=seed)
        drawn: list[GoldCheck] = []
        lacking: dict[str, int] = {}
        if checks is not None:
            drawn, lacking = draw_checks(answered, assignments, former, checks_before, checks, seed=seed)
        fresh = set(assignments) - set(former)
        where, shown = str(project.root), predictions or {}
        check_alike(_wanted(fresh, drawn), drawn, shown, where)
        check_alike(_wanted(assignments, checks_before), _among(checks_before), shown, where)
        # First the checks: what is sent as one is never taken for a reading, wherever a run is cut off.
        if drawn:
            write_checks(project, [*checks_before, *drawn])
        if assignments != former:
            write_assignments(project, assignments)
        return Assigned(
            assignments, [*checks_before, *drawn], lacking, len(answered.keys() - assigned_before)
        )


def _among(checks: Iterable[GoldCheck]) -> list[GoldCheck]:
    """The gold checks, without what is given to practise on."""
    return [check for check in checks if check.purpose == "check"]


def _wanted(assignments: Iterable[Assignment], checks: Iterable[GoldCheck]) -> dict[str, set[str]]:
    """The articles of each annotator, their gold checks among them."""
    wanted: dict[str, set[str]] = defaultdict(set)
    given = [(assignment.annotator, assignment.article) for assignment in assignments]
    for name, article in [*given, *((check.annotator, check.article) for check in _among(checks))]:
        wanted[name].add(article)
    return wanted


def push_assigned(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    assignments: Sequence[Assignment],
    checks: Sequence[GoldCheck] = (),
    *,
    predictions: Mapping[str, Sequence[Annotation]] | None = None,
    advance: Callable[[int], None] | None = None,
    read: Read | None = None,
) -> dict[str, PushReport]:
    """Push to each annotator's project the articles assigned to them, their checks among them; by annotator.

    `predictions`, by article, are shown as they are; in passes the first one shows those of its layers. That
    no check is known by them is for `assign_project` to see, before the draw is kept.

    With passes to the projects of each pass, by annotator and pass: `ANNOTATOR (1 PASS)`. A second run sends
    nothing. Articles that are in `assignments` but no longer in the project are left out.
    """
    among = _among(checks)
    wanted = _wanted(assignments, among)
    passes, shown = passes_of(project, schema), predictions or {}
    reports: dict[str, PushReport] = {}
    read = read or read_once(project)
    for name in sorted(wanted):
        theirs = in_task_order(
            [document for document in documents if document.id in wanted[name]], name, among
        )
        predicted = [annotation for document in theirs for annotation in shown.get(document.id, ())]
        if passes:
            for each in push_passes(
                client,
                project,
                schema,
                theirs,
                passes,
                owner=name,
                predictions=predicted,
                suggest=False,
                read=read,
                advance=advance,
            ):
                reports[f"{name} ({each.number} {each.name})"] = each.report
        else:
            reports[name] = push(
                client,
                project,
                schema,
                theirs,
                title=title_for(project, name),
                predictions=predicted,
                suggest=False,
                read=read,
                advance=advance,
            )
    return reports


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
    theirs = owners(project)
    passes = passes_of(project, schema)
    pulled: list[PulledProject] = []
    for owner in ("", *assigned_to(project)) if passes else ():
        reports, counts = pull_passes(
            client,
            project,
            schema,
            documents,
            passes,
            owner,
            full=full,
            drafts=drafts,
            prefer=prefer,
            advance=advance,
        )
        for number, (name, report) in enumerate(reports.items()):
            other_names = tuple(other for other in report.annotators if owner and other != owner)
            pulled.append(PulledProject(name, owner, report, other_names, None if number else counts))
    for title, owner in ((project.name, ""), *theirs.items()):
        if (theirs or passes) and not client.projects(title):
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
            owner=owner,
            advance=advance,
        )
        other_names = tuple(name for name in report.annotators if owner and name != owner)
        pulled.append(PulledProject(title, owner, report, other_names))
    if not pulled:
        project_on_server(
            client, title_for(project, "", passes[0] if passes else None)
        )  # says what is missing
    return pulled

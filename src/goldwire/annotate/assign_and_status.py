"""Who gets which articles and how far each is: `assign`, `practice` and `status` of the API and its commands.

The work is done in `team`; here it is asked for, and told in tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from goldwire.annotate.labelstudio.client import connect
from goldwire.annotate.push_and_pull import check_push, predict_with
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.report.figures import FEW
from goldwire.annotate.report.gold_checks import KINDS, Checked, read_checked
from goldwire.annotate.sync.predictions import Given, bound, check_drafts, checked_predictions
from goldwire.annotate.sync.push import PushReport
from goldwire.annotate.sync.suggestions import Suggested
from goldwire.annotate.sync.suggestions import suggest_ids as fill_ids
from goldwire.annotate.team.assign import Assigned, assign_project, push_assigned
from goldwire.annotate.team.gold_checks import share_of
from goldwire.annotate.team.practice import Practised, give_practice, practice_table, practise
from goldwire.annotate.team.status import Progress, team_status
from goldwire.annotate.wrong_use import wrong_use
from goldwire.annotations.store import read_once
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from goldwire.table import Column, Figures, Table


@dataclass(frozen=True, repr=False)
class AssignedWork(Figures):
    """Who reads what, and what each annotator was sent, by annotator (with passes, and by pass).

    `ids_suggested` were filled into predictions, `ids_left` spans there could bear an id and none was sure;
    `left_out` counts by reason what a model found and the schema has no place for.
    `invite` is the link by which annotators make an account: whoever has it gets in, so no table shows it.
    """

    assigned: Assigned
    sent: Mapping[str, PushReport]
    invite: str
    ids_suggested: int = 0
    ids_left: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        articles = len({each.article for each in self.assigned.assignments})
        return f"<AssignedWork: {counted(articles, 'article')} to {counted(len(self.sent), 'project')}>"

    @property
    def checks(self) -> Counter[str]:
        """How many gold checks are among each annotator's articles."""
        return Counter(check.annotator for check in self.assigned.checks if check.purpose == "check")

    def tables(self) -> list[Table]:
        """`assign`, a row for each annotator's project."""
        among = self.checks
        checked = (Column("checks among them", "amount"),) if among else ()
        with_predictions = any(r.predictions_sent or r.predictions_present for r in self.sent.values())
        predicted = (Column("predictions sent", "amount"),) if with_predictions else ()
        columns = (Column("annotator"), Column("articles", "amount"), *checked, Column("sent", "amount"))
        rows = [
            (
                *(name, report.documents, *((among[name],) if among else ()), report.sent),
                *((report.predictions_sent,) if predicted else ()),
                report.url,
            )
            for name, report in self.sent.items()
        ]
        return [Table("assign", "assign", (*columns, *predicted, Column("project")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The figures and the link, as `goldwire annotate assign --json` writes them."""
        among = self.checks
        return {
            "invite": self.invite,
            "annotators": {n: report.as_dict() | {"checks": among[n]} for n, report in self.sent.items()},
            "lacking": self.assigned.lacking,
            "held_back": self.assigned.held_back,
            "ids_suggested": self.ids_suggested,
            "ids_left": self.ids_left,
        }


def assign(
    project: str | Path | Project = ".",
    annotators: Iterable[str] = (),
    *,
    per_article: int = 2,
    checks: str | None = None,
    seed: int = 0,
    predictions: Given = (),
    drafts: Given = (),
    model: str | Path | None = None,
    suggest_ids: bool = True,
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
    predicted: Callable[[int], None] | None = None,
) -> AssignedWork:
    """Give each article to `per_article` annotators, each of whom gets a Label Studio project.

    Without `annotators`, names as before the @ of their accounts, those of before. What was assigned before
    stays; a second call sends what is new. `checks`, a share as `"5%"`, slips in gold checks: articles that
    have a reviewed annotation. Another `seed` draws otherwise. `predictions`, `drafts`, `model` and
    `suggest_ids`, `url` and its token as in `push`; checks have predictions as all others. `advance` counts
    articles, `predicted` those that the model has seen. Raises GW310 and GW311 without a server or token,
    GW341 for names that can't be or too few of them, GW783 and GW784 for checks that can't be had, GW788
    where they would be known by their predictions, and what `push` raises for predictions.

        >>> import goldwire
        >>> try:
        ...     goldwire.assign("my-project", ["anna", "ben"], checks="2")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW783
    """
    home = find_project(project)
    share = share_of(checks) if checks is not None else None
    shown, drafted = bound(predictions), bound(drafts)
    check_drafts(drafted)
    check_push(shown, drafted, model, show=True, ranking=False, count=None)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    with connect(home, url=url) as client:
        left_out: Counter[str] = Counter()
        shown += drafted
        if model is not None:
            shown, left_out = predict_with(model, schema, documents, predicted)
        by_document = checked_predictions(schema, documents, shown)
        read = read_once(home, documents)
        suggested = (
            fill_ids(home, schema, documents, by_document, read) if suggest_ids else Suggested(by_document)
        )
        names = [annotators] if isinstance(annotators, str) else list(annotators)
        assigned = assign_project(
            home, documents, names, per_article, seed, checks=share, predictions=suggested.predictions
        )
        sent = push_assigned(
            client,
            home,
            schema,
            documents,
            assigned.assignments,
            assigned.checks,
            predictions=suggested.predictions,
            advance=advance,
            read=read,
        )
        invite = client.invite_link()
        return AssignedWork(assigned, sent, invite, suggested.filled, suggested.left, left_out)


@dataclass(frozen=True, repr=False)
class Practice(Figures):
    """How far an annotator's practice is, in `practised`. So many articles were `asked` for."""

    practised: Practised
    asked: int

    def __repr__(self) -> str:
        given = counted(self.practised.given, "article")
        return f"<Practice of {self.practised.annotator}: {self.practised.done} done of {given}>"

    def tables(self) -> list[Table]:
        """`practice`: articles given and done, answers that this call has shown."""
        return [practice_table([self.practised])]

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate practice --json` writes them."""
        return asdict(self.practised)


def practice(
    project: str | Path | Project = ".",
    *,
    annotator: str,
    count: int = 3,
    seed: int = 0,
    give: bool = True,
    url: str | None = None,
) -> Practice:
    """Give a newcomer `count` reviewed articles in all to practise on, in a Label Studio project of theirs.

    What was given before stays. Called again, or by a `pull`, each article that was submitted since gets its
    answer: the reviewed annotation beside their own, with a page of each difference. What they mark is kept
    in `annotate/practice/` and counts in nothing else. Another `seed` draws other articles; without `give`
    answers are shown and nothing is given. `url` and its token as in `push`. Raises GW310 and GW311 without a
    server or token, GW341 and GW786 for a name that can't be one, GW785 where no reviewed article is new to
    them, GW958 for a `count` below 1.

        >>> import goldwire
        >>> try:
        ...     goldwire.practice("my-project", annotator="anna")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    if count < 1:
        raise wrong_use(f"{count} articles to practise on", "see goldwire annotate practice --help")
    home = find_project(project)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    with connect(home, url=url) as client:
        if give:
            give_practice(client, home, schema, documents, annotator, count, seed=seed)
        return Practice(practise(client, home, schema, documents, annotator), count)


@dataclass(frozen=True, repr=False)
class TeamStatus(Figures):
    """How far each annotator is, and their gold checks as they were pulled, by annotator."""

    progress: tuple[Progress, ...]
    checked: Mapping[str, Checked]
    #: The titles of the projects in which the checks lie, by annotator.
    titles: Mapping[str, str]

    def __repr__(self) -> str:
        done, to_do = (sum(getattr(each, name) for each in self.progress) for name in ("done", "to_do"))
        return f"<TeamStatus: {done} done, {to_do} to do in {counted(len(self.progress), 'row')}>"

    def tables(self) -> list[Table]:
        """`status`, and `checks` where there are some."""
        parted = any(each.part for each in self.progress)
        names = (*(("waiting",) if parted else ()), "to do", "done", "skipped", "begun")
        columns = (
            *(Column("project"), Column("annotator")),
            *(Column(name, "amount") for name in names),
            *(Column("minutes"), Column("next")),
        )
        rows = [
            (
                each.title,
                each.annotator or "-",
                *((each.waiting,) if parted else ()),
                *(each.to_do, each.done, each.skipped, each.drafts),
                f"{each.minutes:.1f}",
                each.next or each.url,
            )
            for each in self.progress
        ]
        tables = [Table("status", "status", columns, rows, lesser=("minutes", "begun", "skipped", "next"))]
        if self.checked:
            tables.append(_checks_table(list(self.checked.values())))
        return tables

    @property
    def notes(self) -> list[str]:
        """What to know of gold checks: which can't be scored and why, and early ones unlike late ones."""
        from goldwire.annotate.report.page import drift_hint

        notes = []
        for each in self.checked.values():
            notes += [f"{each.annotator}, left out: {reason}" for reason in each.left_out]
            notes += [hint] if (hint := drift_hint(each)) else []
        return notes

    def as_json(self) -> dict[str, Any]:
        """`projects`, the list that `goldwire annotate status --json` writes."""
        rows = []
        for each in self.progress:
            theirs = self.checked.get(each.annotator)
            whose = theirs is not None and each.title == self.titles[each.annotator]
            rows.append(asdict(each) | {"checks": theirs.as_dict() if theirs and whose else None})
        return {"projects": rows}


def _checks_table(checked: Sequence[Checked]) -> Table:
    """Gold checks by annotator: F1 of all spans with its interval, unless they are few; faults by kind."""
    counts = tuple(Column(kind, "amount") for kind in KINDS)
    columns = (
        *(Column("annotator"), Column("checks done", "amount"), Column("checks given", "amount")),
        *(Column("F1", "number"), Column("95 %", "interval"), *counts),
    )
    rows = []
    for each in checked:
        whole = each.figures[0] if each.figures else None
        faults = {fault.kind: fault.count for fault in each.faults}
        bounds = f"fewer than {FEW} checks" if each.few else whole.ci95 if whole else None
        figures = (each.done, each.given, whole.f1 if whole else None, bounds)
        rows.append((each.annotator, *figures, *(faults.get(kind, 0) for kind in KINDS)))
    return Table("checks", "Gold checks, as pulled", columns, rows, lesser=tuple(KINDS)[::-1])


def status(project: str | Path | Project = ".", *, url: str | None = None) -> TeamStatus:
    """How far each annotator is, as the server has it: to do, done, skipped, begun, minutes; by pass.

    With the gold checks that were pulled, scored against what was reviewed. `url` and its token as in `push`.
    Raises GW310 and GW311 without a server or token, GW325 where it has no project of this one.

        >>> import goldwire
        >>> try:
        ...     goldwire.status("my-project")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    home = find_project(project)
    with connect(home, url=url) as client:
        progress = team_status(client, home)
    checked = {each.annotator: each for each in read_checked(home, load_schema(home.schema_path))}
    return TeamStatus(tuple(progress), checked, {name: title_for(home, name) for name in checked})

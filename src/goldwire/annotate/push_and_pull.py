"""Articles sent to a Label Studio, annotations brought home: `push` and `pull` of the API and its commands.

The work is done in `sync` and `passes`; here it is asked for, and told in tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from msgspec import to_builtins

from goldwire.annotate.labelstudio.client import connect
from goldwire.annotate.passes.push import PassPush, push_passes
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.records.notes import Note, read_notes
from goldwire.annotate.records.passes import one_pass_only, pass_named, passes_of
from goldwire.annotate.sync.importer import Prefer
from goldwire.annotate.sync.predictions import Given, bound, check_drafts
from goldwire.annotate.sync.push import PushReport
from goldwire.annotate.sync.push import push as push_articles
from goldwire.annotate.sync.push_order import by_uncertainty, candidates
from goldwire.annotate.team.assign import PulledProject, pull_projects
from goldwire.annotate.team.feedback import BrokenRule, fill_tabs, stored_broken_rules
from goldwire.annotate.team.practice import Practised, practice_table, show_answers
from goldwire.annotate.wrong_use import wrong_use
from goldwire.annotations.store import read_annotations, read_once
from goldwire.errors import Fault
from goldwire.formats.account import ConversionAccount
from goldwire.model import Annotation, Document
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema
from goldwire.seeds import load_seeds
from goldwire.table import Column, Figures, Table

_HELP = "see goldwire annotate push --help, pull --help"
_COUNTS = (Column("what"), Column("count", "amount"))


@dataclass(frozen=True)
class Order:
    """Articles in the order of a model's uncertainty: so many `sent` of `articles`; those that are `labelled`
    or `present` on the server already are none of them, in `empty` ones nothing was found."""

    articles: int
    sent: int
    labelled: int
    present: int
    empty: int


@dataclass(frozen=True, repr=False)
class Pushed(Figures):
    """What a push sent: its `report`, or with `passes` one for each of these.

    `left_out` counts by reason what a model found and the schema has no place for; `order` is None where
    articles were sent in the project's. `is_one_pass` says that `[annotate] passes` makes no difference.
    """

    report: PushReport | None = None
    passes: tuple[PassPush, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    order: Order | None = None
    is_one_pass: bool = False

    def __repr__(self) -> str:
        reports = [each.report for each in self.passes] if self.report is None else [self.report]
        sent, present = sum(r.sent for r in reports), sum(r.present for r in reports)
        return f"<Pushed: {counted(sent, 'article')} sent, {present} there already>"

    def tables(self) -> list[Table]:
        """`push`: what was sent, or a row for each pass."""
        if self.report is None:
            names = ("sent", "there already", "waiting", "refreshed", "tasks")
            columns = (Column("pass"), *(Column(name, "amount") for name in names), Column("project"))
            rows = [
                (p.name, r.sent, r.present, p.waiting, p.refreshed, r.tasks, r.url)
                for p in self.passes
                for r in [p.report]
            ]
            return [Table("push", "push", columns, rows, lesser=("refreshed", "tasks"))]
        report = self.report
        counts = [
            ("articles sent", report.sent),
            ("articles there already", report.present),
            ("predictions sent", report.predictions_sent),
            ("predictions there already", report.predictions_present),
            ("  ids suggested in them", report.ids_suggested),
            ("  ids left to pick", report.ids_left),
            ("tasks on the server", report.tasks),
        ]
        return [Table("push", "push", _COUNTS, counts)]

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate push --json` writes them."""
        if self.report is not None:
            return self.report.as_dict()
        return {"passes": [each.as_dict() for each in self.passes]}


def push(
    project: str | Path | Project = ".",
    *,
    predictions: Given = (),
    drafts: Given = (),
    model: str | Path | None = None,
    suggest_ids: bool = True,
    show: bool = True,
    order: Literal["given", "uncertainty"] = "given",
    count: int | None = None,
    diversity: float = 0.5,
    only_pass: str | None = None,
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
    predicted: Callable[[int], None] | None = None,
) -> Pushed:
    """Send a project's articles to its Label Studio: those that it does not have yet, each exactly once.

    `predictions` are shown to annotators, and so are `drafts`, which no person may have made: JSON Lines
    files, or articles with annotations, as `predict` and `draft` return them; or a `model` makes predictions
    now. Ids that are sure are filled into them with `suggest_ids`; without `show` they only say the order. In
    the order of `uncertainty` only unlabelled articles are sent, the first `count`, those first that the
    model is least sure of, by `diversity` in [0, 1] unlike one another. With `[annotate] passes` each pass
    has a project; `only_pass` names one. `url` is another Label Studio, whose token is in $GOLDWIRE_TOKEN.
    `advance` counts articles that are sent, `predicted` those that the model has seen. Raises GW310 and GW311
    without a server or token, GW322 for predictions that
    can't be shown, GW814 for drafts that a person made, GW958 for options that exclude each other.

        >>> import goldwire
        >>> try:
        ...     goldwire.push("my-project")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code, error.faults[0].message)
        GW310 no Label Studio is running for this project
    """
    home = find_project(project)
    shown, drafted = bound(predictions), bound(drafts)
    check_drafts(drafted)
    if order not in ("given", "uncertainty"):
        raise wrong_use(f"there is no order `{order}`: given or uncertainty", _HELP)
    ranking = order == "uncertainty"
    check_push(shown, drafted, model, show=show, ranking=ranking, count=count)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    read = read_once(home, documents)
    passes = passes_of(home, schema)
    only = pass_named(passes, only_pass, home) if only_pass is not None else None
    if only is not None and only.earlier and (shown or drafted or model or ranking):
        raise wrong_use("a later pass begins from the one before: predictions are for the first", _HELP)
    shown += drafted
    left_out: Counter[str] = Counter()
    ordered: Order | None = None
    with connect(home, url=url) as client:
        available = None
        if ranking:
            title = title_for(home, "", passes[0] if passes else None)
            available = candidates(client, title, documents, read_annotations(home))
        if model is not None:
            wanted = documents if available is None else available.documents
            shown, left_out = predict_with(model, schema, wanted, predicted)
        if available is not None:
            ranked = by_uncertainty(available, shown, count=count, diversity=diversity)
            ordered = Order(
                articles=len(documents),
                sent=len(ranked.documents),
                labelled=len(available.labelled),
                present=len(available.present),
                empty=len(ranked.empty),
            )
            documents, shown = ranked.documents, ranked.predictions
        if not show:
            shown = []
        if passes:
            pushed = push_passes(
                client,
                home,
                schema,
                documents,
                passes,
                only=only,
                predictions=shown,
                suggest=suggest_ids,
                advance=advance,
                read=read,
            )
            for sent_on in (each.report for each in pushed if each.number > 1):
                if sent_on.predictions_sent:
                    from goldwire.annotate.ml_backend.connect import fetch_if_live

                    fetch_if_live(client, sent_on.project)
            return Pushed(passes=tuple(pushed), left_out=left_out, order=ordered)
        report = push_articles(
            client,
            home,
            schema,
            documents,
            predictions=shown,
            suggest=suggest_ids,
            advance=advance,
            read=read,
        )
    return Pushed(report, (), left_out, ordered, one_pass_only(home, schema))


def check_push(
    shown: Sequence[Annotation],
    drafted: Sequence[Annotation],
    model: str | Path | None,
    *,
    show: bool,
    ranking: bool,
    count: int | None,
) -> None:
    """Raise GW958 for what excludes each other."""
    if drafted and (model or ranking or not show):
        raise wrong_use("drafts are shown: not with a model, nor by uncertainty, nor unshown", _HELP)
    if shown and model:
        raise wrong_use("predictions and a model exclude each other", _HELP)
    if not show and (shown or model) and not ranking:
        raise wrong_use("predictions that are not shown are to order by: order is uncertainty", _HELP)
    if ranking and not (shown or model):
        raise wrong_use("the order of uncertainty needs a model, or predictions", _HELP)
    if count is not None and not ranking:
        raise wrong_use("count needs the order of uncertainty", _HELP)


def predict_with(
    model: str | Path, schema: Schema, documents: Sequence[Document], advance: Callable[[int], None] | None
) -> tuple[list[Annotation], Counter[str]]:
    """What a trained pipeline finds in the articles; and what the schema has no place for, by reason."""
    from goldwire.annotate.ml_backend.predictor import Assistant, predictions_of

    return predictions_of(Assistant(str(model), schema), documents, advance=advance)


@dataclass(frozen=True, repr=False)
class Pulled(Figures):
    """What a pull brought: of which `projects`, and what goes back to the annotators.

    `broken` are the rules that stored work breaks, `in_tabs` how many tasks of these a tab of Label Studio
    shows, `practised` whose answers were shown, `notes` what annotators wrote beside regions.
    """

    projects: tuple[PulledProject, ...]
    broken: tuple[BrokenRule, ...] = ()
    in_tabs: int = 0
    practised: tuple[Practised, ...] = ()
    notes: tuple[Note, ...] = ()

    def __repr__(self) -> str:
        read, written = (self.total(name) for name in ("annotations", "written"))
        return f"<Pulled: {counted(read, 'annotation')} read, {counted(written, 'file')} written>"

    def total(self, name: str) -> int:
        """One of the counts of `PullReport`, over all projects; of a tuple its length."""
        values = (getattr(pulled.report, name) or 0 for pulled in self.projects)
        return sum(value if isinstance(value, int) else len(value) for value in values)

    @property
    def conflicts(self) -> list[str]:
        """What both sides changed, and what became of it."""
        parted = [line for each in self.projects if each.passes is not None for line in each.passes.conflicts]
        return [line for each in self.projects for line in each.report.conflicts] + parted

    @property
    def refused(self) -> list[Fault]:
        """The tasks whose text is not the article's."""
        return [fault for each in self.projects for fault in each.report.refused]

    @property
    def account(self) -> ConversionAccount:
        """What became of every annotation and mark that was read."""
        return sum((each.report.account for each in self.projects), ConversionAccount())

    def tables(self) -> list[Table]:
        """`pull`, and `rules`, `practice` and `notes` where there are any."""
        counts = [
            ("tasks read", self.total("tasks")),
            ("annotations read", self.total("annotations")),
            ("  of them skipped", self.total("skipped")),
            ("files written", self.total("written")),
            ("spans", self.total("spans")),
            ("relations", self.total("relations")),
            ("  roles filled in", self.total("filled")),
            ("ids that were merged or renamed since", self.total("settled")),
            ("spans trimmed", self.total("trims")),
            ("in quarantine", self.projects[-1].report.quarantined if self.projects else 0),
        ]
        if apart := self.total("apart"):
            counts.insert(2, ("  of them gold checks or practice, kept apart", apart))
        unkept = (("ground_truth", "marks as ground truth"), ("commented", "tasks with comments"))
        counts += [(f"{what}, not kept", self.total(name)) for name, what in unkept if self.total(name)]
        if len(self.projects) > 1:
            counts.insert(0, ("projects", len(self.projects)))
        if any(each.report.drafts is not None for each in self.projects):
            counts += [
                ("drafts read", self.total("drafts")),
                ("  of them beside finished work", self.total("drafts_beside")),
                ("files of drafts written", self.total("drafts_written")),
            ]
        tables = [Table("pull", "pull", _COUNTS, counts)]
        if self.broken:
            columns = (*map(Column, ("annotator", "code", "does not hold")), Column("times", "amount"))
            rows = [(rule.annotator, rule.code, rule.rule, len(rule.places)) for rule in self.broken]
            tables.append(Table("rules", "rules that are broken", columns, rows))
        if self.practised:
            tables.append(practice_table(self.practised))
        if self.notes:
            shape = tuple(map(Column, ("annotator", "article", "words", "note", "when")))
            told = [(note.annotator, note.document, note.quote, note.text, note.when) for note in self.notes]
            tables.append(Table("notes", "notes beside regions", shape, told))
        return tables

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate pull --json` writes them."""
        single = len(self.projects) == 1 and not self.projects[0].annotator
        figures: dict[str, Any] = (
            self.projects[0].report.as_dict()
            if single
            else {"projects": [asdict(pulled) for pulled in self.projects]}
        )
        return figures | {
            "practice": [asdict(each) for each in self.practised],
            "rules": [rule.as_dict() for rule in self.broken],
            "notes": [to_builtins(note) for note in self.notes],
        }


def pull(
    project: str | Path | Project = ".",
    *,
    full: bool = False,
    drafts: bool = False,
    prefer: Prefer = "",
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> Pulled:
    """Bring annotations from Label Studio into `annotate/annotations/`, a file an annotator and article.

    Only what changed since the last pull is read, unless `full`; with `drafts` unfinished work too. Of what
    both sides changed the server's stays, or `prefer` says whose, `ours` or `theirs`: look at the result's
    `conflicts` and `refused`, for neither raises. Tabs of broken rules and answers of practice are brought up
    to date on the server. `url` and its token as in `push`; `advance` counts tasks. Raises GW310 and
    GW311 without a server or token, GW325 where it has no project of this one, GW958 for no such `prefer`.

        >>> import goldwire
        >>> try:
        ...     goldwire.pull("my-project")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    if prefer not in ("", "ours", "theirs"):
        raise wrong_use(f"what both sides changed is `ours` or `theirs`, not `{prefer}`", _HELP)
    home = find_project(project)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    with connect(home, url=url) as client:
        projects = pull_projects(
            client, home, schema, documents, full=full, drafts=drafts, prefer=prefer, advance=advance
        )
        broken = stored_broken_rules(home, schema, documents)
        practised = show_answers(client, home, schema, documents)
        tabs = fill_tabs(client, home, schema, broken, [pulled.report.project for pulled in projects])
    notes = tuple(read_notes(home))
    return Pulled(tuple(projects), tuple(broken), sum(tabs.values()), tuple(practised), notes)

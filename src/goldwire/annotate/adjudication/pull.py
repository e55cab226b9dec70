"""The adjudicator's work down: submitted annotations become decisions in the adjudication's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.adjudication.decisions import AdjudicationCase, close_case, joined_decisions, write_own
from goldwire.annotate.adjudication.interpret import as_shown, interpret, without_defaults
from goldwire.annotate.adjudication.items import (
    LAYER,
    ItemAnswer,
    ItemChoice,
    answered,
    region_id,
    split_choices,
    with_items,
    with_their_spans,
)
from goldwire.annotate.adjudication.merge import AdjudicationOutcome
from goldwire.annotate.adjudication.pairing import check_two, span_name
from goldwire.annotate.adjudication.project import open_items, outcome_tables, store_outcome
from goldwire.annotate.adjudication.push import cases, state_name, state_of, tasks_of, title
from goldwire.annotate.labelstudio.client import WORK, connect
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.labelstudio.projects import project_on_server
from goldwire.annotate.labelstudio.users import UNKNOWN
from goldwire.annotate.records.accounts import Accounts
from goldwire.annotate.records.notes import note_on
from goldwire.annotate.sync.tasks import uid
from goldwire.errors import Fault, GoldwireError, one_of
from goldwire.formats.labelstudio.reader import from_result
from goldwire.model import Annotation, Provenance, Span
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.rendering.guidelines import guidelines_hash
from goldwire.seeds import load_seeds
from goldwire.table import Figures, Table


@dataclass(repr=False)
class PulledAdjudication(Figures):
    """What was decided. `waiting` are articles without a submitted adjudication, `notes` what to know,
    `refused` the faults of those that can't be taken over, `conflicts` tells which results were changed by
    hand since, and where that lies now."""

    by: str
    outcomes: dict[str, AdjudicationOutcome] = field(default_factory=dict)
    written: int = 0
    superseded: int = 0
    waiting: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: list[Fault] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        written, left = counted(self.written, "file"), counted(open_items(self.outcomes), "item")
        return f"<PulledAdjudication by {self.by}: {written} written, {left} open>"

    def tables(self) -> list[Table]:
        """`articles` and `kinds` as of `adjudicate`, without the articles that wait."""
        return outcome_tables({name: o for name, o in self.outcomes.items() if name not in self.waiting})

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate adjudicate --pull --json` writes them."""
        items = [item for outcome in self.outcomes.values() for item in outcome.items]
        return {
            "by": self.by,
            "articles": len(self.outcomes),
            "written": self.written,
            "items": len(items),
            "open": open_items(self.outcomes),
            "superseded": self.superseded,
            "waiting": self.waiting,
            "notes": self.notes,
            "dropped": {name: outcome.dropped for name, outcome in self.outcomes.items() if outcome.dropped},
            "refused": [asdict(fault) for fault in self.refused],
            "conflicts": self.conflicts,
        }


def pull_adjudication(
    project: str | Path | Project = ".",
    *,
    by: str | None = None,
    between: Sequence[str] = (),
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> PulledAdjudication:
    """Take what the account `by` submitted (default: the only one that has) as decisions, into the files.

    Where nothing is open the result is stored as the annotator `adjudicated`. What waits for a decision, and
    what is refused since it can't be taken over, raises nothing: look at the result's `waiting` and
    `refused`. `between` as in `adjudicate`, `url` and its token as in `push`; `advance` counts articles.
    Raises GW310 and GW311 without a server or token, GW325 where nothing was pushed, GW377 where `by` has
    submitted nothing, GW958 for another number of annotators than two.

        >>> import goldwire
        >>> try:
        ...     goldwire.pull_adjudication("my-project", by="eve")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    check_two(between)
    home = find_project(project)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    with connect(home, url=url) as client:
        project_on_server(client, title(home))
        with project_lock(home):
            tasks = tasks_of(client, home, ("data", *WORK))
            accounts = Accounts(client, home, keep=True)
            who = _adjudicator(tasks, accounts, by, client.url)
            report = PulledAdjudication(who)
            submissions = _Submissions(home, schema, accounts, report)
            for article, case in cases(home, schema, documents, between):
                if case is None:
                    continue
                try:
                    submissions.take(case, tasks.get(uid(article.document)))
                except GoldwireError as error:
                    report.refused.extend(error.faults)
                if advance is not None:
                    advance(1)
            accounts.save()
            return report


def _adjudicator(tasks: dict[str, dict[str, Any]], accounts: Accounts, by: str | None, url: str) -> str:
    submitters = {
        accounts.of(annotation)
        for task in tasks.values()
        for annotation in task.get("annotations") or ()
        if not annotation.get("was_cancelled")
    }
    if by is None and len(submitters) == 1:
        return submitters.pop()
    if by is None or by not in submitters:
        message = f"`{by}` has submitted no adjudication" if by else "whose adjudication?"
        hint = (
            f"submitted by {one_of(submitters)}; name the account with --by"
            if submitters
            else "nobody has yet"
        )
        raise GoldwireError.of("GW377", message, where=url, hint=hint)
    return by


@dataclass
class _Submissions:
    """Adjudications being taken over, each article's for itself."""

    project: Project
    schema: Schema
    accounts: Accounts
    report: PulledAdjudication

    def take(self, case: AdjudicationCase, task: dict[str, Any] | None) -> None:
        """Take one article's; its case then has the decisions and own marks of the submission."""
        name = case.document.id
        state = state_of(task) if task is not None else None
        submitted = self.chosen(name, task)
        if submitted is None or state is None:
            made_by = Provenance("human", self.report.by, guidelines=guidelines_hash(self.schema))
            outcome = case.merged(self.schema, provenance=made_by)
            if outcome.items:
                self.report.waiting.append(name)
                self.report.outcomes[name] = outcome
            else:
                self.keep(case, outcome)  # the readings say the same
            return
        case.merged(self.schema)  # what was written by hand must fit before it is built upon
        marks, chosen, reasons = self.marks(case, submitted)
        now = state_name(submitted)
        full = state.basis == case.basis and now not in state.before
        if now != case.pulled:
            self.decide(case, marks, chosen, reasons, full=full)
        outcome = case.merged(self.schema, provenance=self.provenance(case, submitted))
        if outcome.open:
            self.report.waiting.append(name)
            hint = "push the adjudication again" if state.basis != case.basis else "choose, and submit again"
            self.report.notes.append(f"{name}: {len(outcome.open)} items are open: {hint}")
        if full and now != case.pulled:
            self.tell_ignored(case, outcome, marks)
        write_own(self.project, name, case.from_studio)
        self.keep(case, outcome, pulled=now)

    def decide(
        self,
        case: AdjudicationCase,
        marks: Annotation,
        chosen: dict[str, ItemChoice],
        reasons: dict[str, str],
        *,
        full: bool,
    ) -> None:
        """Give a case the decisions of the submission, and its own marks; what was not chosen stays open."""
        name = case.document.id

        def enter(outcome: AdjudicationOutcome, answers: Mapping[str, ItemAnswer]) -> None:
            """New answers become decisions; one that is as it was keeps its reason."""
            for item in outcome.items:
                answer, old = answers.get(item.key), case.decisions.get(item.key)
                if answer and (old is None or (old.decide, old.value) != answer):
                    reason = reasons.get(region_id(item.key), "")
                    case.decisions[item.key] = msgspec.structs.replace(
                        item, reason=reason, **answer._asdict()
                    )

        before = case.merged(self.schema, lenient=True)
        answers, marked, torn, strange = answered(before, chosen)
        if strange:
            self.report.notes.append(f"{name}: {strange} choices stand for no disagreement, left out")
        for key in torn:
            self.report.notes.append(f"{name}: `{key}` has a version and another id chosen, neither is taken")
        enter(before, answers)
        settled = case.merged(self.schema, lenient=True)
        enter(settled, with_their_spans(case, settled, self.schema, answers))
        decisions, own = interpret(
            case.document,
            case.readings,
            self.schema,
            marks,
            decisions=case.decisions,
            own_marks=case.by_hand if full else case.own_marks,
            partial=not full,
            asked=marked,
            reason=lambda span: reasons.get(span.id, "") if span else "",
        )
        why = f"decided in Label Studio by {self.report.by}"
        case.decisions = {
            key: decision if decision.reason else msgspec.structs.replace(decision, reason=why)
            for key, decision in decisions.items()
        }
        case.from_studio = own if full else joined_decisions(case.from_studio, own)

    def keep(self, case: AdjudicationCase, outcome: AdjudicationOutcome, *, pulled: str = "") -> None:
        if outcome.items or case.path.exists():
            close_case(case, outcome, pulled=pulled)
        if not outcome.open:
            written, conflicts = store_outcome(self.project, outcome)
            self.report.written += written
            self.report.conflicts += conflicts
        self.report.superseded += len(case.superseded)
        self.report.outcomes[case.document.id] = outcome

    def chosen(self, name: str, task: dict[str, Any] | None) -> dict[str, Any] | None:
        """The adjudicator's last submitted annotation of a task."""
        theirs: list[dict[str, Any]] = []
        for annotation in (task or {}).get("annotations") or ():
            account = self.accounts.of(annotation)
            if account != self.report.by:
                self.report.notes.append(
                    f"{name}: `{account}` has an annotation there too, which is not taken"
                )
            elif not annotation.get("was_cancelled"):
                theirs.append(annotation)
        if not theirs:
            return None
        last = max(theirs, key=lambda a: (str(a.get("updated_at")), int(a["id"])))
        if last.get("ground_truth"):
            self.report.notes.append(f"{name}: it is marked as ground truth there, which has no place here")
        editor = self.accounts.of(last, "updated_by")
        if editor not in (self.report.by, UNKNOWN):
            self.report.notes.append(f"{name}: last changed by `{editor}`")
        return last

    def marks(
        self, case: AdjudicationCase, submitted: dict[str, Any]
    ) -> tuple[Annotation, dict[str, ItemChoice], dict[str, str]]:
        """The annotation as our model has it, what was chosen, and the comments on regions; raises GW374."""
        name, result = case.document.id, submitted.get("result") or []
        read = from_result(result, case.document.text, with_items(self.schema))
        faults = [
            Fault("GW374", f"`{name}`: {item.reason}", title(self.project), "mend it in Label Studio")
            for item in read.quarantined
            if item.kind != "note"
        ]
        by_name: dict[str, Span] = {}
        for span in read.spans:
            if span.layer != LAYER and span_name(span) in by_name:
                quote = case.document.text[span.start : span.end]
                message = f"`{name}`: «{quote}» is marked {span.label} twice"
                faults.append(Fault("GW374", message, title(self.project), "remove one of them"))
            by_name[span_name(span)] = span
        if faults:
            raise GoldwireError(*faults)
        self.report.notes += [f"{name}: trimmed {trim.before} → {trim.after}" for trim in read.trims]
        marks = Annotation(
            name,
            self.report.by,
            self.schema.id,
            "submitted",
            spans=read.spans,
            relations=read.relations,
            text_sha256=case.readings[0].text_sha256,
        )
        marks, chosen = split_choices(marks)
        bare = without_defaults(marks, self.schema)
        for old, new in zip(marks.spans, bare.spans, strict=True):
            layer = self.schema.layers[old.layer]
            for key in old.attributes.keys() - new.attributes.keys():
                if not layer.attributes[key].applies_to(old.label):
                    self.report.notes.append(f"{name}: {old.label} bears no `{key}`, left out")
        items = result if isinstance(result, list) else ()
        return bare, chosen, {str(item.get("id")): words for item in items if (words := note_on(item))}

    def provenance(self, case: AdjudicationCase, submitted: dict[str, Any]) -> Provenance:
        saw = [reading.provenance.seen_predictions for reading in case.readings]
        return Provenance(
            "human",
            self.report.by,
            guidelines=guidelines_hash(self.schema),
            created=str(submitted.get("created_at") or ""),
            updated=str(submitted.get("updated_at") or ""),
            lead_time=submitted.get("lead_time"),
            # One who saw any is enough; of none it is known only where all say so.
            seen_predictions=True if True in saw else None if None in saw else False,
        )

    def tell_ignored(self, case: AdjudicationCase, outcome: AdjudicationOutcome, marks: Annotation) -> None:
        """Marks that are not taken, since their item is open or was decided otherwise."""
        ignored = sorted(
            _facts(marks) - _facts(as_shown(outcome.annotation, self.schema, case.document.text))
        )
        if ignored:
            shown = "; ".join(ignored[:5])
            why = "their disagreement is open, or decided otherwise; choose `other` to have marks taken"
            self.report.notes.append(
                f"{case.document.id}: {len(ignored)} marks are not taken ({why}): {shown}"
            )


def _facts(annotation: Annotation) -> set[str]:
    """What an annotation says, each in words: a span, an attribute that it bears, a relation."""
    names = {span.id: span_name(span) for span in annotation.spans}
    return {
        *names.values(),
        *(
            f"{names[span.id]} {key}={value}"
            for span in annotation.spans
            for key, value in span.attributes.items()
        ),
        *(f"{names[r.head]} {r.label} {names[r.tail]}" for r in annotation.relations),
    }

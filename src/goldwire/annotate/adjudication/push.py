"""Adjudication in Label Studio: a project whose tasks show two readings and where they differ.

Each task carries both readings as predictions, and one named `accepted` to start from: what both marked, what
is decided, and a region for each disagreement with its choice (`items`). What was chosen is kept as decisions
in the adjudication's files, like those made by hand; where that is `other`, the marks are read (`interpret`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from goldwire.annotate.adjudication.decisions import AdjudicationCase, basis_of, open_case
from goldwire.annotate.adjudication.items import (
    LAYER,
    answer_keys,
    open_spans,
    region_id,
    regions,
    with_items,
    with_keys,
)
from goldwire.annotate.adjudication.merge import AdjudicationOutcome
from goldwire.annotate.adjudication.offered import Offers
from goldwire.annotate.adjudication.pairing import check_two, readings_of, span_name
from goldwire.annotate.labelstudio.client import Client, connect
from goldwire.annotate.labelstudio.guide import guide_of
from goldwire.annotate.records.assignments import title_for
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.tasks import uid
from goldwire.annotations.store import join, read_annotations, warn_of_those_apart
from goldwire.files import sha256
from goldwire.messages import messages_in
from goldwire.model import Annotation, Article, Document, Provenance
from goldwire.number_format import counted
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema
from goldwire.schemas.rendering.label_config import config_text, label_config
from goldwire.seeds import load_seeds
from goldwire.table import Column, Figures, Table

ACCEPTED = "accepted"
#: The field of a task that says which readings it shows and when each item was first asked.
STATE = "goldwire"
_LIST = "disagreements"
_INCLUDE = ("data", "annotations", "updated_at", "predictions", "model_version")


class TaskState(msgspec.Struct, frozen=True):
    """What a task shows. `before` names the annotations made on former readings, as `id@updated`."""

    basis: str
    shown: str
    before: list[str] = []


@dataclass(repr=False)
class PushedAdjudication(Figures):
    """What a push of the adjudication found and did; articles by name, but for the counts."""

    url: str = ""
    sent: int = 0
    refreshed: int = 0
    open: int = 0
    decided: int = 0
    tasks: int = 0
    agreed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return (
            f"<PushedAdjudication: {counted(self.sent, 'article')} sent, {counted(self.open, 'item')} open>"
        )

    def tables(self) -> list[Table]:
        """`adjudication`: what was sent, what is open, what needs no decision."""
        counts = [
            ("articles sent", self.sent),
            ("articles refreshed", self.refreshed),
            ("tasks on the server", self.tasks),
            ("items open", self.open),
            ("items decided", self.decided),
            ("articles without disagreement", len(self.agreed)),
            ("articles with one reading", len(self.waiting)),
        ]
        columns = (Column("what"), Column("count", "amount"))
        return [Table("adjudication", "adjudication", columns, counts)]

    def as_json(self) -> dict[str, Any]:
        """The figures, as `goldwire annotate adjudicate --push --json` writes them."""
        return asdict(self)


def title(project: Project) -> str:
    """The title of the adjudication's Label Studio project."""
    return title_for(project, "adjudication")


def config(schema: Schema) -> str:
    """The schema's config with the disagreements, each with one key for A, B, neither, other."""
    root = ET.fromstring(label_config(with_items(schema), answer_keys(schema).values()))
    for control in root.iter():
        control.attrib.pop("required", None)  # what is not decided yet may lack it
    with_keys(root, schema)
    # Nobody marks a disagreement: its label is out of sight.
    [labels] = [view for view in root.iter("View") if view.get("className") == "gw-labels"]
    hidden = ET.SubElement(labels, "View", style="display: none")
    for element in list(labels)[:2]:
        labels.remove(element)
        hidden.append(element)
    [guide] = [view for view in root.iter("View") if view.get("className") == "gw-guide"]
    style = "font-size: .8rem; font-weight: 400; line-height: 1.4; margin: 0"
    ET.SubElement(guide, "Header", value=f"${_LIST}", style=style)
    return config_text(root)


def cases(
    project: Project, schema: Schema, documents: Sequence[Document], between: Sequence[str]
) -> Iterator[tuple[Article, AdjudicationCase | None]]:
    """Each article with its case, None where there are fewer than two readings; raises GW372 for more."""
    warn_of_those_apart(project)
    for article in join(list(documents), read_annotations(project)):
        two = len(readings_of(article.annotations, between)) >= 2
        yield article, open_case(project, schema, documents, article, between) if two else None


def push_adjudication(
    project: str | Path | Project = ".",
    *,
    between: Sequence[str] = (),
    url: str | None = None,
    advance: Callable[[int], None] | None = None,
) -> PushedAdjudication:
    """Send each article with two readings to a Label Studio project, where what differs is decided.

    A second call brings tasks up to date, and sends none twice; what the adjudicator has done there stays.
    `between` as in `adjudicate`, `url` and its token as in `push`; `advance` counts articles. Raises GW310
    and GW311 without a server or token, GW958 for another number of annotators than two, and what
    `adjudicate` raises for decisions made before.

        >>> import goldwire
        >>> try:
        ...     goldwire.push_adjudication("my-project")
        ... except goldwire.AnnotateError as error:
        ...     print(error.faults[0].code)
        GW310
    """
    check_two(between)
    home = find_project(project)
    documents, schema = load_seeds(home), load_schema(home.schema_path)
    with connect(home, url=url) as client:
        report = PushedAdjudication()
        chosen: list[tuple[AdjudicationCase, AdjudicationOutcome]] = []
        for article, case in cases(home, schema, documents, between):
            if case is None:
                if readings_of(article.annotations):
                    report.waiting.append(article.document.id)
                continue
            outcome = case.merged(schema)
            if outcome.items:
                chosen.append((case, outcome))
            else:
                report.agreed.append(article.document.id)
            report.open += len(outcome.open)
            report.decided += len(outcome.items) - len(outcome.open)
        tasks = tasks_of(client, home, _INCLUDE)
        extra: dict[str, dict[str, Any]] = {}
        predictions: list[Annotation] = []
        changed: list[tuple[int, dict[str, Any]]] = []
        offers, say = Offers(home, schema, documents), messages_in(schema.language)
        for case, outcome in chosen:
            # A reading is a prediction that bears its annotator's name.
            bare = [msgspec.structs.replace(reading, provenance=Provenance()) for reading in case.readings]
            shown = [*bare, accepted(case, outcome, schema)]
            predictions += shown
            task = tasks.get(uid(case.document))
            old = state_of(task) if task is not None else None
            state = _state(task, old, case, shown)
            left = len(outcome.open)
            done = len(outcome.items) - left
            summary = say("adjudication.summary", open=left, decided=done, start=ACCEPTED)
            data = {_LIST: summary, STATE: msgspec.to_builtins(state)}
            data |= offers.of(
                case, outcome, (task or {}).get("data"), anew=old is None or old.shown != state.shown
            )
            extra[case.document.id] = data
            if task is None:
                continue
            if old is None or old.shown != state.shown:
                for prediction in task.get("predictions") or ():
                    client.delete_prediction(int(prediction["id"]))
            if {key: task["data"].get(key) for key in data} != data:
                changed.append((int(task["id"]), {**task["data"], **data}))
        pushed = push(
            client,
            home,
            with_items(schema),
            [case.document for case, _ in chosen],
            predictions=predictions,
            title=title(home),
            config=config(schema),
            guide=guide_of(home, schema),
            extra=extra,
            advance=advance,
            suggest=False,
            picked_in_tasks=[LAYER],
        )
        # Last, so that a run that was cut off before is repeated by the next.
        for number, task_data in changed:
            client.update_task(number, {"data": task_data})
    report.url, report.sent, report.tasks = pushed.url, pushed.sent, pushed.tasks
    report.refreshed = len(changed)
    return report


def tasks_of(client: Client, project: Project, include: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The adjudication's tasks by uid; none where the server has no such project."""
    projects = client.projects(title(project))
    tasks = client.tasks(int(projects[0]["id"]), include) if projects else ()
    return {str(task["data"].get("uid", "")): task for task in tasks if isinstance(task.get("data"), dict)}


def state_of(task: dict[str, Any]) -> TaskState | None:
    """What a task says of itself, None where that is not what goldwire wrote."""
    try:
        return msgspec.convert(task["data"].get(STATE), TaskState)
    except msgspec.ValidationError:
        return None


def state_name(annotation: dict[str, Any]) -> str:
    """The name of one state of an annotation on the server."""
    return f"{annotation['id']}@{annotation.get('updated_at', '')}"


def _state(
    task: dict[str, Any] | None,
    old: TaskState | None,
    case: AdjudicationCase,
    shown: list[Annotation],
) -> TaskState:
    now = [state_name(a) for a in (task or {}).get("annotations") or ()]
    before = now if old is None or old.basis != case.basis else old.before
    return TaskState(case.basis, sha256(basis_of(shown)), before)


def accepted(case: AdjudicationCase, outcome: AdjudicationOutcome, schema: Schema) -> Annotation:
    """What both readings hold and what is decided: the merge without what is open."""
    opened = {item.key for item in outcome.open}
    left_out = open_spans(case, outcome, schema)
    merged = outcome.annotation
    names = {span.id: span_name(span) for span in merged.spans}
    spans = tuple(
        msgspec.structs.replace(
            span,
            attributes={
                name: value
                for name, value in span.attributes.items()
                if f"attribute {names[span.id]} {name}" not in opened
            },
        )
        for span in merged.spans
        if names[span.id] not in left_out
    )
    # By these ids it is known again which regions were shown and which the adjudicator made.
    ids = {span.id: region_id(names[span.id]) for span in spans}
    relations = tuple(
        msgspec.structs.replace(r, head=ids[r.head], tail=ids[r.tail])
        for r in merged.relations
        if {r.head, r.tail} <= ids.keys()
        and f"relation {r.label} {names[r.head]} -> {names[r.tail]}" not in opened
    )
    shown = [msgspec.structs.replace(span, id=ids[span.id]) for span in spans]
    items = regions(case, outcome, schema)
    return msgspec.structs.replace(
        merged,
        annotator=ACCEPTED,
        spans=(*items, *shown),
        relations=relations,
        provenance=Provenance(),
    )

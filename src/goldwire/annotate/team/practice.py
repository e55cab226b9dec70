"""Practice: reviewed articles for a newcomer, each with the answer and the rule shown once it is submitted.

Label Studio's community edition shows two things that a task did not have when it was opened: a prediction,
which stands beside one's own annotation and can't be changed, and a text of the task's data. The first is the
reviewed annotation; the second says how far the two agree, and leads to a page with each difference and its
rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.guide import guide_of, kept_page
from goldwire.annotate.labelstudio.installation import project_lock
from goldwire.annotate.records.assignments import practice_title, read_assignments
from goldwire.annotate.records.gold_checks import GoldCheck, answers, read_checks, write_checks
from goldwire.annotate.sync.pull import pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.tasks import data_of, prediction_of
from goldwire.annotate.team.assign import check_name
from goldwire.annotate.team.gold_checks import by_lot, has_seen, reviewed_answers
from goldwire.annotate.team.practice_page import Lesson, lesson_of, practice_page
from goldwire.annotations.store import read_annotations
from goldwire.errors import GoldwireError
from goldwire.messages import messages_in
from goldwire.model import Annotation, Document, Provenance
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.schemas.rendering.label_config import config_text, label_config
from goldwire.table import Column, Table

#: The field of a task's data that says how it went.
FEEDBACK = "practice"
_PAGE = "goldwire-practice"
#: So many characters of a name leave room for the rest of a title.
_NAME = 27


@dataclass(frozen=True)
class Practised:
    """One annotator's practice: articles given, done, and those whose answer was shown by this run."""

    annotator: str
    url: str
    given: int
    done: int
    shown: tuple[str, ...]


def practice_table(practised: Sequence[Practised]) -> Table:
    """How far everybody is who practises."""
    counts = tuple(Column(name, "amount") for name in ("articles", "done", "answers shown now"))
    rows = [(each.annotator, each.given, each.done, len(each.shown), each.url) for each in practised]
    return Table("practice", "practice", (Column("practising"), *counts, Column("project")), rows)


def give_practice(
    client: Client,
    project: Project,
    schema: Schema,
    documents: Sequence[Document],
    annotator: str,
    count: int = 3,
    *,
    seed: int = 0,
) -> list[GoldCheck]:
    """Give an annotator reviewed articles to practise on, `count` in all, and send them; those given.

    None that they have read, had a part in, are to read or are checked with; what was given before stays.
    Raises GW341 for a name that can't be one, GW786 for one that is too long, GW785 where no reviewed article
    is left for them.
    """
    check_name(annotator)
    if len(annotator) > _NAME:
        hint = f"at most {_NAME} characters: it is part of a title"
        raise GoldwireError.of("GW786", f"`{annotator}` is too long to practise under", hint=hint)
    by_id = {document.id: document for document in documents}
    with project_lock(project, "assign"):
        checks = read_checks(project)
        mine = [c for c in checks if c.annotator == annotator and c.purpose == "practice"]
        taken = {c.article for c in checks if c.annotator == annotator}
        taken |= {a.article for a in read_assignments(project) if a.annotator == annotator}
        free = [
            article
            for article, annotations in reviewed_answers(read_annotations(project)).items()
            if article in by_id and article not in taken and not has_seen(annotator, annotations)
        ]
        chosen = by_lot(free, annotator, "practice", seed)[: max(0, count - len(mine))]
        mine += [GoldCheck(article, annotator, "practice") for article in chosen]
        if not mine:
            message = f"no article with a reviewed annotation is new to {annotator}"
            hint = "adjudicate some first (goldwire annotate adjudicate): a draft is no gold"
            raise GoldwireError.of("GW785", message, where=str(project.annotations), hint=hint)
        if chosen:
            write_checks(project, [*(c for c in checks if c not in mine), *mine])
    waiting = messages_in(schema.language)("practice.waiting")
    articles = [by_id[c.article] for c in mine if c.article in by_id]
    push(
        client,
        project,
        schema,
        articles,
        title=practice_title(project, annotator),
        config=practice_config(schema),
        pick=False,
        extra={document.id: {FEEDBACK: waiting} for document in articles},
    )
    return mine


def practice_config(schema: Schema) -> str:
    """The schema's config with a line above the text, which says how it went."""
    root = ET.fromstring(label_config(schema))
    places = [view for view in root.iter("View") if view.get("className") == "gw-guide"]
    ET.SubElement(places[0] if places else root, "Markdown", value=f"${FEEDBACK}")
    return config_text(root)


def show_answers(
    client: Client, project: Project, schema: Schema, documents: Sequence[Document]
) -> list[Practised]:
    """Show whoever practises the answers of what they have submitted, from what was pulled; by annotator.

    A task's answer is shown once, and anew where either side has changed since. Those whose Label Studio
    project is not there are passed over.
    """
    practising: dict[str, list[str]] = {}
    for check in read_checks(project, "practice"):
        practising.setdefault(check.annotator, []).append(check.article)
    if not practising:
        return []
    marked = {(a.annotator, a.document): a for a in read_annotations(project, project.practice)}
    gold = answers(project, {article for articles in practising.values() for article in articles})
    texts = {document.id: document for document in documents}
    listed = []
    for name, articles in sorted(practising.items()):
        for remote in client.projects(practice_title(project, name))[:1]:
            done = {
                article: (gold[article], marked[name, article])
                for article in articles
                if article in gold
                and article in texts
                and (name, article) in marked
                and marked[name, article].status == "submitted"
            }
            lessons = [lesson_of(texts[article], *pair, schema) for article, pair in done.items()]
            number = int(remote["id"])
            shown = _show(client, project, schema, number, name, lessons, gold) if lessons else ()
            url = f"{client.url}/projects/{number}"
            listed.append(Practised(name, url, len(articles), len(lessons), tuple(shown)))
    return listed


def _show(
    client: Client,
    project: Project,
    schema: Schema,
    number: int,
    name: str,
    lessons: Sequence[Lesson],
    gold: Mapping[str, Annotation],
) -> list[str]:
    say = messages_in(schema.language)
    guide = guide_of(project, schema).offered(client, number)
    page = practice_page(lessons, schema, name, guide)
    address = kept_page(client, number, _PAGE, page)
    include = ("data", "predictions", "model_version", "result")
    tasks = {data_of(task, "id"): task for task in client.tasks(number, include)}
    version = say("practice.answer")
    shown = []
    for lesson in lessons:
        task = tasks.get(lesson.document.id)
        if task is None:
            continue
        answer = replace(gold[lesson.document.id], annotator=version, provenance=Provenance())
        wanted = prediction_of(answer, lesson.document, schema, {}) | {"model_version": version}
        old = [p for p in task.get("predictions") or () if p.get("model_version") == version]
        known = any(p.get("result") == wanted["result"] for p in old)
        told = say("practice.told", right=lesson.right, of=lesson.reviewed)
        link = f"{address}#{lesson.anchor}"
        text = f'**{told}** <a href="{link}" target="_blank" rel="noopener">{say("practice.open")}</a>'
        if not known:
            client.import_predictions(number, [{"task": int(task["id"]), **wanted}])
            for prediction in old:
                client.delete_prediction(int(prediction["id"]))
        if data_of(task, FEEDBACK) != text:
            client.update_task(int(task["id"]), {"data": {**task["data"], FEEDBACK: text}})
        if not known or say("practice.waiting") == data_of(task, FEEDBACK):
            shown.append(lesson.document.id)
    return shown


def practise(
    client: Client, project: Project, schema: Schema, documents: Sequence[Document], annotator: str
) -> Practised:
    """Pull what an annotator has practised, and show its answers."""
    title = practice_title(project, annotator)
    pull(client, project, schema, documents, title=title, owner=annotator)
    answers = show_answers(client, project, schema, documents)
    return next((each for each in answers if each.annotator == annotator), Practised(annotator, "", 0, 0, ()))

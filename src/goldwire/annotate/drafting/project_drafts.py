"""A project's articles drafted by the language model that its settings name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldwire.annotate.drafting.account import AnswerCounts
from goldwire.annotate.drafting.asker import Asker
from goldwire.annotate.drafting.cache import Cache
from goldwire.annotate.drafting.client import ChatClient
from goldwire.annotate.drafting.drafter import Drafter
from goldwire.annotate.drafting.plan import prompt_tokens
from goldwire.annotate.drafting.run import Advance, run_drafts
from goldwire.annotate.drafting.settings import Settings, settings_of
from goldwire.annotate.drafting.shots import shot_chooser
from goldwire.annotations.store import project_articles
from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import json_lines, write_text
from goldwire.formats.articles import Articles
from goldwire.model import Annotation, Article, Document, curated
from goldwire.number_format import money
from goldwire.project import Project
from goldwire.schemas import load_schema
from goldwire.seeds import load_seeds
from goldwire.seeds.ingest import LISTING
from goldwire.table import Column, Figures, Table

_NOT_GIVEN = "what is given has no annotation of it"


@dataclass(repr=False)
class Drafts(Figures):
    """What a language model drafted: `articles`, each with its one annotation; what is `left` and why;
    `notes`; the `account` of every item; `quarantine`, what was dropped, each with its reasons. `failed`
    counts articles that are left for another reason than the budget."""

    settings: Settings
    articles: Articles = field(default_factory=Articles)
    left: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    account: AnswerCounts = field(default_factory=AnswerCounts)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    failed: int = 0

    def __repr__(self) -> str:
        return f"<Drafts of {self.articles!r}, {len(self.left)} left>"

    @property
    def cost(self) -> float | None:
        """What the answers of this run cost; those that were kept from before cost nothing."""
        return self.settings.cost(self.account.spent_in, self.account.spent_out)

    def write_quarantine(self, out: Path) -> Path | None:
        """Put down beside `out` what was dropped, a line each; where nothing was an older file goes."""
        path = quarantine_file(out)
        if not self.quarantine:
            path.unlink(missing_ok=True)
            return None
        write_text(path, json_lines(self.quarantine))
        return path

    def tables(self) -> list[Table]:
        """`drafts`: what was drafted and dropped, and what it took."""
        rows: list[tuple[str, str | int]] = [("articles drafted", len(self.articles)), *self.account.rows()]
        rows += [("tokens in", self.account.spent_in), ("tokens out", self.account.spent_out)]
        if self.cost is not None:
            rows.append(("cost", money(self.cost, self.settings.currency)))
        rows.append(("seconds of the answers", round(self.account.seconds)))
        return [Table("drafts", "drafts", (Column("drafts"), Column("", "amount")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return {
            "articles": len(self.articles),
            "left": self.left,
            "notes": self.notes,
            "cost": self.cost,
            "currency": self.settings.currency,
            **self.account.as_dict(),
        }


@dataclass(frozen=True)
class Preview:
    """What a run would send: its first request, how many there are at least and at most, about the tokens of
    the prompts where each is sent once, the most of the answers and, where a price is given, what all cost.

    At least those are asked that need no answer before; at most all that may be, each sent back once.
    """

    url: str
    request: dict[str, Any]
    articles: int
    requests: int
    most_requests: int
    prompt_tokens: int
    answer_tokens: int
    cost: str
    notes: tuple[str, ...]


def draft_project(
    project: Project,
    articles: Iterable[str | Document] | None = None,
    *,
    layers: Sequence[str] | None = None,
    budget: int | None = None,
    refresh: bool = False,
    given: Iterable[Article] | None = None,
    advance: Advance | None = None,
    **options: Any,
) -> Drafts:
    """Draft a project's articles, all of them or those named; other documents too.

    `options` stand in for the settings under `[llm]`. With `given` only `layers` are drafted, upon the most
    trusted annotation of each article there; articles without one are left. Raises GW812 for an unknown
    layer, GW813 for an unknown article, GW821 for what lacks with `given`, and what `settings_of` and
    `ChatClient.ask` raise.
    """
    settings = settings_of(project, options)
    every = load_seeds(project)
    documents = chosen_documents(project, every, articles)
    by_id = {document.id: document for document in documents}
    upon = given_annotations(given, documents, layers)
    left = {} if upon is None else {name: _NOT_GIVEN for name in by_id if name not in upon}
    documents = [document for document in documents if document.id not in left]
    with drafting(
        project,
        settings,
        layers=layers,
        budget=budget,
        refresh=refresh,
        given=upon,
        documents=every,
    ) as drafter:
        run = run_drafts(drafter, documents, advance)
    drafted = [Article(by_id[d.annotation.document], (d.annotation,)) for d in run.drafts]
    quarantine = [line for each in run.drafts for line in each.dropped]
    return Drafts(
        settings, Articles(drafted), left | run.left, run.notes, run.account, quarantine, run.failed
    )


def preview_project(
    project: Project,
    articles: Iterable[str | Document] | None = None,
    *,
    layers: Sequence[str] | None = None,
    given: Iterable[Article] | None = None,
    **options: Any,
) -> Preview:
    """What `draft_project` would send, as far as that can be told before any answer.

    Only the server's list of models is asked for. Answers in the cache are not taken off.
    """
    settings = settings_of(project, options)
    every = load_seeds(project)
    documents = chosen_documents(project, every, articles)
    upon = given_annotations(given, documents, layers)
    documents = [document for document in documents if upon is None or document.id in upon]
    first: dict[str, Any] = {}
    least = most = prompts = answers = 0
    with drafting(project, settings, layers=layers, given=upon, documents=every) as drafter:
        for document in documents:
            shots = drafter.choose_shots(document, drafter.layers)
            spans, _ = drafter.given(document)
            for number, layer in enumerate(drafter.layers):
                plan = drafter.plan(layer)
                drafter.told(layer, plan)
                examples, coming = shots.get(layer, []), drafter.layers[:number]
                for question, messages in drafter.questions(document, layer, plan, examples, spans, coming):
                    most, answers = most + 1, answers + plan.answer
                    prompts += prompt_tokens(messages)
                    if drafter.answerable(layer, question.known):
                        least += 1
                        first = first or drafter.asker.body(messages, question.form(), plan.answer)
        notes = tuple(drafter.asker.notes)
    # What is sent back goes with the prompt and the answer that it is about.
    price = settings.cost(2 * prompts + answers, 2 * answers)
    cost = "" if price is None else money(price, settings.currency)
    return Preview(
        url=settings.url,
        request=first,
        articles=len(documents),
        requests=least,
        most_requests=2 * most,
        prompt_tokens=prompts,
        answer_tokens=2 * answers,
        cost=cost,
        notes=notes,
    )


@contextmanager
def drafting(
    project: Project,
    settings: Settings,
    *,
    layers: Sequence[str] | None = None,
    budget: int | None = None,
    refresh: bool = False,
    given: Mapping[str, Annotation] | None = None,
    documents: Sequence[Document] | None = None,
) -> Iterator[Drafter]:
    """What drafts the project's articles, for the time of a block; `documents` are all that it has, where
    they are read already."""
    choose = shot_chooser(project_articles(project, documents) if settings.shots else [], settings.shots)
    schema, cache = load_schema(project.schema_path), Cache(project.cache / "llm", refresh=refresh)
    with closing(ChatClient(settings)) as client:
        asker = Asker(settings, cache, client, budget=budget)
        with closing(Drafter(asker, schema, layers=layers, choose_shots=choose, given=given)) as drafter:
            yield drafter


def given_annotations(
    given: Iterable[Article] | None, documents: Sequence[Document], layers: Sequence[str] | None
) -> dict[str, Annotation] | None:
    """By the documents' ids the most trusted annotation of each in `given`, of the same text.

    Raises GW821 where no layers are named, since then nothing would be taken, and where no document has one.
    """
    if given is None:
        return None
    if not layers:
        hint = "--layer LAYER: the rest is taken as it is annotated"
        raise GoldwireError.of(
            "GW821", "it is not said which layers are drafted upon what is given", hint=hint
        )
    texts = {document.id: document.text for document in documents}
    annotations = {
        article.document.id: annotation
        for article in given
        if texts.get(article.document.id) == article.document.text
        and (annotation := curated(article.annotations)) is not None
    }
    if not annotations:
        hint = "annotations of the articles that are to be drafted, under the same ids and of the same text"
        raise GoldwireError.of("GW821", "what is given has no annotation of these articles", hint=hint)
    return annotations


def chosen_documents(
    project: Project, documents: Sequence[Document], articles: Iterable[str | Document] | None
) -> list[Document]:
    """All `documents` of a project, or those named or given. Raises GW813 for ids that are not there."""
    known = {document.id: document for document in documents}
    if articles is None:
        return list(known.values())
    named = list(articles)
    raise_faults(
        Fault("GW813", f"there is no article `{name}`", str(project.seeds), one_of(known))
        for name in named
        if isinstance(name, str) and name not in known
    )
    chosen = [known[each] if isinstance(each, str) else each for each in named]
    return list({document.id: document for document in chosen}.values())


class ProjectDocuments:
    """A project's own documents, with all that is known of them; read anew where its list has changed."""

    def __init__(self, project: Project) -> None:
        """Raises what `load_seeds` does."""
        self._project = project
        self._listing = project.seeds / LISTING
        self._changed: int | None = None
        self._by_id: dict[str, Document] = {}
        self._read()

    def own(self, document: Document) -> Document:
        """The project's document of this id and text; the one that is given where there is none."""
        self._read()
        own = self._by_id.get(document.id)
        return own if own is not None and own.text == document.text else document

    def _read(self) -> None:
        changed = self._listing.stat().st_mtime_ns if self._listing.is_file() else None
        if changed != self._changed:
            self._by_id = {each.id: each for each in load_seeds(self._project)} if changed else {}
            self._changed = changed


def quarantine_file(out: Path) -> Path:
    """Where what was dropped is put, beside the drafts."""
    return out.with_name(f"{out.stem}.quarantine.jsonl")

"""A language model's drafts beside what is simpler: the lexicon, the stock model, a trained one."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from goldwire.annotations.tokens import tokenizer
from goldwire.corpus.split.io import project_rule
from goldwire.errors import GoldwireError
from goldwire.eval.scoring.edits import Edits, count_edits
from goldwire.eval.scoring.pairing import stories
from goldwire.eval.scoring.scores import score
from goldwire.model import Annotation, Article, Drafting, by_machine, curated
from goldwire.number_format import amount, counted
from goldwire.project import Project
from goldwire.schemas import Schema, load_schema
from goldwire.table import Cell, Column, Figures, Table
from goldwire.train.groups import groups_of
from goldwire.train.run.baselines import lexicon_annotations, stock_predictions, usable_stock
from goldwire.train.training_data import Reference

_COLUMNS = (
    Column("layer"),
    Column("system"),
    Column("P", "number"),
    Column("R", "number"),
    Column("F1", "number"),
    Column("95 % interval", "interval"),
    Column("support", "amount"),
    Column("minutes", "number"),
    Column("cost", "number"),
)
_TRUSTED = ("reviewed", "adjudicated")


@dataclass(frozen=True, eq=False, repr=False)
class BesideDrafts(Figures):
    """Each system's figures by layer, on the same documents; `edits` where people had predictions in view."""

    rows: list[tuple[Cell, ...]]
    documents: tuple[str, ...]
    reference: str
    notes: tuple[str, ...]
    edits: Edits | None = None
    currency: str = ""

    def tables(self) -> list[Table]:
        """`systems`, and `edits` where there are any."""
        about = f"{counted(len(self.documents), 'document')}, reference: {self.reference}"
        priced = f"; cost in {self.currency}" if self.currency else ""
        title = f"Drafts beside simpler systems, exact: {about}{priced}"
        systems = Table("systems", title, _COLUMNS, self.rows, ("support", ("P", "R")))
        return [systems, *(self.edits.tables() if self.edits is not None else [])]

    def as_json(self) -> dict[str, Any]:
        """The figures, the documents and the notes."""
        return {
            "systems": self.tables()[0].records(),
            "documents": list(self.documents),
            "reference": self.reference,
            "notes": list(self.notes),
            "currency": self.currency,
            "edits": None if self.edits is None else self.edits.as_json(),
        }


@dataclass
class _System:
    """One system's annotation of each document, the layers that it marks, and what it took."""

    name: str
    by_document: dict[str, Annotation]
    layers: Sequence[str]
    minutes: float | None = None
    cost: float | None = None


def beside_drafts(
    project: Project,
    drafts: Sequence[Article],
    gold: Sequence[Article],
    *,
    trained: Mapping[str, Sequence[Article]] | None = None,
    layers: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> BesideDrafts:
    """Score drafts, lexicon, stock model and trained ones on the documents that all have, exact spans.

    Of `gold` the most trusted annotation counts that is not a drafting model's; where some are reviewed, only
    those. The layers that the drafts say they were asked for are scored, also where the model found nothing;
    those that they were given are no work of the model's, and not scored unless named among `layers`. The
    lexicon of a document is learned from all others but those of its story and near copies of
    its text. Raises GW820 where no document is left.
    """
    drafted = _by_document(drafts)
    trained_models = {name: _by_document(predicted) for name, predicted in (trained or {}).items()}
    references, notes = _references(gold, drafted, trained_models)
    documents = [reference.document for reference in references]
    held = {reference.document.id: reference.annotation for reference in references}
    # What drafts of other documents took, or mark, is no matter here.
    drafted = {name: drafted[name] for name in held}
    schema = load_schema(project.schema_path)
    records = [a.provenance.drafting for a in drafted.values() if a.provenance.drafting is not None]
    given = {name for record in records for name in record.given}
    wanted = list(layers or _asked(drafted, schema, given))
    if layers is None:
        others_in = [name for name in schema.layers if name not in {*wanted, *given}]
        notes += _unasked(held, records, others_in)
    if given:
        named = ", ".join(f"`{name}`" for name in schema.layers if name in given)
        notes.append(f"drafted upon annotations of {named}, which are not the model's")
    drafts_system, priced = _drafts(drafted, wanted)
    notes += priced
    systems = [drafts_system, _lexicon(references, project, wanted)]
    stock, why = usable_stock(project, wanted)
    if stock is None and project.settings.get("predict"):
        notes.append(why)
    if stock is not None:
        begun = time.perf_counter()
        stock_articles = stock_predictions(project, documents)
        minutes = (time.perf_counter() - begun) / 60
        systems.append(_System(stock.model, _by_document(stock_articles), [stock.layer], minutes))
    for name, by_document in trained_models.items():
        systems.append(_System(name, by_document, _marked(by_document.values(), wanted)))
    rows: list[tuple[Cell, ...]] = []
    reference = ""
    for layer in wanted:
        for system in systems:
            if layer not in system.layers:
                continue
            pairs = [(annotation, system.by_document[name]) for name, annotation in held.items()]
            scores = score(
                pairs,
                layers=[layer],
                resamples=resamples,
                seed=seed,
                groups=stories(documents),
                documents=documents,
            )
            figure = scores.layers[layer]["exact"].micro()
            reference = scores.reference_in_words
            counts = figure.counts
            rows.append(
                (layer, system.name, counts.precision, counts.recall, counts.f1, figure.ci95, counts.support,
                 system.minutes, system.cost)
            )  # fmt: skip
    seen = [name for name, a in held.items() if a.provenance.seen_predictions]
    edits = None
    if seen:
        notes.append(
            f"{amount(len(seen))} of {amount(len(held))} were annotated with predictions in view: "
            "scores of what was shown are no measure of it there; the edit rate is"
        )
        edits = count_edits([(drafted[n], held[n]) for n in seen], schema, wanted)
    currency = next((record.currency for record in records if record.currency), "")
    return BesideDrafts(rows, tuple(held), reference, tuple(notes), edits, currency)


def _references(
    gold: Sequence[Article],
    drafted: Mapping[str, Annotation],
    trained: Mapping[str, Mapping[str, Annotation]],
) -> tuple[list[Reference], list[str]]:
    """The documents that every system has, each with the annotation that it is held against; and notes."""
    models = {a.annotator for a in drafted.values()}
    lacking = dict.fromkeys(trained, 0)
    common: list[Reference] = []
    for article in gold:
        name = article.document.id
        annotation = curated(tuple(a for a in article.annotations if a.annotator not in models))
        if annotation is None or name not in drafted:
            continue
        without = [system for system, by_document in trained.items() if name not in by_document]
        for system in without:
            lacking[system] += 1
        if not without:
            common.append(Reference(article.document, annotation))
    trusted = [r for r in common if r.annotation.status in _TRUSTED and not by_machine(r.annotation)]
    notes = [
        f"left out: {counted(number, 'document')} that `{system}` has no annotation of"
        for system, number in lacking.items()
        if number
    ]
    if trusted and (left := len(common) - len(trusted)):
        notes.append(f"left out: {counted(left, 'document')} that nobody has reviewed")
    if not common:
        hint = "draft articles that are annotated, or name the annotations: goldwire eval draft DRAFTS GOLD"
        raise GoldwireError.of("GW820", "no document has both a draft and an annotation", hint=hint)
    if not trusted:
        notes.append("nobody has reviewed these documents: the figures say how like another draft these are")
    return trusted or common, notes


def _asked(drafted: Mapping[str, Annotation], schema: Schema, given: Collection[str]) -> list[str]:
    """The layers that the model was asked for, as the drafts record it, and those that they mark."""
    asked = {name for a in drafted.values() for name in _asked_for(a.provenance.drafting)}
    return [
        name
        for name in schema.layers
        if name not in given and (name in asked or any(a.layer(name) for a in drafted.values()))
    ]


def _asked_for(record: Drafting | None) -> list[str]:
    layers = None if record is None else record.settings.get("layers")
    return layers if isinstance(layers, list) else []


def _unasked(held: Mapping[str, Annotation], records: Sequence[Drafting], layers: Sequence[str]) -> list[str]:
    """A note where no draft marks a layer of the reference, or says that it was asked for."""
    if len(records) == len(held) and all(map(_asked_for, records)):
        return []
    lacking = [name for name in layers if any(a.layer(name) for a in held.values())]
    named = ", ".join(f"`{name}`" for name in lacking)
    return [f"no draft marks {named}, or says that it was asked for: not scored"] if lacking else []


def _drafts(drafted: Mapping[str, Annotation], layers: Sequence[str]) -> tuple[_System, list[str]]:
    """The drafts as a system, with notes on their cost; it has one where all have, in one currency."""
    records = [a.provenance.drafting or Drafting() for a in drafted.values()]
    costs = [each.cost for each in records if each.cost is not None]
    notes: list[str] = []
    if costs and len(costs) < len(records):
        notes.append(
            f"{amount(len(records) - len(costs))} of {amount(len(records))} drafts do not say their cost"
        )
    if len(currencies := {each.currency for each in records if each.cost is not None}) > 1:
        notes.append(f"the drafts' cost is in several currencies: {', '.join(sorted(currencies))}")
    cost = sum(costs) if costs and not notes else None
    name = next(iter(drafted.values())).provenance.name or "drafts"
    minutes = sum(each.seconds for each in records) / 60
    return _System(f"drafts: {name}", dict(drafted), layers, minutes, cost), notes


def _lexicon(references: Sequence[Reference], project: Project, layers: Sequence[str]) -> _System:
    """Every wording that the other documents mark, but for those of the same group."""
    nlp = tokenizer(project.language)
    begun = time.perf_counter()
    names = [reference.document.id for reference in references]
    groups = groups_of([reference.document for reference in references], project_rule(project)) or names
    by_document: dict[str, Annotation] = {}
    for reference, group in zip(references, groups, strict=True):
        document = reference.document
        train = [other for other, theirs in zip(references, groups, strict=True) if theirs != group]
        (annotation,) = lexicon_annotations(nlp, train, [document], layers)
        mine = reference.annotation
        by_document[document.id] = structs.replace(
            annotation, annotator="lexicon", schema=mine.schema, text_sha256=mine.text_sha256
        )
    return _System("lexicon", by_document, layers, (time.perf_counter() - begun) / 60)


def _by_document(articles: Iterable[Article]) -> dict[str, Annotation]:
    return {article.document.id: article.annotations[-1] for article in articles if article.annotations}


def _marked(annotations: Iterable[Annotation], layers: Sequence[str]) -> list[str]:
    marked = {span.layer for annotation in annotations for span in annotation.spans}
    return [layer for layer in layers if layer in marked]

"""How far readers agree on what a model is scored on, beside the model's own F1.

A model that comes as close to the reference as its readers come to one another has learned what they agree
on. Where the readers are machines, or nobody knows whether they are, this is never called a human ceiling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from goldwire import strict_json
from goldwire.annotations.spool import ArticleSpool
from goldwire.errors import GoldwireError
from goldwire.eval.agreement.agree import agree, layers_read_twice
from goldwire.eval.agreement.agreement_figures import Agreement
from goldwire.eval.counts.bootstrap import Interval, percentile_interval
from goldwire.eval.counts.counts import LabelCounts, rates
from goldwire.eval.scoring.ceiling import Beside, Ceiling, Readers
from goldwire.eval.scoring.score_figures import Scores
from goldwire.files import read_text
from goldwire.model import Annotation, Article, outermost
from goldwire.number_format import counted


def ceiling_of(articles: Iterable[Article], gold: Iterable[Annotation], scores: Scores) -> Ceiling | None:
    """The agreement of the readings in `articles` on the documents and layers of `scores`.

    None where no document has two readings with a span of these layers. Where the reference `gold` has no
    overlapping spans in a layer, the readings are cut down to their outermost ones too, so that like is
    compared with like; of relations those are compared whose names are scored.
    """
    wanted = set(scores.documents)
    flat = set(scores.layers)
    for annotation in gold:
        flat -= {layer for layer in flat if outermost(annotation.layer(layer))[1]}
    cut = 0
    readings = ArticleSpool()
    for article in articles:
        if article.document.id not in wanted:
            continue
        cut_down = [
            _outermost(_scored_relations(annotation, scores), flat) for annotation in article.annotations
        ]
        cut += sum(count for _, count in cut_down)
        readings.append(Article(article.document, tuple(annotation for annotation, _ in cut_down)))
    present = layers_read_twice(readings)
    layers = [layer for layer in scores.layers if layer in present]
    if not layers:
        return None
    found_agreement = agree(readings, layers=layers, resamples=scores.resamples, seed=scores.seed)
    return _beside(found_agreement, scores, cut)


def _outermost(annotation: Annotation, layers: set[str]) -> tuple[Annotation, int]:
    """The annotation without the nested spans of some layers, and how many these were."""
    spans = [span for span in annotation.spans if span.layer not in layers]
    cut = 0
    for layer in sorted(layers):
        outer, inner = outermost(annotation.layer(layer))
        spans += outer
        cut += len(inner)
    return (msgspec.structs.replace(annotation, spans=tuple(spans)) if cut else annotation), cut


def _scored_relations(annotation: Annotation, scores: Scores) -> Annotation:
    """The annotation without relations of names that are not scored."""
    known = scores.relations.labels if scores.relations is not None else ()
    scored = tuple(relation for relation in annotation.relations if relation.label in known)
    return msgspec.structs.replace(annotation, relations=scored)


def _beside(agreement: Agreement, scores: Scores, cut: int) -> Ceiling:
    pooled = agreement.pooled
    # Shares have an interval where both sides were redrawn document by document, in the same order.
    alike = pooled.documents == scores.documents

    def beside(ours: LabelCounts, theirs: LabelCounts) -> Beside:
        micro = theirs.micro()
        model, readers = ours.micro().counts.f1, micro.counts.f1
        ratio = _ratio(ours, theirs) if alike and readers else None
        return Beside(model, readers, micro.ci95, ratio)

    layers = {
        name: beside(scores.layers[name]["exact"], layer.counts["exact"])
        for name, layer in pooled.layers.items()
    }
    related = pooled.relations.get("strict")
    between = beside(scores.relations, related) if scores.relations is not None and related else None
    notes = [note for note in agreement.warnings if note not in scores.warnings]
    if len(pooled.documents) < len(scores.documents):
        some, every = len(pooled.documents), len(scores.documents)
        notes.append(f"only {some} of the {every} scored documents have two readings")
    if cut:
        notes.append(f"{counted(cut, 'nested span')} of the readings left out, since the reference has none")
    kinds = [set(annotator["kinds"]) for annotator in agreement.annotators]
    return Ceiling(
        readers=_readers(kinds),
        number=len(agreement.annotators),
        what=agreement.what,
        documents=len(pooled.documents),
        layers=layers,
        notes=tuple(notes),
        relations=between,
    )


def _ratio(ours: LabelCounts, theirs: LabelCounts) -> Interval | None:
    if ours.sums is None or theirs.sums is None or len(ours.units) != len(theirs.units):
        return None
    return percentile_interval(rates(ours.sums.sum(axis=1))[2] / rates(theirs.sums.sum(axis=1))[2])


def _readers(kinds: Sequence[set[str]]) -> Readers:
    if any("unknown" in annotator_kinds for annotator_kinds in kinds):
        return "unknown"
    if all(annotator_kinds == {"human"} for annotator_kinds in kinds):
        return "people"
    return "mixed" if any("human" in annotator_kinds for annotator_kinds in kinds) else "machines"


def is_about(path: Path, scores: Scores) -> bool:
    """Whether a file of agreement names all the scored documents and one of the layers."""
    try:
        figures = strict_json.loads(read_text(path))
    except ValueError:
        return False
    if not isinstance(figures, dict):
        return False
    names, layers = figures.get("document_ids"), figures.get("layers")
    return (
        isinstance(names, list)
        and isinstance(layers, dict)
        and set(scores.documents) <= {str(name) for name in names}
        and any(layer in layers for layer in scores.layers)
    )


class _Exact(msgspec.Struct):
    f1: float | None
    ci95: Interval | None


class _Layer(msgspec.Struct):
    exact: _Exact


class _Matched(msgspec.Struct):
    matched: float
    unmatched: float


class _Strict(msgspec.Struct):
    micro: _Exact
    labels: dict[str, _Matched]


class _Relations(msgspec.Struct):
    strict: _Strict


class _Annotator(msgspec.Struct):
    kinds: list[str]


class _File(msgspec.Struct):
    """As much of what `eval agree --json` writes as is shown beside scores."""

    annotators: list[_Annotator]
    documents: int | list[str]
    layers: dict[str, _Layer]
    what: str = ""
    document_ids: list[str] | None = None
    relations: _Relations | None = None


def read_ceiling(path: Path, scores: Scores) -> Ceiling:
    """The agreement that `goldwire eval agree --json` wrote, beside these scores.

    Raises GW530 where the file is not of that form or shares no layer with the scores.
    """
    hint = "make it with: goldwire eval agree --json FILE"
    try:
        figures = strict_json.decode(read_text(path), _File)
    except msgspec.DecodeError as error:
        message = f"not what `eval agree` writes: {error}"
        raise GoldwireError.of("GW530", message, where=str(path), hint=hint) from None
    exact = {
        layer: figures_of_layer.exact
        for layer, figures_of_layer in figures.layers.items()
        if layer in scores.layers
    }
    if not exact:
        message = f"it holds no agreement on {', '.join(scores.layers)}"
        raise GoldwireError.of("GW530", message, where=str(path), hint=hint)
    layers = {}
    for layer, figure in exact.items():
        model = scores.layers[layer]["exact"].micro().counts.f1
        layers[layer] = Beside(model, figure.f1, figure.ci95)
    kinds = [set(annotator.kinds) for annotator in figures.annotators]
    number = figures.documents if isinstance(figures.documents, int) else len(figures.documents)
    return Ceiling(
        readers=_readers(kinds),
        number=len(kinds),
        what=figures.what,
        documents=number,
        layers=layers,
        notes=tuple(_other_documents(figures.document_ids, number, scores)),
        relations=_relations_of(figures.relations, scores),
    )


def _relations_of(relations: _Relations | None, scores: Scores) -> Beside | None:
    """The file's agreement on the relations that are scored; an interval only where it has no others."""
    if relations is None or scores.relations is None:
        return None
    strict, known = relations.strict, set(scores.relations.labels)
    scored = [counts for label, counts in strict.labels.items() if label in known]
    right, wrong = sum(counts.matched for counts in scored), sum(counts.unmatched for counts in scored)
    readers = 2 * right / (2 * right + wrong) if right + wrong else None
    model = scores.relations.micro().counts.f1
    interval_too = strict.micro.ci95 if len(scored) == len(strict.labels) else None
    return Beside(model, readers, interval_too)


def _other_documents(names: Sequence[str] | None, number: int, scores: Scores) -> list[str]:
    same = number == len(scores.documents) if names is None else set(names) == set(scores.documents)
    if same:
        return []
    return [f"agreement was measured on other documents: {number}, scores on {len(scores.documents)}"]

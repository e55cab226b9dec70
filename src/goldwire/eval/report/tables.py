"""Figures as rows of a table: what the terminal shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from goldwire.eval.counts.counts import Figure, LabelCounts
from goldwire.eval.scoring.scores import Scores
from goldwire.figures import UNDEFINED, amount, interval, number

if TYPE_CHECKING:
    from goldwire.eval.scoring.ceiling import Beside, Ceiling

Row = tuple[str, ...]
SCORE_COLUMNS = ["layer", "label", "P", "R", "F1", "95 % interval", "support"]
DETAIL_COLUMNS = ["layer", "what", "value", "95 % interval", "n", "note"]


def score_rows(scores: Scores) -> Iterator[Row]:
    """Layer, label, P, R, F1, interval, support: exact by label, the other kinds in one line each."""
    for layer, kinds in scores.layers.items():
        exact = kinds["exact"]
        for label, found in exact.figures().items():
            yield _row(layer, label, found)
        yield _row(layer, "micro, exact", exact.micro())
        macro = exact.macro()
        yield layer, "macro, exact", UNDEFINED, UNDEFINED, number(macro.f1), interval(macro.ci95), ""
        for kind, counts in kinds.items():
            if kind != "exact":
                yield _row(layer, f"micro, {kind}", counts.micro())
        if layer in scores.heads:
            yield _row(layer, "micro, head", scores.heads[layer].micro())
    if scores.relations is not None:
        for label, found in scores.relations.figures().items():
            yield _row("relations", label, found)
        yield _row("relations", "micro, strict", scores.relations.micro())
    if scores.relations_partial is not None:
        yield _row("relations", "micro, partial", scores.relations_partial.micro())
    for layer, wholes in scores.structures.items():
        for whole, counts in wholes.items():
            yield _row(layer, f"{structure_name(scores, layer, whole)}, micro", counts.micro())


def structure_name(scores: Scores, layer: str, kind: str) -> str:
    """What a kind of whole structure is called: tuples by the relations that the schema demands."""
    if kind != "tuples":
        return f"whole, {kind}"
    ends = scores.required.get(layer) or ("arguments",)
    return f"tuples ({', '.join((*ends, 'label'))})"


def detail_rows(scores: Scores) -> Iterator[Row]:
    """Layer, what, value, interval, n, note: attributes of right spans, identity, the readers' agreement."""
    for layer, found in scores.attributes.items():
        for name, one in found.as_json().items():
            yield _valued(layer, f"{name}, accuracy", one["accuracy"], one, f"{amount(one['spans'])} spans")
    for layer, names in scores.identity.items():
        for name, metrics in names.items():
            for metric, same in metrics.items():
                what = f"{name}, {_METRICS.get(metric, metric)} F1"
                yield _valued(layer, what, same.f1, same.as_json(), "")
    if scores.agreement is not None:
        ceiling = scores.agreement
        for layer, beside in ceiling.layers.items():
            yield from _beside(layer, "exact", beside, scores.layers[layer]["exact"], ceiling)
        if ceiling.relations is not None and scores.relations is not None:
            yield from _beside("relations", "strict", ceiling.relations, scores.relations, ceiling)


_METRICS = {"b_cubed": "B³", "ceaf_e": "CEAF", "lea": "LEA"}


def _beside(name: str, kind: str, beside: Beside, counts: LabelCounts, ceiling: Ceiling) -> Iterator[Row]:
    """The model's F1, the readers', and their ratio."""
    n = f"{amount(ceiling.documents)} documents"
    yield name, f"model, {kind} F1", number(beside.model), interval(counts.micro().ci95), n, ""
    yield name, f"readers, {kind} F1", number(beside.readers), interval(beside.ci95), n, ceiling.title
    yield name, "model / readers", number(beside.share), interval(beside.share_ci95), "", ""


def _valued(layer: str, what: str, value: float | None, one: dict[str, Any], n: str) -> Row:
    ci95 = (one["ci95"][0], one["ci95"][1]) if one["ci95"] else None
    return layer, what, number(value), interval(ci95), n, one.get("why", "")


def _row(layer: str, label: str, found: Figure) -> Row:
    counts = found.counts
    return (
        layer,
        label,
        number(counts.precision),
        number(counts.recall),
        number(counts.f1),
        interval(found.ci95),
        amount(counts.support),
    )

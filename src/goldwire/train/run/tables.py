"""A run's figures as tables: each layer's model beside its baselines, F1 by label, relations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from goldwire.eval.scoring.notes import scored_on
from goldwire.table import Cell, Column, Table
from goldwire.train.run.layers import LayerFigures, layers_of
from goldwire.train.run.report import readers_of_relations

_SCORES = (
    Column("system"),
    *(Column(name, "number") for name in ("P", "R", "F1")),
    Column("95 %", "interval"),
    Column("macro F1", "number"),
    Column("95 % (macro)", "interval"),
)
_RELATIONS = (
    Column("relation"),
    *(Column(name, "number") for name in ("F1, spans given", "nearest, spans given", "F1, own spans")),
    Column("95 % (spans given)", "interval"),
)


def run_tables(figures: Mapping[str, Any]) -> Iterator[Table]:
    """Of each layer LAYER, the systems, and `LAYER labels`; then `relations`, where any are learned."""
    articles = scored_on(figures["documents"], figures.get("test"))
    tested = f"{articles}, each unseen; reference: {figures['reference']}"
    for layer in layers_of(figures):
        yield _systems(layer, f"{layer.layer}: exact, {tested}")
        yield _labels(layer)
    if "given_spans" in figures:
        yield from _relations(figures)


def _systems(layer: LayerFigures, title: str) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, scores in layer.exact.items():
        micro, macro = scores["micro"], scores["macro"]
        rates = (micro[key] for key in ("precision", "recall", "f1"))
        rows.append((name, *rates, _bounds(micro["ci95"]), macro["f1"], _bounds(macro["ci95"])))
    if layer.agreement is not None:
        agreed = layer.agreement["agreement_f1"], _bounds(layer.agreement["agreement_ci95"])
        rows.append(("readers", "", "", *agreed, "", ""))
    return Table(layer.layer, title, _SCORES, rows, lesser=("95 % (macro)", "macro F1", ("P", "R")))


def _labels(layer: LayerFigures) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for label, learned in layer.labels.items():
        scores = layer.of_label(label)
        f1s = (system.get("f1") for system in scores)
        rows.append((label, learned, layer.scored(label), *f1s, _bounds(scores[0].get("ci95"))))
    columns = (
        Column("label"),
        Column("learned", "amount"),
        Column("scored", "amount"),
        *(Column(f"{name} F1", "number") for name in layer.exact),
        Column("95 % (model)", "interval"),
    )
    title = f"{layer.layer}: F1 by label"
    return Table(f"{layer.layer} labels", title, columns, rows, lesser=("learned",))


def _relations(figures: Mapping[str, Any]) -> Iterator[Table]:
    given_spans = figures["given_spans"]
    systems = (given_spans["relations"], given_spans["nearest"], figures.get("relations", {}))
    names = sorted({name for by_relation in systems for name in by_relation if name != "micro"})
    if not names:
        return
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            *(by_relation.get(name, {}).get("f1") for by_relation in systems),
            _bounds(systems[0].get(name, {}).get("ci95")),
        )
        for name in (*names, "micro")
    ]
    given_f1, own_f1 = readers_of_relations(figures)
    if given_f1 is not None or own_f1 is not None:
        agreed = _bounds((given_spans.get("agreement") or {}).get("ci95"))
        rows.append(("readers, micro", given_f1, "", own_f1, agreed))
    yield Table("relations", "relations: strict, on unseen articles", _RELATIONS, rows)


def _bounds(ci95: Any) -> tuple[float, float] | None:
    """An interval, which JSON keeps as a list."""
    return (ci95[0], ci95[1]) if ci95 else None

"""Figures as rows of a table: what the terminal shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from goldwire.eval.agreement import Agreement, Comparison, agreement_why
from goldwire.eval.counts import Figure, Interval
from goldwire.eval.scores import Scores

Row = tuple[str, ...]
UNDEFINED = "–"
SCORE_COLUMNS = ["layer", "label", "P", "R", "F1", "95 % interval", "support"]
AGREEMENT_COLUMNS = ["layer", "what", "value", "95 % interval", "n", "note"]


def number(value: float | None, digits: int = 3) -> str:
    """`.661`, `1.000`, `-.200`; a dash where it is undefined."""
    if value is None:
        return UNDEFINED
    return (
        f"{value:.{digits}f}".replace("0.", ".", 1)
        if abs(round(value, digits)) < 1
        else f"{value:.{digits}f}"
    )


def span(found: Interval | None) -> str:
    """An interval as `.61–.72`."""
    return f"{number(found[0], 2)} – {number(found[1], 2)}" if found else UNDEFINED


def amount(value: float) -> str:
    """A count, with its half where it has one."""
    return f"{value:g}" if value < 1e6 else f"{value:.0f}"


def score_rows(scores: Scores) -> Iterator[Row]:
    """Layer, label, P, R, F1, interval, support: exact by label, the other kinds in one line each."""
    for layer, kinds in scores.layers.items():
        exact = kinds["exact"]
        for label, found in exact.figures().items():
            yield _row(layer, label, found)
        yield _row(layer, "micro, exact", exact.micro())
        macro = exact.macro()
        yield layer, "macro, exact", UNDEFINED, UNDEFINED, number(macro.f1), span(macro.ci95), ""
        for kind, counts in kinds.items():
            if kind != "exact":
                yield _row(layer, f"micro, {kind}", counts.micro())
    if scores.relations is not None:
        for label, found in scores.relations.figures().items():
            yield _row("relations", label, found)
        yield _row("relations", "micro, strict", scores.relations.micro())


def _row(layer: str, label: str, found: Figure) -> Row:
    counts = found.counts
    return (
        layer,
        label,
        number(counts.precision),
        number(counts.recall),
        number(counts.f1),
        span(found.ci95),
        amount(counts.support),
    )


def agreement_rows(comparison: Comparison) -> Iterator[Row]:
    """Layer, what, value, interval, n, note: detection, labels, attributes, relations."""
    for layer, found in comparison.layers.items():
        sizes = " and ".join(str(count) for count in found.spans.values())
        for kind in ("exact", "overlap"):
            yield _agreed(layer, f"F1, {kind}", found.counts[kind].micro(), f"{sizes} spans")
        for where, shares in found.labels.items():
            for name, share in shares.items():
                what = f"label {name}, {where.replace('_', ' ')}"
                yield layer, what, number(share.value), span(share.ci95), f"{share.pairs} pairs", share.why
        for name, one in found.attributes.items():
            n = f"{one['pairs']} pairs"
            if not one["pairs"]:
                yield layer, f"{name}, equal", UNDEFINED, UNDEFINED, n, "no matched span bears it"
                continue
            ci95 = (one["ci95"][0], one["ci95"][1]) if one["ci95"] else None
            why = one.get("why", "")
            yield layer, f"{name}, equal", number(one["equal"]), span(ci95), n, "" if ci95 else why
            yield layer, f"{name}, kappa", number(one["kappa"]), "", n, why if one["kappa"] is None else ""
        for label, figure in found.counts["exact"].figures().items():
            yield _agreed(layer, f"F1, exact, {label}", figure, f"{_size(figure)} spans")
    for relation_kind, counts in comparison.relations.items():
        micro = counts.micro()
        yield _agreed("relations", f"F1, {relation_kind}", micro, f"{_size(micro)} relations")
    if "strict" in comparison.relations:
        for label, figure in comparison.relations["strict"].figures().items():
            yield _agreed("relations", f"F1, strict, {label}", figure, f"{_size(figure)} relations")


def agreement_table(agreement: Agreement) -> dict[str, Any]:
    """The pooled figures as a table for `write_report`'s `extra`."""
    return {
        "title": "Agreement between readings",
        "columns": AGREEMENT_COLUMNS,
        "rows": [list(row) for row in agreement_rows(agreement.pooled)],
        "note": " ".join((agreement.what, *(f"{warning}." for warning in agreement.warnings))),
    }


def _agreed(layer: str, what: str, found: Figure, n: str) -> Row:
    return layer, what, number(found.counts.f1), span(found.ci95), n, agreement_why(found)


def _size(found: Figure) -> str:
    return amount(found.counts.predicted + found.counts.support)

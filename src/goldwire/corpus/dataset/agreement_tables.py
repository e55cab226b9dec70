"""Agreement figures as tables for the card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from goldwire import strict_json
from goldwire.errors import GoldwireError
from goldwire.files import read_bytes
from goldwire.number_format import UNDEFINED, amount, with_interval
from goldwire.project import Project


def agreement_tables_of(project: Project) -> dict[str, Any] | None:
    """What `goldwire eval agree` found, as tables; None where it has not been run."""
    path = project.eval / "agreement.json"
    if not path.is_file():
        return None
    try:
        figures = strict_json.loads(read_bytes(path))
        tables = [table for table in _tables(figures) if table["rows"]]
        warnings = [str(each) for each in figures.get("warnings", [])]
        return {"what": str(figures.get("what", "")), "tables": tables, "warnings": warnings}
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        hint = "make it again: goldwire eval agree"
        raise GoldwireError.of(
            "GW263", f"not agreement figures: {error}", where=str(path), hint=hint
        ) from None


def _tables(figures: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A table of span agreement by layer, one of attributes, one of relations."""
    kinds = ("exact", "boundary", "overlap", "type")
    layers: dict[str, Any] = figures.get("layers", {})
    shown = [kind for kind in kinds if any(kind in layer for layer in layers.values())]
    rows = [[f"`{n}`", *(_figure(layer.get(kind), "f1") for kind in shown)] for n, layer in layers.items()]
    yield {
        "title": "F1 of spans, with 95 % intervals over documents:",
        "columns": ["layer", *shown],
        "rows": rows,
    }
    rows = [
        [f"`{name}` label", where.replace("_", " "), key, _figure(share, "value"), _pairs(share)]
        for name, layer in layers.items()
        for where, shares in layer.get("label_given_match", {}).items()
        for key, share in shares.items()
    ]
    rows += [
        [f"`{name}` {key}", "same extent", "equal", _figure(share, "equal"), _pairs(share)]
        for name, layer in layers.items()
        for key, share in layer.get("attributes_given_match", {}).items()
    ]
    columns = ["what, given a match", "match", "measure", "value", "pairs"]
    yield {"title": "Where both readings marked a span:", "columns": columns, "rows": rows, "left": 3}
    relations: dict[str, Any] = figures.get("relations", {})
    labels = sorted({label for kind in relations.values() for label in kind.get("labels", {})})
    rows = [
        [f"`{label}`", *(_figure(kind.get("labels", {}).get(label), "f1") for kind in relations.values())]
        for label in labels
    ]
    rows += [["all", *(_figure(kind.get("micro"), "f1") for kind in relations.values())]] if relations else []
    yield {"title": "F1 of relations:", "columns": ["relation", *relations], "rows": rows}


def _figure(figure: dict[str, Any] | None, key: str) -> str:
    return with_interval(figure.get(key), figure.get("ci95")) if figure else UNDEFINED


def _pairs(figure: dict[str, Any]) -> str:
    return amount(figure["pairs"]) if "pairs" in figure else ""

"""One HTML page with everything that a score rests on: no network, no script but a filter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from goldwire import __version__, strict_json
from goldwire.errors import GoldwireError
from goldwire.eval.counts.bootstrap import Sampling
from goldwire.eval.counts.counts import Figure, LabelCounts
from goldwire.eval.matching.spans import Pair, match
from goldwire.eval.report.error_analysis import MOST, confusion, errors
from goldwire.eval.report.span_layers import drawn_paragraphs
from goldwire.eval.scoring.breakdown import OUTCOMES, break_down, by_label
from goldwire.eval.scoring.notes import unknown_note
from goldwire.eval.scoring.pairing import Paired, pair_up, stories
from goldwire.eval.scoring.score_figures import Scores, structure_name
from goldwire.files import read_text, write_text
from goldwire.html.charts import Point, line
from goldwire.html.templates import page_templates, render_page
from goldwire.model import Annotation, Article, by_machine
from goldwire.number_format import UNDEFINED, amount, number

#: A further table: `title`, `columns`, `rows`, and perhaps a `note` and a `curve`: a list of points, each
#: [name, value, lower bound, upper bound], all but the name in [0, 1] or None.
Extra: TypeAlias = Mapping[str, Any]
#: Documents whose text a page shows with all spans drawn under it.
DRAWN = 40
LEARNED = "learned.jsonl"
KINDS = {
    "exact": "same extent and same label",
    "partial": "same extent counts 1, overlap ½; labels not judged",
    "jaccard": "same extent counts 1, overlap its share of the union; labels not judged",
    "boundary": "same extent; labels not judged",
    "type": "same label and any overlap",
    "head": "same label and same head: the first word that is no determiner, preposition or number",
}


@dataclass(frozen=True)
class ReportSource:
    """What a report is made from; `train` is what was learned from, None for the other documents."""

    gold: list[Article]
    pred: list[Article]
    title: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    extra: list[Extra] = field(default_factory=list)
    train: list[Article] | None = None


def write_report(
    path: Path,
    *,
    gold: Sequence[Article],
    pred: Sequence[Article],
    scores: Scores,
    title: str = "",
    meta: Mapping[str, Any] | None = None,
    extra: Sequence[Extra] = (),
    train: Sequence[Article] | None = None,
) -> None:
    """Write the page. `scores` are of these articles; `meta` is shown at its head, name by name.

    `extra` adds tables (see `Extra`). Wordings are seen where `train` has them, else where the reference's
    other documents do. All text is escaped.
    """
    environment = page_templates("goldwire.eval.report", "")
    paired = pair_up(gold, pred)
    page = render_page(
        environment.get_template("report.html.j2"),
        title=title or "Scores",
        meta=_shown(meta or {}),
        reference=reference_in_words(scores.reference, [pairing.gold for pairing in paired]),
        scores=scores,
        layers=[_layer(name, scores, paired, train) for name in scores.layers],
        trained=train is not None,
        ceiling=scores.agreement,
        structures=[
            (layer, structure_name(scores, layer, kind), counts)
            for layer, kinds in scores.structures.items()
            for kind, counts in kinds.items()
        ],
        relations=scores.relations,
        relations_partial=scores.relations_partial,
        extra=[_table(table) for table in extra],
        kinds=KINDS,
        most=MOST,
        drawn=DRAWN,
        outcomes=OUTCOMES,
        version=__version__,
    )
    write_text(path, page)


def reference_in_words(status: str, gold: Sequence[Annotation]) -> str:
    """What the reference is, so that nobody takes it for more."""
    machine = any(by_machine(annotation) for annotation in gold)
    if note := unknown_note(gold):
        known_part = reference_in_words(
            status, [annotation for annotation in gold if annotation.provenance.kind != "unknown"]
        )
        return f"{known_part} {note[0].upper()}{note[1:]}."
    if status == "draft":
        maker = "machine-drafted" if machine else "a draft"
        return f"The reference is {maker}; nobody has reviewed it."
    words = {
        "submitted": "The reference is what annotators submitted; nobody has reviewed it.",
        "reviewed": "The reference was reviewed.",
        "adjudicated": "The reference was adjudicated: where readings differed, a decision was made.",
    }
    return words.get(status, f"The reference has the status “{status}”.")


def write_run(folder: Path, run: ReportSource) -> None:
    """Leave what a report is made from: gold.jsonl, predictions.jsonl, report.json, and learned.jsonl where
    other documents were learned from than are scored."""
    from goldwire.formats.jsonl import write_jsonl

    write_jsonl(folder / "gold.jsonl", run.gold)
    write_jsonl(folder / "predictions.jsonl", run.pred)
    if run.train is not None:
        write_jsonl(folder / LEARNED, run.train)
    else:
        (folder / LEARNED).unlink(missing_ok=True)
    content = {"title": run.title, "meta": run.meta, "extra": [dict(table) for table in run.extra]}
    write_text(folder / "report.json", json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def read_run(folder: Path) -> ReportSource:
    """All that `write_run` left in a folder.

    Raises GW511 where report.json is not of that form; the folder may lack it.
    """
    from goldwire.formats.jsonl import read_jsonl

    articles = read_jsonl(folder / "gold.jsonl"), read_jsonl(folder / "predictions.jsonl")
    train = read_jsonl(folder / LEARNED) if (folder / LEARNED).exists() else None
    path = folder / "report.json"
    if not path.exists():
        return ReportSource(*articles, title=folder.name, train=train)
    try:
        content = strict_json.loads(read_text(path))
    except ValueError as error:
        raise GoldwireError.of("GW511", f"not JSON: {error}", where=str(path)) from None
    wanted = {"title": str, "meta": dict, "extra": list}
    if (
        not isinstance(content, dict)
        or any(not isinstance(content.get(k, kind()), kind) for k, kind in wanted.items())
        or any(not isinstance(table, dict) for table in content.get("extra", []))
    ):
        hint = '{"title": "…", "meta": {…}, "extra": [{"title", "columns", "rows"}]}'
        raise GoldwireError.of("GW511", "not what a run leaves", where=str(path), hint=hint)
    title = content.get("title", folder.name)
    return ReportSource(*articles, title, content.get("meta", {}), content.get("extra", []), train)


def _shown(meta: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in meta.items() if value not in (None, "")}


def _table(extra: Extra) -> dict[str, Any]:
    for name in ("title", "columns", "rows"):
        if name not in extra:
            raise GoldwireError.of(
                "GW513", f"a table of the report lacks `{name}`", hint="title, columns, rows, note"
            )
    columns, lines = extra["columns"], extra["rows"]
    if not (_listed(columns) and _listed(lines) and all(map(_listed, lines))):
        message = "`columns` and `rows` of a table are lists, and so is each row"
        raise GoldwireError.of("GW513", message, hint='"rows": [["a", 0.5], …]')
    rows = [[_cell(cell) for cell in row] for row in lines]
    table = {
        "title": extra["title"],
        "columns": columns,
        "rows": rows,
        "note": extra.get("note", ""),
    }
    return table | {"curve": _curve(extra)}


def _value(value: Any) -> float | None:
    return None if value is None else float(value)


def _listed(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _curve(extra: Extra) -> str:
    """The curve of a table as SVG; empty where it has none."""
    curve = extra.get("curve") or ()
    try:
        points = [
            Point(str(name), _value(value), _value(low), _value(high)) for name, value, low, high in curve
        ]
    except (TypeError, ValueError):
        hint = "curve: [[name, value, lower, upper], …]"
        raise GoldwireError.of("GW550", "a curve of the report can't be read", hint=hint) from None
    return line(points, f"{extra['title']}; the same figures stand in the table") if points else ""


def _cell(value: Any) -> str:
    if value is None:
        return UNDEFINED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return amount(value)
    return number(value) if isinstance(value, float) else str(value)


def _layer(
    name: str, scores: Scores, paired: Sequence[Paired], train: Sequence[Article] | None
) -> dict[str, Any]:
    kinds = scores.layers[name]
    exact = kinds["exact"]
    labels = exact.labels
    by_document = [match(pairing.gold.layer(name), pairing.pred.layer(name)) for pairing in paired]
    matched: list[tuple[Paired, Pair]] = [
        (pairing, pair) for pairing, pairs in zip(paired, by_document, strict=True) for pair in pairs
    ]
    figures = exact.figures()
    sampling = Sampling(scores.resamples, scores.seed, stories(pairing.document for pairing in paired))
    classes = break_down(paired, by_document, name, sampling, train)
    return {
        "name": name,
        "micro": exact.micro(),
        "macro": exact.macro(),
        "plot": sorted(figures.items(), key=lambda item: -item[1].counts.support),
        "tables": [
            {"kind": kind, "note": KINDS[kind], "counts": counts} for kind, counts in _kinds(name, scores)
        ],
        "confusion": confusion([pair for _, pair in matched], labels),
        "outcomes": by_label(by_document),
        "classes": {of: _present(counts) for of, counts in classes.items()},
        "attributes": scores.attributes[name].as_json() if name in scores.attributes else {},
        "identity": scores.identity.get(name, {}),
        "drawings": [
            (
                pairing.document.id,
                pairing.document.meta.get("title", ""),
                drawn_paragraphs(pairing.document.text, pairs),
            )
            for pairing, pairs in list(zip(paired, by_document, strict=True))[:DRAWN]
            if pairs
        ],
        "errors": errors(matched),
        "labels": labels,
        "documents": [
            {
                "id": pairing.document.id,
                "title": pairing.document.meta.get("title", ""),
                "counts": exact.document(index),
            }
            for index, pairing in enumerate(paired)
        ],
    }


def _kinds(name: str, scores: Scores) -> list[tuple[str, LabelCounts]]:
    """All kinds of match of a layer, that of heads where it was counted."""
    kinds: list[tuple[str, LabelCounts]] = list(scores.layers[name].items())
    return kinds + ([("head", scores.heads[name])] if name in scores.heads else [])


def _present(counts: LabelCounts) -> list[tuple[str, Figure]]:
    """The classes that any span falls into."""
    return [(name, figure) for name, figure in counts.figures().items() if figure.counts.f1 is not None]

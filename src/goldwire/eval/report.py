"""One HTML page with everything that a score rests on: no network, no script but a filter."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from goldwire import __version__
from goldwire.errors import GoldwireError
from goldwire.eval.context import extract, sentences
from goldwire.eval.counts import Figure, LabelCounts
from goldwire.eval.display import amount, number, span
from goldwire.eval.match import Pair, Verdict, match
from goldwire.eval.pairing import Paired, pair_up
from goldwire.eval.scores import Scores
from goldwire.files import read_text, write_text
from goldwire.model import Annotation, Article

#: A further table: `title`, `columns`, `rows`, and a `note`.
Extra: TypeAlias = Mapping[str, Any]
#: Errors of one kind that a page shows; how many more there are is said.
MOST = 400
VERDICTS: dict[Verdict, tuple[str, str]] = {
    "missed": ("Missed", "in the reference, without a partner in the prediction"),
    "spurious": ("Spurious", "predicted, without a partner in the reference"),
    "label": ("Wrong label", "the extent is right, the label is not"),
    "extent": ("Wrong extent", "the label is right, the extent overlaps"),
    "label+extent": ("Wrong label and extent", "the two overlap, and that is all"),
}
KINDS = {
    "exact": "same extent and same label",
    "partial": "same extent counts 1, overlap ½; labels not judged",
    "boundary": "same extent; labels not judged",
    "type": "same label and any overlap",
}
NONE_PREDICTED, NONE_IN_GOLD = "missed", "spurious"


@dataclass(frozen=True)
class Run:
    """What a report is made from."""

    gold: list[Article]
    pred: list[Article]
    title: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    extra: list[Extra] = field(default_factory=list)


def write_report(
    path: Path,
    *,
    gold: Sequence[Article],
    pred: Sequence[Article],
    scores: Scores,
    title: str = "",
    meta: Mapping[str, Any] | None = None,
    extra: Sequence[Extra] = (),
) -> None:
    """Write the page. `scores` are of these articles; `meta` is shown at its head, name by name.

    `extra` adds tables: mappings with `title`, `columns`, `rows` and perhaps `note`. All text is escaped.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("goldwire.eval"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"number": number, "span": span, "amount": amount}
    paired = pair_up(gold, pred)
    page = environment.get_template("report.html.j2").render(
        title=title or "Scores",
        meta=_shown(meta or {}),
        reference=reference_in_words(scores.reference, [one.gold for one in paired]),
        scores=scores,
        layers=[_layer(name, scores, paired) for name in scores.layers],
        relations=_figures(scores.relations) if scores.relations is not None else [],
        relations_micro=scores.relations.micro() if scores.relations is not None else None,
        extra=[_table(one) for one in extra],
        kinds=KINDS,
        most=MOST,
        version=__version__,
    )
    write_text(path, page)


def reference_in_words(status: str, gold: Sequence[Annotation]) -> str:
    """What the reference is, so that nobody takes it for more."""
    machine = any(annotation.provenance.kind != "human" for annotation in gold)
    if status == "draft":
        made = "machine-drafted" if machine else "a draft"
        return f"The reference is {made}; nobody has reviewed it."
    words = {
        "submitted": "The reference is what annotators submitted; nobody has reviewed it.",
        "reviewed": "The reference was reviewed.",
        "adjudicated": "The reference was adjudicated: where readings differed, a decision was made.",
    }
    return words.get(status, f"The reference has the status “{status}”.")


def write_run(folder: Path, run: Run) -> None:
    """Leave what a report is made from: gold.jsonl, predictions.jsonl, report.json."""
    from goldwire.corpus.formats.jsonl import write_jsonl

    write_jsonl(folder / "gold.jsonl", run.gold)
    write_jsonl(folder / "predictions.jsonl", run.pred)
    rest = {"title": run.title, "meta": run.meta, "extra": [dict(one) for one in run.extra]}
    write_text(folder / "report.json", json.dumps(rest, ensure_ascii=False, indent=1) + "\n")


def read_run(gold: Path | None, pred: Path | None, folder: Path | None) -> Run:
    """The articles of two files, or all that `write_run` left in a folder.

    Raises GW511 where report.json is not of that form; the folder may lack it.
    """
    from goldwire.corpus.formats.jsonl import read_jsonl

    if folder is None:
        if gold is None or pred is None:
            raise GoldwireError.of("GW512", "nothing to report on", hint="name two files or a folder")
        return Run(read_jsonl(gold), read_jsonl(pred), f"{pred.stem} against {gold.stem}")
    articles = read_jsonl(folder / "gold.jsonl"), read_jsonl(folder / "predictions.jsonl")
    path = folder / "report.json"
    if not path.exists():
        return Run(*articles, title=folder.name)
    try:
        rest = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise GoldwireError.of("GW511", f"not JSON: {error}", where=str(path)) from None
    wanted = {"title": str, "meta": dict, "extra": list}
    if not isinstance(rest, dict) or any(
        not isinstance(rest.get(k, kind()), kind) for k, kind in wanted.items()
    ):
        hint = '{"title": "…", "meta": {…}, "extra": [{"title", "columns", "rows"}]}'
        raise GoldwireError.of("GW511", "not what a run leaves", where=str(path), hint=hint)
    return Run(*articles, rest.get("title", folder.name), rest.get("meta", {}), rest.get("extra", []))


def _shown(meta: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in meta.items() if value not in (None, "")}


def _table(extra: Extra) -> dict[str, Any]:
    for name in ("title", "columns", "rows"):
        if name not in extra:
            raise GoldwireError.of(
                "GW513", f"a table of the report lacks `{name}`", hint="title, columns, rows, note"
            )
    rows = [[_cell(cell) for cell in row] for row in extra["rows"]]
    return {"title": extra["title"], "columns": extra["columns"], "rows": rows, "note": extra.get("note", "")}


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else str(value)


def _layer(name: str, scores: Scores, paired: Sequence[Paired]) -> dict[str, Any]:
    kinds = scores.layers[name]
    exact = kinds["exact"]
    labels = exact.labels
    found: list[tuple[Paired, Pair]] = []
    for one in paired:
        found += [(one, pair) for pair in match(one.gold.layer(name), one.pred.layer(name))]
    figures = exact.figures()
    return {
        "name": name,
        "micro": exact.micro(),
        "macro": exact.macro(),
        "plot": sorted(figures.items(), key=lambda item: -item[1].counts.support),
        "tables": [
            {
                "kind": kind,
                "note": KINDS[kind],
                "figures": counts.figures().items(),
                "micro": counts.micro(),
                "macro": counts.macro(),
            }
            for kind, counts in kinds.items()
        ],
        "confusion": _confusion([pair for _, pair in found], labels),
        "errors": _errors(found),
        "labels": labels,
        "documents": [
            {
                "id": one.document.id,
                "title": one.document.meta.get("title", ""),
                "counts": exact.document(place),
            }
            for place, one in enumerate(paired)
        ],
    }


def _figures(counts: LabelCounts) -> list[tuple[str, Figure]]:
    return list(counts.figures().items())


def _confusion(pairs: Sequence[Pair], labels: Sequence[str]) -> dict[str, Any]:
    """Rows: gold labels, then what was spurious; columns: predicted labels, then what was missed."""
    if not pairs:
        return {"columns": [], "rows": []}
    from sklearn.metrics import confusion_matrix

    nothing = "\0"  # no label can be this
    truth = [pair.gold.label if pair.gold else nothing for pair in pairs]
    guess = [pair.pred.label if pair.pred else nothing for pair in pairs]
    matrix = confusion_matrix(truth, guess, labels=[*labels, nothing])
    rows = []
    for row, name in enumerate([*labels, NONE_IN_GOLD]):
        total = int(matrix[row].sum())
        cells = [
            {
                "count": int(count),
                # The square root: a rare confusion must be seen too.
                "shade": (float(count) / total) ** 0.5 if total else 0.0,
                "right": row == column and row < len(labels),
                "empty": row == column == len(labels),
            }
            for column, count in enumerate(matrix[row])
        ]
        rows.append({"name": name, "cells": cells, "total": total})
    return {"columns": [*labels, NONE_PREDICTED], "rows": rows}


def _errors(found: Sequence[tuple[Paired, Pair]]) -> list[dict[str, Any]]:
    """Every wrong span in its sentence, grouped by what is wrong with it."""
    bounds: dict[str, list[tuple[int, int]]] = {}
    groups: dict[str, list[dict[str, Any]]] = {verdict: [] for verdict in VERDICTS}
    sizes: Counter[str] = Counter()
    for one, pair in found:
        if pair.verdict == "correct":
            continue
        sizes[pair.verdict] += 1
        if len(groups[pair.verdict]) >= MOST:
            continue
        document = one.document
        if document.id not in bounds:
            bounds[document.id] = sentences(document.text)
        labels = {span.label for span in (pair.gold, pair.pred) if span is not None}
        groups[pair.verdict].append(
            {
                "document": document.id,
                "start": pair.span.start,
                "gold": pair.gold.label if pair.gold else "",
                "pred": pair.pred.label if pair.pred else "",
                "labels": sorted(labels),
                "extract": extract(document.text, bounds[document.id], pair),
            }
        )
    return [
        {"verdict": verdict, "name": name, "what": what, "count": sizes[verdict], "items": groups[verdict]}
        for verdict, (name, what) in VERDICTS.items()
    ]

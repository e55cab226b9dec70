"""What a run leaves for readers: the articles, the scores as JSON, and the report as one page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goldwire.eval.report import Extra, Run, write_report, write_run
from goldwire.eval.scores import Scores
from goldwire.files import write_text
from goldwire.model import Article

PAGE = "report.html"


def write_reports(
    folder: Path,
    *,
    gold: Sequence[Article],
    pred: Sequence[Article],
    scores: Scores,
    figures: Mapping[str, Any],
) -> Path:
    """Write `gold.jsonl`, `predictions.jsonl`, `scores.json`, and the page; the page's place.

    `report.json` beside them lets `goldwire eval report --from` make the page again.
    """
    layer, corpus = figures["layer"], figures["corpus"]
    title = f"{corpus.get('name', 'goldwire')}: {layer}, articles unseen in training"
    run = Run(list(gold), list(pred), title, page_meta(figures), page_tables(figures))
    write_run(folder, run)
    write_text(folder / "scores.json", json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    page = folder / PAGE
    write_report(
        page, gold=run.gold, pred=run.pred, scores=scores, title=title, meta=run.meta, extra=run.extra
    )
    return page


def page_meta(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The head of the page: what was learned from what, and how."""
    corpus, config, seconds = figures["corpus"], figures["config"], figures["seconds"]
    folds, documents = figures["folds"], figures["documents"]
    changed = ", ".join(f"{name} = {value}" for name, value in config["overrides"].items())
    alone = all(len(fold) == 1 for fold in folds)
    return {
        "Corpus": f"{corpus.get('name', '')} {corpus.get('version', '')}",
        "Content hash": corpus.get("content_hash") or corpus.get("sha256", ""),
        "Schema": ", ".join(figures["schema"]),
        "Layer": layer_in_words(figures),
        "Scored by": f"leaving each of {documents} articles out in turn"
        if alone
        else f"{len(folds)} folds over {documents} articles",
        "Config": config["file"] + (f" with {changed}" if changed else ""),
        "Seed": figures["seed"],
        "Time": f"{seconds['wall']} s on {seconds['processes']} processes, {seconds['cpu']} s of CPU",
    }


def layer_in_words(figures: Mapping[str, Any]) -> str:
    """The layer, with what a flat model leaves of it."""
    data = figures["data"]
    nested = f", {data['nested_left_out']} nested ones left out" if data["nested_left_out"] else ""
    return f"{figures['layer']}: {data['spans']} spans{nested}"


def page_tables(figures: Mapping[str, Any]) -> list[Extra]:
    """The model beside its baselines; F1 by label of each; what to bear in mind."""
    layer = figures["layer"]
    systems = {"model": figures, **figures["baselines"]}
    exact = {name: one["layers"][layer]["exact"] for name, one in systems.items()}
    beside: Extra = {
        "title": "Beside the baselines",
        "columns": ["", "P", "R", "F1", "95 %", "macro F1", "gain of the model"],
        "rows": [
            [
                name,
                *(one["micro"][key] for key in ("precision", "recall", "f1")),
                _interval(one["micro"]["ci95"]),
                one["macro"]["f1"],
                _gain(figures["differences"].get(name)),
            ]
            for name, one in exact.items()
        ],
        "note": "Stock: a ready-made model, its labels mapped to the schema's. Lexicon: every wording marked "
        "in the other articles, with its most frequent label. Gains with the paired document bootstrap.",
    }
    by_label: Extra = {
        "title": "F1 by label, beside the baselines",
        "columns": ["label", "examples", *exact],
        "rows": [
            [label, count, *(one["labels"].get(label, {}).get("f1") for one in exact.values())]
            for label, count in figures["data"]["labels"].items()
        ],
    }
    notes: Extra = {
        "title": "To bear in mind",
        "columns": [""],
        "rows": [[note] for note in figures["notes"]],
    }
    return [notes, beside, by_label]


def _interval(value: Sequence[float] | None) -> str:
    return "–" if value is None else f"{value[0]:.3f} to {value[1]:.3f}"


def _gain(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return ""
    return f"{value['f1']:+.3f}" + (f" ({_interval(value['ci95'])})" if value["ci95"] else "")

"""What a run leaves for readers: the articles, the scores as JSON, and the report as one page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goldwire.eval.report.page import Extra, ReportSource, write_report, write_run
from goldwire.eval.scoring.notes import scored_on
from goldwire.eval.scoring.score_figures import Scores
from goldwire.files import write_text
from goldwire.model import Article
from goldwire.number_format import counted, interval, signed, signed_interval
from goldwire.train.run.layers import LayerFigures, layers_of
from goldwire.train.run.sources import selection_in_words

PAGE = "report.html"


def write_reports(
    folder: Path,
    *,
    gold: Sequence[Article],
    pred: Sequence[Article],
    scores: Scores,
    figures: Mapping[str, Any],
    train: Sequence[Article] | None = None,
) -> Path:
    """Write `gold.jsonl`, `predictions.jsonl`, `scores.json`, and the page; the page's place.

    `report.json` beside them lets `goldwire eval report --run` make the page again. `train` is what was
    learned from, where a test set was scored.
    """
    corpus = figures["corpus"]
    title = f"{corpus.get('name', 'goldwire')}: {', '.join(figures['layers'])}, articles unseen in training"
    meta, tables = page_meta(figures), page_tables(figures)
    learned = None if train is None else list(train)
    run = ReportSource(list(gold), list(pred), title, meta=meta, extra=tables, train=learned)
    write_run(folder, run)
    write_text(folder / "scores.json", json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    page = folder / PAGE
    write_report(
        page,
        gold=run.gold,
        pred=run.pred,
        scores=scores,
        title=title,
        meta=run.meta,
        extra=run.extra,
        train=run.train,
    )
    return page


def page_meta(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The head of the page: what was learned from what, and how."""
    corpus, config, seconds = figures["corpus"], figures["config"], figures["seconds"]
    folds, documents = figures["folds"], figures["documents"]
    changed = ", ".join(f"{name} = {value}" for name, value in config["overrides"].items())
    alone = all(len(fold) == 1 for fold in folds)
    test = figures.get("test")
    selection = selection_in_words(corpus)
    processes = "one process" if seconds["processes"] == 1 else f"{seconds['processes']} processes"
    return {
        "Corpus": f"{corpus.get('name', '')} {corpus.get('version', '')}",
        "Content hash": corpus.get("content_hash") or corpus.get("sha256", ""),
        "Schema": ", ".join(figures["schema"]),
        "Layer": layer_in_words(figures),
        "Learned from": counted(figures["data"]["documents"], "article")
        + (f" ({selection})" if selection else ""),
        "Scored by": f"the {scored_on(documents, test)}, which were not learned from"
        if test
        else f"leaving each of {documents} articles out in turn"
        if alone
        else f"{len(folds)} folds over {documents} articles",
        "Config": ", ".join(config_files(config)) + (f" with {changed}" if changed else ""),
        "Seed": figures["seed"],
        "Time": f"{seconds['wall']} s on {processes}, {seconds['cpu']} s of CPU",
    }


def config_files(config: Mapping[str, Any]) -> list[str]:
    """The config's file, or that of each layer, once."""
    parts = config.get("parts", {})
    return list(dict.fromkeys(part["file"] for part in parts.values())) or [config["file"]]


def layer_in_words(figures: Mapping[str, Any]) -> str:
    """The layer, with what a flat model leaves of it."""
    data = figures["data"]
    nested = f", {data['nested_left_out']} nested ones left out" if data["nested_left_out"] else ""
    more = "".join(f"; {n}: {sum(o['labels'].values())} spans" for n, o in figures.get("others", {}).items())
    return f"{figures['layer']}: {data['spans']} spans{nested}{more}"


def page_tables(figures: Mapping[str, Any]) -> list[Extra]:
    """The model beside its baselines; F1 by label of each; what to bear in mind."""
    notes: Extra = {
        "title": "To bear in mind",
        "columns": [""],
        "rows": [[note] for note in figures["notes"]],
    }
    layers = layers_of(figures)
    tables = [notes]
    for layer in layers:
        tables += _layer_tables(layer, f"{layer.layer}: " if len(layers) > 1 else "")
    return [*tables, *_given_tables(figures)]


def _layer_tables(layer: LayerFigures, of: str) -> list[Extra]:
    """A layer's model beside its baselines and the readers' agreement, and F1 by label; titles begin with
    `of`."""
    beside: Extra = {
        "title": f"{of}Beside the baselines",
        "columns": ["", "P", "R", "F1", "95 %", "macro F1", "gain of the model"],
        "rows": [
            [
                system,
                *(scores["micro"][key] for key in ("precision", "recall", "f1")),
                interval(scores["micro"]["ci95"]),
                scores["macro"]["f1"],
                _gain(layer.gains.get(system)),
            ]
            for system, scores in layer.exact.items()
        ]
        + _readers(layer.agreement),
        "note": "Stock: a ready-made model, its labels mapped to the schema's. Lexicon: every wording marked "
        "in the other articles, with its most frequent label. Gains with the paired document bootstrap."
        + (" Readers: how far they agree; who they are is said above." if layer.agreement else ""),
    }
    by_label: Extra = {
        "title": f"{of}F1 by label, beside the baselines",
        "columns": ["label", "examples", *layer.exact],
        "rows": [
            [label, count, *(scores.get("f1") for scores in layer.of_label(label))]
            for label, count in layer.labels.items()
        ],
    }
    return [beside, by_label]


def _given_tables(figures: Mapping[str, Any]) -> list[Extra]:
    """Relations and attributes: where the reference's spans are given, and between the model's own."""
    given_spans = figures.get("given_spans")
    if given_spans is None:
        return []
    f1 = {
        "model, spans given": given_spans["relations"],
        "nearest, spans given": given_spans["nearest"],
        "model, its own spans": figures.get("relations", {}),
    }
    names = sorted({name for by_relation in f1.values() for name in by_relation if name != "micro"})
    agreement = readers_of_relations(figures)
    relations: Extra = {
        "title": "Relations, F1",
        "columns": ["relation", *f1],
        "rows": [
            *(
                [name, *(by_relation.get(name, {}).get("f1") for by_relation in f1.values())]
                for name in (*names, "micro")
            ),
            *([["readers, micro", agreement[0], None, agreement[1]]] if any(agreement) else []),
        ],
        "note": "Spans given: the reference's own, so that only the relations are judged. Nearest: of each "
        "head to the nearest span in its sentence that the schema allows."
        + (
            " Readers: how far they agree, where all marked the spans, and between their own."
            * any(agreement)
        ),
    }
    attributes: Extra = {
        "title": "Attributes of the reference's own spans",
        "columns": ["attribute", "right", "always the same", "learned in trainings"],
        "rows": [
            [
                f"{layer}/{name}",
                given_spans["attributes"].get(layer, {}).get(name, {}).get("accuracy"),
                share,
                f"{given_spans['learned'].get(f'{layer}/{name}', 0)} of {given_spans['trainings']}",
            ]
            for layer, shares in given_spans["majority"].items()
            for name, share in shares.items()
        ],
    }
    return [relations, *([attributes] if attributes["rows"] else [])]


def _readers(agreement: Mapping[str, Any] | None) -> list[list[Any]]:
    if agreement is None:
        return []
    return [
        ["readers", None, None, agreement["agreement_f1"], interval(agreement["agreement_ci95"]), None, ""]
    ]


def readers_of_relations(figures: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """How far readers agree on relations, F1: where all marked the spans, and between their own spans."""
    given_spans = figures.get("given_spans", {}).get("agreement") or {}
    own_spans = figures.get("agreement", {}).get("relations") or {}
    return given_spans.get("f1"), own_spans.get("agreement_f1")


def _gain(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return ""
    return signed(value["f1"]) + (f" ({signed_interval(value['ci95'])})" if value["ci95"] else "")

"""One run: learn, predict what was not seen, score beside the baselines, keep the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from goldwire import __version__
from goldwire.annotations.line import dumps
from goldwire.eval.project_scores import in_project, project_readings
from goldwire.eval.scoring.pairing import Paired
from goldwire.eval.scoring.score_figures import Scores
from goldwire.eval.scoring.scores import score
from goldwire.files import read_bytes, sha256
from goldwire.formats.articles import Articles
from goldwire.model import Annotation, Article, Span
from goldwire.project import Project
from goldwire.schemas import Schema
from goldwire.table import Figures, Table
from goldwire.train.learned_from import KEY, learned_from
from goldwire.train.options import ENTITIES, ConfigOptions, options_of
from goldwire.train.pipeline.relations_and_attributes import attributes_of, entity_names
from goldwire.train.run.agreement import related_agreement
from goldwire.train.run.baselines import stock_predictions, stock_setting, usable_stock
from goldwire.train.run.card import write_model_card
from goldwire.train.run.crossval import CrossValidated, cross_validate
from goldwire.train.run.model_folder import fill_meta, model_folder
from goldwire.train.run.notes import (
    attribute_gains,
    between_entities,
    difference,
    gain,
    meta_values,
    notes_on,
    usual_values,
)
from goldwire.train.run.plan import RunPlan
from goldwire.train.run.report import write_reports
from goldwire.train.run.tables import run_tables
from goldwire.train.training_data import Reference, TrainingData


@dataclass(frozen=True, repr=False)
class Run(Figures):
    """What a run came to: `figures` as in `scores.json`, `notes` to read with them, the report's `page`, None
    where nothing was scored."""

    figures: dict[str, Any]
    notes: list[str]
    model: Path
    reports: Path
    page: Path | None

    def __repr__(self) -> str:
        return f"<Run: model {self.model}, {f'report {self.page}' if self.page else 'not scored'}>"

    def tables(self) -> list[Table]:
        """Of each layer LAYER, the systems by their scores, and `LAYER labels`; then `relations`."""
        return list(run_tables(self.figures)) if self.page is not None else []

    def as_json(self) -> dict[str, Any]:
        """The figures, as in `scores.json`."""
        return self.figures


def run(
    plan: RunPlan,
    *,
    resamples: int = 1000,
    processes: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> Run:
    """Score the plan's model on documents that it has not seen, beside its baselines, and save one that was
    trained on all of them; with a test set the very one that was scored.

    The plan's `out` gets the pipeline; its `reports` gets `gold.jsonl` (what was scored against),
    `predictions.jsonl` (out-of-fold), `scores.json` and the page, but nothing where no score was asked for.
    Nothing is written where anything fails. `advance` gets `plan.parts` in all. Raises GW403 to GW413 for
    config, stock model or folder.
    """
    notes: list[str] = list(plan.notes)
    scored = plan.folds != 0 or plan.test is not None
    beside = _stock_job(plan.project, plan.data, notes) if scored else None
    if not scored and (earlier := plan.reports / "scores.json").is_file():
        notes.append(f"the scores in {earlier} are of an earlier model")
    with model_folder(plan.out) as folder:
        crossed = cross_validate(
            plan.data,
            plan.setup,
            name=plan.name,
            version=plan.version,
            final=folder,
            groups=plan.stories,
            count=plan.folds,
            dealt=plan.dealt,
            processes=processes,
            beside=beside,
            advance=advance,
        )
        setting = _setting(plan, crossed)
        figures = setting | {
            "seconds": {
                "wall": round(crossed.wall, 1),
                "cpu": round(crossed.cpu, 1),
                "processes": crossed.processes,
            }
        }
        scores, gold = None, {}
        if scored:
            gold = _gold(plan)
            scores, measured = _measured(plan, crossed, gold, resamples=resamples)
            figures = measured | figures
        if plan.setup.heads and {True} == {each.relations for each in _options(plan).values()}:
            notes = [*filter(None, [between_entities(plan.data.references)]), *notes]
        figures["notes"] = [*notes_on(figures, plan.data, crossed), *notes]
        values = meta_values(figures, setting, plan.model, plan.version, plan.data.layers)
        values["goldwire"][KEY] = learned_from(r.document for r in plan.data.references)
        fill_meta(folder, values)
        write_model_card(folder, figures, plan.model, plan.version)
        page = None
        if scores is not None:
            page = write_reports(
                plan.reports,
                gold=[Article(r.document, (gold[r.document.id],)) for r in plan.data.scored],
                pred=[Article(r.document, (crossed.predictions[r.document.id],)) for r in plan.data.scored],
                scores=scores,
                figures=figures,
                train=[Article(r.document, (r.annotation,)) for r in plan.data.references]
                if plan.test is not None
                else None,
            )
    return Run(figures, notes=figures["notes"], model=plan.out, reports=plan.reports, page=page)


def _measured(
    plan: RunPlan, crossed: CrossValidated, gold: Mapping[str, Annotation], *, resamples: int
) -> tuple[Scores, dict[str, Any]]:
    """The model's scores, and all figures that rest on what it predicted."""
    layer = plan.data.layer
    systems = {"model": crossed.predictions}
    if crossed.beside is not None:
        systems["stock"] = {a.document.id: a.annotations[0] for a in crossed.beside}
    systems["lexicon"] = crossed.lexicon
    scores = {
        name: _score(plan, gold, predictions, resamples=resamples) for name, predictions in systems.items()
    }
    if plan.project is not None:
        paired = [
            Paired(r.document, gold[r.document.id], crossed.predictions[r.document.id])
            for r in plan.data.scored
        ]
        scores["model"] = in_project(scores["model"], paired, plan.project, None, plan.read)
    figures = {
        **scores["model"].as_json(),
        "baselines": {
            name: system_scores.as_json() for name, system_scores in scores.items() if name != "model"
        },
        "differences": _differences(plan, scores, layer),
    }
    if plan.outermost:
        full = _score(plan, _gold(plan, nested=True), crossed.predictions, resamples=resamples)
        figures["with_nested"] = full.layers[layer]["exact"].micro().as_json()
    if plan.data.others:
        figures["others"] = {
            name: {
                "labels": plan.data.labels_of(name),
                "differences": _differences(plan, scores, name),
            }
            for name in plan.data.others
        }
    if plan.setup.heads:
        figures["given_spans"] = _given(plan, crossed, gold, resamples=resamples)
        if own := _between_entities(plan, crossed.predictions, resamples=resamples):
            figures["relations_between_entities"] = own
        if plan.project is not None:
            readings = project_readings(plan.project, scores["model"], plan.read)
            figures["given_spans"]["agreement"] = related_agreement(readings, scores["model"])
    if crossed.beside is not None and plan.project is not None:
        model = plan.project.setting("predict", "model")
        left_out = {label: len(places) for label, places in crossed.beside.lost.items()}
        figures["stock"] = {"model": model, "left_out": left_out}
    return scores["model"], figures


def _gold(plan: RunPlan, *, nested: bool = False) -> dict[str, Annotation]:
    """What is scored against, by document: with the attributes that were to be learned, where any were.

    For a flat model the outermost spans alone, unless `nested`.
    """
    references = plan.data.scored
    gold = {r.document.id: r.full if nested else r.annotation for r in references}
    if not plan.setup.heads:
        return gold
    tried = _tried(plan, references)

    def cut(span: Span) -> Span:
        return replace(
            span, attributes={k: v for k, v in span.attributes.items() if (span.layer, k) in tried}
        )

    return {name: replace(a, spans=tuple(map(cut, a.spans))) for name, a in gold.items()}


def _tried(plan: RunPlan, references: Sequence[Reference]) -> set[tuple[str, str]]:
    """Layers and names of the attributes that were to be learned."""
    return {
        (layer, name) for layer, name, _ in attributes_of(plan.setup.schema, references, plan.setup.heads)
    }


def _rules(plan: RunPlan) -> Schema | None:
    """The schema, its attributes cut down to those that were to be learned."""
    schema = plan.setup.schema
    if schema is None or not plan.setup.heads:
        return None
    tried = _tried(plan, plan.data.references)
    layers = {
        name: replace(layer, attributes={k: v for k, v in layer.attributes.items() if (name, k) in tried})
        for name, layer in schema.layers.items()
    }
    return replace(schema, layers=layers)


def _score(
    plan: RunPlan,
    gold: Mapping[str, Annotation],
    predictions: Mapping[str, Annotation],
    *,
    resamples: int,
    entities: Mapping[str, str] | None = None,
) -> Scores:
    """Predictions against the reference, on the documents that are scored; with `entities`, which names the
    attribute of each layer by which spans are one, relations between these."""
    pairs = [(annotation, predictions[name]) for name, annotation in gold.items()]
    return score(
        pairs,
        layers=list(plan.data.layers),
        resamples=resamples,
        seed=plan.setup.seed,
        groups=plan.scored_stories,
        schema=None if entities else _rules(plan),
        entities=entities,
    )


def _options(plan: RunPlan) -> dict[str, ConfigOptions]:
    """What each layer's config says in its section [goldwire]."""
    setup = plan.setup
    return {
        name: options_of(path, setup.overrides, nested=setup.nested)
        for name, path in setup.parts or ((plan.data.layer, setup.config),)
    }


def _between_entities(
    plan: RunPlan, predictions: Mapping[str, Annotation], *, resamples: int
) -> dict[str, Any]:
    """The figures of relations between entities, whichever mention stands for one; empty where nothing says
    which mentions are one, or relations are learned between mentions."""
    options = _options(plan)
    named_by = entity_names(options, plan.setup.schema)
    if not named_by or ENTITIES not in {layer_options.relations for layer_options in options.values()}:
        return {}
    whole = {reference.document.id: reference.full for reference in plan.data.scored}
    scores = _score(plan, whole, predictions, resamples=resamples, entities=named_by)
    between: dict[str, Any] = scores.as_json().get("relations_between_entities", {})
    return between


def _differences(plan: RunPlan, scores: Mapping[str, Scores], layer: str) -> dict[str, Any]:
    """The model's gain in a layer over each baseline that says anything of it."""
    stock = None if plan.project is None else stock_setting(plan.project)
    return {
        name: difference(scores["model"], baseline, layer, plan.scored_stories)
        for name, baseline in scores.items()
        if name != "model" and (name != "stock" or stock is None or stock.layer == layer)
    }


def _given(
    plan: RunPlan, crossed: CrossValidated, gold: Mapping[str, Annotation], *, resamples: int
) -> dict[str, Any]:
    """Attributes and relations of the reference's own spans: of the model, of the rule that takes the
    nearest, and how often an attribute has its most frequent value."""
    model = _score(plan, gold, crossed.given_spans, resamples=resamples)
    rule = _score(plan, gold, crossed.nearest, resamples=resamples)
    ours, nearest = model.as_json(), rule.as_json()
    usual = usual_values(gold.values(), plan.setup.schema, plan.setup.heads)
    stories = plan.scored_stories
    between = _between_entities(plan, crossed.given_spans, resamples=resamples)
    related = None
    if model.relations is not None and rule.relations is not None:
        related = gain(model.relations, rule.relations, model.seed, stories)
    return {
        "relations": ours.get("relations", {}),
        "nearest": nearest.get("relations", {}),
        **({"between_entities": between} if between else {}),
        "attributes": ours.get("attributes", {}),
        "majority": {
            layer: {name: usual_value.share for name, usual_value in names.items()}
            for layer, names in usual.items()
        },
        "differences": {
            "relations": related,
            "attributes": attribute_gains(model, list(gold.values()), plan.setup.schema, usual, stories),
        },
        "learned": {"/".join(name): count for name, count in sorted(crossed.attributes.items())},
        "trainings": len(crossed.folds) + (not plan.data.test),
    }


def _setting(plan: RunPlan, crossed: CrossValidated) -> dict[str, Any]:
    """All that makes a run what it is: data, schema, config, seed, folds."""
    data, setup = plan.data, plan.setup
    text = b"\n".join(dumps(Article(r.document, (r.full,))) for r in data.references)
    parts = {name: {"file": path.name, "sha256": sha256(read_bytes(path))} for name, path in setup.parts}
    return {
        "run": plan.name,
        "learned_layers": list(data.layers),
        "heads": list(setup.heads),
        "nested": setup.nested,
        "layer": data.layer,
        "flat": setup.parts[-1][0] if setup.parts else data.layer,
        "schema": sorted({reference.annotation.schema for reference in data.references}),
        "corpus": plan.corpus,
        "config": {
            "file": setup.config.name,
            "sha256": sha256(read_bytes(setup.config)),
            "overrides": setup.overrides,
            "found_by": {name: layer_options.found_by for name, layer_options in _options(plan).items()},
            **({"parts": parts} if parts else {}),
        },
        "seed": setup.seed,
        "folds": [list(fold.test) for fold in crossed.folds],
        **({"test": plan.test.as_json()} if plan.test is not None else {}),
        "data": {
            "documents": len(data.references),
            "not_scored": len(data.test or data.references) - len(data.scored),
            "unannotated": data.unannotated,
            "spans": sum(data.labels.values()),
            "labels": data.labels,
            "few_examples": data.few,
            "nested_left_out": data.nested,
            "tokens_cut": [asdict(cut) for cut in crossed.cuts],
            "too_long": crossed.too_long,
            "sha256": sha256(text),
        },
        "goldwire": __version__,
    }


def _stock_job(
    project: Project | None, data: TrainingData, notes: list[str]
) -> Callable[[], Articles] | None:
    """The stock model's predictions, to be made beside the training; a note where there are none."""
    stock, why = usable_stock(project, data.layers)
    if project is None or stock is None:
        notes.append(why)
        return None
    return partial(stock_predictions, project, [reference.document for reference in data.scored])

"""One run of the baseline: learn, predict what was not seen, score beside the baselines, keep the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from goldwire import __version__
from goldwire.corpus.build import load_corpus
from goldwire.corpus.formats.jsonl import dumps, read_jsonl
from goldwire.errors import GoldwireError, one_of
from goldwire.eval.pairing import Paired, stories
from goldwire.eval.scores import Scores, score
from goldwire.eval.scoring import in_project
from goldwire.files import read_bytes, sha256
from goldwire.model import Annotation, Article
from goldwire.project import Project, example_root, find_project
from goldwire.train.baselines import stock_predictions, stock_setting
from goldwire.train.crossval import CrossValidated, Setup, cross_validate, total_parts
from goldwire.train.data import Material, material
from goldwire.train.findings import difference, meta_values, notes_on
from goldwire.train.meta import check_out, fill_meta, model_folder, model_name
from goldwire.train.ner import parse_overrides
from goldwire.train.reporting import write_reports

#: The config in a project's `train/`.
CONFIG_NAME = "ner.cfg"


@dataclass(frozen=True)
class Plan:
    """A run before it starts: what is learned and how, what the articles are (`corpus`), where all goes."""

    material: Material
    setup: Setup
    corpus: dict[str, Any]
    out: Path
    reports: Path
    project: Project | None = None

    @property
    def stories(self) -> list[str] | None:
        """The story of each document, where any names one: one story is never learned and tested."""
        return stories(reference.document for reference in self.material.references)

    @property
    def name(self) -> str:
        """The model's name, without its language."""
        return model_name(str(self.corpus.get("name", "goldwire")), "ner")

    @property
    def version(self) -> str:
        """The model's version: the corpus's."""
        return str(self.corpus.get("version", "0.0.0"))

    @property
    def parts(self) -> int:
        """How many steps of progress the run will report."""
        return total_parts(len(set(self.stories or self.material.documents)))


@dataclass(frozen=True)
class Run:
    """What a run came to: `figures` as in `scores.json`, `notes` to read with them, the report's `page`."""

    figures: dict[str, Any]
    notes: list[str]
    model: Path
    reports: Path
    page: Path


def plan_ner(
    project: Project | Path | None = None,
    *,
    data: Path | None = None,
    layer: str | None = None,
    config: Path | None = None,
    out: Path | None = None,
    reports: Path | None = None,
    seed: int = 0,
    overrides: Sequence[str] = (),
) -> Plan:
    """Find what a run needs: the project's articles, layer and config, or those that are named instead.

    With `data`, a JSON Lines file, no project is needed: the example project's config serves then.
    `overrides` are arguments such as `--training.dropout`, `0.3`. Raises GW401 and GW402 for the data, GW404
    for the overrides, GW413 where something else than a model stands at `out`, GW415 where no layer is named.
    """
    settings = parse_overrides(overrides)
    home = project if isinstance(project, Project) else _project(project, needed=data is None)
    if data is not None:
        articles = read_jsonl(data)
        corpus: dict[str, Any] = {"name": data.stem, "version": "0.0.0", "sha256": sha256(read_bytes(data))}
    elif home is not None:
        articles, corpus = project_articles(home)
    wanted = layer or (str(home.setting("train", "layer")) if home is not None else "")
    if not wanted:
        found = {span.layer for a in articles for annotation in a.annotations for span in annotation.spans}
        if len(found) != 1:
            raise GoldwireError.of("GW415", "no layer named", hint=f"name one with --layer: {one_of(found)}")
        (wanted,) = found
    if out is None and home is None:
        raise GoldwireError.of("GW415", "outside a project the model has no place", hint="name one: --out")
    out = out or (home.models / "ner" if home is not None else Path())
    if reports is None:
        reports = home.reports / out.name if home is not None else out.with_name(f"{out.name}-reports")
    check_out(out)
    return Plan(
        material(articles, wanted),
        Setup(config or _config(home), settings, seed, home.language if home is not None else None),
        corpus,
        out,
        reports,
        home,
    )


def _project(folder: Path | None, *, needed: bool) -> Project | None:
    """The project around `folder`; without one, None where none is `needed` and none was named."""
    try:
        return find_project(folder)
    except GoldwireError:
        if needed or folder is not None:
            raise
        return None


def _config(project: Project | None) -> Path:
    """The project's own config, else the example project's."""
    own = project.train / CONFIG_NAME if project is not None else None
    return own if own is not None and own.is_file() else example_root() / "train" / CONFIG_NAME


def project_articles(project: Project) -> tuple[list[Article], dict[str, Any]]:
    """The project's articles with their stored annotations, and what they are: the corpus's name, version and
    content hash, and whether the dataset in `corpus/` was built from the same."""
    corpus = load_corpus(project)
    stamp: dict[str, Any] = {
        "name": project.name,
        "version": corpus.version,
        "content_hash": corpus.content_hash(),
        "licence": str(project.setting("corpus", "licence", "")),
    }
    path = project.corpus / "manifest.json"
    if path.is_file():
        try:
            built = json.loads(read_bytes(path)).get("content_hash")
        except (ValueError, AttributeError):
            hint = "build it again: goldwire corpus build"
            raise GoldwireError.of("GW414", "no readable manifest", where=str(path), hint=hint) from None
        stamp["built"] = built == stamp["content_hash"]
    return corpus.articles, stamp


def run_ner(
    plan: Plan,
    *,
    resamples: int = 1000,
    processes: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> Run:
    """Score the config's entity model on documents that it has not seen, beside its baselines, and save one
    that was trained on all of them.

    The plan's `out` gets the pipeline; its `reports` gets `gold.jsonl` (the flat reference),
    `predictions.jsonl` (out-of-fold), `scores.json` and the page. Nothing is written where anything fails.
    `advance` gets `plan.parts` in all. Raises GW403 to GW413 for config, stock model or folder.
    """
    notes: list[str] = []
    beside = _stock_job(plan.project, plan.material, notes)
    with model_folder(plan.out) as folder:
        crossed = cross_validate(
            plan.material,
            plan.setup,
            name="ner",
            version=plan.version,
            final=folder,
            groups=plan.stories,
            processes=processes,
            beside=beside,
            advance=advance,
        )
        systems = {"model": crossed.predictions}
        if crossed.beside is not None:
            systems["stock"] = {a.document.id: a.annotations[0] for a in crossed.beside[0]}
        systems["lexicon"] = crossed.lexicon
        scores = {name: _score(plan, found, resamples=resamples) for name, found in systems.items()}
        if plan.project is not None:
            paired = [
                Paired(r.document, r.annotation, crossed.predictions[r.document.id])
                for r in plan.material.references
            ]
            scores["model"] = in_project(scores["model"], paired, plan.project, None)
        full = _score(plan, crossed.predictions, resamples=resamples, nested=True)
        setting = _setting(plan, crossed)
        layer = plan.material.layer
        figures = {
            **scores["model"].as_json(),
            "baselines": {name: one.as_json() for name, one in scores.items() if name != "model"},
            "differences": {
                name: difference(scores["model"], one, layer, plan.stories)
                for name, one in scores.items()
                if name != "model"
            },
            "with_nested": full.layers[layer]["exact"].micro().as_json(),
            **setting,
            "seconds": {
                "wall": round(crossed.wall, 1),
                "cpu": round(crossed.cpu, 1),
                "processes": crossed.processes,
            },
        }
        if crossed.beside is not None and plan.project is not None:
            model = plan.project.setting("predict", "model")
            figures["stock"] = {"model": model, "left_out": crossed.beside[1]}
        figures["notes"] = [*notes_on(figures, plan.material, crossed, layer), *notes]
        fill_meta(folder, meta_values(figures, setting, plan.name, plan.version, layer))
        page = write_reports(
            plan.reports,
            gold=[Article(r.document, (r.annotation,)) for r in plan.material.references],
            pred=[
                Article(r.document, (crossed.predictions[r.document.id],)) for r in plan.material.references
            ],
            scores=scores["model"],
            figures=figures,
        )
    return Run(figures, figures["notes"], plan.out, plan.reports, page)


def _score(
    plan: Plan, predictions: Mapping[str, Annotation], *, resamples: int, nested: bool = False
) -> Scores:
    """Predictions against the flat reference, or with `nested` against all spans of the layer."""
    pairs = [
        (reference.full if nested else reference.annotation, predictions[reference.document.id])
        for reference in plan.material.references
    ]
    layers = [plan.material.layer]
    return score(pairs, layers=layers, resamples=resamples, seed=plan.setup.seed, groups=plan.stories)


def _setting(plan: Plan, crossed: CrossValidated) -> dict[str, Any]:
    """All that makes a run what it is: data, schema, config, seed, folds."""
    found = plan.material
    text = b"\n".join(dumps(Article(r.document, (r.full,))) for r in found.references)
    return {
        "layer": found.layer,
        "schema": sorted({reference.annotation.schema for reference in found.references}),
        "corpus": plan.corpus,
        "config": {
            "file": plan.setup.config.name,
            "sha256": sha256(read_bytes(plan.setup.config)),
            "overrides": plan.setup.overrides,
        },
        "seed": plan.setup.seed,
        "folds": [list(fold.test) for fold in crossed.folds],
        "data": {
            "documents": len(found.references),
            "unannotated": found.unannotated,
            "spans": sum(found.labels.values()),
            "labels": found.labels,
            "few_examples": found.few,
            "nested_left_out": found.nested,
            "tokens_cut": [asdict(cut) for cut in crossed.cuts],
            "sha256": sha256(text),
        },
        "goldwire": __version__,
    }


def _stock_job(
    project: Project | None, found: Material, notes: list[str]
) -> Callable[[], tuple[list[Article], dict[str, int]]] | None:
    """The stock model's predictions, to be made beside the training; a note where there are none."""
    setting = None if project is None else stock_setting(project)
    if project is None or setting is None:
        notes.append("no stock model to compare with: goldwire.toml names none in [predict]")
        return None
    if setting.layer != found.layer:
        notes.append(f"no stock model to compare with: [predict] is for layer `{setting.layer}`")
        return None
    return partial(stock_predictions, project, [reference.document for reference in found.references])

"""`goldwire train`: learn models, score them on articles that they have not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goldwire.cli.common import json_option, progress, say, table, write_json


@click.group()
def command() -> None:
    """Learn models from the annotations; score them on articles that they have not seen."""


@command.command("ner")
@click.option(
    "--project",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The project's folder (default: that of the working folder; with --data none is needed).",
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON Lines to learn from, instead of the project's articles.",
)
@click.option("--layer", help="The layer to learn (default: [train] layer of goldwire.toml).")
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The spaCy config (default: the project's train/ner.cfg).",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="The model's folder (default: train/models/ner)."
)
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for scores and predictions (default: eval/reports/ner; without a project OUT-reports).",
)
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same model.")
@click.option("--resamples", default=1000, show_default=True, help="Of the bootstrap that gives intervals.")
@click.option("--processes", type=click.IntRange(1), help="Trainings side by side (default: one a core).")
@json_option
@click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
def ner(
    folder: Path | None,
    data: Path | None,
    layer: str | None,
    config_path: Path | None,
    out: Path | None,
    reports: Path | None,
    seed: int,
    resamples: int,
    processes: int | None,
    json_path: Path | None,
    overrides: tuple[str, ...],
) -> None:
    """A spaCy entity model, scored by leaving each article out in turn, saved after learning from all.

    OVERRIDES change values of the config for this run, after --: goldwire train ner -- --training.dropout 0.3
    """
    from goldwire.train.experiment import plan_ner, run_ner

    plan = plan_ner(
        project=folder,
        data=data,
        layer=layer,
        config=config_path,
        out=out,
        reports=reports,
        seed=seed,
        overrides=overrides,
    )
    say(f"learning layer `{plan.material.layer}` from {len(plan.material.references)} articles …")
    with progress("training", plan.parts) as advance:
        run = run_ner(plan, resamples=resamples, processes=processes, advance=advance)
    show(run.figures)
    for note in run.notes:
        say(f"- {note}")
    say(f"model:  {run.model}")
    say(f"report: {run.page} (beside it scores, reference and out-of-fold predictions)")
    write_json(json_path, run.figures)


def show(figures: dict[str, Any]) -> None:
    """The model beside its baselines, then F1 by label."""
    systems = {"model": figures, **figures["baselines"]}
    layer = figures["layer"]
    exact = {name: one["layers"][layer]["exact"] for name, one in systems.items()}
    title = f"{layer}: exact, {figures['documents']} articles, each unseen; reference: {figures['reference']}"
    rows = []
    for name, one in exact.items():
        micro, macro = one["micro"], one["macro"]
        rates = [_figure(micro[key]) for key in ("precision", "recall", "f1")]
        rows.append((name, *rates, _interval(micro["ci95"]), _figure(macro["f1"]), _interval(macro["ci95"])))
    table(("", "P", "R", "F1", "95 %", "macro F1", "95 %"), rows, title=title)
    counts = figures["data"]["labels"]
    found = exact["model"]["labels"]
    by_label = [
        (
            label,
            count,
            *(_figure(one["labels"].get(label, {}).get("f1")) for one in exact.values()),
            _interval(found.get(label, {}).get("ci95")),
        )
        for label, count in counts.items()
    ]
    table(("label", "n", *(f"{name} F1" for name in exact), "95 % (model)"), by_label)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(value: list[float] | None) -> str:
    return "-" if value is None else f"{value[0]:.3f} to {value[1]:.3f}"

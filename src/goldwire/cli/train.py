"""`goldwire train`: learn models, score them on articles that they have not seen."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli import train_curve
from goldwire.cli.common import FILE, FOLDER, progress, say, table, write_json
from goldwire.cli.learning import learning_options
from goldwire.figures import amount, interval, number

if TYPE_CHECKING:
    from goldwire.train.run.layers import LayerFigures


@click.group()
def command() -> None:
    """Learn models from the annotations; score them on articles that they have not seen."""


command.add_command(train_curve.command)


_options = learning_options(
    click.option("--layer", help="The layer to learn (default: [train] layer of goldwire.toml)."),
    click.option(
        "--config",
        type=FILE,
        help="The spaCy config, for all layers (default: each layer its own in the project's train/).",
    ),
    click.option("--schema", type=FILE, help="The schema of the annotations (default: the project's)."),
    click.option(
        "--out", type=click.Path(path_type=Path), help="The model's folder (default: train/models/COMMAND)."
    ),
    click.option(
        "--reports",
        type=FOLDER,
        help="Folder for scores and predictions (default: eval/reports/; without a project OUT-reports).",
    ),
    click.option(
        "--folds",
        type=click.IntRange(2),
        help="Parts to score in, by story (default: each of up to 10 stories alone, else 5 parts).",
    ),
    click.option(
        "--side",
        "sides",
        multiple=True,
        help="A side of corpus/split.json to learn from; repeat for each (default: train).",
    ),
)


@command.command("ner")
@_options
def ner(**options: Any) -> None:
    """A model of one flat layer, scored by leaving articles out, saved after learning from all.

    OVERRIDES change values of the config for this run, after --: goldwire train ner -- --training.dropout 0.3
    """
    _train("ner", **options)


@command.command("spans")
@_options
def spans(**options: Any) -> None:
    """A model of one layer with its nested spans, each with a confidence.

    OVERRIDES change values of the config for this run, after --.
    """
    _train("spans", **options)


@command.command("events")
@_options
def events(**options: Any) -> None:
    """Events with their attributes and arguments, and the layers that the arguments belong to.

    --layer names another layer than `event`. OVERRIDES change values of the configs for this run, after --.
    """
    _train("events", **options)


@command.command("stance")
@_options
def stance(**options: Any) -> None:
    """Stances with holder and target, and the layers that these belong to.

    --layer names another layer than `stance`. OVERRIDES change values of the configs for this run, after --.
    """
    _train("stance", **options)


@command.command("pipeline")
@_options
def pipeline(**options: Any) -> None:
    """One model of everything: all layers, their attributes, all relations.

    --layer names the layer of `doc.ents`. OVERRIDES change values of the configs for this run, after --.
    """
    _train("pipeline", **options)


@command.command("package")
@click.argument("model", type=FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--name", help="The package's name, without its language (default: the model's).")
def package(model: Path, out: Path, name: str | None) -> None:
    """Make of MODEL a Python package in OUT, which loads without goldwire: pip install ./OUT/NAME-VERSION."""
    from goldwire.train.run.package import package as make

    folder = make(model, out, name=name)
    say(f"package: {folder}")
    # With its whole path: pip would look a bare name up in the package index.
    say(f"install: pip install {shlex.quote(str(folder.resolve()))}")
    say(f"load:    spacy.load({folder.name.rsplit('-', 1)[0]!r})")


def _train(
    task: Any,
    *,
    resamples: int,
    processes: int | None,
    json_path: Path | None,
    **options: Any,
) -> None:
    from goldwire.train.run.plan import plan
    from goldwire.train.run.run import run

    planned = plan(task, **options)
    layers = ", ".join(f"`{layer}`" for layer in planned.data.layers)
    count = len(planned.data.references)
    sides = f" ({planned.sides})" if planned.sides else ""
    say(f"learning {layers} from {amount(count)} article{'' if count == 1 else 's'}{sides} …")
    with progress("training", planned.parts) as advance:
        done = run(planned, resamples=resamples, processes=processes, advance=advance)
    show(done.figures)
    for note in done.notes:
        say(f"- {note}")
    say(f"model:  {done.model}")
    say(f"report: {done.page} (beside it scores, reference and out-of-fold predictions)")
    write_json(json_path, done.figures)


def show(figures: dict[str, Any]) -> None:
    """Each layer's model beside its baselines, then F1 by label; relations."""
    from goldwire.train.run.layers import layers_of

    tested = f"{amount(figures['documents'])} articles, each unseen; reference: {figures['reference']}"
    for layer in layers_of(figures):
        _layer(layer, f"{layer.layer}: exact, {tested}")
    if "given_spans" in figures:
        _relations(figures)


def _layer(layer: LayerFigures, title: str) -> None:
    rows = []
    for name, scores in layer.exact.items():
        micro, macro = scores["micro"], scores["macro"]
        rates = [number(micro[key]) for key in ("precision", "recall", "f1")]
        rows.append((name, *rates, interval(micro["ci95"]), number(macro["f1"]), interval(macro["ci95"])))
    if layer.agreement is not None:
        agreed = number(layer.agreement["agreement_f1"]), interval(layer.agreement["agreement_ci95"])
        rows.append(("readers", "", "", *agreed, "", ""))
    columns = ("system", "P", "R", "F1", "95 %", "macro F1", "95 % (macro)")
    table(columns, rows, title=title, lesser=("95 % (macro)", "macro F1", ("P", "R")))
    by_label = []
    for label, count in layer.examples.items():
        scores_of_label = layer.of_label(label)
        f1s = [number(scores.get("f1")) for scores in scores_of_label]
        by_label.append((label, count, *f1s, interval(scores_of_label[0].get("ci95"))))
    table(("label", "n", *(f"{name} F1" for name in layer.exact), "95 % (model)"), by_label)


def _relations(figures: Mapping[str, Any]) -> None:
    from goldwire.train.run.report import readers_of_relations

    given_spans = figures["given_spans"]
    systems = (given_spans["relations"], given_spans["nearest"], figures.get("relations", {}))
    names = sorted({name for by_relation in systems for name in by_relation if name != "micro"})
    if not names:
        return
    rows = [
        (
            name,
            *(number(by_relation.get(name, {}).get("f1")) for by_relation in systems),
            interval(systems[0].get(name, {}).get("ci95")),
        )
        for name in (*names, "micro")
    ]
    given_f1, own_f1 = readers_of_relations(figures)
    if given_f1 is not None or own_f1 is not None:
        agreed = interval((given_spans.get("agreement") or {}).get("ci95"))
        rows.append(("readers, micro", number(given_f1), "", number(own_f1), agreed))
    columns = ("relation", "F1, spans given", "nearest, spans given", "F1, own spans", "95 % (spans given)")
    table(columns, rows, title="relations: strict, on unseen articles")

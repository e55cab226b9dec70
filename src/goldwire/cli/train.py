"""`goldwire train`: learn models, score them on articles that they have not seen."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli import train_curve
from goldwire.cli.common import FILE, FOLDER, CommandGroup, progress, say, show, write_figures
from goldwire.cli.learning import learning_options
from goldwire.number_format import counted

if TYPE_CHECKING:
    from goldwire.train.run.run import Run


class _LearnsOrCommand(CommandGroup):
    """A group that does something by itself, with options of its own, where no subcommand is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether a subcommand comes first: what stands behind it is that one's."""
        ctx.meta[_NAMED] = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The options; before a subcommand none."""
        return [] if ctx.meta.get(_NAMED) else super().get_params(ctx)


_NAMED = f"{__name__}.subcommand"
_NESTED = click.option(
    "--nested", is_flag=True, help="Spans inside others too: two recognisers a layer, in twice the time."
)
_HOW = (
    click.option(
        "--config",
        type=FILE,
        help="The spaCy config, for all layers (default: each layer its own in the project's train/).",
    ),
    click.option("--schema", type=FILE, help="The schema of the annotations (default: the project's)."),
    click.option(
        "--out", type=click.Path(path_type=Path), help="The model's folder (default: train/models/NAME)."
    ),
    click.option(
        "--reports",
        type=FOLDER,
        help="Folder for scores and predictions (default: eval/reports/NAME; without a project OUT-reports).",
    ),
    click.option(
        "--side",
        "sides",
        multiple=True,
        help="A side of corpus/split.json to learn from; repeat for each (default: train).",
    ),
    click.option(
        "--folds",
        type=click.IntRange(2),
        help="Parts to score in, by story (default: those of corpus/split.json, else each of up to 10 "
        "stories alone, else 5 parts).",
    ),
    click.option("--no-folds", is_flag=True, help="Train only, on all: no score, unless --test is given."),
    click.option(
        "--test",
        metavar="SIDE|PATH",
        help="Score on these annotated articles, not by folds: a side of corpus/split.json, or a file or "
        "folder in any format that is read (./NAME where a side is called so too).",
    ),
)


@click.group(
    cls=_LearnsOrCommand,
    invoke_without_command=True,
    no_args_is_help=True,
    subcommand_metavar="| COMMAND [ARGS]...",
)
@learning_options(
    click.option("--layer", "layers", multiple=True, help="A layer to learn; repeat for each."),
    click.option("--all", "every", is_flag=True, help="All layers, in one model."),
    click.option(
        "--ents",
        metavar="LAYER",
        help="The layer of doc.ents (default: [train] layer, else the first that no relation goes out from).",
    ),
    click.option("--spans", is_flag=True, help="The spans alone: no attributes, no relations."),
    _NESTED,
    *_HOW,
)
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Learn layers by their names, score them on articles that they have not seen.

    A layer comes with its attributes, its relations, and the layers that these go to. Scored by leaving
    articles out; the model that is kept learned from all of them. NAME is the layers' names.

    OVERRIDES change values of the configs for this run, after --:
    goldwire train --layer entity -- --training.dropout 0.3
    """
    if ctx.invoked_subcommand is None:
        _train(**options)


@command.command("ner")
@learning_options(_NESTED, *_HOW)
def ner(**options: Any) -> None:
    """The first layer's spans alone: short for --layer FIRST --spans.

    That is [train] layer of goldwire.toml, else the schema's first. OVERRIDES change values of the config for
    this run, after --: goldwire train ner -- --training.dropout 0.3
    """
    _train(layers=None, **options)


command.add_command(train_curve.command)


@command.command("package")
@click.argument("model", type=FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--name", help="The package's name, without its language (default: the model's).")
def package(model: Path, out: Path, name: str | None) -> None:
    """Make of MODEL a Python package in OUT, which loads without goldwire: pip install ./OUT/NAME-VERSION."""
    import goldwire

    folder = goldwire.package_model(model, out, name=name)
    say(f"package: {folder}")
    # With its whole path: pip would look a bare name up in the package index.
    say(f"install: pip install {shlex.quote(str(folder.resolve()))}")
    say(f"load:    spacy.load({folder.name.rsplit('-', 1)[0]!r})")


def _train(
    *,
    layers: tuple[str, ...] | None,
    every: bool = False,
    spans: bool = False,
    nested: bool,
    folds: int | None,
    no_folds: bool,
    resamples: int,
    processes: int | None,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **options: Any,
) -> None:
    import goldwire

    if folds and no_folds:
        raise click.UsageError("--folds and --no-folds contradict each other: leave one out")
    planned = goldwire.plan_training(
        layers=layers,
        all_layers=every,
        spans=spans,
        nested=nested,
        folds=0 if no_folds else folds,
        **options,
    )
    learned = ", ".join(f"`{layer}`" for layer in planned.data.layers)
    articles = counted(len(planned.data.references), "article")
    selection = f" ({planned.selection})" if planned.selection else ""
    say(f"learning {learned} from {articles}{selection} …")
    with progress("training", planned.parts) as advance:
        done = goldwire.train_model(planned, resamples=resamples, processes=processes, advance=advance)
    show_run(done)
    for note in done.notes:
        say(f"- {note}")
    say(f"model:  {done.model}")
    if done.page is not None:
        say(f"report: {done.page} (beside it scores, reference and predictions of unseen articles)")
    write_figures(done, json_path, csv_path, latex_path)


def show_run(run: Run) -> None:
    """Each layer's model beside its baselines, then F1 by label; relations."""
    for table in run.tables():
        show(table, title="" if table.name.endswith(" labels") else table.title)

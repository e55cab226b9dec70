"""`goldwire eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from goldwire.cli.common import json_option, say, table, write_json

if TYPE_CHECKING:
    from goldwire.eval.agreement import Agreement
    from goldwire.eval.scores import Scores

FILE = click.Path(dir_okay=False, path_type=Path)
LAYERS = click.option("--layer", "layers", multiple=True, help="Only this layer; may be repeated.")
RESAMPLES = click.option(
    "--resamples",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="Documents are redrawn so often for the 95 % intervals; 0: no intervals.",
)
SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the redrawing."
)


@click.group()
def command() -> None:
    """Scores with intervals, agreement between readings, the report."""


@command.command()
@click.argument("gold", type=FILE)
@click.argument("pred", type=FILE)
@LAYERS
@RESAMPLES
@SEED
@json_option
def score(
    gold: Path, pred: Path, layers: tuple[str, ...], resamples: int, seed: int, json_path: Path | None
) -> None:
    """Score the predictions in PRED against GOLD, both JSON Lines with the same documents.

    Of GOLD the most trusted annotation of each document counts, of PRED the last. Documents with the same
    `meta.story` are redrawn together.
    """
    from goldwire.corpus.formats.jsonl import read_jsonl
    from goldwire.eval.pairing import pair_up, stories
    from goldwire.eval.scores import score as compute

    paired = pair_up(read_jsonl(gold), read_jsonl(pred))
    scores = compute(
        [(one.gold, one.pred) for one in paired],
        layers=layers or None,
        resamples=resamples,
        seed=seed,
        groups=stories(one.document for one in paired),
        strict_layers=True,
    )
    print_scores(scores)
    write_json(json_path, scores.as_json())


@command.command()
@click.argument("file", required=False, type=FILE)
@click.option("--schema", "schema_path", type=FILE, help="Its defaults fill in absent attributes.")
@click.option("--annotator", "annotators", multiple=True, help="Compare these only; repeat for each.")
@click.option(
    "--project",
    "project_path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Without FILE: the project whose annotations are compared (default: the one here).",
)
@LAYERS
@RESAMPLES
@SEED
@json_option
def agree(
    file: Path | None,
    schema_path: Path | None,
    annotators: tuple[str, ...],
    project_path: Path | None,
    layers: tuple[str, ...],
    resamples: int,
    seed: int,
    json_path: Path | None,
) -> None:
    """Compare the readings of the same documents by two or more annotators.

    FILE is JSON Lines with several annotations a document; without it the project's stored annotations are
    read. Adjudicated annotations are left out: they rest on the others.
    """
    from goldwire.corpus.formats.jsonl import read_jsonl
    from goldwire.eval.agreement import agree as compute
    from goldwire.schemas import load_schema

    if file is not None:
        articles = read_jsonl(file)
    else:
        from goldwire.corpus.store import join, read_annotations
        from goldwire.project import find_project
        from goldwire.seeds import load_seeds

        project = find_project(project_path)
        articles = join(load_seeds(project), read_annotations(project))
        schema_path = schema_path or project.schema_path
    agreement = compute(
        articles,
        annotators=annotators or None,
        layers=layers or None,
        schema=load_schema(schema_path) if schema_path else None,
        resamples=resamples,
        seed=seed,
    )
    print_agreement(agreement)
    write_json(json_path, agreement.as_json())


@command.command()
@click.argument("gold", required=False, type=FILE)
@click.argument("pred", required=False, type=FILE)
@click.option(
    "--from",
    "run",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder with gold.jsonl, predictions.jsonl and report.json, as `goldwire train` leaves it.",
)
@click.option("--out", required=True, type=FILE, help="The page to write.")
@click.option("--title", default="", help="The page's title.")
@LAYERS
@RESAMPLES
@SEED
@json_option
def report(
    gold: Path | None,
    pred: Path | None,
    run: Path | None,
    out: Path,
    title: str,
    layers: tuple[str, ...],
    resamples: int,
    seed: int,
    json_path: Path | None,
) -> None:
    """Write one HTML page with scores, confusions and every error in its sentence."""
    from goldwire.eval.pairing import pair_up, stories
    from goldwire.eval.report import read_run, write_report
    from goldwire.eval.scores import score as compute

    if (run is None) == (gold is None or pred is None):
        raise click.UsageError("give either GOLD.jsonl and PRED.jsonl, or --from FOLDER")
    found = read_run(gold, pred, run)
    paired = pair_up(found.gold, found.pred)
    scores = compute(
        [(one.gold, one.pred) for one in paired],
        layers=layers or None,
        resamples=resamples,
        seed=seed,
        groups=stories(one.document for one in paired),
        strict_layers=True,
    )
    write_report(
        out,
        gold=found.gold,
        pred=found.pred,
        scores=scores,
        title=title or found.title,
        meta=found.meta,
        extra=found.extra,
    )
    print_scores(scores)
    write_json(json_path, scores.as_json())
    say(f"report: {out}")


def print_scores(scores: Scores) -> None:
    """Tables on standard output, what to bear in mind on standard error."""
    from goldwire.eval.display import SCORE_COLUMNS, score_rows

    table(SCORE_COLUMNS, score_rows(scores), left=2)
    click.echo(f"reference: {scores.reference} · {len(scores.documents)} document(s)")
    for warning in scores.warnings:
        say(f"note: {warning}")


def print_agreement(agreement: Agreement) -> None:
    """What was compared, its figures, and what to bear in mind."""
    from goldwire.eval.display import AGREEMENT_COLUMNS, agreement_rows

    click.echo(agreement.what)
    for comparison in (agreement.pooled, *agreement.between):
        names = " and ".join(comparison.annotators) if len(comparison.annotators) < 3 else "all pairs"
        title = f"{names} · {len(comparison.documents)} document(s)"
        table(AGREEMENT_COLUMNS, agreement_rows(comparison), title=title, left=2)
    for line in agreement.left_out:
        say(f"left out: {line}")
    for warning in agreement.warnings:
        say(f"note: {warning}")

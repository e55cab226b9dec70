"""`goldwire eval`: scores, agreement, the report; what CI needs besides stands in `eval_ci`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli import eval_ci
from goldwire.cli.common import (
    FILE,
    FOLDER,
    CommandGroup,
    F,
    json_option,
    paper_options,
    say,
    show,
    tell,
    write_figures,
)
from goldwire.cli.eval_drafts import draft
from goldwire.number_format import amount, counted, number

if TYPE_CHECKING:
    from goldwire.eval.agreement.agreement_figures import Agreement
    from goldwire.eval.scoring.score_figures import Scores

SCHEMA = click.option(
    "--schema",
    type=FILE,
    help="Its defaults fill in absent attributes, its ids are scored as identity (default: the project's, "
    "where GOLD follows it).",
)
AGREEMENT = click.option(
    "--agreement",
    type=FILE,
    help="Figures of `eval agree --json`, shown beside the model's (default: from the readings in GOLD).",
)


def scoring_options(function: F) -> F:
    """The options of every command that scores, from `--from` to `--json`."""
    for option in (
        json_option,
        eval_ci.SEED,
        eval_ci.RESAMPLES,
        eval_ci.LAYERS,
        AGREEMENT,
        SCHEMA,
        eval_ci.IGNORE_SPACE,
        eval_ci.TRAINED_ON,
        eval_ci.FROM,
        eval_ci.SIDES,
    ):
        function = option(function)
    return function


def _scoring(json_path: Path | None, *, source: str, **options: Any) -> dict[str, Any]:
    """Those options, as the functions that score take them."""
    reading = {"format": source, "on_read": eval_ci.saying_read(source), "stamp": json_path is not None}
    return {**options, **reading}


@click.group(cls=CommandGroup)
def command() -> None:
    """Scores with intervals, agreement between readings, the report."""


@command.command()
@click.argument("gold", type=eval_ci.SOURCE)
@click.argument("pred", type=eval_ci.SOURCE)
@scoring_options
@click.option(
    "--entities",
    metavar="ATTRIBUTE",
    help="Count relations between entities too: spans of GOLD with one value of this attribute are one.",
)
@paper_options
def score(
    gold: Path,
    pred: Path,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **options: Any,
) -> None:
    """Score the predictions in PRED against GOLD, both with the same documents, in any format that is read.

    Documents are the same that have id and text in common, else the text alone. Of GOLD the most trusted
    annotation of each document counts, of PRED the last. Documents with the same `meta.story` are redrawn
    together. Where GOLD holds two readings of its documents, their agreement stands
    beside the model's F1.
    """
    import goldwire

    scores = goldwire.score(gold, pred, **_scoring(json_path, **options))
    print_scores(scores)
    write_figures(scores, json_path, csv_path, latex_path)


@command.command()
@click.argument("files", nargs=-1, type=eval_ci.SOURCE)
@eval_ci.FROM
@click.option("--names", help="Whose the readings in each FILE are, with commas: anna,ben.")
@eval_ci.IGNORE_SPACE
@click.option("--schema", type=FILE, help="Its defaults fill in absent attributes.")
@click.option("--drafts", is_flag=True, help="Take in what people have not submitted, too.")
@click.option("--annotator", "annotators", multiple=True, help="Compare these only; repeat for each.")
@click.option(
    "--project",
    "project_path",
    type=FOLDER,
    help="Without FILE: the project whose annotations are compared (default: the one here).",
)
@click.option(
    "--floor", type=click.FloatRange(0, 1), help="Exit 1 where the exact F1 of a layer is under this."
)
@click.option(
    "--all",
    "whole",
    is_flag=True,
    help="Every figure: each label, attribute and measure, of each pair of annotators too.",
)
@click.option("--gamma/--no-gamma", default=True, show_default=True, help="γ and γ-cat, the slowest figures.")
@eval_ci.LAYERS
@eval_ci.SIDES
@eval_ci.RESAMPLES
@eval_ci.SEED
@json_option
@paper_options
def agree(
    files: tuple[Path, ...],
    source: str,
    names: str | None,
    annotators: tuple[str, ...],
    project_path: Path | None,
    floor: float | None,
    whole: bool,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **options: Any,
) -> None:
    """Compare the readings of the same documents by two or more annotators.

    FILES are in any format that is read: one with several annotations a document, or one for each annotator.
    Annotators that a file does not name are called like the file; --names says it. Without any the project's
    stored annotations are read. Adjudicated annotations are left out: they rest on the others; so is what
    people have not submitted. Of every figure the table says what it asks: where the readings mark something,
    what they call it, both at once, or who is meant.
    """
    import goldwire

    if names is not None and not files:
        raise click.UsageError("--names needs the files that hold the readings")
    agreement = goldwire.agree(
        *(files or [goldwire.load_project(project_path or ".")]),
        format=source,
        on_read=eval_ci.saying_read(source),
        names=None if names is None else [name.strip() for name in names.split(",")],
        annotators=annotators or None,
        **options,
    )
    print_agreement(agreement, whole=whole)
    write_figures(agreement, json_path, csv_path, latex_path)
    if floor is not None and (low := agreement.under(floor)):
        tell(f"failed: under the floor of {number(floor)}: {', '.join(low)}")
        click.get_current_context().exit(1)


@command.command()
@click.argument("gold", required=False, type=eval_ci.SOURCE)
@click.argument("pred", required=False, type=eval_ci.SOURCE)
@click.option(
    "--run",
    type=FOLDER,
    help="A folder with gold.jsonl, predictions.jsonl and report.json, as `goldwire train` leaves it.",
)
@click.option("--out", required=True, type=FILE, help="The page to write.")
@click.option("--title", default="", help="The page's title.")
@click.option(
    "--train", "train_path", type=eval_ci.SOURCE, help="What was learned from: its spans are the seen ones."
)
@scoring_options
@paper_options
def report(
    gold: Path | None,
    pred: Path | None,
    run: Path | None,
    out: Path,
    title: str,
    train_path: Path | None,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **options: Any,
) -> None:
    """Write one HTML page with scores, confusions and every error in its sentence.

    GOLD and PRED are in any format that is read, and matched as `eval score` does. A span counts as seen
    where the training data holds its wording; without --train that is what a run on a test set left of it,
    else the rest of the reference: the other documents, or those of other stories.
    """
    import goldwire

    if (run is None) == (gold is None) or (pred is None) != (run is not None):
        raise click.UsageError("give either GOLD and PRED, or --run FOLDER")
    sources = filter(None, (run, gold, pred))
    scores = goldwire.write_report(
        out, *sources, title=title, train=train_path, **_scoring(json_path, **options)
    )
    print_scores(scores)
    write_figures(scores, json_path, csv_path, latex_path)
    say(f"report: {out}")


def print_scores(scores: Scores) -> None:
    """Tables on standard output, what to bear in mind on standard error."""
    for table in scores.tables():
        show(table)
    tell(f"reference: {scores.reference_in_words} · {counted(len(scores.documents), 'document')}")
    for warning in scores.warnings:
        say(f"note: {warning}")
    if scores.agreement is not None:
        say(f"note: {scores.agreement.what}")
        for note in scores.agreement.notes:
            say(f"note: agreement: {note}")


def print_agreement(agreement: Agreement, *, whole: bool = False) -> None:
    """What was compared, its figures, `whole` or those that tell most, and what to bear in mind."""
    tell(agreement.what)
    shown = agreement.tables() if whole else [agreement.headlines()]
    for table in shown:
        show(table, title=table.title)
    if more := sum(len(table.rows) for table in agreement.tables()) - sum(len(table.rows) for table in shown):
        pairs = ", and of each pair of annotators" if agreement.between else ""
        say(f"{amount(more)} more figures, by label, attribute and measure{pairs}: --all, or --json FILE")
    for line in agreement.left_out:
        say(f"left out: {line}")
    for note in agreement.notes:
        say(f"note: {note}")


for _command in (eval_ci.comment, eval_ci.compare, eval_ci.gate, eval_ci.history, draft):
    command.add_command(_command)

"""`goldwire eval compare`, `gate` and `history`: runs against one another, and against the baseline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.common import (
    FILE,
    json_option,
    paper_options,
    progress,
    project_option,
    say,
    say_read,
    tell,
    write_figures,
)
from goldwire.cli.common import show as show_table
from goldwire.files import read_text, write_text
from goldwire.formats.guess import AUTO
from goldwire.formats.registry import FORMATS
from goldwire.number_format import counted
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.eval.ci.compare_results import Compared
    from goldwire.eval.ci.gate import Gated, Gates
    from goldwire.formats.articles import Articles

#: Articles in any format that is read: a file, or a folder.
SOURCE = click.Path(path_type=Path)
FROM = click.option(
    "--from",
    "source",
    type=click.Choice([AUTO, *FORMATS]),
    default=AUTO,
    metavar="FORMAT",
    help="The format of what is read, as `corpus convert` names them (default: told from the content).",
)
TRAINED_ON = click.option(
    "--trained-on",
    is_flag=True,
    help="Score documents that the model was trained on, too (default: they are left out, and counted).",
)
IGNORE_SPACE = click.option(
    "--ignore-space",
    is_flag=True,
    help="Texts may differ in white space: spans are carried over by all other characters.",
)
SIDES = click.option(
    "--side",
    "sides",
    multiple=True,
    help="Only documents on this side of the project's corpus/split.json; repeat for each.",
)
LAYERS = click.option(
    "--layer",
    "layers",
    multiple=True,
    callback=lambda _ctx, _param, names: names or None,
    help="Only this layer; may be repeated.",
)
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
ROUNDS = click.option(
    "--rounds",
    type=click.IntRange(min=100),
    default=10_000,
    show_default=True,
    help="Exchanges and redrawings of the paired tests.",
)


def _floors(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    """Floors by the part that they are for; of all others under the empty name."""
    floors = {}
    for value in values:
        part, _, figure = value.rpartition("=")
        try:
            floors[part] = float(click.FloatRange(0, 1)(figure))
        except click.BadParameter as error:
            raise click.BadParameter(f"{value}: {error.message}") from None
    return floors


def saying_read(source: str) -> Callable[[Articles], None]:
    """Says what is to know of the reading of each file in the format `source`."""
    return lambda articles: say_read(Path(articles.path), articles, named=source != AUTO)


@click.command()
@click.argument("gold", type=SOURCE)
@click.argument("a", type=SOURCE)
@click.argument("b", type=SOURCE)
@FROM
@LAYERS
@click.option(
    "--kind",
    type=click.Choice(["exact", "partial", "jaccard", "boundary", "type"]),
    default="exact",
    show_default=True,
    help="What counts as a match in the tests.",
)
@ROUNDS
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the tests.")
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Sentences to show for each model; all are in the JSON.",
)
@TRAINED_ON
@IGNORE_SPACE
@SIDES
@json_option
@paper_options
def compare(
    gold: Path,
    a: Path,
    b: Path,
    source: str,
    show: int,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **options: Any,
) -> None:
    """Say which of the predictions A and B is better, by how much, how sure that is, and where they differ.

    All three have the same documents, in any format that is read, matched by id, else by text. Paired tests
    over documents, those of one `meta.story` together; over labels p is corrected by Holm's method.
    """
    import goldwire

    compared = goldwire.compare(
        gold,
        a,
        b,
        format=source,
        on_read=saying_read(source),
        places=show if json_path is None else None,
        **options,
    )
    print_comparison(compared, a, b, show)
    write_figures(compared, json_path, csv_path, latex_path)


def print_comparison(compared: Compared, a: Path, b: Path, show: int) -> None:
    """The verdict of each layer, the tests by label, the sentences."""
    tell(f"A: {a}", f"B: {b}")
    scores = compared.scores[0]
    tell(f"reference: {scores.reference_in_words} · {counted(len(scores.documents), 'document')}")
    for tested in compared.tables():
        tell("", tested.title)
        show_table(tested)
    tell(*compared.places(show))
    for warning in compared.warnings:
        say(f"note: {warning}")


@click.command()
@click.argument("scores", required=False, type=FILE)
@project_option
@click.option("--all", "every", is_flag=True, help="Each run of which a baseline is committed in eval/.")
@click.option(
    "--of",
    metavar="PART",
    default="",
    help="A layer, `relations`, or whole structures: LAYER:tuples, strict or overlap (default: its layer).",
)
@click.option(
    "--baseline",
    type=FILE,
    help="The committed baseline (default: eval/baseline.json; of other models eval/baseline-NAME.json).",
)
@click.option("--base", help="What this branch is merged into (default: the pull request's, else main).")
@click.option(
    "--floor",
    "floors",
    multiple=True,
    metavar="[PART=]F1",
    callback=_floors,
    help="Fail where micro F1 is under this, or that of a part; may be repeated.",
)
@click.option(
    "--agreement-floor", type=click.FloatRange(0, 1), help="Fail where the readers' own F1 is under this."
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.02,
    show_default=True,
    help="Fail where micro F1 falls by more than this.",
)
@click.option("--update", is_flag=True, help="Write the baseline anew from these scores, after a review.")
@click.option(
    "--agreement", type=FILE, help="Figures of `eval agree --json` (default: of the project's readings)."
)
@TRAINED_ON
@ROUNDS
@click.option("--summary", type=FILE, help="Write a summary in Markdown to this file.")
@click.option("--github-summary", is_flag=True, help="Append the summary to $GITHUB_STEP_SUMMARY.")
@click.option("--comment", type=FILE, help="Write the body of a pull-request comment to this file.")
@click.option("--junit", type=FILE, help="Write the conditions as JUnit XML to this file.")
@click.option("--badge", type=FILE, help="Write a badge's endpoint (JSON, as shields reads it) to this file.")
@json_option
@paper_options
def gate(
    scores: Path | None,
    every: bool,
    of: str,
    baseline: Path | None,
    floors: dict[str, float],
    summary: Path | None,
    github_summary: bool,
    comment: Path | None,
    junit: Path | None,
    badge: Path | None,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
    **options: Any,
) -> None:
    """Hold the scores of `goldwire train` against the committed baseline; exit 1 where they are worse.

    SCORES is eval/reports/ner/scores.json unless another is named; the articles beside it are tested
    document by document, those that the baseline has with the same text and reference. A baseline that can't
    be of its corpus and a run older than the annotations are refused; that this branch changes the baseline
    is said.
    """
    import goldwire
    from goldwire.eval.ci.outputs import MARKER, append_summary, refusal
    from goldwire.eval.ci.overlap import NotComparable

    if every and (scores or of or baseline):
        raise click.UsageError(
            "--all takes each baseline with its own scores: leave out SCORES, --of, --baseline"
        )
    options |= {"floor": floors.pop("", None), "floors": floors, "notify": say}
    try:
        if every:
            figures: Gates | Gated = goldwire.gate_all(**options)
        else:
            figures = goldwire.gate(scores, of=of, baseline=baseline, **options)
    except NotComparable as error:
        # Who reads only these must learn of it too.
        for file, mark in ((summary, ""), (comment, f"{MARKER}\n")):
            if file is not None:
                write_text(file, mark + refusal(error))
        if github_summary:
            append_summary(refusal(error))
        raise
    gates = [*figures] if isinstance(figures, list) else [figures]
    for gated in gates:
        print_gate(gated)
    files: dict[Any, Path | None] = {"markdown": summary, "comment": comment, "junit": junit, "badge": badge}
    for form, file in files.items():
        if file is not None:
            write_text(file, goldwire.gate_summary(gates, form))
    if github_summary:
        append_summary(goldwire.gate_summary(gates))
    write_figures(figures, json_path, csv_path, latex_path)
    if any(gated.passed is False for gated in gates):
        click.get_current_context().exit(1)


def print_gate(gated: Gated) -> None:
    """The table, the agreement, and last the verdict with its reason."""
    if gated.compared:
        [shown] = gated.tables()
        show_table(shown, title=shown.title)
    for warning in (*gated.grave, *gated.warnings):
        say(f"note: {warning}")
    for note in gated.ceiling.notes if gated.ceiling else ():
        say(f"note: agreement: {note}")
    if gated.readers:
        tell(gated.readers)
    tell(gated.headline)
    if gated.data:
        tell(gated.data)
    tell(f"{gated.state}: {gated.why}")


@click.command()
@click.argument("file", type=FILE)
def comment(file: Path) -> None:
    """Post FILE as a comment on the pull or merge request that a job of GitHub or GitLab runs for.

    The comment of an earlier run is replaced. The token is taken from $GITHUB_TOKEN or $GITLAB_TOKEN. Where
    the job runs for no such request nothing is posted.
    """
    import goldwire

    say(goldwire.post_comment(read_text(file)))


@click.command()
@project_option
@click.option("--baseline", type=FILE, help="Whose history (default: eval/baseline.json).")
@click.option("--out", type=FILE, help="Draw it: a page (.html) or the figure alone (.svg).")
@json_option
@paper_options
def history(
    project: Project,
    baseline: Path | None,
    out: Path | None,
    json_path: Path | None,
    csv_path: Path | None,
    latex_path: Path | None,
) -> None:
    """Show F1 over the corpus's versions, from the git history of the baseline."""
    import goldwire

    if out is not None and out.suffix not in (".html", ".svg"):
        raise click.UsageError("--out takes a file that ends in .html or .svg")
    with progress("reading git") as advance:
        series = goldwire.gate_history(project, baseline, advance=advance)
    show_table(series.table())
    if series.unreadable:
        commits = counted(len(series.unreadable), "commit")
        say(f"note: left out, since their baselines are of another form: {commits}")
    if out is not None:
        title = f"{project.name}: F1 over the corpus’s versions"
        if out.suffix == ".html":
            series.write_page(out, title)
        else:
            write_text(out, series.plot() + "\n")
        say(f"drawn: {out}")
    write_figures(series, json_path, csv_path, latex_path)

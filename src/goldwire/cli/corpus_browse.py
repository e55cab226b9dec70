"""`goldwire corpus browse` and `goldwire corpus review`: the corpus to look at."""

from __future__ import annotations

from pathlib import Path

import click

from goldwire.cli.common import FILE, FOLDER, json_option, progress, project_option, say, show, write_json
from goldwire.number_format import amount
from goldwire.project import Project


@click.command()
@click.option(
    "--out",
    type=FOLDER,
    help="The site's folder (default: eval/reports/browse, which is not in git).",
)
@project_option
@json_option
def browse(out: Path | None, project: Project, json_path: Path | None) -> None:
    """Write the corpus as a static site: open index.html in a browser.

    Every article with its spans, relations and attributes; a timeline; a graph of what acts on
    what; tables to download (CSV). No server and no network are needed.
    Which relation leads to whom follows from the schema; [browse] in goldwire.toml says it otherwise.
    """
    import goldwire

    with progress("Writing") as bar:
        site = goldwire.browse_corpus(project, out, total=bar.total, advance=bar)
    show(site.table())
    for frame in site.frames:
        roles = ", ".join(f"{role} = {relation}" for role, relation in frame.named())
        say(f"roles in {frame.layer}: {roles}{'; on the timeline' if frame.dated else ''}")
    if site.local:
        say("local use: the texts are marked as not redistributable; do not put the site on the web")
    if site.draft:
        say("the site shows drafts, and says so: nobody has reviewed them")
    say(f"{site.index} ({site.bytes / 1e6:.1f} MB)")
    write_json(json_path, site.as_json())


@click.command()
@click.option(
    "--out",
    type=FILE,
    help="The page (default: eval/reports/review.html, which is not in git).",
)
@click.option(
    "--label-errors/--no-label-errors", default=True, help="Train a model that doubts labels (slow part)."
)
@click.option("--url", help="The Label Studio that rows link to; its token is in $GOLDWIRE_TOKEN.")
@project_option
@json_option
def review(
    out: Path | None, label_errors: bool, url: str | None, project: Project, json_path: Path | None
) -> None:
    """List what deserves a second look, as a page: wordings marked in two ways, labels that a model doubts.

    Wordings with different labels or ids, marked here and left there; spans whose label a model trained on
    the other articles does not expect (cleanlab); rules that are broken. Rows link to Label Studio's tasks
    where a server is named or runs. Nothing listed is an error for certain.
    """
    import goldwire

    with progress("Training") as bar:
        result = goldwire.review_corpus(
            project, out, label_errors=label_errors, url=url, advance=bar, notify=say
        )
    for shown in result.tables():
        show(shown)
    if result.label_errors is not None:
        judged = ", ".join(
            f"{amount(number)} {layer}" for layer, number in result.label_errors.judged.items()
        )
        say(f"judged: {judged} spans in {result.label_errors.folds} folds")
        say(f"not judged: {amount(result.label_errors.alone)} whose label no other fold has")
        if result.label_errors.hidden:
            say(f"not judged: {amount(result.label_errors.hidden)} that no token is left to")
    say(f"{amount(len(result.checks.faults))} places where a rule is broken (goldwire corpus check)")
    say(str(result.page))
    write_json(json_path, result.as_json())

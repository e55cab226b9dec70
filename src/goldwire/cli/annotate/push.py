"""`goldwire annotate push`: articles to Label Studio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from goldwire.cli.annotate.passes import show_passes
from goldwire.cli.annotate.team import url_option
from goldwire.cli.common import (
    FILE,
    json_option,
    progress,
    project_option,
    say,
    say_language,
    table,
    write_json,
)
from goldwire.figures import amount
from goldwire.project import Project

if TYPE_CHECKING:
    from goldwire.annotate.labelstudio.client import Client
    from goldwire.model import Annotation, Document
    from goldwire.schemas import Schema


@click.command()
@click.option(
    "--predictions",
    "files",
    multiple=True,
    type=FILE,
    help="JSON Lines of articles with annotations to show as predictions. May be repeated.",
)
@click.option(
    "--drafts",
    "draft_files",
    multiple=True,
    type=FILE,
    help="What `draft` wrote, to show as predictions. May be repeated.",
)
@click.option("--model", help="A trained pipeline whose predictions are made now, in place of --predictions.")
@click.option("--no-ids", is_flag=True, help="Fill no ids into predictions, not even the sure ones.")
@click.option("--no-predictions", "bare", is_flag=True, help="Show none (the default); only order by them.")
@click.option(
    "--order",
    type=click.Choice(["given", "uncertainty"]),
    default="given",
    show_default=True,
    help="`uncertainty`: only unlabelled articles, those first that the model is least sure of.",
)
@click.option("--count", type=click.IntRange(1), help="With --order uncertainty: the first so many.")
@click.option(
    "--diversity",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="With --order uncertainty: how much it counts that articles differ.",
)
@click.option("--pass", "pass_name", help="Only this one of the passes in [annotate] passes.")
@url_option
@json_option
@project_option
def push(
    files: tuple[Path, ...],
    draft_files: tuple[Path, ...],
    model: str | None,
    no_ids: bool,
    bare: bool,
    order: str,
    count: int | None,
    diversity: float,
    pass_name: str | None,
    url: str | None,
    json_path: Path | None,
    project: Project,
) -> None:
    """Send articles to Label Studio.

    Those that it does not have yet, each exactly once. Where [annotate] passes parts the work, each pass has
    a project: the first gets all articles, a later one those of which the pass before was submitted, with
    what that made. Run it again as annotators go on.
    """
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.annotate.passes.push import push_passes
    from goldwire.annotate.records.assignments import title_for
    from goldwire.annotate.records.passes import one_pass_only, pass_named, passes_of
    from goldwire.annotate.sync.predictions import read_drafts, read_predictions
    from goldwire.annotate.sync.push import push as push_articles
    from goldwire.schemas import load_schema
    from goldwire.seeds import load_seeds

    ranking = order == "uncertainty"
    if draft_files and (model or ranking or bare):
        raise click.UsageError("--drafts excludes --model, --order uncertainty and --no-predictions")
    if files and model:
        raise click.UsageError("--predictions and --model exclude each other")
    if bare and (files or model) and not ranking:
        raise click.UsageError("--no-predictions excludes --predictions and --model, unless to order by them")
    if ranking and not (files or model):
        raise click.UsageError("--order uncertainty needs --model MODEL or --predictions FILE")
    if count is not None and not ranking:
        raise click.UsageError("--count needs --order uncertainty")
    documents, schema = load_seeds(project), load_schema(project.schema_path)
    passes = passes_of(project, schema)
    only = pass_named(passes, pass_name, project) if pass_name is not None else None
    if only is not None and only.earlier and (files or draft_files or model or ranking):
        raise click.UsageError("a later pass begins from the one before: predictions are for the first")
    if one_pass_only(project, schema):
        say("[annotate] passes makes no difference: the schema's layers are one pass")
    say_language(schema.language)
    predictions = [*read_predictions(files), *read_drafts(draft_files)]
    with connect(project, url=url) as client:
        if ranking or model:
            documents, predictions = _predicted(
                client,
                project,
                title_for(project, "", passes[0] if passes else None),
                schema,
                documents,
                predictions,
                model=model,
                ranking=ranking,
                count=count,
                diversity=diversity,
            )
        with progress("pushing", len(documents)) as advance:
            shown = [] if bare else predictions
            if passes:
                pushed = push_passes(
                    client,
                    project,
                    schema,
                    documents,
                    passes,
                    only=only,
                    predictions=shown,
                    suggest=not no_ids,
                    advance=advance,
                )
                show_passes(pushed)
                write_json(json_path, {"passes": [each.as_dict() for each in pushed]})
                return
            report = push_articles(
                client, project, schema, documents, predictions=shown, advance=advance, suggest=not no_ids
            )
    rows = [
        ("articles sent", report.sent),
        ("articles there already", report.present),
        ("predictions sent", report.predictions_sent),
        ("predictions there already", report.predictions_present),
        ("  ids suggested in them", report.ids_suggested),
        ("  ids left to pick", report.ids_left),
        ("tasks on the server", report.tasks),
    ]
    table(("push", ""), rows)
    if report.config_added and not report.created:
        say(f"the project's config gained: {', '.join(report.config_added)}")
    if report.duplicates_removed:
        say(f"{amount(report.duplicates_removed)} copies that nobody had worked on were removed")
    for name in report.outdated:
        say(f"`{name}`: its former text has a task too; annotations of that stay there")
    say(f"{'made' if report.created else 'in'} {report.url}")
    write_json(json_path, report.as_dict())


def _predicted(
    client: Client,
    project: Project,
    title: str,
    schema: Schema,
    documents: list[Document],
    predictions: list[Annotation],
    *,
    model: str | None,
    ranking: bool,
    count: int | None,
    diversity: float,
) -> tuple[list[Document], list[Annotation]]:
    """The articles to push and their predictions: a model's where one is named, in order where asked for."""
    from goldwire.annotate.ml_backend.active_learning import by_uncertainty, candidates, predictions_of
    from goldwire.annotate.ml_backend.predictor import Assistant
    from goldwire.annotations.store import read_annotations

    available = candidates(client, title, documents, read_annotations(project)) if ranking else None
    wanted = documents if available is None else available.documents
    if model is not None:
        assistant = Assistant(model, schema)
        with progress("predicting", len(wanted)) as advance:
            predictions, left_out = predictions_of(assistant, wanted, advance=advance)
        for reason, number in left_out.most_common():
            say(f"left out: {amount(number)} × {reason}")
    if available is None:
        return documents, predictions
    ranked = by_uncertainty(available, predictions, count=count, diversity=diversity)
    say(
        f"{amount(len(ranked.documents))} of {amount(len(documents))} articles, the least certain first; "
        f"{amount(len(available.labelled))} are labelled, {amount(len(available.present))} on the server "
        "already"
    )
    if ranked.empty:
        say(f"nothing was found in {amount(len(ranked.empty))} of them, which stand in the middle")
    return ranked.documents, ranked.predictions

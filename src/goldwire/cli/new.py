"""`goldwire new`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goldwire.cli.common import (
    FOLDER,
    json_option,
    progress,
    say,
    say_language,
    say_renamed,
    table,
    unkept,
    write_json,
)
from goldwire.errors import GoldwireError
from goldwire.figures import amount


@click.command()
@click.argument("folder", type=FOLDER)
@click.argument("source", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="The project's name (default: the folder's).")
@click.option(
    "--language", default="en", show_default=True, help="Of the articles: ISO 639-1 or 639-3, xx for others."
)
@click.option(
    "--template",
    type=click.Choice(("events", "ner", "minimal")),
    default="events",
    show_default=True,
    help="The schema to begin with: who acts and what happens, names alone, one label.",
)
@click.option("--from", "format_name", metavar="FORMAT", help="Make it of what SOURCE holds in this format.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --from labelstudio: the label config.",
)
@click.option(
    "--from-label-studio", "url", help="Take over a project of this Label Studio; token: $GOLDWIRE_TOKEN."
)
@click.option("--project", "number", type=click.IntRange(1), help="The number of that project.")
@json_option
def command(
    folder: Path,
    source: Path | None,
    name: str | None,
    language: str,
    template: Any,
    format_name: str | None,
    config_path: Path | None,
    url: str | None,
    number: int | None,
    json_path: Path | None,
) -> None:
    """Make a project in FOLDER.

    \b
    goldwire new DIR --language de           an empty one, its schema and spaCy configs in that language
    goldwire new DIR --from brat PATH        of texts and annotations that you have, the schema inferred
    goldwire new DIR --from-label-studio URL --project N     of a running Label Studio project

    Of a Label Studio its config (as a schema), its texts and everybody's annotations are taken over; nothing
    is changed there. What has no place goes to annotate/quarantine.jsonl, with the reason.
    """
    name = name or folder.resolve().name
    if (url is None) != (number is None):
        raise GoldwireError.of("GW368", "--from-label-studio and --project go together", hint="give both")
    if (format_name is None) != (source is None):
        raise click.UsageError("--from FORMAT and SOURCE go together: goldwire new DIR --from brat PATH")
    if format_name is not None and url is not None:
        raise click.UsageError("--from and --from-label-studio exclude each other")
    if format_name is not None and source is not None:
        _of_files(folder, source, format_name, name, language, config_path, json_path)
        return
    if url is None or number is None:
        _empty(folder, name, language, template, json_path)
        return
    from goldwire.annotate.import_project import connect_to, import_project

    with connect_to(url) as client, progress("tasks") as advance:
        report = import_project(client, number, folder, name=name, language=language, advance=advance)
    rows = [("tasks", report.tasks), ("articles", report.articles), ("annotations", report.annotations)]
    rows += [("predictions left there", report.predictions_left)]
    rows += [(f"in quarantine: {kind}", count) for kind, count in report.quarantined.items()]
    rows += unkept(report.ground_truth, report.commented)
    table(("new", ""), rows)
    say(f"annotators: {', '.join(report.annotators) or 'none'}")
    say_renamed(report.renamed, report.left)
    if report.quarantine_file:
        say(f"what has no place is in {report.quarantine_file}, with the reasons")
    say(str(report.account))
    write_json(json_path, report.as_dict())


def _empty(folder: Path, name: str, language: str, template: Any, json_path: Path | None) -> None:
    from goldwire.new_project import make_project, starting_point
    from goldwire.pipelines import blank_pipeline

    project = make_project(folder, name=name, language=language, template=template)
    start = starting_point(project.language)
    if project.language != language:
        say(f"language: {language} is kept as {project.language}")
    say_language(project.language)
    say(f"train/: {start}")
    try:
        blank_pipeline(project.language)
    except GoldwireError as error:
        say(f"note: {error}")
    say(f"{project.root}: made; next: goldwire schema check, then goldwire seeds add YOUR-TEXTS")
    made = {"project": str(project.root), "schema": str(project.schema_path), "language": project.language}
    write_json(json_path, {**made, "template": template, "vectors": start.pipeline})


def _of_files(
    folder: Path,
    source: Path,
    format_name: str,
    name: str,
    language: str,
    config_path: Path | None,
    json_path: Path | None,
) -> None:
    from goldwire.formats.as_project import make_project_of
    from goldwire.formats.options import Setting

    setting = Setting(config_path=config_path)
    made = make_project_of(source, folder, source=format_name, name=name, language=language, setting=setting)
    say_language(language)
    counts = [("articles", made.articles), ("annotations", made.annotations)]
    counts += [(f"not kept: {kind}", number) for kind, number in made.lost.items()]
    counts += [(f"changed: {kind}", number) for kind, number in made.changed.items()]
    table(("new", ""), [(what, amount(number)) for what, number in counts])
    say(f"annotators: {', '.join(made.annotators)}")
    for kind, old, new in made.renamed:
        say(f"renamed  {kind} `{old}` → `{new}`" if new else f"left out  {kind} `{old}`: it has no value")
    if made.quarantine_file:
        say(f"what has no place is in {made.quarantine_file}, with the reasons")
    say(f"schema {made.schema}: labels are as found, so write down what they mean: {made.project}/schemas")
    write_json(json_path, made.as_dict())

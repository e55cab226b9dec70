"""`goldwire new`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.common import (
    FOLDER,
    json_option,
    progress,
    say,
    say_language,
    say_renamed,
    show,
    write_json,
)
from goldwire.errors import GoldwireError

if TYPE_CHECKING:
    from goldwire.annotate.import_project import ImportReport
    from goldwire.api.projects import NewProject
    from goldwire.formats.as_project import ProjectMade


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
    goldwire new DIR --language de     an empty one, with schema and spaCy configs
    goldwire new DIR --from brat PATH  of texts and annotations that you have
    goldwire new DIR --from-label-studio URL --project N
                                       of a running Label Studio project

    Of a Label Studio its config (as a schema), its texts and everybody's annotations are taken over; nothing
    is changed there. What has no place goes to annotate/quarantine.jsonl, with the reason.
    """
    import goldwire

    if (url is None) != (number is None):
        raise GoldwireError.of("GW368", "--from-label-studio and --project go together", hint="give both")
    if (format_name is None) != (source is None):
        raise click.UsageError("--from FORMAT and SOURCE go together: goldwire new DIR --from brat PATH")
    if format_name is not None and url is not None:
        raise click.UsageError("--from and --from-label-studio exclude each other")
    if format_name is not None and source is not None:
        new_project = goldwire.make_project_from_files(
            folder, source, format_name, name=name, language=language, config=config_path
        )
        say_language(language)
        _tell(new_project)
        for kind, old, new in new_project.renamed:
            say(f"renamed  {kind} `{old}` → `{new}`" if new else f"left out  {kind} `{old}`: it has no value")
        _tell_quarantine(new_project)
        words = "labels are as found, so write down what they mean"
        say(f"schema {new_project.schema}: {words}: {new_project.project}/schemas")
        write_json(json_path, new_project.as_json())
    elif url is not None and number is not None:
        with progress("tasks") as advance:
            report = goldwire.make_project_from_label_studio(
                folder, url, number, name=name, language=language, advance=advance
            )
        _tell(report)
        say_renamed(report.renamed, report.left)
        _tell_quarantine(report)
        say(str(report.account))
        write_json(json_path, report.as_json())
    else:
        empty = goldwire.make_project(folder, name=name, language=language, template=template)
        _tell_empty(empty, language)
        write_json(json_path, empty.to_dict())


def _tell(result: ProjectMade | ImportReport) -> None:
    show(result.table())
    say(f"annotators: {', '.join(result.annotators) or 'none'}")


def _tell_quarantine(result: ProjectMade | ImportReport) -> None:
    if result.quarantine_file:
        say(f"what has no place is in {result.quarantine_file}, with the reasons")


def _tell_empty(new_project: NewProject, language: str) -> None:
    if new_project.project.language != language:
        say(f"language: {language} is kept as {new_project.project.language}")
    say_language(new_project.project.language)
    say(f"train/: {new_project.start}")
    for note in new_project.notes:
        say(f"note: {note}")
    say(f"{new_project.project.root}: made; next: goldwire schema check, then goldwire seeds add YOUR-TEXTS")

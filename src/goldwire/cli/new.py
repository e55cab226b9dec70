"""`goldwire new`."""

from __future__ import annotations

from pathlib import Path

import click

from goldwire.cli.common import FOLDER, json_option, progress, say, table, unkept, write_json
from goldwire.errors import GoldwireError


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--name", help="The project's name (default: the folder's).")
@click.option("--language", default="fr", show_default=True, help="Of the articles: two letters.")
@click.option(
    "--from-label-studio", "url", help="Take over a project of this Label Studio; token: $GOLDWIRE_TOKEN."
)
@click.option("--project", "number", type=click.IntRange(1), help="The number of that project.")
@json_option
def command(
    folder: Path, name: str | None, language: str, url: str | None, number: int | None, json_path: Path | None
) -> None:
    """Make a project in FOLDER: an empty one, or all of a running Label Studio project.

    Taken over are its config (as a schema), its texts, and everybody's annotations; nothing is changed
    there. What has no place goes to annotate/quarantine.jsonl, with the reason.
    """
    name = name or folder.resolve().name
    if (url is None) != (number is None):
        raise GoldwireError.of("GW368", "--from-label-studio and --project go together", hint="give both")
    if url is None or number is None:
        from goldwire.new_project import make_project

        project = make_project(folder, name=name, language=language)
        say(f"{project.root}: made; next: goldwire schema check, then list your articles in seeds/")
        write_json(json_path, {"project": str(project.root), "schema": str(project.schema_path)})
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
    for change in report.renamed:
        say(
            f"renamed  {change.kind} `{change.old}` → `{change.new}`"
            if change.new
            else f"left out  {change.kind} `{change.old}`"
        )
    for omission in report.left:
        say(f"left out  {omission.tag} `{omission.name}`: {omission.why}")
    if report.quarantine_file:
        say(f"what has no place is in {report.quarantine_file}, with the reasons")
    say(str(report.account))
    write_json(json_path, report.as_dict())

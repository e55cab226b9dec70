"""`goldwire schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from goldwire.cli.common import (
    FILE,
    FOLDER,
    CommandGroup,
    json_option,
    progress,
    project_option,
    say,
    say_language,
    say_renamed,
    show,
    write_json,
)
from goldwire.number_format import amount
from goldwire.project import Project

# So many entries of registries that a migration leaves to be mended are named.
_ENTRIES = 10


@click.group(cls=CommandGroup)
def command() -> None:
    """What is marked: check the schema, render Label Studio's config and the guidelines."""


@command.command()
@click.argument("path", required=False, type=FILE)
@json_option
@project_option
def check(path: Path | None, json_path: Path | None, project: Project) -> None:
    """List everything that is wrong with a schema (default: the project's), each fault with its place."""
    import goldwire

    checked = goldwire.check_schema(path or project)
    for shown in checked.tables():
        show(shown, title=shown.title)
    sizes = checked.registries.items()
    listed = "".join(f", registry {name}: {amount(size)}" for name, size in sizes)
    say(f"{checked.path}: no fault; relations: {len(checked.schema.relations)}{listed}")
    write_json(json_path, checked.as_json())


@command.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit 1 where a file is not up to date."
)
@project_option
def render(only_check: bool, project: Project) -> None:
    """Write annotate/label_config.xml, annotate/guidelines.md and annotate/guide.html from the schema.

    A file of such a name that was not rendered is kept, as NAME.orig.

    guide.html is the guide as one page to search: a sheet, the guidelines, the words of the examples from A
    to Z, the registries. `annotate push` puts it beside the tasks; where people find it elsewhere,
    goldwire.toml says so: [annotate] guide_url.
    """
    import goldwire

    rendered = goldwire.render_schema(project, dry_run=only_check)
    say_language(rendered.schema.language)
    for name, state in rendered.files.items():
        stale = f"not what {rendered.schema.id} renders; run: goldwire schema render"
        say(f"{name}: {stale if state == 'stale' else state}")
    for name in rendered.aside:
        say(f"{name}: what stood there, which no schema rendered")
    if "stale" in rendered.files.values():
        raise SystemExit(1)


@command.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option(
    "--project",
    "folder",
    type=FOLDER,
    help="Count what each change would hit in this project's stored annotations.",
)
@json_option
def diff(old: Path, new: Path, folder: Path | None, json_path: Path | None) -> None:
    """Compare two versions of a schema: what annotations of OLD would lose under NEW."""
    import goldwire

    difference = goldwire.diff_schemas(old, new, folder)
    for shown in difference.tables():
        if shown.rows:
            show(shown, title=shown.title)
    hurting = f"{amount(difference.orphaning)} of them orphan or invalidate annotations that use what changed"
    say(f"{amount(len(difference.changes))} changes, {hurting}")
    if difference.orphaning:
        say("write a plan for them and run: goldwire schema migrate PLAN.yaml")
    write_json(json_path, difference.as_json())


@command.command()
@click.argument("plan_path", metavar="PLAN.yaml", type=FILE)
@click.option("--dry-run", is_flag=True, help="Check and count; write nothing.")
@click.option("--push", "pushing", is_flag=True, help="Rewrite the Label Studio project too.")
@click.option("--url", help="Another Label Studio; its token is in $GOLDWIRE_TOKEN.")
@json_option
@project_option
def migrate(
    plan_path: Path, dry_run: bool, pushing: bool, url: str | None, json_path: Path | None, project: Project
) -> None:
    """Rewrite the stored annotations for a new version of the schema, by a plan: all of them, or none.

    The project's schema must be the plan's target. Pull before you change the schema; with --push nobody
    should be annotating: what the server held is kept in annotate/migrations/.
    """
    import goldwire

    if dry_run and pushing:
        raise click.UsageError("--dry-run writes nothing, --push does: give one of them")
    report = goldwire.migrate(project, plan_path, dry_run=dry_run)
    for shown in report.tables():
        show(shown, title=shown.title)
    for step in report.idle:
        say(f"{step}: reached nothing")
    if not dry_run:
        for file in filter(None, (report.record, report.removed_file)):
            say(f"recorded in {file}")
    for file in report.unread:
        say(f"warning: the new schema can't read {file}: mend its labels and `schema`, then adjudicate again")
    for entry in report.entries[:_ENTRIES]:
        say(f"warning: {entry}: mend it by hand")
    if (left := len(report.entries) - _ENTRIES) > 0:
        say(f"warning: {amount(left)} more such entries: goldwire corpus check")
    figures = report.as_json()
    if pushing:
        figures["server"] = _push(project, plan_path, url)
    write_json(json_path, figures)


def _push(project: Project, plan_path: Path, url: str | None) -> dict[str, Any]:
    import goldwire

    with progress("results") as advance:
        migration = goldwire.push_migration(project, plan_path, url=url, advance=advance)
    for shown in migration.tables():
        show(shown)
    for report in migration.projects:
        say(f"{report.url}: {'config replaced' if report.config_changed else 'has the new config already'}")
        if report.record:
            say(f"what it held is kept in {report.record}")
    if migration.left:
        say(f"warning: `{migration.left}` is not migrated: what was not pulled of it before is only there")
        say("remove it on the server, then make it anew: goldwire annotate adjudicate --push")
    return migration.as_json()


@command.command(name="import")
@click.argument("config", metavar="CONFIG.xml", type=FILE)
@click.option("--out", type=FILE, help="The schema file (default: NAME.yaml).")
@click.option("--name", help="The schema's name (default: the config's file name).")
@click.option(
    "--language",
    help="Of the articles, ISO 639-1 (default: that of the project here; without one en, which is said).",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@json_option
def import_config(json_path: Path | None, **options: Any) -> None:
    """Make a schema of a Label Studio config over a text; what it can't express is listed."""
    import goldwire

    imported = goldwire.import_schema(**options, notify=say)
    for shown in imported.tables():
        show(shown, title=shown.title)
    say_renamed(imported.inferred.renamed, imported.inferred.left)
    say(f"{imported.path}: written; relations: {len(imported.schema.relations)}")
    write_json(json_path, imported.as_json())

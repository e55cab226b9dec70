"""`goldwire schema`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goldwire.cli.common import (
    FILE,
    FOLDER,
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
    from goldwire.schemas import Schema
    from goldwire.schemas.plan import Plan


@click.group()
def command() -> None:
    """What is marked: check the schema, render Label Studio's config and the guidelines."""


@command.command()
@click.argument("path", required=False, type=FILE)
@json_option
@project_option
def check(path: Path | None, json_path: Path | None, project: Project) -> None:
    """List everything that is wrong with a schema (default: the project's), each fault with its place."""
    from goldwire.errors import raise_faults
    from goldwire.project import name_faults
    from goldwire.schemas.load import load_registries, load_schema

    if path is None:
        raise_faults(name_faults(project))
    path = path or project.schema_path
    schema = load_schema(path)
    registries = load_registries(schema, path)
    rows = [
        (name, len(layer.labels), len(layer.attributes), sum(len(x.examples) for x in layer.labels.values()))
        for name, layer in schema.layers.items()
    ]
    table(("layer", "labels", "attributes", "examples"), rows, title=schema.stamp)
    sizes = {name: len(entries) for name, entries in registries.items()}
    listed = "".join(f", registry {name}: {amount(size)}" for name, size in sizes.items())
    say(f"{path}: no fault; relations: {len(schema.relations)}{listed}")
    layers = {name: {"labels": labels, "attributes": attributes} for name, labels, attributes, _ in rows}
    write_json(json_path, {"schema": schema.stamp, "layers": layers, "registries": sizes})


@command.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit 1 where a file is not up to date."
)
@project_option
def render(only_check: bool, project: Project) -> None:
    """Write annotate/label_config.xml, annotate/guidelines.md and annotate/guide.html from the schema.

    guide.html is the guide as one page to search: a sheet, the guidelines, the words of the examples from A
    to Z, the registries. `annotate push` puts it beside the tasks; where people find it elsewhere,
    goldwire.toml says so: [annotate] guide_url.
    """
    from goldwire.annotate.passes.screen import with_keys_of
    from goldwire.annotate.records.passes import passes_of
    from goldwire.files import write_text
    from goldwire.schemas.guide import GUIDE, guide_page
    from goldwire.schemas.label_config import guidelines, label_config
    from goldwire.schemas.load import load_schema

    schema = load_schema(project.schema_path)
    say_language(schema.language)
    stale = 0
    rendered = {
        "label_config.xml": label_config(schema),
        "guidelines.md": guidelines(schema),
        GUIDE: guide_page(with_keys_of(schema, passes_of(project, schema)), project.schema_path.parent),
    }
    for name, text in rendered.items():
        target = project.annotate / name
        shown = target.relative_to(project.root)
        if target.is_file() and target.read_bytes() == text.encode():
            say(f"{shown}: up to date")
        elif only_check:
            say(f"{shown}: not what {schema.stamp} renders; run: goldwire schema render")
            stale += 1
        else:
            write_text(target, text)
            say(f"{shown}: written")
    if stale:
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
    import msgspec

    from goldwire.annotations.store import read_annotations
    from goldwire.project import find_project
    from goldwire.schemas.diff import count_hits, diff
    from goldwire.schemas.load import load_schema

    before, after = load_schema(old), load_schema(new)
    changes = diff(before, after)
    annotations = read_annotations(find_project(folder)) if folder is not None else []
    hits = count_hits(changes, after, annotations) if folder is not None else [None] * len(changes)
    rows = []
    for change, hit in zip(changes, hits, strict=True):
        subject = f"{change.name} → {change.to}" if change.to else change.name
        effect = "orphans" if change.orphans else "compatible"
        rows.append(
            (f"{change.change} {change.what}", subject, change.detail, effect, "" if hit is None else hit)
        )
    if rows:
        title = f"{before.stamp} → {after.stamp}"
        columns = ("change", "of", "detail", "annotations", "hit")
        table(columns, rows, title=title, left=4, lesser=("detail",))
    orphaning = sum(change.orphans for change in changes)
    hurting = f"{amount(orphaning)} of them orphan or invalidate annotations that use what changed"
    say(f"{amount(len(changes))} changes, {hurting}")
    if orphaning:
        say("write a plan for them and run: goldwire schema migrate PLAN.yaml")
    listed = [{**msgspec.to_builtins(change), "hits": hit} for change, hit in zip(changes, hits, strict=True)]
    write_json(json_path, {"old": before.stamp, "new": after.stamp, "changes": listed})


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
    from goldwire.annotate.migration.stored import migrate_project
    from goldwire.schemas.load import load_schema
    from goldwire.schemas.plan import load_plan
    from goldwire.seeds import load_seeds

    if dry_run and pushing:
        raise click.UsageError("--dry-run writes nothing, --push does: give one of them")
    plan = load_plan(plan_path)
    schema = load_schema(project.schema_path)
    report = migrate_project(project, plan, schema, load_seeds(project), dry_run=dry_run)
    rows: list[tuple[str, object]] = [("annotations", report.annotations)]
    rows += [("  migrated" if not dry_run else "  to migrate", report.migrated)]
    rows += [("  not of the old version: done already", report.present)]
    rows += [
        (f"step {number + 1}: {operation.told}", count)
        for number, (operation, count) in enumerate(zip(plan.operations, report.steps, strict=False))
    ]
    rows += [("spans and relations that became one", report.steps[-1]), ("changes", report.changes)]
    rows += [(f"taken out: {kind}", count) for kind, count in report.removed.items()]
    table(("migrate" + (", not written" if dry_run else ""), ""), rows, title=f"{plan.source} → {plan.to}")
    if not dry_run:
        for file in filter(None, (report.record, report.removed_file)):
            say(f"recorded in {file}")
    figures = report.as_dict()
    if pushing:
        figures["server"] = _migrate_server(project, plan, schema, url)
    write_json(json_path, figures)


def _migrate_server(project: Project, plan: Plan, schema: Schema, url: str | None) -> dict[str, Any]:
    from goldwire.annotate.labelstudio.client import connect
    from goldwire.annotate.migration.server import migrate_projects

    with connect(project, url=url) as client, progress("results") as advance:
        done, adjudication = migrate_projects(client, project, plan, schema, advance=advance)
    rows = [(report.url, kind, count) for report in done for kind, count in report.rewritten.items()]
    table(("on the server", "", "rewritten"), rows, left=2)
    for report in done:
        say(f"{report.url}: {'config replaced' if report.config_changed else 'has the new config already'}")
        if report.record:
            say(f"what it held is kept in {report.record}")
    if adjudication:
        say(f"warning: `{adjudication}` is not migrated: what was not pulled of it before is only there")
        say("remove it on the server, then make it anew: goldwire annotate adjudicate --push")
    return {"projects": [report.as_dict() for report in done], "left": adjudication}


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
def import_config(
    config: Path,
    out: Path | None,
    name: str | None,
    language: str | None,
    force: bool,
    json_path: Path | None,
) -> None:
    """Make a schema of a Label Studio config over a text; what it can't express is listed."""
    import msgspec

    from goldwire.errors import GoldwireError
    from goldwire.files import read_text, write_text
    from goldwire.project import find_project
    from goldwire.schemas.infer import infer
    from goldwire.schemas.inferred import check_language, schema_of
    from goldwire.schemas.slugs import slug

    if language is None:
        try:
            home = find_project(out.parent if out is not None else None)
            language, whose = home.language, f"as that of the project {home.name}"
        except GoldwireError:
            language, whose = "en", "since none is named and no project is here"
        say(f"language: {language}, {whose} (--language names another)")
    check_language(language)
    name = slug(name or config.stem)
    inferred = infer(read_text(config), name=name, language=language, where=str(config))
    schema = schema_of(inferred, str(config))
    target = out or Path(f"{name}.yaml")
    if target.exists() and not force:
        hint = "name another with --out, or replace it with --force"
        raise GoldwireError.of("GW123", "there is a file already", where=str(target), hint=hint)
    write_text(target, inferred.yaml())
    rows = [(key, len(layer.labels), len(layer.attributes)) for key, layer in schema.layers.items()]
    table(("layer", "labels", "attributes"), rows, title=schema.stamp)
    for change in inferred.renamed:
        became = f"renamed  {change.kind} `{change.old}` → `{change.new}`"
        say(became if change.new else f"left out  {change.kind} `{change.old}`")
    for omission in inferred.left:
        say(f"left out  {omission.tag} `{omission.name}`: {omission.why}")
    say(f"{target}: written; relations: {len(schema.relations)}")
    write_json(json_path, msgspec.to_builtins(inferred))

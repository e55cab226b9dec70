"""`goldwire schema`."""

from __future__ import annotations

from pathlib import Path

import click

from goldwire.cli.common import json_option, project_option, say, table, write_json
from goldwire.project import Project

SCHEMA = click.option(
    "--schema",
    "schema_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The schema file (default: the project's).",
)


@click.group()
def command() -> None:
    """What is marked: check the schema, render Label Studio's config and the guidelines."""


@command.command()
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@project_option
def check(path: Path | None, json_path: Path | None, project: Project) -> None:
    """List everything that is wrong with a schema (default: the project's), each fault with its place."""
    from goldwire.schemas.load import load_registries, load_schema

    path = path or project.schema_path
    schema = load_schema(path)
    registries = load_registries(schema, path)
    rows = [
        (name, len(layer.labels), len(layer.attributes), sum(len(x.examples) for x in layer.labels.values()))
        for name, layer in schema.layers.items()
    ]
    table(("layer", "labels", "attributes", "examples"), rows, title=schema.stamp)
    sizes = {name: len(entries) for name, entries in registries.items()}
    listed = "".join(f", registry {name}: {size}" for name, size in sizes.items())
    say(f"{path}: no fault; relations: {len(schema.relations)}{listed}")
    layers = {name: {"labels": labels, "attributes": attributes} for name, labels, attributes, _ in rows}
    write_json(json_path, {"schema": schema.stamp, "layers": layers, "registries": sizes})


@command.command()
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; exit 1 where a file is not up to date."
)
@project_option
def render(only_check: bool, project: Project) -> None:
    """Write annotate/label_config.xml and annotate/guidelines.md from the schema."""
    from goldwire.files import write_text
    from goldwire.schemas.load import load_schema
    from goldwire.schemas.render import guidelines, label_config

    schema = load_schema(project.schema_path)
    stale = 0
    for name, text in (("label_config.xml", label_config(schema)), ("guidelines.md", guidelines(schema))):
        target = project.annotate / name
        shown = target.relative_to(project.root)
        if target.is_file() and target.read_text(encoding="utf-8") == text:
            say(f"{shown}: up to date")
        elif only_check:
            say(f"{shown}: not what {schema.stamp} renders; run: goldwire schema render")
            stale += 1
        else:
            write_text(target, text)
            say(f"{shown}: written")
    if stale:
        raise SystemExit(1)

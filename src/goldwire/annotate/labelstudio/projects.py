"""The Label Studio projects that goldwire works in: found by title, made where missing, never narrowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.label_config import compare
from goldwire.errors import GoldwireError
from goldwire.schemas import Schema
from goldwire.schemas.label_config import label_config


def ensure_project(
    client: Client, schema: Schema, title: str, config: str | None = None
) -> tuple[dict[str, Any], bool, list[str]]:
    """The Label Studio project of this title, made where it is missing, with `config` or the schema's.

    Also whether it was made, and what its config gained. Raises GW321 where the config would lose what
    annotations may use, GW323 where several projects bear the title.
    """
    config = config or label_config(schema)
    projects = client.projects(title)
    if not projects:
        fields = {"title": title, "label_config": config, "description": schema.title}
        return client.create_project(fields), True, []
    if len(projects) > 1:
        ids = ", ".join(str(p["id"]) for p in projects)
        hint = "rename all but one in Label Studio"
        raise GoldwireError.of(
            "GW323", f"{len(projects)} projects have the title `{title}`: {ids}", hint=hint
        )
    project = client.project(int(projects[0]["id"]))
    where = f"{client.url}/projects/{project['id']}"
    difference = compare(str(project.get("label_config", "")), config, where)
    if difference.removed and int(project.get("task_number") or 0) > 0:
        hint = "put it back into the schema, or give the project in goldwire.toml another name"
        message = "the schema lacks what the project's config has and annotations may use: "
        raise GoldwireError.of("GW321", message + ", ".join(difference.removed), where=where, hint=hint)
    if str(project.get("label_config", "")).strip() != config.strip():
        project = {**project, **client.update_project(int(project["id"]), {"label_config": config})}
    return project, False, difference.added


def find_project(client: Client, title: str, fields: Sequence[str] = ()) -> dict[str, Any]:
    """The project of this title, with `fields` only these of it; raises GW325 where there is none."""
    projects = client.projects(title, fields)
    if not projects:
        hint = "goldwire annotate push makes it"
        raise GoldwireError.of("GW325", f"no project `{title}`", where=client.url, hint=hint)
    return projects[0] if fields else client.project(int(projects[0]["id"]))

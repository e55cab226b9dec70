"""The Label Studio projects that goldwire works in: found by title, made where missing, never narrowed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.config_difference import compare_configs
from goldwire.annotate.labelstudio.guide import Guide
from goldwire.annotate.labelstudio.transport import dicts
from goldwire.errors import GoldwireError
from goldwire.schemas import Schema
from goldwire.schemas.rendering.label_config import label_config
from goldwire.schemas.rendering.picks import Picks, with_picks, without_data

#: What is asked of a project that may be changed.
_FIELDS = ("label_config", "expert_instruction", "task_number", "model_version", "show_collab_predictions")

#: What a project counts of the work in it: submitted annotations, and skipped tasks.
COUNTERS = ("total_annotations_number", "skipped_annotations_number")


def ensure_project(
    client: Client, schema: Schema, title: str, config: str | None, guide: Guide, picks: Picks | None
) -> tuple[dict[str, Any], bool, list[str]]:
    """The Label Studio project of this title, made where it is missing, with `config` or the schema's.

    Also whether it was made, and what its config gained. The guide's page is put beside the tasks and linked,
    and its sheet becomes the instructions. `picks` are the ids that can be picked. Raises GW321 where the
    config would lose what annotations may use, GW323 where several projects bear the title.
    """
    config = config or label_config(schema)
    projects = client.projects(title, _FIELDS)
    if not projects:
        config = with_picks(config, picks) if picks is not None else config
        fields = {"title": title, "label_config": without_data(config), "description": schema.title}
        created = client.create_project(fields)
        return _with_guide(client, created, config, guide), True, []
    if len(projects) > 1:
        ids = ", ".join(str(p["id"]) for p in projects)
        hint = "rename all but one in Label Studio"
        raise GoldwireError.of(
            "GW323", f"{len(projects)} projects have the title `{title}`: {ids}", hint=hint
        )
    project = projects[0]
    where = client.project_url(int(project["id"]))
    difference = compare_configs(str(project.get("label_config", "")), config, where)
    if difference.removed and int(project.get("task_number") or 0) > 0:
        hint = "put it back into the schema, or give the project in goldwire.toml another name"
        message = "the schema lacks what the project's config has and annotations may use: "
        raise GoldwireError.of("GW321", message + ", ".join(difference.removed), where=where, hint=hint)
    if picks is not None:
        config = with_picks(
            config, picks.beside(str(project.get("label_config", "")), tasks=bool(project.get("task_number")))
        )
    return _with_guide(client, project, config, guide), False, difference.added


def _with_guide(client: Client, project: dict[str, Any], config: str, guide: Guide) -> dict[str, Any]:
    """The project with this config and the guide, changed where it has another."""
    number, held = int(project["id"]), str(project.get("label_config", ""))
    if (bare := without_data(held)) != held and not guide.is_offered(client, number):
        # Label Studio takes no page where a config asks for several fields of the tasks' data.
        project = {**project, **client.update_project(number, {"label_config": bare})}
        held = str(project.get("label_config", ""))
    address = guide.offered(client, number)
    wanted = {
        "label_config": guide.linked(config, address),
        "expert_instruction": guide.instructions(address),
    }
    if held.strip() == wanted["label_config"].strip():
        del wanted["label_config"]
    # The server drops what it takes for unsafe: what it keeps must be compared without that.
    if _words(project.get("expert_instruction")) == _words(wanted["expert_instruction"]):
        del wanted["expert_instruction"]
    return {**project, **client.update_project(number, wanted)} if wanted else project


def shows_live(client: Client, project: Mapping[str, Any]) -> bool:
    """Whether a project shows the predictions of a backend that it asks."""
    shown = project.get("model_version")
    backends = dicts(client.get("api/ml/", project=int(project["id"]))) if shown else []
    return any(backend.get("title") == shown for backend in backends)


def _words(markup: object) -> str:
    """The text of HTML and where its links lead, whatever else its tags say."""
    kept = re.sub(r"<(?!a\b)[^>]*>|\s(?:target|rel)=\"[^\"]*\"", " ", str(markup or ""))
    return " ".join(unescape(kept).split())


def annotations_on(remote: Mapping[str, Any]) -> int:
    """How many annotations a project has, skipped ones too, by its `COUNTERS`."""
    return sum(int(remote.get(name) or 0) for name in COUNTERS)


def project_on_server(client: Client, title: str, fields: Sequence[str] = ()) -> dict[str, Any]:
    """The `id`, `title` and `fields` of the project of this title; raises GW325 where there is none."""
    projects = client.projects(title, fields)
    if not projects:
        hint = "goldwire annotate push makes it"
        raise GoldwireError.of("GW325", f"no project `{title}`", where=client.url, hint=hint)
    return projects[0]

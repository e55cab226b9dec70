"""Tabs of a project's task list, as Label Studio keeps them for everybody who opens the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.transport import dicts
from goldwire.messages import in_all_languages, messages_in
from goldwire.schemas.rendering.picks import DATA_KEY

#: What tasks hold beside the title and the article's name, and what a list has no use for.
_DATA = ("text", "uid", "sha256", "goldwire", "disagreements")


def ensure_first_view(client: Client, project: int) -> None:
    """The tab that Label Studio would make of all tasks, where the project has none yet.

    It shows each article's title and not its text, in the list and beside a task.
    """
    if not dicts(client.get("api/dm/views/", project=project)):
        first = {"title": "Default", "type": "list", "hiddenColumns": _hidden(client, project)}
        client.request("POST", "api/dm/views/", body={"project": project, "data": first})


def _hidden(client: Client, project: int, more: Sequence[str] = ()) -> dict[str, list[str]]:
    """The columns that are out of sight: what Label Studio hides, the texts, and in the list `more`.

    Label Studio orders columns itself, texts first: the title comes first where the text does not show.
    """
    answer = client.get("api/dm/columns", project=project)
    columns = dicts(answer.get("columns") if isinstance(answer, dict) else None)
    hidden: dict[str, list[str]] = {}
    for place, also in (("explore", more), ("labeling", ())):
        names = dict.fromkeys([*also, *(f"data.{name}" for name in _DATA)])
        for column in columns:
            parent = f"{column['parent']}." if column.get("parent") else ""
            shown = (column.get("visibility_defaults") or {}).get(place, True)
            shown = shown and not (parent and str(column["id"]).startswith(DATA_KEY))
            if not shown and (parent, column["id"]) != ("data.", "title"):
                names[f"{parent}{column['id']}"] = None
        hidden[place] = [f"tasks:{name}" for name in names]
    return hidden


def ensure_view(
    client: Client,
    project: int,
    key: str,
    language: str,
    *,
    filters: Sequence[dict[str, Any]],
    ordering: Sequence[str] = (),
    hidden: Sequence[str] = (),
) -> int:
    """The project's tab that the text `key` of the catalogues names, made where it is missing; its number.

    It shows the tasks that meet all `filters`, in this order; `hidden` columns are not in its list. Its title
    is in `language`; one that is there in another language is renamed.
    """
    data = {
        "title": messages_in(language)(key),
        "type": "list",
        "target": "tasks",
        "ordering": list(ordering),
        "filters": {"conjunction": "and", "items": list(filters)},
    }
    ensure_first_view(client, project)
    views = dicts(client.get("api/dm/views/", project=project))
    for view in _named(views, key):
        settings = view.get("data") or {}
        if any(settings.get(part) != data[part] for part in ("title", "ordering", "filters")):
            body = {"project": project, "data": {**settings, **data}}
            client.request("PATCH", f"api/dm/views/{int(view['id'])}/", body=body)
        return int(view["id"])
    body = {"project": project, "data": {**data, "hiddenColumns": _hidden(client, project, hidden)}}
    return int(client.request("POST", "api/dm/views/", body=body)["id"])


def remove_view(client: Client, project: int, key: str) -> None:
    """Take the tab away, in whatever language its title is, where it is there."""
    for view in _named(dicts(client.get("api/dm/views/", project=project)), key):
        client.request("DELETE", f"api/dm/views/{int(view['id'])}/")


def _named(views: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    titles = in_all_languages(key)
    return [view for view in views if (view.get("data") or {}).get("title") in titles]

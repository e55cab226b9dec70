"""Tabs of a project's task list, as Label Studio keeps them for everybody who opens the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from goldwire.annotate.labelstudio.client import Client
from goldwire.annotate.labelstudio.transport import dicts
from goldwire.messages import in_all_languages, messages_in


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

    It shows the tasks that meet all `filters`, in this order, without the columns `hidden`. Its title is in
    `language`; one that is there in another language is renamed.
    """
    data = {
        "title": messages_in(language)(key),
        "type": "list",
        "target": "tasks",
        "ordering": list(ordering),
        "filters": {"conjunction": "and", "items": list(filters)},
    }
    views = dicts(client.get("api/dm/views/", project=project))
    if not views:
        # The first tab is the one that Label Studio would make: all tasks.
        first = {"title": "Default", "type": "list"}
        client.request("POST", "api/dm/views/", body={"project": project, "data": first})
    for view in _named(views, key):
        settings = view.get("data") or {}
        if any(settings.get(part) != data[part] for part in ("title", "ordering", "filters")):
            body = {"project": project, "data": {**settings, **data}}
            client.request("PATCH", f"api/dm/views/{int(view['id'])}/", body=body)
        return int(view["id"])
    columns = {"explore": [f"tasks:{name}" for name in hidden], "labeling": []}
    body = {"project": project, "data": {**data, "hiddenColumns": columns}}
    return int(client.request("POST", "api/dm/views/", body=body)["id"])


def remove_view(client: Client, project: int, key: str) -> None:
    """Take the tab away, in whatever language its title is, where it is there."""
    for view in _named(dicts(client.get("api/dm/views/", project=project)), key):
        client.request("DELETE", f"api/dm/views/{int(view['id'])}/")


def _named(views: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    titles = in_all_languages(key)
    return [view for view in views if (view.get("data") or {}).get("title") in titles]

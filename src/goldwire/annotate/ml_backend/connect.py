"""A backend and a Label Studio project brought together, and parted again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from goldwire.annotate.labelstudio.client import Client, task_filter
from goldwire.annotate.labelstudio.projects import project_on_server, shows_live
from goldwire.annotate.labelstudio.ssrf import ADDRESS
from goldwire.annotate.labelstudio.transport import TOKEN_REFUSED, dicts
from goldwire.annotate.labelstudio.views import ensure_view
from goldwire.annotate.ml_backend.predictor import Predictor
from goldwire.annotate.ml_backend.screens import Screens
from goldwire.annotate.records.passes import Pass
from goldwire.errors import GoldwireError
from goldwire.text import first_of

#: By which a backend is known as one of these, whatever model it serves and wherever.
MARK = "goldwire annotate assist"
# The Data Manager tab whose order is the model's uncertainty is called so, in the language of the schema.
_VIEW = "assist.by_uncertainty"
# Columns that say nothing of articles that nobody has annotated, or too much.
_HIDDEN = (
    "inner_id",
    "completed_at",
    "total_annotations",
    "cancelled_annotations",
    "annotators",
    "annotations_results",
    "annotations_ids",
    "predictions_results",
    "file_upload",
    "storage_filename",
    "avg_lead_time",
    "created_at",
    "updated_at",
    "updated_by",
    "draft_exists",
    "data.id",
)
#: Tasks in one request for predictions: well within the time that Label Studio waits.
_FETCH = 50


@dataclass
class Connection:
    """A backend that a project asks. `shown_before` is whose predictions the project showed until then.

    `parted` is what `disconnect_backend` said at the end of a `connected` block, None until then.
    """

    project: int
    backend: int
    url: str
    version: str
    project_url: str
    view_url: str
    shown_before: str
    turned_on: bool  # predictions were hidden from annotators until then
    parted: bool | None = field(default=None, compare=False)


def connect_backend(
    client: Client, title: str, url: str, assistant: Predictor, passes: Sequence[Pass] = ()
) -> Connection:
    """Make the backend at `url` the one that the project asks; run again, it changes nothing.

    Opening a task then shows its predictions, and the project has a tab in the order of their uncertainty. Of
    `passes` the project may be one.
    Raises GW325 where there is no such project, GW382 where Label Studio will not reach the address, GW383
    where another backend is connected already, GW386 where the project's config could not show all
    predictions, GW315 where Label Studio does not like what it finds at the address.
    """
    asked = ("label_config", "model_version", "show_collab_predictions")
    project_record, version = project_on_server(client, title, asked), assistant.version
    number = int(project_record["id"])
    where = client.project_url(number)
    config = str(project_record.get("label_config") or "<View/>")
    if lacking := Screens(assistant.schema, passes).lacks(config):
        message = f"the project's config lacks what {assistant.schema.id} has: {first_of(lacking, 5)}"
        hint = "goldwire annotate push brings it up to date"
        raise GoldwireError.of("GW386", message, where=where, hint=hint)
    backends = dicts(client.get("api/ml/", project=number))
    for other in backends:
        if other.get("description") != MARK:
            message = f"another backend is connected: `{other.get('title')}` at {other.get('url')}"
            hint = f"Label Studio asks only one: remove it in {where}/settings/ml"
            raise GoldwireError.of("GW383", message, where=where, hint=hint)
    ours = backends[0] if backends else None
    # Shown live where the project's model version is the backend's title, and scored in the data manager
    # where it is the predictions' version: so the title is the version.
    fields = {"url": url, "project": number, "title": version, "description": MARK}
    try:
        if ours is None:
            connected_backend = client.request("POST", "api/ml/", body=fields)
        else:
            connected_backend = client.request("PATCH", f"api/ml/{int(ours['id'])}", body=fields)
    except GoldwireError as error:
        if error.faults[0].code != TOKEN_REFUSED:
            raise
        raise _unreachable(client, url) from None
    backend = int(connected_backend["id"])
    before = str(project_record.get("model_version") or "")
    turned_on = not project_record.get("show_collab_predictions")
    with ExitStack() as undo:
        undo.callback(_withdraw, client, number, backend, url)
        _webhooks(client, number, url, [str(record.get("url")) for record in backends])
        client.update_project(number, {"model_version": version, "show_collab_predictions": True})
        view = uncertainty_view(client, number, assistant.schema.language)
        undo.pop_all()
    shown_before = "" if any(before == record.get("title") for record in backends) else before
    return Connection(
        project=number,
        backend=backend,
        url=url,
        version=version,
        project_url=where,
        view_url=f"{where}/data?tab={view}",
        shown_before=shown_before,
        turned_on=turned_on,
    )


def _withdraw(client: Client, project: int, backend: int, url: str) -> None:
    """Take out a backend half connected: it would be sent tokens at an address that anybody may have next."""
    with suppress(GoldwireError):
        client.request("DELETE", f"api/ml/{backend}")
        _webhooks(client, project, "", [url])


def disconnect_backend(client: Client, connection: Connection) -> bool:
    """Take the backend out of the project; False where another has taken its place, which then stays.

    The predictions that it made stay, and are shown as before it came, or else as the last version's.
    """
    backends = dicts(client.get("api/ml/", project=connection.project))
    ours = [backend for backend in backends if backend.get("url") == connection.url]
    if not ours:
        return False
    for backend_record in ours:
        client.request("DELETE", f"api/ml/{int(backend_record['id'])}")
    _webhooks(client, connection.project, "", [connection.url])
    stored = client.get(f"api/projects/{connection.project}/model-versions/")
    known = set(stored) if isinstance(stored, dict) else set()
    shown = next((name for name in (connection.shown_before, connection.version) if name in known), "")
    client.update_project(connection.project, {"model_version": shown})
    return True


@contextmanager
def connected(
    client: Client, title: str, url: str, assistant: Predictor, passes: Sequence[Pass] = ()
) -> Iterator[Connection]:
    """A connection for the time of a block."""
    connection = connect_backend(client, title, url, assistant, passes)
    try:
        yield connection
    finally:
        connection.parted = disconnect_backend(client, connection)


def fetch_predictions(
    client: Client, project: int, version: str, *, advance: Callable[[int], None] | None = None
) -> tuple[int, int]:
    """Have the server ask for the predictions of all tasks that lack this version's.

    The number of tasks that have them now, and that still have none: their texts can't be predicted.
    """
    lacking: list[int] = []
    have = 0
    for task in client.tasks(project, ("predictions", "model_version"), page=500):
        if _has(task, version):
            have += 1
        else:
            lacking.append(int(task["id"]))
    if advance is not None:
        advance(have)
    waiting = lacking
    while waiting:
        for start in range(0, len(waiting), _FETCH):
            body = {"selectedItems": {"all": False, "included": waiting[start : start + _FETCH]}}
            params = {"id": "retrieve_tasks_predictions", "project": project}
            client.request("POST", "api/dm/actions", params=params, body=body)
            if advance is not None and waiting is lacking:
                advance(len(waiting[start : start + _FETCH]))
        asked = client.tasks_among(project, [str(n) for n in waiting], ("predictions", "model_version"))
        still = [int(task["id"]) for task in asked if not _has(task, version)]
        if len(still) >= len(waiting):
            break
        waiting = still  # long texts: a request has its limit of time
    return have + len(lacking) - len(waiting), len(waiting)


def fetch_if_live(client: Client, project: int) -> None:
    """Have the predictions of new tasks made where a project shows those of a backend that it asks.

    Label Studio asks by itself only for tasks that have none at all, and a later pass's have their start.
    """
    record = client.project(project, ("model_version",))
    if shows_live(client, record):
        fetch_predictions(client, project, str(record["model_version"]))


def _has(task: dict[str, Any], version: str) -> bool:
    return any(prediction.get("model_version") == version for prediction in task.get("predictions") or ())


def uncertainty_view(client: Client, project: int, language: str) -> int:
    """The project's tab in the order of uncertainty, made where it is missing; its number.

    The least certain first, tasks without a score last, only those that nobody has annotated. Its title is in
    `language`; one that is there in another language is renamed.
    """
    unlabelled = task_filter("total_annotations", "equal", "Number", 0)
    order = ["tasks:predictions_score"]
    return ensure_view(client, project, _VIEW, language, filters=[unlabelled], ordering=order, hidden=_HIDDEN)


def _webhooks(client: Client, project: int, url: str, before: Sequence[str]) -> None:
    """Exactly one webhook leads to `url`, without payload; none to where the backend was before."""
    hooks = dicts(client.get("api/webhooks/", project=project))
    wanted = f"{url.rstrip('/')}/webhook" if url else ""
    stale = {f"{old.rstrip('/')}/webhook" for old in before}
    fields: dict[str, Any] = {"send_payload": False, "send_for_all_actions": True}
    present = False
    for hook in hooks:
        address = hook.get("url")
        if address == wanted and not present:
            present = True
            if hook.get("send_payload"):
                client.request("PATCH", f"api/webhooks/{int(hook['id'])}/", body=fields)
        elif address in stale or address == wanted:
            client.request("DELETE", f"api/webhooks/{int(hook['id'])}/")
    if wanted and not present:
        client.request("POST", "api/webhooks/", body={"project": project, "url": wanted, **fields})


def _unreachable(client: Client, url: str) -> GoldwireError:
    message = f"Label Studio may not reach {url}"
    hint = (
        f"its own protection bans local addresses: serve on {ADDRESS} for one that `goldwire annotate serve` "
        "started without --no-assist; docs/assist.md has the settings for others"
    )
    return GoldwireError.of("GW382", message, where=client.url, hint=hint)

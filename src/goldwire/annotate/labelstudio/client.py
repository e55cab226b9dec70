"""What goldwire asks of a Label Studio, and which one that is, with which token."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from goldwire.annotate.addresses import host_of
from goldwire.annotate.labelstudio.server import running
from goldwire.annotate.labelstudio.transport import (
    REFUSED,
    TIMEOUT,
    TOKEN_VARIABLE,
    Transport,
    dicts,
)
from goldwire.errors import GoldwireError
from goldwire.project import CONFIG, Project
from goldwire.redaction import keep_secret, keep_secrets_in, without_query

T = TypeVar("T")

URL_VARIABLE = "GOLDWIRE_URL"
#: Seconds for an import of a full batch.
IMPORT_TIMEOUT = 600.0
PAGE = 100
#: What is asked of the annotations of tasks: what was marked, by whom and when.
WORK = (
    "annotations",
    "result",
    "completed_by",
    "updated_by",
    "was_cancelled",
    "ground_truth",
    "created_at",
    "updated_at",
    "lead_time",
)
# A query travels in the address; servers take 8 kB of it.
_QUERY_CHARACTERS = 6000


class Client(Transport):
    """One Label Studio; `own` where it is the project's."""

    def __init__(self, url: str, token: str, *, own: bool = False, timeout: float = TIMEOUT) -> None:
        check_address(url)
        super().__init__(url, token, timeout)
        self.own = own

    @property
    def server(self) -> str:
        """What records call the server: `own`, since the project's own changes its port, or its address."""
        return "own" if self.own else self.url

    def whoami(self) -> dict[str, Any]:
        """The account that the token belongs to."""
        return self._dict(self.get("api/current-user/whoami"), "api/current-user/whoami")

    def organisation(self) -> str:
        """When the organisation of the token's account began: which server this is, wherever it is found."""
        organisations = dicts(self.get("api/organizations/"))
        begun = (str(row["created_at"]) for row in organisations if row.get("created_at"))
        return min(begun, default=self.url)

    def projects(self, title: str, fields: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The projects of exactly this title, the oldest first: `id`, `title` and `fields` of each."""
        title = title.strip()  # as the server keeps it
        projects: list[dict[str, Any]] = []
        include = ",".join(("id", "title", *fields))  # all of it takes the server twice as long
        for page in range(1, 1000):
            answer = self._dict(
                self.get("api/projects/", title=title, page=page, page_size=PAGE, include=include),
                "api/projects/",
            )
            projects.extend(answer.get("results", []))
            if not answer.get("next"):
                break
        return sorted((p for p in projects if p.get("title") == title), key=lambda p: int(p["id"]))

    def project(self, project: int, fields: Sequence[str] = ()) -> dict[str, Any]:
        """One project with its counters; with `fields` only these of it, which is quicker."""
        narrowed = {"include": ",".join(("id", *fields))} if fields else {}
        # With the slash, here and below: without it the server looks for the address twice.
        return self._dict(self.get(f"api/projects/{project}/", **narrowed), "api/projects")

    def project_url(self, project: int) -> str:
        """Where people see a project: its list of tasks."""
        return f"{self.url}/projects/{project}"

    def task_url(self, project: int, task: int, *, labelling: bool = False) -> str:
        """Where people see a task, beside the list; with `labelling` without it, as an annotator works."""
        return f"{self.project_url(project)}/data?task={task}{'&labeling=1' if labelling else ''}"

    def create_project(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Make a project."""
        return self._dict(self.request("POST", "api/projects/", body=fields), "api/projects/")

    def update_project(self, project: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Change a project."""
        return self._dict(self.request("PATCH", f"api/projects/{project}/", body=fields), "api/projects")

    def tasks(
        self,
        project: int,
        include: Sequence[str],
        filters: Sequence[dict[str, Any]] = (),
        *,
        page: int = PAGE,
    ) -> Iterator[dict[str, Any]]:
        """The project's tasks that meet all filters, by id, with only the fields named (also inside others).

        Each page asks for ids beyond the last one, so that tasks that come or go meanwhile shift nothing.
        """
        last = 0
        while True:
            beyond = task_filter("id", "greater", "Number", last)
            query = {
                "filters": {"conjunction": "and", "items": [beyond, *filters]},
                "ordering": ["tasks:id"],
            }
            answer = self.get(
                "api/tasks/",
                project=project,
                query=_query_text(query),
                fields="all",
                include=",".join(dict.fromkeys(["id", *include])),
                resolve_uri="false",
                page_size=page,
            )
            tasks = self._dict(answer, "api/tasks").get("tasks", [])
            yield from tasks
            if len(tasks) < page:
                return
            last = int(tasks[-1]["id"])

    def tasks_with(
        self, project: int, field: str, values: Sequence[str], include: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """The tasks whose `data.field` is one of `values`, asked for in as many requests as it takes.

        What an address can't hold is looked for among all tasks. `include` names `data`.
        """
        wanted = set(values)
        if any(_length(value) > _QUERY_CHARACTERS for value in wanted):
            requests: Iterator[list[dict[str, Any]]] = iter([[]])
        else:
            portions = in_portions(dict.fromkeys(values), _length, _QUERY_CHARACTERS)
            requests = ([task_filter(f"data.{field}", "in_list", "List", portion)] for portion in portions)
        for filters in requests:
            for task in self.tasks(project, include, filters):
                data = task.get("data")
                if isinstance(data, dict) and str(data.get(field, "")) in wanted:
                    yield task

    def tasks_among(
        self, project: int, numbers: Sequence[str], include: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """The tasks of these ids."""
        for portion in in_portions(numbers, _length, _QUERY_CHARACTERS):
            yield from self.tasks(project, include, [task_filter("id", "in_list", "List", portion)])

    def import_tasks(self, project: int, tasks: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Add tasks (with their predictions); the server's counts."""
        path = f"api/projects/{project}/import"
        return self._dict(self.request("POST", path, body=list(tasks), timeout=IMPORT_TIMEOUT), path)

    @property
    def path(self) -> str:
        """What stands before every path of the server: empty, or where a proxy has put it."""
        return urlsplit(self.url).path.rstrip("/")

    def uploads(self, project: int) -> list[dict[str, Any]]:
        """The files that were uploaded into a project: `id`, `file` (its path on the server)."""
        return self._list(f"api/projects/{project}/file-uploads", "api/projects/file-uploads", all="true")

    def upload(self, project: int, name: str, text: str, kind: str) -> None:
        """Put a file beside a project's tasks, and make no task of it; `kind` is its media type."""
        path = f"api/projects/{project}/import"
        files = {"file": (name, text.encode(), kind)}
        self.request("POST", path, params={"commit_to_project": "false"}, files=files, timeout=IMPORT_TIMEOUT)

    def remove_uploads(self, project: int, numbers: Sequence[int]) -> None:
        """Remove uploaded files."""
        body = {"file_upload_ids": list(numbers)}
        self.request("DELETE", f"api/projects/{project}/file-uploads", body=body)

    def import_predictions(self, project: int, predictions: Sequence[dict[str, Any]]) -> int:
        """Add predictions to tasks that exist; the number that the server made."""
        path = f"api/projects/{project}/import/predictions"
        answer = self.request("POST", path, body=list(predictions), timeout=IMPORT_TIMEOUT)
        return int(self._dict(answer, path).get("created", 0))

    def create_prediction(self, task: int, fields: dict[str, Any]) -> int:
        """Add a prediction to a task; its number."""
        answer = self.request("POST", "api/predictions/", body={"task": task, **fields})
        return int(self._dict(answer, "api/predictions/")["id"])

    def update_task(self, task: int, fields: dict[str, Any]) -> None:
        """Change a task."""
        self.request("PATCH", f"api/tasks/{task}/", body=fields)

    def drafts(self, task: int) -> list[dict[str, Any]]:
        """The unfinished work of all annotators on a task; `user` is an e-mail address."""
        return self._list(f"api/tasks/{task}/drafts", "api/tasks/drafts")

    def _list(self, path: str, told: str, **params: str) -> list[dict[str, Any]]:
        """The objects that a GET lists; `told` is what an error calls it."""
        listed = self.get(path, **params)
        if not isinstance(listed, list):
            raise self._page(told)
        return dicts(listed)

    def delete_task(self, task: int) -> None:
        """Remove a task."""
        self.request("DELETE", f"api/tasks/{task}/")

    def delete_prediction(self, prediction: int) -> None:
        """Remove a prediction."""
        self.request("DELETE", f"api/predictions/{prediction}/")

    def invite_link(self) -> str:
        """The address where whoever has it can make an account."""
        path = str(self._dict(self.get("api/invite"), "api/invite").get("invite_url", ""))
        return path if "://" in path else f"{self.url}/{path.lstrip('/')}"

    def users(self) -> list[dict[str, Any]]:
        """The accounts of the server's organisation."""
        answer = self.get("api/users/")
        listed = answer.get("results", []) if isinstance(answer, dict) else answer
        return [user for user in listed if isinstance(user, dict)]

    def create_user(self, email: str, name: str) -> dict[str, Any]:
        """Make an account that nobody can log in with: it has no password."""
        body = {"email": email, "username": email, "first_name": name[:250]}
        return self._dict(self.request("POST", "api/users/", body=body), "api/users/")

    def create_annotation(self, task: int, fields: dict[str, Any]) -> dict[str, Any] | None:
        """Add an annotation; None where one with its `unique_id` is there already."""
        try:
            answer = self.request("POST", f"api/tasks/{task}/annotations/", body=fields)
        except GoldwireError as error:
            if error.faults[0].code == REFUSED and "unique id already exists" in error.faults[0].message:
                return None
            raise
        return self._dict(answer, "api/tasks/annotations")


def _query_text(query: Any) -> str:
    """A query as the server reads it: it undoes percent-encoding once more than it was done.

    So that no value changes, `%` is written as JSON can write it too.
    """
    return json.dumps(query, ensure_ascii=False).replace("%", "\\u0025")


def _length(value: str) -> int:
    """The characters that a value takes in an address."""
    return len(quote(_query_text(value))) + 6


def check_address(url: str) -> None:
    """Raise GW310 where this is no address of a Label Studio; what is secret in it is kept."""
    keep_secrets_in(url)
    if not host_of(url):
        hint = "http:// or https://, without a name, password or query in it"
        raise GoldwireError.of("GW310", "no address of a Label Studio", where=without_query(url), hint=hint)


def task_filter(column: str, operator: str, kind: str, value: Any) -> dict[str, Any]:
    """A filter of a project's tasks by one of their columns, as the server reads it."""
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def in_portions(
    items: Iterable[T], size_of: Callable[[T], int], limit: int, most: int | None = None
) -> Iterator[list[T]]:
    """Items in portions of at most `most`, whose sizes add up to `limit` at most; a larger item is alone."""
    portion: list[T] = []
    size = 0
    for item in items:
        length = size_of(item)
        if portion and (len(portion) == most or size + length > limit):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += length
    if portion:
        yield portion


def connect(project: Project, *, url: str | None = None) -> Client:
    """The Label Studio to use: `url`, else $GOLDWIRE_URL, else `[annotate] url`, else the project's own.

    The token of a named one is in $GOLDWIRE_TOKEN (a legacy or a personal access token). Raises GW310 where
    no server is named and none runs, GW311 where the token is missing or stands in goldwire.toml.
    """
    where = str(project.root / CONFIG)
    if written := project.setting("annotate", "token", ""):
        keep_secret(str(written))
        hint = (
            f"a token in a file under git is everybody's: take it out, make a new one, set ${TOKEN_VARIABLE}"
        )
        raise GoldwireError.of("GW311", "[annotate] must not hold a token", where=where, hint=hint)
    named = url or os.environ.get(URL_VARIABLE) or str(project.setting("annotate", "url", ""))
    if named:
        check_address(named)
    local = running(project)
    if local is not None and (not named or named.rstrip("/") == local.url):
        return checked(Client(local.url, local.token, own=True))
    if not named:
        hint = f"start one: goldwire annotate serve --detach; or name one with --url or ${URL_VARIABLE}"
        message = "no Label Studio is running for this project"
        raise GoldwireError.of("GW310", message, where=str(project.root), hint=hint)
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        hint = f"set ${TOKEN_VARIABLE} to the token of Label Studio's page Account & Settings"
        raise GoldwireError.of("GW311", "no token for it", where=named, hint=hint)
    return checked(Client(named, token))


def checked(client: Client) -> Client:
    """The client, once the server has taken its token; closed where anything ends that."""
    with ExitStack() as closing:
        closing.callback(client.close)
        client.whoami()
        closing.pop_all()
    return client

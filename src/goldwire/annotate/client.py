"""The connection to a Label Studio: which one, with which token; its answers as plain data or plain errors.

Requests go over the SDK's transport, which knows both kinds of tokens and refreshes them; answers are read
as JSON, since the SDK's response types drop fields that they do not know. Nothing is retried: a request that
was cut off may have been carried out all the same (`Unsure`), and only the caller can tell.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from goldwire.annotate.server import running
from goldwire.errors import GoldwireError
from goldwire.project import CONFIG, Project

URL_VARIABLE = "GOLDWIRE_URL"
TOKEN_VARIABLE = "GOLDWIRE_TOKEN"
#: Seconds: for reading, and for an import of a full batch.
TIMEOUT = 120.0
IMPORT_TIMEOUT = 600.0
PAGE = 100
# A query travels in the address; servers take 8 kB of it.
_QUERY_CHARACTERS = 6000


class Unsure(GoldwireError):
    """The request failed, and it can't be told whether the server carried it out."""


class Client:
    """One Label Studio; `own` where it is the project's. Its token is in no message and no printed form."""

    def __init__(self, url: str, token: str, *, own: bool = False, timeout: float = TIMEOUT) -> None:
        import httpx
        from label_studio_sdk.client import LabelStudio
        from label_studio_sdk.core.api_error import ApiError

        host = _host(url)
        if not host:
            shown = url if "@" not in url else f"…@{url.rpartition('@')[2]}"
            hint = "http:// or https://, without a name or password in it"
            raise GoldwireError.of("GW310", "no address of a Label Studio", where=shown, hint=hint)
        self.url = url.rstrip("/")
        if not re.fullmatch(r"[!-~]+", token):
            raise self._token_refused("is empty or holds characters that no token has")
        self.own = own
        self._token = token
        self._timeout = timeout
        loopback = host in ("127.0.0.1", "localhost", "::1")
        self._connections = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=not loopback)
        try:
            # A personal token is refreshed at an address joined to this one: the slash keeps a sub-path.
            sdk = LabelStudio(base_url=self.url + "/", api_key=token, httpx_client=self._connections)
        except ApiError:
            self.close()
            raise self._token_refused("has expired") from None
        self._http = sdk._client_wrapper.httpx_client

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._connections.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
    ) -> Any:
        """The answer's JSON, None where it is empty.

        Raises GW312 for a refused token, GW313 where the server can't be reached, GW314 for a web page in
        place of JSON, GW315 for a refused request; `Unsure` GW316 where the answer did not come in time or
        the connection broke, GW317 for a fault of the server.
        """
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        sent: dict[str, Any] = {}
        if body is not None:
            # Encoded here: the SDK's own encoder takes longer than the server takes for a batch.
            sent = {"content": msgspec.json.encode(body), "headers": {"Content-Type": "application/json"}}
        options = {"max_retries": 0, "timeout": timeout or self._timeout}
        try:
            answer = self._http.request(path, method=method, params=params, request_options=options, **sent)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL) as error:
            hint = "is it running? goldwire annotate serve starts one of your own"
            message = f"can't be reached: {self._clean(str(error))}"
            raise GoldwireError.of("GW313", message, where=self.url, hint=hint) from None
        except httpx.TimeoutException:
            message = f"no answer within {timeout or self._timeout:.0f} s to {method} {path}"
            raise Unsure.of(
                "GW316", message, where=self.url, hint="run it again: nothing is sent twice"
            ) from None
        except httpx.HTTPError as error:
            message = f"the connection broke during {method} {path}: {self._clean(str(error))}"
            raise Unsure.of(
                "GW316", message, where=self.url, hint="run it again: nothing is sent twice"
            ) from None
        except ApiError as error:
            # Only the refresh of a personal token raises here.
            raise self._fault(error.status_code or 0, error.body, f"{method} {path}") from None
        except json.JSONDecodeError:
            raise self._page(f"{method} {path}") from None
        if not answer.content and answer.is_success:
            return None
        try:
            data = answer.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            data = answer.text
        if answer.is_success and not isinstance(data, str):
            return data
        raise self._fault(answer.status_code, data, f"{method} {path}", answer.headers.get("location", ""))

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET."""
        return self.request("GET", path, params=params)

    # What goldwire asks of a Label Studio -------------------------------------------------------------

    def whoami(self) -> dict[str, Any]:
        """The account that the token belongs to."""
        found: dict[str, Any] = self._dict(self.get("api/current-user/whoami"), "api/current-user/whoami")
        return found

    def projects(self, title: str) -> list[dict[str, Any]]:
        """The projects of exactly this title, the oldest first."""
        found: list[dict[str, Any]] = []
        for page in range(1, 1000):
            answer = self._dict(
                self.get("api/projects/", title=title, page=page, page_size=PAGE), "api/projects/"
            )
            found.extend(answer.get("results", []))
            if not answer.get("next"):
                break
        return sorted((p for p in found if p.get("title") == title), key=lambda p: int(p["id"]))

    def project(self, project: int) -> dict[str, Any]:
        """One project with its counters."""
        return self._dict(self.get(f"api/projects/{project}"), "api/projects")

    def create_project(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Make a project."""
        return self._dict(self.request("POST", "api/projects/", body=fields), "api/projects/")

    def update_project(self, project: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Change a project."""
        return self._dict(self.request("PATCH", f"api/projects/{project}", body=fields), "api/projects")

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
            beyond = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}
            query = {
                "filters": {"conjunction": "and", "items": [beyond, *filters]},
                "ordering": ["tasks:id"],
            }
            answer = self.get(
                "api/tasks",
                project=project,
                query=json.dumps(query, ensure_ascii=False),
                fields="all",
                include=",".join(dict.fromkeys(["id", *include])),
                resolve_uri="false",
                page_size=page,
            )
            found = self._dict(answer, "api/tasks").get("tasks", [])
            yield from found
            if len(found) < page:
                return
            last = int(found[-1]["id"])

    def tasks_with(
        self, project: int, field: str, values: Sequence[str], include: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """The tasks whose `data.field` is one of `values`, asked for in as many requests as it takes."""
        for some in _portions(values):
            wanted = {
                "filter": f"filter:tasks:data.{field}",
                "operator": "in_list",
                "type": "List",
                "value": some,
            }
            yield from self.tasks(project, include, [wanted])

    def import_tasks(self, project: int, tasks: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Add tasks (with their predictions); the server's counts."""
        path = f"api/projects/{project}/import"
        return self._dict(self.request("POST", path, body=list(tasks), timeout=IMPORT_TIMEOUT), path)

    def import_predictions(self, project: int, predictions: Sequence[dict[str, Any]]) -> int:
        """Add predictions to tasks that exist; the number that the server made."""
        path = f"api/projects/{project}/import/predictions"
        answer = self.request("POST", path, body=list(predictions), timeout=IMPORT_TIMEOUT)
        return int(self._dict(answer, path).get("created", 0))

    def update_task(self, task: int, fields: dict[str, Any]) -> None:
        """Change a task."""
        self.request("PATCH", f"api/tasks/{task}/", body=fields)

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
        found = answer.get("results", []) if isinstance(answer, dict) else answer
        return [user for user in found if isinstance(user, dict)]

    def create_user(self, email: str, name: str) -> dict[str, Any]:
        """Make an account that nobody can log in with: it has no password."""
        body = {"email": email, "username": email, "first_name": name[:250]}
        return self._dict(self.request("POST", "api/users/", body=body), "api/users/")

    def create_annotation(self, task: int, fields: dict[str, Any]) -> dict[str, Any] | None:
        """Add an annotation; None where one with its `unique_id` is there already."""
        try:
            answer = self.request("POST", f"api/tasks/{task}/annotations/", body=fields)
        except GoldwireError as error:
            if error.faults[0].code == "GW315" and "unique id already exists" in error.faults[0].message:
                return None
            raise
        return self._dict(answer, "api/tasks/annotations")

    # Errors --------------------------------------------------------------------------------------------

    def _dict(self, answer: Any, path: str) -> dict[str, Any]:
        if not isinstance(answer, dict):
            hint = "is this a Label Studio 1.23?"
            raise GoldwireError.of(
                "GW314", f"an answer of another form from {path}", where=self.url, hint=hint
            )
        return answer

    def _clean(self, text: str) -> str:
        """A message without the token, on one line, of bounded length."""
        bare = " ".join(text.replace(self._token, "…").split())
        return bare if len(bare) <= 400 else bare[:400] + " …"

    def _token_refused(self, why: str) -> GoldwireError:
        hint = f"set {TOKEN_VARIABLE} to the token of Label Studio's page Account & Settings"
        return GoldwireError.of("GW312", f"the token {why}", where=self.url, hint=hint)

    def _page(self, what: str) -> GoldwireError:
        hint = "is this the address of a Label Studio, with its sub-path?"
        return GoldwireError.of(
            "GW314", f"{what}: a web page where JSON was expected", where=self.url, hint=hint
        )

    def _fault(self, status: int, data: Any, what: str, location: str = "") -> GoldwireError:
        if status in (401, 403):
            return self._token_refused("is refused" if status == 401 else "does not allow this")
        if 300 <= status < 400:
            hint = "use the address that it leads to"
            return GoldwireError.of(
                "GW314", f"redirected to {self._clean(location)}", where=self.url, hint=hint
            )
        if status >= 500:
            detail = "" if isinstance(data, str) else f": {self._clean(_detail(data))}"
            return Unsure.of("GW317", f"{what}: the server failed with {status}{detail}", where=self.url)
        if isinstance(data, str):
            return self._page(what)
        return GoldwireError.of(
            "GW315", f"{what}: refused with {status}: {self._clean(_detail(data))}", where=self.url
        )


def _host(url: str) -> str:
    """The host of an address; empty where it is none, or holds a name or password."""
    try:
        parts = urlsplit(url)
        _ = parts.port, url.encode(), (parts.hostname or "").encode("idna")  # raise for what is none
    except ValueError:
        return ""
    fit = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return (parts.hostname or "") if fit else ""


def _detail(data: Any) -> str:
    """What a refusal of the server says, its validation errors before all."""
    if isinstance(data, dict):
        told = data.get("validation_errors") or data.get("detail") or data
        return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    return json.dumps(data, ensure_ascii=False)


def _portions(values: Sequence[str]) -> Iterator[list[str]]:
    """The values in portions that an address can hold."""
    some: list[str] = []
    size = 0
    for value in values:
        length = len(quote(json.dumps(value, ensure_ascii=False))) + 6
        if some and size + length > _QUERY_CHARACTERS:
            yield some
            some, size = [], 0
        some.append(value)
        size += length
    if some:
        yield some


def connect(project: Project, *, url: str | None = None) -> Client:
    """The Label Studio to use: `url`, else $GOLDWIRE_URL, else `[annotate] url`, else the project's own.

    The token of a named one is in $GOLDWIRE_TOKEN (a legacy or a personal access token). Raises GW310 where
    no server is named and none runs, GW311 where the token is missing or stands in goldwire.toml.
    """
    where = str(project.root / CONFIG)
    if project.setting("annotate", "token", ""):
        hint = (
            f"a token in a file under git is everybody's: take it out, make a new one, set ${TOKEN_VARIABLE}"
        )
        raise GoldwireError.of("GW311", "[annotate] must not hold a token", where=where, hint=hint)
    named = url or os.environ.get(URL_VARIABLE) or str(project.setting("annotate", "url", ""))
    own = running(project)
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if named and own is not None and named.rstrip("/") == own.url:
        client = Client(own.url, own.token, own=True)
    elif named:
        if not token:
            hint = f"set ${TOKEN_VARIABLE} to the token of Label Studio's page Account & Settings"
            raise GoldwireError.of("GW311", "no token for it", where=named, hint=hint)
        client = Client(named, token)
    elif own is not None:
        client = Client(own.url, own.token, own=True)
    else:
        hint = f"start one: goldwire annotate serve --detach; or name one with --url or ${URL_VARIABLE}"
        raise GoldwireError.of(
            "GW310", "no Label Studio is running for this project", where=str(project.root), hint=hint
        )
    return checked(client)


def checked(client: Client) -> Client:
    """The client, once the server has taken its token; closed where anything ends that."""
    try:
        client.whoami()
    except BaseException:
        client.close()
        raise
    return client

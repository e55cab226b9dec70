"""Requests to a Label Studio, and its answers as plain data or plain errors.

They go over the SDK's transport, which knows both kinds of tokens and refreshes them; answers are read as
JSON, since the SDK's response types drop fields that they do not know. Nothing is retried: a request that was
cut off may have been carried out all the same (`Unsure`), and only the caller can tell.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import msgspec

from goldwire.annotate.addresses import host_of, is_loopback
from goldwire.errors import AnnotateError, GoldwireError, install_hint
from goldwire.redaction import keep_secret, shortened

TOKEN_VARIABLE = "GOLDWIRE_TOKEN"
#: Seconds to wait for an answer.
TIMEOUT = 120.0
#: The code of a request that the server understood and refused.
REFUSED = "GW315"
#: Characters of a server's own words in a message.
_LONGEST = 400
#: The code of a token that is refused, or does not allow the request.
TOKEN_REFUSED = "GW312"


class Unsure(AnnotateError):
    """The request failed, and it can't be told whether the server carried it out."""


class Transport:
    """The way to one server. Its token is in no message and no printed form."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        try:
            import httpx
            from label_studio_sdk.core.api_error import ApiError

            # Not the whole client, which imports pandas and takes two seconds of CPU more.
            from label_studio_sdk.core.client_wrapper import SyncClientWrapper
        except ModuleNotFoundError as error:
            message = f"talking to Label Studio needs its SDK: there is no `{error.name}`"
            raise AnnotateError.of("GW745", message, hint=install_hint("sync")) from None

        self.url = url.rstrip("/")
        if not re.fullmatch(r"[!-~]+", token):
            raise self._token_refused("is empty or holds characters that no token has")
        keep_secret(token)
        self._timeout = timeout
        #: What the server's clock said in its last answer, to the second.
        self.server_time: datetime | None = None
        trust_env = not is_loopback(host_of(url))  # no proxy stands before this machine
        self._connections = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=trust_env)
        try:
            # A personal token is refreshed at an address joined to this one: the slash keeps a sub-path.
            sdk = SyncClientWrapper(
                base_url=self.url + "/", api_key=token, timeout=timeout, httpx_client=self._connections
            )
        except ApiError:
            self.close()
            raise self._token_refused("has expired") from None
        self._http = sdk.httpx_client

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Self:
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
        files: dict[str, tuple[str, bytes, str]] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The answer's JSON, None where it is empty. `files` are sent as a form: name, bytes, type of each.

        Raises GW312 for a refused token, GW313 where the server can't be reached, GW314 for a web page in
        place of JSON, GW315 for a refused request; `Unsure` GW316 where the answer did not come in time or
        the connection broke, GW317 for a fault of the server.
        """
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        sent: dict[str, Any] = {}
        if files is not None:
            sent = {"files": files}
        elif body is not None:
            # Encoded here: the SDK's own encoder takes longer than the server takes for a batch.
            sent = {"content": msgspec.json.encode(body), "headers": {"Content-Type": "application/json"}}
        options = {"max_retries": 0, "timeout": timeout or self._timeout}
        try:
            answer = self._http.request(path, method=method, params=params, request_options=options, **sent)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL) as error:
            hint = "is it running? goldwire annotate serve starts one of your own"
            message = f"can't be reached: {shortened(str(error), _LONGEST)}"
            raise GoldwireError.of("GW313", message, where=self.url, hint=hint) from None
        except httpx.HTTPError as error:
            message = f"the connection broke during {method} {path}: {shortened(str(error), _LONGEST)}"
            if isinstance(error, httpx.TimeoutException):
                message = f"no answer within {timeout or self._timeout:.0f} s to {method} {path}"
            hint = "run it again: nothing is sent twice"
            raise Unsure.of("GW316", message, where=self.url, hint=hint) from None
        except ApiError as error:
            # Only the refresh of a personal token raises here.
            raise self._fault(error.status_code or 0, error.body, f"{method} {path}") from None
        except ValueError:
            # A refresh too: the answer is no JSON, or JSON of another form.
            raise self._page(f"{method} {path}") from None
        self.server_time = _moment(answer.headers.get("date", "")) or self.server_time
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

    # Errors --------------------------------------------------------------------------------------------

    def _dict(self, answer: Any, path: str) -> dict[str, Any]:
        if not isinstance(answer, dict):
            hint = "is this a Label Studio 1.23?"
            raise GoldwireError.of(
                "GW314", f"an answer of another form from {path}", where=self.url, hint=hint
            )
        return answer

    def _token_refused(self, why: str) -> GoldwireError:
        hint = f"set {TOKEN_VARIABLE} to the token of Label Studio's page Account & Settings"
        return GoldwireError.of(TOKEN_REFUSED, f"the token {why}", where=self.url, hint=hint)

    def _page(self, request: str) -> GoldwireError:
        hint = "is this the address of a Label Studio, with its sub-path?"
        return GoldwireError.of(
            "GW314", f"{request}: a web page where JSON was expected", where=self.url, hint=hint
        )

    def _fault(self, status: int, data: Any, request: str, location: str = "") -> GoldwireError:
        if status in (401, 403):
            return self._token_refused("is refused" if status == 401 else "does not allow this")
        if 300 <= status < 400:
            hint = "use the address that it leads to"
            return GoldwireError.of(
                "GW314", f"redirected to {shortened(location, _LONGEST)}", where=self.url, hint=hint
            )
        if status >= 500:
            detail = "" if isinstance(data, str) else f": {shortened(_detail(data), _LONGEST)}"
            return Unsure.of("GW317", f"{request}: the server failed with {status}{detail}", where=self.url)
        if isinstance(data, str):
            return self._page(request)
        return GoldwireError.of(
            REFUSED, f"{request}: refused with {status}: {shortened(_detail(data), _LONGEST)}", where=self.url
        )


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list; none where the value is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _moment(header: str) -> datetime | None:
    """The instant of a `Date` header, with its zone; None where it is none."""
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return None


def _detail(data: Any) -> str:
    """What a refusal of the server says, its validation errors before all."""
    if isinstance(data, dict):
        reason = data.get("validation_errors") or data.get("detail") or data
        return reason if isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)
    return json.dumps(data, ensure_ascii=False)

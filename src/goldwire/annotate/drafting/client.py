"""Questions to a server that speaks the OpenAI-compatible chat interface, and its answers or plain errors.

Nothing that a server says is run, followed or trusted further than as text: redirects are refused, an answer
has a size and a time.
"""

from __future__ import annotations

import json
import math
import random
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event, Lock
from typing import Any

from goldwire.annotate.addresses import host_of, is_loopback
from goldwire.annotate.drafting.background import BackgroundLoop, Closed
from goldwire.annotate.drafting.cache import Answer
from goldwire.annotate.drafting.settings import KEY_VARIABLE, Settings, api_key
from goldwire.errors import AnnotateError, GoldwireError, one_of
from goldwire.number_format import amount
from goldwire.redaction import shortened
from goldwire.strict_json import writable

#: Bytes of the largest answer.
_LARGEST = 4 << 20
#: Characters of a server's own words in a message.
_LONGEST = 300
#: What to do about an answer of another kind.
_OTHER = "is this the address of an OpenAI-compatible server, with its /v1?"
#: Seconds that a server may ask to wait at most, and those between tries at first.
LONGEST_WAIT, _FIRST_WAIT = 120.0, 1.0
#: Statuses below 500 that may pass: too slow, in conflict, too early, too many.
_PASSING = (408, 409, 425, 429)
#: How an answer can be bound, from the strictest.
FORMATS = ("json_schema", "json_object", "text")
_CONTEXT_KEYS = ("max_model_len", "n_ctx", "context_length", "context_window")
_CONTEXT_WORDS = ("exceed", "length", "too long", "window", "size", "maximum")


class TooLong(AnnotateError):
    """The prompt does not fit into what the model takes."""


class FormatRefused(AnnotateError):
    """The server does not take the request in this form."""


class Unreachable(AnnotateError):
    """Nobody answers at this address."""


class ServerFailed(AnnotateError):
    """The server gave no usable answer, however often it was asked."""


class MustWait(ServerFailed):
    """The server asks for a longer wait than is waited: nothing is asked of it until then."""


class NoAnswer(AnnotateError):
    """What came back is no chat answer."""


class ChatClient:
    """The way to one server. Its key is in no message and no printed form.

    `sleep` waits so many seconds between tries; `stop`, once it is set, ends the waiting. A wait that the
    server asks for is that of all requests.
    """

    def __init__(self, settings: Settings, *, sleep: Callable[[float], object] | None = None) -> None:
        import httpx

        self.settings = settings
        self.stop = Event()
        self._sleep = sleep or self.stop.wait
        key = api_key(settings.url)
        here = is_loopback(host_of(settings.url))
        self._key = _however_written(key) if key else None
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(settings.timeout, connect=min(30.0, settings.timeout)),
            limits=httpx.Limits(max_connections=settings.jobs + 1),
            follow_redirects=False,
            trust_env=not here,
            # Whom to trust takes 20 ms to read, and on this machine nobody is asked without TLS.
            verify=not (here and settings.url.startswith("http:")),
        )
        self._loop = BackgroundLoop("llm-answers")
        self._waiting = Lock()
        self._not_before = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.url!r})"

    def close(self) -> None:
        """End at once what is under way: no answer is waited for any longer."""
        self.stop.set()
        self._loop.close(self._http.aclose)

    def models(self) -> dict[str, int]:
        """The server's models with the tokens that each takes, 0 where it does not say; empty where it has no
        list.

        Raises GW803, GW804, GW806 and GW807 as `ask` does.
        """
        try:
            data, _ = self._request("GET", "models", None)
        except (FormatRefused, _NotFound):
            return {}
        listed = data.get("data") if isinstance(data, dict) else None
        return {
            each["id"]: _context_of(each)
            for each in (listed if isinstance(listed, list) else [])
            if isinstance(each, dict) and isinstance(each.get("id"), str)
        }

    def ask(self, body: dict[str, Any], *, lost: Callable[[bool], None] = lambda _again: None) -> Answer:
        """The answer to one request for a chat completion.

        `lost` is told of each try that broke, which the server may have answered all the same, and whether it
        is to be asked again; what it raises ends the request.

        Raises `Unreachable` GW803, GW804 for a refused key, GW805 for an unknown model,
        GW806 for a redirect; `NoAnswer` GW809, `TooLong` GW810, `FormatRefused` GW808;
        `ServerFailed` GW807 after all tries, `MustWait` GW815 where it asks for too long a wait.
        """
        try:
            data, seconds = self._request("POST", "chat/completions", body, lost)
        except _NotFound as error:
            raise self._unknown_model(str(body.get("model", "")), error) from None
        return _answer(data, str(body.get("model", "")), seconds, self.settings.url)

    # One request, until it is answered ------------------------------------------------------------------

    def _request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        lost: Callable[[bool], None] = lambda _again: None,
    ) -> tuple[Any, float]:
        """What was answered, and the seconds that this took: neither the waits nor the tries before it."""
        wait, pause = _FIRST_WAIT, 0.0
        for attempt in range(self.settings.retries + 1):
            self._wait(pause)
            begin = time.monotonic()
            try:
                status, headers, text = self._send(method, path, body)
            except _Broken as error:
                why, asked = str(error), None
                lost(attempt < self.settings.retries and not self.stop.is_set())
            else:
                if status in _PASSING or status >= 500:
                    why, asked = _failed(status, text), _retry_after(headers.get("retry-after", ""))
                    if status == 501:
                        raise FormatRefused.of("GW808", why, where=self.settings.url)
                else:
                    return self._read(status, headers, text), time.monotonic() - begin
            if asked is not None:
                with self._waiting:
                    self._not_before = max(self._not_before, time.monotonic() + asked)
                if asked > LONGEST_WAIT:
                    raise self._must_wait(f"{why}; it asks to wait for {amount(round(asked))} s")
            if attempt == self.settings.retries or self.stop.is_set():
                break
            # Some way apart, so that several requests do not come again at once.
            pause = asked if asked is not None else wait * random.uniform(0.75, 1.25)
            wait = min(2 * wait, LONGEST_WAIT / 4)
        hint = "run it again: what was answered is kept"
        message = f"{why}, asked {amount(attempt + 1)} times" if attempt else why
        raise ServerFailed.of("GW807", message, where=self.settings.url, hint=hint)

    def _wait(self, pause: float) -> None:
        """Until so many seconds are over, and the server may be asked, whoever of us it told to wait."""
        waited = time.monotonic()
        until = waited + pause
        while waited < (until := max(until, self._not_before)) and not self.stop.is_set():
            if (left := until - waited) > LONGEST_WAIT:
                raise self._must_wait(f"it has asked to wait: not asked for {amount(round(left))} s")
            self._sleep(round(left, 3))
            waited = until

    def _must_wait(self, message: str) -> GoldwireError:
        hint = "run it again then: what was answered is kept"
        return MustWait.of("GW815", message, where=self.settings.url, hint=hint)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, str], str]:
        """One try: status, headers, body. `_Broken` where the answer did not come whole and in time."""
        try:
            return self._loop.result(lambda: self._sent(method, path, body))
        except Closed:
            raise _Broken("no answer is waited for any longer") from None

    async def _sent(
        self, method: str, path: str, body: dict[str, Any] | None
    ) -> tuple[int, dict[str, str], str]:
        import httpx

        until = time.monotonic() + self.settings.timeout
        address = f"{self.settings.url}/{path}"
        try:
            async with self._http.stream(method, address, json=body) as response:
                data = bytearray()
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > _LARGEST:
                        message = f"an answer of more than {amount(_LARGEST >> 20)} MiB"
                        raise NoAnswer.of("GW809", message, where=self.settings.url)
                    if time.monotonic() > until:
                        raise _Broken(self._late())
                return response.status_code, dict(response.headers), self._without_key(data)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.InvalidURL,
            httpx.UnsupportedProtocol,
        ) as error:
            hint = "is it running? docs/drafts.md starts one on this machine"
            if "certificate" in str(error).lower() or "ssl" in str(error).lower():
                hint = "its certificate must be valid for this name: it is not asked otherwise"
            message = f"can't be reached: {shortened(str(error), _LONGEST) or type(error).__name__}"
            raise Unreachable.of("GW803", message, where=self.settings.url, hint=hint) from None
        except httpx.TimeoutException:
            raise _Broken(self._late()) from None
        except httpx.HTTPError as error:
            raise _Broken(f"the connection broke: {shortened(str(error), _LONGEST)}") from None

    def _without_key(self, data: bytearray) -> str:
        """The text of an answer; a server that repeats the key, escaped too, puts it into no file of ours."""
        text = data.decode(errors="replace")
        return self._key.sub("…", text) if self._key else text

    def _late(self) -> str:
        return f"no answer within {self.settings.timeout:.0f} s"

    def _read(self, status: int, headers: dict[str, str], text: str) -> Any:
        """The JSON of an answer that is neither a fault of the server nor a wait."""
        url = self.settings.url
        if 300 <= status < 400:
            message = f"redirected to {shortened(headers.get('location', ''), _LONGEST)}"
            hint = "no redirect is followed: name the address that is meant"
            raise GoldwireError.of("GW806", message, where=url, hint=hint)
        detail = _detail(text)
        if status in (401, 403):
            said = f": {shortened(detail, _LONGEST)}" if detail else ""
            hint = f"set {KEY_VARIABLE} to a key of this server"
            raise GoldwireError.of("GW804", f"the key is refused ({status}){said}", where=url, hint=hint)
        lower = detail.lower()
        if "context" in lower and status in (400, 413, 422) and any(word in lower for word in _CONTEXT_WORDS):
            raise too_long(url, f": {shortened(detail, _LONGEST)}")
        if status == 404:
            raise _NotFound(detail)
        if status >= 400:
            if "model" in lower and any(
                word in lower for word in ("not exist", "not found", "unknown", "invalid model")
            ):
                raise _NotFound(detail)
            message = f"refused with {status}: {shortened(detail, _LONGEST)}"
            raise FormatRefused.of("GW808", message, where=url)
        try:
            return _json(text)
        except (ValueError, RecursionError):
            said = shortened(text, 80)
            raise NoAnswer.of("GW809", f"no JSON in the answer: {said}", where=url, hint=_OTHER) from None

    def _unknown_model(self, name: str, error: _NotFound) -> GoldwireError:
        try:
            listed = list(self.models())
        except GoldwireError:
            listed = []
        return unknown_model(self.settings.url, name, listed, shortened(str(error), _LONGEST))


def too_long(url: str, said: str = "") -> TooLong:
    """The error of a prompt that does not fit into what the model takes."""
    hint = "start the server with a longer context, or set `passage` under [llm] lower"
    error: TooLong = TooLong.of("GW810", f"too long for the model{said}", where=url, hint=hint)  # type: ignore[assignment]
    return error


def unknown_model(url: str, name: str, listed: Sequence[str], said: str = "") -> GoldwireError:
    """The error of a model that a server does not have, or of none that is named."""
    told = f" ({said})" if said else ""
    message = f"it has no model `{name}`{told}" if name else "which of its models? none is named"
    hint = (
        f"model under [llm], or --llm-model; {one_of(listed)}"
        if listed
        else "model under [llm], and an address with its /v1"
    )
    return GoldwireError.of("GW805", message, where=url, hint=hint)


class _Broken(Exception):
    """No whole answer came."""


class _NotFound(Exception):
    """The server does not know the model, or the address."""


def _however_written(key: str) -> re.Pattern[str]:
    """The key as it stands in JSON, and in a text in JSON in turn: each character may be an escape there."""
    forms = (rf"(?:\\{{0,16}}{re.escape(c)}|\\{{1,16}}u(?i:{ord(c):04x}))" for c in key)
    return re.compile("".join(forms))


def _json(text: str) -> Any:
    """A JSON text's value. Raises `ValueError` or `RecursionError` where there is none."""
    return writable(json.loads(text))


def _answer(data: Any, model: str, seconds: float, url: str) -> Answer:
    try:
        choice = data["choices"][0]
        text = choice["message"].get("content") or ""
        if not isinstance(text, str):
            raise TypeError
    except (KeyError, IndexError, TypeError, AttributeError):
        said = shortened(json.dumps(data, ensure_ascii=False), 80)
        raise NoAnswer.of("GW809", f"no chat answer: {said}", where=url, hint=_OTHER) from None
    usage = data.get("usage") if isinstance(data.get("usage"), dict) else {}
    named = data.get("model")
    return Answer(
        text,
        str(choice.get("finish_reason") or ""),
        named if isinstance(named, str) and named else model,
        _whole(usage.get("prompt_tokens")),
        _whole(usage.get("completion_tokens")),
        round(seconds, 3),
        datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _context_of(entry: dict[str, Any]) -> int:
    """The tokens that a model takes, as one of the usual keys says it."""
    meta = entry.get("meta")
    for where in (entry, meta if isinstance(meta, dict) else {}):
        for key in _CONTEXT_KEYS:
            if value := _whole(where.get(key)):
                return value
    return 0


def _detail(text: str) -> str:
    """What an error's body says."""
    try:
        data = _json(text)
    except (ValueError, RecursionError):
        return "" if text.lstrip().startswith("<") else text
    error = data.get("error", data) if isinstance(data, dict) else data
    said = error.get("message", error) if isinstance(error, dict) else error
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)


def _failed(status: int, text: str) -> str:
    detail = shortened(_detail(text), _LONGEST)
    what = "too many requests" if status == 429 else "the server failed"
    return f"{what} ({status}{': ' + detail if detail else ''})"


def _retry_after(header: str) -> float | None:
    """Seconds that a server asks to wait, given as such or as an instant; None where it does not say."""
    try:
        seconds = float(header)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        instant = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - datetime.now(UTC)).total_seconds())

"""The Label Studio ML backend contract over HTTP: health, setup, predict, webhook, versions.

What Label Studio sends with `setup` holds the API token of the project's creator: it is neither kept nor
shown. Webhook events are hints: they are counted, and nothing rests on them.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.annotate.ml_backend.connections import CONNECTIONS, PATIENCE, limited
from goldwire.annotate.ml_backend.handlers import Backend, RefusedRequest, count_requests
from goldwire.errors import GoldwireError, install_hint
from goldwire.number_format import amount
from goldwire.redaction import shortened

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

#: Bytes of the largest request.
LIMIT = 64 * 1024 * 1024
#: Requests that may wait for their turn, read whole.
WAITING = 64
#: Bodies of more than `_SMALL` bytes that are held at a time, read or being read.
LARGE = 4
_SMALL = 1024 * 1024
_JSON = "application/json"


def make_app(backend: Backend, hosts: frozenset[str], patience: float) -> Starlette:
    """The ASGI application. With `hosts`, only requests to one of these names are answered.

    A page in a browser can't use it: it would need another `Host` or another content type. A body that is not
    there after `patience` seconds is not waited for.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.responses import Response
    from starlette.routing import Route

    bodies = _Bodies(patience)

    def answer(handle: Callable[[Request], Awaitable[bytes]]) -> Callable[[Request], Awaitable[Response]]:
        async def run(request: Request) -> Response:
            if hosts and request.url.hostname not in hosts:
                return _error("not the name of this server", 400)
            try:
                return Response(await handle(request), media_type=_JSON)
            except RefusedRequest as error:
                # What is left of a body that was not read whole is not to be taken for the next request.
                return _error(str(error), error.status, {"connection": "close"})

        return run

    async def health(_request: Request) -> bytes:
        return msgspec.json.encode({"status": "UP", "model_version": backend.assistant.version})

    async def versions(_request: Request) -> bytes:
        return msgspec.json.encode({"versions": [backend.assistant.version]})

    async def setup(request: Request) -> bytes:
        async with bodies.of(request) as body:
            return msgspec.json.encode(backend.setup(_object(body)))

    async def webhook(request: Request) -> bytes:
        async with bodies.of(request) as body:
            return msgspec.json.encode(backend.webhook(_object(body)))

    async def predict(request: Request) -> bytes:
        async with bodies.of(request) as body:
            # Counted from here on: who sends half a request takes nobody's turn.
            if backend.waiting >= WAITING:
                raise RefusedRequest(503, "too many requests are waiting: ask again")
            backend.waiting += 1
            try:
                # Decoded and encoded there too: both take their time with a thousand articles.
                job = partial(_predicted, backend, body, time.monotonic() + backend.budget)
                return await asyncio.get_running_loop().run_in_executor(backend.thread, job)
            finally:
                backend.waiting -= 1

    async def refused(_request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _error(error.detail, error.status_code)
        count_requests(backend.counts.failed, shortened(f"{type(error).__name__}: {error}", 200))
        # Starlette raises it again, and uvicorn ends the connection: said, so that nobody asks on it again.
        return _error("the prediction failed", 500, {"connection": "close"})

    routes = [
        Route("/", answer(health), methods=["GET"]),
        Route("/health", answer(health), methods=["GET"]),
        Route("/versions", answer(versions), methods=["GET"]),
        Route("/setup", answer(setup), methods=["POST"]),
        Route("/predict", answer(predict), methods=["POST"]),
        Route("/webhook", answer(webhook), methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: refused, Exception: refused})


def _error(message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    from starlette.responses import Response

    return Response(msgspec.json.encode({"error": message}), status, headers, media_type=_JSON)


def _predicted(backend: Backend, data: bytes, until: float) -> bytes:
    return msgspec.json.encode(backend.predict(_object(data), until))


class _Bodies:
    """The bodies of requests: each in time and not too large, only a few large ones at once."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.large = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[bytes]:
        """A request's body, held for the time of a block.

        `RefusedRequest` where it is too large, of another type than JSON, does not come in time or not whole,
        or where too many large ones are held already.
        """
        from starlette.requests import ClientDisconnect

        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            raise RefusedRequest(415, "application/json is asked for")
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > LIMIT:
            raise self._too_large()
        data, large = bytearray(), False
        try:
            try:
                async with asyncio.timeout(self.patience):
                    async for part in request.stream():
                        data += part
                        if len(data) > LIMIT:
                            raise self._too_large()
                        if len(data) > _SMALL and not large:
                            if self.large >= LARGE:
                                raise RefusedRequest(503, "too many large requests: ask again")
                            self.large, large = self.large + 1, True
            except TimeoutError:
                raise RefusedRequest(408, f"the body did not come within {amount(self.patience)} s") from None
            except ClientDisconnect:
                raise RefusedRequest(400, "the connection was closed before the body had come") from None
            yield bytes(data)
        finally:
            self.large -= large

    def _too_large(self) -> RefusedRequest:
        return RefusedRequest(413, f"larger than {LIMIT} bytes: select fewer tasks")


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedRequest(400, "no JSON") from None
    if not isinstance(body, dict):
        raise RefusedRequest(400, "no JSON object")
    return body


@dataclass(frozen=True)
class Address:
    """Where a backend listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address to give to Label Studio."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


@contextmanager
def serving(backend: Backend, host: str, port: int = 0, *, patience: float = PATIENCE) -> Iterator[Address]:
    """Serve for the time of a block, on a free port where `port` is 0.

    `patience` is how many seconds a client has for a request's head, for its body, and to read on.
    Raises GW380 where the server's packages are missing, GW381 where it can't listen there.
    """
    try:
        import uvicorn
        from starlette.applications import Starlette  # noqa: F401  as missing as uvicorn
    except ImportError:
        message = "uvicorn and Starlette are not installed"
        raise GoldwireError.of("GW380", message, hint=install_hint("assist")) from None
    listening = _listen(host, port)
    address = Address(host, int(listening.getsockname()[1]))
    anywhere = host in ("", "0.0.0.0", "::")
    hosts = frozenset[str]() if anywhere else frozenset({host.lower(), "localhost"})
    config = uvicorn.Config(
        make_app(backend, hosts, patience),
        http=limited(patience),
        log_level="critical",
        access_log=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="assist", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield address
    finally:
        server.should_exit = server.force_exit = True
        backend.thread.shutdown(wait=False, cancel_futures=True)
        thread.join(timeout=10)
        with contextlib.suppress(OSError):
            listening.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise GoldwireError.of("GW381", f"no such address: {error.strerror}", where=host) from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(CONNECTIONS)
    except (OSError, OverflowError) as error:
        listening.close()
        hint = "choose another --port, or none for a free one"
        if isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL:
            hint = "choose an address of this machine"
            if host.startswith("127."):
                hint = f"on macOS the address has to be made once: sudo ifconfig lo0 alias {host}"
        raise GoldwireError.of(
            "GW381", f"can't listen there: {error}", where=f"{host}:{port}", hint=hint
        ) from None
    return listening

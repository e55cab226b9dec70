"""Hostile requests to a model's server: each ends in a plain answer, and the next honest one is answered."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.faults.fault_counts import FaultCounts
from benchmarks.faults.files import bytes_damaged
from goldwire.annotate.ml_backend.app import LIMIT, Address, serving
from goldwire.annotate.ml_backend.handlers import Backend
from goldwire.annotate.ml_backend.predictor import LONGEST, Assistant
from tests.annotate.helpers import make_schema
from tests.annotate.ml_backend.test_backend import CONFIG, ask, task
from tests.annotate.ml_backend.tiny_pipeline import make_pipeline

TEXT = "Elle coupe la pomme"
HONEST = json.dumps(ask(task(1, TEXT))).encode()
ODD_IDS: tuple[object, ...] = (None, -1, "'; --", [], {})
#: Seconds that the server waits for what a client owes.
PATIENCE = 2.0


def _request(
    body: bytes, path: str = "/predict", *more: str, method: str = "POST", host: str = "localhost"
) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        "Connection: close",
    ]
    lines += more or [f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def _asking(**changes: object) -> bytes:
    return _request(json.dumps({**ask(task(1, TEXT)), **changes}).encode())


def _handmade() -> Iterator[tuple[str, bytes]]:
    """What is known to break servers, by name."""
    deep = 100_000
    laughs = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    yield "nothing but a line end", b"\r\n\r\n"
    yield "a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)
    yield "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "HTTP/0.9", b"GET /health\r\n"
    yield "zeros", bytes(10_000)
    yield "a method that nobody has", _request(HONEST, method="BREW")
    yield "TRACE", _request(b"", method="TRACE")
    yield "CONNECT", _request(b"", "192.0.2.1:443", method="CONNECT")
    yield "a path that climbs", _request(b"", "/../../etc/passwd", method="GET")
    yield "an encoded path that climbs", _request(b"", "/%2e%2e/%2e%2e/etc/passwd%00", method="GET")
    yield "a whole address as path", _request(b"", "http://192.0.2.1/health", method="GET")
    yield "a path of 60,000 characters", _request(b"", "/" + "a" * 60_000, method="GET")
    yield (
        "a header of a megabyte",
        _request(HONEST, "/predict", f"X-A: {'a' * (1 << 20)}", "Content-Length: 2"),
    )
    yield "10,000 headers", _request(HONEST, "/predict", *(f"X-{n}: b" for n in range(10_000)))
    yield "another server's name", _request(HONEST, host="evil.example")
    yield "no name of a server", _request(HONEST).replace(b"Host: localhost\r\n", b"")
    yield "a negative length", _request(HONEST, "/predict", "Content-Length: -1")
    yield "a length that is no number", _request(HONEST, "/predict", "Content-Length: 1e9")
    yield "two lengths", _request(HONEST, "/predict", "Content-Length: 5", "Content-Length: 500")
    yield "a length beyond the limit", _request(b"{}", "/predict", f"Content-Length: {LIMIT + 1}")
    yield (
        "a length and chunks",
        _request(b"0\r\n\r\n", "/predict", "Content-Length: 5", "Transfer-Encoding: chunked"),
    )
    yield "a chunk of negative size", _request(b"-5\r\nabc\r\n", "/predict", "Transfer-Encoding: chunked")
    yield "a chunk of endless size", _request(b"f" * 40 + b"\r\n", "/predict", "Transfer-Encoding: chunked")
    yield (
        "a compressed body",
        _request(HONEST, "/predict", "Content-Encoding: gzip", f"Content-Length: {len(HONEST)}"),
    )
    yield (
        "a web socket",
        _request(b"", "/predict", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x"),
    )
    yield (
        "another request inside",
        _request(HONEST + _request(HONEST), "/predict", f"Content-Length: {len(HONEST)}"),
    )
    yield "a body of zeros", _request(bytes(1000))
    yield "half a surrogate pair", _request(b'{"tasks": [{"id": 1, "data": {"text": "\\ud800"}}]}')
    yield "bytes that are no UTF-8", _request(b'{"tasks": ["\xff\xfe"]}')
    yield "brackets without end", _request(b'{"tasks": ' + b"[" * deep + b"]" * deep + b"}")
    yield "a key twice", _request(b'{"tasks": [], "tasks": [1]}')
    yield "numbers that are none", _request(b'{"tasks": [{"id": NaN}, {"id": Infinity}, {"id": 1e999}]}')
    yield "a number of a million digits", _request(b'{"tasks": [{"id": ' + b"9" * 1_000_000 + b"}]}")
    yield "tasks that are none", _asking(tasks=[None, 1, "a", [], {}, {"data": None}, {"data": {"text": 1}}])
    yield "20,000 empty tasks", _asking(tasks=[{}] * 20_000)
    yield (
        "ids of every kind",
        _asking(tasks=[{**task(1, TEXT), "id": odd} for odd in ODD_IDS]),
    )
    yield "a text too long", _asking(tasks=[task(1, "a" * (LONGEST + 1))])
    yield "control characters and bidi", _asking(tasks=[task(1, "\x00\x1b]0;x\x07\u202e\u2028")])
    yield "another text than was pushed", _asking(tasks=[task(1, TEXT, "<script>alert(1)</script>")])
    yield (
        "addresses in a task",
        _asking(tasks=[{"id": 1, "data": {"text": "http://192.0.2.1/", "uid": "file:///etc/passwd"}}]),
    )
    yield (
        "a config of endless entities",
        _asking(label_config=f'<!DOCTYPE x [<!ENTITY a "ha">{laughs}]><View>&j;</View>'),
    )
    yield (
        "a config that reads a file",
        _asking(label_config='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><View>&f;</View>'),
    )
    yield "a deep config", _asking(label_config="<View>" * 50_000 + "</View>" * 50_000)
    yield "a config that is none", _asking(label_config={"View": 1})
    yield "another schema", _asking(label_config=CONFIG.replace('"FOOD"', '"__class__"'))
    yield "names of Python's own", _asking(__class__="x", __proto__={"a": 1}, constructor={"prototype": {}})
    yield "a setup of nothing", _request(b"{}", "/setup")
    yield (
        "a setup with addresses",
        _request(
            json.dumps(
                {"schema": CONFIG, "hostname": "http://192.0.2.1", "access_token": "x" * 10_000}
            ).encode(),
            "/setup",
        ),
    )
    yield (
        "an event that is markup",
        _request(json.dumps({"action": "<script>\x1b[31m::error::x"}).encode(), "/webhook"),
    )
    yield (
        "an event that is no text",
        _request(json.dumps({"action": {"a": ["b"] * 1000}}).encode(), "/webhook"),
    )


def _said(address: Address, request: bytes) -> bytes:
    """What the server answers until it ends the connection."""
    said = b""
    with socket.create_connection((address.host, address.port)) as connection:
        connection.settimeout(60)
        # Who is refused early gets the connection reset while the rest is still being sent.
        with suppress(OSError):
            connection.sendall(request)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while part := connection.recv(65536):
                said += part
    return said


def hostile_requests(place: Path, number: int) -> FaultCounts:
    """Requests made by hand and `number` honest ones damaged: no error of the server's, nobody kept out."""
    counts, rng = FaultCounts("hostile requests to the assist"), random.Random(10)
    backend = Backend(Assistant(str(make_pipeline(place / "kitchen")), make_schema()))
    requests = [*_handmade()]
    requests += [(f"damaged, {seed}", bytes_damaged(_request(HONEST), rng)) for seed in range(number)]
    with serving(backend, "127.0.0.1", patience=PATIENCE) as address:
        honest = _said(address, _request(HONEST)).partition(b"\r\n\r\n")[2]
        for name, request in requests:
            counts.faults += 1
            try:
                status = _said(address, request).partition(b"\r\n")[0]
            except TimeoutError:
                counts.fault(f"{name}: never ended", "falsified")
                continue
            counts.taken += b" 200" in status
            counts.refused += b" 200" not in status
            if b" 50" in status:
                counts.fault(f"{name}: {status.decode('latin-1')}", "tracebacks")
            if _said(address, _request(HONEST)).partition(b"\r\n\r\n")[2] != honest:
                counts.fault(f"{name}: an honest request after it got another answer", "lost")
    for error, times in backend.counts.failed.items():
        counts.fault(f"{times} × {error}", "tracebacks")
    return counts

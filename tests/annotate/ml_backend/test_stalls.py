"""Whoever stalls, drips or leaves keeps nobody else from a model's help: measured with real sockets."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from goldwire.annotate.ml_backend.app import LARGE, WAITING, Address, serving
from goldwire.annotate.ml_backend.handlers import DISTINCT, Backend
from goldwire.annotate.ml_backend.predictor import Assistant
from tests.annotate.ml_backend.test_backend import ask, task

pytestmark = pytest.mark.slow  # seconds of patience, hundreds of sockets

#: Seconds that the server waits for what a client owes, in these tests.
PATIENCE = 3.0
TEXT = "Elle coupe la pomme"


@pytest.fixture
def backend(assistant: Assistant) -> Backend:
    """A backend that has answered nothing yet."""
    return Backend(assistant)


@pytest.fixture
def address(backend: Backend) -> Iterator[Address]:
    """Where it listens, with little patience."""
    with serving(backend, "127.0.0.1", patience=PATIENCE) as made:
        yield made


def head(length: int, path: str = "/predict") -> bytes:
    """The head of a request with a body of so many bytes."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


BODY = json.dumps(ask(task(1, TEXT))).encode()


@contextmanager
def connections(address: Address, number: int, *sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each with the same beginning of a request."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            made.append(stack.enter_context(socket.create_connection((address.host, address.port))))
            for part in sent:
                made[-1].sendall(part)
        yield made


def answers(address: Address) -> int:
    """The status of an honest request."""
    return httpx.post(
        f"{address.url}/predict", json=ask(task(1, TEXT)), trust_env=False, timeout=120
    ).status_code


def ended(connection: socket.socket) -> bytes:
    """All that the server still says before it ends a connection."""
    connection.settimeout(120)
    said = b""
    try:
        while part := connection.recv(65536):
            said += part
    except ConnectionResetError:
        pass
    return said


#: Beginnings of requests, of which more stall than may wait for their turn: with the body, with the head.
STALLS = {
    "in the body": {
        "a body that does not come": (head(1000),),
        "half a body": (head(1000), b'{"tasks": ['),
        "a chunked body without an end": (
            head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"),
            b"5\r\nab",
        ),
    },
    "in the head": {
        "half a head": (b"POST /predict HTTP/1.1\r\nHost: local",),
        "no byte at all": (),
        "a second request's head": (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"POST /pre"),
    },
}


@pytest.mark.parametrize("kinds", STALLS.values(), ids=STALLS)
def test_three_hundred_that_stall_keep_nobody_out(
    address: Address, kinds: dict[str, tuple[bytes, ...]]
) -> None:
    """An honest request is answered while they are there, and each of them is ended in the end."""
    with ExitStack() as stack:
        stalled = [
            (kind, connection)
            for kind, sent in kinds.items()
            for connection in stack.enter_context(connections(address, max(100, WAITING + 1), *sent))
        ]
        assert answers(address) == 200
        for kind, connection in stalled:
            assert b"500" not in ended(connection).split(b"\r\n")[0], kind
    assert answers(address) == 200


def test_who_sends_a_byte_now_and_then_is_ended_too(address: Address) -> None:
    """The time is for the whole head and the whole body, not from byte to byte."""
    for sent, more in ((b"POST /predict HTTP/1.1\r\n", b"X-A: b\r\n"), (head(10**6), b" ")):
        with connections(address, 1, sent) as [drip]:
            drip.settimeout(PATIENCE / 20)
            said = b""
            for _ in range(2000):
                try:
                    drip.sendall(more)
                    part = drip.recv(65536)
                except TimeoutError:
                    continue
                except OSError:
                    break
                said += part
                if not part:
                    break
            else:
                pytest.fail("it was never ended")
            assert said == b"" or said.startswith(b"HTTP/1.1 408")


def test_a_body_that_stays_away_is_answered_with_408(address: Address) -> None:
    """Who is slow is told so, as JSON."""
    with connections(address, 1, head(1000), b"{") as [slow]:
        said = ended(slow)
    assert said.startswith(b"HTTP/1.1 408") and b"did not come within" in said


def test_a_whole_request_of_who_half_closes_is_answered(address: Address, backend: Backend) -> None:
    """The other direction stays open for the answer; half a request ends at once, and is no fault."""
    with connections(address, 1, head(len(BODY)), BODY) as [whole]:
        whole.shutdown(socket.SHUT_WR)
        said = ended(whole)
    assert (
        said.startswith(b"HTTP/1.1 200")
        and json.loads(said.partition(b"\r\n\r\n")[2])["results"][0]["result"]
    )
    for sent in ((head(1000), b"{"), (b"POST /pre",), ()):
        with connections(address, 1, *sent) as [half]:
            half.shutdown(socket.SHUT_WR)
            assert b" 500 " not in ended(half)
    assert answers(address) == 200
    assert backend.counts.failed == {}


def test_fifty_at_once_are_all_answered(address: Address) -> None:
    """Honest requests wait for their turn."""
    with ThreadPoolExecutor(50) as pool:
        assert Counter(pool.map(lambda _: answers(address), range(50))) == {200: 50}


def test_the_queue_has_an_end(address: Address, backend: Backend) -> None:
    """Beyond it the answer is 503, and health is answered all the while."""
    go = threading.Event()
    backend.thread.submit(go.wait)
    try:
        with ThreadPoolExecutor(WAITING + 5) as pool:
            asked = [pool.submit(answers, address) for _ in range(WAITING + 5)]
            while sum(one.done() for one in asked) < 5:
                assert httpx.get(f"{address.url}/health", trust_env=False, timeout=120).status_code == 200
            go.set()
            assert Counter(one.result() for one in asked) == {200: WAITING, 503: 5}
    finally:
        go.set()


def test_large_bodies_are_few_at_a_time(address: Address) -> None:
    """What stalls after megabytes does not fill the memory; small requests go on."""
    large = b" " * (2 * 1024 * 1024)
    with connections(address, LARGE, head(64 * 1024 * 1024), large) as stalled:
        while True:
            refused = httpx.post(
                f"{address.url}/setup",
                content=large,
                headers={"Content-Type": "application/json"},
                trust_env=False,
                timeout=120,
            )
            if refused.status_code == 503:
                break
            time.sleep(0.01)
        assert answers(address) == 200
        for connection in stalled:
            ended(connection)


def test_who_does_not_read_an_answer_is_ended(address: Address, backend: Backend) -> None:
    """An answer that nobody takes is not kept for ever."""
    backend.counts.failed.clear()
    request = b"GET /versions HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.socket() as deaf:
        # As over the internet: on one machine megabytes of answers fit in between.
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        deaf.connect((address.host, address.port))
        deaf.settimeout(1)
        with pytest.raises(OSError):
            for _ in range(10_000):
                try:
                    deaf.sendall(request * 1000)
                except TimeoutError:
                    continue
    assert answers(address) == 200


def test_names_of_events_are_kept_within_bounds(address: Address, backend: Backend) -> None:
    """However many a stranger makes up, the counts stay few and its sum right."""
    with httpx.Client(base_url=address.url, trust_env=False, timeout=120) as client:
        for number in range(DISTINCT + 50):
            name = "EVENT_" + "".join(chr(65 + int(digit)) for digit in str(number))
            assert client.post("/webhook", json={"action": name}).status_code == 200
        client.post("/webhook", json={"action": "EVENT_A"})
    events = backend.counts.events
    assert len(events) <= DISTINCT + 1
    assert sum(events.values()) == DISTINCT + 51 and events["EVENT_A"] == 2

"""A server that speaks the chat interface and answers what it is told to: good answers, and every bad one."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "tiny-model-q4"


@dataclass
class Reply:
    """What to answer: a chat answer with this text, or something else entirely."""

    text: str = ""
    finish: str = "stop"
    status: int = 200
    reason: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    wait: float = 0.0
    broken: bool = False


Script = Callable[[dict[str, Any]], Reply]


@dataclass
class StandIn:
    """A running one: its address, what it was asked (`listings`: its list of models), and what it answers."""

    url: str
    script: Script
    models: Any
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    listings: int = 0
    at_once: int = 0
    most_at_once: int = 0


def layer_of(body: dict[str, Any]) -> str:
    """The layer that a request is about."""
    found = re.search(r"one layer, `(\w+)`", body["messages"][0]["content"])
    assert found is not None
    return found[1]


def passage_of(body: dict[str, Any]) -> str:
    """The passage that a request is about."""
    asked = next(m["content"] for m in reversed(body["messages"]) if "BEGIN passage" in m["content"])
    found = re.search(r"BEGIN passage (\w+)\n(.*)\nEND passage \1", asked, re.DOTALL)
    assert found is not None
    return found[2]


def is_repair(body: dict[str, Any]) -> bool:
    """Whether a request sends an answer back."""
    return "BEGIN passage" not in body["messages"][-1]["content"]


def items(layer: str, *given: dict[str, Any]) -> Reply:
    """A well-formed answer."""
    return Reply(json.dumps({layer: list(given)}, ensure_ascii=False))


@contextmanager
def standing_in(
    script: Script,
    *,
    models: Any = None,
    reply_to_models: Reply | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[StandIn]:
    """One, for the time of a block."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with lock:
                stand_in.listings += 1
            if reply_to_models is not None:
                self.send(reply_to_models)
            else:
                self.send(Reply(body=json.dumps(stand_in.models)))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                stand_in.asked.append(body)
                stand_in.headers.append(dict(self.headers))
                stand_in.at_once += 1
                stand_in.most_at_once = max(stand_in.most_at_once, stand_in.at_once)
            try:
                reply = stand_in.script(body)
            finally:
                with lock:
                    stand_in.at_once -= 1
            self.send(reply, body)

        def send(self, reply: Reply, body: dict[str, Any] | None = None) -> None:
            time.sleep(reply.wait)
            usage = {
                "prompt_tokens": sum(len(m["content"]) // 3 for m in body["messages"]) if body else 0,
                "completion_tokens": len(reply.text.split()),
            }
            choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}}
            answer = {"model": MODEL, "choices": [choice | {"finish_reason": reply.finish}], "usage": usage}
            data = (json.dumps(answer) if reply.body is None else reply.body).encode()
            try:
                self.send_response(reply.status, reply.reason)
                for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data) * (2 if reply.broken else 1)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                return
            if reply.broken:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing on standard error."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that breaks off is no fault of this one."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    listed = {"object": "list", "data": [{"id": MODEL, "max_model_len": 16384}]} if models is None else models
    stand_in = StandIn(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/v1", script, listed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

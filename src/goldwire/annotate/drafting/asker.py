"""Questions answered from the cache or by the server, bound as tightly as it can, within a budget."""

from __future__ import annotations

from threading import Lock
from typing import Any

import msgspec

from goldwire.annotate.drafting.cache import Answer, Cache
from goldwire.annotate.drafting.client import (
    FORMATS,
    ChatClient,
    FormatRefused,
    TooLong,
    too_long,
    unknown_model,
)
from goldwire.annotate.drafting.plan import ASSUMED, prompt_tokens
from goldwire.annotate.drafting.prompt import Message
from goldwire.annotate.drafting.settings import Settings
from goldwire.figures import amount, money

#: In the cache, why there is no answer: the question did not fit.
_TOO_LONG = "too long"


class OutOfBudget(Exception):
    """The next request might cost more than is left."""


class Server(msgspec.Struct, frozen=True):
    """What is known of a server: the model's name there, the tokens that it takes (0: unknown), and how its
    answers are bound."""

    model: str
    context: int
    form: str = FORMATS[0]


class Asker:
    """Asks one model, from several threads at once. `budget` is in tokens, those of prompts and answers."""

    def __init__(
        self, settings: Settings, cache: Cache, client: ChatClient, *, budget: int | None = None
    ) -> None:
        self.settings, self.cache, self.client, self.budget = settings, cache, client, budget
        self.spent_in = self.spent_out = 0
        self.notes: dict[str, None] = {}
        self._reserved = 0
        self._lock = Lock()
        self._server: Server | None = None

    # The server --------------------------------------------------------------------------------------

    @property
    def server(self) -> Server:
        """What the server says of itself, asked once and kept. Raises GW805 where the model is not there."""
        with self._lock:
            if self._server is None:
                self._server = self._known() or self._asked()
            return self._server

    def _server_key(self) -> str:
        return self.cache.key(["server", self.settings.url, self.settings.model])

    def _known(self) -> Server | None:
        return self.cache.get(self._server_key(), Server)

    def _asked(self) -> Server:
        settings, listed = self.settings, self.client.models()
        name = settings.model or (next(iter(listed)) if len(listed) == 1 else "")
        if not name or (listed and name not in listed):
            raise unknown_model(settings.url, name, list(listed))
        server = Server(name, listed.get(name, 0))
        self.cache.put(self._server_key(), server)
        return server

    @property
    def context(self) -> int:
        """The tokens that prompt and answer may have together."""
        stated = self.settings.context or self.server.context
        if not stated:
            self.note(f"the server does not say how long its context is: taken as {amount(ASSUMED)} tokens")
        return stated or ASSUMED

    def note(self, note: str) -> None:
        """Have something said of the run, once."""
        if note:
            self.notes.setdefault(note)

    def body(self, messages: list[Message], form: dict[str, Any], most: int) -> dict[str, Any]:
        """The request that these messages make."""
        server = self.server
        return {
            "model": server.model,
            "messages": messages,
            "temperature": self.settings.temperature,
            "seed": self.settings.seed,
            "max_tokens": most,
            "stream": False,
        } | _response_format(server.form, form)

    def ask(self, messages: list[Message], form: dict[str, Any], most: int) -> Answer:
        """An answer of at most so many tokens, bound by the JSON schema `form` where the server can.

        Raises `OutOfBudget`, and what `ChatClient.ask` does.
        """
        while True:
            server = self.server
            body = self.body(messages, form, most)
            key = self.cache.key({"url": self.settings.url, "body": body})
            if (kept := self.cache.get(key, Answer)) is not None:
                if kept.finish == _TOO_LONG:
                    raise too_long(self.settings.url)
                self._tell_form(server)
                return msgspec.structs.replace(kept, cached=True)
            estimate = prompt_tokens(messages) + most
            self._reserve(estimate)
            answer: Answer | None = None
            try:
                answer = self.client.ask(body)
            except TooLong:
                self.cache.put(key, Answer("", _TOO_LONG))
                raise
            except FormatRefused:
                if not self._loosen(server):
                    raise
                continue
            finally:
                self._settle(estimate, answer)
            self.cache.put(key, answer)
            self._tell_form(server)
            return answer

    def _tell_form(self, server: Server) -> None:
        if server.form != FORMATS[0]:
            self.note(f"the server takes no answer bound by {FORMATS[0]}: asked for {server.form}")

    def _loosen(self, server: Server) -> bool:
        """Bind answers less tightly from now on; False where they are not bound at all already."""
        with self._lock:
            if self._server != server:
                return True  # another request has found out meanwhile
            place = FORMATS.index(server.form) + 1
            if place == len(FORMATS):
                return False
            self._server = msgspec.structs.replace(server, form=FORMATS[place])
            self.cache.put(self._server_key(), self._server)
        return True

    def _reserve(self, estimate: int) -> None:
        with self._lock:
            spent = self.spent_in + self.spent_out
            if self.budget is not None and spent + self._reserved + estimate > self.budget:
                raise OutOfBudget
            self._reserved += estimate

    def _settle(self, estimate: int, answer: Answer | None) -> None:
        with self._lock:
            self._reserved -= estimate
            if answer is not None:
                self.spent_in += answer.tokens_in
                self.spent_out += answer.tokens_out

    def spent(self) -> str:
        """What was spent so far, in words: tokens, and money where a price is given."""
        with self._lock:
            spent_in, spent_out = self.spent_in, self.spent_out
        cost = self.settings.cost(spent_in, spent_out)
        told = f"{amount(spent_in + spent_out)} tokens"
        return told if cost is None else f"{told}, {money(cost, self.settings.currency)}"


def _response_format(form: str, answer: dict[str, Any]) -> dict[str, Any]:
    if form == "json_schema":
        bound = {"name": "annotations", "schema": answer}
        return {"response_format": {"type": form, "json_schema": bound}}
    return {"response_format": {"type": form}} if form == "json_object" else {}

"""Questions answered from the cache or by the server, bound as tightly as it can, within a budget."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import Any

import msgspec

from goldwire.annotate.drafting.cache import Answer, Cache
from goldwire.annotate.drafting.client import (
    FORMATS,
    ChatClient,
    FormatRefused,
    ServerFailed,
    TooLong,
    Unreachable,
    too_long,
    unknown_model,
)
from goldwire.annotate.drafting.plan import ASSUMED, prompt_tokens
from goldwire.annotate.drafting.prompt import Message
from goldwire.annotate.drafting.settings import Settings
from goldwire.number_format import amount, money

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
        self._server_lock = Lock()
        self._server: Server | None = None

    # The server --------------------------------------------------------------------------------------

    @property
    def server(self) -> Server:
        """What the server says of itself, asked once; where it can't be reached, what it said last.

        Raises GW805 where the model is not there, and what `ChatClient.models` does where it never said
        anything.
        """
        with self._server_lock:
            if self._server is None:
                self._server = self._stated()
            return self._server

    def _stated(self) -> Server:
        settings, last = self.settings, self.cache.get(self._server_key(), Server)
        try:
            listed = self.client.models()
        except (Unreachable, ServerFailed):
            if last is None:
                raise
            return last
        name = settings.model or (next(iter(listed)) if len(listed) == 1 else "")
        if not name or (listed and name not in listed):
            raise unknown_model(settings.url, name, list(listed))
        server = Server(name, listed.get(name, 0))
        if last is not None and (last.model, last.context) == (server.model, server.context):
            return last
        self.cache.put(self._server_key(), server)
        return server

    def _server_key(self) -> str:
        return self.cache.key(["server", self.settings.url, self.settings.model])

    def _takes(self, form: str) -> None:
        """An answer came that was bound so: the next questions begin with it, also in another run."""
        with self._server_lock:
            if self._server is not None and FORMATS.index(form) > FORMATS.index(self._server.form):
                self._server = msgspec.structs.replace(self._server, form=form)
                self.cache.put(self._server_key(), self._server)

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

    def body(
        self, messages: list[Message], answer: dict[str, Any], most: int, form: str = ""
    ) -> dict[str, Any]:
        """The request that these messages make, its answer bound by the JSON schema `answer` as `form` says
        (one of `FORMATS`; else as the server takes it)."""
        server = self.server
        return {
            "model": server.model,
            "messages": messages,
            "temperature": self.settings.temperature,
            "seed": self.settings.seed,
            "max_tokens": most,
            "stream": False,
        } | _response_format(form or server.form, answer)

    def ask(self, messages: list[Message], answer: dict[str, Any], most: int) -> Answer:
        """An answer of at most so many tokens, bound by the JSON schema `answer` where the server can.

        Raises `OutOfBudget`, and what `ChatClient.ask` does.
        """
        for form in FORMATS[FORMATS.index(self.server.form) : -1]:
            # Whether it was the form that was refused, an answer in a looser one tells.
            with suppress(FormatRefused):
                return self._asked_as(form, messages, answer, most)
        return self._asked_as(FORMATS[-1], messages, answer, most)

    def _asked_as(self, form: str, messages: list[Message], answer: dict[str, Any], most: int) -> Answer:
        given = self._ask(self.body(messages, answer, most, form), prompt_tokens(messages) + most)
        self._takes(form)
        if form != FORMATS[0]:
            self.note(f"the server takes no answer bound by {FORMATS[0]}: asked for {form}")
        return given

    def _ask(self, body: dict[str, Any], estimate: int) -> Answer:
        """The answer to one request that may take so many tokens, from the cache where it is there."""
        url, context = self.settings.url, self.server.context or self.settings.context
        key = self.cache.key({"url": url, "body": body})
        if (kept := self.cache.get(key, Answer)) is not None:
            return msgspec.structs.replace(kept, cached=True)
        # Without knowing the context nobody could tell when to ask again.
        refused = self.cache.key({"url": url, "body": body, "context": context}) if context else ""
        if refused and self.cache.get(refused, Answer) is not None:
            raise too_long(url)
        self._reserve(estimate)
        given: Answer | None = None
        try:
            given = self.client.ask(body)
        except TooLong:
            if refused:
                self.cache.put(refused, Answer("", _TOO_LONG))
            raise
        finally:
            self._settle(estimate, given)
        self.cache.put(key, given)
        return given

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

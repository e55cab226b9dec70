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
    NoAnswer,
    ServerFailed,
    TooLong,
    Unreachable,
    too_long,
    unknown_model,
)
from goldwire.annotate.drafting.plan import ASSUMED, prompt_tokens, tokens
from goldwire.annotate.drafting.prompt import Message
from goldwire.annotate.drafting.settings import Settings
from goldwire.number_format import amount, money

#: In the cache, why there is no answer: the question did not fit.
_TOO_LONG = "too long"


class OutOfBudget(Exception):
    """The next request might cost more than is left."""


class NotKept(Exception):
    """No answer is kept from before, and none is to be asked for."""


class ModelServer(msgspec.Struct, frozen=True):
    """What is known of a server: the model's name there, the tokens that it takes (0: unknown), and the
    strictest form in which it has bound an answer (empty: it has given none)."""

    model: str
    context: int
    form: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms in which it is asked, one after the other until it answers."""
        return FORMATS[FORMATS.index(self.form or FORMATS[0]) :]


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
        self._server: ModelServer | None = None

    # The server --------------------------------------------------------------------------------------

    @property
    def server(self) -> ModelServer:
        """What the server says of itself, asked once; where it can't be reached, what it said last.

        Raises GW805 where the model is not there, and what `ChatClient.models` does where it never said
        anything.
        """
        with self._server_lock:
            if self._server is None:
                self._server = self._stated()
            return self._server

    def _stated(self) -> ModelServer:
        settings, last = self.settings, self.cache.get(self._server_key(), ModelServer)
        try:
            listed = self.client.models()
        except (Unreachable, ServerFailed):
            if last is None:
                raise
            return last
        name = settings.model or (next(iter(listed)) if len(listed) == 1 else "")
        if not name or (listed and name not in listed):
            raise unknown_model(settings.url, name, list(listed))
        server = ModelServer(name, listed.get(name, 0))
        if last is not None and (last.model, last.context) == (server.model, server.context):
            return last
        self.cache.put(self._server_key(), server)
        return server

    def _server_key(self) -> str:
        return self.cache.key(["server", self.settings.url, self.settings.model])

    def _takes(self, form: str) -> None:
        """An answer came that was bound so: the next questions begin with the strictest, also in another run.

        A form that was refused once only, for one question's schema, stays the first for all others.
        """
        with self._server_lock:
            server = self._server
            if server is not None and (not server.form or FORMATS.index(form) < FORMATS.index(server.form)):
                self._server = msgspec.structs.replace(server, form=form)
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
        } | _response_format(form or server.forms[0], answer)

    def ask(
        self, messages: list[Message], answer: dict[str, Any], most: int, *, kept_only: bool = False
    ) -> Answer:
        """An answer of at most so many tokens, bound by the JSON schema `answer` where the server can.

        Raises `OutOfBudget`, `NotKept` where with `kept_only` it would have to be asked for, and what
        `ChatClient.ask` does.
        """
        kept = self._kept(messages, answer, most)
        if kept is not None:
            return kept
        if kept_only:
            raise NotKept
        *stricter, last = self.server.forms
        for form in stricter:
            # Whether it was the form that was refused, an answer in a looser one tells.
            with suppress(FormatRefused):
                return self._asked_as(form, messages, answer, most)
        return self._asked_as(last, messages, answer, most)

    def _kept(self, messages: list[Message], answer: dict[str, Any], most: int) -> Answer | None:
        """The answer that is kept, however it was bound. Raises `TooLong` where it is kept that none came."""
        bodies = {
            form: self.body(messages, answer, most, form)
            for form in dict.fromkeys((*self.server.forms, *FORMATS))
        }
        for form, body in bodies.items():
            if (given := self.cache.get(self._key(body), Answer)) is not None:
                self._tell(form)
                return self._counted(msgspec.structs.replace(given, cached=True), messages)
        for body in bodies.values():
            refused = self._refusal_key(body)
            if refused and self.cache.get(refused, Answer) is not None:
                raise too_long(self.settings.url)
        return None

    def _key(self, body: dict[str, Any]) -> str:
        return self.cache.key({"url": self.settings.url, "body": body})

    def _refusal_key(self, body: dict[str, Any]) -> str:
        """Under which it is kept that a question was too long. None where the context is unknown: nobody
        could tell when to ask again."""
        context = self.server.context or self.settings.context
        return self.cache.key({"url": self.settings.url, "body": body, "context": context}) if context else ""

    def _tell(self, form: str) -> None:
        if form != FORMATS[0]:
            self.note(f"the server refused to bind an answer by {FORMATS[0]}: asked for {form}")

    def _asked_as(self, form: str, messages: list[Message], answer: dict[str, Any], most: int) -> Answer:
        body, prompt = self.body(messages, answer, most, form), prompt_tokens(messages)
        self._reserve(prompt + most)
        spent_in = spent_out = 0
        try:
            reply = self.client.ask(body, lost=lambda again: self._lost(prompt, most, again=again))
            counted = self._counted(reply, messages)
            spent_in, spent_out = counted.tokens_in, counted.tokens_out
        except NoAnswer:
            self._lost(prompt, most, again=False)
            raise
        except TooLong:
            if refused := self._refusal_key(body):
                self.cache.put(refused, Answer("", _TOO_LONG))
            raise
        finally:
            self._settle(prompt + most, spent_in, spent_out)
        self.cache.put(self._key(body), reply)
        self._takes(form)
        self._tell(form)
        return counted

    def _counted(self, answer: Answer, messages: list[Message]) -> Answer:
        """An answer with its tokens, estimated by the lengths of the texts where the server counts none."""
        tokens_in = answer.tokens_in or prompt_tokens(messages)
        tokens_out = answer.tokens_out or (tokens(answer.text) if answer.text else 0)
        if (tokens_in, tokens_out) == (answer.tokens_in, answer.tokens_out):
            return answer
        self.note("the server does not count tokens: estimated by the lengths of the texts")
        return msgspec.structs.replace(answer, tokens_in=tokens_in, tokens_out=tokens_out, estimated=True)

    def _reserve(self, estimate: int) -> None:
        with self._lock:
            spent = self.spent_in + self.spent_out
            if self.budget is not None and spent + self._reserved + estimate > self.budget:
                raise OutOfBudget
            self._reserved += estimate

    def _settle(self, estimate: int, spent_in: int, spent_out: int) -> None:
        with self._lock:
            self._reserved -= estimate
            self.spent_in += spent_in
            self.spent_out += spent_out

    def _lost(self, prompt: int, most: int, *, again: bool) -> None:
        """A try whose answer never came may have been answered: it counts as the most that it could take.

        Raises `OutOfBudget` where there is none left to ask `again`.
        """
        self.note("answers that never came count as the most that they may have taken")
        with self._lock:
            self.spent_in += prompt
            self.spent_out += most
            spent = self.spent_in + self.spent_out
            # What is reserved holds the next try.
            if again and self.budget is not None and spent + self._reserved > self.budget:
                raise OutOfBudget

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

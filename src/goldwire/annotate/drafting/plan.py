"""How much of the guidelines and of an article goes into one request, so that the model takes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from goldwire.annotate.drafting.prompt import DETAIL, Message, system_message
from goldwire.annotate.drafting.settings import Settings
from goldwire.errors import GoldwireError
from goldwire.number_format import amount
from goldwire.schemas import Schema

#: Tokens that a model is taken to hold where neither it nor `context` says so.
ASSUMED = 8192
#: Code points of the smallest passage that is tried before a context is too short, and tokens of the shortest
#: answer.
_SMALLEST, _SHORTEST = 400, 256


def tokens(text: str) -> int:
    """About how many tokens a text has: a third of its UTF-8 bytes, which is rather too many."""
    return len(text.encode()) // 3 + 1


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens messages have, those around each of them too."""
    return sum(tokens(message["content"]) + 8 for message in messages)


@dataclass(frozen=True)
class LayerPlan:
    """How one layer is asked: how much of the guidelines (`DETAIL`) and examples or none, passages of how
    many code points with how many around, and the most tokens of an answer; `step` counts what was tried
    before."""

    step: int
    detail: int
    shots: bool
    passage: int
    around: int
    answer: int

    def note(self, layer: str, context: int, settings: Settings) -> str:
        """What is sent less than asked for, in words; empty where all is sent."""
        parts = [f"guidelines {DETAIL[self.detail]}"] if self.detail else []
        parts += ["no examples from articles"] if settings.shots and not self.shots else []
        parts += [f"passages of {amount(self.passage)} characters"] if self.passage < settings.passage else []
        whole = min(settings.max_tokens, context // 2)
        parts += [f"answers of {amount(self.answer)} tokens"] if self.answer < whole else []
        return f"`{layer}` in {amount(context)} tokens: {', '.join(parts)}" if parts else ""


def ladder(settings: Settings) -> list[tuple[int, bool]]:
    """How much of the guidelines is sent and whether examples are, from all to the least: examples go first,
    then the guidelines become shorter in the order of `DETAIL`."""
    examples = [(0, True)] if settings.shots else []
    return [*examples, *((detail, False) for detail in range(len(DETAIL)))]


def last_step(settings: Settings) -> int:
    """The last step: beyond the ladder each halves passage and answer, down to the shortest of both."""
    passage, answer = settings.passage / _SMALLEST, settings.max_tokens / _SHORTEST
    return len(ladder(settings)) - 1 + max(0, math.ceil(math.log2(max(passage, answer))))


def plan_layer(schema: Schema, layer: str, settings: Settings, context: int, least: int = 0) -> LayerPlan:
    """The fullest request that fits `context` tokens, from step `least` on (see `last_step`).

    Where no step of the ladder fits the passages become shorter. Raises GW816 where even that does not help.
    """
    steps = ladder(settings)
    halvings = max(0, least - (len(steps) - 1))
    answer = _halved(min(settings.max_tokens, context // 2), halvings, _SHORTEST)
    room = context - answer
    size = _halved(settings.passage, halvings, _SMALLEST)
    while True:
        for step, (detail, shots) in list(enumerate(steps))[least - halvings :]:
            system = tokens(system_message(schema, layer, detail)) + 8
            examples = settings.shots * _of_passage(schema, layer, 600, 0) * 2 if shots else 0
            if system + examples + _of_passage(schema, layer, size, settings.around) <= room:
                return LayerPlan(step + halvings, detail, shots, size, settings.around, answer)
        if size <= _SMALLEST:
            break
        size = max(_SMALLEST, size // 2)
    message = f"a context of {amount(context)} tokens is too short for layer `{layer}`"
    hint = "start the server with a longer one; `context` under [llm] says how long it is"
    raise GoldwireError.of("GW816", message, where=settings.url, hint=hint)


def _halved(number: int, times: int, least: int) -> int:
    return max(min(number, least), number >> times)


def _of_passage(schema: Schema, layer: str, size: int, around: int) -> int:
    """About the tokens of a passage of so many code points, with its context and the spans listed."""
    listed = 1.0 if schema.relations_from(layer) else 0.0
    # Up to a span in 40 code points, each listed in some 40 tokens.
    return int((size + 2 * around) * (0.4 + listed)) + 150

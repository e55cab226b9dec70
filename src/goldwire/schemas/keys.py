"""The keys of a label config: those that labels have, and what is left for searches and answers."""

from __future__ import annotations

from collections.abc import Collection

from goldwire.messages import Messages
from goldwire.schemas.net import NO_KEY
from goldwire.schemas.schema import Schema

# Searches take first what words seldom begin with.
_ORDER = "zxyvwqkuchnrsbdfgjlmtpaeio0123456789"


def taken_keys(schema: Schema) -> set[str]:
    """The keys that labels have."""
    return {label.hotkey for layer in schema.layers.values() for label in layer.labels.values()}


def free_keys(taken: Collection[str], order: str = _ORDER) -> list[str]:
    """The keys that nothing has, in this order, those with Shift last; none of them may be left."""
    return [key for key in (*order, *(f"shift+{key}" for key in order)) if key not in taken]


class SearchKeys:
    """Which key leads to each search: two that are seen together never have the same."""

    def __init__(self, free: Collection[str]) -> None:
        self.free = free
        self._shown_for: dict[str, set[tuple[str, str]]] = {}

    def give(self, layer: str, bearers: Collection[str]) -> str:
        """The key of a search that is seen for labels of a layer; `NO_KEY` where there is none left."""
        seen = {(layer, label) for label in bearers}
        key = next((each for each in self.free if not seen & self._shown_for.get(each, set())), NO_KEY)
        self._shown_for.setdefault(key, set()).update(seen)
        return key


def search(key: str, say: Messages) -> dict[str, str]:
    """What a config says of a search that a key leads to, or none."""
    placeholder = say("config.search", key=key) if key != NO_KEY else say("config.search_by_hand")
    return {"hotkey": key, "minlength": "0", "placeholder": placeholder}

"""Catalogues, read once: `messages_in("fr")("config.guide")`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

#: What is taken where a language has no catalogue.
FALLBACK = "en"


@dataclass(frozen=True)
class Messages:
    """The texts of one catalogue. `language` is the catalogue's, as ISO 639-1; keys are `section.name`."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of `key` with its `{…}` filled in."""
        return self.texts[key].format(**values)


@cache
def _catalogues() -> dict[str, tuple[frozenset[str], Messages]]:
    """All catalogues by their language, each with the codes that it serves."""
    catalogues = {}
    for file in sorted(resources.files("goldwire.messages").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            content: dict[str, dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))
            codes = frozenset(content.pop("language")["codes"])
            texts = {f"{name}.{key}": text for name, part in content.items() for key, text in part.items()}
            language = file.name.removesuffix(".toml")
            catalogues[language] = codes, Messages(language, texts)
    return catalogues


def languages() -> tuple[str, ...]:
    """The languages that have a catalogue, as ISO 639-1."""
    return tuple(_catalogues())


def _own(language: str) -> Messages | None:
    code = language.strip().lower().replace("_", "-").partition("-")[0]
    return next((messages for codes, messages in _catalogues().values() if code in codes), None)


def messages_in(language: str) -> Messages:
    """The texts in a language: ISO 639-1, 639-2 or 639-3, a region after it (`de-AT`) makes no difference.

    English where the language has none: `fallback_note` says so.
    """
    return _own(language) or _catalogues()[FALLBACK][1]


def fallback_note(language: str) -> str:
    """A line that says that English stands in for a language without a catalogue; empty where it has one."""
    if _own(language) is not None:
        return ""
    return (
        f"the words around your labels are English: there are none in `{language}` "
        f"(there are: {', '.join(languages())}; docs/code.md says how a language is added)"
    )


def in_all_languages(key: str) -> frozenset[str]:
    """A text as each catalogue has it: to know again what was written in any language."""
    return frozenset(messages.texts[key] for _, messages in _catalogues().values())

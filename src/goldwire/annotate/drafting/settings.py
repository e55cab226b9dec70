"""`[llm]` of goldwire.toml: which server is asked, for which model, and how."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from goldwire.annotate.addresses import host_of, is_loopback
from goldwire.errors import GoldwireError, one_of
from goldwire.project import CONFIG, Project
from goldwire.redaction import keep_secret, keep_secrets_in, without_query

#: The environment variable that holds the server's key.
KEY_VARIABLE = "GOLDWIRE_LLM_API_KEY"
_SECRET = ("key", "api_key", "token")


@dataclass(frozen=True)
class Settings:
    """Whom to ask, and how. `url` is the address of an OpenAI-compatible server, such as http://…/v1.

    `context` is what the model takes of prompt and answer together, in tokens (0: what the server says),
    `max_tokens` the most of an answer; `passage` and `around` are code points of text in one request and of
    context on each side; `jobs` requests go out at once; `timeout` is in seconds; prices are for a million
    tokens.
    """

    url: str = ""
    model: str = ""
    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 2048
    context: int = 0
    passage: int = 2000
    around: int = 300
    shots: int = 0
    jobs: int = 4
    timeout: float = 600.0
    retries: int = 4
    price_in: float | None = None
    price_out: float | None = None
    currency: str = ""

    @property
    def told(self) -> dict[str, str | bool | int | float | list[str]]:
        """What an answer depends on, for the record."""
        names = ("temperature", "seed", "max_tokens", "context", "passage", "around", "shots")
        return {name: getattr(self, name) for name in names}

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """What so many tokens cost; None where no price is given."""
        if self.price_in is None and self.price_out is None:
            return None
        return (tokens_in * (self.price_in or 0.0) + tokens_out * (self.price_out or 0.0)) / 1e6


#: The least that each number may be.
_LEAST = {
    "temperature": 0,
    "max_tokens": 16,
    "context": 0,
    "passage": 100,
    "around": 0,
    "shots": 0,
    "jobs": 1,
    "timeout": 0.1,
    "retries": 0,
    "price_in": 0,
    "price_out": 0,
}


def settings_of(project: Project, options: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a project, with `options` in their place where they are not None.

    Raises GW800 where no server is named, GW801 where its address is none, GW802 for a key in the file, GW811
    for a value that can't be.
    """
    where = str(project.root / CONFIG)
    table = project.settings.get("llm", {})
    if not isinstance(table, dict):
        raise GoldwireError.of("GW811", "[llm] must be a table", where=where)
    if kept := [name for name in _SECRET if name in table]:
        keep_secret(str(table[kept[0]]))
        hint = f"take it out, have a new one made, and set {KEY_VARIABLE}"
        raise GoldwireError.of("GW802", f"[llm] must not hold a `{kept[0]}`", where=where, hint=hint)
    known = {field.name for field in fields(Settings)}
    given = {key: value for key, value in (options or {}).items() if value is not None}
    for whose, names in (("[llm] has", table), ("there is", given)):
        if unknown := sorted(set(names) - known):
            raise GoldwireError.of("GW811", f"{whose} no `{unknown[0]}`", where=where, hint=one_of(known))
    settings = replace(Settings(), **{key: _value(key, value, where) for key, value in table.items()})
    settings = replace(settings, **{key: _value(key, value, key) for key, value in given.items()})
    if not settings.url:
        hint = 'url = "http://127.0.0.1:8080/v1" under [llm], or --endpoint; docs/drafts.md starts a server'
        raise GoldwireError.of("GW800", "no language model's server is named", where=where, hint=hint)
    _check_address(settings.url)
    return settings


def api_key(url: str) -> str:
    """The key from the environment, empty where there is none; from now on it is in no message.

    Raises GW802 for what can't be a key, GW801 where it would go to another machine unencrypted.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        return ""
    keep_secret(key)
    if not re.fullmatch(r"[!-~]+", key):
        hint = f"set {KEY_VARIABLE} anew, without quotes or line ends"
        raise GoldwireError.of("GW802", "the key holds characters that no key has", where=url, hint=hint)
    if urlsplit(url).scheme == "http" and not is_loopback(host_of(url)):
        hint = f"an https:// address, or unset {KEY_VARIABLE} where the server asks for none"
        raise GoldwireError.of("GW801", "the key would go over the net unencrypted", where=url, hint=hint)
    return key


def _check_address(url: str) -> None:
    keep_secrets_in(url)
    if not host_of(url):
        hint = "http:// or https://, host and path; no user, password or query"
        raise GoldwireError.of("GW801", "not the address of a server", where=without_query(url), hint=hint)


def _value(name: str, value: Any, where: str) -> Any:
    """A setting's value, of its type."""
    default = getattr(Settings, name)
    if isinstance(default, str):
        if isinstance(value, str):
            return value.rstrip("/") if name == "url" else value
        raise GoldwireError.of("GW811", f"`{name}` is no text", where=where)
    whole = isinstance(default, int)
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not math.isfinite(value)
        or (whole and not isinstance(value, int))
        or value < _LEAST.get(name, -math.inf)
    ):
        hint = f"a {'whole ' if whole else ''}number from {_LEAST.get(name, 'any')}"
        raise GoldwireError.of("GW811", f"`{name}` is `{value}`", where=where, hint=hint)
    return value

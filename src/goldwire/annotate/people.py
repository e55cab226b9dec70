"""Annotators and accounts: who is who on a Label Studio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote

from goldwire.annotate.studio import DOMAIN


def address(annotator: str) -> str:
    """The address of the account that goldwire makes for an annotator; `annotator_names` reads it back."""
    local = quote(annotator, safe="-_+")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        local = local.replace(".", "%2E")
    return f"{local}@{DOMAIN}"


def annotator_names(users: Iterable[dict[str, Any]]) -> dict[int, str]:
    """The annotator's name of each account: what stands before the @, or all of it where two share that.

    Accounts that goldwire made always keep the short name, which is the one that stored annotations bear.
    """
    emails = {int(user["id"]): str(user.get("email", "")) for user in users}
    short = {number: _short(email) for number, email in emails.items()}
    shared = Counter(short.values())
    return {
        number: name if shared[name] == 1 or emails[number].endswith(f"@{DOMAIN}") else emails[number]
        for number, name in short.items()
    }


def name_of(user: Any, names: dict[int, str]) -> str:
    """The annotator's name of an account, told by its number or as a record; `unknown` where it is gone."""
    number = user.get("id") if isinstance(user, dict) else user
    return names.get(number, "unknown") if isinstance(number, int) else "unknown"


def _short(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return unquote(local) if domain == DOMAIN else local or email

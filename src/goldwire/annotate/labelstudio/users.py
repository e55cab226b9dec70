"""Addresses of accounts, and the annotators' names in them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import quote, unquote

from goldwire.annotate.labelstudio.installation import DOMAIN

#: Who made what an account made that the server has forgotten.
UNKNOWN = "unknown"
#: What no annotator is called: each stands for something else in a project.
RESERVED = ("adjudicated", "adjudication", UNKNOWN)


def address(annotator: str) -> str:
    """The address of the account that goldwire makes for an annotator; `annotator_names` reads it back."""
    local = quote(annotator, safe="-_+")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        local = local.replace(".", "%2E")
    return f"{local}@{DOMAIN}"


def unknown_name(taken: Collection[str]) -> str:
    """What somebody is called whom nobody knows: several of those are several people."""
    numbered = (UNKNOWN if number == 1 else f"{UNKNOWN}-{number}" for number in itertools.count(1))
    return next(name for name in numbered if name not in taken)


def is_own_address(email: str) -> bool:
    """Whether goldwire made the account, for the annotator whom its address names."""
    return email.endswith(f"@{DOMAIN}")


def annotator_names(users: Iterable[dict[str, Any]]) -> dict[int, str]:
    """What accounts are called at first: what stands before the @, or all of it where two share that.

    Accounts that goldwire made always get the short name, which is the one that stored annotations bear.
    """
    emails = {int(user["id"]): str(user.get("email", "")) for user in users}
    short = {number: _short(email) for number, email in emails.items()}
    shared = Counter(short.values())
    return {
        number: name if shared[name] == 1 or is_own_address(emails[number]) else emails[number]
        for number, name in short.items()
    }


def account_number(user: Any) -> int | None:
    """The number of an account, told by it or as a record; None where it was deleted for good."""
    number = user.get("id") if isinstance(user, dict) else user
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _short(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return unquote(local) if domain == DOMAIN else local or email

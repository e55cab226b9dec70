"""Who made an annotation of a task, and which of a person's annotations counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def person(completed_by: Any, username: Any = None) -> str:
    """A person by e-mail address or user name where the file has one, else by number; else empty.

    `username` is `created_username` of older exports (`name@example.org, 1`).
    """
    if isinstance(completed_by, dict):
        named = completed_by.get("email") or completed_by.get("username")
        if named:
            return str(named)
        completed_by = completed_by.get("id")
    if isinstance(completed_by, bool) or completed_by in (None, ""):
        completed_by = None
    if isinstance(completed_by, int):
        return f"user-{completed_by}"
    if completed_by is not None:
        return str(completed_by)
    return str(username).partition(",")[0].strip() if isinstance(username, str) else ""


def named(people: Sequence[str]) -> list[str]:
    """The names of a task's annotators; each that is unnamed is a person of their own: `unnamed-1`, …"""
    taken = set(people)
    result, number = [], 0
    for name in people:
        if not name:
            number += 1
            while f"unnamed-{number}" in taken:
                number += 1
            name = f"unnamed-{number}"
        result.append(name)
    return result


def latest_first(
    annotations: Sequence[T],
    *,
    cancelled: Callable[[T], bool],
    draft: Callable[[T], bool],
    updated: Callable[[T], str],
) -> list[T]:
    """A person's annotations of one task, the one that counts first.

    Submitted ones come before skipped ones, these before drafts, and the latest of each first.
    """
    if len(annotations) < 2:
        return list(annotations)
    order = sorted(
        range(len(annotations)),
        key=lambda n: (not draft(annotations[n]), not cancelled(annotations[n]), updated(annotations[n]), n),
    )
    return [annotations[n] for n in reversed(order)]

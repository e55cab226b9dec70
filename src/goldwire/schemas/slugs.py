"""Names made of what people call things."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def slug(name: str, taken: Iterable[str] = (), empty: str = "x") -> str:
    """`name` in lower-case letters, digits and `_`, with a number where that is taken."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    proposed = re.sub(r"[^a-z0-9]+", "_", bare.lower()).strip("_") or empty
    proposed = proposed if proposed[0].isalpha() else f"{empty}_{proposed}"
    return free_name(proposed, taken)


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken."""
    unavailable = set(taken)
    free, number = name, 1
    while free in unavailable:
        number += 1
        free = f"{name}_{number}"
    return free

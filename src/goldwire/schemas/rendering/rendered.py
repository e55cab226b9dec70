"""Which files were made of a schema before: they may be written over; all others are somebody's own."""

from __future__ import annotations

import re

from goldwire.messages import languages, messages_in

_SCHEMA = "name@1"


def is_rendering(name: str, text: str) -> bool:
    """Whether `text` is what some schema, in any version and language, rendered as the file `name`.

    The config shows it by its outermost class, the guidelines by the line that names the schema, the guide by
    its contents.
    """
    if name.endswith(".xml"):
        return text.startswith('<View className="gw">')
    if name.endswith(".html"):
        return text.startswith("<!doctype html>") and '<a href="#sheet">' in text
    third = "\n".join(text.split("\n", 3)[2:3])
    return any(re.fullmatch(_origin(language), third) for language in languages())


def _origin(language: str) -> str:
    """The line of guidelines that names their schema, as a pattern."""
    line = messages_in(language)("guidelines.origin", schema=_SCHEMA)
    return re.escape(f"*{line}*").replace(re.escape(_SCHEMA), ".+")

"""Texts of tokens: where each token stands, and what their tags mark."""

from __future__ import annotations

from collections.abc import Sequence


def placed(
    words: Sequence[str], text: str | None, spaces: Sequence[bool] | None = None
) -> tuple[str, list[tuple[int, int]]]:
    """The text of tokens and the extent of each, in code points.

    The `text` that they were cut from, where it is at hand and holds them in their order; else the tokens
    with a space after each that `spaces` says has one, all of them by default.
    """
    if text is not None:
        extents: list[tuple[int, int]] = []
        at = 0
        for word in words:
            start = text.find(word, at)
            if start < 0 or text[at:start].strip():
                break
            at = start + len(word)
            extents.append((start, at))
        else:
            return text, extents
    parts: list[str] = []
    extents, at = [], 0
    for number, word in enumerate(words):
        extents.append((at, at + len(word)))
        spaced = number + 1 < len(words) and (spaces is None or spaces[number])
        parts.append(word + (" " if spaced else ""))
        at += len(parts[-1])
    return "".join(parts), extents

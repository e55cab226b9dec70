"""Tags of tokens in IOB1, IOB2 and IOBES."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

SCHEMES = ("iob1", "iob2", "iobes")
#: A token of no span: prefix and label.
OUTSIDE = ("O", "")
_TAG = re.compile(r"([BIESLU])-(.+)")


def split_tag(tag: str) -> tuple[str, str] | None:
    """A tag's prefix (L and U, as some write E and S, put as those) and label; None where it is none."""
    if tag in ("O", "_", "-", ""):
        return OUTSIDE
    match = _TAG.fullmatch(tag)
    return ({"L": "E", "U": "S"}.get(match[1], match[1]), match[2]) if match else None


def decode(tags: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    """The spans of a sequence of split tags: first and last token, label. Right for all three schemes.

    As conlleval has it: a span begins at B and S, where the label changes and after O, E and S; so an I that
    nothing comes before begins one.
    """
    start: int | None = None
    label = ""
    for index, (prefix, name) in enumerate([*tags, OUTSIDE]):
        before = tags[index - 1][0] if index else "O"
        if start is not None and (prefix in "OBS" or name != label or before in "ES"):
            yield start, index - 1, label
            start = None
        if prefix != "O" and start is None:
            start, label = index, name


def encode(spans: Iterable[tuple[int, int, str]], length: int, scheme: str) -> list[str]:
    """The tags of `length` tokens over spans (first and last token, label), none of which share a token."""
    tags = ["O"] * length
    for first, last, label in sorted(spans):
        if scheme == "iobes":
            tags[first : last + 1] = [f"I-{label}"] * (last + 1 - first)
            tags[last] = f"E-{label}"
            tags[first] = f"{'S' if first == last else 'B'}-{label}"
        else:
            begin = scheme == "iob2" or (first > 0 and tags[first - 1].partition("-")[2] == label)
            tags[first : last + 1] = [f"I-{label}"] * (last + 1 - first)
            tags[first] = f"{'B' if begin else 'I'}-{label}"
    return tags

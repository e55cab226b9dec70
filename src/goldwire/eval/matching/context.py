"""Spans shown in their sentence: where it begins and ends, and which of its characters are marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from goldwire.eval.matching.spans import Pair
from goldwire.model import Span

#: A sentence ends at a line end, after 。 ！ ？, or after . ! ? … with closing quotes and brackets, before
#: white space; not after a lone capital (`M. Dupont`).
_END = re.compile(
    r"""\n+|[。！？]+[」』”’）]*|(?<!\b[A-ZÀ-Þ])[.!?…؟。]+(?:[ \u202f\u00a0]?»|[”’"')\]])*(?=\s|$)"""
)
#: Code points shown on each side where a sentence is very long.
REACH = 320


@dataclass(frozen=True)
class Piece:
    """A stretch of text: marked by gold, by the prediction, by both or by neither."""

    text: str
    gold: bool = False
    pred: bool = False


@dataclass(frozen=True)
class Extract:
    """A sentence (or a part of a long one) in pieces."""

    pieces: tuple[Piece, ...]
    cut_before: bool = False
    cut_after: bool = False


def sentences(text: str) -> list[tuple[int, int]]:
    """The extents of a text's sentences, without the white space around them."""
    extents = []
    start = 0
    for end in [match.end() for match in _END.finditer(text)] + [len(text)]:
        inner = text[start:end]
        first = start + len(inner) - len(inner.lstrip())
        last = start + len(inner.rstrip())
        if first < last:
            extents.append((first, last))
        start = end
    return extents


def extract(text: str, bounds: list[tuple[int, int]], pair: Pair) -> Extract:
    """The sentences that a pair's spans stand in, with both marked."""
    spans = [span for span in (pair.gold, pair.pred) if span is not None]
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    start = min([a for a, b in bounds if b > first and a <= first], default=first)
    end = max([b for a, b in bounds if a < last and b >= last], default=last)
    near_start, near_end = max(start, first - REACH), min(end, last + REACH)
    # Cut between words, where there are any.
    if near_start > start:
        near_start = _next_space(text, near_start, first)
    if near_end < end:
        near_end = _last_space(text, last, near_end)
    pieces = tuple(_pieces(text, near_start, near_end, pair.gold, pair.pred))
    return Extract(pieces, near_start > start, near_end < end)


def _next_space(text: str, at: int, limit: int) -> int:
    space = next((i for i in range(at, limit) if text[i].isspace()), None)
    return at if space is None else space + 1


def _last_space(text: str, limit: int, at: int) -> int:
    return next((i for i in range(at, limit, -1) if text[i].isspace()), at)


def _pieces(text: str, start: int, end: int, gold: Span | None, pred: Span | None) -> list[Piece]:
    cuts = {start, end}
    for span in (gold, pred):
        if span is not None:
            cuts |= {span.start, span.end}
    places = sorted(cuts)
    pieces = []
    for a, b in pairwise(places):
        marked = [span is not None and span.start <= a and b <= span.end for span in (gold, pred)]
        pieces.append(Piece(text[a:b], *marked))
    return pieces

"""Spans drawn under their text, nested and crossing ones on lines of their own.

A text is cut into words, so that a line of text can break anywhere and each word carries its own piece of
every bar. Inner spans lie next to the text, outer ones below them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from goldwire.eval.matching.spans import Pair

#: Right, on both sides with other labels, only in the reference, only predicted.
Side: TypeAlias = Literal["right", "label", "gold", "pred"]
#: A label under a short word reaches beyond it: about so many characters of text for each of its own.
_LABEL = 0.75
#: Where a browser may break a line: a piece that it breaks would lose its bar.
_BREAK = re.compile(r"\s+|[-–—/]|[\u2e80-\ud7a3\uf900-\ufaff]")


@dataclass(frozen=True)
class Bar:
    """One span as a bar, in code points of the document."""

    start: int
    end: int
    side: Side
    label: str


@dataclass(frozen=True)
class BarPart:
    """A piece of a bar under one word: on which level, whether it begins or ends there."""

    level: int
    side: Side
    label: str
    begins: bool
    ends: bool


@dataclass(frozen=True)
class DrawnWord:
    """A stretch of text with what lies under it."""

    text: str
    parts: tuple[BarPart, ...] = ()


@dataclass(frozen=True)
class Paragraph:
    """A line of the text, in words, with the number of levels under it."""

    words: tuple[DrawnWord, ...]
    levels: int


def bars(pairs: Sequence[Pair]) -> list[Bar]:
    """One bar for spans of equal extent, else one for each side."""
    drawn: list[Bar] = []
    for pair in pairs:
        gold, pred = pair.gold, pair.pred
        if gold is not None and pred is not None and pair.outcome in ("correct", "label"):
            same = pair.outcome == "correct"
            label = gold.label if same else f"{gold.label} → {pred.label}"
            drawn.append(Bar(gold.start, gold.end, "right" if same else "label", label))
            continue
        if gold is not None:
            drawn.append(Bar(gold.start, gold.end, "gold", gold.label))
        if pred is not None:
            drawn.append(Bar(pred.start, pred.end, "pred", pred.label))
    return drawn


def drawn_paragraphs(text: str, pairs: Sequence[Pair]) -> list[Paragraph]:
    """The text's lines with all spans under them; empty lines are left out."""
    placed = _levels(bars(pairs))
    drawn: list[Paragraph] = []
    for line in re.finditer(r"[^\n]+", text):
        on_line = [(bar, level) for bar, level in placed if bar.start < line.end() and bar.end > line.start()]
        cuts = {line.start(), line.end()}
        for bar, _ in on_line:
            cuts |= {max(bar.start, line.start()), min(bar.end, line.end())}
        for gap in _BREAK.finditer(text, line.start(), line.end()):
            cuts |= set(gap.span())
        words: list[DrawnWord] = []
        places = sorted(cuts)
        for start, end in pairwise(places):
            parts = tuple(
                BarPart(level, bar.side, bar.label, bar.start == start, bar.end == end)
                for bar, level in on_line
                if bar.start <= start and end <= bar.end
            )
            if not parts and words and not words[-1].parts:
                words[-1] = DrawnWord(words[-1].text + text[start:end])
            else:
                words.append(DrawnWord(text[start:end], parts))
        drawn.append(Paragraph(tuple(words), max((level + 1 for _, level in on_line), default=0)))
    return drawn


def _levels(unplaced: Sequence[Bar]) -> list[tuple[Bar, int]]:
    """Each bar with the first level where it meets no other, short ones first; a label's width counts."""
    taken: list[list[tuple[int, float]]] = []
    placed: list[tuple[Bar, int]] = []
    for bar in sorted(unplaced, key=lambda b: (b.end - b.start, b.start, b.side, b.label)):
        start, end = bar.start, max(bar.end, bar.start + 1 + len(bar.label) * _LABEL)
        level = next(
            (n for n, row in enumerate(taken) if all(end <= a or b <= start for a, b in row)), len(taken)
        )
        if level == len(taken):
            taken.append([])
        taken[level].append((start, end))
        placed.append((bar, level))
    return placed

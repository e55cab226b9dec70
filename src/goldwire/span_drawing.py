"""An article's text as HTML in which nested and crossing spans can be told apart.

Every span is a `mark` with a line under it. Lines of spans that overlap lie under one another, the inner span
nearer to the text, and each bears its label at its beginning. Marks nest as spans do; a span that crosses
another, or a line end, becomes several marks with one id.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Protocol

#: What a letter of a label takes, in letters of the text, and the room after it.
_LABEL_WIDTH, _LABEL_ROOM = 0.72, 1.0
#: Deeper lanes than this look alike; a text nested deeper is not to be read by lines.
DEEPEST = 7


class DrawnSpan(Protocol):
    """What is drawn of a span: it needs no more of the model."""

    @property
    def id(self) -> str:
        """Its name in the text."""

    @property
    def layer(self) -> str:
        """Its layer."""

    @property
    def label(self) -> str:
        """What it is called."""

    @property
    def start(self) -> int:
        """Its first code point."""

    @property
    def end(self) -> int:
        """The code point after its last."""


def lanes(spans: Sequence[DrawnSpan]) -> dict[str, int]:
    """For each span's id how far under the text its line lies, from 0: no two lines or labels collide.

    A span lies lower than all that it contains. A label may be wider than the words it stands under, so
    each span takes the room of its label.
    """
    taken: list[tuple[int, float, int]] = []
    lane_of: dict[str, int] = {}
    for span in sorted(spans, key=lambda s: (s.end - s.start, s.start, s.layer, s.label, s.id)):
        end = max(span.end, span.start + len(span.label) * _LABEL_WIDTH + _LABEL_ROOM)
        near = [(start, stop, lane) for start, stop, lane in taken if start < end and span.start < stop]
        inner = [
            lane_of[other.id]
            for other in spans
            if other.id in lane_of and span.start <= other.start and other.end <= span.end
        ]
        used = {lane for _, _, lane in near}
        lane = max(inner, default=-1) + 1
        while lane in used:
            lane += 1
        lane_of[span.id] = lane
        taken.append((span.start, end, lane))
    return lane_of


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The extents of a text's lines that hold more than white space."""
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line.rstrip("\r\n"))
        if text[start:end].strip():
            yield start, end
        start += len(line)


def render(text: str, spans: Sequence[DrawnSpan], classes: Mapping[tuple[str, str], str], prefix: str) -> str:
    """The text as `p` elements. `classes` gives those of each (layer, label), `prefix` begins each id."""
    ordered = sorted(spans, key=lambda s: (s.start, -s.end, s.layer, s.label, s.id))
    depth = lanes(ordered)
    begun: set[str] = set()
    parts: list[str] = []
    for start, end in paragraphs(text):
        inside = [span for span in ordered if span.start < end and start < span.end]
        rows = max((min(depth[span.id], DEEPEST) + 1 for span in inside), default=0)
        line = "".join(_line(text, start, end, inside, depth, classes, prefix, begun))
        parts.append(f'<p class="n{rows}">{line}</p>\n')
    return "".join(parts)


def standalone(text: str, readings: Sequence[tuple[str, Sequence[DrawnSpan], str]]) -> str:
    """The text with the spans of each reading, and the styles that they need: what a notebook shows.

    A reading is a title, its spans and what its ids begin with. A label has one colour in all of them.
    """
    kinds = sorted({(span.layer, span.label) for _, spans, _ in readings for span in spans})
    classes = {kind: f"g{number % _COLOURS}" for number, kind in enumerate(kinds)}
    drawn = (
        f"<div>{escape(title)}</div>{render(text, spans, classes, prefix)}"
        for title, spans, prefix in readings
    )
    return f'<div class="goldwire-spans"><style>{_STYLE}</style>{"".join(drawn)}</div>'


_COLOURS = 12
#: In letters of the notebook, whatever their size: labels take the room that `lanes` gives them.
_STYLE = (
    ".goldwire-spans p{line-height:calc(1.6em + var(--n,0)*.78em);margin:.5em 0;white-space:pre-wrap}"
    ".goldwire-spans mark{color:inherit;background:none;border-bottom:2px solid var(--c);"
    "padding-bottom:calc(var(--k)*.78em)}"
    ".goldwire-spans .lab{position:relative;user-select:none}"
    ".goldwire-spans .chip{position:absolute;left:0;top:calc(100% + var(--k)*1.3em + 3px);"
    "font:650 .6em/1.13 system-ui,sans-serif;color:var(--c);white-space:nowrap}"
    + "".join(f".goldwire-spans .n{n}{{--n:{n}}}" for n in range(DEEPEST + 2))
    + "".join(f".goldwire-spans .k{k}{{--k:{k}}}" for k in range(DEEPEST + 1))
    + "".join(f".goldwire-spans .g{n}{{--c:hsl({(n * 137) % 360} 65% 42%)}}" for n in range(_COLOURS))
)


def _line(
    text: str,
    start: int,
    end: int,
    spans: Sequence[DrawnSpan],
    depth: Mapping[str, int],
    classes: Mapping[tuple[str, str], str],
    prefix: str,
    begun: set[str],
) -> Iterator[str]:
    queue = [
        (max(span.start, start), -min(span.end, end), -depth[span.id], index)
        for index, span in enumerate(spans)
    ]
    heapq.heapify(queue)
    open_ends: list[int] = []
    at = start
    while queue:
        begin, minus_end, lane, index = heapq.heappop(queue)
        stop, span = -minus_end, spans[index]
        while open_ends and open_ends[-1] <= begin:
            yield escape(text[at : open_ends[-1]], quote=False) + "</mark>"
            at = open_ends.pop()
        if open_ends and open_ends[-1] < stop:  # it crosses the open one: the rest opens where that ends
            heapq.heappush(queue, (open_ends[-1], -stop, lane, index))
            stop = open_ends[-1]
        yield escape(text[at:begin], quote=False)
        at = begin
        first = span.id not in begun
        begun.add(span.id)
        styles = classes.get((span.layer, span.label), "")
        names = [
            styles,
            f"k{min(depth[span.id], DEEPEST)}",
            *(["from"] if begin == span.start else []),
            *(["to"] if stop == span.end else []),
        ]
        name = f' id="{escape(prefix + span.id)}"' if first else ""
        chip = (
            f'<span class="lab"><i class="chip {styles}"><b>{escape(span.label)}</b></i></span>'
            if first
            else ""
        )
        span_id = escape(span.id)
        yield f'<mark class="{" ".join(filter(None, names))}"{name} data-s="{span_id}" tabindex="-1">{chip}'
        open_ends.append(stop)
    while open_ends:
        yield escape(text[at : open_ends[-1]], quote=False) + "</mark>"
        at = open_ends.pop()
    yield escape(text[at:end], quote=False)

"""A line with its intervals, drawn as SVG: the colours follow the reader's light or dark ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from goldwire.figures import number

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 14, 16, 50
#: Where no page gives the colours.
STYLE = (
    "svg.line{color-scheme:light dark;--ink:#1c1f24;--quiet:#5c636e;--line:#dcd9d0;--gold:#0b63b0;"
    "--card:#fff;font:12px system-ui,sans-serif}"
    "@media (prefers-color-scheme:dark){svg.line{--ink:#e8e6e1;--quiet:#a3a9b4;--line:#353a43;--gold:#7fbcf5;"
    "--card:#1c1f25}}"
)


@dataclass(frozen=True)
class Point:
    """One value in [0, 1] with its interval; `name` stands under it, `note` shows on pointing at it."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    #: Begins something new, so that the line is broken before it.
    new: bool = False


def line(points: Sequence[Point], title: str, *, y: str = "F1") -> str:
    """The points from left to right with equal distances, as one `<svg>`; all text is escaped."""
    inner = WIDTH - _LEFT - _RIGHT
    height = HEIGHT - _TOP - _BOTTOM
    step = inner / max(1, len(points))

    def at(index: int) -> float:
        return _LEFT + step * (index + 0.5)

    def up(value: float) -> float:
        return _TOP + height * (1 - value)

    parts = [
        f'<svg class="line" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}"><style>{STYLE}</style><rect width="100%" height="100%" '
        'style="fill:var(--card)"/>'
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{up(tick):.1f}" y2="{up(tick):.1f}" '
            f'style="stroke:var(--line)"/><text x="{_LEFT - 8}" y="{up(tick) + 4:.1f}" text-anchor="end" '
            f'style="fill:var(--quiet)">{number(tick, 2)}</text>'
        )
    parts.append(f'<text x="4" y="12" style="fill:var(--quiet)">{escape(y)}</text>')
    runs: list[list[str]] = [[]]
    every = max(1, -(-len(points) // 8))
    for index, point in enumerate(points):
        if point.new and index:
            edge = at(index) - step / 2
            parts.append(
                f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="{_TOP}" y2="{_TOP + height}" '
                'style="stroke:var(--quiet);stroke-dasharray:3 4"/>'
            )
        if index % every == 0 or (index == len(points) - 1 and index % every >= every / 2):
            parts.append(
                f'<text x="{at(index):.1f}" y="{HEIGHT - _BOTTOM + 20}" text-anchor="middle" '
                f'style="fill:var(--quiet)">{escape(point.name)}</text>'
            )
        if point.new or point.value is None:
            runs.append([])
        if point.value is None:
            continue
        runs[-1].append(f"{at(index):.1f},{up(point.value):.1f}")
        mark = [f"<g><title>{escape(point.note or point.name)}</title>"]
        if point.low is not None and point.high is not None:
            x, low, high = at(index), up(point.low), up(point.high)
            mark.append(
                f'<path d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 5:.1f} {low:.1f}h10M{x - 5:.1f} {high:.1f}h10" '
                'style="stroke:var(--gold);stroke-width:1.5;fill:none"/>'
            )
        mark.append(
            f'<circle cx="{at(index):.1f}" cy="{up(point.value):.1f}" r="4.5" '
            'style="fill:var(--gold);stroke:var(--card);stroke-width:2"/>'
        )
        if len(points) <= 12:
            # Beside the whisker, not on it; the last one to the left, so that it is not cut off.
            last = index == len(points) - 1 and len(points) > 1
            x, anchor = (at(index) - 9, "end") if last else (at(index) + 9, "start")
            mark.append(
                f'<text x="{x:.1f}" y="{up(point.value) - 7:.1f}" text-anchor="{anchor}" '
                f'style="fill:var(--ink)">{number(point.value)}</text>'
            )
        parts.append("".join(mark) + "</g>")
    for run in runs:
        if len(run) > 1:
            parts.insert(
                1,
                f'<polyline points="{" ".join(run)}" style="fill:none;stroke:var(--gold);stroke-width:2;'
                'opacity:.6"/>',
            )
    return "".join(parts) + "</svg>"

"""Figures with their intervals drawn as SVG: the colours follow the reader's light or dark ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from goldwire.number_format import amount, number

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 18, 16, 50
#: Of a drawing with a row for each figure: room for names and values, the height of a row, room above.
_NAMES, _VALUES, _ROW, _HEAD = 210, 60, 22, 30
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_KNOWN, _EXPECTED = "stroke:var(--gold);opacity:.6", "stroke:var(--next);stroke-dasharray:6 5"
#: Where no page gives the colours.
_STYLE = (
    "svg.chart{color-scheme:light dark;--ink:#1c1f24;--quiet:#5c636e;--line:#dcd9d0;--gold:#0b63b0;"
    "--next:#9a5b00;--card:#fff;font:12px system-ui,sans-serif}"
    "@media (prefers-color-scheme:dark){svg.chart{--ink:#e8e6e1;--quiet:#a3a9b4;--line:#353a43;"
    "--gold:#7fbcf5;--next:#e0a94c;--card:#1c1f25}}"
)


class Drawing(str):
    """An `<svg>` as text, which a notebook shows as the picture that it is."""

    def _repr_svg_(self) -> str:
        return str(self)


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


@dataclass(frozen=True)
class Trend:
    """A line through (x, value), as far as it is known or `expected`; `low` to `high` at its end."""

    points: Sequence[tuple[float, float]]
    expected: bool = False
    low: float | None = None
    high: float | None = None
    note: str = ""


def line(points: Sequence[Point], title: str) -> str:
    """The points from left to right with equal distances, as one `<svg>`; all text is escaped."""
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(points))

    def at(index: int) -> float:
        return _LEFT + step * (index + 0.5)

    parts = [_grid()]
    runs: list[list[tuple[float, float]]] = [[]]
    every = max(1, -(-len(points) // 8))
    for index, point in enumerate(points):
        if point.new and index:
            edge = at(index) - step / 2
            parts.append(
                f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}" '
                'style="stroke:var(--quiet);stroke-dasharray:3 4"/>'
            )
        if index % every == 0 or (index == len(points) - 1 and index % every >= every / 2):
            parts.append(_text(point.name, at(index), HEIGHT - _BOTTOM + 20, "middle", "quiet"))
        if point.new or point.value is None:
            runs.append([])
        if point.value is None:
            continue
        runs[-1].append((at(index), _up(point.value)))
        value = ""
        if len(points) <= 12:
            # Beside the whisker, not on it; the last one to the left, so that it is not cut off.
            last = index == len(points) - 1 and len(points) > 1
            x, anchor = (at(index) - 9, "end") if last else (at(index) + 9, "start")
            value = _text(number(point.value), x, _up(point.value) - 7, anchor)
        parts.append(_mark(at(index), point, value))
    lines = [_polyline(run, _KNOWN) for run in runs if len(run) > 1]
    return _svg(title, HEIGHT, [*lines, *parts])


def curve(
    points: Sequence[tuple[float, Point]],
    title: str,
    *,
    most: float,
    x_title: str,
    trends: Sequence[Trend] = (),
) -> str:
    """Points over an axis from 0 to `most`, each under its name, as one `<svg>`; all text is escaped."""

    def along(x: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * x / most

    parts = [_grid()]
    parts += [
        _text(amount(mark), along(mark), HEIGHT - _BOTTOM + 20, "middle", "quiet") for mark in _round(most)
    ]
    parts.append(_text(x_title, WIDTH - _RIGHT, HEIGHT - 10, "end", "quiet"))
    for trend in trends:
        style = _EXPECTED if trend.expected else _KNOWN
        parts.append(_polyline([(along(x), _up(value)) for x, value in trend.points], style))
        if trend.low is not None and trend.high is not None:
            end = along(trend.points[-1][0])
            parts.append(
                f"<g><title>{escape(trend.note)}</title>"
                f'<path d="M{end:.1f} {_up(trend.low):.1f}V{_up(trend.high):.1f}" '
                'style="stroke:var(--next);stroke-width:6;opacity:.45"/></g>'
            )
    for x, point in points:
        if point.value is not None:
            top = _up(point.value if point.high is None else point.high)
            name = _text(point.name, along(x), top - 9, "middle", "quiet")
            parts.append(_mark(along(x), point, name))
    return _svg(title, HEIGHT, parts)


def rows(points: Sequence[Point | str], title: str) -> str:
    """A row for each point, from top to bottom, as one `<svg>`; a text is a heading; all text is escaped."""
    height = _HEAD + _ROW * len(points) + 12
    inner = WIDTH - _NAMES - _VALUES

    def across(value: float) -> float:
        return _NAMES + inner * value

    parts = [
        f'<line x1="{across(tick):.0f}" x2="{across(tick):.0f}" y1="{_HEAD - 8}" y2="{height - 8}" '
        f'style="stroke:var(--line)"/>{_text(number(tick, 2), across(tick), _HEAD - 14, "middle", "quiet")}'
        for tick in _TICKS
    ]
    for index, point in enumerate(points):
        y = _HEAD + _ROW * index + _ROW / 2
        if isinstance(point, str):
            heading = f'<text x="8" y="{y + 4:.0f}" font-weight="600" style="fill:var(--ink)">'
            parts.append(f"{heading}{escape(point)}</text>")
            continue
        parts.append(_text(point.name, _NAMES - 12, y + 4, "end"))
        if point.value is None:
            parts.append(_text("no score", _NAMES + 6, y + 4, "start", "quiet"))
            continue
        if point.low is not None and point.high is not None:
            parts.append(
                f'<path d="M{across(point.low):.1f} {y:.1f}H{across(point.high):.1f}" '
                'style="stroke:var(--gold);stroke-width:2;opacity:.5"/>'
            )
        parts.append(
            f'<circle cx="{across(point.value):.1f}" cy="{y:.1f}" r="4.5" style="fill:var(--gold)"/>'
        )
        parts.append(_text(number(point.value), WIDTH - 8, y + 4, "end"))
    return _svg(title, height, parts)


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><style>{_STYLE}</style><rect width="100%" height="100%" '
        f'style="fill:var(--card)"/>{"".join(parts)}</svg>'
    )


def _up(value: float) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value)


def _grid() -> str:
    """What F1 lies on, from 0 to 1."""
    ticks = "".join(
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_up(tick):.1f}" y2="{_up(tick):.1f}" '
        f'style="stroke:var(--line)"/>{_text(number(tick, 2), _LEFT - 8, _up(tick) + 4, "end", "quiet")}'
        for tick in _TICKS
    )
    return ticks + _text("F1", 4, 12, "start", "quiet")


def _text(text: str, x: float, y: float, anchor: str, colour: str = "ink") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} style="fill:var(--{colour})">{escape(text)}</text>'


def _polyline(points: Sequence[tuple[float, float]], style: str) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" style="fill:none;stroke-width:2;{style}"/>'


def _mark(x: float, point: Point, label: str) -> str:
    """A point that has a value, with its interval and its note."""
    whisker = ""
    if point.low is not None and point.high is not None:
        low, high = _up(point.low), _up(point.high)
        whisker = (
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 5:.1f} {low:.1f}h10M{x - 5:.1f} {high:.1f}h10" '
            'style="stroke:var(--gold);stroke-width:1.5;fill:none"/>'
        )
    dot = (
        f'<circle cx="{x:.1f}" cy="{_up(point.value or 0.0):.1f}" r="4.5" '
        'style="fill:var(--gold);stroke:var(--card);stroke-width:2"/>'
    )
    return f"<g><title>{escape(point.note or point.name)}</title>{whisker}{dot}{label}</g>"


def _round(most: float) -> list[float]:
    """Some round numbers from 0 to `most`."""
    power = 10 ** math.floor(math.log10(most))
    step = next(s * power for s in (0.1, 0.2, 0.5, 1, 2) if most / (s * power) <= 8)
    return [step * index for index in range(int(most / step) + 1)]

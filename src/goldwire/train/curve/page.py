"""The learning curve as a page: drawn as SVG in the reader's light or dark colours, and as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import TypeAlias

from goldwire.figures import amount, interval, number
from goldwire.html.templates import page_templates, render_page
from goldwire.train.curve.curve import Curve, Step

#: From a figure to its place in the drawing.
Scale: TypeAlias = Callable[[float], float]
WIDTH, HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 18, 16, 50
COLUMNS = ("documents", "sentences", "spans", "F1", "95 %")
#: Points at which the law's line is bent.
_BENDS = 60


def rows(curve: Curve) -> list[tuple[str, ...]]:
    """The steps as cells, in the order of `COLUMNS`."""
    return [
        (
            amount(s.documents),
            amount(round(s.sentences)),
            amount(round(s.spans)),
            number(s.f1),
            interval(s.ci95),
        )
        for s in curve.steps
    ]


def page(curve: Curve) -> str:
    """One HTML page without scripts or network."""
    law = curve.next.law
    corpus, config = curve.setting["corpus"], curve.setting["config"]
    changed = ", ".join(f"{name} = {value}" for name, value in config["overrides"].items())
    words = curve.next.in_words()
    return render_page(
        page_templates("goldwire.train.curve", "").get_template("curve.html.j2"),
        title=f"{corpus.get('name', 'goldwire')}: what more articles bring, layer {curve.layer}",
        next=f"{words[0].upper()}{words[1:]}.",
        draft=curve.reference == "draft",
        drawing=drawing(curve),
        law=[number(value, 2) for value in law or ()],
        repeats=curve.repeats,
        columns=COLUMNS,
        rows=rows(curve),
        notes=curve.notes,
        setting=[
            ("Corpus", f"{corpus.get('name', '')} {corpus.get('version', '')}"),
            ("Content hash", corpus.get("content_hash") or corpus.get("sha256", "")),
            ("Config", config["file"] + (f" with {changed}" if changed else "")),
            ("Tested on", f"{curve.documents} articles, each in the repeats whose test part it is in"),
            ("Trainings", f"{curve.setting['trainings']}, in {curve.setting['seconds']} s"),
            ("Seed", curve.setting["seed"]),
        ],
    )


def drawing(curve: Curve) -> str:
    """F1 over sentences as one `<svg>`; its colours are the page's."""
    steps = curve.steps
    law = curve.next.law
    most = max(step.sentences for step in steps) + (curve.next.ahead if law else 0)
    most = max(1.0, most * 1.03)

    def along(sentences: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * sentences / most

    def up(value: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value)

    parts = [_frame(most, along, up)]
    if law is not None:
        a, b, c = law
        ends = (steps[0].sentences, steps[-1].sentences, steps[-1].sentences + curve.next.ahead)
        for first, last, style in (
            (ends[0], ends[1], "stroke:var(--gold);opacity:.6"),
            (ends[1], ends[2], "stroke:var(--next);stroke-dasharray:6 5"),
        ):
            at = [first + (last - first) * bend / _BENDS for bend in range(_BENDS + 1)]
            line = [(x, min(1.0, max(0.0, a - b * x**-c))) for x in at if x > 0]
            parts.append(_line([(along(x), up(y)) for x, y in line], style))
        if curve.next.ci95 is not None and curve.next.gain is not None:
            start = a - b * ends[1] ** -c
            x, low, high = along(ends[2]), *(up(min(1.0, max(0.0, start + g))) for g in curve.next.ci95)
            parts.append(
                f"<g><title>{escape(curve.next.in_words())}</title>"
                f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" style="stroke:var(--next);stroke-width:6;'
                'opacity:.45"/></g>'
            )
    else:
        known = [(along(s.sentences), up(s.f1)) for s in steps if s.f1 is not None]
        parts.append(_line(known, "stroke:var(--gold);opacity:.6"))
    parts += [_point(step, along(step.sentences), up) for step in steps]
    label = f"F1 at {len(steps)} sizes; the same figures stand in the table"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def _frame(most: float, along: Scale, up: Scale) -> str:
    """The ground, F1 from 0 to 1, and sentences in round numbers."""
    parts = ['<rect width="100%" height="100%" style="fill:var(--card)"/>']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{up(tick):.1f}" y2="{up(tick):.1f}" '
            f'style="stroke:var(--line)"/><text x="{_LEFT - 8}" y="{up(tick) + 4:.1f}" text-anchor="end" '
            f'style="fill:var(--quiet)">{number(tick, 2)}</text>'
        )
    for mark in _round(most):
        parts.append(
            f'<text x="{along(mark):.1f}" y="{HEIGHT - _BOTTOM + 20}" text-anchor="middle" '
            f'style="fill:var(--quiet)">{amount(mark)}</text>'
        )
    parts.append('<text x="4" y="12" style="fill:var(--quiet)">F1</text>')
    parts.append(
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 10}" text-anchor="end" style="fill:var(--quiet)">'
        "sentences learned from</text>"
    )
    return "".join(parts)


def _round(most: float) -> list[float]:
    """Some round numbers from 0 to `most`."""
    power = 10 ** math.floor(math.log10(most))
    step = next(s * power for s in (0.1, 0.2, 0.5, 1, 2) if most / (s * power) <= 8)
    return [step * n for n in range(int(most / step) + 1)]


def _line(points: Sequence[tuple[float, float]], style: str) -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{joined}" style="fill:none;stroke-width:2;{style}"/>'


def _point(step: Step, x: float, up: Scale) -> str:
    """A step's F1 with its interval; nothing where it has none."""
    if step.f1 is None:
        return ""
    note = f"{amount(round(step.sentences))} sentences: {number(step.f1)} ({interval(step.ci95)})"
    parts = [f"<g><title>{escape(note)}</title>"]
    if step.ci95 is not None:
        low, high = up(step.ci95[0]), up(step.ci95[1])
        parts.append(
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 5:.1f} {low:.1f}h10M{x - 5:.1f} {high:.1f}h10" '
            'style="stroke:var(--gold);stroke-width:1.5;fill:none"/>'
        )
    parts.append(
        f'<circle cx="{x:.1f}" cy="{up(step.f1):.1f}" r="4.5" '
        'style="fill:var(--gold);stroke:var(--card);stroke-width:2"/>'
    )
    top = up(step.ci95[1]) if step.ci95 is not None else up(step.f1)
    plural = "" if step.documents == 1 else "s"
    parts.append(
        f'<text x="{x:.1f}" y="{top - 9:.1f}" text-anchor="middle" style="fill:var(--quiet)">'
        f"{amount(step.documents)} article{plural}</text>"
    )
    return "".join(parts) + "</g>"

"""What a learning curve came to: its steps as a table, and drawn in the reader's light or dark colours."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldwire.html import charts
from goldwire.number_format import counted, interval, number
from goldwire.table import Column, Figures, Table
from goldwire.train.curve.extrapolation import Extrapolation

#: Points at which the law's line is bent.
_BENDS = 60


@dataclass(frozen=True)
class Step:
    """A size of the curve: means over repeats of what was learned from, and pooled micro F1, exact."""

    documents: float
    sentences: float
    spans: float
    f1: float | None
    ci95: tuple[float, float] | None

    def as_json(self) -> dict[str, Any]:
        """The figures, rounded where they are means of counts."""
        return {
            "documents": round(self.documents, 1),
            "sentences": round(self.sentences, 1),
            "spans": round(self.spans, 1),
            "f1": self.f1,
            "ci95": list(self.ci95) if self.ci95 else None,
        }


@dataclass(frozen=True, repr=False)
class Curve(Figures):
    """Steps from little to much, what comes next, and what the figures are of; `page` shows it, where one
    does."""

    layer: str
    steps: tuple[Step, ...]
    next: Extrapolation
    repeats: int
    documents: int
    reference: str
    notes: tuple[str, ...]
    setting: dict[str, Any] = field(default_factory=dict)
    page: Path | None = None

    def __repr__(self) -> str:
        f1s = f"{number(self.steps[0].f1)} to {number(self.steps[-1].f1)}"
        return f"<Curve {self.layer}: F1 {f1s}; {self.next.in_words()}>"

    def tables(self) -> list[Table]:
        """`steps`: what was learned from, and F1."""
        columns = (
            *(Column(name, "amount") for name in ("documents", "sentences", "spans")),
            Column("F1", "number"),
            Column("95 %", "interval"),
        )
        rows = [(s.documents, round(s.sentences), round(s.spans), s.f1, s.ci95) for s in self.steps]
        title = f"{self.layer}: micro F1, exact, on articles not learned from; reference: {self.reference}"
        return [Table("steps", title, columns, rows)]

    def plot(self) -> charts.Drawing:
        """F1 over sentences, with the law's line and what it expects: an SVG, which a notebook shows."""
        return charts.Drawing(_drawing(self))

    def as_json(self) -> dict[str, Any]:
        """All of it, in the form that `train curve --json` writes."""
        return {
            "layer": self.layer,
            "steps": [step.as_json() for step in self.steps],
            "next": self.next.as_json(),
            "repeats": self.repeats,
            "documents": self.documents,
            "reference": self.reference,
            "notes": list(self.notes),
            **self.setting,
        }


def _drawing(curve: Curve) -> str:
    """F1 over sentences as one `<svg>`, with the law's line and what it expects."""
    steps, extrapolation = curve.steps, curve.next
    farthest = max(step.sentences for step in steps) + (extrapolation.ahead if extrapolation.law else 0)
    points = [(step.sentences, _point(step)) for step in steps]
    known = [(x, point.value) for x, point in points if point.value is not None]
    return charts.curve(
        points,
        f"F1 at {len(steps)} sizes; the same figures stand in the table",
        most=max(1.0, farthest * 1.03),
        x_title="sentences learned from",
        trends=_trends(curve, extrapolation.law) if extrapolation.law is not None else [charts.Trend(known)],
    )


def _point(step: Step) -> charts.Point:
    note = f"{counted(round(step.sentences), 'sentence')}: {number(step.f1)} ({interval(step.ci95)})"
    low, high = step.ci95 or (None, None)
    return charts.Point(counted(step.documents, "article"), step.f1, low, high, note)


def _trends(curve: Curve, law: tuple[float, float, float]) -> list[charts.Trend]:
    """The law's line as far as there are steps, and on from there, with the interval of what it expects."""
    a, b, c = law

    def through(first: float, last: float) -> list[tuple[float, float]]:
        xs = [first + (last - first) * bend / _BENDS for bend in range(_BENDS + 1)]
        return [(x, _bounded(a - b * x**-c)) for x in xs if x > 0]

    first, last = curve.steps[0].sentences, curve.steps[-1].sentences
    extrapolation = curve.next
    low = high = None
    if extrapolation.ci95 is not None and extrapolation.gain is not None:
        low, high = (_bounded(a - b * last**-c + gain) for gain in extrapolation.ci95)
    return [
        charts.Trend(through(first, last)),
        charts.Trend(through(last, last + extrapolation.ahead), True, low, high, extrapolation.in_words()),
    ]


def _bounded(f1: float) -> float:
    return min(1.0, max(0.0, f1))

"""The learning curve as a page: drawn as SVG in the reader's light or dark colours, and as a table."""

from __future__ import annotations

from goldwire.figures import amount, counted, interval, number
from goldwire.html import charts
from goldwire.html.templates import page_templates, render_page
from goldwire.train.curve.curve import Curve, Step

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

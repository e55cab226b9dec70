"""Comparisons of two models as rows and lines: what the terminal shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from goldwire.eval.ci.compare_models import Place, tally
from goldwire.eval.counts.significance import ALPHA, Tested
from goldwire.figures import amount, number, p_value, signed, signed_interval

COMPARE_COLUMNS = (
    "label",
    "A F1",
    "B F1",
    "B − A",
    "95 % of it",
    "p",
    "p, Holm",
    "A alone",
    "B alone",
    "verdict",
)
#: What gives way first in a narrow terminal: the verdict above the table says as much of the whole.
COMPARE_LESSER = (("A alone", "B alone"), "p", "verdict")
#: Code points of a sentence that are shown on each side of a span.
REACH = 60


def compare_rows(tested: Tested, layer: str, places: Sequence[Place]) -> Iterator[tuple[str, ...]]:
    """Both F1, their difference with its interval, p; on how many places each model alone is right."""
    counts = tally([place for place in places if place.layer == layer])
    every = {side: sum(found[side] for found in counts.values()) for side in ("A", "B")}
    micro = tested.micro
    for label, found in (("micro", micro), *tested.labels.items()):
        alone = every if found is micro else counts.get((layer, label), {})
        p = found.p if found is micro else found.p_holm
        mark = "" if p is None or p >= ALPHA or not found.value else ("B" if found.value > 0 else "A")
        yield (
            label,
            number(found.first.f1),
            number(found.second.f1),
            signed(found.value),
            signed_interval(found.ci95),
            p_value(found.p),
            "" if found is micro else p_value(found.p_holm),
            amount(alone.get("A", 0)) if places else "",
            amount(alone.get("B", 0)) if places else "",
            f"{mark} better" if mark else "",
        )


def place_lines(places: Sequence[Place], show: int) -> Iterator[str]:
    """Sentences where only one model is right, those of A, then those of B; how many more there are."""
    if not show:
        return
    for side, other in (("A", "B"), ("B", "A")):
        found = [place for place in places if place.better == side]
        if not found:
            continue
        yield ""
        yield f"only {side} is right in {len(found)} place(s):"
        for place in found[:show]:
            did = f"{side} found it" if place.what == "found" else f"{other} marked it wrongly"
            yield f"  {place.label:<10} {_shown(place)}  ({did}; {place.document}, character {place.start})"
        if len(found) > show:
            yield f"  … and {len(found) - show} more (--show {len(found)}, or --json)"


def _shown(place: Place) -> str:
    """The span in [brackets] with what stands around it in its sentence."""
    at = place.start - place.sentence_start
    before, after = place.sentence[:at], place.sentence[at + len(place.text) :]
    left = ("…" if len(before) > REACH else "") + before[-REACH:]
    right = after[:REACH] + ("…" if len(after) > REACH else "")
    return " ".join(f"{left}[{place.text}]{right}".split())

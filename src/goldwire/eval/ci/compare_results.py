"""What comparing two models finds: verdicts, tests and places, as JSON, as tables and as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from goldwire.eval.counts.significance import ALPHA, Difference, Tested
from goldwire.eval.matching.spans import Kind
from goldwire.eval.scoring.results import Scores
from goldwire.figures import amount, number, p_in_words, signed_interval
from goldwire.table import Cell, Column, Figures, Table

COMPARE_COLUMNS = (
    Column("label"),
    Column("A F1", "number"),
    Column("B F1", "number"),
    Column("B − A", "signed"),
    Column("95 % of it", "signed_interval"),
    Column("p", "p"),
    Column("p, Holm", "p"),
    Column("A alone", "amount"),
    Column("B alone", "amount"),
    Column("verdict"),
)
#: What gives way first in a narrow terminal: the verdict above the table says as much of the whole.
COMPARE_LESSER = (("A alone", "B alone"), "p", "verdict")
#: Code points of a sentence that are shown on each side of a span.
REACH = 60
#: What a model did with a place: found a span that the other missed, or marked one that gold has not.
What: TypeAlias = Literal["found", "spurious"]


@dataclass(frozen=True)
class Place:
    """A span that only one model (`by`: `A` or `B`) has, rightly (`found`) or wrongly (`spurious`)."""

    document: str
    layer: str
    label: str
    start: int
    end: int
    by: Literal["A", "B"]
    what: What
    text: str
    sentence: str
    sentence_start: int

    @property
    def better(self) -> Literal["A", "B"]:
        """The model that this place speaks for."""
        if self.what == "found":
            return self.by
        return "B" if self.by == "A" else "A"

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        names = ("document", "layer", "label", "start", "end", "by", "what", "better", "text", "sentence")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, repr=False)
class Compared(Figures):
    """Both models' scores, the tests by layer, and the places where they differ."""

    kind: Kind
    scores: tuple[Scores, Scores]
    layers: dict[str, Tested]
    relations: Tested | None
    places: tuple[Place, ...]
    warnings: tuple[str, ...]
    names: tuple[str, str] = ("A", "B")

    def __repr__(self) -> str:
        verdicts = "; ".join(f"{layer}: {self.verdict(layer)}" for layer in self.layers)
        return f"<Compared: {verdicts}>"

    def tables(self) -> list[Table]:
        """One for each layer, named by it, and `relations`: F1, difference, p by label."""
        tables = [
            Table(
                layer,
                f"{layer}, {self.kind}: {self.verdict(layer)}",
                COMPARE_COLUMNS,
                list(compare_rows(tested, layer, self.places)),
                COMPARE_LESSER,
            )
            for layer, tested in self.layers.items()
        ]
        if self.relations is not None:
            title = f"relations, strict: {verdict(self.relations.micro, *self.names)}"
            rows = list(compare_rows(self.relations, "", ()))
            tables.append(Table("relations", title, COMPARE_COLUMNS, rows, COMPARE_LESSER))
        return tables

    def verdict(self, layer: str) -> str:
        """Which is better, by how much, and how sure that is; one sentence."""
        return verdict(self.layers[layer].micro, *self.names)

    def as_json(self) -> dict[str, Any]:
        """Verdicts, tests, places."""
        figures: dict[str, Any] = {
            "first": self.names[0],
            "second": self.names[1],
            "kind": self.kind,
            "layers": {
                layer: {"verdict": self.verdict(layer), **tested.as_json()}
                for layer, tested in self.layers.items()
            },
        }
        if self.relations is not None:
            figures["relations"] = {
                "verdict": verdict(self.relations.micro, *self.names),
                **self.relations.as_json(),
            }
        return figures | {
            "differences": [place.as_json() for place in self.places],
            "documents": len(self.scores[0].documents),
            "reference": self.scores[0].reference,
            "seed": self.scores[0].seed,
            "warnings": list(self.warnings),
        }


def verdict(found: Difference, first: str, second: str) -> str:
    """Which of two is better, by how much, and how sure that is."""
    gap = found.value
    if gap is None:
        silent, other, wrong = (
            (first, second, found.second) if found.first.f1 is None else (second, first, found.first)
        )
        if wrong.f1 is not None:
            marked = amount(wrong.predicted)
            return f"nothing to find here: {other} marks {marked} wrongly, {silent} marks nothing"
        return "nothing to compare: neither the reference nor a prediction has a span here"
    if gap == 0:
        return f"{first} and {second} have the same F1, {number(found.first.f1)}"
    better, worse = (second, first) if gap > 0 else (first, second)
    size = f"{number(abs(gap))} F1"
    if found.ci95:
        low, high = sorted(bound if gap > 0 else -bound for bound in found.ci95)
        size += f" (95 % interval {signed_interval((low, high))})"
    if found.p is not None and found.p < ALPHA:
        return f"{better} is better than {worse} by {size}, {p_in_words(found.p)}"
    chance = p_in_words(found.p)
    return f"{better} is ahead of {worse} by {size}, but that may be chance: {chance}"


def tally(places: Sequence[Place]) -> dict[tuple[str, str], Counter[str]]:
    """How many places of each layer and label speak for `A` and for `B`."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for place in places:
        counts.setdefault((place.layer, place.label), Counter())[place.better] += 1
    return counts


def compare_rows(tested: Tested, layer: str, places: Sequence[Place]) -> Iterator[tuple[Cell, ...]]:
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
            found.first.f1,
            found.second.f1,
            found.value,
            found.ci95,
            found.p,
            "" if found is micro else found.p_holm,
            alone.get("A", 0) if places else "",
            alone.get("B", 0) if places else "",
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

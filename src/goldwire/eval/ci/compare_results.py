"""What comparing two models finds: verdicts, tests and places, as JSON, as tables and as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from goldwire.eval.counts.significance import ALPHA, Difference, Tested
from goldwire.eval.matching.spans import Kind
from goldwire.eval.scoring.score_figures import Scores
from goldwire.number_format import amount, counted, number, p_in_words, signed_interval
from goldwire.table import Cell, Column, Figures, Table
from goldwire.text import snippet

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
Model: TypeAlias = Literal["A", "B"]


def better_of(by: Model, what: What) -> Model:
    """The model that a span speaks for which only `by` has."""
    if what == "found":
        return by
    return "B" if by == "A" else "A"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A span that only one model (`by`: `A` or `B`) has, rightly (`found`) or wrongly (`spurious`)."""

    document: str
    layer: str
    label: str
    start: int
    end: int
    by: Model
    what: What
    text: str
    sentence: str
    sentence_start: int

    @property
    def better(self) -> Model:
        """The model that this place speaks for."""
        return better_of(self.by, self.what)

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        names = ("document", "layer", "label", "start", "end", "by", "what", "better", "text", "sentence")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, repr=False)
class Compared(Figures):
    """Both models' scores, the tests by layer, and the places where they differ.

    `disagreements` are those that were asked for; `speaking` counts all, by layer and label, and the model
    that they speak for.
    """

    kind: Kind
    scores: tuple[Scores, Scores]
    layers: dict[str, Tested]
    relations: Tested | None
    disagreements: tuple[Disagreement, ...]
    speaking: Mapping[tuple[str, str], Mapping[Model, int]]
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
                f"{layer}, {self.kind}: {self.verdict(layer)}{self._legend}",
                COMPARE_COLUMNS,
                list(compare_rows(tested, layer, self.speaking)),
                COMPARE_LESSER,
            )
            for layer, tested in self.layers.items()
        ]
        if self.relations is not None:
            title = f"relations, strict: {verdict(self.relations.micro, *self.names)}{self._legend}"
            rows = list(compare_rows(self.relations, "", {}))
            tables.append(Table("relations", title, COMPARE_COLUMNS, rows, COMPARE_LESSER))
        return tables

    @property
    def _legend(self) -> str:
        """Who A and B of the columns are, where they have names of their own."""
        first, second = self.names
        return "" if self.names == ("A", "B") else f"; A: {first}, B: {second}"

    def verdict(self, layer: str) -> str:
        """Which is better, by how much, and how sure that is; one sentence."""
        return verdict(self.layers[layer].micro, *self.names)

    def places(self, most: int) -> Iterator[str]:
        """Sentences where only one of the two is right, those of A, then those of B, a line each.

        At `most` so many of each, and how many more there are.
        """
        if not most:
            return
        every = sum(map(Counter, self.speaking.values()), Counter[Model]())
        sides: tuple[tuple[Model, Model], ...] = (("A", "B"), ("B", "A"))
        for side, other in sides:
            if not every[side]:
                continue
            shown = [place for place in self.disagreements if place.better == side][:most]
            yield ""
            yield f"only {side} is right in {counted(every[side], 'place')}:"
            for place in shown:
                did = f"{side} found it" if place.what == "found" else f"{other} marked it wrongly"
                where = f"{place.document}, character {place.start}"
                yield f"  {place.label:<10} {_shown(place)}  ({did}; {where})"
            if every[side] > len(shown):
                yield f"  … and {every[side] - len(shown)} more (--show {every[side]}, or --json)"

    def as_json(self) -> dict[str, Any]:
        """Verdicts, tests, places that were asked for."""
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
            "differences": [span.as_json() for span in self.disagreements],
            "documents": len(self.scores[0].documents),
            "reference": self.scores[0].reference,
            "seed": self.scores[0].seed,
            "warnings": list(self.warnings),
        }


def verdict(difference: Difference, first: str, second: str) -> str:
    """Which of two is better, by how much, and how sure that is."""
    gap = difference.value
    if gap is None:
        silent, other, wrong = (
            (first, second, difference.second)
            if difference.first.f1 is None
            else (second, first, difference.first)
        )
        if wrong.f1 is not None:
            marked = amount(wrong.predicted)
            return f"nothing to find here: {other} marks {marked} wrongly, {silent} marks nothing"
        return "nothing to compare: neither the reference nor a prediction has a span here"
    if gap == 0:
        return f"{first} and {second} have the same F1, {number(difference.first.f1)}"
    better, worse = (second, first) if gap > 0 else (first, second)
    size = f"{number(abs(gap))} F1"
    if difference.ci95:
        low, high = sorted(bound if gap > 0 else -bound for bound in difference.ci95)
        size += f" (95 % interval {signed_interval((low, high))})"
    if difference.p is not None and difference.p < ALPHA:
        return f"{better} is better than {worse} by {size}, {p_in_words(difference.p)}"
    chance = p_in_words(difference.p)
    return f"{better} is ahead of {worse} by {size}, but that may be chance: {chance}"


def compare_rows(
    tested: Tested, layer: str, speaking: Mapping[tuple[str, str], Mapping[Model, int]]
) -> Iterator[tuple[Cell, ...]]:
    """Both F1, their difference with its interval, p; on how many places each model alone is right."""
    every = sum(
        (Counter(counts) for (name, _), counts in speaking.items() if name == layer), Counter[Model]()
    )
    micro = tested.micro
    for label, difference in (("micro", micro), *tested.labels.items()):
        alone = every if difference is micro else speaking.get((layer, label), {})
        p = difference.p if difference is micro else difference.p_holm
        mark = (
            "" if p is None or p >= ALPHA or not difference.value else ("B" if difference.value > 0 else "A")
        )
        yield (
            label,
            difference.first.f1,
            difference.second.f1,
            difference.value,
            difference.ci95,
            difference.p,
            "" if difference is micro else difference.p_holm,
            alone.get("A", 0) if speaking else "",
            alone.get("B", 0) if speaking else "",
            f"{mark} better" if mark else "",
        )


def _shown(span: Disagreement) -> str:
    """The span in [brackets] with what stands around it in its sentence."""
    at = span.start - span.sentence_start
    return str(snippet(span.sentence, at, at + len(span.text), REACH))

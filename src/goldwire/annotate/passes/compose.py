"""What one annotator made of one article in several passes, as one: nothing lost, nothing doubled.

A pass begins from what the passes before had made, and its screen shows that: the last pass says it all.
Where an earlier pass was reopened since, both are held against what the later one began from, span by span:
what only one side changed is taken, what both changed differently stays as the later pass has it, and is
told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import structs

from goldwire.annotate.records.passes import Pass
from goldwire.annotations.meaning import meaning
from goldwire.model import Relation, Span


@dataclass(frozen=True)
class Marks:
    """Spans and the relations between them."""

    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()

    def of(self, layers: Collection[str]) -> Marks:
        """Those of some layers; relations have both ends there."""
        spans = tuple(span for span in self.spans if span.layer in layers)
        ids = {span.id for span in spans}
        return Marks(spans, tuple(r for r in self.relations if {r.head, r.tail} <= ids))


@dataclass(frozen=True)
class PassWork:
    """What was submitted in a pass; `start` is what it began from, None where that is not known."""

    marks: Marks
    start: Marks | None = None


@dataclass
class Composed:
    """The passes as one. `done` names those that were submitted.

    `taken` tells the changes of a reopened pass that went into a later one, `conflicts` what both changed
    differently; `aside` is what the earlier passes said there.
    """

    marks: Marks = field(default_factory=Marks)
    done: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    aside: Marks | None = None


def compose(passes: Sequence[Pass], works: Mapping[int, PassWork], text: str) -> Composed:
    """The works of passes, by their numbers, over the article's text."""
    composed = Composed()
    layers: set[str] = set()
    for this_pass in passes:
        work = works.get(this_pass.number)
        if work is None:
            continue
        if composed.done:
            earlier = composed.marks
            composed.marks = _joined(composed, this_pass, earlier, work, layers, text)
        else:
            composed.marks = work.marks
        composed.done.append(this_pass.name)
        # Of a pass that its annotator has not done, the later ones show nothing of theirs.
        layers.update(this_pass.layers)
    return composed


def _joined(
    composed: Composed, this_pass: Pass, earlier: Marks, work: PassWork, layers: Collection[str], text: str
) -> Marks:
    """A later pass's work with what changed in the `layers` of earlier ones since it began."""
    start = (work.start or Marks()).of(layers)
    below, above = earlier.of(layers), work.marks.of(layers)
    spans = {span.id: span for span in work.marks.spans}
    relations = dict.fromkeys(work.marks.relations)
    own = [relation for relation in relations if relation not in start.relations]
    clashes: list[str] = []
    for was, now, here in _sides(*({span.id: span for span in side.spans} for side in (start, below, above))):
        if _meant(now) == _meant(here):
            if now is not None:
                spans[now.id] = now  # the same, with what it came from
            continue
        shown = now or was or here
        if shown is None or _meant(was) == _meant(now):
            continue
        quote = text[shown.start : shown.end]
        told = f"«{quote}» {_told(here)} in pass {this_pass.name}, {_told(now)} before it"
        holding = [r.label for r in own if shown.id in (r.head, r.tail)] if now is None else []
        if _meant(was) != _meant(here):
            clashes.append(f"{told}: both changed it")
        elif holding:
            clashes.append(f"{told}: it was removed, and bears {', '.join(holding)} here")
        else:
            composed.taken.append(told)
            if now is None:
                del spans[shown.id]
            else:
                spans[now.id] = now
    for old, new, held in _sides(
        *({relation: relation for relation in side.relations} for side in (start, below, above))
    ):
        drawn = new or old
        # A relation is there or not: what only the earlier passes changed is taken.
        if drawn is None or (old is None) == (new is None) or (new is None) == (held is None):
            continue
        if not {drawn.head, drawn.tail} <= spans.keys():
            if new is not None:
                clashes.append(f"{drawn.label} was drawn before pass {this_pass.name}, where its end is gone")
            continue
        ends = " to ".join(f"«{text[spans[i].start : spans[i].end]}»" for i in (drawn.head, drawn.tail))
        change = "removed" if new is None else "drawn"
        composed.taken.append(f"{drawn.label} from {ends} was {change} before pass {this_pass.name}")
        if new is None:
            del relations[drawn]
        else:
            relations[new] = None
    if clashes:
        composed.conflicts += clashes
        composed.aside = earlier
    whole_relations = tuple(r for r in relations if {r.head, r.tail} <= spans.keys())
    return Marks(tuple(spans.values()), whole_relations)


_T = TypeVar("_T")
_K = TypeVar("_K")


def _sides(
    start: Mapping[_K, _T], below: Mapping[_K, _T], above: Mapping[_K, _T]
) -> Iterator[tuple[_T | None, _T | None, _T | None]]:
    """Each thing at the start, as the earlier passes have it now, and as the later one has it."""
    for key in dict.fromkeys([*start, *below, *above]):
        yield start.get(key), below.get(key), above.get(key)


def _meant(span: Span | None) -> object:
    return None if span is None else meaning(span)


def _told(span: Span | None) -> str:
    return "is not marked" if span is None else f"is {span.label} [{span.start}, {span.end})"


def without_origins(marks: Marks) -> Marks:
    """Marks as a later pass begins from them: nobody's prediction."""
    bare = tuple(structs.replace(span, origin="manual", score=None, marked_by=()) for span in marks.spans)
    return Marks(bare, marks.relations)


def alike(one: Marks, other: Marks) -> bool:
    """Whether two say the same, of spans with the same ids."""
    spans, others = ({span.id: meaning(span) for span in side.spans} for side in (one, other))
    return spans == others and set(one.relations) == set(other.relations)

"""Two readings of an article: which ones, and which of their spans belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from goldwire.annotate.wrong_use import wrong_use
from goldwire.errors import GoldwireError
from goldwire.eval.matching.spans import match
from goldwire.model import Annotation, Span, unfinished
from goldwire.schemas import Schema


def check_two(between: Sequence[str]) -> None:
    """Raise GW958 for another number of annotators than two; none are named where it is left open."""
    if between and (isinstance(between, str) or len(between) != 2):
        raise wrong_use("an adjudication is between two annotators", 'between=("anna", "bruno")')


def readings_of(annotations: Iterable[Annotation], between: Sequence[str] = ()) -> list[Annotation]:
    """The readings among a document's annotations, by name: neither skips nor what was made of others, and
    drafts that people have not submitted only where `between` names them."""
    return sorted(
        (
            a
            for a in annotations
            if a.status != "skipped"
            and not a.provenance.based_on
            and (a.annotator in between if between else not unfinished(a))
        ),
        key=lambda a: a.annotator,
    )


def one_pair(annotations: Iterable[Annotation], between: Sequence[str] = ()) -> tuple[Annotation, Annotation]:
    """The two readings of a document, by name; raises GW372 where there are fewer or more."""
    annotations = tuple(annotations)
    readings = readings_of(annotations, between)
    if len(readings) != 2:
        names = ", ".join(a.annotator for a in readings) or "none"
        message = f"two readings are needed, there are {len(readings)}: {names}"
        hint = "name two with --between" if len(readings) > 2 else "another annotator must read it first"
        if drafts := sorted(a.annotator for a in annotations if unfinished(a) and a not in readings):
            message += f"; drafts that are not submitted: {', '.join(drafts)}"
            hint += ", or take a draft in with --between"
        where = readings[0].document if readings else ""
        raise GoldwireError.of("GW372", message, where=where, hint=hint)
    return readings[0], readings[1]


def span_name(span: Span) -> str:
    """A span's layer, label and extent, as keys of items name it."""
    return f"{span.layer} {span.label} {span.start}-{span.end}"


def pair_key(a: Span | None, b: Span | None) -> str:
    """The key of two matched spans' item: one name where both say the same, `-` for a side without."""
    names = [span_name(span) if span is not None else "-" for span in (a, b)]
    return names[0] if names[0] == names[1] else " | ".join(names)


def pair_kind(a: Span | None, b: Span | None) -> Literal["missed", "label", "extent"]:
    """How two matched spans differ; where both do in label and extent it is the extent."""
    if a is None or b is None:
        return "missed"
    return "label" if (a.start, a.end) == (b.start, b.end) else "extent"


def span_pairs(
    readings: tuple[Annotation, Annotation], schema: Schema
) -> Iterator[tuple[Span | None, Span | None]]:
    """The spans of two readings, each with its partner in the other."""
    for layer in schema.layers:
        for pair in match(readings[0].layer(layer), readings[1].layer(layer)):
            yield pair.gold, pair.pred

"""What is said beside scores: of the reference, of few documents, of layers that lack spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from goldwire.errors import Fault, one_of, raise_faults
from goldwire.eval.counts.bootstrap import FEW
from goldwire.model import Annotation, Status, by_machine
from goldwire.number_format import counted


def trust(annotation: Annotation) -> Status:
    """An annotation's status as far as people stand behind it: what a machine made is a draft.

    Where it is unknown who made it the stated status stands; scores say so (`unknown_note`).
    """
    return "draft" if by_machine(annotation) and annotation.status != "skipped" else annotation.status


def unknown_note(golds: Sequence[Annotation]) -> str:
    """What to say of a reference that nobody is known to have made; empty where all makers are known."""
    return unknown_words(sum(gold.provenance.kind == "unknown" for gold in golds), len(golds))


def unknown_words(unknown: int, documents: int) -> str:
    """The same, of so many documents of all."""
    if not unknown:
        return ""
    of = f"{unknown} of {counted(documents, 'document')}"
    return f"who made the reference of {of} is unknown: a person or a machine"


def scored_on(documents: int, test: Mapping[str, Any] | None) -> str:
    """So many articles, and of which test set, where a run recorded one: `9 articles of the side test`."""
    articles = counted(documents, "article")
    if not test:
        return articles
    return f"{articles} of the side {test['side']}" if test.get("side") else f"{articles} of {test['file']}"


def few_warnings(units: int, *, grouped: bool = False) -> list[str]:
    """A plain warning where there are too few documents to believe an interval."""
    name = "group" if grouped else "document"
    if units < 2:
        return [f"{units} {name}: no interval can be given"]
    if units < FEW:
        return [f"{units} {name}s, fewer than {FEW}: intervals are rough and tend to be too narrow"]
    return []


def known_layers(layers: Iterable[str], present: Iterable[str]) -> None:
    """Refuse the names of layers that no annotation has a span of (GW505)."""
    known = set(present)
    hint = one_of(known)
    raise_faults(
        Fault("GW505", f"no annotation has a span of layer `{name}`", "", hint)
        for name in layers
        if name not in known
    )


def layer_warnings(layer: str, spans: Sequence[int], twice: Sequence[int]) -> list[str]:
    """What to say of a layer with so many `spans` of gold and of the prediction, and so many duplicates."""
    warnings = []
    for name, here, there, dropped in zip(
        ("gold", "the prediction"), spans, reversed(spans), twice, strict=True
    ):
        if there and not here:
            warnings.append(
                f"{name} has no span at all of layer `{layer}`: every span of the other side is wrong"
            )
        if dropped:
            warnings.append(f"layer `{layer}`: {counted(dropped, 'duplicate span')} in {name} left out")
    if not any(spans):
        warnings.append(f"layer `{layer}` is empty on both sides: its figures are undefined")
    return warnings

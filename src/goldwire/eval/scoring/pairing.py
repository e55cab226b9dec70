"""Which annotation of each document is scored against which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.model import Annotation, Article, Document, curated


class Paired(NamedTuple):
    """A document with the annotation that counts as gold and the one that is scored."""

    document: Document
    gold: Annotation
    pred: Annotation


def pair_up(gold: Sequence[Article], pred: Sequence[Article]) -> list[Paired]:
    """The documents of gold, each with its curated annotation and the last one of the prediction.

    Skipped annotations never count. Raises one error with everything that does not fit: documents that one
    side lacks (GW501), other texts (GW502), documents without an annotation that counts (GW503).
    """
    theirs = {article.document.id: article for article in pred}
    mine = {article.document.id for article in gold}
    faults = [
        *_missing([name for name in (a.document.id for a in gold) if name not in theirs], "the prediction"),
        *_missing([name for name in theirs if name not in mine], "gold"),
    ]
    paired: list[Paired] = []
    for article in gold:
        predicted = theirs.get(article.document.id)
        if predicted is None:
            continue
        name = article.document.id
        if article.document.text != predicted.document.text:
            message = f"`{name}` has another text in the prediction: they differ from "
            message += f"code point {first_difference(article.document.text, predicted.document.text)} on"
            faults.append(Fault("GW502", message, "", "predict on the text that was annotated"))
            continue
        reference = curated(article.annotations)
        usable = [annotation for annotation in predicted.annotations if annotation.status != "skipped"]
        for side, missing in (("gold", reference is None), ("the prediction", not usable)):
            if missing:
                hint = "annotate it, or leave the document out on both sides"
                faults.append(Fault("GW503", f"`{name}` has no annotation that counts in {side}", "", hint))
        if reference is not None and usable:
            paired.append(Paired(article.document, reference, usable[-1]))
    raise_faults(faults)
    return paired


def unseen(*sides: Sequence[Paired], trained_on: bool = False) -> tuple[list[list[Paired]], str]:
    """The pairs of each side without documents that any side's model was trained on, and what to say of it.

    With `trained_on` they stay, and are told. All sides are of the same documents. Raises GW543 where none
    would be left.
    """
    learned = {
        pairing.document.id for side in sides for pairing in side if pairing.pred.provenance.trained_on
    }
    if not learned:
        return [list(side) for side in sides], ""
    note = trained_note(len(learned), len(sides[0]), trained_on=trained_on)
    left_out = set[str]() if trained_on else learned
    return [[pairing for pairing in side if pairing.document.id not in left_out] for side in sides], note


def trained_note(learned: int, every: int, *, trained_on: bool) -> str:
    """What to say where a model has `learned` so many of `every` document; empty where it has none.

    Raises GW543 where none would be left.
    """
    if not learned:
        return ""
    note = f"the model was trained on {learned} of {every} document(s), or near copies of them"
    if trained_on:
        return f"{note}: what they add says nothing of unseen articles"
    if learned == every:
        hint = "score articles that it has not seen; --trained-on scores these all the same"
        raise GoldwireError.of("GW543", f"{note}: no score on unseen articles can be given", hint=hint)
    return f"{note}: left out (--trained-on scores them too)"


def stories(documents: Iterable[Document]) -> list[str] | None:
    """The story of each document (`meta.story`, else its own), or None where no document names one.

    Articles of one story are no independent evidence: given as `groups` they are resampled together.
    """
    named = [(document.id, document.meta.get("story")) for document in documents]
    return (
        [f"story {story}" if story else name for name, story in named] if any(s for _, s in named) else None
    )


def _missing(names: list[str], side: str) -> list[Fault]:
    if not names:
        return []
    shown = ", ".join(names[:10]) + (f", … ({len(names)} in all)" if len(names) > 10 else "")
    hint = "both sides must hold the same documents"
    return [Fault("GW501", f"{side} lacks {len(names)} document(s): {shown}", "", hint)]


def first_difference(a: str, b: str) -> int:
    """The code point from which on two texts differ."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))

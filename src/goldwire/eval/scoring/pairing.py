"""Which annotation of each document is scored against which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, overload

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.model import Annotation, Article, Document, curated
from goldwire.number_format import counted
from goldwire.text import first_of


class Paired(NamedTuple):
    """A document with the annotation that counts as gold and the one that is scored."""

    document: Document
    gold: Annotation
    pred: Annotation


class PairedArticles(Sequence[Paired]):
    """Pairs of two sequences of articles that have one at the same place of `places`; each is made when it is
    asked for, so that no more of them is held than of the articles."""

    def __init__(
        self, gold: Sequence[Article], pred: Sequence[Article], places: Sequence[tuple[int, int]]
    ) -> None:
        self._gold, self._pred, self._places = gold, pred, places

    @overload
    def __getitem__(self, place: int) -> Paired: ...

    @overload
    def __getitem__(self, place: slice) -> PairedArticles: ...

    def __getitem__(self, place: int | slice) -> Paired | PairedArticles:
        if isinstance(place, slice):
            return PairedArticles(self._gold, self._pred, self._places[place])
        mine, theirs = self._places[place]
        article = self._gold[mine]
        reference, predicted = curated(article.annotations), _usable(self._pred[theirs])
        if reference is None or not predicted:
            raise ValueError("an article without an annotation that counts")
        return Paired(article.document, reference, predicted[-1])

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Paired]:
        return map(self.__getitem__, range(len(self)))

    def without(self, documents: Collection[str]) -> PairedArticles:
        """Those of other documents."""
        kept = [places for places in self._places if self._gold[places[0]].document.id not in documents]
        return PairedArticles(self._gold, self._pred, kept)


def pair_up(gold: Sequence[Article], pred: Sequence[Article]) -> PairedArticles:
    """The documents of gold, each with its curated annotation and the last one of the prediction.

    Skipped annotations never count. Raises one error with everything that does not fit: documents that one
    side lacks (GW501), other texts (GW502), documents without an annotation that counts (GW503).
    """
    theirs = {article.document.id: place for place, article in enumerate(pred)}
    mine = [article.document.id for article in gold]
    known = set(mine)
    faults = [
        *_missing([name for name in mine if name not in theirs], "the prediction"),
        *_missing([name for name in theirs if name not in known], "gold"),
    ]
    paired: list[tuple[int, int]] = []
    for place, name in enumerate(mine):
        if name not in theirs:
            continue
        article, predicted = gold[place], pred[theirs[name]]
        if article.document.text != predicted.document.text:
            message = f"`{name}` has another text in the prediction: they differ from "
            message += f"code point {first_difference(article.document.text, predicted.document.text)} on"
            faults.append(Fault("GW502", message, "", "predict on the text that was annotated"))
            continue
        reference = curated(article.annotations)
        usable = _usable(predicted)
        for side, missing in (("gold", reference is None), ("the prediction", not usable)):
            if missing:
                hint = "annotate it, or leave the document out on both sides"
                faults.append(Fault("GW503", f"`{name}` has no annotation that counts in {side}", "", hint))
        if reference is not None and usable:
            paired.append((place, theirs[name]))
    raise_faults(faults)
    return PairedArticles(gold, pred, paired)


def _usable(article: Article) -> list[Annotation]:
    return [annotation for annotation in article.annotations if annotation.status != "skipped"]


def unseen_pairs(*sides: PairedArticles, trained_on: bool = False) -> tuple[list[PairedArticles], str]:
    """The pairs of each side without documents that any side's model was trained on, and what to say of it.

    With `trained_on` they stay, and are told. All sides are of the same documents. Raises GW543 where none
    would be left.
    """
    learned = {
        pairing.document.id for side in sides for pairing in side if pairing.pred.provenance.trained_on
    }
    if not learned:
        return list(sides), ""
    note = trained_note(len(learned), len(sides[0]), trained_on=trained_on)
    return list(sides) if trained_on else [side.without(learned) for side in sides], note


def trained_note(learned: int, every: int, *, trained_on: bool) -> str:
    """What to say where a model has `learned` so many of `every` document; empty where it has none.

    Raises GW543 where none would be left.
    """
    if not learned:
        return ""
    note = f"the model was trained on {learned} of {counted(every, 'document')}, or near copies of them"
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
    shown = first_of(names, 10, in_all=True)
    hint = "both sides must hold the same documents"
    return [Fault("GW501", f"{side} lacks {counted(len(names), 'document')}: {shown}", "", hint)]


def first_difference(a: str, b: str) -> int:
    """The code point from which on two texts differ."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))

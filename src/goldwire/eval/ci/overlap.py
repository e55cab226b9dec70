"""Which documents a run and a baseline can be compared on: those that both have, unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from goldwire.errors import EvalError, GoldwireError
from goldwire.eval.ci.baseline import Baseline
from goldwire.number_format import counted
from goldwire.text import first_of


class NotComparable(EvalError):
    """There are a run and a baseline, and the one can't be held against the other: no verdict is given."""


@dataclass(frozen=True)
class Overlap:
    """The documents of a run and a baseline, by id; each stands in one place.

    `same` have the same text and the same reference in both; `new` are in the run only, `gone` in the
    baseline only.
    """

    same: tuple[str, ...]
    new: tuple[str, ...] = ()
    changed_text: tuple[str, ...] = ()
    changed_reference: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is new, changed or gone."""
        return not (self.new or self.changed_text or self.changed_reference or self.gone)

    @property
    def run(self) -> int:
        """How many documents the run has."""
        return len(self.same) + len(self.new) + len(self.changed_text) + len(self.changed_reference)

    def in_words(self) -> str:
        """`on 8 of 12 documents, …: 4 new, 1 gone`."""
        compared = f"on {len(self.same)} of {self.run} documents, whose text and reference are the baseline's"
        if self.whole:
            return f"{compared}; none of them new or changed"
        counts = {
            "new": self.new,
            "with another text": self.changed_text,
            "with another reference": self.changed_reference,
            "gone": self.gone,
        }
        return f"{compared}: " + ", ".join(f"{len(ids)} {kind}" for kind, ids in counts.items() if ids)

    def as_json(self) -> dict[str, Any]:
        """How many were compared, and the ids of the others."""
        return {
            "compared": len(self.same),
            "new": list(self.new),
            "changed_text": list(self.changed_text),
            "changed_reference": list(self.changed_reference),
            "gone": list(self.gone),
        }


def overlap(now: Baseline, baseline: Baseline) -> Overlap:
    """What both have unchanged, by the hashes of texts and references.

    Raises GW534 for another layer, or for other documents of one and the same corpus, GW533 where the corpora
    differ and the baseline has no hashes, GW551 where it says of a document what can't be.
    """
    hint = "look at the new figures, then: goldwire eval gate --update, and commit the baseline"
    if now.layer != baseline.layer:
        raise other_layer(now, baseline)
    mine, theirs = set(now.documents), set(baseline.documents)
    one_corpus = now.corpus["content_hash"] == baseline.corpus["content_hash"]
    if one_corpus and mine != theirs:
        odd = sorted(mine ^ theirs)
        message = f"{counted(len(odd), 'document')} scored in one of the two only: {first_of(odd, 5)}"
        if now.test != baseline.test:
            message += f"; the baseline is of {baseline.scored_on}, this run of {now.scored_on}"
        raise NotComparable.of("GW534", message, hint=hint)
    if not one_corpus and not baseline.hashes:
        message = (
            f"the baseline is of another corpus, {baseline.corpus_in_words}; this run is of "
            f"{now.corpus_in_words}. An older goldwire wrote it, with no hashes of its documents, so that it "
            "can't be told which of them changed"
        )
        raise NotComparable.of("GW533", message, hint=hint)
    shared = [name for name in now.documents if name in theirs]
    text: list[str] = []
    reference: list[str] = []
    for name in shared if baseline.hashes else []:
        for index, changed in enumerate((text, reference)):
            if now.hashes[name][index] != baseline.hashes[name][index]:
                changed.append(name)
                break
    if one_corpus and (odd := [*text, *reference]):
        raise _impossible(odd, "other hashes of text or reference than the run")
    left_out = {*text, *reference}
    same = tuple(name for name in shared if name not in left_out)
    mine_by_label, theirs_by_label = now.supports(), baseline.supports()
    if odd := [name for name in same if mine_by_label[name] != theirs_by_label[name]]:
        raise _impossible(odd, "another number of reference spans than the run")
    predicted = baseline.predicted()
    if odd := [name for name in same if predicted[name] > now.room.get(name, predicted[name])]:
        raise _impossible(odd, "more predictions than the text has room for")
    return Overlap(
        same,
        tuple(name for name in now.documents if name not in theirs),
        tuple(text),
        tuple(reference),
        tuple(name for name in baseline.documents if name not in mine),
    )


def other_layer(now: Baseline, baseline: Baseline) -> GoldwireError:
    """What is said where a baseline is of another layer: it stays as it is."""
    message = f"the baseline is of layer `{baseline.layer}`, this run of `{now.layer}`"
    hint = "each has a baseline of its own; make it with: goldwire eval gate SCORES --baseline FILE --update"
    return NotComparable.of("GW534", message, hint=hint)


def _impossible(documents: list[str], difference: str) -> GoldwireError:
    shown = first_of(documents, 5)
    message = (
        f"this baseline can't be of the corpus that it names: in {counted(len(documents), 'document')} it "
        f"has {difference}, on the same text and annotations ({shown})"
    )
    hint = (
        "was it edited, or made by a model that reads nested spans otherwise? See its changes with git log; "
        "then: goldwire eval gate --update, and commit the baseline"
    )
    return NotComparable.of("GW551", message, hint=hint)

"""What became of what a language model answered: every item is counted once, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from goldwire.annotate.drafting.align import HARMLESS


@dataclass
class AnswerCounts:
    """Counts of requests, items and tokens.

    Of the items `answered`, `repeated` said what another had said, `joined` what another passage had;
    `exact` were found to the letter, `placed` are all that were kept, `repaired` those of them that had been
    `sent_back`; `dropped` were not kept, and `unlinked` are relations of items that were, since what they led
    to was not. `unreadable` counts passages of which no list of items came, `reread` those of which one came
    only when they were asked again, `cut` answers. `tokens_*` are those of all answers, `spent_*` those of
    answers that were not kept from before.
    """

    requests: int = 0
    cached: int = 0
    answered: int = 0
    repeated: int = 0
    exact: int = 0
    placed: int = 0
    joined: int = 0
    sent_back: int = 0
    repaired: int = 0
    dropped: int = 0
    unlinked: int = 0
    unreadable: int = 0
    reread: int = 0
    cut: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    spent_in: int = 0
    spent_out: int = 0
    seconds: float = 0.0
    differences: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: AnswerCounts) -> AnswerCounts:
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, each.name, mine + theirs)
        return self

    def as_dict(self) -> dict[str, Any]:
        """The counts, for JSON."""
        return {
            each.name: dict(value) if isinstance(value := getattr(self, each.name), Counter) else value
            for each in fields(self)
        }

    def rows(self) -> list[tuple[str, str | int]]:
        """The counts as rows of a table, those that are nothing left out."""
        rows: list[tuple[str, str | int]] = [
            ("requests", self.requests),
            ("  of them answered before", self.cached),
            ("items answered", self.answered),
            ("  said twice", self.repeated),
            ("  found to the letter", self.exact),
            *((f"  found but for {name}", self.differences[name]) for name in HARMLESS),
            ("  sent back", self.sent_back),
            ("    repaired", self.repaired),
            ("  dropped, in the quarantine", self.dropped),
            ("  the same in two passages", self.joined),
            ("relations to what was dropped, in the quarantine", self.unlinked),
            ("spans kept", self.placed - self.joined),
            ("answers that were no list of items", self.unreadable + self.reread),
            ("  a list when asked again", self.reread),
            ("answers cut off", self.cut),
        ]
        always = ("requests", "items answered", "  sent back", "  dropped, in the quarantine", "spans kept")
        return [(name, number) for name, number in rows if number or name in always]

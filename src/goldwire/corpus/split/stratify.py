"""Groups of documents dealt to sides, so that each side gets its share of every label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from goldwire.files import sha256


@dataclass(frozen=True)
class Group:
    """Documents that stay together, how many of each label they hold, and the sides closed to them."""

    documents: tuple[str, ...]
    labels: Mapping[str, int] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What ties are broken by: a hash, so that no order of the corpus decides."""
        return sha256("\n".join(sorted(self.documents)))


def stratify(
    groups: Sequence[Group], shares: Mapping[str, float], settled: Mapping[str, Iterable[Group]] | None = None
) -> dict[str, list[Group]]:
    """Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011), over groups instead of documents.

    `shares` are the sides' shares of all documents. The label with the fewest examples left goes first; its
    groups go, the richest first, to the side that wants most of that label, among those that have room; what
    fits nowhere goes to the side with the most room. `settled` ones have their side and count. Equal
    groups give equal sides, in whatever order they come.
    """
    settled = {side: list((settled or {}).get(side, ())) for side in shares}
    total = Counter[str]()
    documents = 0
    for group in [*groups, *(g for groups_there in settled.values() for g in groups_there)]:
        total.update(group.labels)
        documents += len(group.documents)
    room = {side: share * documents for side, share in shares.items()}
    wants = {side: {label: share * n for label, n in total.items()} for side, share in shares.items()}

    def take(side: str, group: Group) -> None:
        room[side] -= len(group.documents)
        for label, number in group.labels.items():
            wants[side][label] -= number

    for side, groups_there in settled.items():
        for group in groups_there:
            take(side, group)
    dealt: dict[str, list[Group]] = {side: [] for side in shares}
    waiting = {group.name: group for group in sorted(groups, key=lambda g: g.name)}
    remaining = Counter[str]()
    for group in waiting.values():
        remaining.update(group.labels)

    def assign(name: str, label: str | None) -> None:
        group = waiting.pop(name)
        # Half a group too many is nearer to the share than half a group too few.
        half = len(group.documents) / 2
        open_to = [side for side in shares if side not in group.closed] or list(shares)
        fits = [side for side in open_to if room[side] >= half]
        order = list(shares)

        def wanted(side: str) -> tuple[float, float, int]:
            want = wants[side][label] if label is not None and fits else 0.0
            return (want, room[side], -order.index(side))

        side = max(fits or open_to, key=wanted)
        take(side, group)
        remaining.subtract(group.labels)
        dealt[side].append(group)

    by_label: dict[str, list[str]] = {}
    for name, group in waiting.items():
        for label in group.labels:
            by_label.setdefault(label, []).append(name)
    while open_labels := [label for label in by_label if remaining[label] > 0]:
        label = min(open_labels, key=lambda groups_there: (remaining[groups_there], groups_there))
        names = [name for name in by_label.pop(label) if name in waiting]
        for name in sorted(
            names, key=lambda groups_there: (-waiting[groups_there].labels[label], groups_there)
        ):
            assign(name, label)
    for name in sorted(
        waiting, key=lambda groups_there: (-len(waiting[groups_there].documents), groups_there)
    ):
        assign(name, None)
    return dealt

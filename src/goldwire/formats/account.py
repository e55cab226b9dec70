"""What came of the spans, relations and attributes of an input: an account whose sum is always whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field

from goldwire.number_format import amount


@dataclass
class ItemCounts:
    """How many of a kind there were, and what became of them; `moved` and `trimmed` are among the kept."""

    found: int = 0
    kept: int = 0
    moved: int = 0
    trimmed: int = 0

    @property
    def not_kept(self) -> int:
        """What is in no annotation: put aside, or a double."""
        return self.found - self.kept

    def __str__(self) -> str:
        parts = [
            f"{amount(self.moved)} moved" if self.moved else "",
            f"{amount(self.trimmed)} trimmed" if self.trimmed else "",
        ]
        among = ", ".join(filter(None, parts))
        kept = f"{amount(self.kept)} kept" + (f" ({among})" if among else "")
        return f"{amount(self.found)} in, {kept}, {amount(self.not_kept)} not kept"


@dataclass
class ConversionAccount:
    """The account of a reading: of a region with several labels each is a span, of a relation a relation."""

    spans: ItemCounts = field(default_factory=ItemCounts)
    relations: ItemCounts = field(default_factory=ItemCounts)
    attributes: ItemCounts = field(default_factory=ItemCounts)

    def __add__(self, other: ConversionAccount) -> ConversionAccount:
        """Both accounts as one."""
        pairs = zip(self._parts, other._parts, strict=True)
        return ConversionAccount(
            *(ItemCounts(*map(sum, zip(astuple(a), astuple(b), strict=True))) for a, b in pairs)
        )

    def kept(self) -> list[tuple[int, int, int]]:
        """What is kept so far, to be restored where it turns out not to be."""
        return [(each.kept, each.moved, each.trimmed) for each in self._parts]

    def restore(self, before: Sequence[tuple[int, int, int]]) -> None:
        """Take back what was said to be kept since `before`; what was found stays found."""
        for counts, kept in zip(self._parts, before, strict=True):
            counts.kept, counts.moved, counts.trimmed = kept

    @property
    def _parts(self) -> tuple[ItemCounts, ItemCounts, ItemCounts]:
        return self.spans, self.relations, self.attributes

    def __str__(self) -> str:
        return f"spans: {self.spans}; relations: {self.relations}; attributes: {self.attributes}"

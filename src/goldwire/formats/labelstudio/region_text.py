"""A text that regions mark: their extents as they state them, and how these are counted."""

from __future__ import annotations

from collections.abc import Sequence

from goldwire.formats.counting import PLAIN, CountedText, Counting
from goldwire.formats.labelstudio.items import ItemValue


class RegionText(CountedText):
    """A task's text. `turns` says where in `raw` each turn of a dialogue begins, whose regions count from
    there."""

    def __init__(
        self, raw: str, counting: Counting = PLAIN, turns: Sequence[int] = (), *, kept: bool = False
    ) -> None:
        super().__init__(raw, counting, kept=kept)
        self.turns = turns

    def counted(self, counting: Counting) -> RegionText:
        """The same text, its offsets counted in another way."""
        return RegionText(self.raw, counting, self.turns)

    def stated(self, value: ItemValue) -> tuple[int, int] | None:
        """The extent that a region states, counted over the whole of `raw`; None where it states none."""
        start, end = value.start, value.end
        if type(start) is int and type(end) is int:
            return start, end
        whole = value.global_offsets
        if isinstance(whole, dict):
            start, end = whole.get("start"), whole.get("end")
            return (start, end) if type(start) is int and type(end) is int else None
        inner = value.start_offset, value.end_offset
        if self.turns and all(type(offset) is int for offset in inner):
            try:
                return self.turns[int(start)] + inner[0], self.turns[int(end)] + inner[1]
            except (ValueError, TypeError, IndexError):
                return None
        return None

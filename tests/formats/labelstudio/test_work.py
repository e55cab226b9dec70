"""Reading takes work in proportion to the text's length plus its spans, however offsets are counted."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Any, Literal
from unittest.mock import patch

import pytest

from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.reader import read_result
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.schemas.schema import Label, Layer, Schema

LINE = "Le cafe\u0301 de L’Élysée 🥕, mardi : « non » à Bagdad.\r\n"
PER = Schema("per", "1", "xx", "per", {"tags": Layer("tags", {"PER": Label("PER", "PER", "#0072B2")})})

#: How an export may count: the text that was counted over, the units, what the end is less.
WAYS: dict[str, tuple[Callable[[str], str], int, int]] = {
    "as it is": (lambda text: text, 1, 0),
    "line ends as one": (lambda text: text.replace("\r\n", "\n"), 1, 0),
    "UTF-16 units": (lambda text: text, 2, 0),
    "the last character as the end": (lambda text: text, 1, 1),
    "so that no way fits": (lambda text: text, 1, -3),
}


def _items(text: str, spans: int, units: int, less: int) -> list[dict[str, Any]]:
    """Spans over the last word of lines, the offsets counted in some way."""
    items = []
    for number in range(spans):
        start = text.index("Bagdad", number * (len(text) // spans))
        before = len(text[:start].encode("utf-16-le")) // 2 if units == 2 else start
        value = {"start": before, "end": before + 6 - less, "text": "Bagdad", "labels": ["PER"]}
        items.append(
            {"id": f"r{number}", "from_name": "tags", "to_name": "t", "type": "labels", "value": value}
        )
    return items


def _work(lines: int, spans: int, way: str) -> tuple[int, int, int]:
    """Calls of functions, characters normalised, and spans kept."""
    over, units, less = WAYS[way]
    text = LINE * lines
    items = _items(over(text), spans, units, less)
    calls = characters = 0
    normalize = unicodedata.normalize

    def counting(form: Literal["NFC"], part: str) -> str:
        nonlocal characters
        characters += len(part)
        return normalize(form, part)

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    RegionText("Éa\u0301")  # what is made once for all texts
    with patch.object(unicodedata, "normalize", counting):
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            read = read_result(items, RegionText(text), Naming(PER))
        finally:
            sys.setprofile(before)
    return calls, characters, len(read.spans)


@pytest.mark.parametrize("way", WAYS)
def test_twice_the_text_with_twice_the_spans_is_twice_the_work(way: str) -> None:
    """Calls and characters that are looked at grow with length plus spans, not with length times spans."""
    once, twice = _work(400, 40, way), _work(800, 80, way)
    assert once[2] == (0 if "no way" in way else 40)
    assert twice[0] <= 2.2 * once[0] and twice[1] <= 2.2 * once[1]


@pytest.mark.parametrize("way", WAYS)
def test_more_spans_over_one_text_cost_what_they_are_each(way: str) -> None:
    """A span costs the same whether ten or a thousand others are over the text."""
    few, many, more = (_work(400, spans, way) for spans in (10, 110, 210))
    assert more[1] - many[1] <= 1.2 * (many[1] - few[1]) + 1000
    assert more[0] - many[0] <= 1.2 * (many[0] - few[0]) + 1000
    assert (many[1] - few[1]) / 100 < len(LINE) * 20, "characters for a span"

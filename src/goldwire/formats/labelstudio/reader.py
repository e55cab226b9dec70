"""One annotation's result, read: spans and relations over a text, and all that has no place, with the reason.

The one reader of results, whatever they come through: an export, a server, a project that is taken over, an
adjudication, a model's answer. It counts what it is given, so that nothing can be missing from the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from goldwire.formats.counting import Claim, counted_text
from goldwire.formats.labelstudio.items import (
    REGIONS,
    Item,
    items_of,
)
from goldwire.formats.labelstudio.naming import Naming
from goldwire.formats.labelstudio.region_text import RegionText
from goldwire.formats.labelstudio.result import Census, Quarantined, ReadResult
from goldwire.formats.labelstudio.result_reader import ResultReader, is_of
from goldwire.schemas import Schema


def from_result(result: Any, text: str, schema: Schema) -> ReadResult:
    """The spans and relations of a result over `text`; all that the schema has no place for, with the reason.

    Of a region with several labels each makes a span: the first keeps the region's id, the others are
    `id+LABEL`; attributes go to those that may bear them, relations to those that may be their end. A region
    that says it marks something else is put aside, with both wordings.
    """
    return read_result(result, RegionText(text, kept=True), Naming(schema))


def read_result(result: Any, plain: RegionText, naming: Naming) -> ReadResult:
    """What a result in Python's form holds, its offsets counted as its regions' own texts say."""
    items = items_of(result) if isinstance(result, (list, type(None))) else None
    original = result.__getitem__ if isinstance(result, list) else lambda _: result
    return read_over([items], plain, naming, [original])[1][0]


def read_over(
    results: Sequence[Sequence[Item | None] | None],
    plain: RegionText,
    naming: Naming,
    originals: Sequence[Callable[[int], Any]],
) -> tuple[RegionText, list[ReadResult]]:
    """What all annotations of a task hold over one text, counted as they all say; None is no result."""

    def over(text: RegionText) -> list[ReadResult]:
        reads = []
        for items, original in zip(results, originals, strict=True):
            read = ResultReader(text, naming, original).read(items or [])
            if items is None:
                refused = Quarantined("result", "not a list of regions", original(0))
                read = read._replace(quarantined=(*read.quarantined, refused))
            reads.append(read)
        return reads

    reads = over(plain)
    if any(read.disagrees for read in reads):
        text = task_text(plain, [items or [] for items in results], naming)
        return (plain, reads) if text is plain else (text, over(text))
    return plain, reads


def census(result: Any, naming: Naming) -> Census:
    """What a result in Python's form holds, whatever becomes of it."""
    return census_of(items_of(result), naming)


def census_of(items: Sequence[Item | None], naming: Naming) -> Census:
    """What items hold, whatever becomes of them."""
    return ResultReader(RegionText(""), naming, None).read(items).census


def task_text(plain: RegionText, results: Sequence[Sequence[Item | None]], naming: Naming) -> RegionText:
    """A task's text, with offsets counted as all regions say that tell which text they mark."""
    claims: list[Claim] = []
    for item in chain.from_iterable(results):
        if item is None or item.value is None or item.type not in REGIONS or not is_of(item, naming):
            continue
        if isinstance(item.value.text, str) and (stated := plain.stated(item.value)) is not None:
            claims.append((*stated, item.value.text))
    return counted_text(plain, claims)

"""What timeline and graph read: every frame of every annotation, or of very many what is told most often."""

from __future__ import annotations

import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from goldwire.corpus.browse.argument_roles import Frame
from goldwire.corpus.browse.events import EventGraph, FrameRow, SpanLink
from goldwire.corpus.browse.page_data import title_of, write_script
from goldwire.files import hash64
from goldwire.model import Article

#: Mentions that a page draws: a browser holds them all.
DRAWN = 50_000


class Drawn(NamedTuple):
    """What a page draws: the file in `data`, mentions in it, and mentions in all. One that draws several
    arrows is one mention, however many of them are drawn."""

    file: str
    mentions: int
    all: int


class _Row(NamedTuple):
    """A mention as it lies on the disk; `sources`, `targets` and `places` are numbers of nodes."""

    document: int
    annotator: str
    chosen: int
    frame: int
    label: str
    span: str
    text: str
    event: str
    named: tuple[str, str, str]
    date: str
    sources: list[int]
    targets: list[int]
    places: list[int]


class FrameFiles:
    """Takes the mentions of all articles in order, to the disk, and writes what the pages draw of them.

    They draw `most` mentions each at most, but for one event or arrow that has more.
    """

    def __init__(
        self, frames: Sequence[Frame], graph: EventGraph, language: str, *, most: int = DRAWN
    ) -> None:
        self._most = most
        self._order = {frame.layer: index for index, frame in enumerate(frames)}
        self._dated = {index for index, frame in enumerate(frames) if frame.dated}
        self._direct, self._graph, self._language = len(frames), graph, language
        self._stream = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed by close()
        self._rows = 0
        self._events, self._arrows = array("Q"), array("Q")
        self._with_arrows = 0  # mentions that draw any

    def add(self, rows: Iterable[FrameRow], links: Iterable[SpanLink]) -> None:
        """The frames and links of an article."""
        for row in rows:
            identity = str(row.span.attributes.get(row.frame.identity, ""))
            ends = [
                row.fillers.get(name, []) for name in (row.frame.source, row.frame.target, row.frame.place)
            ]
            self._keep(
                _Row(
                    document=row.document,
                    annotator=row.annotator,
                    chosen=int(row.chosen),
                    frame=self._order[row.frame.layer],
                    label=row.span.label,
                    span=row.span.id,
                    text=row.text,
                    event=row.event,
                    named=(identity, row.names.get("name", ""), row.names.get("date", "")),
                    date=row.date,
                    sources=ends[0],
                    targets=ends[1],
                    places=ends[2],
                )
            )
        for link in links:
            self._keep(
                _Row(
                    document=link.document,
                    annotator=link.annotator,
                    chosen=int(link.chosen),
                    frame=self._direct,
                    label=link.label,
                    span=link.span,
                    text=self._graph.nodes[link.head].name,
                    event="",
                    named=("", "", ""),
                    date="",
                    sources=[link.head],
                    targets=[link.tail],
                    places=[],
                )
            )

    def write(
        self, folder: Path, articles: Sequence[Article], href: Callable[[str], str]
    ) -> dict[str, Drawn]:
        """Write the files into `folder`; by page (`timeline`, `graph`) what it draws.

        So many mentions are one file for both. Of more the timeline has the events with most mentions,
        the graph the arrows that are drawn most often, each of them with all its mentions.
        """

        def write(name: str, rows: Iterable[_Row]) -> str:
            write_script(folder / f"{name}.js", "frames", self._payload(rows, articles, href))
            return f"{name}.js"

        if self._rows <= self._most:
            both = Drawn(write("frames", self._read()), self._rows, self._rows)
            return {"timeline": both, "graph": both}
        events, arrows = (_most_frequent(codes, self._most) for codes in (self._events, self._arrows))
        told = [r for r in self._read() if r.frame in self._dated and _code(r.event) in events]
        drawn = [
            alone
            for r in self._read()
            for alone in [[alone for code, alone in _pairs(r) if code in arrows]]
            if alone
        ]
        return {
            "timeline": Drawn(write("timeline", told), len(told), len(self._events)),
            "graph": Drawn(write("graph", chain.from_iterable(drawn)), len(drawn), self._with_arrows),
        }

    def close(self) -> None:
        """Give the disk its room back."""
        self._stream.close()

    def _keep(self, row: _Row) -> None:
        self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._rows += 1
        if row.frame in self._dated:
            self._events.append(_code(row.event))
        before = len(self._arrows)
        self._arrows.extend(code for code, _ in _pairs(row))
        self._with_arrows += len(self._arrows) > before

    def _read(self) -> Iterator[_Row]:
        self._stream.seek(0)
        for line in self._stream:
            yield _Row(*json.loads(line))

    def _payload(
        self, rows: Iterable[_Row], articles: Sequence[Article], href: Callable[[str], str]
    ) -> dict[str, Any]:
        """Rows of numbers into lists, which hold what is used."""
        listed = list(rows)
        annotators = sorted({row.annotator for row in listed})
        documents = sorted({row.document for row in listed})
        nodes = sorted({n for row in listed for n in (*row.sources, *row.targets, *row.places)})
        annotator_at, document_at, node_at = _places(annotators), _places(documents), _places(nodes)
        event_at: dict[str, int] = {}
        events: list[Sequence[str]] = []
        numbered: list[list[Any]] = []
        for row in listed:
            if row.frame != self._direct and row.event not in event_at:
                event_at[row.event] = len(events)
                events.append(row.named)
            ends = [[node_at[n] for n in ends] for ends in (row.sources, row.targets, row.places)]
            begin = [document_at[row.document], annotator_at[row.annotator], row.chosen, row.frame, row.label]
            numbered.append([*begin, row.span, row.text, event_at.get(row.event, -1), row.date, *ends])
        told = (articles[number] for number in documents)
        return {
            "language": self._language,
            "documents": [
                [a.document.id, title_of(a), str(a.document.meta.get("published") or ""), href(a.document.id)]
                for a in told
            ],
            "annotators": annotators,
            "nodes": [[n.name, n.id, n.layer, n.label] for n in (self._graph.nodes[i] for i in nodes)],
            "events": events,
            "rows": numbered,
        }


def _code(event: str) -> int:
    return hash64(event.encode())


def _pairs(row: _Row) -> Iterator[tuple[int, _Row]]:
    """The arrows that a mention draws: a number for each, and the mention with this arrow alone."""
    for source in row.sources:
        for target in row.targets:
            code = (row.frame << 56) | (source << 28) | target
            yield code, row._replace(sources=[source], targets=[target])


def _most_frequent(codes: array[int], most: int) -> set[int]:
    """The codes that come most often, of several the first, `most` places at most; one code always."""
    if not codes:
        return set()
    values, first, counts = np.unique(np.frombuffer(codes, np.uint64), return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    number = max(1, int(np.searchsorted(np.cumsum(counts[order]), most, side="right")))
    return set(values[order[:number]].tolist())


def _places(values: Iterable[Any]) -> dict[Any, int]:
    return {value: place for place, value in enumerate(values)}

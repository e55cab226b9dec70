"""The event table's columns, which follow from the schema, and the rows of one article."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from goldwire.annotations.values import iso_date
from goldwire.corpus.browse.argument_roles import Frame
from goldwire.corpus.browse.csv_tables import AND, taken_attributes
from goldwire.corpus.browse.events import Entries, EventGraph, FrameRow, Node, fold, gather
from goldwire.corpus.events.stories import story_code
from goldwire.model import Annotation, Article, AttributeValue, pairs
from goldwire.schemas import Schema
from goldwire.seeds.columns import stated_field

if TYPE_CHECKING:
    import pyarrow as pa

#: Columns that every table has, before and after those that the schema gives.
BEFORE = ("document", "title", "outlet", "published", "span", "start", "end", "trigger", "label")
AFTER = ("event_date", "date_basis", "confidence", "annotator", "version", "story")
#: Columns about reports of the same event, which need all rows.
STORY = ("reports", "is_first")
_NUMBERS = {"start": "int32", "end": "int32", "reports": "int32"}
#: Characters of a date that is a whole day.
_WHOLE = len("2024-05-31")


@dataclass(frozen=True)
class EventRow:
    """A row: its cells by column, the code of what it says, and the day of its report (0: not known)."""

    cells: dict[str, Any]
    code: int
    day: int


class EventColumns:
    """The columns of a frame's table, and its rows.

    A row is one trigger with one source and one target (relations of the frame; null where there is none).
    A column that the schema names like another one gets `_` behind it.
    """

    def __init__(self, schema: Schema, frame: Frame, entries: Entries) -> None:
        self.schema, self.frame, self.entries = schema, frame, entries
        self.taken = taken_attributes(schema)
        self.names: list[str] = list(BEFORE)
        fixed = (*BEFORE, *AFTER, *STORY)
        self.attributes = self._free(schema.layers[frame.layer].attributes, fixed)
        self.ends = {
            relation: self._free(
                [relation, *(f"{relation}_{part}" for part in ("id", "label", *self.taken))], fixed
            )
            for relation in (frame.source, frame.target)
            if relation
        }
        joined = [relation for relation in (frame.place, *frame.others) if relation]
        self.joined = {relation: self._free([relation, f"{relation}_id"], fixed) for relation in joined}
        self.names += AFTER

    def _free(self, names: Any, fixed: tuple[str, ...]) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for name in names:
            free = str(name)
            while free in self.names or free in fixed:
                free += "_"
            self.names.append(free)
            chosen[str(name)] = free
        return chosen

    def arrow_schema(self, *, stories: bool) -> pa.Schema:
        """The columns' types; with `stories` those about reports of the same event too."""
        import pyarrow as pa

        types = {name: pa.string() for name in (*self.names, *(STORY if stories else ()))}
        types |= {name: pa.int32() for name in _NUMBERS if name in types}
        types["confidence"] = pa.float32()
        if stories:
            types["is_first"] = pa.bool_()
        return pa.schema(list(types.items()))

    def rows(self, article: Article, annotation: Annotation) -> Iterator[EventRow]:
        """The rows of one annotation, in reading order."""
        alone = Article(article.document, (annotation,))
        graph = gather([alone], self.schema, [self.frame], self.entries)
        scores = _scores(annotation)
        meta = article.document.meta
        for row in sorted(graph.rows(0, alone), key=lambda row: (row.span.start, row.span.end, row.span.id)):
            published = str(stated_field(meta, "published") or "")
            day = iso_date(published)
            cells: dict[str, Any] = {
                "document": article.document.id,
                "title": _text(stated_field(meta, "title")),
                "outlet": _text(stated_field(meta, "source")),
                "published": published or None,
                "span": row.span.id,
                "start": row.span.start,
                "end": row.span.end,
                "trigger": row.text,
                "label": row.span.label,
                "event_date": row.date or day or None,
                "date_basis": "stated" if row.date else "published" if day else None,
                "confidence": min(scores[row.span.id], default=None),
                "annotator": annotation.annotator,
                "version": annotation.provenance.version or None,
            }
            for name, column in self.attributes.items():
                cells[column] = _cell(row.span.attributes.get(name))
            for relation, (filler, identity) in ((r, tuple(c.values())) for r, c in self.joined.items()):
                nodes = [graph.nodes[index] for index in row.fillers.get(relation, ())]
                cells[filler] = AND.join(node.name for node in nodes) or None
                cells[identity] = AND.join(node.id for node in nodes if node.id) or None
            yield from self._by_ends(graph, row, cells, article)

    def _by_ends(
        self, graph: EventGraph, row: FrameRow, cells: dict[str, Any], article: Article
    ) -> Iterator[EventRow]:
        """A row for each pair of source and target."""
        for pair in row.ends():
            ends = [None if index is None else graph.nodes[index] for index in pair]
            own = dict(cells)
            for relation, node in zip((self.frame.source, self.frame.target), ends, strict=True):
                if relation:
                    own |= dict(zip(self.ends[relation].values(), self._end(node), strict=True))
            code = self._code(row, ends, str(own["event_date"] or ""), article)
            yield EventRow(own | {"story": f"{code:016x}"}, code, _day(iso_date(own["published"] or "")))

    def _end(self, node: Node | None) -> list[str | None]:
        if node is None:
            return [None] * (3 + len(self.taken))
        return [node.name, node.id or None, node.label, *(node.known.get(name) for name in self.taken)]

    def _code(self, row: FrameRow, ends: list[Node | None], day: str, article: Article) -> int:
        """What the row says: the event's id where it has one; else label, ends and day, where they are known.

        Where the day or both ends are lacking it is only like itself, also where archives' ids stand twice.
        """
        names = [_who(node) for node in ends]
        if self.frame.identity and row.span.attributes.get(self.frame.identity):
            return story_code(row.event, *names)
        if len(day) == _WHOLE and any(names):
            return story_code(row.span.label, day, *names)
        return story_code(row.event, article.document.text, *names)


def _who(node: Node | None) -> str:
    """Who an end is, across articles: by id, else by wording, whatever label it bears."""
    return "" if node is None else node.id or f"≈ {fold(node.name)}"


def _scores(annotation: Annotation) -> dict[str, list[float]]:
    """By trigger the scores of it and of all that it is related to, where they have one."""
    scores = {span.id: [span.score] if span.score is not None else [] for span in annotation.spans}
    for _, head, tail in pairs(annotation):
        if tail.score is not None:
            scores[head.id].append(tail.score)
    return scores


def _day(published: str) -> int:
    """A date's number; 0 for one that is not a whole day, which so counts as the first."""
    return date.fromisoformat(published).toordinal() if len(published) == _WHOLE else 0


def _text(value: object) -> str | None:
    return " ".join(str(value).split()) or None if value is not None else None


def _cell(value: AttributeValue | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return AND.join(value) if isinstance(value, list) else str(value)

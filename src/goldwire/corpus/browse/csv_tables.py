"""The corpus as tables for spreadsheets and statistics: CSV by RFC 4180, in UTF-8 with a byte order mark.

The mark makes spreadsheets read accents rightly; read the files as `utf-8-sig`. A cell that a spreadsheet
would take for a formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from goldwire.corpus.browse.argument_roles import Frame
from goldwire.corpus.browse.events import EventGraph, FrameRow
from goldwire.corpus.browse.page_data import dumps
from goldwire.model import Article, AttributeValue, curated, pairs, span_key
from goldwire.schemas import Schema
from goldwire.table import FORMULA

Cell = str | int | float | bool | None
#: What stands between several values in one cell.
AND = "; "
#: Rows that the page of tables shows: a browser holds them all.
LOOKED_AT = 50_000


def cell(value: Cell) -> str:
    """A value as a cell. Texts that a spreadsheet would run get an apostrophe before them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = value.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \n\v\f").startswith(FORMULA) else text


class TableFiles:
    """A table in the making: a CSV file, and for the page a script with its first rows.

    Used in a `with`. `rows` and `bytes` count what the CSV file holds.
    """

    def __init__(
        self, name: str, columns: Sequence[str], csv_file: Path, script: Path, *, looked_at: int = LOOKED_AT
    ) -> None:
        self.rows, self.bytes, self._looked_at = 0, 0, looked_at
        self._opened = ExitStack()
        self._path = csv_file
        csv_file.parent.mkdir(parents=True, exist_ok=True)
        script.parent.mkdir(parents=True, exist_ok=True)
        stream = self._opened.enter_context(csv_file.open("w", encoding="utf-8-sig", newline=""))
        self._script = self._opened.enter_context(script.open("w", encoding="utf-8", newline="\n"))
        self._writer = csv.writer(stream, lineterminator="\r\n")
        self._writer.writerow([cell(column) for column in columns])
        begin = "(goldwire.tables = goldwire.tables || {})"
        self._script.write(f'{begin}[{dumps(name)}] = {{"columns":{dumps(columns)},"rows":[')

    def __enter__(self) -> TableFiles:
        return self

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """More rows."""
        for row in rows:
            self._writer.writerow([cell(value) for value in row])
            if self.rows < self._looked_at:
                self._script.write(f"{',' if self.rows else ''}{dumps(row)}")
            self.rows += 1

    def __exit__(self, *_: object) -> None:
        self._script.write(f'],"all":{self.rows}}};\n')
        self._opened.close()
        self.bytes = self._path.stat().st_size


def frame_columns(schema: Schema, frame: Frame) -> list[str]:
    """The columns of a frame's table; those of roles are named like the relations of the schema."""
    columns = ["document", "title", "published", "annotator", "status", "curated", "span_id"]
    columns += ["start", "end", "text", "label", *schema.layers[frame.layer].attributes]
    for role, relation in frame.named():
        columns.append(relation)
        if role in ("source", "target"):
            columns += [f"{relation}_id", f"{relation}_layer", f"{relation}_label"]
            columns += [f"{relation}_{name}" for name in taken_attributes(schema)]
        elif role == "place":
            columns.append(f"{relation}_id")
        else:
            columns.append(f"{relation}_value")
    return [*columns, *frame.others]


def rows_of(
    article: Article, rows: Iterable[FrameRow], schema: Schema, frame: Frame, graph: EventGraph
) -> Iterator[list[Cell]]:
    """A row for each source and target of each span of an article, of those `rows` that are of the frame.

    A span without either has a row with empty cells; several places or dates stand in one cell.
    """
    document = article.document
    for row in rows:
        if row.frame.layer != frame.layer:
            continue
        meta, span = document.meta, row.span
        begin: list[Cell] = [document.id, _text(meta.get("title")), _text(meta.get("published"))]
        begin += [row.annotator, row.status, row.chosen, span.id, span.start, span.end, row.text, span.label]
        begin += [_attribute(span.attributes.get(name)) for name in schema.layers[frame.layer].attributes]
        for source, target in row.ends():
            cells = [*begin]
            for role, relation in frame.named():
                if role in ("source", "target"):
                    cells += _node(graph, source if role == "source" else target, taken_attributes(schema))
                else:
                    cells.append(_joined(graph, row, relation))
                    cells.append(row.date if role == "date" else _joined(graph, row, relation, ids=True))
            yield [*cells, *(_joined(graph, row, relation) for relation in frame.others)]


def mention_columns(schema: Schema) -> list[str]:
    """The columns of the table of all spans: attributes of one name share a column."""
    names = {name: None for layer in schema.layers.values() for name in layer.attributes}
    columns = ["document", "annotator", "status", "curated", "span_id", "layer", "label", "start", "end"]
    return [*columns, "text", *names, "score"]


def mention_rows(article: Article, schema: Schema) -> Iterator[list[Cell]]:
    """Every span of every annotation, in reading order."""
    names = {name: None for layer in schema.layers.values() for name in layer.attributes}
    chosen = curated(article.annotations)
    for annotation in article.annotations:
        for span in sorted(annotation.spans, key=span_key):
            text = article.document.text[span.start : span.end]
            row: list[Cell] = [article.document.id, annotation.annotator, annotation.status]
            row += [annotation is chosen, span.id, span.layer, span.label, span.start, span.end, text]
            yield [*row, *(_attribute(span.attributes.get(name)) for name in names), span.score]


RELATION_COLUMNS = ["document", "annotator", "status", "curated", "relation"] + [
    f"{end}_{part}" for end in ("head", "tail") for part in ("id", "layer", "label", "start", "end", "text")
]


def relation_rows(article: Article) -> Iterator[list[Cell]]:
    """Every relation of every annotation, with both its spans."""
    chosen, text = curated(article.annotations), article.document.text
    for annotation in article.annotations:
        for relation, head, tail in pairs(annotation):
            row: list[Cell] = [article.document.id, annotation.annotator, annotation.status]
            row += [annotation is chosen, relation.label]
            for span in (head, tail):
                row += [span.id, span.layer, span.label, span.start, span.end]
                row.append(text[span.start : span.end])
            yield row


def taken_attributes(schema: Schema) -> list[str]:
    """The attributes that registries give participants."""
    named = [
        name for layer in schema.layers.values() for name, each in layer.attributes.items() if each.taken_from
    ]
    return list(dict.fromkeys(named))


def _node(graph: EventGraph, index: int | None, taken: Sequence[str]) -> list[Cell]:
    if index is None:
        return ["", "", "", "", *("" for _ in taken)]
    node = graph.nodes[index]
    return [node.name, node.id, node.layer, node.label, *(node.known.get(name, "") for name in taken)]


def _joined(graph: EventGraph, row: FrameRow, relation: str, *, ids: bool = False) -> str:
    nodes = [graph.nodes[index] for index in row.fillers.get(relation, ())]
    return AND.join(node.id if ids else node.name for node in nodes)


def _attribute(value: AttributeValue | None) -> Cell:
    return AND.join(value) if isinstance(value, list) else value


def _text(value: object) -> str:
    return "" if value is None else str(value)

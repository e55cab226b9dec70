"""Articles as others keep them, a row each: JSON Lines, or a JSON array.

The text, the id, the title and so on are found by the names that such columns bear, or named by `columns`
(text=body,id=key), as in an archive; whatever else a row has becomes metadata. Annotations in goldwire's own
form are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from goldwire.annotations.line import annotated, document_twice
from goldwire.errors import GoldwireError
from goldwire.formats.head import Head
from goldwire.formats.options import ConversionOptions
from goldwire.formats.others._rows import FileRow, contents, json_file_rows, malformed_row
from goldwire.formats.others.csv import named_columns
from goldwire.model import Article
from goldwire.seeds.columns import FIELDS, field_columns
from goldwire.seeds.documents import document_of
from goldwire.seeds.rows import half_pair

ABOUT = "rows of articles, JSON Lines or a JSON array, what is no text or id as metadata (--columns)"

_HINT = 'a row is {"id": "…", "text": "…", "title": "…"}'
_LOOKED_AT = 50


def looks_like(head: Head) -> bool:
    """Whether its rows have a text by a known name, and nothing beside it that could be somebody's marks."""
    rows = [row for row in head.rows if isinstance(row, dict)]
    return (
        len(rows) == len(head.rows) > 0
        and any(name in head.keys for name in FIELDS["text"])
        and all(_plain(key, value) for row in rows for key, value in row.items())
    )


def _plain(key: str, value: object) -> bool:
    if key == "annotations":
        return isinstance(value, list) and all(
            isinstance(each, dict) and {"annotator", "schema"} <= set(each) for each in value
        )
    if isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return key == "meta" or not isinstance(value, dict)


def read_articles(path: Path, setting: ConversionOptions) -> list[Article]:
    """The articles of a file, or of those in a folder or a zip.

    Raises GW704 where no column is the text, GW625 for columns that can't be named so, GW951 for rows that
    are no article, GW207 for annotations in another form, GW208 for an id that stands twice.
    """
    articles: dict[str, Article] = {}
    for content in contents(path, (".jsonl", ".ndjson", ".json"), "articles"):
        rows = list(json_file_rows(content, setting, _HINT))
        columns: dict[str, str] | None = None
        for row in rows:
            if not isinstance(row.value, dict) or half_pair(row.value):
                message = "half a surrogate pair" if isinstance(row.value, dict) else "not a JSON object"
                setting.refuse(row.value, malformed_row(row.place, message, _HINT))
                continue
            columns = columns or _columns(rows, content.place, setting)
            try:
                article = _article(row, columns)
                if article.document.id in articles:
                    raise GoldwireError(document_twice(article.document.id, row.place, "an id for each"))
            except GoldwireError as error:
                setting.refuse(row.value, *error.faults)
                continue
            articles[article.document.id] = article
    return list(articles.values())


def _columns(rows: Sequence[FileRow], place: str, setting: ConversionOptions) -> dict[str, str]:
    values: list[dict[str, Any]] = [row.value for row in rows[:_LOOKED_AT] if isinstance(row.value, dict)]
    names = list(dict.fromkeys(name for value in values for name in value))
    given = named_columns(setting.columns, FIELDS, names, place)
    columns = field_columns(names, values, given, place)
    shown = ", ".join(f"{field}={column}" for field, column in columns.items())
    rest = [name for name in names if name not in (*columns.values(), "meta", "annotations")]
    more = f"; metadata: {', '.join(rest)}" if rest else ""
    setting.assume(f"columns: {shown}{more} (--columns says otherwise)")
    return columns


def _article(row: FileRow, columns: dict[str, str]) -> Article:
    document = document_of(row.value, columns, row.place, f"{row.stem}-{row.number:06d}")
    stored = row.value.get("annotations") or []
    if not stored:
        return Article(document)
    # Offsets are those of the text as it stands.
    return annotated(replace(document, text=row.value[columns["text"]]), stored, row.place)

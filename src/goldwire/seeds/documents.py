"""A document of a row of other people's columns: its text, its id, and all else as metadata."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from goldwire.errors import GoldwireError
from goldwire.files import sha256
from goldwire.model import Document
from goldwire.seeds.columns import columns_beside, fields_of, with_named
from goldwire.seeds.ingest import check_plain
from goldwire.seeds.rows import Row
from goldwire.text import normalise

#: The code of a row that is no article.
NO_ARTICLE = "GW951"


def document_of(row: Row, columns: Mapping[str, str], where: str, unnamed: str) -> Document:
    """The document of a row whose `columns` say which is which field; what is no field becomes metadata.

    A row of a table without ids is called `unnamed`. Annotations are not looked at. Raises GW951 for a row
    that is no article, GW287 for one whose text is markup.
    """
    columns = _columns_of_row(tuple(row), tuple(columns.items()))
    values, more, _ = fields_of(row, columns)
    text, stated = values.pop("text", None), values.pop("id", None)
    check_text(text, columns.get("text", "text"), where)
    if isinstance(stated, str):
        stated = stated.strip() or None
    if stated is None and "id" in columns:
        raise GoldwireError.of(NO_ARTICLE, f"lacks `{columns['id']}`, its id", where=where)
    if isinstance(stated, float) and stated.is_integer():
        stated = int(stated)  # as pandas writes whole numbers of which one is missing
    if isinstance(stated, bool) or not isinstance(stated, str | int | None) or not str(stated).isprintable():
        raise GoldwireError.of(NO_ARTICLE, "its id is no name", where=where, hint="a name or a number")
    meta = {**columns_beside(values, more, ("id", "text", "sha256")), "sha256": sha256(text)}
    return Document(unnamed if stated is None else str(stated), normalise(text), meta)


def check_text(text: object, column: str, where: str) -> None:
    """Refuse what is no text, as `goldwire seeds add` does: GW951, and GW287 for markup."""
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        hint = "leave the row out, or name the column of the texts: text=NAME"
        raise GoldwireError.of(NO_ARTICLE, f"`{column}` holds no text", where=where, hint=hint)
    check_plain(text[:1024].encode(), where)


@lru_cache(maxsize=1024)
def _columns_of_row(names: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The columns of a table's first rows, and those that only later rows have."""
    return with_named(names, dict(columns))

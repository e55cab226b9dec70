"""Which column of a table holds what: as it was said, else by the names that such columns bear."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from goldwire.errors import GoldwireError, one_of
from goldwire.seeds.rows import Row

#: What is made of columns, each with the names by which it is known, the likelier first.
FIELDS: dict[str, tuple[str, ...]] = {
    "id": (
        *("id", "_id", "doc_id", "docid", "document_id", "article_id", "uid", "uuid", "guid", "identifier"),
        *("identifiant", "kennung", "identificador", "key", "index"),
    ),
    "text": (
        *("text", "fulltext", "full_text", "article_text", "maintext", "content", "body", "article"),
        *("texte", "contenu", "inhalt", "volltext", "artikel", "texto", "contenido", "cuerpo", "raw_text"),
    ),
    "title": (
        "title",
        "headline",
        "heading",
        "titre",
        "titel",
        "schlagzeile",
        "titulo",
        "titular",
        "subject",
    ),
    "published": (
        *("published", "published_at", "published_date", "publication_date", "publish_date", "pub_date"),
        *("date_publication", "date", "datum", "fecha", "created_at", "created", "timestamp"),
    ),
    "author": ("author", "authors", "byline", "creator", "auteur", "autor", "verfasser"),
    "source": (
        *("source", "publisher", "publication", "newspaper", "outlet", "site", "sitename", "journal"),
        *("quelle", "zeitung", "fuente", "periodico", "domain"),
    ),
    "url": ("url", "link", "href", "source_url", "uri", "permalink"),
    "language": ("language", "lang", "langue", "sprache", "idioma"),
}
#: Code points from which a column without a telling name may be the text, in the middle.
_LONG = 80


def field_columns(
    names: Sequence[str], rows: Sequence[Row], named_columns: Mapping[str, str], where: str
) -> dict[str, str]:
    """The column of each field, those that are `named_columns` first; other columns are none of them.

    Where no name says which holds the texts, it is the one whose values are long, if there is one only.
    Raises GW703 where `named_columns` names a column that is not there, GW704 where no column is the text.
    """
    columns: dict[str, str] = {}
    for field, column in named_columns.items():
        if column not in names:
            raise GoldwireError.of("GW703", f"there is no column `{column}`", where=where, hint=one_of(names))
        columns[field] = column
    columns = with_named(names, columns)
    if "text" in columns and not any(isinstance(row.get(columns["text"]), str) for row in rows):
        del columns["text"]
    if "text" not in columns and "file" not in names:
        long = [name for name in names if name not in named_columns.values() and _middle(rows, name) >= _LONG]
        if len(long) != 1:
            message = "which column holds the texts can't be told"
            hint = f"say it: --column text=NAME, {one_of(names)}"
            raise GoldwireError.of("GW704", message, where=where, hint=hint)
        columns = {field: column for field, column in columns.items() if column != long[0]} | {
            "text": long[0]
        }
    return columns


def with_named(names: Iterable[str], columns: Mapping[str, str]) -> dict[str, str]:
    """These columns, and for each field that has none the one that bears a name of its kind, if any does."""
    named = dict(columns)
    plain = {_plain(name): name for name in reversed(list(names)) if name not in named.values()}
    for field, known in FIELDS.items():
        for name in known:
            if field not in named and name in plain and plain[name] not in named.values():
                named[field] = plain[name]
    return named


def stated_field(meta: Mapping[str, object], field: str) -> object:
    """What metadata state as a field, under its name or another by which it is known; None for nothing."""
    names = (field, *FIELDS.get(field, ()))
    return next((meta[name] for name in names if meta.get(name) not in (None, "")), None)


def fields_of(row: Row, columns: Mapping[str, str]) -> tuple[Row, Row, bool]:
    """What a row holds by field, what else it holds (of a `meta` in it too), and whether it had annotations,
    which are left out."""
    values = {field: row[column] for field, column in columns.items() if row.get(column) not in (None, "")}
    more = {key: value for key, value in row.items() if key not in columns.values() and value is not None}
    annotated = bool(more.pop("annotations", None))
    inner = more.pop("meta", {})
    return values, columns_beside(more, inner if isinstance(inner, dict) else {"meta": inner}, ()), annotated


def columns_beside(
    values: Mapping[str, object], more: Mapping[str, object], taken_columns: Iterable[str]
) -> Row:
    """What columns gave (`values`) and the rest of a row: what of that bears a name that columns gave, or one
    of `taken_columns`, gets `_given` behind it, so that neither is lost; what is the same stands once."""
    names, meta = {*values, *taken_columns}, dict(values)
    for key, value in more.items():
        name = key
        if name not in taken_columns and name in values and values[name] == value:
            continue
        while name in names or (name != key and name in more):
            name += "_given"
        meta[name] = value
    return meta


def _plain(name: str) -> str:
    """A name in small letters without accents; what is no letter or digit is `_`."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[^0-9a-z]+", "_", bare.casefold().strip())


def _middle(rows: Iterable[Row], name: str) -> int:
    """The median length of a column's texts; 0 where it has other values."""
    values = [row[name] for row in rows if name in row]
    if not values or not all(isinstance(value, str) for value in values):
        return 0
    return sorted(len(value) for value in values)[len(values) // 2]

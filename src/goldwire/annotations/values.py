"""Attribute values: what each kind of attribute may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from email.utils import parsedate_to_datetime

from goldwire.annotations.countries import is_country
from goldwire.errors import one_of
from goldwire.model import AttributeValue
from goldwire.schemas import Attribute
from goldwire.schemas.numbers import bounds, is_integer, tidy

#: What stands for a flag in hand-written files.
FLAGS = {"true": True, "yes": True, "oui": True, "false": False, "no": False, "non": False}
_ID = re.compile(r"\w[\w.:@+-]*")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
#: Dates as metadata state them; a time may stand behind those that are whole.
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?:(?P<sign>[-/.])(?P<month>\d\d?)(?:(?P=sign)(?P<day>\d\d?)(?:[T ].*)?)?)?", re.ASCII
)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:[T ].*)?", re.ASCII)
_DAY_FIRST = re.compile(r"(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{4})", re.ASCII)
_FEED = re.compile(r"(?:[A-Z][a-z]{2}, )?\d\d? [A-Z][a-z]{2} \d{4}\b", re.ASCII)


def is_date(value: str) -> bool:
    """Whether a text is a date of ISO 8601: `2020-01-03`, or only `2020-01` or `2020`."""
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value + "-01" * (2 - value.count("-")))
    except ValueError:
        return False
    return True


def iso_date(stated: object) -> str:
    """The date that metadata state, in ISO 8601, whole or in part: `2024-05-31`, `2024-05`, `2024`.

    Taken are ISO 8601 (a time behind it goes; `20240531` and `2024/5/31` too), days as in 31.5.2024, and what
    e-mail and feeds write (RFC 5322). Empty where there is none or it could be another, as 05/04/2024.
    """
    text = str(stated).strip()
    if _FEED.match(text):
        try:
            return parsedate_to_datetime(text).date().isoformat()
        except ValueError:
            return ""
    match = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text) or _DAY_FIRST.fullmatch(text)
    if match is None:
        return ""
    year, month, day = match["year"], match["month"], match["day"]
    told = "-".join([year, *(part.zfill(2) for part in (month, day) if part)])
    return told if is_date(told) else ""


def value_problem(attribute: Attribute, value: object, label: str = "") -> tuple[str, str] | None:
    """Why `value` can't stand in `attribute`, and what to do instead; None where it can.

    With the `label` of its span also where the value is for other labels.
    """
    if problem := _form_problem(attribute, value):
        return problem
    for item in value if isinstance(value, list) else [value]:
        about = attribute.values.get(str(item))
        if label and about is not None and not about.applies_to(label):
            return f"`{item}` is no value of {label}", f"only on {', '.join(about.labels or [])}"
    return None


def _form_problem(attribute: Attribute, value: object) -> tuple[str, str] | None:
    kind = attribute.kind
    if kind == "flag":
        return None if value is True else (f"`{value}` is no flag", "true, or leave it out")
    if kind == "choices":
        if not isinstance(value, list):
            return f"`{value}` is no list", "a list of values"
        unknown = [item for item in value if not (isinstance(item, str) and item in attribute.values)]
        return (f"unknown value `{unknown[0]}`", one_of(attribute.values)) if unknown else None
    if not isinstance(value, str):
        return f"`{value}` is no text", "a text"
    if kind == "choice" and value not in attribute.values:
        return f"unknown value `{value}`", one_of(attribute.values)
    if kind in _FORMS:
        fits, noun, hint = _FORMS[kind]
        return None if fits(value) else (f"`{value}` is no {noun}", hint)
    return None


#: Kinds of text that are of one form: what tells it, what it is called, how it is written.
_FORMS: dict[str, tuple[Callable[[str], object], str, str]] = {
    "date": (is_date, "date", "ISO 8601: 2020-01-03, 2020-01 or 2020; leave it out where unknown"),
    "id": (_ID.fullmatch, "id", "letters, digits and . _ - : @ + without spaces"),
    "integer": (is_integer, "whole number", "digits alone, without leading zeros: 12"),
    "range": (bounds, "count", "12, 12..15, >12, >=12, <12, <=12, or ~12 for about 12"),
    "country": (is_country, "country code", "ISO 3166-1 alpha-3: FRA, DEU, GBR; XKX for Kosovo"),
}


def from_text(attribute: Attribute, written: str | list[str]) -> AttributeValue | None:
    """A value written by hand as the attribute's kind; None where nothing was written, or a flag is off."""
    if not written:
        return None
    if not isinstance(written, str):
        return written
    if attribute.kind == "flag":
        return FLAGS.get(written.lower(), written) or None
    if attribute.kind == "choices":
        return [written]
    return tidy(written) if attribute.kind in ("integer", "range") else written

"""Counts as a text gives them, in one written form: exact, in bounds, above, below or about a number.

The form is text, so that every format keeps it: `12`, `12..15`, `>12`, `>=12`, `<12`, `<=12`, `~12`.
"""

from __future__ import annotations

import re

_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
_DASHES = "\\-\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:\s\d{3})+(?!\d)")
_RANGE = re.compile(rf"~?({_INTEGER.pattern})(?:\.\.({_INTEGER.pattern}))?|(>=|<=|>|<)({_INTEGER.pattern})")


def is_integer(value: str) -> bool:
    """Whether a text is a whole number, in at most 18 digits alone and without leading zeros."""
    return _INTEGER.fullmatch(value) is not None


def bounds(value: str) -> tuple[int, int | None] | None:
    """The least and the most that a written count can be, None for no upper bound; None where it is no count.

    About a number (`~12`) has that number as both bounds: how far off it may be, the text does not say.

        >>> from goldwire.schemas.numbers import bounds
        >>> bounds("12..15"), bounds(">12"), bounds("<=3"), bounds("a dozen")
        ((12, 15), (13, None), (0, 3), None)
    """
    match = _RANGE.fullmatch(value)
    if match is None:
        return None
    low, high, sign, bound = match.groups()
    if sign is None:
        least, most = int(low), int(high or low)
        return (least, most) if most > least or high is None else None
    number = int(bound)
    if sign.startswith(">"):
        return number + (sign == ">"), None
    most = number - (sign == "<")
    return (0, most) if most >= 0 else None


def tidy(written: str) -> str:
    """A count written by hand in its one form: `1 000 - 1 200` as `1000..1200`, `≥ 12` as `>=12`.

    A space stays where it parts no thousands: `3 5` is no count.
    """
    text = written.strip().replace("≥", ">=").replace("≤", "<=").replace("≈", "~")
    text = _THOUSANDS.sub(lambda number: re.sub(r"\s", "", number[0]), text)
    text = re.sub(rf"(?<=\d)\s*(?:\.\.|[{_DASHES}])\s*(?=\d)", "..", text)
    return re.sub(r"([<>=~])\s+(?=[\d=])", r"\1", text)

"""Every figure that people read, in one form: terminal, card, pages, summaries. JSON keeps the numbers."""

from __future__ import annotations

from collections.abc import Sequence

#: What stands where a figure is undefined.
UNDEFINED = "–"


def number(value: float | None, digits: int = 3) -> str:
    """`.661`, `1.000`, `-.200`; a dash where it is undefined."""
    if value is None:
        return UNDEFINED
    shown = f"{value:.{digits}f}"
    if abs(round(value, digits)) >= 1 or not digits:
        return shown
    return (shown if float(shown) else shown.removeprefix("-")).replace("0.", ".", 1)


def signed(value: float | None, digits: int = 3) -> str:
    """A difference with its sign: `+.012`, `-.200`, `±.000`."""
    shown = number(value, digits)
    if value is None or shown.startswith("-"):
        return shown
    return f"+{shown}" if float(shown) else f"±{shown}"


def interval(bounds: Sequence[float] | None) -> str:
    """An interval as `.612 to .724`: as many digits as the value, or rounding would put it outside."""
    return " to ".join(map(number, bounds)) if bounds else UNDEFINED


def signed_interval(bounds: Sequence[float] | None) -> str:
    """The interval of a difference: `-.012 to +.034`."""
    return " to ".join(map(signed, bounds)) if bounds else UNDEFINED


def with_interval(value: float | None, bounds: Sequence[float] | None) -> str:
    """`.661 (.612 to .724)`; the value alone where there is no interval."""
    return f"{number(value)} ({interval(bounds)})" if bounds else number(value)


def amount(value: float) -> str:
    """A count with its thousands apart, `12,345`, and its part where it has one: `2.5`."""
    whole = round(value, 1)
    return f"{whole:,.0f}" if whole == int(whole) else f"{whole:,.1f}"


def counted(number: float, noun: str) -> str:
    """How many of something: `1 document`, `1,406 documents`."""
    return f"{amount(number)} {noun}{'' if number == 1 else 's'}"


def money(value: float, currency: str = "") -> str:
    """What something cost, to a hundredth of a cent: `0.0213 EUR`."""
    return f"{value:,.4f} {currency}".rstrip()


def percent(share: float | None, digits: int = 0) -> str:
    """A share as `12 %`."""
    return UNDEFINED if share is None else f"{100 * share:.{digits}f} %"


def p_value(p: float | None) -> str:
    """`.0421`; `< .0001` where four digits would say nought."""
    if p is None:
        return UNDEFINED
    return number(p, 4) if round(p, 4) or not p else "< .0001"


def p_in_words(p: float | None) -> str:
    """`p = .0421` or `p < .0001`; `untested` where there is none."""
    if p is None:
        return "untested"
    shown = p_value(p)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


#: The same forms for templates.
FILTERS = {"number": number, "interval": interval, "amount": amount, "percent": percent}

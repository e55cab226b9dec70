"""Errors that a user can act on: what, where, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from goldwire.redaction import redact
from goldwire.text import first_of

#: What a message quotes of the input, the numbers in it, and (the second group) names between backticks.
_CHANGING = re.compile(r"«[^»]*»|\b[A-Z]?\d+|(`[^`]*`)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input.

    `code` is stable (GW1xx schemas, GW2xx corpus, GW3xx annotate, GW4xx train, GW5xx eval, GW6xx formats,
    GW7xx articles coming in, GW8xx language models, GW9xx use), `where` is `file:line`, a `$.path` or both,
    `hint` says what to do instead. Where one cause shows in several places, `count` says in how many, and
    `also` names the first ones after `where`. No secret is in any of them.

        >>> import goldwire
        >>> print(goldwire.Fault('GW103', "unknown key `labl`", "my.yaml:3", "one of: label, layers"))
        GW103 my.yaml:3: unknown key `labl` (one of: label, layers)
    """

    code: str
    message: str
    where: str = ""
    hint: str = ""
    count: int = 1
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        whole = f"{self.message}\n{self.where}\n{self.hint}"
        if redact(whole) == whole:
            return  # as nearly always: looked through once, not three times
        for name in ("message", "where", "hint"):
            object.__setattr__(self, name, redact(getattr(self, name)))

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        more = ", …" if self.count > 1 + len(self.also) else ""
        times = f"; {self.count} times" if self.count > 1 else ""
        also = f", also at {', '.join(self.also)}{more}" if self.also else ""
        return f"{self.code} {where}{self.message}{hint}{times}{also}"

    @property
    def kind(self) -> str:
        """Code and message without what changes from place to place: quotations, numbers and names."""
        return f"{self.code} {_CHANGING.sub('…', self.message)}"


class GoldwireError(Exception):
    """Bad input or wrong use: the command line prints its faults, one a line, and exits with 2.

    What is raised is of the kind that the first fault's code names: `SchemaError` (GW1xx), `CorpusError`
    (GW2xx, GW6xx, GW70x, GW71x), `AnnotateError` (GW3xx, GW78x, GW79x, GW8xx), `TrainError` (GW4xx, GW72x,
    GW398, GW399), `EvalError` (GW5xx, GW74x, GW75x) or `UsageError` (GW73x, GW9xx, GW817, GW818).

        >>> import goldwire
        >>> try:
        ...     goldwire.load_schema("no/such/file.yaml")
        ... except goldwire.GoldwireError as error:
        ...     print([fault.code for fault in error.faults])
        ['GW901']
    """

    def __new__(cls, *faults: Fault) -> GoldwireError:
        """An error of the kind that its first fault is of."""
        kind = _kind(faults[0].code) if cls is GoldwireError and faults else cls
        return super().__new__(kind, *faults)

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))

    def __reduce__(self) -> tuple[type[GoldwireError], tuple[Fault, ...]]:
        """Errors cross process borders whole: pickled by their faults, not by their message."""
        return type(self), self.faults

    @classmethod
    def of(cls, code: str, message: str, *, where: str = "", hint: str = "") -> GoldwireError:
        """An error with a single fault."""
        return cls(Fault(code, message, where, hint))


class SchemaError(GoldwireError):
    """A schema can't be used (GW1xx).

    >>> import goldwire
    >>> issubclass(goldwire.SchemaError, goldwire.GoldwireError)
    True
    """


class CorpusError(GoldwireError):
    """Articles, annotations or a dataset can't be read, built or written (GW2xx, GW6xx, GW70x, GW71x).

    >>> import goldwire
    >>> try:
    ...     goldwire.read("articles.jsonl", "no-such-format")
    ... except goldwire.CorpusError as error:
    ...     print(error.faults[0].message)
    unknown format `no-such-format`
    """


class AnnotateError(GoldwireError):
    """Label Studio, what goes there and comes back (GW3xx, GW78x, GW79x); a language model's drafts (GW8xx).

    >>> import goldwire
    >>> issubclass(goldwire.AnnotateError, goldwire.GoldwireError)
    True
    """


class TrainError(GoldwireError):
    """A model can't be trained or loaded (GW4xx, GW72x, GW398, GW399).

    >>> import goldwire
    >>> try:
    ...     goldwire.predict("no-such-model", ["Un texte."])
    ... except goldwire.TrainError as error:
    ...     print(error.faults[0].code)
    GW410
    """


class EvalError(GoldwireError):
    """Nothing can be scored or compared (GW5xx, GW74x, GW75x).

    >>> import goldwire
    >>> try:
    ...     goldwire.agree([])
    ... except goldwire.EvalError as error:
    ...     print(error.faults[0].code)
    GW507
    """


class UsageError(GoldwireError):
    """Wrong use, a missing file, no project (GW9xx, GW73x, GW817, GW818).

    >>> import goldwire
    >>> try:
    ...     goldwire.load_project("/")
    ... except goldwire.UsageError as error:
    ...     print(error.faults[0].code)
    GW910
    """


#: The kinds by what their codes begin with; docs/reference/api.md tells them.
_KINDS: dict[str, type[GoldwireError]] = {
    # Two of training's, and two of use, lie among those of the annotators' work.
    **{f"GW{number}": TrainError for number in (398, 399)},
    **{f"GW{number}": UsageError for number in (817, 818)},
    "GW70": CorpusError,
    "GW71": CorpusError,
    "GW72": TrainError,
    "GW73": UsageError,
    "GW74": EvalError,
    "GW75": EvalError,
    "GW78": AnnotateError,
    "GW79": AnnotateError,
    "GW1": SchemaError,
    "GW2": CorpusError,
    "GW3": AnnotateError,
    "GW4": TrainError,
    "GW5": EvalError,
    "GW6": CorpusError,
    "GW8": AnnotateError,
    "GW9": UsageError,
}


def _kind(code: str) -> type[GoldwireError]:
    """The kind of error that a code stands for."""
    return next((kind for start, kind in _KINDS.items() if code.startswith(start)), GoldwireError)


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise all `faults` as one error; do nothing where there are none."""
    if raised := tuple(faults):
        raise GoldwireError(*raised)


#: Places that a fault of several shows, and how many names a cause may bear before they count as one.
PLACES, NAMES = 3, 10


def by_cause(faults: Iterable[Fault]) -> list[Fault]:
    """A fault for each cause: the first, with the number of all and the first places; in the order met.

    Faults are of one cause where code and message are the same but for quotations and numbers. Names between
    backticks tell causes apart (two unknown labels are two), unless there are more than ten of a kind.
    """
    kinds: dict[str, dict[str, list[Fault]]] = {}
    for fault in faults:
        named = _CHANGING.sub(lambda match: match[1] or "…", fault.message)
        kinds.setdefault(fault.kind, {}).setdefault(named, []).append(fault)
    return [
        _joined(group)
        for causes in kinds.values()
        for group in (causes.values() if len(causes) <= NAMES else [list(chain(*causes.values()))])
    ]


def _joined(faults: Sequence[Fault]) -> Fault:
    first = faults[0]
    if len(faults) == 1:
        return first
    places = dict.fromkeys(place for fault in faults for place in (fault.where, *fault.also) if place)
    also = tuple(place for place in islice(places, PLACES) if place != first.where)[: PLACES - 1]
    return replace(first, count=sum(fault.count for fault in faults), also=also)


def install_hint(extra: str) -> str:
    """How to get the packages of an extra, for a hint.

    Never by the name alone: `goldwire` is not in the package index, where anybody may take it.
    """
    from goldwire import __version__

    wheel = f"goldwire-{__version__}-py3-none-any.whl"
    return f"in goldwire's checkout: sh install.sh {extra}; from its wheel: pip install '{wheel}[{extra}]'"


def one_of(names: Iterable[str]) -> str:
    """The names that exist, for a hint: `one of: a, b, c`."""
    listed = sorted(names)
    return f"one of: {first_of(listed, 20, in_all=True)}" if listed else "there are none"

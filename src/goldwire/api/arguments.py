"""What functions of the API are given, looked at before anything is done: wrong use is one plain error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from inspect import signature
from operator import index
from os import PathLike
from pathlib import Path
from typing import Any

from goldwire.errors import GoldwireError, one_of
from goldwire.model import Article, Document
from goldwire.text import normalise

#: What gives articles, for a hint.
GIVES_ARTICLES = "a path, a project, or articles as goldwire.read gives them; of a dataset its folder's path"


def articles_in(given: object) -> Iterator[Article]:
    """The articles of an iterable, or the one that is given; raises GW817 where it holds anything else."""
    return _items(given, GIVES_ARTICLES, Article)


def documents_in(given: object) -> Iterator[Document]:
    """Documents of texts, documents and articles, several or one; raises GW817 for anything else."""
    hint = "texts, documents or articles; a file or folder by its path"
    for number, item in enumerate(_items(given, hint, Article, Document, str), start=1):
        if isinstance(item, Article):
            yield item.document
        else:
            yield item if isinstance(item, Document) else Document(f"text-{number}", normalise(item))


def _items(given: object, hint: str, *kinds: type) -> Iterator[Any]:
    if isinstance(given, Article | Document):
        given = (given,)
    held = type(given).__name__
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise GoldwireError.of("GW817", f"`{held}` holds no articles", hint=hint)
    for item in given:
        if not isinstance(item, kinds):
            message = f"`{held}` holds `{type(item).__name__}` where articles belong"
            raise GoldwireError.of("GW817", message, hint=hint)
        yield item


def path_of(given: object, what: str = "path") -> Path:
    """A path as one; raises GW818 for anything else."""
    if isinstance(given, str | PathLike):
        return Path(given)
    raise wrong_argument(what, given, "a path: text, or a Path")


def names_given(given: str | Iterable[str]) -> tuple[str, ...]:
    """Names, of which a single one may be given as it is."""
    return (given,) if isinstance(given, str) else tuple(given)


def several_if(given: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """The same where any are given, else None."""
    return None if given is None else names_given(given)


def check_least(least: int, **given: object) -> None:
    """Raise GW818 where a number, by its name, is none, or less than `least`; None goes."""
    for name, value in given.items():
        if value is not None and (not hasattr(value, "__index__") or index(value) < least):
            raise wrong_argument(name, value, f"a whole number, {least} or more")


def check_known(names: Collection[str], **given: object) -> None:
    """Raise GW818 where something, by its name, is none of `names`."""
    for name, value in given.items():
        if value not in names:
            raise wrong_argument(name, value, one_of(names))


def check_options(options: Iterable[str], function: Callable[..., object]) -> None:
    """Raise GW818 for an option that a function does not take by its name."""
    taken = [each.name for each in signature(function).parameters.values() if each.kind is each.KEYWORD_ONLY]
    for name in options:
        if name not in taken:
            raise GoldwireError.of("GW818", f"there is no option `{name}`", hint=one_of(taken))


def wrong_argument(name: str, value: object, hint: str) -> GoldwireError:
    """That an argument can't be what it is (GW818)."""
    shown = f"«{value}»" if isinstance(value, str | int | float) else f"`{type(value).__name__}`"
    return GoldwireError.of("GW818", f"`{name}` is {shown}", hint=hint)

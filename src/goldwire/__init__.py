"""goldwire: from news articles to a gold corpus."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldwire.corpus.dataset.load import load_corpus

__version__ = "0.1.0"

__all__ = ["__version__", "load_corpus"]

#: Where each public name lives: imported when it is first asked for.
_PUBLIC = {"load_corpus": "goldwire.corpus.dataset.load"}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

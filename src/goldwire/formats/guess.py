"""Which format a path is in, where that is safe to say."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from goldwire.errors import GoldwireError, one_of
from goldwire.formats.dataset_files import MANIFEST
from goldwire.formats.registry import FORMATS
from goldwire.project import CONFIG

#: Suffixes that one format alone has.
_SUFFIXES = {
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".spacy": "docbin",
    ".conll": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".bio": "conll",
    ".xmi": "cas",
}
#: Enough of a JSON file to tell whose it is.
_HEAD = 4096
#: Files of a folder that are looked at.
_LOOKED_AT = 10_000


def guess_read(path: Path) -> str:
    """The format of what lies at `path`: by its suffix, of .json and folders by what they hold.

    Raises GW931 where that does not say it.
    """
    if path.is_dir():
        if (path / CONFIG).is_file():
            return "store"
        if (path / MANIFEST).is_file() or any(path.glob("*/*.parquet")):
            return "parquet"
        suffixes = {file.suffix for file in islice(path.rglob("*"), _LOOKED_AT)}
        kinds = {
            name
            for suffix, name in ((".ann", "brat"), (".xmi", "cas"), (".spacy", "docbin"), (".conll", "conll"))
            if suffix in suffixes
        }
        if len(kinds) == 1:
            return kinds.pop()
        raise _unsure(path)
    if path.suffix == ".json":
        with path.open("rb") as file:
            head = file.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
        if b"%TYPES" in head or b"%FEATURE_STRUCTURES" in head:
            return "cas"
        if head.startswith(b"["):
            return "labelstudio"
        raise _unsure(path)
    return _by_suffix(path)


def guess_written(path: Path) -> str:
    """The format meant by the name of what is to be written; raises GW931 where it does not say it."""
    if path.suffix == ".json":
        return "labelstudio"
    return _by_suffix(path)


def _by_suffix(path: Path) -> str:
    if path.suffix not in _SUFFIXES:
        raise _unsure(path)
    return _SUFFIXES[path.suffix]


def _unsure(path: Path) -> GoldwireError:
    message = "the path does not say in which format it is"
    return GoldwireError.of("GW931", message, where=str(path), hint=f"name the format, {one_of(FORMATS)}")

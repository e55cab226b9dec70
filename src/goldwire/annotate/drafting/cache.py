"""Answers kept on disk by all that went into the question: asked again, they cost nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from goldwire.files import read_bytes, sha256, write_bytes

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came back for one request: the text, why it ended, the model's name by the server, tokens, seconds
    and when (ISO 8601).

    `cached` is true of one that was kept from before, `estimated` where the server did not count the tokens.
    """

    text: str
    finish: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    created: str = ""
    cached: bool = False
    estimated: bool = False


class Cache:
    """A folder of answers, a file each, named by the SHA-256 of the question. `refresh` reads none."""

    def __init__(self, folder: Path, *, refresh: bool = False) -> None:
        self.folder = folder
        self.refresh = refresh

    @staticmethod
    def key(question: Any) -> str:
        """The SHA-256 of a question; its parts in their order, keys sorted."""
        return sha256(msgspec.json.encode(question, order="sorted"))

    def get(self, key: str, kind: type[T]) -> T | None:
        """What is kept under a key; None where there is nothing that can be read as such."""
        path = self._path(key)
        if self.refresh or not path.is_file():
            return None
        try:
            return msgspec.json.decode(read_bytes(path), type=kind)
        except msgspec.MsgspecError:
            return None

    def put(self, key: str, value: Any) -> None:
        """Keep something under a key: whole, or not at all. Raises GW904 where it can't be written."""
        write_bytes(self._path(key), msgspec.json.encode(value))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

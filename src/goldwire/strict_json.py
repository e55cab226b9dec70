"""JSON read strictly: a key that stands twice in an object, nesting without end, NaN and Infinity are errors.

A git merge that kept both sides leaves such keys; the usual readers let the last of them win, without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from goldwire.limits import DEPTH, TOO_DEEP

T = TypeVar("T")

# All bytes but brackets and colons.
_OTHERS = bytes(byte for byte in range(256) if byte not in b"[]{}:")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|\n', re.DOTALL)


_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class NotStrict(msgspec.DecodeError, ValueError):
    """JSON with a key twice in one object, or nested too deep; it reads as msgspec's own errors do."""


def loads(data: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` for what is no JSON, of which `NotStrict` is one."""
    try:
        value = json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise NotStrict(TOO_DEEP) from None
    except _Twice:
        raise NotStrict(_told(data)) from None
    check_depth(value)
    return value


class Repeated(dict[str, Any]):
    """An object in which a key stands twice: the last values, as usual readers have them, and all `pairs`."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def prefix(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at `start`, and where it ends; an object with a key twice is a `Repeated`.

    Raises `ValueError` where there is none, or one that is nested too deep.
    """
    try:
        value, end = _decoder.raw_decode(text, start)
    except RecursionError:
        raise NotStrict(TOO_DEEP) from None
    check_depth(value)
    return value, end


def writable(value: Any) -> Any:
    """A JSON value with U+FFFD for each half of a surrogate pair in its texts, which no file could hold.

    Raises `NotStrict` for one that is nested too deep.
    """
    check_depth(value)
    return _writable(value)


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _joined(value)
    if isinstance(value, list):
        return [_writable(part) for part in value]
    if isinstance(value, Repeated):
        return Repeated([(_writable(key), _writable(part)) for key, part in value.pairs])
    if isinstance(value, dict):
        return {_writable(key): _writable(part) for key, part in value.items()}
    return value


def _joined(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def check_strict(data: bytes | str) -> bool:
    """Raise `NotStrict` where a JSON text is not strict; False where it is no JSON at all."""
    try:
        if not _plain(data):
            loads(data)
    except NotStrict:
        raise
    except ValueError:
        return False
    return True


def _plain(data: bytes | str) -> bool:
    """Whether a text is JSON without a key that stands twice; no may also mean that this could not be told.

    Four times as fast as looking at every key.
    """
    try:
        value = _decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return False
    whole = _bytes(data)
    marks = whole.translate(None, _OTHERS)
    if not _unabridged(whole, value, marks):
        return False
    if not _shallow(marks):
        check_depth(value)
    return True


def holds_all(data: bytes, value: Any) -> bool:
    """Whether what was made of a strict JSON text has every key of it, and is not nested too deep.

    So a text that was decoded into structs need not be decoded again to see whether it is strict. No may also
    mean that this could not be told.
    """
    marks = data.translate(None, _OTHERS)
    return _unabridged(data, value, marks) and _shallow(marks)


def _unabridged(data: bytes, value: Any, marks: bytes) -> bool:
    """Whether a value has all pairs of the text that it was decoded from: a pair that is gone took its colon.

    `marks` are the text's brackets and colons.

    Written again, no other colon comes or goes but where one was written as an escape.
    """
    if b"\\" in data and (b"\\u003a" in data or b"\\u003A" in data):
        return False
    try:
        written = _encode(value)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return False
    return written == data or written.count(b":") == marks.count(b":")


def _shallow(marks: bytes) -> bool:
    """Whether brackets are few deep: pairs of them, taken away from the inside, soon leave none.

    Those in texts count too. Where they don't pair up the answer is no; where they are made to, a text may
    hide levels, which is no more than what the reader itself takes.
    """
    brackets = marks.translate(None, b":")
    for _ in range(DEPTH // 2):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return False


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


def decode(
    data: bytes | str,
    kind: type[T] | msgspec.json.Decoder[T],
    bare: Callable[[T], bool] = lambda _: False,
) -> T:
    """What a JSON text holds, as `kind`. Raises msgspec's errors, of which `NotStrict` is one.

    `bare` says of what was read that no default would be written that the text may lack: a text is then
    quicker seen to be strict (`holds_all`).
    """
    decoder = kind if isinstance(kind, msgspec.json.Decoder) else msgspec.json.Decoder(kind)
    try:
        value = decoder.decode(data)
    except RecursionError:
        raise NotStrict(TOO_DEEP) from None
    if not (bare(value) and holds_all(_bytes(data), value)):
        check_strict(data)
    return value


def error_in_words(error: Exception) -> tuple[str, str]:
    """What a reader's error says, and the `$.path` where; empty where it names none."""
    message, _, path = str(error).partition(" - at `")
    return message, path.rstrip("`")


def check_depth(value: Any) -> None:
    """Raise `NotStrict` where lists and dictionaries lie in each other deeper than the limit."""
    if isinstance(value, (dict, list)) and _deeper(value, DEPTH):
        raise NotStrict(TOO_DEEP)


def _deeper(value: dict[str, Any] | list[Any], levels: int) -> bool:
    if not levels:
        return True
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, (dict, list)) and _deeper(part, levels - 1):
            return True
    return False


class _Twice(Exception):
    """A key stands twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    return value if len(value) == len(pairs) else Repeated(pairs)


_decoder = json.JSONDecoder(object_pairs_hook=_object)


def _no_constant(name: str) -> None:
    """NaN and the infinities, which Python reads and no JSON can hold: they would be written as null."""
    raise ValueError(f"{name} is no number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Twice
    return value


def _told(data: bytes | str) -> str:
    """Which key stands twice, on which lines, and where: `KEY stands twice - at `$.path``."""
    text = data if isinstance(data, str) else data.decode(json.detect_encoding(data), "surrogatepass")
    key, lines, path = next(_repeated(text))
    where = f" (lines {lines[0]} and {lines[1]})" if "\n" in text.strip() else ""
    return f"key `{key}` stands twice{where} - at `{path}`"


def _repeated(text: str) -> Iterator[tuple[str, tuple[int, int], str]]:
    """Keys that stand twice in one object: the key, both lines, the object's path."""
    stack: list[tuple[str, dict[str, int] | int]] = []  # a container's path; its keys' lines, or its index
    line, last, pending = 1, "", "$"
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "[{":
            stack.append((pending, {} if token == "{" else 0))
            pending = f"{pending}[0]"
        elif token in "]}":
            stack.pop()
        elif token == ",":
            path, container = stack[-1]
            if isinstance(container, int):
                stack[-1] = (path, container + 1)
                pending = f"{path}[{container + 1}]"
        elif token == ":":
            path, container = stack[-1]
            key = json.loads(last)
            if isinstance(container, dict):
                if key in container:
                    yield key, (container[key], line), path
                container.setdefault(key, line)
            pending = f"{path}.{key}"
        else:
            last = token

"""The elements of a JSON array in a file, one at a time: a file of any size in bounded memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO

import msgspec

from goldwire.limits import TOO_DEEP

#: Bytes read at a time: few enough to stay at hand in the processor's caches.
WINDOW = 1 << 16
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
# Asked for the value at the beginning of what is more than that, msgspec says where the rest begins.
_skip = msgspec.json.Decoder(msgspec.Raw).decode
_REST = re.compile(r"trailing characters \(byte (\d+)\)")
_value = json.JSONDecoder().raw_decode


class NotAnArray(ValueError):
    """The file is no JSON array, which shows at a `byte`; `began` says whether it began as one."""

    def __init__(self, message: str, byte: int, *, began: bool = True) -> None:
        super().__init__(f"{message} (byte {byte})")
        self.began = began


class _Window:
    """A part of a file, moved on through it."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self.stream, self.size = stream, size
        self.bytes = stream.read(size)
        self.at = len(_BOM) if self.bytes.startswith(_BOM) else 0
        self.before = 0  # bytes of the file before the window

    @property
    def place(self) -> int:
        return self.before + self.at

    def grow(self) -> bool:
        """Read on, keeping what is not consumed; False at the file's end."""
        held = self.bytes[self.at :]
        further = self.stream.read(max(self.size, len(held)))
        self.before, self.at, self.bytes = self.before + self.at, 0, held + further
        return bool(further)

    def mark(self) -> bytes:
        """The next byte that is no blank; empty at the file's end."""
        while True:
            rest = self.bytes[self.at : self.at + 64].lstrip(_BLANK)
            if rest:
                self.at += min(64, len(self.bytes) - self.at) - len(rest)
                return rest[:1]
            self.at = min(self.at + 64, len(self.bytes))
            if self.at == len(self.bytes) and not self.grow():
                return b""


def elements(stream: IO[bytes], window_size: int = WINDOW) -> Iterator[memoryview]:
    """The bytes of each element, read `window_size` bytes at a time.

    Raises `NotAnArray` once that shows, after the elements before it.
    """
    window = _Window(stream, window_size)
    if window.mark() != b"[":
        raise NotAnArray("not a list", window.place, began=False)
    window.at += 1
    if (mark := window.mark()) != b"]":
        while True:
            while (size := _size(window)) is None:
                if not window.grow():
                    if (size := _size(window, last=True)) is None:
                        raise NotAnArray(_why(window.bytes), window.place)
                    break
            end = window.at + size
            yield memoryview(window.bytes)[window.at : end]
            window.at = end
            if (mark := window.mark()) != b",":
                break
            window.at += 1
            window.mark()
    if mark != b"]":
        raise NotAnArray("neither a comma nor the list's end after an element", window.place)
    window.at += 1
    if window.mark():
        raise NotAnArray("something stands after the list", window.place)


def _size(window: _Window, *, last: bool = False) -> int | None:
    """The bytes of the value that comes next; None where its end is not in the window (the file's `last`)."""
    part = memoryview(window.bytes)[window.at :]
    try:
        _skip(part)
        return None  # a number may go on beyond the window
    except msgspec.DecodeError as error:
        if match := _REST.search(str(error)):
            return int(match[1]) - 1
        if "truncated" in str(error) and len(part) < 4 * WINDOW and not last:
            return None
    except RecursionError:
        pass
    # What msgspec does not take may be sound to Python: NaN, half a surrogate pair (truncated, it says).
    text = bytes(part).decode("utf-8", "surrogateescape")
    try:
        end = _value(text)[1]
    except json.JSONDecodeError as error:
        if error.pos < len(text) - 16 and not error.msg.startswith("Unterminated"):
            raise NotAnArray(f"not JSON: {error.msg}", window.place) from None
        return None
    except RecursionError:
        raise NotAnArray(TOO_DEEP, window.place) from None
    except ValueError as error:  # numbers of thousands of digits are ValueErrors too
        raise NotAnArray(f"not JSON: {error}", window.place) from None
    rest = text[end:].lstrip(" \t\r\n")
    if rest[:1] not in (",", "]"):
        return None  # nothing yet, or a number that goes on beyond the window
    return len(part) - len(rest.encode("utf-8", "surrogateescape"))


def _why(held: bytes) -> str:
    try:
        _value(held.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return "the file ends before the list does"

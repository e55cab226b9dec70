"""Standard error, guarded: what others write there (warnings, logs, tracebacks) holds no secret either."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from goldwire.redaction import keep_secrets_of, redact


class _Redacting:
    """A text stream that redacts what is written; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write the text without its secrets; the length is that of the text, as callers expect."""
        self.stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line without its secrets."""
        for line in lines:
            self.write(line)


@contextmanager
def guarded() -> Iterator[None]:
    """What is written to standard error in this block is redacted, of secrets in the environment too."""
    keep_secrets_of(os.environ)
    before = sys.stderr
    sys.stderr = cast(TextIO, _Redacting(before))
    try:
        yield
    finally:
        sys.stderr = before


def unguarded(stream: TextIO) -> TextIO:
    """The stream itself, where `guarded` stands before it."""
    return stream.stream if isinstance(stream, _Redacting) else stream

"""The command line run in this process: in a real terminal of some width, or piped."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable, Iterator

from goldwire.cli.main import main

_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(columns: int, *arguments: str) -> str:
    """What `goldwire ARGUMENTS` shows in a terminal so wide, colours aside."""
    return on_terminal(columns, lambda: run(*arguments))


def on_terminal(columns: int, show: Callable[[], object]) -> str:
    """What `show` prints on standard output where that is a terminal so wide."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    taken: list[bytes] = []

    def read() -> None:
        # The end of a terminal's other side is an error here.
        with contextlib.suppress(OSError):
            while data := os.read(leader, 65536):
                taken.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    given, size = os.environ.get("TERM"), os.environ.get("COLUMNS")
    os.environ["TERM"] = "xterm-256color"
    os.environ["COLUMNS"] = str(columns)
    try:
        with open(follower, "w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):  # noqa: PTH123
            show()
    finally:
        for name, value in (("TERM", given), ("COLUMNS", size)):
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        reader.join()
        os.close(leader)
    return _STYLE.sub("", b"".join(taken).decode()).replace("\r\n", "\n")


def piped(*arguments: str) -> tuple[str, str, int]:
    """Standard output, standard error and exit of `goldwire ARGUMENTS` where neither is a terminal."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run(*arguments)
    return out.getvalue(), err.getvalue(), code


def run(*arguments: str) -> int:
    """`goldwire ARGUMENTS`; its exit status."""
    with _arguments("goldwire", *arguments):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
    return 0


@contextlib.contextmanager
def _arguments(*arguments: str) -> Iterator[None]:
    before = sys.argv
    sys.argv = list(arguments)
    try:
        yield
    finally:
        sys.argv = before

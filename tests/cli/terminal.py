"""The command line run in this process: in a real terminal of some width, or piped."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest.mock import patch

from goldwire.cli.main import main
from goldwire.redaction import forget_secrets

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


def called(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`goldwire ARGUMENTS` as `subprocess.run` would tell of it, without the seconds that a process takes.

    `env` is added to the environment. For tests whose promise is not about the process itself.
    """
    words = list(map(str, arguments))
    with contextlib.chdir(cwd or Path.cwd()), patch.dict(os.environ, env or {}):
        out, err, code = piped(*words)
    return subprocess.CompletedProcess(["goldwire", *words], code, out, err)


def run(*arguments: str) -> int:
    """`goldwire ARGUMENTS`; its exit status. What it takes for a secret and sets for itself ends with it."""
    with patch.object(sys, "argv", ["goldwire", *arguments]), patch.dict(os.environ):
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            forget_secrets()
    return 0

"""A secret that is meant to be seen is seen in a terminal, and nowhere else."""

from __future__ import annotations

import contextlib
import io
import os
import pty

from goldwire.cli.common import confide
from goldwire.cli.streams import guarded
from goldwire.redaction import keep_secret

PASSWORD = "Zq8vXw71-Kj42pL9mR"


def _confide() -> None:
    keep_secret(PASSWORD)
    with guarded():
        confide(f"password {PASSWORD}", otherwise=f"password in a file, not {PASSWORD}")


def test_in_a_terminal_it_is_shown() -> None:
    """Whoever starts a server reads its first password."""
    leader, follower = pty.openpty()
    with open(follower, "w", encoding="utf-8") as stream, contextlib.redirect_stderr(stream):  # noqa: PTH123
        _confide()
    shown = os.read(leader, 1000).decode()
    os.close(leader)
    assert shown.strip() == f"password {PASSWORD}"


def test_elsewhere_its_place_is_said() -> None:
    """A file, a pipe or a journal is read by others and kept."""
    with contextlib.redirect_stderr(io.StringIO()) as stream:
        _confide()
    assert stream.getvalue() == "password in a file, not …\n"

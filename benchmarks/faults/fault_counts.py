"""What the fault runs share: the command line called in this process, and what became of each fault."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from goldwire.cli.main import main

KINDS = ("lost", "doubled", "falsified", "tracebacks")


@dataclass
class FaultCounts:
    """The faults of one kind and what they did. `refused` ended in a plain error, `taken` was worked with."""

    what: str
    faults: int = 0
    refused: int = 0
    taken: int = 0
    lost: int = 0
    doubled: int = 0
    falsified: int = 0
    tracebacks: int = 0
    told: list[str] = field(default_factory=list)

    def fault(self, case: str, kind: str) -> None:
        """Count what should not have happened, with the case that shows it."""
        setattr(self, kind, getattr(self, kind) + 1)
        self.told.append(f"{kind}: {case}"[:300])

    def ended(self, case: str, said: Said) -> str:
        """Count how a command ended, and say it: `broke`, `refused` or `taken`."""
        if said.broke:
            self.fault(f"{case}: {said.broke}", "tracebacks")
            return "broke"
        if said.code == 2:
            self.refused += 1
            return "refused"
        self.taken += 1
        return "taken"

    @property
    def wrong(self) -> int:
        """How much was lost, doubled, falsified, or ended in a traceback."""
        return self.lost + self.doubled + self.falsified + self.tracebacks

    def row(self) -> str:
        """The figures as a row of the table in docs/research-notes/faults.md."""
        cells = (self.what, self.faults, self.refused, self.taken, *(getattr(self, k) for k in KINDS))
        return "| " + " | ".join(map(str, cells)) + " |"

    def as_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return asdict(self)


def table(all_counts: Iterable[FaultCounts]) -> str:
    """All figures as a table."""
    head = "| | faults | refused | taken | lost | doubled | falsified | tracebacks |\n" + "|---" * 8 + "|"
    return "\n".join([head, *(counts.row() for counts in all_counts)])


@dataclass(frozen=True)
class Said:
    """The end of a command: its exit code, what it printed, and the error that came through, if any."""

    code: int
    text: str
    broke: str = ""


def call(folder: Path, *words: str) -> Said:
    """`goldwire WORDS` in a folder, in this process."""
    printed = io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with (
            patch.object(sys, "argv", ["goldwire", *words]),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            try:
                main()
            except SystemExit as ended:
                return Said(int(ended.code or 0), printed.getvalue())
            except BaseException as error:  # noqa: BLE001
                return Said(1, printed.getvalue(), f"{type(error).__name__}: {error}")
    finally:
        os.chdir(before)
    return Said(0, printed.getvalue())


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too; locks and caches aside."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and ".goldwire" not in path.parts
    }

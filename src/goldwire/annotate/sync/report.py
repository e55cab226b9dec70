"""What a pull found and did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from goldwire.annotate.records.notes import Note
from goldwire.errors import Fault
from goldwire.formats.account import ConversionAccount


@dataclass
class PullReport:
    """What a pull of a project found and did. `refused` are tasks whose text is not the article's.

    `account` sums up the spans, relations and attributes that were read. `ground_truth` counts marks,
    `commented` tasks with comments of a server that has them: goldwire keeps neither. `notes` is what
    annotators wrote beside regions. `edited_here`
    are annotations that differ from the server's since they were changed here, `removed_here` those whose
    file was removed, `conflicts` tells what both sides changed and what became of it. `moved` tells which
    files went under their account's name, `copies` which are of an account that has another name.

    `settled` spans bear what stands now for an id that was merged or renamed since,
    `filled` arrows without a role could only mean one, `turned` tells which pointed the wrong way,
    `two_layers` which regions bear labels of several layers.

    `apart` annotations were gold checks or practice, and are kept apart from the readings.

    `drafts` is the unfinished work that was read, `drafts_beside` how much of it is kept beside a finished
    annotation; None where it was not asked for. `drafts_written` counts their files, `drafts_settled` those
    that went. `why_all` says why everything was read, where nobody asked for that and it was read before.
    """

    project: int
    url: str
    tasks: int = 0
    annotations: int = 0
    written: int = 0
    unchanged: int = 0
    skipped: int = 0
    annotators: list[str] = field(default_factory=list)
    spans: int = 0
    relations: int = 0
    trims: list[str] = field(default_factory=list)
    quarantined: int = 0
    quarantine_file: str = ""
    refused: list[Fault] = field(default_factory=list)
    gone: int = 0
    account: ConversionAccount = field(default_factory=ConversionAccount)
    ground_truth: int = 0
    commented: int = 0
    edited_here: list[str] = field(default_factory=list)
    removed_here: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    filled: int = 0
    settled: int = 0
    turned: list[str] = field(default_factory=list)
    two_layers: list[str] = field(default_factory=list)
    apart: int = 0
    drafts: int | None = None
    drafts_written: int = 0
    drafts_beside: int = 0
    drafts_settled: int = 0
    why_all: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The report, for JSON."""
        return {**asdict(self), "notes": msgspec.to_builtins(self.notes)}

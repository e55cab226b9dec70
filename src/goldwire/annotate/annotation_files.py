"""Every annotation that a project keeps: stored, as a draft beside, put aside, an adjudicator's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from goldwire import strict_json
from goldwire.annotate.adjudication.decisions import folder
from goldwire.errors import Fault, raise_faults
from goldwire.files import read_bytes
from goldwire.model import Annotation
from goldwire.project import Project

#: Where annotations lie, a folder an annotator.
FOLDERS = ("annotations", "checks", "practice", "drafts", "conflicts")


def annotation_files(project: Project) -> Iterator[tuple[Path, Annotation]]:
    """All files that hold an annotation; raises GW209 for those that can't be read."""
    paths = [path for name in FOLDERS for path in sorted((project.annotate / name).glob("*/*.json"))]
    faults: list[Fault] = []
    for path in [*paths, *sorted(folder(project).glob("*.own.json"))]:
        try:
            yield path, strict_json.decode(read_bytes(path), Annotation)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            faults.append(Fault("GW209", str(error), str(path), "restore it from git"))
    raise_faults(faults)

"""Who annotated which document: what the folders and names of a brat corpus say, or are told to say."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path, PurePath
from typing import NamedTuple, TypeVar

from goldwire.errors import Fault, raise_faults
from goldwire.text import first_of

P = TypeVar("P", bound=PurePath)

#: The parts of a path that may name the annotator, as `--annotator-from` calls them.
PARTS = ("folder", "parent", "file", "none")
OTHERWISE = "--annotator-from folder, parent, file or none says otherwise"


class FilePlace(NamedTuple):
    """What a file's path says: the document's name, and the annotator's where it holds one."""

    document: str
    annotator: str = ""


def file_places(texts: Mapping[P, str], chosen: str, root: Path) -> tuple[dict[P, FilePlace], str]:
    """What each path below the folder `root` says, and what was assumed; `texts` are the files' texts.

    `chosen` names the part of the path that is the annotator (`PARTS`), or the one annotator of all; a folder
    or its parent, unless only another level of folders has one text for each document. Without it a part is
    the annotator where documents stand under several of its values with the same text; else folders are part
    of the documents' names. Raises GW620 where that holds of some documents and not of others.
    """
    deepest = max((len(path.parts) - 1 for path in texts), default=0)
    levels = [{path: _without(path, level) for path in texts} for level in range(deepest)]
    if chosen in ("folder", "parent"):
        return _chosen(texts, chosen, levels)
    name = root.resolve().name
    if chosen == "file":
        return {path: _by_file(path, name) for path in texts}, ""
    whole = {path: FilePlace(path.as_posix(), "" if chosen == "none" else chosen) for path in texts}
    if chosen:
        return whole, ""
    files = {path: _by_file(path, name) for path in texts}
    schemes = [*levels, files] if len({path.parent for path in texts if path.parent.name}) > 1 else levels
    mixed: list[Fault] = []
    for scheme in schemes:
        same, differing = _compared(scheme, texts)
        if same and not differing:
            names = sorted({place.annotator for place in scheme.values() if place.annotator})
            what = "files are named after" if scheme is files else "folders are"
            return scheme, f"{what} annotators: {first_of(names, 5, in_all=True)} ({OTHERWISE})"
        if same and not mixed:
            hint = f"annotators must have read the same text; {OTHERWISE}"
            mixed = [
                Fault(
                    "GW620",
                    f"another text than `{scheme[other].document}` in {other}",
                    f"{root / path}.txt",
                    hint,
                )
                for other, path in differing
            ]
    raise_faults(mixed)
    folders = sorted({path.parts[0] for path in texts if path.parent.name})
    shown = first_of(folders, 5, in_all=True)
    return whole, f"folders are part of documents' names: {shown} ({OTHERWISE})" if folders else ""


def _chosen(
    texts: Mapping[P, str], chosen: str, levels: list[dict[P, FilePlace]]
) -> tuple[dict[P, FilePlace], str]:
    """By the folder that a file lies in, or the one above where there is one, if the texts allow it."""
    level = -1 if chosen == "folder" else -2
    scheme = {
        path: _without(path, max(level, 1 - len(path.parts)))
        if path.parent.name
        else FilePlace(path.as_posix())
        for path in texts
    }
    if not _compared(scheme, texts)[1]:
        return scheme, ""
    for other in levels:
        same, differing = _compared(other, texts)
        if same and not differing:
            names = sorted({place.annotator for place in other.values() if place.annotator})
            return (
                other,
                f"folders are annotators: {first_of(names, 5, in_all=True)}, by whom one text was read",
            )
    return scheme, ""


def _without(path: PurePath, level: int) -> FilePlace:
    """The folder of that level (from the top, or negative from the file) as the annotator."""
    folders = list(path.parent.parts)
    if not -len(folders) <= level < len(folders):
        return FilePlace(path.as_posix())
    annotator = folders.pop(level)
    return FilePlace("/".join([*folders, path.name]), annotator)


def _by_file(path: PurePath, root: str) -> FilePlace:
    return FilePlace(path.parent.as_posix() if path.parent.name else root, path.name)


def _compared(scheme: Mapping[P, FilePlace], texts: Mapping[P, str]) -> tuple[int, list[tuple[P, P]]]:
    """How many documents several annotators have with one text, and the pairs of files that differ."""
    readers: dict[str, list[P]] = {}
    for path, place in scheme.items():
        if place.annotator:
            readers.setdefault(place.document, []).append(path)
    same, differing = 0, list[tuple[P, P]]()
    for paths in readers.values():
        others = [(a, b) for a, b in combinations(paths[:50], 2) if texts[a] != texts[b]]
        differing += others[:1]
        same += len(paths) > 1 and not others
    return same, differing

"""Where each pulled annotation stands in Label Studio, and what its annotator noted there for others.

Both are kept from pull to pull: places in `.goldwire/places.json`, which is this machine's own, notes in
`annotate/notes.jsonl`, a line each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from goldwire.annotate.records.cached import read_cached, write_cached
from goldwire.annotate.records.lines import read_lines, write_lines
from goldwire.project import Project

_QUOTE = 80  # characters of a marked text that a note shows


class TaskPlace(Struct, frozen=True):
    """A task of a Label Studio project; `url` is the address of its labelling view when it was pulled."""

    project: int
    task: int
    url: str


class Note(Struct, frozen=True, forbid_unknown_fields=True):
    """What an annotator wrote beside a marked extent of an article, for others: a question, a doubt.

    `when` is the instant of the annotation's last change, `quote` the marked text, `url` the labelling view.
    """

    annotator: str
    document: str
    when: str
    quote: str
    text: str
    url: str = ""


def place_key(annotator: str, document: str) -> str:
    """What a place is called in the record."""
    return f"{annotator}/{document}"


def notes_of(raw: Mapping[str, Any], text: str) -> Iterator[tuple[str, str]]:
    """The notes in one annotation of the server's: the marked text, and what was written beside it.

    Notes are what the panel Info adds to a region (`meta.text`); `text` is the article's.
    """
    result = raw.get("result")
    for item in result if isinstance(result, list) else ():
        if (said := note_on(item)) and "labels" in (value := item.get("value") or {}):
            start, end = value.get("start"), value.get("end")
            fits = isinstance(start, int) and isinstance(end, int) and 0 <= start < end
            quote = " ".join(text[start:end].split()) if fits else ""
            shown = quote if len(quote) <= _QUOTE else quote[:_QUOTE] + "…"
            yield shown, " ".join(said.split())


def note_on(item: Any) -> str:
    """What was noted on an item of a result, empty where nothing was."""
    meta = item.get("meta") if isinstance(item, dict) else None
    lines = meta.get("text") if isinstance(meta, dict) else None
    return " ".join(map(str, lines if isinstance(lines, list) else [lines])).strip() if lines else ""


def read_places(project: Project) -> dict[str, TaskPlace]:
    """Where the pulled annotations stand; nothing where that is not known."""
    return read_cached(places_path(project), dict[str, TaskPlace]) or {}


def write_places(project: Project, places: Mapping[str, TaskPlace]) -> None:
    """Keep where annotations stand."""
    write_cached(places_path(project), dict(sorted(places.items())))


def read_notes(project: Project) -> list[Note]:
    """All notes that were pulled; raises GW781 for lines that are none."""
    hint = "remove the line: the next pull --full brings it back"
    return list(read_lines(notes_path(project), Note, "GW781", hint))


def write_notes(project: Project, notes: Iterable[Note]) -> None:
    """Keep notes, by article; no file where there are none and was none."""
    rows = sorted(notes, key=lambda note: (note.document, note.annotator, note.when, note.quote, note.text))
    path = notes_path(project)
    if rows or path.is_file():
        write_lines(path, rows)


def notes_path(project: Project) -> Path:
    """Where notes are kept."""
    return project.annotate / "notes.jsonl"


def places_path(project: Project) -> Path:
    """Where places are kept."""
    return project.cache / "places.json"

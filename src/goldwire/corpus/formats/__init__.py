"""Formats in and out: one module each, every one only to and from the model. `FORMATS` names them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path

from goldwire.errors import GoldwireError, one_of
from goldwire.files import read_bytes, sha256
from goldwire.model import Article, Document
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema


@dataclass
class Setting:
    """What a format may need besides its file; looked up only where it is needed.

    `project` is the folder of a project (default: the one that the working folder lies in), `schema_path`
    another schema than the project's. `lost` is what a format could not hold: its kind, and where.
    """

    project_path: Path | None = None
    schema_path: Path | None = None
    lost: dict[str, list[str]] = field(default_factory=dict)

    def lose(self, kind: str, place: str) -> None:
        """Put down one thing that a format can't hold."""
        self.lost.setdefault(kind, []).append(place)

    @cached_property
    def project(self) -> Project:
        """The project; raises GW910 where there is none."""
        return find_project(self.project_path)

    @cached_property
    def schema(self) -> Schema:
        """The schema."""
        return load_schema(self.schema_path or self.project.schema_path)

    @cached_property
    def documents(self) -> list[Document]:
        """The project's articles."""
        from goldwire.seeds import load_seeds

        return load_seeds(self.project)

    @cached_property
    def guidelines(self) -> str:
        """The SHA-256 of the project's guidelines; empty where it has none."""
        path = self.project.annotate / "guidelines.md"
        return sha256(read_bytes(path)) if path.is_file() else ""


Reader = Callable[[Path, Setting], list[Article]]
Writer = Callable[[Path, Iterable[Article], Setting], int]


@dataclass(frozen=True)
class Format:
    """One format. `loses` says in a few words what it can't hold; empty where it holds the whole model.

    What was lost in fact is put down in the setting.
    Its functions are `read_NAME` and `write_NAME` of `module`, imported when they are used.
    """

    name: str
    about: str
    module: str
    loses: str = ""
    reads: bool = True
    writes: bool = True

    def read(self, path: Path, setting: Setting) -> list[Article]:
        """All articles of `path`. Raises GW259 where the format is written only."""
        if not self.reads:
            readable = one_of(name for name, each in FORMATS.items() if each.reads)
            raise GoldwireError.of("GW259", f"format `{self.name}` can't be read", hint=readable)
        read: Reader = getattr(import_module(self.module), f"read_{self.name}")
        return read(path, setting)

    def write(self, path: Path, articles: Iterable[Article], setting: Setting) -> int:
        """Write articles to `path`, whole or not at all; the number written. Raises GW259 as above."""
        self.check_writable()
        write: Writer = getattr(import_module(self.module), f"write_{self.name}")
        return write(path, articles, setting)

    def check_writable(self) -> None:
        """Raise GW259 where the format is read only."""
        if not self.writes:
            writable = one_of(name for name, each in FORMATS.items() if each.writes)
            raise GoldwireError.of("GW259", f"format `{self.name}` can't be written", hint=writable)


_HERE = "goldwire.corpus.formats"
_OWN = f"{_HERE}.adapters"

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("jsonl", "JSON Lines, a document a line", _OWN),
        Format(
            "labelstudio",
            "Label Studio's JSON export",
            f"{_HERE}.export",
            loses="status, provenance other than times, marked_by",
        ),
        Format("quotes", "YAML written by hand: a file, or a folder of files", _OWN, writes=False),
        Format("store", "a project's own annotations; its path is the project's folder", _OWN),
    )
}


def format_named(name: str) -> Format:
    """The format of that name; raises GW259 with the names that exist."""
    if name not in FORMATS:
        raise GoldwireError.of("GW259", f"unknown format `{name}`", hint=one_of(FORMATS))
    return FORMATS[name]

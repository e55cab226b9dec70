"""Formats in and out: one module each, every one only to and from the model. `FORMATS` names them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.errors import Fault, GoldwireError, one_of, raise_faults
from goldwire.files import read_bytes, read_text, sha256
from goldwire.model import Article, Document, Status
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema


@dataclass
class Setting:
    """What a format may need besides its file; looked up only where it is needed.

    `project` is the folder of a project (default: the one that the working folder lies in), `schema_path`
    another schema than the project's, `config_path` a Label Studio config to make one of. `lost` is what a
    format could not hold: its kind, and where. The others answer what single formats ask: `layer`, `scheme`
    and `depth` CoNLL; `cas_json` CAS; `language` whoever cuts text into tokens; `annotator` and `status`
    whoever reads a format that names none. `widened` is where tokens hold more than a span, nothing
    being lost.
    """

    project_path: Path | None = None
    schema_path: Path | None = None
    lost: dict[str, list[str]] = field(default_factory=dict)
    config_path: Path | None = None
    language: str = ""
    annotator: str = ""
    status: Status = "draft"
    layer: str = ""
    scheme: str = "iob2"
    depth: int = 1
    cas_json: bool = False
    strict: bool = False
    widened: list[str] = field(default_factory=list)

    def lose(self, kind: str, place: str) -> None:
        """Put down one thing that a format can't hold."""
        self.lost.setdefault(kind, []).append(place)

    def check(self) -> None:
        """Raise GW272 where something was lost and nothing may be; asked before files are put in place."""
        if self.strict and self.lost:
            raise_faults(
                Fault("GW272", f"{len(places)} × {kind} would be lost", places[0], "leave out --strict")
                for kind, places in self.lost.items()
            )

    @cached_property
    def project(self) -> Project:
        """The project; raises GW910 where there is none."""
        return find_project(self.project_path)

    @cached_property
    def schema(self) -> Schema:
        """The schema: the one that was named, else the project's."""
        return self.named_schema or load_schema(self.project.schema_path)

    @cached_property
    def named_schema(self) -> Schema | None:
        """The schema that was asked for by its file, by a config or by its project; else None."""
        if self.schema_path is not None:
            return load_schema(self.schema_path)
        if self.config_path is not None:
            from goldwire.schemas.infer import schema_of

            return schema_of(self.inferred, str(self.config_path))
        return load_schema(self.project.schema_path) if self.project_path is not None else None

    @cached_property
    def inferred(self) -> Inferred:
        """What the config says, and what its controls are called in the schema made of it."""
        from goldwire.schemas.infer import infer

        if self.config_path is None:
            raise ValueError("no config was named")
        where, text = str(self.config_path), read_text(self.config_path)
        language, name = self.language or "xx", self.config_path.stem
        return infer(text, name=name, language=language, unnamed=True, where=where)

    def schema_for(self, articles: Iterable[Article]) -> Schema:
        """The schema by which these articles are written: see `formats.found.SchemaFor`.

        Raises GW270 for what the articles have and a schema that was asked for lacks.
        """
        from goldwire.formats.inferred_schema import SchemaFor, check_fit

        found = SchemaFor(self)
        if self.named_schema is not None:
            check_fit(articles, self.named_schema)
            return self.named_schema
        for article in articles:
            found.add(article)
        return found.schema()

    def language_of(self, document: Document) -> str:
        """The language whose rules cut a document into tokens: ISO 639-1, `xx` where nothing says which.

        The one asked for, the document's own, the schema's, the project's.
        """
        said = self.language or document.meta.get("language")
        if not said and (self.schema_path or self.config_path or self.project_path):
            said = self.schema.language
        if not said:
            try:
                said = self.project.language
            except GoldwireError:
                said = ""
        code = str(said or "xx").partition("-")[0].lower()
        known = re.fullmatch("[a-z]{2,3}", code) and find_spec(f"spacy.lang.{code}") is not None
        return code if known or code == self.language else "xx"

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


if TYPE_CHECKING:
    from goldwire.schemas.infer import Inferred

Reader = Callable[[Path, Setting], list[Article]]
Streamer = Callable[[Path, Setting], Iterator[Article]]
Writer = Callable[[Path, Iterable[Article], Setting], int]


@dataclass(frozen=True)
class Format:
    """One format. `loses` says in a few words what it can't hold; empty where it holds the whole model.

    What was lost in fact is put down in the setting. `unit` is what its writer counts.
    Its functions are `read_NAME` and `write_NAME` of `module`, imported when they are used; a `stream_NAME`
    yields articles one at a time, and a writer that `streams` takes them so.
    """

    name: str
    about: str
    module: str
    loses: str = ""
    unit: str = "lines"
    reads: bool = True
    writes: bool = True
    streams: bool = False

    def stream(self, path: Path, setting: Setting) -> Iterator[Article] | None:
        """The articles of `path` one at a time; None where the format can only be read whole."""
        stream: Streamer | None = getattr(import_module(self.module), f"stream_{self.name}", None)
        return stream(path, setting) if stream is not None else None

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


_HERE = "goldwire.formats"
_OWN = f"{_HERE}.adapters"

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("jsonl", "JSON Lines, a document a line", _OWN, streams=True),
        Format(
            "labelstudio",
            "Label Studio's JSON export",
            f"{_HERE}.export",
            loses="a relation that stands twice",
            unit="tasks",
        ),
        Format(
            "brat",
            "brat standoff, a folder of .txt and .ann with annotation.conf and visual.conf",
            f"{_HERE}.brat",
            loses="span ids, meta, status, provenance, marked_by, origin, score",
            unit=".ann files",
        ),
        Format(
            "docbin",
            "spaCy's DocBin: entities, span groups, the rest in user_data",
            f"{_HERE}.docbin",
            unit="Docs",
        ),
        Format(
            "parquet",
            "the dataset, a folder as `corpus build` writes it, or one file NAME.parquet",
            f"{_HERE}.parquet",
            unit="documents",
            streams=True,
        ),
        Format(
            "conll",
            "CoNLL: a token a line, one layer's tags in IOB1, IOB2 or IOBES",
            f"{_HERE}.conll",
            loses="other layers, nesting beyond --depth, extents that cut tokens, relations, attributes, "
            "ids, all annotators but the most trusted, meta, status, provenance, marked_by, origin, score",
            unit="documents",
        ),
        Format(
            "cas",
            "UIMA CAS as INCEpTION opens it, XMI or JSON: DOCUMENT/ANNOTATOR.xmi",
            f"{_HERE}.cas",
            unit="files",
        ),
        Format("quotes", "YAML written by hand: a file, or a folder of files", _OWN, writes=False),
        Format(
            "store",
            "a project's own annotations; its path is the project's folder",
            _OWN,
            unit="files changed",
        ),
    )
}


def format_named(name: str) -> Format:
    """The format of that name; raises GW259 with the names that exist."""
    if name not in FORMATS:
        raise GoldwireError.of("GW259", f"unknown format `{name}`", hint=one_of(FORMATS))
    return FORMATS[name]

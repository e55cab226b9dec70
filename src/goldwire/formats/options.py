"""What a conversion may be told, and what it puts down on the way: losses, an account, what was put aside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_bytes, read_text, sha256
from goldwire.model import Document, Status
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

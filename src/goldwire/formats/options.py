"""What a conversion may be told, and what it puts down on the way: losses, an account, what was put aside."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldwire.errors import Fault, GoldwireError, by_cause, one_of, raise_faults
from goldwire.files import read_bytes, read_text, sha256
from goldwire.formats.account import ConversionAccount
from goldwire.model import Annotation, Document, Status
from goldwire.project import Project, find_project
from goldwire.schemas import Schema, load_schema

#: The layer and the schema of what names none.
LAYER, SCHEMA = "entity", "found@0"
#: What makes a document, where it is not left to the file.
PER = ("sentence", "paragraph", "file")
#: How CoNLL's tags are written, and the status that may be stated of what says none.
SCHEMES = ("iob1", "iob2", "iobes")
STATED = ("draft", "submitted", "reviewed", "adjudicated")


@dataclass
class ConversionOptions:
    """What a format may need besides its file; looked up only where it is needed.

    `project` is the folder of a project (default: the one that the working folder lies in), `schema_path`
    another schema than the project's, `config_path` a Label Studio config to make one of. `lost` is what a
    format could not hold: its kind, and where. The others answer what single formats ask: `layer`, `scheme`
    and `depth` CoNLL, and `token_column`, `tag_column` (a name, or a number from 1); `document_per` CoNLL and
    brat (one of `PER`); `cas_json` CAS; `columns` names a table's, `labels` what numbered tags
    mean; `language` whoever cuts text into tokens; `annotator` and `status` whoever reads a format that names
    none; `text` which of several marked texts to take. `widened` is where tokens hold more than a span,
    nothing being lost. `account` sums up what became of spans, relations and attributes, `quarantine` holds
    what was put aside as it came, `changed` says what is kept otherwise. `annotator_from` says which part of
    brat's paths names the annotator, `assumed` what a reader took for granted, `noted` what it passed over,
    losing nothing. `layers` and `label_feature` are for UIMA's formats: the layers to take, and the features
    that hold labels, as `FEATURE` or `LAYER:FEATURE`; several with commas. With `lenient` the parts of an
    input that can't be read are put aside; without it they are an error. `stored_names` says which of the
    annotators that annotations name a project calls otherwise.
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
    token_column: str = ""
    tag_column: str = ""
    document_per: str = ""
    cas_json: bool = False
    strict: bool = False
    lenient: bool = False
    text: str = ""
    annotator_from: str = ""
    columns: str = ""
    labels: str = ""
    widened: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    noted: dict[str, list[str]] = field(default_factory=dict)
    layers: str = ""
    label_feature: str = ""
    account: ConversionAccount = field(default_factory=ConversionAccount)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    stored_names: Callable[[Iterable[Annotation]], Mapping[str, str]] | None = None

    def lose(self, kind: str, place: str, times: int = 1) -> None:
        """Put down what a format can't hold: a thing, or several of one place."""
        if times:
            self.lost.setdefault(kind, []).extend([place] * times)

    def change(self, kind: str, place: str, times: int = 1) -> None:
        """Put down what is kept otherwise than it came, as `lose` does."""
        if times:
            self.changed.setdefault(kind, []).extend([place] * times)

    def normalised(self, place: str) -> None:
        """Put down that a text came otherwise than it is kept."""
        self.change("texts normalised, offsets moved along", place)

    def assume(self, what: str) -> None:
        """Put down what was taken for granted where the input does not say it."""
        if what not in self.assumed:
            self.assumed.append(what)

    def note(self, kind: str, place: str) -> None:
        """Put down one thing that should be known and loses nothing."""
        self.noted.setdefault(kind, []).append(place)

    def put_aside(self, kind: str, place: str, item: Any, count: int = 1, cause: str = "") -> None:
        """Put down `count` things that the model has no place for, and keep what they were.

        Things of one `cause` are told together, each with its own kind at its place.
        """
        where = f"{place}: {kind.partition(': ')[2]}" if cause else place
        self.lost.setdefault(cause or kind, []).extend([where] * count)
        self.quarantine.append({"kind": kind, "where": place, "count": count, "item": item})

    def refuse(self, item: Any, *faults: Fault) -> None:
        """Put down the faults of a part of the input; where the reading is `lenient`, put the part aside."""
        self.faults += faults
        if self.lenient:
            first = faults[0]
            self.lose(first.kind, first.where)
            self.quarantine.append(
                {"kind": f"{first.code} {first.message}", "where": first.where, "count": 1, "item": item}
            )

    def settle(self, *, taken: bool) -> None:
        """Raise what was refused, a fault a cause; nothing where it is lenient and anything was `taken`."""
        if not (self.lenient and taken):
            faults, self.faults = self.faults, []
            raise_faults(by_cause(faults))

    def check(self) -> None:
        """Raise GW272 where something was lost and nothing may be; asked before files are put in place."""
        if self.strict:
            outcomes = (("lost", self.lost), ("changed", self.changed))
            raise_faults(
                Fault("GW272", f"{len(places)} × {kind} would be {what}", places[0], "leave out --strict")
                for what, kinds in outcomes
                for kind, places in kinds.items()
            )

    def check_document_per(self, where: Path) -> None:
        """Raise GW602 where documents can't be cut as asked."""
        if self.document_per not in ("", *PER):
            message = f"documents per `{self.document_per}`: no such way to cut a file"
            raise GoldwireError.of("GW602", message, where=str(where), hint=one_of(PER))

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
            from goldwire.schemas.inference.inferred import schema_of

            return schema_of(self.inferred, str(self.config_path))
        return load_schema(self.project.schema_path) if self.project_path is not None else None

    @property
    def schema_id(self) -> str:
        """The schema that an annotation names where its file names none."""
        return self.named_schema.id if self.named_schema is not None else SCHEMA

    @cached_property
    def inferred(self) -> Inferred:
        """What the config says, and what its controls are called in the schema made of it."""
        return self.infer({})

    def infer(self, labels: Mapping[str, Collection[str]]) -> Inferred:
        """What the config says, with the `labels` that tasks use of controls which have none of their own."""
        from goldwire.schemas.inference.from_label_config import infer

        if self.config_path is None:
            raise ValueError("no config was named")
        where, text = str(self.config_path), read_text(self.config_path)
        language, name = self.language or "xx", self.config_path.stem
        return infer(text, name=name, language=language, unnamed=True, labels=labels, where=where)

    def language_of(self, document: Document) -> str:
        """The language whose rules cut a document into tokens: ISO 639-1, `xx` where nothing says which.

        The one asked for, the document's own, the schema's, the project's.
        """
        stated = self.language or document.meta.get("language")
        if not stated and (self.schema_path or self.config_path or self.project_path):
            stated = self.schema.language
        if not stated:
            try:
                stated = self.project.language
            except GoldwireError:
                stated = ""
        code = str(stated or "xx").partition("-")[0].lower()
        spacy_has = re.fullmatch("[a-z]{2,3}", code) and find_spec(f"spacy.lang.{code}") is not None
        return code if spacy_has or code == self.language else "xx"

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
    from goldwire.schemas.inference.inferred import Inferred

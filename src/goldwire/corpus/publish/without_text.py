"""Datasets without texts: annotations that name their texts by hash; their return to a user's copies."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from goldwire import strict_json
from goldwire.annotations import line
from goldwire.annotations.integrity import article_faults
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_bytes, sha256
from goldwire.formats.jsonl import write_jsonl
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import format_named
from goldwire.model import Article, Document
from goldwire.number_format import amount, counted
from goldwire.seeds import read_documents
from goldwire.table import Column, Figures, Table

NAME = "without-texts.jsonl"
#: So many characters in a row that stand in a text are text: nothing that holds them is published.
WINDOW = 20


class TextFreeRecord(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One document: in place of its text the SHA-256 of its UTF-8 form, and its length in code points."""

    id: str
    text_sha256: str
    length: int
    meta: dict[str, Any] = {}
    annotations: tuple[line.AnnotationRecord, ...] = ()


_decoder = msgspec.json.Decoder(TextFreeRecord)


def to_text_free_record(article: Article, meta: Mapping[str, Any]) -> TextFreeRecord:
    """An article without its text."""
    text = article.document.text
    return TextFreeRecord(
        article.document.id, sha256(text), len(text), dict(meta), line.to_record(article).annotations
    )


def dump_record(record: TextFreeRecord) -> bytes:
    """One line, without its line end."""
    return msgspec.json.encode(record)


def _forms(string: str) -> set[str]:
    """A string as it is, and as it is read: composed, in lower case, white space collapsed."""
    return {string, " ".join(unicodedata.normalize("NFC", string).casefold().split())}


def windows(strings: Iterable[str]) -> set[str]:
    """All stretches of `WINDOW` characters of some strings, as they are and in one case and spacing."""
    stretches: set[str] = set()
    for string in strings:
        for form in _forms(string):
            stretches.update(form[i : i + WINDOW] for i in range(len(form) - WINDOW + 1))
    return stretches


def quoted(texts: Mapping[str, str], looked_for: set[str]) -> dict[str, str]:
    """Which of the stretches stand in a text: the stretch, and the text's name."""
    text_of: dict[str, str] = {}
    for name, text in texts.items() if looked_for else ():
        for form in _forms(text):
            shared = {form[i : i + WINDOW] for i in range(len(form) - WINDOW + 1)} & looked_for
            text_of |= dict.fromkeys(shared, name)
    return text_of


def read_without_texts(path: Path) -> list[TextFreeRecord]:
    """The documents of a dataset without texts, a folder or its `without-texts.jsonl`.

    Raises GW297 for any other.
    """
    file = path / NAME if path.is_dir() else path
    records: list[TextFreeRecord] = []
    faults: list[Fault] = []
    for number, row in enumerate(read_bytes(file).split(b"\n"), start=1):
        if row.strip():
            try:
                records.append(strict_json.decode(row, _decoder))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                message, where = strict_json.error_in_words(error)
                at = f"{file}:{number} {where}".rstrip()
                hint = "fetch it again: it is no line of a dataset without texts"
                faults.append(Fault("GW297", message, at, hint))
    twice = [name for name, number in Counter(record.id for record in records).items() if number > 1]
    faults += [Fault("GW297", f"`{name}` stands twice", str(file), "fetch it again") for name in twice]
    raise_faults(faults[:100])
    if not records:
        raise GoldwireError.of("GW297", "holds no document", where=str(file), hint="fetch it again")
    return records


@dataclass(frozen=True, repr=False)
class Rehydrated(Figures):
    """What was joined, and what was left out by name: documents without a copy, and with another text."""

    articles: list[Article]
    missing: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        left_out = len(self.missing) + len(self.differing)
        more = f", {amount(left_out)} left out" if left_out else ""
        return f"<Rehydrated: {counted(len(self.articles), 'document')}{more}>"

    @property
    def spans(self) -> int:
        """How many spans they have."""
        return sum(len(a.spans) for article in self.articles for a in article.annotations)

    def tables(self) -> list[Table]:
        """`left_out`: documents, and why."""
        rows = [(name, "another text") for name in self.differing]
        rows += [(name, "no copy") for name in self.missing]
        return [Table("left_out", "left out", (Column("document"), Column("why")), rows)]

    def as_json(self) -> dict[str, Any]:
        """The counts, and what was left out."""
        counts = {"documents": len(self.articles), "spans": self.spans}
        return {**counts, "differing": self.differing, "missing": self.missing}


def rehydrate(dataset: Path, copies: Path, out: Path, *, partial: bool = False) -> Rehydrated:
    """Join a dataset without texts with the user's copies of its texts into JSON Lines.

    Articles that are in the dataset with their texts come first, as they are.
    `copies` is a folder of text files, JSON Lines or CSV, or a folder with `articles.jsonl`, normalised as
    seeds are. A copy belongs where its hash does, whatever its id. Raises one error with every document whose
    copy is another text or is not there (GW298), and writes nothing; with `partial` those are left out.
    """
    records = read_without_texts(dataset)
    listing = copies / "articles.jsonl"
    documents = read_documents(listing if copies.is_dir() and listing.is_file() else copies)
    by_hash = {sha256(document.text): document for document in documents}
    by_id = {document.id: document for document in documents}
    faults: list[Fault] = []
    done = Rehydrated(_whole(dataset))
    for record in records:
        copy = by_hash.get(record.text_sha256)
        if copy is not None:
            done.articles.append(_joined(record, copy))
        elif (namesake := by_id.get(record.id)) is not None:
            message = f"`{record.id}` is another text than the one that was annotated"
            sizes = f"yours has {amount(len(namesake.text))} code points, that one {amount(record.length)}"
            hint = f"{sizes}; offsets would be wrong: find the very text, or leave it out with --partial"
            faults.append(Fault("GW298", message, str(copies), hint))
            done.differing.append(record.id)
        else:
            hint = f"add it (by id or by hash {record.text_sha256[:12]}), or leave it out with --partial"
            faults.append(Fault("GW298", f"there is no copy of `{record.id}`", str(copies), hint))
            done.missing.append(record.id)
    if faults and not partial:
        raise GoldwireError(*faults)
    raise_faults(
        fault
        for article in done.articles
        for fault in article_faults(article, f"{dataset} {article.document.id}")
    )
    write_jsonl(out, done.articles)
    return done


def _whole(dataset: Path) -> list[Article]:
    """The articles that a dataset holds with their texts."""
    if not (dataset / "documents").is_dir():
        return []
    return list(format_named("parquet").read(dataset, ConversionOptions()))


def _joined(record: TextFreeRecord, copy: Document) -> Article:
    meta = {**copy.meta, **record.meta}
    return line.from_record(line.LineRecord(record.id, copy.text, meta, record.annotations))

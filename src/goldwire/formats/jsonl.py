"""JSON Lines, a document a line: goldwire's own interchange. It holds the whole model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from goldwire import strict_json
from goldwire.annotations.integrity import article_faults
from goldwire.errors import Fault, GoldwireError, raise_faults
from goldwire.files import read_bytes, writing
from goldwire.formats.options import Setting
from goldwire.limits import TOO_DEEP
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span, Status


class AnnotationRecord(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An annotation as it stands in a line: its document is the line's."""

    annotator: str
    schema: str
    status: Status = "draft"
    provenance: Provenance = field(default_factory=Provenance)
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    text_sha256: str = ""


class Record(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line."""

    id: str
    text: str
    meta: dict[str, Any] = field(default_factory=dict)
    annotations: tuple[AnnotationRecord, ...] = ()


_decoder = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


def to_record(article: Article) -> Record:
    """An article as a line's record."""
    annotations = tuple(
        AnnotationRecord(a.annotator, a.schema, a.status, a.provenance, a.spans, a.relations, a.text_sha256)
        for a in article.annotations
    )
    return Record(article.document.id, article.document.text, article.document.meta, annotations)


def from_record(record: Record) -> Article:
    """A line's record as an article."""
    annotations = tuple(
        Annotation(
            record.id, a.annotator, a.schema, a.status, a.provenance, a.spans, a.relations, a.text_sha256
        )
        for a in record.annotations
    )
    return Article(Document(record.id, record.text, record.meta), annotations)


def annotated(document: Document, stored: object, where: str) -> Article:
    """A document with annotations as they stand in a line; raises GW207, or all faults of what they mark."""
    try:
        records = msgspec.convert(stored, tuple[AnnotationRecord, ...])
    except msgspec.ValidationError as error:
        raise _malformed(error, where) from None
    article = from_record(Record(document.id, document.text, document.meta, records))
    raise_faults(article_faults(article, where))
    return article


def standing_twice(document: str, where: str, hint: str) -> Fault:
    """That a file has a document already (GW208)."""
    return Fault("GW208", f"document `{document}` stands twice", where, hint)


def dumps(article: Article) -> bytes:
    """One line, without its line end."""
    return _encoder.encode(to_record(article))


def loads(line: bytes, source: str) -> Article:
    """The article of one line. Raises one error with every fault found, each after `source`."""
    try:
        article = from_record(_strictly(line))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed(error, source) from None
    raise_faults(article_faults(article, source))
    return article


def _malformed(error: Exception, source: str) -> GoldwireError:
    message, path = strict_json.told(error)
    return GoldwireError.of("GW207", message, where=f"{source} {path}".rstrip(), hint="see docs/jsonl.md")


def _strictly(line: bytes) -> Record:
    """A line's record. A line as goldwire writes it holds no key twice, which spares a second reading."""
    try:
        record = _decoder.decode(line)
        strict_json.check_depth(record.meta)
        encoded = _encoder.encode(record)
        if not line.startswith(encoded) or line[len(encoded) :].strip(b"\r\n"):
            strict_json.check(line)
    except RecursionError:
        raise strict_json.NotStrict(TOO_DEEP) from None
    return record


def read_jsonl(path: Path) -> list[Article]:
    """All articles of a file. Raises one error with the faults of all its lines, one a cause.

    A file that looks like another format is refused as that (GW631), its lines unnamed.
    """
    return list(own_jsonl(path))


def own_jsonl(path: Path) -> Iterator[Article]:
    """The same, one article at a time; the error comes at the end."""
    from goldwire.formats.guess import candidates, mistaken

    try:
        yield from stream_jsonl(path)
    except GoldwireError:
        names = candidates(path)
        if not names or "jsonl" in names:
            raise
        hint = f"bring it over: goldwire corpus convert {path} {path.stem}.jsonl"
        raise mistaken(path, "jsonl", names, hint) from None


def stream_jsonl(path: Path, setting: Setting | None = None) -> Iterator[Article]:
    """The articles of a file one at a time; after a fault none, and one error with all faults at the end.

    Where the `setting` is lenient, lines with faults are put aside, and the others go on.
    """
    reading = Setting() if setting is None else setting
    count = 0
    for article in _lines(path, reading):
        if reading.lenient or not reading.faults:
            count += 1
            yield article
    if setting is None:
        reading.settle(taken=count > 0)


def _lines(path: Path, setting: Setting) -> Iterator[Article]:
    seen: dict[str, int] = {}
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                where = f"{path}:{number}"
                try:
                    article = loads(line, where)
                except GoldwireError as error:
                    setting.refuse(line.decode(errors="replace").rstrip("\r\n"), *error.faults)
                    continue
                if first := seen.get(article.document.id):
                    hint = f"line {first} has it; put all annotations of a document on one line"
                    fault = standing_twice(article.document.id, where, hint)
                    setting.refuse(line.decode().rstrip("\r\n"), fault)
                    continue
                seen[article.document.id] = number
                yield article
    except OSError:
        if path.is_dir():
            hint = "name the .jsonl file; `corpus convert` reads folders --from store, parquet, brat or cas"
            raise GoldwireError.of("GW207", "a folder, not a file", where=str(path), hint=hint) from None
        read_bytes(path)  # says what is the matter
        raise


def write_jsonl(path: Path, articles: Iterable[Article]) -> int:
    """Write articles to a file, whole or not at all; the number written."""
    count = 0
    with writing(path) as stream:
        for article in articles:
            stream.write(dumps(article) + b"\n")
            count += 1
    return count

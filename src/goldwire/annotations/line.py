"""An article as a line of JSON holds it: goldwire's own form, whole."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from goldwire import strict_json
from goldwire.annotations.integrity import article_faults
from goldwire.errors import Fault, GoldwireError, raise_faults
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


class LineRecord(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line."""

    id: str
    text: str
    meta: dict[str, Any] = field(default_factory=dict)
    annotations: tuple[AnnotationRecord, ...] = ()


_decoder = msgspec.json.Decoder(LineRecord)
_encoder = msgspec.json.Encoder()


def to_record(article: Article) -> LineRecord:
    """An article as a line's record."""
    annotations = tuple(
        AnnotationRecord(a.annotator, a.schema, a.status, a.provenance, a.spans, a.relations, a.text_sha256)
        for a in article.annotations
    )
    return LineRecord(article.document.id, article.document.text, article.document.meta, annotations)


def from_record(record: LineRecord) -> Article:
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
    article = from_record(LineRecord(document.id, document.text, document.meta, records))
    raise_faults(article_faults(article, where))
    return article


def document_twice(document: str, where: str, hint: str) -> Fault:
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


def malformed(message: str, where: str, hint: str = "see docs/jsonl.md") -> GoldwireError:
    """That something is no line of goldwire's own (GW207)."""
    return GoldwireError.of("GW207", message, where=where, hint=hint)


def _malformed(error: Exception, source: str) -> GoldwireError:
    message, path = strict_json.error_in_words(error)
    return malformed(message, f"{source} {path}".rstrip())


def _strictly(line: bytes) -> LineRecord:
    """A line's record. A line as goldwire writes it holds no key twice, which spares a second reading."""
    try:
        record = _decoder.decode(line)
        strict_json.check_depth(record.meta)
        encoded = _encoder.encode(record)
        if not line.startswith(encoded) or line[len(encoded) :].strip(b"\r\n"):
            strict_json.check_strict(line)
    except RecursionError:
        raise strict_json.NotStrict(TOO_DEEP) from None
    return record

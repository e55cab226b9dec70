"""A text that holds many, such as a file of tweets: cut into documents at its lines or at blank lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import structs, to_builtins

from goldwire.files import sha256
from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Document, Relation, Span

#: What ends a document: a line is a sentence to brat, blank lines end a paragraph.
_ENDS = {"sentence": re.compile(r"\s*\n\s*"), "paragraph": re.compile(r"\s*\n[^\S\n]*\n\s*")}
#: What is put aside.
ACROSS = "spans: they go on from one document into the next"
_BETWEEN = "relations: their ends are in two documents, or in none"


def cut(article: Article, per: str, setting: ConversionOptions) -> Iterator[Article]:
    """The parts of an article, `ID-1`, `ID-2`, …, each with what lies in it; itself where `per` is a file."""
    if per not in _ENDS:
        yield article
        return
    text = article.document.text
    edges = [0, *(edge for end in _ENDS[per].finditer(text) for edge in end.span()), len(text)]
    extents = [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]
    parts = [_Part(article.document, number, *extent) for number, extent in enumerate(extents, start=1)]
    for annotation in article.annotations:
        _share_out(annotation, parts, setting)
    for part in parts:
        yield Article(part.document, tuple(part.annotations))


class _Part:
    """A document that was cut from another: where it begins and ends in that one, what it holds."""

    def __init__(self, document: Document, number: int, start: int, end: int) -> None:
        text = document.text[start:end]
        self.document = structs.replace(document, id=f"{document.id}-{number}", text=text)
        self.start, self.end = start, end
        self.annotations: list[Annotation] = []


def _share_out(annotation: Annotation, parts: list[_Part], setting: ConversionOptions) -> None:
    """Give each part its share of an annotation; put aside what lies in no part alone."""
    starts = [part.start for part in parts]
    spans: list[list[Span]] = [[] for _ in parts]
    relations: list[list[Relation]] = [[] for _ in parts]
    number_of: dict[str, int] = {}
    where = f"{annotation.annotator}/{annotation.document}"
    for span in annotation.spans:
        number = bisect_right(starts, span.start) - 1
        if number < 0 or span.end > parts[number].end:
            setting.account.spans.found += 1
            setting.account.attributes.found += len(span.attributes)
            setting.put_aside(ACROSS, f"{where} {span.id}", to_builtins(span))
            continue
        number_of[span.id] = number
        offset = parts[number].start
        spans[number].append(structs.replace(span, start=span.start - offset, end=span.end - offset))
    for relation in annotation.relations:
        number = number_of.get(relation.head, -1)
        if number < 0 or number_of.get(relation.tail) != number:
            setting.account.relations.found += 1
            which = f"{where} {relation.label} {relation.head} → {relation.tail}"
            setting.put_aside(_BETWEEN, which, to_builtins(relation))
        else:
            relations[number].append(relation)
    for part, inside, related in zip(parts, spans, relations, strict=True):
        part.annotations.append(
            structs.replace(
                annotation,
                document=part.document.id,
                spans=tuple(inside),
                relations=tuple(related),
                text_sha256=sha256(part.document.text),
            )
        )

"""WebAnno TSV 3.3, written: `DOCUMENT/ANNOTATOR.tsv`, tokens and sentences by spaCy's rules.

Layers, features and relations are called as in the type system that the format `cas` writes, which INCEpTION
imports as layers. Spans that cut a token are rows of its parts.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.annotations.tokens import tokenizer
from goldwire.files import file_names
from goldwire.formats._beyond import lose_beyond
from goldwire.formats.cas.types import LABEL, Types, feature
from goldwire.formats.counting import utf16_offsets
from goldwire.formats.edges import BLANK, TRIMMED
from goldwire.formats.folder import writing_folder
from goldwire.formats.inception.files import INITIAL
from goldwire.formats.inferred_schema import spooled
from goldwire.formats.options import SCHEMA, ConversionOptions
from goldwire.formats.webanno_tsv.rows import (
    ANY,
    BASE,
    NAME,
    NOTHING,
    NULL,
    RELATIONS,
    SPANS,
    STACK,
    TEXT,
    escape_cell,
    escape_text,
)
from goldwire.model import Annotation, Article, AttributeValue, Document, Span
from goldwire.text import trim

if TYPE_CHECKING:
    from spacy.language import Language

#: A row: the index of its token, and the extent of the part of it that it is.
_RowKey = tuple[int, tuple[int, int] | None]


def write_webanno_tsv(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """Articles to a folder, a file for each annotation; their number. Raises GW271 where it holds others."""
    listed, schema = spooled(articles, setting)
    types = Types(schema)
    files = file_names(listed.ids)
    count = 0
    with writing_folder(path, (".tsv",), setting) as folder:
        for article in listed:
            document = article.document
            _count_losses(article, files[document.id], setting)
            place = folder / files[document.id]
            place.mkdir()
            tokens = _Tokens(document, tokenizer(setting.language_of(document), sentences=True))
            annotators = file_names(annotation.annotator for annotation in article.annotations)
            for annotation in article.annotations or (None,):
                name = annotators[annotation.annotator] if annotation is not None else INITIAL
                lines = _Writer(document, annotation, tokens, types, setting).lines()
                (place / f"{name}.tsv").write_bytes("".join(f"{line}\n" for line in lines).encode())
                count += 1
        setting.check()
    return count


def _count_losses(article: Article, name: str, setting: ConversionOptions) -> None:
    lose_beyond(article, setting)
    if name != article.document.id:
        setting.lose("document id that can't be a file's name", article.document.id)
    named = file_names(annotation.annotator for annotation in article.annotations)
    for annotation in article.annotations:
        place = f"{annotation.annotator}/{article.document.id}"
        if annotation.schema != SCHEMA:
            setting.lose("schema named", f"{place} {annotation.schema}")
        if named[annotation.annotator] != annotation.annotator:
            setting.lose("annotator that can't be a file's name", place)


class _Tokens:
    """A text's tokens and sentences; what white space stands before the first token is one of its own."""

    def __init__(self, document: Document, nlp: Language) -> None:
        text = document.text
        self.text, self.starts, self.ends = text, list[int](), list[int]()
        #: The index of each sentence's first token.
        self.sentences: list[int] = []
        for sentence in nlp(text).sents:
            extents = (trim(text, token.idx, token.idx + len(token)) for token in sentence)
            words = [(start, end) for start, end in extents if start < end]
            if not words:
                continue
            if not self.starts and words[0][0] > 0:
                words.insert(0, (0, words[0][0]))
            self.sentences.append(len(self.starts))
            self.starts += [start for start, _ in words]
            self.ends += [end for _, end in words]
        if text and not self.starts:
            self.sentences, self.starts, self.ends = [0], [0], [len(text)]
        #: What turns offsets in code points into those of the file.
        self.units = utf16_offsets(text)

    def rows(self, start: int, end: int) -> list[_RowKey]:
        """The rows that hold an extent without white space at its ends; none where it holds no token."""
        first, last = bisect_right(self.ends, start), bisect_left(self.starts, end) - 1
        keys: list[_RowKey] = []
        for index in range(first, last + 1):
            part = max(start, self.starts[index]), min(end, self.ends[index])
            keys.append((index, None if part == (self.starts[index], self.ends[index]) else part))
        return keys


class _Writer:
    """Makes the lines of one annotation's file."""

    def __init__(
        self,
        document: Document,
        annotation: Annotation | None,
        tokens: _Tokens,
        types: Types,
        setting: ConversionOptions,
    ) -> None:
        self.tokens, self.types, self.setting = tokens, types, setting
        self.place = f"{annotation.annotator}/{document.id}" if annotation is not None else document.id
        spans = annotation.spans if annotation is not None else ()
        self.relations = annotation.relations if annotation is not None else ()
        self.rows: dict[str, list[_RowKey]] = {}
        self.stacks: dict[_RowKey, dict[str, list[Span]]] = {}
        #: By token its parts that are rows, the outer ones first, with their numbers.
        self.parts: dict[int, dict[tuple[int, int], int]] = {}
        self.features: dict[str, list[str]] = {}
        for span in sorted(spans, key=lambda span: (span.start, -span.end, span.layer, span.label)):
            self._lay_out(span)
        self.features = {layer: sorted(names) for layer, names in sorted(self.features.items())}
        for index, parts in self.parts.items():
            in_order = enumerate(sorted(parts, key=_outer_first), start=1)
            self.parts[index] = {part: number for number, part in in_order}
        layers = {span.id: span.layer for span in spans}
        ends = {layers[end] for relation in self.relations for end in (relation.head, relation.tail)}
        self.base = types.layer(ends.pop()) if len(ends) == 1 else ANY
        self.numbers = self._numbers()
        self.arrows = self._arrows()

    def _lay_out(self, span: Span) -> None:
        start, end = trim(self.tokens.text, span.start, span.end)
        keys = self.tokens.rows(start, end) if start < end else []
        if not keys:
            self.setting.lose(BLANK, f"{self.place} {span.id}")
            return
        if (start, end) != (span.start, span.end):
            self.setting.lose(TRIMMED, f"{self.place} {span.id}")
        self.rows[span.id] = keys
        features = self.features.setdefault(span.layer, [])
        features += [key for key in span.attributes if key not in features]
        for name, value in span.attributes.items():
            if not isinstance(value, str):
                self.setting.change("values written as text", f"{self.place} {span.id} {name}")
        for key in keys:
            self.stacks.setdefault(key, {}).setdefault(span.layer, []).append(span)
            index, part = key
            if part is not None:
                self.parts.setdefault(index, {})[part] = 0

    def _numbers(self) -> dict[str, int]:
        """For each span that is not unique by its layer and row, a number that is."""
        needed = {
            span.id
            for layers in self.stacks.values()
            for several in layers.values()
            for span in several
            if len(several) > 1 or len(self.rows[span.id]) > 1
        }
        if self.base == ANY:
            needed |= {end for each in self.relations for end in (each.head, each.tail) if end in self.rows}
        in_order = dict.fromkeys(
            span.id
            for key in sorted(self.stacks, key=_in_file)
            for layer in self.features
            for span in self.stacks[key].get(layer, ())
            if span.id in needed
        )
        return {name: number for number, name in enumerate(in_order, start=1)}

    def _arrows(self) -> dict[_RowKey, list[tuple[str, str]]]:
        """For each row the relations that end at a span beginning there: label, and where they come from."""
        arrows: dict[_RowKey, list[tuple[str, str]]] = {}
        for relation in self.relations:
            if relation.head not in self.rows or relation.tail not in self.rows:
                self.setting.lose(f"relation {relation.label} of a span that is lost", self.place)
                continue
            ends = self.numbers.get(relation.head, 0), self.numbers.get(relation.tail, 0)
            source = self._number(self.rows[relation.head][0])
            cell = f"{source}[{ends[0]}_{ends[1]}]" if any(ends) else source
            arrows.setdefault(self.rows[relation.tail][0], []).append((relation.label, cell))
        return arrows

    def _number(self, key: _RowKey) -> str:
        """A row's number: sentence, token, part."""
        index, part = key
        sentence = bisect_right(self.tokens.sentences, index) - 1
        number = f"{sentence + 1}-{index - self.tokens.sentences[sentence] + 1}"
        return number if part is None else f"{number}.{self.parts[index][part]}"

    def lines(self) -> Iterator[str]:
        """The file, line by line."""
        yield f"{NAME}3.3"
        for layer, features in self.features.items():
            yield SPANS + "|".join((self.types.layer(layer), LABEL, *map(feature, features)))
        if self.arrows:
            yield f"{RELATIONS}{self.types.relation}|{LABEL}|{BASE}{self.base}"
        yield ""
        tokens = self.tokens
        for number, first in enumerate(tokens.sentences):
            last = tokens.sentences[number + 1] if number + 1 < len(tokens.sentences) else len(tokens.starts)
            end = tokens.starts[last] if last < len(tokens.starts) else len(tokens.text)
            yield ""
            for line in tokens.text[tokens.starts[first] : end].split("\n"):
                yield TEXT + escape_text(line)
            for index in range(first, last):
                yield self._row((index, None), tokens.starts[index], tokens.ends[index])
                for part in self.parts.get(index, ()):
                    yield self._row((index, part), *part)

    def _row(self, key: _RowKey, start: int, end: int) -> str:
        units = f"{self.tokens.units(start)}-{self.tokens.units(end)}"
        cells = [self._number(key), units, escape_text(self.tokens.text[start:end])]
        stacks = self.stacks.get(key, {})
        for layer, features in self.features.items():
            several = stacks.get(layer, ())
            for name in (None, *features):
                cells.append(STACK.join(self._cell(span, name) for span in several) if several else NOTHING)
        if self.arrows:
            arrows = self.arrows.get(key, ())
            cells.append(STACK.join(escape_cell(label) for label, _ in arrows) if arrows else NOTHING)
            cells.append(STACK.join(source for _, source in arrows) if arrows else NOTHING)
        return "\t".join(cells) + "\t"

    def _cell(self, span: Span, name: str | None) -> str:
        """A feature of a span, its label where `name` is None."""
        value = span.label if name is None else span.attributes.get(name)
        number = f"[{self.numbers[span.id]}]" if span.id in self.numbers else ""
        return (NULL if value is None else escape_cell(value_text(value))) + number


def _outer_first(extent: tuple[int, int]) -> tuple[int, int]:
    return extent[0], -extent[1]


def _in_file(key: _RowKey) -> tuple[int, tuple[int, int]]:
    """The order of rows: a token, then its parts."""
    index, part = key
    return index, _outer_first(part) if part is not None else (-1, 0)


def value_text(value: AttributeValue) -> str:
    """A value as text: flags as INCEpTION has them, numbers and lists as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

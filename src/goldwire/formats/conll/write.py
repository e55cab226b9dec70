"""CoNLL, written: tokens by spaCy's rules, one layer, as many levels of nesting as asked for."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.annotations.tokens import tokenizer
from goldwire.files import writing
from goldwire.formats._beyond import lose_beyond
from goldwire.formats.conll.tags import encode
from goldwire.formats.edges import TRIMMED
from goldwire.formats.inferred_schema import schema_for
from goldwire.formats.options import LAYER, ConversionOptions
from goldwire.model import Annotation, Article, Span, curated
from goldwire.text import trim

if TYPE_CHECKING:
    from spacy.language import Language

TOKEN, MISC = "TOKEN", "MISC"
#: The comment that goldwire's own files bear, with who annotated and by which schema.
MARK = "# goldwire "
#: As CoNLL-U escapes white space in MISC.
_ESCAPES = {" ": "\\s", "\n": "\\n", "\t": "\\t", "\\": "\\\\", "|": "\\p"}
_UNESCAPED = {escaped: char for char, escaped in _ESCAPES.items()} | {"\\r": ""}  # lines end in \n alone


def write_conll(path: Path, articles: Iterable[Article], setting: ConversionOptions) -> int:
    """The most trusted annotation of each document to a file; the number of documents.

    `setting.layer` is the layer (default: the schema's first), `scheme` iob1, iob2 or iobes, `depth` how many
    columns: in the first stand the outermost spans, in each further one those that the columns before
    have no room for. A span that cuts a token is widened to it, and told with it. Relations, attributes and
    all else are counted in `setting.lost`.
    """
    listed = list(articles)
    layer = setting.layer or next(iter(schema_for(listed, setting).layers), LAYER)
    columns = [layer, *(f"{layer}-{level}" for level in range(2, setting.depth + 1))]
    with writing(path) as stream:
        stream.write("\t".join([TOKEN, *columns, MISC, "\n"]).replace("\t\n", "\n").encode())
        for article in listed:
            nlp = tokenizer(setting.language_of(article.document), sentences=True)
            lines = _lines(article, layer, nlp, setting)
            stream.write("".join(f"{line}\n" for line in lines).encode())
        setting.check()
    return len(listed)


def _lines(article: Article, layer: str, nlp: Language, setting: ConversionOptions) -> Iterator[str]:
    document, annotation = article.document, curated(article.annotations)
    _count_losses(article, annotation, layer, setting)
    doc = nlp(document.text)
    tokens = [token for token in doc if not token.is_space]
    starts = [token.idx for token in tokens]
    ends = [token.idx + len(token) for token in tokens]
    text = document.text
    levels = _levels(annotation, layer, text, starts, ends, setting)
    tags = [encode(level, len(tokens), setting.scheme) for level in levels]
    inside = {i for level in levels for first, last, _ in level for i in range(first + 1, last + 1)}
    yield f"# document_id = {' '.join(document.id.split())}"
    about = {"document": document.id, "scheme": setting.scheme}
    if annotation is not None:
        about |= {"annotator": annotation.annotator, "schema": annotation.schema}
    yield MARK + json.dumps(about, ensure_ascii=True)
    for index, token in enumerate(tokens):
        # A sentence never ends inside a span: many readers begin a new one after a blank line.
        if index and token.is_sent_start and index not in inside:
            yield ""
        after = text[ends[index] : starts[index + 1] if index + 1 < len(tokens) else len(text)]
        before = text[: starts[0]] if index == 0 else ""
        yield "\t".join([token.text, *(column[index] for column in tags), spaced(before, after)])
    if not tokens and text:
        setting.lose("texts without a token", document.id)
    yield ""


def _count_losses(
    article: Article, annotation: Annotation | None, layer: str, setting: ConversionOptions
) -> None:
    name = article.document.id
    for other in article.annotations:
        if other is not annotation:
            setting.lose("annotations by others", f"{other.annotator}/{name}")
    if annotation is None:
        setting.lose("that a document has no annotation", name)
        return
    lose_beyond(Article(article.document, (annotation,)), setting)
    where = f"{annotation.annotator}/{name}"
    for relation in annotation.relations:
        setting.lose(f"relation {relation.label}", f"{where} {relation.head} → {relation.tail}")
    for span in annotation.spans:
        if span.layer != layer:
            setting.lose(f"layer {span.layer}", f"{where} {span.id}")
            continue
        for key in span.attributes:
            setting.lose(f"attribute {key}", f"{where} {span.id}")


def _levels(
    annotation: Annotation | None,
    layer: str,
    text: str,
    starts: list[int],
    ends: list[int],
    setting: ConversionOptions,
) -> list[list[tuple[int, int, str]]]:
    """For each column its spans as first and last token and label, no two of which share a token."""
    levels: list[list[tuple[int, int, str]]] = [[] for _ in range(setting.depth)]
    tokens_taken: list[set[int]] = [set() for _ in range(setting.depth)]
    if annotation is None:
        return levels
    spans = annotation.layer(layer)
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, s.label, s.id)):
        where = f"{annotation.annotator}/{annotation.document} {_shown(span, text)}"
        start, end = trim(text, span.start, span.end)
        first, last = bisect_right(ends, start), bisect_left(starts, end) - 1
        if last < first or start == end:
            setting.lose("spans without a token", where)
            continue
        extent = range(first, last + 1)
        level = next((n for n, used in enumerate(tokens_taken) if used.isdisjoint(extent)), None)
        if level is None:
            columns = "column" if setting.depth == 1 else "columns"
            setting.lose(f"spans nested deeper than {setting.depth} {columns}", where)
            continue
        if (start, end) != (span.start, span.end):
            setting.lose(TRIMMED, where)
        if (starts[first], ends[last]) != (start, end):
            setting.lose("spans that cut a token", f"{where} in «{text[starts[first] : ends[last]]}»")
        label = re.sub(r"\s", "_", span.label)
        if label != span.label:
            setting.lose("white space in a label", where)
        tokens_taken[level].update(extent)
        levels[level].append((first, last, label))
    return levels


def _shown(span: Span, text: str) -> str:
    return f"[{span.start}, {span.end}) «{text[span.start : span.end][:60]}»"


def spaced(before: str, after: str) -> str:
    """What MISC says of the white space around a token; `_` for a single space behind it."""
    flags = [f"SpacesBefore={_escaped(before)}"] if before else []
    if after != " ":
        flags.append(f"SpacesAfter={_escaped(after)}" if after else "SpaceAfter=No")
    return "|".join(flags) or "_"


def _escaped(space: str) -> str:
    return "".join(_ESCAPES.get(char) or f"\\u{ord(char):04x}" for char in space)


def unspaced(misc: str, own: bool) -> tuple[str, str]:
    """The white space before and behind a token as MISC says; HIPE's flags too where it is not ours."""
    if misc in ("", "_"):
        return "", " "
    flags = misc.split("|")
    values = dict(flag.split("=", 1) for flag in flags if "=" in flag)
    after = " "
    if "SpacesAfter" in values:
        after = _plain(values["SpacesAfter"])
    elif values.get("SpaceAfter") == "No":
        after = ""
    elif not own:
        after = "\n" if "EndOfLine" in flags else "" if "NoSpaceAfter" in flags else " "
    return _plain(values.get("SpacesBefore", "")), after


def _plain(space: str) -> str:
    def char(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _UNESCAPED.get(match[0], match[0])

    return re.sub(r"\\u([0-9a-f]{4})|\\.", char, space) if "\\" in space else space

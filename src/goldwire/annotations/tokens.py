"""Text as tokens with BIO tags, one flat sequence for each layer."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goldwire.model import Annotation, Document, Span, outermost
from goldwire.pipelines import blank_pipeline
from goldwire.schemas import Schema

if TYPE_CHECKING:
    from spacy.language import Language

#: By language, without sentences and with them.
_tokenizers: dict[tuple[str, bool], Language] = {}


@dataclass
class TagLoss:
    """What flat tags of one layer can't hold.

    `nested` spans are left out, `cut` ones widened to whole tokens (`cases` shows the first of them),
    `collided` ones left out: a token of theirs is another span's already, or they hold none.
    """

    spans: int = 0
    nested: int = 0
    cut: int = 0
    collided: int = 0
    cases: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Tokens:
    """A document's tokens with their extents in code points, and for each layer a tag a token.

    `whitespace` says whether a space follows; tokens and spaces put together give the text back.
    """

    words: list[str]
    starts: list[int]
    ends: list[int]
    whitespace: list[bool]
    tags: dict[str, list[str]]


def tokenizer(language: str, *, sentences: bool = False, most: int = 100_000) -> Language:
    """spaCy's rules for a language, without a model: for words, and where asked for `sentences`.

    They are made once in a process and keep each word that they meet, so they are made anew where those are
    more than `most`: ask for them again for each document. Raises what `blank_pipeline` raises.
    """
    nlp = _tokenizers.get((language, sentences))
    if nlp is None or len(nlp.vocab) > most:
        nlp = _tokenizers[language, sentences] = blank_pipeline(language)
        nlp.max_length = sys.maxsize  # only parsers need the limit
        if sentences:
            nlp.add_pipe("sentencizer")
    return nlp


def bio_names(labels: list[str]) -> list[str]:
    """The tags of a layer: O, then B- and I- of each label."""
    return ["O", *(f"{part}-{label}" for label in labels for part in "BI")]


def tagged_tokens(
    document: Document,
    annotation: Annotation | None,
    schema: Schema,
    nlp: Language,
    losses: dict[str, TagLoss],
) -> Tokens:
    """Tokens of a document and the BIO tags of the outermost spans of each layer.

    What the tags can't hold is added to `losses`, by layer.
    """
    doc = nlp.make_doc(document.text)
    starts = [token.idx for token in doc]
    ends = [token.idx + len(token) for token in doc]
    tags: dict[str, list[str]] = {}
    for layer in schema.layers:
        spans = annotation.layer(layer) if annotation is not None else ()
        loss = losses.setdefault(layer, TagLoss())
        tags[layer] = _tags(document, spans, starts, ends, loss)
    whitespace = [bool(token.whitespace_) for token in doc]
    return Tokens([token.text for token in doc], starts, ends, whitespace=whitespace, tags=tags)


def _tags(
    document: Document, spans: tuple[Span, ...], starts: list[int], ends: list[int], loss: TagLoss
) -> list[str]:
    flat, nested = outermost(spans)
    loss.spans += len(spans)
    loss.nested += len(nested)
    tags = ["O"] * len(starts)
    for span in flat:
        first = bisect_right(ends, span.start)
        last = bisect_left(starts, span.end) - 1
        # Nothing but white space between two tokens, or a token of another's.
        if last < first or any(tag != "O" for tag in tags[first : last + 1]):
            loss.collided += 1
            continue
        if starts[first] != span.start or ends[last] != span.end:
            loss.cut += 1
            if len(loss.cases) < 20:
                marked = document.text[span.start : span.end]
                whole = document.text[starts[first] : ends[last]]
                loss.cases.append(f"{document.id} [{span.start}, {span.end}) «{marked}» in «{whole}»")
        tags[first] = f"B-{span.label}"
        tags[first + 1 : last + 1] = [f"I-{span.label}"] * (last - first)
    return tags

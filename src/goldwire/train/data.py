"""From annotations to what spaCy learns from: one curated, flat layer, cut into paragraphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from goldwire.corpus.formats.docs import trim
from goldwire.errors import GoldwireError, one_of
from goldwire.model import Annotation, Article, Document, Span, curated, outermost

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Span as SpacySpan

#: Labels with fewer examples than this are warned of: too few to learn from, or to score.
FEW = 5
#: Paragraphs of more tokens than this are cut into sentences for training.
LONGEST = 40


@dataclass(frozen=True)
class Reference:
    """A document with the spans of one layer that a flat model can learn, and those nested in them."""

    document: Document
    annotation: Annotation
    nested: tuple[Span, ...] = ()

    @property
    def full(self) -> Annotation:
        """The annotation with its nested spans."""
        return msgspec.structs.replace(self.annotation, spans=(*self.annotation.spans, *self.nested))


@dataclass(frozen=True)
class Material:
    """What there is to learn from: a layer's references, and how many articles no one has annotated."""

    layer: str
    references: tuple[Reference, ...]
    unannotated: int = 0

    @property
    def labels(self) -> dict[str, int]:
        """Flat spans by label, the most frequent first."""
        counts = Counter(span.label for r in self.references for span in r.annotation.spans)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def few(self) -> dict[str, int]:
        """Labels with fewer than `FEW` examples."""
        return {label: count for label, count in self.labels.items() if count < FEW}

    @property
    def nested(self) -> int:
        """Spans left out because an outer span holds them."""
        return sum(len(reference.nested) for reference in self.references)

    @property
    def documents(self) -> list[str]:
        """The ids, in order."""
        return [reference.document.id for reference in self.references]

    def only(self, documents: Iterable[str]) -> Material:
        """The same material, cut down to some documents."""
        wanted = set(documents)
        return replace(self, references=tuple(r for r in self.references if r.document.id in wanted))


@dataclass(frozen=True)
class Cut:
    """A span that begins or ends inside a token. `learned` is what the model is taught: the widened text, or
    nothing where widening would run into another span."""

    document: str
    label: str
    start: int
    end: int
    text: str
    tokens: tuple[str, ...]
    learned: str


def material(articles: Iterable[Article], layer: str) -> Material:
    """The curated annotation of each article, its `layer` flattened to the outermost spans.

    Raises GW401 where no article has an annotation, GW402 where the layer has no span in any of them.
    """
    references: list[Reference] = []
    unannotated = 0
    layers: Counter[str] = Counter()
    for article in articles:
        annotation = curated(article.annotations)
        if annotation is None:
            unannotated += 1
            continue
        layers.update(span.layer for span in annotation.spans)
        flat, nested = outermost(annotation.layer(layer))
        flat_annotation = msgspec.structs.replace(annotation, spans=flat, relations=())
        references.append(Reference(article.document, flat_annotation, nested))
    if not references:
        raise GoldwireError.of(
            "GW401",
            "no article is annotated",
            hint="annotate some (goldwire annotate push, pull) or name --data",
        )
    if not layers[layer]:
        found = one_of(f"{name} ({count} spans)" for name, count in layers.items())
        raise GoldwireError.of(
            "GW402", f"layer `{layer}` has no examples in {len(references)} annotated articles", hint=found
        )
    return Material(layer, tuple(references), unannotated)


def to_doc(nlp: Language, reference: Reference) -> tuple[Doc, list[Cut]]:
    """A document's spans on the tokens of `nlp`, and those that cut a token.

    A span that begins or ends inside a token is widened to whole tokens: dropped, it would teach that nothing
    stands there. Where the widened span would overlap another one, its tokens are left unknown instead, so
    that the model is taught neither. Scores always compare with the spans as they were marked.
    """
    text = reference.document.text
    doc = nlp.make_doc(text)
    entities = []
    unknown: list[SpacySpan] = []
    pending: list[Span] = []
    cuts: list[Cut] = []
    taken: set[int] = set()
    for span in reference.annotation.spans:
        start, end = trim(text, span.start, span.end)
        found = doc.char_span(start, end, label=span.label) if start < end else None
        if found is None:
            pending.append(span)
        else:
            entities.append(found)
            taken.update(range(found.start, found.end))
    for span in pending:
        start, end = trim(text, span.start, span.end)
        wide = doc.char_span(start, end, label=span.label, alignment_mode="expand") if start < end else None
        learned = ""
        if wide is not None and taken.isdisjoint(range(wide.start, wide.end)):
            entities.append(wide)
            learned = wide.text
        elif wide is not None:
            free = [i for i in range(wide.start, wide.end) if i not in taken]
            unknown.extend(doc[i : i + 1] for i in free)
        if wide is not None:
            taken.update(range(wide.start, wide.end))
        tokens = tuple(t.text for t in wide or () if t.idx < start or t.idx + len(t) > end)
        marked = text[span.start : span.end]
        cuts.append(Cut(reference.document.id, span.label, span.start, span.end, marked, tokens, learned))
    doc.set_ents(entities, missing=unknown, default="outside")
    return doc, cuts


def pieces(doc: Doc, longest: int = LONGEST) -> list[Doc]:
    """The paragraphs of a document as documents of their own; those of more than `longest` tokens are cut
    into sentences, found by rule.

    Little text trains better and faster in many small pieces. No cut runs through an entity, and none loses a
    token. `user_data["offset"]` is where each piece begins, in code points.
    """
    from spacy.pipeline import Sentencizer

    if not len(doc):
        return []
    inside = {token.i for ent in doc.ents for token in ent[1:]}
    Sentencizer()(doc)
    sentences = [token.i for token in doc[1:] if token.is_sent_start and token.i not in inside]
    breaks = [i for i in range(1, len(doc)) if "\n" in doc[i - 1].text and i not in inside]
    starts = [0, *breaks]
    for start, end in zip([0, *breaks], [*breaks, len(doc)], strict=True):
        if end - start > longest:
            starts.extend(i for i in sentences if start < i < end)
    starts = sorted(set(starts))
    found = []
    for start, end in zip(starts, [*starts[1:], len(doc)], strict=True):
        piece = doc[start:end].as_doc()
        piece.user_data["offset"] = doc[start].idx
        found.append(piece)
    return found


def training_docs(nlp: Language, references: Sequence[Reference]) -> tuple[list[Doc], list[Cut]]:
    """All references in pieces, and all spans that cut a token."""
    docs: list[Doc] = []
    cuts: list[Cut] = []
    for reference in references:
        doc, cut = to_doc(nlp, reference)
        docs.extend(pieces(doc))
        cuts.extend(cut)
    return docs, cuts

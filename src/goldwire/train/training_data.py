"""From annotations to what spaCy learns from: the curated layers, flat or nested, cut into paragraphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from goldwire.errors import GoldwireError, one_of
from goldwire.model import Annotation, Article, Document, Span, curated, outermost, span_key
from goldwire.text import trim

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
    """A document with the spans that a model can learn, and those that a flat one can't: nested in others.

    One that is not `scored` is learned from only: its annotator had seen predictions.
    """

    document: Document
    annotation: Annotation
    nested: tuple[Span, ...] = ()
    scored: bool = True

    @property
    def full(self) -> Annotation:
        """The annotation with its nested spans."""
        return msgspec.structs.replace(self.annotation, spans=(*self.annotation.spans, *self.nested))


@dataclass(frozen=True)
class TrainingData:
    """What there is to learn from: references with the spans of `layers`, of which `layer` is the first, and
    how many articles no one has annotated.

    `test` are references to score on that are not learned from; without any the learned ones are, each by a
    model that has not seen it.
    """

    layer: str
    references: tuple[Reference, ...]
    unannotated: int = 0
    others: tuple[str, ...] = ()
    test: tuple[Reference, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers that are learned."""
        return (self.layer, *self.others)

    @property
    def labels(self) -> dict[str, int]:
        """Spans of the first layer by label, the most frequent first."""
        return self.labels_of(self.layer)

    def labels_of(self, layer: str) -> dict[str, int]:
        """Spans of a layer by label, the most frequent first."""
        counts = Counter(span.label for r in self.references for span in r.annotation.layer(layer))
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def few(self) -> dict[str, int]:
        """Labels with fewer than `FEW` examples, of any layer."""
        every = [item for layer in self.layers for item in self.labels_of(layer).items()]
        return {label: count for label, count in every if count < FEW}

    @property
    def nested(self) -> int:
        """Spans left out because an outer span holds them."""
        return sum(len(reference.nested) for reference in self.references)

    @property
    def documents(self) -> list[str]:
        """The ids, in order."""
        return [reference.document.id for reference in self.references]

    @property
    def scored(self) -> tuple[Reference, ...]:
        """Those that a model may be scored on."""
        return tuple(reference for reference in self.test or self.references if reference.scored)

    def only(self, documents: Iterable[str]) -> TrainingData:
        """The same, cut down to some documents."""
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


def training_data(
    articles: Iterable[Article],
    layer: str,
    *,
    others: Sequence[str] = (),
    nested: bool = False,
    score_seen: bool = True,
    heads: Sequence[str] | None = None,
) -> TrainingData:
    """The curated annotation of each article, its `layer` flattened to the outermost spans.

    With `others`, further layers, or with `nested`, all spans are kept, with the relations between them; with
    `heads` only those that go out from these layers.
    Without `score_seen` an annotation whose annotator had seen predictions is learned from, not scored on.
    Raises GW401 where no article has an annotation, GW402 where the layer has no span in any of them, GW416
    where none may be scored on.
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
        scored = score_seen or not annotation.provenance.seen_predictions
        if nested or others:
            spans = tuple(span for span in annotation.spans if span.layer in (layer, *others))
            ids = {span.id for span in spans}
            out = {span.id for span in spans if heads is None or span.layer in heads}
            relations = tuple(r for r in annotation.relations if r.head in out and r.tail in ids)
            learned = msgspec.structs.replace(annotation, spans=spans, relations=relations)
            references.append(Reference(article.document, learned, scored=scored))
        else:
            flat, inner = outermost(annotation.layer(layer))
            learned = msgspec.structs.replace(annotation, spans=flat, relations=())
            references.append(Reference(article.document, learned, inner, scored))
    if not references:
        raise GoldwireError.of(
            "GW401",
            "no article is annotated",
            hint="annotate some (goldwire annotate push, pull) or name --data",
        )
    check_examples(layer, layers, len(references))
    if not any(reference.scored for reference in references):
        message = f"the annotators of all {len(references)} articles had seen predictions: none to score on"
        hint = "annotate some without predictions, or score on these too: --score-seen"
        raise GoldwireError.of("GW416", message, hint=hint)
    return TrainingData(layer, tuple(references), unannotated, tuple(name for name in others if layers[name]))


def check_examples(layer: str, spans_in: Mapping[str, int], articles: int) -> None:
    """Raise GW402 where none of so many annotated `articles` has a span of the layer."""
    if not spans_in.get(layer):
        listed = one_of(f"{name} ({count} spans)" for name, count in spans_in.items())
        message = f"layer `{layer}` has no examples in {articles} annotated articles"
        raise GoldwireError.of("GW402", message, hint=listed)


class Tokenizer(Protocol):
    """What makes a text's tokens, as a pipeline does."""

    def make_doc(self, text: str) -> Doc:
        """The text in tokens."""
        ...


def to_doc(
    nlp: Tokenizer,
    reference: Reference,
    layer: str | None = None,
    *,
    group: bool = False,
    inner: bool = False,
) -> tuple[Doc, list[Cut]]:
    """A document's spans (those of `layer`) on the tokens of `nlp`, and those that cut a token.

    The outermost become `doc.ents`, or the `inner`most; with `group` all of them stand in `doc.spans[layer]`
    too. A span that begins or ends inside a token is widened to whole tokens: dropped, it would teach that
    nothing stands there. Where the widened span would overlap another one, its tokens are left unknown
    instead, so that the model is taught neither. Scores always compare with the spans as they were marked.
    """
    text = reference.document.text
    doc = nlp.make_doc(text)
    entities = []
    unknown: list[SpacySpan] = []
    pending: list[Span] = []
    cuts: list[Cut] = []
    tokens_taken: set[int] = set()
    marked = reference.annotation.spans if layer is None else reference.annotation.layer(layer)
    flat, overlapping = (innermost(marked), ()) if inner else outermost(marked)
    if group and layer is not None:
        wide_spans = [on_tokens(doc, text, span, widen=True) for span in (*marked, *reference.nested)]
        doc.spans[layer] = [wide for wide in wide_spans if wide is not None]
        for span in overlapping:
            if on_tokens(doc, text, span) is None:
                wide = on_tokens(doc, text, span, widen=True)
                cuts.append(_cut(reference, span, wide, wide.text if wide is not None else ""))
    for span in flat:
        aligned = on_tokens(doc, text, span)
        if aligned is None:
            pending.append(span)
        else:
            entities.append(aligned)
            tokens_taken.update(range(aligned.start, aligned.end))
    for span in pending:
        wide = on_tokens(doc, text, span, widen=True)
        extent = range(wide.start, wide.end) if wide is not None else ()
        learned = ""
        if wide is not None and tokens_taken.isdisjoint(extent):
            entities.append(wide)
            learned = wide.text
        else:
            unknown.extend(doc[i : i + 1] for i in extent if i not in tokens_taken)
        tokens_taken.update(extent)
        cuts.append(_cut(reference, span, wide, learned))
    doc.set_ents(entities, missing=unknown, default="outside")
    return doc, cuts


def innermost(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Flat spans: the shorter one stays where two overlap, then the earlier one, so that the inner of a nest
    does."""
    flat: list[Span] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda s: (s.end - s.start, *span_key(s))):
        extent = range(span.start, span.end)
        if taken.isdisjoint(extent):
            taken.update(extent)
            flat.append(span)
    return tuple(sorted(flat, key=span_key))


def on_tokens(doc: Doc, text: str, span: Span, *, widen: bool = False) -> SpacySpan | None:
    """A span, without white space at its ends, on the tokens of its text; None where it holds nothing else,
    or cuts a token and is not to be widened."""
    start, end = trim(text, span.start, span.end)
    mode = "expand" if widen else "strict"
    return doc.char_span(start, end, label=span.label, alignment_mode=mode) if start < end else None


def _cut(reference: Reference, span: Span, wide: SpacySpan | None, learned: str) -> Cut:
    """A span that cuts a token, `wide` on whole ones."""
    text = reference.document.text
    start, end = trim(text, span.start, span.end)
    return Cut(
        document=reference.document.id,
        label=span.label,
        start=span.start,
        end=span.end,
        text=text[span.start : span.end],
        tokens=tuple(t.text for t in wide or () if t.idx < start or t.idx + len(t) > end),
        learned=learned,
    )


def pieces(doc: Doc, longest: int = LONGEST) -> list[Doc]:
    """The paragraphs of a document as documents of their own; those of more than `longest` tokens are cut
    into sentences, found by rule.

    Little text trains better and faster in many small pieces. No cut runs through an entity, and none loses a
    token. `user_data["offset"]` is where each piece begins, in code points.
    """
    from spacy.pipeline import Sentencizer
    from spacy.tokens import Span as SpacySpan

    if not len(doc):
        return []
    groups = {layer: list(group) for layer, group in doc.spans.items()}
    inside = {t.i for spans in (doc.ents, *groups.values()) for span in spans for t in span[1:]}
    Sentencizer()(doc)
    sentences = [token.i for token in doc[1:] if token.is_sent_start and token.i not in inside]
    breaks = [i for i in range(1, len(doc)) if "\n" in doc[i - 1].text and i not in inside]
    starts = [0, *breaks]
    for start, end in zip([0, *breaks], [*breaks, len(doc)], strict=True):
        if end - start > longest:
            starts.extend(i for i in sentences if start < i < end)
    starts = sorted(set(starts))
    parts = []
    for start, end in zip(starts, [*starts[1:], len(doc)], strict=True):
        piece = doc[start:end].as_doc()
        for layer, group in groups.items():
            within = [span for span in group if start <= span.start and span.end <= end]
            piece.spans[layer] = [
                SpacySpan(piece, span.start - start, span.end - start, label=span.label) for span in within
            ]
        piece.user_data["offset"] = doc[start].idx
        parts.append(piece)
    return parts


def training_docs(
    nlp: Language,
    references: Sequence[Reference],
    layer: str | None = None,
    *,
    group: bool = False,
    inner: bool = False,
) -> tuple[list[Doc], list[Cut]]:
    """All references in pieces, and all spans that cut a token; see `to_doc`."""
    docs: list[Doc] = []
    cuts: list[Cut] = []
    for reference in references:
        doc, cut = to_doc(nlp, reference, layer, group=group, inner=inner)
        docs.extend(pieces(doc))
        cuts.extend(cut)
    return docs, cuts

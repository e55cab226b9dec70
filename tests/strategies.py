"""Hypothesis strategies: texts with every trap that offsets know, and whole articles over them."""

from __future__ import annotations

from typing import Literal

from hypothesis import strategies as st

from goldwire.files import sha256
from goldwire.model import STATUSES, Annotation, Article, AttributeValue, Document, Provenance, Relation, Span
from goldwire.text import normalise

#: Emoji, a ZWJ family, Arabic, Chinese, a combining accent without composed form, U+202F, elisions.
TRAPS = ["🇫🇷", "👩‍👩‍👧", "مرحبا", "新闻", "x\u0301", "\u202f", "l’Élysée", "pro-iranien", "\n", " ", "«", "a"]
TEXTS = st.lists(
    st.one_of(st.sampled_from(TRAPS), st.characters(codec="utf-8")), min_size=1, max_size=30
).map(lambda parts: normalise("".join(parts)))
NAMES = st.text(alphabet="abcdefgh-_.", min_size=1, max_size=8)
KINDS: st.SearchStrategy[Literal["human", "model", "rule"]] = st.sampled_from(["human", "model", "rule"])
VALUES: st.SearchStrategy[AttributeValue] = st.one_of(
    st.text(max_size=5), st.booleans(), st.integers(-5, 5), st.lists(st.text(max_size=3), max_size=3)
)


@st.composite
def annotation_of(draw: st.DrawFn, document: Document, annotator: str) -> Annotation:
    """Any annotation of a document: nested, crossing and equal extents come by themselves."""
    length = len(document.text)
    spans = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, length - 1))
        end = draw(st.integers(start + 1, length))
        layer = draw(st.sampled_from(["thing", "step"]))
        label = draw(st.sampled_from({"thing": ["FOOD", "TOOL"], "step": ["CUT", "HEAT"]}[layer]))
        attributes = draw(st.dictionaries(NAMES, VALUES, max_size=2))
        spans.append(Span(f"s{number}", layer, label, start, end, attributes))
    ids = [span.id for span in spans]
    relations = []
    if ids:
        ends = st.sampled_from(ids)
        relations = [
            Relation(draw(st.sampled_from(["object", "with"])), draw(ends), draw(ends))
            for _ in range(draw(st.integers(0, 3)))
        ]
    status = draw(st.sampled_from(STATUSES))
    provenance = Provenance(draw(KINDS), lead_time=draw(st.sampled_from([None, 1.5])))
    return Annotation(
        document.id,
        annotator,
        "mini@0.1",
        status,
        provenance,
        tuple(spans),
        tuple(relations),
        sha256(document.text),
    )


@st.composite
def articles(draw: st.DrawFn) -> Article:
    """Any article with up to three annotators."""
    document = Document(
        draw(NAMES), draw(TEXTS), draw(st.dictionaries(NAMES, st.text(max_size=5), max_size=2))
    )
    who = draw(st.lists(NAMES, max_size=3, unique=True))
    return Article(document, tuple(draw(annotation_of(document, name)) for name in who))

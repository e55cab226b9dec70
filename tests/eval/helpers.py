"""Short ways to write readings, and strategies for drawing them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span, Status

Mark = tuple[str, int, int]


def spans(*marks: Mark, layer: str = "thing") -> list[Span]:
    """Spans from (label, start, end)."""
    return [Span(f"{layer[0]}{i}", layer, label, start, end) for i, (label, start, end) in enumerate(marks)]


def reading(
    *found: Span,
    document: str = "d",
    annotator: str = "a",
    status: Status | None = None,
    relations: tuple[Relation, ...] = (),
    **provenance: Any,
) -> Annotation:
    """One annotation; a person's is submitted, a machine's a draft."""
    made = Provenance(**provenance) if provenance else Provenance(kind="model")
    status = status or ("submitted" if made.kind == "human" else "draft")
    return Annotation(document, annotator, "mini@0.1", status, made, tuple(found), relations)


def article(text: str, *annotations: Annotation, **meta: Any) -> Article:
    """A document with its annotations; its id is theirs."""
    return Article(Document(annotations[0].document if annotations else "d", text, meta), annotations)


@st.composite
def marks(draw: st.DrawFn, most: int = 8) -> list[Mark]:
    """Spans of few labels, crowded, so that they nest, cross and coincide."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, 12))
        found.append((draw(st.sampled_from("ABC")), start, start + draw(st.integers(1, 6))))
    return found

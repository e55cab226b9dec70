"""Articles with every trap, and how two of them are compared."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from msgspec import structs

from goldwire.files import sha256
from goldwire.formats.options import ConversionOptions
from goldwire.formats.registry import FORMATS
from goldwire.model import Annotation, Article, Document, Provenance, Relation, Span
from tests.corpus.mini import MINI, mini_schema

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
SCHEMA = MINI / "schemas/mini.yaml"
TEXT = (
    "🍏 Éplucher l’oignon rouge.\nفلفل، 新鲜 👩‍👩‍👧 : couper\u202f! Le x\u0301 reste,\n"
    "puis dorer\nà feu doux dans la poêle."
)


def at(quote: str) -> tuple[int, int]:
    """Where a quote stands."""
    start = TEXT.index(quote)
    return start, start + len(quote)


def sample() -> list[Article]:
    """Two annotators over one text, one over another, one document without any: nested, crossing, equal
    extents, a span over a line end, spans of emoji, Arabic and Chinese, attributes and relations."""
    document = Document("recette-1", TEXT)
    spans = (
        Span("T1", "thing", "FOOD", *at("🍏")),
        Span("T2", "step", "CUT", *at("Éplucher")),
        Span("T3", "thing", "FOOD", *at("oignon rouge"), {"state": "raw", "note": "il pique"}),
        Span("T4", "thing", "TOOL", *at("oignon")),
        Span("T5", "thing", "FOOD", *at("فلفل"), {"state": "cooked"}),
        Span("T6", "thing", "TOOL", *at("新鲜 👩‍👩‍👧")),
        Span("T7", "thing", "FOOD", *at("👩‍👩‍👧 : couper\u202f!")),
        Span("T8", "thing", "FOOD", *at("x\u0301")),
        Span("T9", "thing", "TOOL", *at("x\u0301")),
        Span("T10", "step", "HEAT", *at("dorer\nà feu doux")),
        Span("T11", "thing", "TOOL", *at("poêle")),
    )
    relations = (
        Relation("object", "T2", "T3"),
        Relation("object", "T2", "T5"),
        Relation("object", "T10", "T3"),
        Relation("with", "T10", "T11"),
    )
    digest, schema_id = sha256(TEXT), mini_schema().id
    first = Annotation("recette-1", "anna", schema_id, spans=spans, relations=relations, text_sha256=digest)
    second = Annotation("recette-1", "béa", schema_id, spans=(spans[0],), text_sha256=digest)
    other = Document("recette-2", "Rien à couper.")
    empty = Annotation("recette-2", "anna", schema_id, text_sha256=sha256(other.text))
    lone = Document("recette-3", "Personne n’a lu ceci.")
    return [Article(document, (first, second)), Article(other, (empty,)), Article(lone)]


def rich() -> list[Article]:
    """The same with all that the model can say besides: metadata, status, provenance, who marked, scores."""
    made = []
    for article in sample():
        document = structs.replace(article.document, meta={"title": "Été", "n": 3, "oddities": ["fautes"]})
        annotations = []
        for annotation in article.annotations:
            spans = tuple(
                structs.replace(span, marked_by=("a", "b"), origin="manual", score=0.25)
                for span in annotation.spans
            )
            relations = tuple(structs.replace(each, marked_by=("b",)) for each in annotation.relations)
            provenance = Provenance("model", "m", "1", lead_time=1.5, based_on=("a", "b"))
            annotations.append(
                structs.replace(
                    annotation, status="adjudicated", provenance=provenance, spans=spans, relations=relations
                )
            )
        made.append(Article(document, tuple(annotations)))
    return made


def whole(articles: list[Article]) -> list[Any]:
    """Everything that the model says, in an order of its own; each annotation with its text's hash."""
    made = []
    for article in sorted(articles, key=lambda each: each.document.id):
        digest = sha256(article.document.text)
        annotations = [
            (
                structs.replace(a, spans=(), relations=(), text_sha256=digest),
                sorted(a.spans, key=lambda span: span.id),
                Counter(a.relations),
            )
            for a in sorted(article.annotations, key=lambda each: each.annotator)
        ]
        made.append((article.document, annotations))
    return made


def marks(articles: list[Article]) -> list[Any]:
    """Texts with their spans, attributes and relations by annotator, whatever the spans' ids."""
    made: list[Any] = []
    for article in sorted(articles, key=lambda each: each.document.id):
        for a in sorted(article.annotations, key=lambda each: each.annotator):
            key = {
                s.id: (s.layer, s.label, s.start, s.end, repr(sorted(s.attributes.items()))) for s in a.spans
            }
            relations = Counter((r.label, key[r.head], key[r.tail]) for r in a.relations)
            made.append((article.document.id, a.annotator, Counter(key.values()), relations))
        made.append((article.document.id, article.document.text))
    return made


def unpadded(article: Article) -> Article:
    """The article as every reader gives it: no span begins or ends in white space, none is of it alone."""
    text, annotations = article.document.text, []
    for a in article.annotations:
        spans = []
        for span in a.spans:
            wording = text[span.start : span.end]
            start = span.start + len(wording) - len(wording.lstrip())
            if wording.strip():
                spans.append(structs.replace(span, start=start, end=start + len(wording.strip())))
        ids = {span.id for span in spans}
        relations = tuple(r for r in a.relations if {r.head, r.tail} <= ids)
        annotations.append(structs.replace(a, spans=tuple(spans), relations=relations))
    return Article(article.document, tuple(annotations))


def through(
    name: str, articles: list[Article], path: Path, **options: Any
) -> tuple[list[Article], ConversionOptions]:
    """Articles written in a format and read again, and what was lost on the way."""
    setting = ConversionOptions(**options)
    FORMATS[name].write(path, articles, setting)
    again = FORMATS[name].read(path, ConversionOptions(**options))
    return again, setting

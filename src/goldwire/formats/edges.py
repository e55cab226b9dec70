"""White space at the edges of spans: one rule for all formats.

It is no part of a span: who marks by dragging picks it up, and a model never finds it. Readers take it off;
a span of white space alone is put aside, and the relations that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs, to_builtins

from goldwire.formats.options import ConversionOptions
from goldwire.model import Annotation, Article, Span
from goldwire.number_format import amount
from goldwire.text import first_of, trim

#: What is said of them: of spans that were trimmed, and of those that are put aside.
TRIMMED, BLANK = "white space at a span's edge", "spans: nothing but white space is marked"
_ENDLESS = "relations: an end is white space alone"


def padded(text: str, span: Span) -> bool:
    """Whether a span of a text begins or ends in white space."""
    return text[span.start : span.start + 1].isspace() or text[span.end - 1 : span.end].isspace()


def trimmed(article: Article, setting: ConversionOptions, *, counted: bool = False) -> Article:
    """The article with white space off its spans' edges, each told in `setting`, and the account of it.

    `counted` says that the account has the article's spans, relations and attributes already.
    """
    text = article.document.text
    annotations = tuple(_trimmed(each, text, setting, counted) for each in article.annotations)
    if all(new is old for new, old in zip(annotations, article.annotations, strict=True)):
        return article
    return Article(article.document, annotations)


def _trimmed(annotation: Annotation, text: str, setting: ConversionOptions, counted: bool) -> Annotation:
    whole = annotation
    for span in annotation.spans:
        if padded(text, span):
            annotation = _taken_off(annotation, text, setting)
            break
    if counted and annotation is whole:
        return whole
    for counts, before, after in zip(
        (setting.account.spans, setting.account.relations, setting.account.attributes),
        _counts(whole),
        _counts(annotation),
        strict=True,
    ):
        counts.found += 0 if counted else before
        counts.kept += after - (before if counted else 0)
    return annotation


def _counts(annotation: Annotation) -> tuple[int, int, int]:
    attributes = sum(len(span.attributes) for span in annotation.spans)
    return len(annotation.spans), len(annotation.relations), attributes


def _taken_off(annotation: Annotation, text: str, setting: ConversionOptions) -> Annotation:
    where = f"{annotation.annotator}/{annotation.document}"
    spans: list[Span] = []
    for span in annotation.spans:
        start, end = trim(text, span.start, span.end)
        if start == end:
            setting.put_aside(BLANK, f"{where} {span.id}", to_builtins(span))
            continue
        if (start, end) != (span.start, span.end):
            setting.lose(TRIMMED, f"{where} {span.id}")
            setting.account.spans.trimmed += 1
            span = structs.replace(span, start=start, end=end)
        spans.append(span)
    if len(spans) == len(annotation.spans):
        return structs.replace(annotation, spans=tuple(spans))
    ids = {span.id for span in spans}
    for relation in annotation.relations:
        if not {relation.head, relation.tail} <= ids:
            which = f"{where} {relation.label} {relation.head} → {relation.tail}"
            setting.put_aside(_ENDLESS, which, to_builtins(relation))
    relations = tuple(r for r in annotation.relations if {r.head, r.tail} <= ids)
    return structs.replace(annotation, spans=tuple(spans), relations=relations)


def trimmed_note(lost: Mapping[str, Sequence[str]], whose: str) -> str:
    """What to say of the white space that a reader took off; else nothing. `whose` as for `padded_note`."""
    off, aside = lost.get(TRIMMED, ()), lost.get(BLANK, ())
    cut = f"white space at an edge of {amount(len(off))} spans of {whose} was taken off" if off else ""
    blank = f"{amount(len(aside))} spans of {whose} are white space alone and left out" if aside else ""
    places = [*off, *aside]
    return f"{'; '.join(filter(None, (cut, blank)))} ({first_of(places)})" if places else ""


def padded_note(pairs: Iterable[tuple[str, Annotation]], whose: str) -> str:
    """What to say of annotations, each with its text, whose spans begin or end in white space; else nothing.

    `whose` says which: `the reference`.
    """
    count, places = 0, list[str]()
    for text, annotation in pairs:
        for span in annotation.spans:
            count += 1
            if padded(text, span):
                places.append(f"{annotation.document} [{span.start}, {span.end})")
    if not places:
        return ""
    return (
        f"{amount(len(places))} of {amount(count)} spans of {whose} begin or end in white space and are "
        f"never found exactly ({first_of(places)}): `goldwire corpus convert` takes it off"
    )

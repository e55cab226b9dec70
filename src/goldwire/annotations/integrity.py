"""What must hold of any annotated article, whatever its schema: ids, offsets, ends of relations."""

from __future__ import annotations

from collections.abc import Iterator

from goldwire.errors import Fault
from goldwire.files import sha256
from goldwire.model import Annotation, Article, Document


def article_faults(article: Article, source: str) -> Iterator[Fault]:
    """Everything that breaks the model's own rules in an article, with `source` before each `$.path`."""
    if not article.document.id:
        yield Fault("GW201", "the document has no id", f"{source} $.id", "give it one")
    annotators: set[str] = set()
    for index, annotation in enumerate(article.annotations):
        at = f"{source} $.annotations[{index}]"
        if annotation.annotator in annotators:
            yield twice(annotation.annotator, at)
        annotators.add(annotation.annotator)
        yield from annotation_faults(annotation, article.document, at)


def annotation_faults(annotation: Annotation, document: Document, at: str) -> Iterator[Fault]:
    """Faults of one annotation: another text, offsets out of range, ids twice, relations without an end."""
    if annotation.text_sha256 and annotation.text_sha256 != sha256(document.text):
        hint = "offsets belong to another text: restore it, or annotate the new one"
        yield Fault("GW203", f"`{document.id}` is not the text that was annotated", at, hint)
    length = len(document.text)
    ids = {span.id for span in annotation.spans}
    if (
        len(ids) == len(annotation.spans)
        and all(0 <= span.start < span.end <= length for span in annotation.spans)
        and all(relation.head in ids and relation.tail in ids for relation in annotation.relations)
    ):
        return  # as nearly always: no place needs to be named
    ids.clear()
    for number, span in enumerate(annotation.spans):
        where = f"{at}.spans[{number}]"
        if not 0 <= span.start < span.end <= length:
            hint = f"0 <= start < end <= {length}, in code points"
            yield Fault("GW204", f"extent [{span.start}, {span.end}) lies outside the text", where, hint)
        if span.id in ids:
            yield Fault("GW205", f"span id `{span.id}` stands twice", where, "each id once in an annotation")
        ids.add(span.id)
    for number, relation in enumerate(annotation.relations):
        for side, end in (("head", relation.head), ("tail", relation.tail)):
            if end not in ids:
                where = f"{at}.relations[{number}].{side}"
                yield Fault("GW206", f"no span has the id `{end}`", where, "both ends are ids of spans here")


def twice(annotator: str, at: str) -> Fault:
    """The fault of an annotator with two annotations of one document: they would agree with themselves."""
    hint = "one annotation for each annotator and document: remove the other"
    return Fault("GW202", f"annotator `{annotator}` stands twice", at, hint)
